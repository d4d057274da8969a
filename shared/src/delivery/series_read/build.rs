//! Rows to a series, whatever they were written in.

use super::{Clock, Points, SeriesError, SeriesFile};
use crate::delivery::series::Arm;
use crate::model::{MINUTE, Timestamp};
use std::collections::BTreeMap;

/// From here on a number is seconds since 1970, and a thousand times that milliseconds: minutes are not counted so far.
const SECONDS_FROM: i64 = 1_000_000_000;
/// Largest count: above it doubles skip whole numbers.
const LARGEST_COUNT: f64 = 9_007_199_254_740_992.0;

/// A cell, and where it stands.
pub(super) struct Cell<'a> {
    pub(super) place: &'a dyn Fn() -> String,
    /// None when it is missing.
    pub(super) text: Option<&'a str>,
}

/// What a row holds beside its minute.
pub(super) enum Row<'a> {
    Counts(Cell<'a>, Cell<'a>),
    Value(Cell<'a>),
}

/// A series in the making.
#[derive(Default)]
pub(super) struct Builder {
    clock: Option<(Clock, String)>,
    seen: BTreeMap<i64, String>,
    counts: BTreeMap<i64, Arm>,
    values: BTreeMap<i64, f64>,
    missing: Vec<i64>,
}

impl Builder {
    pub(super) fn push(&mut self, minute: &Cell<'_>, row: &Row<'_>) -> Result<(), SeriesError> {
        let minute = self.minute(minute)?;
        match row {
            Row::Counts(total, bad) => match (count(total)?, count(bad)?) {
                (Some(all), Some(found)) if found > all => {
                    return Err(SeriesError::new(
                        (bad.place)(),
                        format!("{found} bad events of {all} in all"),
                    ));
                }
                (Some(total), Some(bad)) => {
                    self.counts.insert(minute, Arm { total, bad });
                }
                (None, _) | (_, None) => self.missing.push(minute),
            },
            Row::Value(cell) => match value(cell)? {
                Some(value) => {
                    self.values.insert(minute, value);
                }
                None => self.missing.push(minute),
            },
        }
        Ok(())
    }

    pub(super) fn finish(self, name: Option<String>, of_counts: bool) -> SeriesFile {
        let points = if of_counts { Points::Counts(self.counts) } else { Points::Values(self.values) };
        let clock = self.clock.map_or(Clock::Number, |(clock, _)| clock);
        SeriesFile { name, clock, points, missing: self.missing }
    }

    fn minute(&mut self, cell: &Cell<'_>) -> Result<i64, SeriesError> {
        let wrong = |what: String| SeriesError::new((cell.place)(), what);
        let text = cell.text.ok_or_else(|| wrong("the minute is missing".to_owned()))?;
        let (clock, minute) = moment(text)
            .ok_or_else(|| wrong(format!("`{text}` is no minute: a whole number or an RFC 3339 time")))?;
        match &self.clock {
            Some((known, place)) if *known != clock => {
                return Err(wrong(format!(
                    "`{text}` is not of the kind of the minute at {place}: numbers or times, not both"
                )));
            }
            Some(_) => {}
            None => self.clock = Some((clock, (cell.place)())),
        }
        if let Some(place) = self.seen.get(&minute) {
            return Err(wrong(format!("the minute of `{text}` is there already, at {place}")));
        }
        self.seen.insert(minute, (cell.place)());
        Ok(minute)
    }
}

fn moment(text: &str) -> Option<(Clock, i64)> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some((Clock::Utc, at.millis().div_euclid(MINUTE)));
    }
    let number: i64 = text.strip_suffix(".0").unwrap_or(text).parse().ok()?;
    Some(match number {
        _ if number >= SECONDS_FROM * 1000 => (Clock::Utc, number.div_euclid(MINUTE)),
        _ if number >= SECONDS_FROM => (Clock::Utc, number.div_euclid(MINUTE / 1000)),
        _ => (Clock::Number, number),
    })
}

/// Empty, `null` and `NaN` are no value.
fn present<'a>(cell: &Cell<'a>) -> Option<&'a str> {
    cell.text.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("nan") && *text != "null")
}

fn value(cell: &Cell<'_>) -> Result<Option<f64>, SeriesError> {
    let Some(text) = present(cell) else { return Ok(None) };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        Ok(_) | Err(_) => Err(SeriesError::new((cell.place)(), format!("`{text}` is no number"))),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked: whole and from 0 to 2^53"
)]
fn count(cell: &Cell<'_>) -> Result<Option<u64>, SeriesError> {
    let Some(number) = value(cell)? else { return Ok(None) };
    if number < 0.0 || number.fract() != 0.0 || number > LARGEST_COUNT {
        return Err(SeriesError::new(
            (cell.place)(),
            format!("`{number}` is no count: a whole number from 0"),
        ));
    }
    Ok(Some(number as u64))
}
