//! A plain limit on green, for what must never happen whatever blue does.

use serde::{Deserialize, Serialize};

/// A limit on green: breached in `minutes` of the newest `of` judged minutes, or in more than `failure_limit` minutes of the whole shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Name in verdicts.
    pub id: String,
    /// Id of the metric: the percentage of bad events of a counted one, the value of another.
    pub metric: String,
    /// Breached above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Breached below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// How many minutes must be breached.
    #[serde(default = "one")]
    pub minutes: u32,
    /// Of how many newest judged ones; as many as `minutes` when it is not given.
    #[serde(default)]
    pub of: Option<u32>,
    /// How many breached minutes the whole shift may have; without it only the window counts.
    #[serde(default)]
    pub failure_limit: Option<u32>,
    /// After how many minutes in a row without data the limit is inconclusive.
    #[serde(default = "four")]
    pub error_limit: u32,
    /// Whether it is told and decides nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl Threshold {
    /// Length of the window, in judged minutes.
    #[must_use]
    pub fn window(&self) -> u32 {
        self.of.unwrap_or(self.minutes)
    }

    /// Whether a value breaches it. A value that is no number breaches it: it shows nothing good.
    #[must_use]
    pub fn breached_by(&self, value: f64) -> bool {
        value.is_nan()
            || self.above.is_some_and(|limit| value > limit)
            || self.below.is_some_and(|limit| value < limit)
    }

    /// The limit, for people.
    #[must_use]
    pub fn limit_words(&self) -> String {
        match (self.above, self.below) {
            (Some(above), Some(below)) => format!("from {below} to {above}"),
            (Some(above), None) => format!("at most {above}"),
            (None, Some(below)) => format!("at least {below}"),
            (None, None) => "nothing".to_owned(),
        }
    }
}

const fn one() -> u32 {
    1
}
/// Argo Rollouts' `consecutiveErrorLimit`.
const fn four() -> u32 {
    4
}
