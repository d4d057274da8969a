//! Series that somebody brings in a file: counts (`minute,total,bad`) or values (`timestamp,value`), as CSV, as JSON objects, or as Kayenta's
//! metric sets (<https://github.com/spinnaker/kayenta>, `MetricSet`).
//!
//! What is not there is missing, and is never taken for zero; what cannot be read is refused with its line and column, or its JSON pointer.
//! Must not: judge.

mod build;
mod csv;
mod json;
mod pair;

pub use pair::{Paired, Unpaired, Values, pair, pair_values, values};

use super::series::Arm;
use std::collections::BTreeMap;

/// How minutes are named in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Numbers that count minutes from anywhere.
    Number,
    /// Moments.
    Utc,
}

/// What was measured, by minute: its number, or minutes since 1970.
#[derive(Debug, Clone, PartialEq)]
pub enum Points {
    /// Events and bad ones.
    Counts(BTreeMap<i64, Arm>),
    /// One value each.
    Values(BTreeMap<i64, f64>),
}

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesFile {
    /// Its name, where the file says one.
    pub name: Option<String>,
    /// How its minutes are named.
    pub clock: Clock,
    /// What was measured.
    pub points: Points,
    /// Minutes that are named and have no value.
    pub missing: Vec<i64>,
}

/// A file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct SeriesError {
    /// `line 3, column 2 (`bad`)`, or a JSON pointer.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl SeriesError {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// Reads a file: JSON when it begins with `[` or `{`, CSV otherwise.
///
/// # Errors
/// [`SeriesError`] for the first thing that is wrong.
pub fn read(bytes: &[u8]) -> Result<Vec<SeriesFile>, SeriesError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        SeriesError::new(format!("line {line}"), "this is no UTF-8 text")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().chars().next() {
        None => Err(SeriesError::new("line 1", "the file is empty")),
        Some('[' | '{') => json::read(text),
        Some(_) => csv::read(text).map(|series| vec![series]),
    }
}

impl SeriesFile {
    /// How many minutes were measured.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.points {
            Points::Counts(counts) => counts.len(),
            Points::Values(values) => values.len(),
        }
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
