//! One condition in words: both numbers, the name of the limit, and what would make it pass.

use crate::gates::judge::Compared;
use crate::gates::metric::Measured;
use crate::gates::policy::{Condition, Measure, Operator};
use crate::gates::verdict::Outcome;

/// What is to be said about one condition.
pub(in crate::gates) struct Said<'a> {
    pub(in crate::gates) condition: &'a Condition,
    pub(in crate::gates) measure: Measure<'a>,
    pub(in crate::gates) measured: Measured,
    pub(in crate::gates) outcome: Outcome,
    pub(in crate::gates) compared: Option<Compared>,
    /// The threshold that decides.
    pub(in crate::gates) threshold: f64,
}

impl Said<'_> {
    /// The sentence.
    pub(in crate::gates) fn sentence(&self) -> String {
        let metric = self.measure.metric;
        let (id, unit) = (&self.condition.id, metric.unit());
        let actual = format!("`{metric}`{} is {}", self.whose(), figure(self.measured, unit));
        let asked =
            |threshold: f64| format!("{} {}", self.measure.operator.symbol(), with_unit(threshold, unit));
        let fail = self.condition.fail;
        let limit = match (fail, self.compared) {
            (_, Some(Compared::Worse { before, asked }))
            | (None, Some(Compared::Holds { before, asked })) => self.by_baseline(before, asked),
            (Some(fail), _) => format!("`{id}` asks for {}", asked(fail)),
            (None, _) => format!("`{id}` has nothing to compare it with"),
        };
        match (self.outcome, self.compared) {
            (Outcome::Fail, _) => format!("{actual}, {limit}{}", self.colon_remedy()),
            (Outcome::Warn | Outcome::Error, Some(Compared::None)) => {
                format!("{actual}: `{id}` has no baseline yet, a pass of the protected branch makes one")
            }
            (Outcome::Warn, _) => match self.condition.warn {
                Some(warn) if !self.fails() => {
                    format!("{actual}: `{id}` holds, but its warning asks for {}", asked(warn))
                }
                Some(_) | None => format!("{actual}, {limit}, and only warns{}", self.colon_remedy()),
            },
            (Outcome::Pass | Outcome::Pending | Outcome::Error, _) => format!("{actual}, {limit}"),
        }
    }

    /// What would make it pass.
    pub(in crate::gates) fn remedy(&self) -> String {
        let (metric, threshold) = (self.measure.metric, self.threshold);
        match (self.measure.operator, self.measured) {
            (Operator::AtLeast, Measured::Share(ratio)) => needed(ratio.hit, ratio.total, threshold)
                .map(|count| format!("{count} more {} would pass", noun(metric.name(), count)))
                .unwrap_or_default(),
            (Operator::AtMost, Measured::Number(value)) if is_count(metric.unit()) => {
                format!("{} fewer would pass", with_unit((value - threshold).ceil(), ""))
            }
            (Operator::AtLeast, Measured::Number(value)) if is_count(metric.unit()) => {
                format!("{} more would pass", with_unit((threshold - value).ceil(), ""))
            }
            (Operator::AtMost, Measured::Number(value)) => {
                format!("{} less would pass", with_unit(value - threshold, metric.unit()))
            }
            (Operator::AtMost, Measured::Share(ratio)) => surplus(ratio.hit, ratio.total, threshold)
                .map(|count| format!("{count} fewer would pass"))
                .unwrap_or_default(),
            (Operator::AtLeast | Operator::Less | Operator::More, _) => String::new(),
        }
    }

    fn colon_remedy(&self) -> String {
        let remedy = self.remedy();
        if remedy.is_empty() { remedy } else { format!(": {remedy}") }
    }

    fn fails(&self) -> bool {
        let breaks = self
            .condition
            .fail
            .is_some_and(|fail| !crate::gates::judge::holds(self.measure.operator, self.measured, fail));
        breaks || matches!(self.compared, Some(Compared::Worse { .. }))
    }

    fn whose(&self) -> String {
        let label = self.condition.label.as_ref().map(|label| format!(" for `{}`", super::plain(label)));
        let component = self.condition.component.as_ref().map(|globs| format!(" of `{}`", globs.text()));
        format!("{}{}", component.unwrap_or_default(), label.unwrap_or_default())
    }

    fn by_baseline(&self, before: f64, asked: f64) -> String {
        let unit = self.measure.metric.unit();
        let or = if self.measure.operator.wants_more() { "or more" } else { "or less" };
        let now = if (before - asked).abs() < 1e-9 {
            String::new()
        } else {
            format!(" with its tolerance {}", cut(asked, unit))
        };
        format!("`{}` asks for the baseline's {}{now} {or}", self.condition.id, cut(before, unit))
    }
}

fn cut(value: f64, unit: &str) -> String {
    with_unit(if unit == "%" { (value * 100.0).floor() / 100.0 } else { value }, unit)
}

fn is_count(unit: &str) -> bool {
    !matches!(unit, "%" | "ms" | "s" | "requests/s")
}

fn noun(metric: &str, count: u64) -> &'static str {
    let (one, many) = match metric {
        "coverage.lines" | "coverage.changed_lines" => ("covered line", "covered lines"),
        "coverage.branches" => ("branch", "branches"),
        "coverage.functions" => ("function", "functions"),
        _ => ("", ""),
    };
    if count == 1 { one } else { many }
}

/// How many more of `total` must be hit to reach `percent`.
pub(in crate::gates) fn needed(hit: u64, total: u64, percent: f64) -> Option<u64> {
    first(hit, total, |candidate| share(candidate) * 100.0 >= percent * share(total))
        .map(|enough| enough - hit)
}

/// How many fewer of `total` must be hit to come down to `percent`.
fn surplus(hit: u64, total: u64, percent: f64) -> Option<u64> {
    first(0, hit, |fewer| share(hit - fewer) * 100.0 <= percent * share(total))
}

/// The smallest number from `low` to `high` for which `enough` holds; it holds for all above the first.
fn first(mut low: u64, high: u64, enough: impl Fn(u64) -> bool) -> Option<u64> {
    let mut end = high;
    if !enough(high) {
        return None;
    }
    while low < end {
        let middle = low + (end - low) / 2;
        if enough(middle) { end = middle } else { low = middle + 1 }
    }
    Some(low)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn share(count: u64) -> f64 {
    count as f64
}

/// Percentages are cut, not rounded: 79.999 % must not read 80.00 %.
fn figure(measured: Measured, unit: &str) -> String {
    match measured {
        Measured::Share(ratio) => {
            let cut = (measured.value() * 100.0).floor() / 100.0;
            format!("{cut:.2} % ({} of {})", ratio.hit, ratio.total)
        }
        Measured::Number(value) => with_unit(value, unit),
    }
}

/// A number with its unit, with at most two digits after the point.
pub(in crate::gates) fn with_unit(value: f64, unit: &str) -> String {
    let number = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
    match unit {
        "%" => format!("{number} %"),
        "ms" | "s" | "requests/s" => format!("{number} {unit}"),
        _ => number,
    }
}
