//! From minutes to a verdict: always-valid evidence for each metric, plain limits, a score, and what they come to.
//!
//! [`analyse`] says what the minutes show; [`conclude()`] what that means at a moment for whoever waits. Both are functions of values that
//! stand in the record, so a verdict can be computed again (`watch replay`). Must not: know a service, a clock, a deployment's engine.

mod conclude;
pub mod eprocess;
pub mod noise;
mod score;
mod threshold;
mod words;

pub use conclude::{Situation, conclude};
pub use threshold::{Limit, LimitState};

use super::policy::{Direction, Metric, MetricKind, Policy};
use super::series::{Arm, Minute, Pair, Series, number, shifted};
use crate::model::Timestamp;
use eprocess::EProcess;
use serde::Serialize;
use std::collections::BTreeMap;

/// Noise by metric id: the coefficient of variation that its comparison reckons with.
pub type NoiseOf = BTreeMap<String, f64>;

/// What the minutes show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// Minutes from green's first traffic.
    pub shifted_minutes: u32,
    /// Of those, how many came after the warm-up.
    pub judged_minutes: u32,
    /// A catastrophe, in a sentence.
    pub catastrophe: Option<String>,
    /// Evidence of every counted metric.
    pub evidence: Vec<Evidence>,
    /// Plain limits.
    pub limits: Vec<Limit>,
    /// 0 to 100 by groups and weights, for people; the verdict does not come from it.
    pub score: f64,
    /// Whether the newest minute had nothing to compare with any more: blue has no traffic.
    pub baseline_gone: bool,
}

/// What one metric shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Metric id.
    pub metric: String,
    /// What a bad event is, for people.
    pub bad: String,
    /// Both arms over all minutes that were compared.
    pub seen: Pair,
    /// How many minutes were compared.
    pub minutes: u32,
    /// Bad events that were expected of green if it were as good as blue; none where blue had none.
    pub expected: Option<f64>,
    /// ln of the evidence after each judged minute.
    pub path: Vec<Point>,
    /// ln that the evidence for harm must reach.
    pub bound: f64,
    /// ln that the evidence for promotion must reach.
    pub promotion_bound: f64,
    /// ln of the evidence that green's rate is below [`Policy::negligible_percent`], over all compared minutes.
    pub negligible: f64,
    /// What it comes to.
    pub state: EvidenceState,
    /// Whether it can stop a release.
    pub decides: bool,
}

/// Evidence after one minute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The minute.
    pub at: Timestamp,
    /// Both arms in it; none when it was not measured.
    pub pair: Option<Pair>,
    /// ln E for harm.
    pub harm: f64,
    /// ln E for promotion.
    pub promotion: f64,
}

/// What a metric's evidence comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceState {
    /// Green is worse than is tolerated. Once reached it stays: the bound holds for the whole path.
    Harm,
    /// A rate as bad as the excluded ratio is ruled out, or any that matters.
    Cleared,
    /// Neither.
    Open,
}

/// What `series` shows under `policy`, with the noise that was learned before the shift (metrics that are not in `noise` take the policy's
/// fixed one, or [`UNKNOWN_NOISE`](super::policy::UNKNOWN_NOISE)).
#[must_use]
pub fn analyse(policy: &Policy, noise: &NoiseOf, series: &Series) -> Analysis {
    let minutes: Vec<(Timestamp, &Minute)> = shifted(series).collect();
    let warm_up = usize::try_from(policy.warm_up_minutes).unwrap_or(usize::MAX).min(minutes.len());
    let (warming, judged) = minutes.split_at(warm_up);
    let counted = policy.metrics.iter().filter(|metric| is_counted(metric));
    let evidence: Vec<Evidence> =
        counted.map(|metric| evidence(policy, metric, noise_of(policy, noise, &metric.id), judged)).collect();
    let limits: Vec<Limit> =
        policy.thresholds.iter().map(|limit| threshold::judge(policy, limit, judged)).collect();
    Analysis {
        shifted_minutes: count(minutes.len()),
        judged_minutes: count(judged.len()),
        catastrophe: catastrophe(policy, &minutes, warming.len()),
        score: score::score(policy, &evidence, &limits),
        evidence,
        limits,
        baseline_gone: minutes.last().is_some_and(|(_, minute)| !minute.has_blue()),
    }
}

/// The noise that a metric's comparison reckons with.
#[must_use]
pub fn noise_of(policy: &Policy, noise: &NoiseOf, metric: &str) -> f64 {
    use super::policy::{Noise, UNKNOWN_NOISE};
    match policy.noise {
        Noise::Fixed(cv) => cv,
        Noise::Learned(_) => noise.get(metric).copied().unwrap_or(UNKNOWN_NOISE),
    }
}

/// Whether green and blue are compared by it; a value is for limits only.
pub(crate) const fn is_counted(metric: &Metric) -> bool {
    match metric.kind {
        MetricKind::Errors
        | MetricKind::Latency { .. }
        | MetricKind::Counts { .. }
        | MetricKind::Logs { .. } => true,
        MetricKind::Value { .. } => false,
    }
}

fn evidence(policy: &Policy, metric: &Metric, noise: f64, judged: &[(Timestamp, &Minute)]) -> Evidence {
    let mut process = EProcess::new(policy.tolerated_ratio, policy.excluded_ratio, noise);
    let (bound, promotion_bound) = (policy.harm_bound(), policy.promotion_bound());
    let mut path = Vec::with_capacity(judged.len());
    let mut harmed = false;
    for (at, minute) in judged {
        let pair = minute.counts.get(&metric.id).copied();
        if let Some(pair) = pair {
            process.push(match metric.worse {
                Direction::More => pair,
                Direction::Fewer => pair.swapped(),
            });
        }
        let point = Point { at: *at, pair, harm: process.harm(), promotion: process.promotion() };
        harmed |= point.harm >= bound;
        path.push(point);
    }
    let negligible = match metric.worse {
        Direction::More if policy.negligible_percent > 0.0 => {
            eprocess::below(process.seen.green, policy.negligible_percent / 100.0)
        }
        Direction::More | Direction::Fewer => 0.0,
    };
    let cleared = process.minutes > 0 && process.promotion().max(negligible) >= promotion_bound;
    let seen = match metric.worse {
        Direction::More => process.seen,
        Direction::Fewer => process.seen.swapped(),
    };
    Evidence {
        metric: metric.id.clone(),
        bad: metric.words(),
        seen,
        minutes: process.minutes,
        expected: process.expected(),
        path,
        bound,
        promotion_bound,
        negligible,
        state: match (harmed, cleared) {
            (true, _) => EvidenceState::Harm,
            (false, true) => EvidenceState::Cleared,
            (false, false) => EvidenceState::Open,
        },
        decides: metric.decides(),
    }
}

/// A minute in which most of green fails and blue does not, warm-up or not.
fn catastrophe(policy: &Policy, minutes: &[(Timestamp, &Minute)], warming: usize) -> Option<String> {
    let limit = policy.catastrophe;
    let fails = |arm: Arm, part: f64| arm.rate().is_some_and(|rate| rate * 100.0 >= limit.percent * part);
    for (index, (_, minute)) in minutes.iter().enumerate() {
        for metric in policy.deciding().filter(|metric| metric.worse == Direction::More) {
            let Some(pair) = minute.counts.get(&metric.id) else { continue };
            if pair.green.total >= limit.events && fails(pair.green, 1.0) && !fails(pair.blue, 0.5) {
                let when = if index < warming { " while it warmed up" } else { "" };
                return Some(format!(
                    "green answered {}{when}; a catastrophe is {} %",
                    words::share(pair.green, &metric.words()),
                    limit.percent
                ));
            }
        }
    }
    None
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
