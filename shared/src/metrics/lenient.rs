//! Numbers and dates as AWS really sends them: `1`, `1.0` and `"1"`; four date formats.

use crate::model::Timestamp;
use serde_json::Value;

/// A whole number from an integer, an integral float or text.
pub(crate) fn whole(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64().or_else(|| integral(number.as_f64()?)),
        Value::String(text) => text.parse().ok().or_else(|| integral(text.parse().ok()?)),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be integral and in range"
)]
fn integral(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..9.0e15).contains(&number)).then_some(number as u64)
}

/// RFC 3339 (also with `+0000`), or `Sep 1, 2017 4:12:29 PM` with or without a second comma, in UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| text.strip_suffix("+0000").and_then(|start| format!("{start}Z").parse().ok()))
        .or_else(|| american(text))
}

fn american(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let plain = text.replace([',', '\u{202f}'], " ");
    let mut words = plain.split_whitespace();
    let name = words.next()?;
    let month = MONTHS.iter().position(|known| name.starts_with(known))? + 1;
    let day: u32 = words.next()?.parse().ok()?;
    let year: u32 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<u32>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let hour = match (words.next(), hour) {
        (Some("AM"), 12) => 0,
        (Some("PM"), 1..=11) => hour + 12,
        _ => hour,
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_integer_float_or_text() {
        for value in [json!(6), json!(6.0), json!("6"), json!("6.0")] {
            assert_eq!(whole(Some(&value)), Some(6), "{value}");
        }
        for value in [json!(6.5), json!(null), json!("x"), json!(-1)] {
            assert_eq!(whole(Some(&value)), None, "{value}");
        }
    }

    #[test]
    fn four_date_formats_are_read() {
        for (text, expected) in [
            ("2026-11-23T21:40:00Z", "2026-11-23T21:40:00Z"),
            ("2026-11-23T21:40:00.123+0000", "2026-11-23T21:40:00.123Z"),
            ("Sep 1, 2017 4:12:29 PM", "2017-09-01T16:12:29Z"),
            ("Dec 3, 2021, 12:02:30 AM", "2021-12-03T00:02:30Z"),
        ] {
            assert_eq!(moment(text).map(|m| m.to_string()).as_deref(), Some(expected));
        }
        assert_eq!(moment("soon"), None);
    }
}
