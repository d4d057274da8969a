//! What the judge says, in sentences: the figures of both arms, the interval, the limit.

use super::classify::{Classification, Comparison, MetricResult};
use super::config::{Direction, Effect, EffectMeasure, Metric, Thresholds};
use super::score::{Outcome, Zero};
use crate::delivery::stats::Sample;

/// Four digits, without zeros at the end.
pub(crate) fn figure(value: f64) -> String {
    let size = value.abs().log10().floor();
    if value == 0.0 {
        return "0".to_owned();
    }
    let trimmed = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    };
    if !(-4.0..7.0).contains(&size) {
        let text = format!("{value:.3e}");
        return text
            .split_once('e')
            .map_or_else(|| text.clone(), |(digits, power)| format!("{}e{power}", trimmed(digits)));
    }
    let places = crate::delivery::stats::place(3.0 - size);
    trimmed(&format!("{value:.places$}"))
}

/// Words in backticks.
pub(super) fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn word(classification: Classification) -> &'static str {
    match classification {
        Classification::Pass => "passes",
        Classification::High => "is high",
        Classification::Low => "is low",
        Classification::Nodata | Classification::NodataFail => "has no data",
        Classification::PassWithoutData => "counts as passed without data",
    }
}

pub(super) fn no_data(
    metric: &Metric,
    classification: Classification,
    [canary, baseline]: [usize; 2],
) -> String {
    let counts = format!("{canary} points in the canary, {baseline} in the baseline");
    let why = match classification {
        Classification::NodataFail => "; `mustHaveData` makes that a failure",
        Classification::Nodata if metric.critical => "; it is critical, so the canary fails",
        Classification::Nodata => "; it is left out of the score",
        Classification::PassWithoutData => ", because `nanStrategy` is `replace`",
        Classification::Pass | Classification::High | Classification::Low => "",
    };
    format!("`{}` {}: {counts}{why}", metric.name, word(classification))
}

pub(super) fn nothing_differs(name: &str, canary: &Sample, baseline: &Sample) -> String {
    match canary.values() {
        [value, ..] if canary.is_constant() && baseline.is_constant() => {
            format!("`{name}` passes: every point of both arms is {}", figure(*value))
        }
        values => format!("`{name}` passes: both arms have the same {} values", values.len()),
    }
}

pub(super) fn compared(
    metric: &Metric,
    classification: Classification,
    critical: bool,
    found: &Comparison,
) -> String {
    let Comparison { canary, baseline, shift, lower, upper, reached, .. } = found;
    let mut text = format!(
        "`{}` {}: mean {} in the canary against {} in the baseline ({} and {} points), shifted by {}, with 98 % confidence by {} to {}",
        metric.name,
        word(classification),
        figure(canary.mean),
        figure(baseline.mean),
        canary.count,
        baseline.count,
        figure(*shift),
        figure(*lower),
        figure(*upper),
    );
    text.push_str(&why(metric, classification, found));
    if !reached {
        text.push_str("; these are too few points for 98 %");
    }
    let failed = matches!(classification, Classification::High | Classification::Low);
    match (failed && metric.critical, critical) {
        (true, true) => text.push_str("; it is critical, so the canary fails"),
        (true, false) => text.push_str("; not far enough to fail the canary as critical"),
        (false, _) => {}
    }
    text
}

/// Which rule decided.
fn why(metric: &Metric, classification: Classification, found: &Comparison) -> String {
    let bound = figure(found.bound);
    let (above, below) = (format!(", all above {bound}"), format!(", all below -{bound}"));
    let Effect { allowed_increase, allowed_decrease, .. } = metric.effect;
    match classification {
        Classification::High => above + &effect(metric, found, "at least", allowed_increase),
        Classification::Low => below + &effect(metric, found, "at most", allowed_decrease),
        Classification::Pass
        | Classification::Nodata
        | Classification::NodataFail
        | Classification::PassWithoutData => {
            let ignored = format!(", which `direction: {}` lets pass", metric.direction.word());
            match (found.lower > found.bound, found.upper < -found.bound, metric.direction) {
                (true, _, Direction::Decrease) => above + &ignored,
                (_, true, Direction::Increase) => below + &ignored,
                (true, ..) => above + &effect(metric, found, "below", allowed_increase),
                (_, true, _) => below + &effect(metric, found, "above", allowed_decrease),
                (false, false, _) => format!(", not all beyond {bound} either way"),
            }
        }
    }
}

fn effect(metric: &Metric, found: &Comparison, relation: &str, limit: f64) -> String {
    let measure = match metric.effect.measure {
        EffectMeasure::MeanRatio => "the ratio of the means",
        EffectMeasure::Cles => "the share of pairs in which the canary is higher",
    };
    match found.effect {
        Some(effect) => format!("; {measure}, {}, is {relation} {}", figure(effect), figure(limit)),
        None => "; a mean of 0 has no ratio, so the size does not matter".to_owned(),
    }
}

pub(super) fn total(
    outcome: Outcome,
    score: f64,
    thresholds: Thresholds,
    scored: &[&MetricResult],
    zero: Option<&Zero<'_>>,
    unmeasured: Option<&[&str]>,
) -> String {
    let score = figure_of_score(score);
    let Thresholds { pass, marginal } = thresholds;
    match (outcome, zero) {
        (Outcome::Nodata, _) => {
            let names = listed(unmeasured.unwrap_or_default());
            format!("no verdict: the score of {score} rests on metrics without data: {names}")
        }
        (Outcome::Fail, Some(Zero::Critical(critical))) => {
            let failed: Vec<String> = critical.iter().map(|result| failed(result)).collect();
            format!("fail: critical, so the score is 0: {}", failed.join(", "))
        }
        (Outcome::Fail, Some(Zero::Nodata(without, all))) => {
            format!("fail: {without} of {all} metrics have no data, 50 % or more, so the score is 0")
        }
        (Outcome::Fail, None) => format!(
            "fail: the score of {score} is below the {marginal} that are marginal{}",
            not_passed(scored)
        ),
        (Outcome::Marginal, _) => {
            format!("marginal: the score of {score} is below the {pass} that pass{}", not_passed(scored))
        }
        (Outcome::Pass, _) => format!("pass: the score of {score} is at least {pass}{}", not_passed(scored)),
    }
}

fn figure_of_score(score: f64) -> String {
    let text = format!("{score:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn failed(result: &MetricResult) -> String {
    format!("`{}` {}", result.name, word(result.classification))
}

fn not_passed(scored: &[&MetricResult]) -> String {
    let others: Vec<String> = scored
        .iter()
        .filter(|result| result.classification != Classification::Pass)
        .map(|result| failed(result))
        .collect();
    if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) }
}
