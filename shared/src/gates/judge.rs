//! One condition against the facts of one source: measured, compared with its thresholds and with the baseline, and said in words.
//!
//! Shares are compared by integers, so that rounding decides nothing.

use super::history::{Mark, Snapshot, without_deleted};
use super::metric::Measured;
use super::policy::{Baseline, Compare, Condition, First, Measure, On, Operator};
use super::render::words;
use super::verdict::{Judged, Outcome};
use crate::reports::Facts;
use crate::reports::facts::{CoverageFacts, Ratio};
use std::collections::BTreeMap;

/// What a baseline says about a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Compared {
    /// There is none yet.
    None,
    /// It holds; the figure that would just have done.
    Holds { before: f64, asked: f64 },
    /// It does not.
    Worse { before: f64, asked: f64 },
}

/// A condition that was not measured yet.
pub(super) fn blank(condition: &Condition, outcome: Outcome) -> Judged {
    Judged {
        id: condition.id.clone(),
        outcome,
        metric: condition.metric.map(|metric| metric.name().to_owned()).unwrap_or_default(),
        operator: condition.operator.map(|operator| operator.symbol().to_owned()).unwrap_or_default(),
        threshold: condition.fail.unwrap_or(0.0),
        source: condition.source.clone().unwrap_or_default(),
        help: condition.help.clone(),
        ..Judged::default()
    }
}

/// Compares a figure: everything about one condition but its offenders.
pub(super) fn judge(
    condition: &Condition,
    measure: Measure<'_>,
    measured: Measured,
    mark: Option<&Mark>,
    files: &BTreeMap<String, Ratio>,
) -> Judged {
    let operator = measure.operator;
    let compared = condition.baseline.map(|baseline| compare(baseline, operator, measured, mark, files));
    let breaks =
        |threshold: Option<f64>| threshold.is_some_and(|threshold| !holds(operator, measured, threshold));
    let is_worse = matches!(compared, Some(Compared::Worse { .. }));
    let fails = breaks(condition.fail) || is_worse;
    let no_baseline = matches!(compared, Some(Compared::None));
    let first = condition.baseline.map(|baseline| baseline.first);
    let outcome = match (fails, condition.on) {
        (true, On::Fail) => Outcome::Fail,
        (true, On::Warn) => Outcome::Warn,
        (false, _) if no_baseline && first == Some(First::Fail) => Outcome::Error,
        (false, _) if no_baseline || breaks(condition.warn) => Outcome::Warn,
        (false, _) => Outcome::Pass,
    };
    let threshold = decisive(operator, condition.fail, compared);
    let said =
        words::Said { condition, measure, measured, outcome, compared, threshold: threshold.unwrap_or(0.0) };
    let margin = |limit: f64| {
        if operator.wants_more() { measured.value() - limit } else { limit - measured.value() }
    };
    Judged {
        threshold: threshold.unwrap_or(0.0),
        // Nothing to compare with yet: there is no limit to show either.
        operator: threshold.map_or_else(String::new, |_| operator.symbol().to_owned()),
        actual: Some(measured.value()),
        margin: threshold.map(margin),
        baseline: compared.and_then(Compared::before),
        message: said.sentence(),
        remedy: if fails { said.remedy() } else { String::new() },
        ..blank(condition, outcome)
    }
}

impl Compared {
    pub(super) fn before(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Holds { before, .. } | Self::Worse { before, .. } => Some(before),
        }
    }

    pub(super) fn asked(self) -> Option<f64> {
        match self {
            Self::None => None,
            Self::Holds { asked, .. } | Self::Worse { asked, .. } => Some(asked),
        }
    }
}

/// The stricter of the policy's threshold and the baseline's.
fn decisive(operator: Operator, fail: Option<f64>, compared: Option<Compared>) -> Option<f64> {
    let asked = compared.and_then(Compared::asked);
    match (fail, asked) {
        (Some(fail), Some(asked)) if operator.wants_more() => Some(fail.max(asked)),
        (Some(fail), Some(asked)) => Some(fail.min(asked)),
        (limit, None) | (None, limit) => limit,
    }
}

/// Shares are compared by integers: hit × 100 against threshold × total.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(super) fn holds(operator: Operator, measured: Measured, threshold: f64) -> bool {
    let (left, right) = match measured {
        Measured::Number(value) => (value, threshold),
        Measured::Share(ratio) => (ratio.hit as f64 * 100.0, threshold * ratio.total as f64),
    };
    match operator {
        Operator::AtMost => left <= right,
        Operator::AtLeast => left >= right,
        Operator::Less => left < right,
        Operator::More => left > right,
    }
}

/// As good as the baseline, or worse by no more than one of the tolerances.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn compare(
    baseline: Baseline,
    operator: Operator,
    measured: Measured,
    mark: Option<&Mark>,
    files: &BTreeMap<String, Ratio>,
) -> Compared {
    let Some(mark) = mark else { return Compared::None };
    let snapshot = match baseline.compare {
        Compare::Last => &mark.last,
        Compare::Best => mark.best(),
    };
    let (before, exact) = adjusted(snapshot, operator, files);
    let slack = baseline.tolerance.max(before.abs() * baseline.tolerance_percent / 100.0);
    let lines = match measured {
        Measured::Share(ratio) => baseline.tolerance_lines as f64 * 100.0 / ratio.total as f64,
        Measured::Number(_) => 0.0,
    };
    let slack = slack.max(lines);
    let asked = if operator.wants_more() { before - slack } else { before + slack };
    let equal = match (measured, exact) {
        (Measured::Share(now), Some(then)) => not_worse(operator, now, then),
        (Measured::Number(_) | Measured::Share(_), _) => false,
    };
    // Thresholds from a division are met by the figure that they came from.
    let enough = if operator.wants_more() {
        measured.value() >= asked - 1e-9
    } else {
        measured.value() <= asked + 1e-9
    };
    if equal || enough { Compared::Holds { before, asked } } else { Compared::Worse { before, asked } }
}

/// The baseline's figure, without what was deleted since where that asks for less.
fn adjusted(
    snapshot: &Snapshot,
    operator: Operator,
    files: &BTreeMap<String, Ratio>,
) -> (f64, Option<Ratio>) {
    let deleted = operator.wants_more().then(|| without_deleted(snapshot, files)).flatten();
    match deleted {
        Some(share) => (Measured::Share(share).value(), Some(share)),
        None => (snapshot.value, snapshot.share),
    }
}

fn not_worse(operator: Operator, now: Ratio, then: Ratio) -> bool {
    let (left, right) =
        (u128::from(now.hit) * u128::from(then.total), u128::from(then.hit) * u128::from(now.total));
    if operator.wants_more() { left >= right } else { left <= right }
}

/// Covered lines by file, for [`without_deleted`]; empty for everything but coverage.
pub(super) fn lines_by_file(facts: &Facts) -> BTreeMap<String, Ratio> {
    let of = |coverage: &CoverageFacts| {
        let mut files: BTreeMap<String, Ratio> = BTreeMap::new();
        for file in &coverage.files {
            let known = files.entry(file.path.clone()).or_default();
            *known = known.plus(file.lines.ratio());
        }
        files
    };
    match facts {
        Facts::Coverage(coverage) => of(coverage),
        Facts::Tests(_)
        | Facts::Findings(_)
        | Facts::Performance(_)
        | Facts::Analysis(_)
        | Facts::Vex(_)
        | Facts::Changes(_) => BTreeMap::new(),
    }
}
