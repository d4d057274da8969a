//! What a canary configuration says. Names are Kayenta's own, so that a report can be held beside it.

use std::collections::BTreeMap;

/// A canary configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Version of the form, as it was written.
    pub version: Option<String>,
    /// Applications it is meant for.
    pub applications: Vec<String>,
    /// At least one; no two of the same name.
    pub metrics: Vec<Metric>,
    /// Pieces of queries, kept as they are.
    pub templates: BTreeMap<String, String>,
    /// Per cent of the score, by group; groups that are not named share what is left.
    pub weights: BTreeMap<String, f64>,
    /// From which score on it passes. In Spinnaker these often stand in the pipeline's stage instead.
    pub thresholds: Option<Thresholds>,
}

/// From which score on a canary passes, or is handed to a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Lowest score that passes: above 0, at most 100.
    pub pass: f64,
    /// Lowest score that is marginal: from 0, at most `pass`.
    pub marginal: f64,
}

/// One metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// The metric source's own query: kept, not understood.
    pub query: serde_json::Value,
    /// Groups it counts in.
    pub groups: Vec<String>,
    /// The scope it is asked for.
    pub scope: Option<String>,
    /// Which change is a failure.
    pub direction: Direction,
    /// What becomes of points that are not there.
    pub nan: Nan,
    /// Points further than this many interquartile ranges outside the quartiles (and outside the 1st and 99th percentile) are removed; none
    /// are without a factor.
    pub outlier_factor: Option<f64>,
    /// Whether its failure fails the whole canary.
    pub critical: bool,
    /// Whether having no data is a failure.
    pub must_have_data: bool,
    /// Reported, not scored.
    pub muted: bool,
    /// How large a change must be.
    pub effect: Effect,
}

/// Which change is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher is worse.
    Increase,
    /// Lower is worse.
    Decrease,
    /// Any change is.
    Either,
}

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Increase => "increase",
            Self::Decrease => "decrease",
            Self::Either => "either",
        }
    }
}

/// What becomes of points that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nan {
    /// Left out.
    Remove,
    /// Counted as 0.
    Replace,
}

/// How large a change must be to count, in the measure's own unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// What is measured.
    pub measure: EffectMeasure,
    /// High from here on.
    pub allowed_increase: f64,
    /// Low from here downwards.
    pub allowed_decrease: f64,
    /// A critical metric fails the canary from here on.
    pub critical_increase: f64,
    /// And from here downwards.
    pub critical_decrease: f64,
}

/// A measure of effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectMeasure {
    /// Mean of the canary over mean of the baseline; 1 is no change.
    MeanRatio,
    /// Common language effect size: share of pairs in which the canary is higher; 0.5 is no change.
    Cles,
}

impl EffectMeasure {
    /// Its value when nothing differs, which is the default of all four limits.
    #[must_use]
    pub const fn neutral(self) -> f64 {
        match self {
            Self::MeanRatio => 1.0,
            Self::Cles => 0.5,
        }
    }
}
