//! Both arms by the same minutes; what has no pair is kept apart, to be said.

use super::{Clock, Points, SeriesFile};
use crate::delivery::series::{Arm, Minute, Pair, Series, number};
use crate::model::{MINUTE, Timestamp};
use std::collections::BTreeMap;

/// Two files that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpaired {
    /// Numbers here, times there.
    #[error("one file numbers its minutes and the other names times: they cannot be paired")]
    Clocks,
    /// Counts here, values there.
    #[error("one file holds counts and the other values: they cannot be compared")]
    Kinds,
    /// Values where counts are needed.
    #[error(
        "the files hold values, and only counts (`minute,total,bad`) are compared always-validly; `--method mann-whitney` compares values"
    )]
    Values,
}

/// Counts of both arms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Paired {
    /// Minutes of both.
    pub minutes: Series,
    /// The baseline's minutes before the canary's first: from these noise is learned.
    pub before: Series,
    /// Later minutes of the baseline alone.
    pub baseline_only: Vec<i64>,
    /// Minutes of the canary alone.
    pub canary_only: Vec<i64>,
}

/// Values of both arms, by minute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values {
    /// Minutes of both: canary, baseline.
    pub both: BTreeMap<i64, (f64, f64)>,
    /// Minutes of the baseline alone.
    pub baseline_only: Vec<i64>,
    /// Minutes of the canary alone.
    pub canary_only: Vec<i64>,
}

/// Pairs counts as minutes of `metric`.
///
/// # Errors
/// When the files are not of one kind.
pub fn pair(metric: &str, canary: &SeriesFile, baseline: &SeriesFile) -> Result<Paired, Unpaired> {
    same_clock(canary, baseline)?;
    let (green, blue) = match (&canary.points, &baseline.points) {
        (Points::Counts(green), Points::Counts(blue)) => (green, blue),
        (Points::Values(_), Points::Values(_)) => return Err(Unpaired::Values),
        (Points::Counts(_), Points::Values(_)) | (Points::Values(_), Points::Counts(_)) => {
            return Err(Unpaired::Kinds);
        }
    };
    let mut found = Paired::default();
    let first = green.iter().find(|(_, arm)| arm.total > 0).map(|(minute, _)| *minute);
    for (minute, blue) in blue {
        let at = Timestamp::from_millis(minute.saturating_mul(MINUTE));
        match green.get(minute) {
            _ if first.is_some_and(|first| *minute < first) => {
                let pair = Pair { green: Arm::default(), blue: *blue };
                found.before.insert(at, Minute::of(metric, pair));
            }
            Some(green) => {
                found.minutes.insert(at, Minute::of(metric, Pair { green: *green, blue: *blue }));
            }
            None => found.baseline_only.push(*minute),
        }
    }
    found.canary_only = green.keys().filter(|minute| !blue.contains_key(minute)).copied().collect();
    Ok(found)
}

/// Pairs values; counts become shares of bad events.
///
/// # Errors
/// When the files are not of one kind.
pub fn pair_values(canary: &SeriesFile, baseline: &SeriesFile) -> Result<Values, Unpaired> {
    same_clock(canary, baseline)?;
    match (&canary.points, &baseline.points) {
        (Points::Counts(_), Points::Counts(_)) | (Points::Values(_), Points::Values(_)) => {}
        (Points::Counts(_), Points::Values(_)) | (Points::Values(_), Points::Counts(_)) => {
            return Err(Unpaired::Kinds);
        }
    }
    let (green, blue) = (values(canary), values(baseline));
    let alone = |of: &BTreeMap<i64, f64>, other: &BTreeMap<i64, f64>| {
        of.keys().filter(|minute| !other.contains_key(minute)).copied().collect()
    };
    Ok(Values {
        baseline_only: alone(&blue, &green),
        canary_only: alone(&green, &blue),
        both: green
            .iter()
            .filter_map(|(minute, green)| Some((*minute, (*green, *blue.get(minute)?))))
            .collect(),
    })
}

fn same_clock(canary: &SeriesFile, baseline: &SeriesFile) -> Result<(), Unpaired> {
    let is_same = canary.clock == baseline.clock || canary.is_empty() || baseline.is_empty();
    if is_same { Ok(()) } else { Err(Unpaired::Clocks) }
}

/// Values by minute; a minute without events has no share.
#[must_use]
pub fn values(series: &SeriesFile) -> BTreeMap<i64, f64> {
    match &series.points {
        Points::Values(values) => values.clone(),
        Points::Counts(counts) => counts
            .iter()
            .filter(|(_, arm)| arm.total > 0)
            .map(|(minute, arm)| (*minute, number(arm.bad) / number(arm.total)))
            .collect(),
    }
}

impl Clock {
    /// A minute for people.
    #[must_use]
    pub fn words(self, minute: i64) -> String {
        match self {
            Self::Number => format!("minute {minute}"),
            Self::Utc => Timestamp::from_millis(minute.saturating_mul(MINUTE)).to_string(),
        }
    }
}
