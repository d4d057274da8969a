//! Moments in UTC, in milliseconds since 1970. Never taken from a clock in here: `now` is an argument.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One minute in milliseconds.
pub const MINUTE: i64 = 60_000;

/// Milliseconds since 1970-01-01T00:00:00Z; written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

/// Text that is no moment in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an RFC 3339 time")]
pub struct ParseTimeError {
    text: String,
}

impl Timestamp {
    /// From milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds since 1970 as AWS JSON sends them (fractions kept to the millisecond).
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "seconds since 1970 in milliseconds fit an i64; `as` saturates"
    )]
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1000.0).round() as i64)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This moment moved by `millis` milliseconds.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment; negative when it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// For people, in UTC: `17 Nov 09:42`.
    #[must_use]
    pub fn day_and_time(self) -> String {
        self.formatted("%-d %b %H:%M")
    }

    /// For people, in UTC: `17 Nov 2026 09:42`.
    #[must_use]
    pub fn date_and_time(self) -> String {
        self.formatted("%-d %b %Y %H:%M")
    }

    fn formatted(self, format: &str) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => moment.strftime(format).to_string(),
            Err(_) => self.to_string(),
        }
    }

    /// RFC 3339 with exactly three decimals: texts of this form sort as the moments do, which `Display` (`…:00Z` after `…:00.5Z`) does not.
    #[must_use]
    pub fn sort_key(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => format!("{moment:.3}"),
            Err(_) => self.to_string(),
        }
    }

    /// The start of the minute that holds this moment.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0.div_euclid(MINUTE) * MINUTE)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|moment| Self(moment.as_millisecond()))
            .map_err(|_| ParseTimeError { text: text.to_owned() })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_text_goes_in_and_comes_out_the_same() {
        let text = "2026-11-23T21:40:03.25Z";
        let moment: Timestamp = text.parse().unwrap();
        assert_eq!(moment.millis(), 1_795_470_003_250);
        assert_eq!(moment.to_string(), text);
        assert_eq!(moment.minute().to_string(), "2026-11-23T21:40:00Z");
    }

    #[test]
    fn people_read_short_times_and_indexes_sort_long_ones() {
        let moment = Timestamp::from_millis(1_795_470_003_250);
        assert_eq!(
            (moment.day_and_time(), moment.date_and_time()),
            ("23 Nov 21:40".to_owned(), "23 Nov 2026 21:40".to_owned())
        );
        let whole = moment.plus(-250);
        assert!(whole.sort_key() < moment.sort_key() && whole.to_string() > moment.to_string());
    }
}
