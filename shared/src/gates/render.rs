//! Words for people: one sentence for each condition, and the message that the pipeline's console shows.

use super::metric::{METRICS, Measured};
use super::policy::{Condition, Operator};
use super::verdict::{Outcome, Verdict};
use std::fmt::Write as _;

/// Longest failure message that CodePipeline takes, in characters (API reference, `FailureDetails.message`).
pub const MAX_MESSAGE: usize = 5000;
/// Longest summary of a success that CodePipeline takes (`ExecutionDetails.summary`).
pub const MAX_SUMMARY: usize = 2048;

/// One condition with both numbers, the name of the limit, and what would make it pass.
pub(crate) fn sentence(condition: &Condition, measured: Measured, outcome: Outcome) -> String {
    let (metric, id) = (condition.metric, &condition.id);
    let label = condition.label.as_ref().map(|label| format!(" for `{}`", plain(label))).unwrap_or_default();
    let actual = figure(measured, metric.unit());
    let asked =
        |threshold: f64| format!("{} {}", condition.operator.symbol(), with_unit(threshold, metric.unit()));
    match outcome {
        Outcome::Fail => {
            let remedy = remedy(condition.operator, measured, condition.fail);
            format!("`{metric}`{label} is {actual}, `{id}` asks for {}{remedy}", asked(condition.fail))
        }
        Outcome::Warn => {
            let warn = condition.warn.unwrap_or(condition.fail);
            format!("`{metric}`{label} is {actual}: `{id}` holds, but its warning asks for {}", asked(warn))
        }
        Outcome::Pass | Outcome::Pending | Outcome::Error => {
            format!("`{metric}`{label} is {actual}, `{id}` asks for {}", asked(condition.fail))
        }
    }
}

fn remedy(operator: Operator, measured: Measured, threshold: f64) -> String {
    match (operator, measured) {
        (Operator::AtLeast, Measured::Share(ratio)) => {
            let needed = lines_needed(ratio.hit, ratio.total, threshold);
            needed.map(|count| format!(": {count} more would pass")).unwrap_or_default()
        }
        (Operator::AtMost, Measured::Number(value)) if value.fract() == 0.0 => {
            format!(": {} fewer would pass", with_unit((value - threshold).ceil(), ""))
        }
        (Operator::AtMost | Operator::AtLeast | Operator::Less | Operator::More, _) => String::new(),
    }
}

/// How many more of `total` must be hit to reach `percent`.
fn lines_needed(hit: u64, total: u64, percent: f64) -> Option<u64> {
    (hit..=total)
        .find(|candidate| share(*candidate) >= percent * share(total) / 100.0)
        .map(|enough| enough - hit)
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

fn with_unit(value: f64, unit: &str) -> String {
    let number = if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
    match unit {
        "%" => format!("{number} %"),
        "ms" | "s" | "requests/s" => format!("{number} {unit}"),
        _ => number,
    }
}

/// The whole verdict as a message of at most `limit` characters; what does not fit is counted.
#[must_use]
pub fn message(policy: &str, verdict: &Verdict, limit: usize) -> String {
    let bad: Vec<_> = verdict.conditions.iter().filter(|c| c.outcome != Outcome::Pass).collect();
    let mut text = format!(
        "gate `{policy}`: {}, {} of {} condition(s) hold",
        verdict.outcome.word(),
        holding(verdict),
        verdict.conditions.len()
    );
    let mut lines: Vec<String> = Vec::new();
    for condition in bad {
        lines.push(format!("[{}] {}", condition.outcome.word(), condition.message));
        if !condition.offenders.is_empty() {
            lines.push(format!(
                "    {}",
                condition.offenders.iter().take(5).map(|name| plain(name)).collect::<Vec<_>>().join(", ")
            ));
        }
    }
    lines.extend(
        verdict
            .waived
            .iter()
            .map(|w| format!("waived until {}: {} in {}", w.expires, plain(&w.finding), plain(&w.component))),
    );
    lines.extend(verdict.notes.iter().map(|note| format!("note: {note}")));
    let total = lines.len();
    for (index, line) in lines.iter().enumerate() {
        let rest = format!("\n… and {} more line(s) in the report", total - index);
        if text.chars().count() + line.chars().count() + 1 + rest.chars().count() > limit {
            text.push_str(&rest);
            break;
        }
        let _ = write!(text, "\n{line}");
    }
    text.chars().take(limit).collect()
}

fn holding(verdict: &Verdict) -> usize {
    verdict.conditions.iter().filter(|condition| condition.outcome.lets_through()).count()
}

/// A figure of `metric` with its unit. Percentages are cut, not rounded.
pub(crate) fn amount(metric: &str, value: f64) -> String {
    let unit = METRICS.iter().find(|known| known.name == metric).map_or("", |known| known.unit);
    with_unit(if unit == "%" { (value * 100.0).floor() / 100.0 } else { value }, unit)
}

/// Text from outside on one line, without control and direction characters.
#[must_use]
pub fn plain(text: &str) -> String {
    short(text, 200)
}

/// The first `limit` characters of text from outside, on one line, without control and direction characters.
pub(crate) fn short(text: &str, limit: usize) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
                ' '
            } else {
                c
            }
        })
        .take(limit)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::verdict::Judged;

    fn verdict(count: usize) -> Verdict {
        let judged = |index: usize| Judged {
            id: format!("c{index}"),
            outcome: Outcome::Fail,
            metric: "tests.failed".to_owned(),
            operator: "<=".to_owned(),
            threshold: 0.0,
            actual: Some(1.0),
            message: format!("`tests.failed` is 1, `c{index}` asks for <= 0: 1 fewer would pass"),
            offenders: vec!["adds\u{202e} an\norder".to_owned()],
        };
        Verdict {
            outcome: Outcome::Fail,
            conditions: (0..count).map(judged).collect(),
            waived: vec![],
            notes: vec![],
        }
    }

    #[test]
    fn every_failed_condition_is_listed_with_its_offenders() {
        insta::assert_snapshot!(message("build", &verdict(1), MAX_MESSAGE), @r"
        gate `build`: fail, 0 of 1 condition(s) hold
        [fail] `tests.failed` is 1, `c0` asks for <= 0: 1 fewer would pass
            adds  an order
        ");
    }

    #[test]
    fn a_message_never_exceeds_the_limit_and_says_what_was_left_out() {
        let text = message("build", &verdict(300), MAX_MESSAGE);
        assert!(text.chars().count() <= MAX_MESSAGE);
        assert!(text.ends_with("more line(s) in the report"), "{text}");
    }
}
