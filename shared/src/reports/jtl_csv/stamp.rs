//! The times of JMeter: milliseconds since 1970, or formatted by `jmeter.save.saveservice.timestamp_format`.
//!
//! Read are the five formats that JMeter itself tries, and RFC 3339. A formatted time names no zone: it is good for differences only; and
//! not always for them, because 2.13 formats the times of all threads with one `SimpleDateFormat`, which makes some wrong by up to a second.

use crate::model::Timestamp;
use crate::reports::rows::number;

/// When a sample began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Milliseconds since 1970.
    Epoch(i64),
    /// Milliseconds since 1970 as if the zone were UTC.
    Dated(i64),
    /// No time.
    Unknown,
}

impl Stamp {
    pub(super) fn of(text: &[u8]) -> Self {
        match number(text) {
            // Not a year and not a format of digits alone: 1973 and later.
            Some(millis) if text.len() >= 12 => i64::try_from(millis).map_or(Self::Unknown, Self::Epoch),
            Some(_) => Self::Unknown,
            None => std::str::from_utf8(text).ok().and_then(dated).map_or(Self::Unknown, Self::Dated),
        }
    }
}

/// `yyyy-MM-dd HH:mm:ss.SSS`, with slashes, without fractions; `MM/dd/yy HH:mm:ss`.
fn dated(text: &str) -> Option<i64> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let date = date.replace('/', "-");
    let parts: Vec<&str> = date.split('-').collect();
    let date = match *parts.as_slice() {
        [month, day, year] if month.len() == 2 && year.len() == 2 => format!("20{year}-{month}-{day}"),
        _ => date,
    };
    let time = time.replace(',', ".");
    let zone = if time.ends_with('Z') { "" } else { "Z" };
    format!("{date}T{time}{zone}").parse::<Timestamp>().ok().map(Timestamp::millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_that_jmeter_reads_is_read() {
        assert_eq!(Stamp::of(b"1393227741256"), Stamp::Epoch(1_393_227_741_256));
        for text in [
            "2014-02-24 07:42:21.256",
            "2014/02/24 07:42:21.256",
            "2014-02-24 07:42:21,256",
            "2014-02-24T07:42:21.256Z",
        ] {
            assert_eq!(Stamp::of(text.as_bytes()), Stamp::Dated(1_393_227_741_256), "{text}");
        }
        for text in ["2014-02-24 07:42:21", "2014/02/24 07:42:21", "02/24/14 07:42:21"] {
            assert_eq!(Stamp::of(text.as_bytes()), Stamp::Dated(1_393_227_741_000), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_guessed() {
        for text in ["", "0", "2014", "2001/20/20 10:00:00", "07:42:21", "2014-02-24", "yesterday"] {
            assert_eq!(Stamp::of(text.as_bytes()), Stamp::Unknown, "{text}");
        }
    }
}
