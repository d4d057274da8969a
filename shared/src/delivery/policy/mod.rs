//! How shifts are judged: typed YAML out of Parameter Store, with what is different for one service.
//!
//! Every mistake of the values is named at once, with both numbers; syntax and unknown words with line and column. Must not: judge.

pub mod checks;
pub mod metric;
mod read;
pub mod schedule;
pub mod threshold;

pub use checks::Checks;
pub use metric::{Direction, Metric, MetricKind, Query};
pub use read::{Policies, PolicyError};
pub use schedule::{Pause, Schedule};
pub use threshold::Threshold;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the shifts of one service are judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// Chance that a good release is rolled back, 0 to 0.5; shared by all metrics that decide.
    pub alpha: f64,
    /// Chance that a release with [`Self::excluded_ratio`] is promoted, 0 to 0.5.
    pub beta: f64,
    /// Ratio of rates that is accepted, at least 1.
    pub tolerated_ratio: f64,
    /// Ratio of rates that promotion must rule out, above [`Self::tolerated_ratio`].
    pub excluded_ratio: f64,
    /// A rate of bad events below which a release is good whatever the ratio, in percent, 0 to 5; 0 for none. Without it a service that never
    /// fails could never be shown to be as good as before.
    pub negligible_percent: f64,
    /// How much a rate wanders by itself.
    pub noise: Noise,
    /// Minutes after the first shifted one that are not judged but for a catastrophe.
    pub warm_up_minutes: u32,
    /// What stops a release even while it warms up.
    pub catastrophe: Catastrophe,
    /// How long after its end a minute is taken as settled, in minutes.
    pub settle_minutes: u32,
    /// Longest time, from green's first traffic, after which a waiting asker is told "inconclusive", in minutes.
    pub max_minutes: u32,
    /// How long a CodeDeploy hook waits for a green that is not ready yet, in seconds; the function's own time is an end too.
    pub ready_seconds: u32,
    /// Whether harm is told and stops nothing.
    pub dry_run: bool,
    /// What an inconclusive watch means to whoever waits for it.
    pub on_inconclusive: OnInconclusive,
    /// What is compared.
    pub metrics: Vec<Metric>,
    /// Plain limits on green.
    pub thresholds: Vec<Threshold>,
    /// Share of each group in the score, in percent; the rest is shared by the groups that are not named.
    pub groups: BTreeMap<String, f64>,
    /// When a step of the shift may go on, and what a pause waits for.
    pub schedule: Schedule,
    /// What is checked before traffic.
    pub checks: Checks,
}

impl Policy {
    /// Metrics whose comparison can stop a release: α is shared by them.
    pub fn deciding(&self) -> impl Iterator<Item = &Metric> {
        self.metrics.iter().filter(|metric| metric.decides())
    }

    /// ln of the odds that stop a release: 1/α, or k/α with k metrics (Bonferroni).
    #[must_use]
    pub fn harm_bound(&self) -> f64 {
        let metrics = u32::try_from(self.deciding().count().max(1)).unwrap_or(u32::MAX);
        f64::from(metrics).ln() - self.alpha.ln()
    }

    /// ln of the odds that promote: 1/β, for each metric.
    #[must_use]
    pub fn promotion_bound(&self) -> f64 {
        -self.beta.ln()
    }
}

impl Default for Policy {
    fn default() -> Self {
        read::Settings::default().policy()
    }
}

/// How much a rate wanders from minute to minute by itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Noise {
    /// A coefficient of variation, 0 to 2.
    Fixed(f64),
    /// Learned from the running version in the hour before the shift.
    Learned(Learned),
}

/// The word for [`Noise::Learned`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learned {
    /// Learned.
    Learned,
}

/// What is taken where nothing could be learned.
pub const UNKNOWN_NOISE: f64 = 0.3;
/// Minutes before the shift from which noise is learned.
pub const LEARNING_MINUTES: i64 = 60;

/// A share of bad events that stops a release at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catastrophe {
    /// Percent of green's events that are bad, above 0 and at most 100.
    #[serde(default = "fifty")]
    pub percent: f64,
    /// Fewest events of green in the minute.
    #[serde(default = "twenty")]
    pub events: u64,
}

impl Default for Catastrophe {
    fn default() -> Self {
        Self { percent: fifty(), events: twenty() }
    }
}

const fn fifty() -> f64 {
    50.0
}
const fn twenty() -> u64 {
    20
}

/// What an inconclusive watch means for whoever waits for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// The deployment goes on, and people are told.
    PassWithWarning,
    /// The deployment is rolled back.
    #[default]
    Fail,
}
