//! One metric: is the canary high, low, or as the baseline? The rules of `MannWhitneyClassifier` in Kayenta's judge, step by step.

use super::config::{Direction, Effect, EffectMeasure, Metric, Nan};
use super::words;
use crate::delivery::stats::{RankSum, Sample, Shift, Unfit, mean, mean_ratio, percentile, shift::shift_of};
use serde::Serialize;

/// Confidence of the interval.
pub(super) const CONFIDENCE: f64 = 0.98;
/// Share of the shift itself that the interval's nearer end has to lie beyond.
const TOLERANCE: f64 = 0.25;

/// What became of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Classification {
    /// No failing difference.
    Pass,
    /// The canary is higher.
    High,
    /// The canary is lower.
    Low,
    /// An arm has no data; left out of the score.
    Nodata,
    /// An arm has no data and must have; scored as a failure.
    NodataFail,
    /// An arm has no data and `replace` scores that as a pass. Never evidence for one.
    PassWithoutData,
}

/// What one arm measured, after missing points and outliers were dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Arm {
    /// Points.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their median.
    pub median: f64,
}

/// Both arms against each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The new version.
    pub canary: Arm,
    /// The old one.
    pub baseline: Arm,
    /// Hodges-Lehmann shift, canary against baseline.
    pub shift: f64,
    /// Lower end of its 98 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Whether the points are enough for 98 %.
    pub reached: bool,
    /// How far from 0 the interval must lie to fail.
    pub bound: f64,
    /// Effect in the metric's measure; none where a mean is 0, and then it does not matter.
    pub effect: Option<f64>,
}

/// What became of a metric, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricResult {
    /// The metric.
    pub name: String,
    /// Groups it counts in.
    pub groups: Vec<String>,
    /// Reported, not scored.
    pub muted: bool,
    /// What became of it.
    pub classification: Classification,
    /// Whether this fails the whole canary.
    pub critical: bool,
    /// A sentence with the figures of both arms.
    pub reason: String,
    /// The figures; none when an arm is empty or nothing differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// Why a metric cannot be classified at all.
pub(super) type Unclassified = (&'static str, Unfit);

/// Classifies one metric; missing points are no numbers.
pub(super) fn classify(
    metric: &Metric,
    baseline: &[f64],
    canary: &[f64],
) -> Result<MetricResult, Unclassified> {
    let control = prepared(metric, baseline).map_err(|unfit| ("baseline", unfit))?;
    let experiment = prepared(metric, canary).map_err(|unfit| ("canary", unfit))?;
    let (Some(control), Some(experiment)) = (&control, &experiment) else {
        let counts = [&experiment, &control].map(|arm| arm.as_ref().map_or(0, Sample::count));
        return Ok(without_data(metric, counts));
    };
    if control.sorted() == experiment.sorted() || constant_together(control, experiment) {
        let reason = words::nothing_differs(&metric.name, experiment, control);
        return Ok(result(metric, Classification::Pass, false, reason, None));
    }
    let found = compare(metric, experiment, control).map_err(|unfit| ("canary", unfit))?;
    let classification = classification(metric, &found);
    let critical = metric.critical && is_critical(metric.effect, classification, found.effect);
    let reason = words::compared(metric, classification, critical, &found);
    Ok(result(metric, classification, critical, reason, Some(found)))
}

fn result(
    metric: &Metric,
    classification: Classification,
    critical: bool,
    reason: String,
    comparison: Option<Comparison>,
) -> MetricResult {
    MetricResult {
        name: metric.name.clone(),
        groups: metric.groups.clone(),
        muted: metric.muted,
        classification,
        critical,
        reason,
        comparison,
    }
}

/// Steps 1: missing points, then outliers. None when nothing is left.
fn prepared(metric: &Metric, values: &[f64]) -> Result<Option<Sample>, Unfit> {
    let kept: Vec<f64> = match metric.nan {
        Nan::Remove => values.iter().copied().filter(|value| !value.is_nan()).collect(),
        Nan::Replace => values.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect(),
    };
    if kept.is_empty() {
        return Ok(None);
    }
    let sample = Sample::new(kept)?;
    match metric.outlier_factor {
        Some(factor) => without_outliers(&sample, factor).map(Some),
        None => Ok(Some(sample)),
    }
}

fn without_outliers(sample: &Sample, factor: f64) -> Result<Sample, Unfit> {
    let [low, first, third, high] = [0.01, 0.25, 0.75, 0.99].map(|share| percentile(sample, share));
    let range = factor * (third - first);
    let (lowest, highest) = (low.min(first - range), high.max(third + range));
    let inside = |value: &f64| (lowest..=highest).contains(value);
    Sample::new(sample.values().iter().copied().filter(inside).collect::<Vec<_>>())
}

fn constant_together(x: &Sample, y: &Sample) -> bool {
    x.is_constant() && y.is_constant() && x.values().first() == y.values().first()
}

/// Step 2: an arm is empty.
fn without_data(metric: &Metric, counts: [usize; 2]) -> MetricResult {
    let (classification, critical) = match metric.nan {
        Nan::Remove if metric.must_have_data && !metric.critical => (Classification::NodataFail, false),
        Nan::Remove => (Classification::Nodata, metric.critical),
        Nan::Replace => (Classification::PassWithoutData, false),
    };
    result(metric, classification, critical, words::no_data(metric, classification, counts), None)
}

/// Steps 5 and 6, and the effect of step 8.
fn compare(metric: &Metric, canary: &Sample, baseline: &Sample) -> Result<Comparison, Unfit> {
    let ranked = RankSum::of(canary, baseline);
    let Shift { estimate, lower, upper, reached } = shift_of(canary, baseline, &ranked, CONFIDENCE)?;
    let effect = match metric.effect.measure {
        EffectMeasure::MeanRatio => mean_ratio(canary, baseline),
        EffectMeasure::Cles => Some(ranked.superiority()),
    };
    let bound = TOLERANCE * estimate.abs();
    Ok(Comparison {
        canary: arm(canary),
        baseline: arm(baseline),
        shift: estimate,
        lower,
        upper,
        reached,
        bound,
        effect,
    })
}

fn arm(sample: &Sample) -> Arm {
    Arm { count: sample.count(), mean: mean(sample), median: percentile(sample, 0.5) }
}

/// Step 7. An effect that cannot be computed is ignored.
fn classification(metric: &Metric, found: &Comparison) -> Classification {
    let rises = matches!(metric.direction, Direction::Increase | Direction::Either);
    let falls = matches!(metric.direction, Direction::Decrease | Direction::Either);
    let Effect { allowed_increase, allowed_decrease, .. } = metric.effect;
    if rises && found.lower > found.bound && found.effect.is_none_or(|effect| effect >= allowed_increase) {
        Classification::High
    } else if falls
        && found.upper < -found.bound
        && found.effect.is_none_or(|effect| effect <= allowed_decrease)
    {
        Classification::Low
    } else {
        Classification::Pass
    }
}

/// Step 8, for a critical metric.
fn is_critical(limits: Effect, classification: Classification, effect: Option<f64>) -> bool {
    match classification {
        Classification::High => effect.is_none_or(|effect| effect >= limits.critical_increase),
        Classification::Low => effect.is_none_or(|effect| effect <= limits.critical_decrease),
        Classification::Pass
        | Classification::Nodata
        | Classification::NodataFail
        | Classification::PassWithoutData => false,
    }
}
