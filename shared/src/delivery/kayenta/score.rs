//! From metrics to groups to one score. The rules of `WeightedSumScorer` and `ThresholdScoreClassifier` in Kayenta's judge.

use super::classify::{Classification, MetricResult};
use super::config::Thresholds;
use super::words;
use crate::delivery::stats::number;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of the canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The score is high enough, on data.
    Pass,
    /// A person has to look.
    Marginal,
    /// Too many metrics differ, or a critical one.
    Fail,
    /// The score would not fail, but rests on what nobody measured.
    Nodata,
}

/// Score of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupScore {
    /// The group.
    pub name: String,
    /// Its part of the total, in per cent.
    pub weight: f64,
    /// Metrics that passed.
    pub passed: usize,
    /// Metrics that were scored.
    pub scored: usize,
    /// 0 to 100; none when no metric of it has data, which counts as 100.
    pub score: Option<f64>,
}

/// The total.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// 0 to 100, two places.
    pub score: f64,
    /// What becomes of the canary.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub reason: String,
    /// Score by group, in the order of their names.
    pub groups: Vec<GroupScore>,
}

/// Why a score is 0 whatever the groups say.
pub(super) enum Zero<'a> {
    /// Critical metrics that did not pass.
    Critical(Vec<&'a MetricResult>),
    /// Half of the metrics or more have no data: so many of so many.
    Nodata(usize, usize),
}

/// Scores the metrics that are not muted.
pub(super) fn score(
    results: &[MetricResult],
    weights: &BTreeMap<String, f64>,
    thresholds: Thresholds,
) -> Score {
    let scored: Vec<&MetricResult> = results.iter().filter(|result| !result.muted).collect();
    let groups = groups(&scored, weights);
    let zero = zero(&scored);
    let total: f64 = groups.iter().map(|group| group.score.unwrap_or(100.0) * group.weight / 100.0).sum();
    let score = if zero.is_some() { 0.0 } else { two_places(total) };
    let by_score = if score >= thresholds.pass {
        Outcome::Pass
    } else if score >= thresholds.marginal {
        Outcome::Marginal
    } else {
        Outcome::Fail
    };
    let unmeasured = unmeasured(&scored);
    let outcome = match by_score {
        Outcome::Pass | Outcome::Marginal if unmeasured.is_some() => Outcome::Nodata,
        // A score of 0 without a reason to trust it is a failure, also where 0 is called marginal.
        Outcome::Pass | Outcome::Marginal if zero.is_some() => Outcome::Fail,
        Outcome::Pass | Outcome::Marginal | Outcome::Fail | Outcome::Nodata => by_score,
    };
    let reason = words::total(outcome, score, thresholds, &scored, zero.as_ref(), unmeasured.as_deref());
    Score { score, outcome, reason, groups }
}

/// Names of the metrics that score as a pass without data; all of them when none has any.
fn unmeasured<'a>(scored: &[&'a MetricResult]) -> Option<Vec<&'a str>> {
    let measured = |classification| match classification {
        Classification::Pass | Classification::High | Classification::Low => true,
        Classification::Nodata | Classification::NodataFail | Classification::PassWithoutData => false,
    };
    let names = |results: Vec<&'a MetricResult>| results.iter().map(|result| result.name.as_str()).collect();
    if !scored.iter().any(|result| measured(result.classification)) {
        return Some(names(scored.to_vec()));
    }
    let assumed = |result: &&&MetricResult| result.classification == Classification::PassWithoutData;
    let assumed: Vec<&MetricResult> = scored.iter().filter(assumed).copied().collect();
    (!assumed.is_empty()).then(|| names(assumed))
}

fn zero<'a>(scored: &[&'a MetricResult]) -> Option<Zero<'a>> {
    let critical: Vec<&MetricResult> = scored.iter().filter(|result| result.critical).copied().collect();
    if !critical.is_empty() {
        return Some(Zero::Critical(critical));
    }
    let nodata = scored.iter().filter(|result| result.classification == Classification::Nodata).count();
    (nodata > 0 && nodata * 2 >= scored.len()).then_some(Zero::Nodata(nodata, scored.len()))
}

fn groups(scored: &[&MetricResult], weights: &BTreeMap<String, f64>) -> Vec<GroupScore> {
    let names: BTreeSet<&String> = scored.iter().flat_map(|result| &result.groups).collect();
    let unweighted = names.iter().filter(|name| !weights.contains_key(**name)).count();
    let left = (100.0 - weights.values().sum::<f64>()) / number(unweighted.max(1));
    let group = |name: &String| {
        let members = scored.iter().filter(|result| result.groups.contains(name));
        let (passed, scored) = members.fold((0, 0), |(passed, scored), result| match result.classification {
            Classification::Pass | Classification::PassWithoutData => (passed + 1, scored + 1),
            Classification::High | Classification::Low | Classification::NodataFail => (passed, scored + 1),
            Classification::Nodata => (passed, scored),
        });
        let score = (scored > 0).then(|| number(passed) / number(scored) * 100.0);
        GroupScore {
            name: name.clone(),
            weight: weights.get(name).copied().unwrap_or(left),
            passed,
            scored,
            score,
        }
    };
    names.into_iter().map(group).collect()
}

/// Half up, as Kayenta rounds the decimal digits: what binary left just below a half is meant to be one.
fn two_places(score: f64) -> f64 {
    (score * 100.0 + 1e-9).round() / 100.0
}
