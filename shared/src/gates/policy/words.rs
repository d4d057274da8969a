//! The small words of a policy: globs, spans of time, days.

use crate::model::{MINUTE, Timestamp};
use globset::{GlobSet, GlobSetBuilder};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One pattern or several; a path fits when one of them fits. `**` crosses folders, `*` does not.
#[derive(Debug, Clone)]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Globs {
    /// Of patterns.
    ///
    /// # Errors
    /// When one of them is no glob, with its words.
    pub fn new(patterns: Vec<String>) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in &patterns {
            let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`{pattern}` is no glob: {}", error.kind()))?);
        }
        let set = set.build().map_err(|error| error.to_string())?;
        Ok(Self { patterns, set })
    }

    /// Whether one of the patterns fits.
    #[must_use]
    pub fn fit(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// As they are written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether a pattern is a plain name that is compared as it is.
    #[must_use]
    pub fn text(&self) -> String {
        self.patterns.join("`, `")
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl<'de> Deserialize<'de> for Globs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a glob or a list of globs")
            }

            fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
                Ok(vec![text.to_owned()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<String>, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = access.next_element()? {
                    patterns.push(pattern);
                }
                Ok(patterns)
            }
        }
        let patterns = deserializer.deserialize_any(Words)?;
        if patterns.is_empty() {
            return Err(de::Error::custom("the list of globs is empty"));
        }
        Self::new(patterns).map_err(de::Error::custom)
    }
}

impl Serialize for Globs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.patterns.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Globs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Globs".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }
        ] })
    }
}

/// A span of time: `30m`, `24h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// In milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0 / MINUTE;
        match (minutes % 1440, minutes % 60) {
            (0, _) => write!(f, "{}d", minutes / 1440),
            (_, 0) => write!(f, "{}h", minutes / 60),
            _ => write!(f, "{minutes}m"),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let unit = |suffix: char, minutes: i64| {
            let number: i64 = text.strip_suffix(suffix)?.parse().ok()?;
            (number > 0).then(|| number.checked_mul(minutes)?.checked_mul(MINUTE))?
        };
        let millis = unit('m', 1).or_else(|| unit('h', 60)).or_else(|| unit('d', 24 * 60));
        millis.map(Self).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is no span of time, as `30m`, `24h` or `7d` are"))
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[1-9][0-9]*[mhd]$" })
    }
}

/// A day in UTC, `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    text: String,
    start: Timestamp,
}

impl Day {
    /// The first moment after this day.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start.plus(24 * 60 * MINUTE)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let start = (text.len() == 10).then(|| format!("{text}T00:00:00Z").parse().ok()).flatten();
        match start {
            Some(start) => Ok(Self { text, start }),
            None => Err(de::Error::custom(format!("`{text}` is no day, as `2027-01-31` is"))),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}
