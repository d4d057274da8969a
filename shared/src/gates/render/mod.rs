//! Words for people: one sentence for each condition, and the message that the pipeline's console shows.

use super::metric::METRICS;
use super::verdict::{Outcome, Verdict};
use std::fmt::Write as _;
use words::with_unit;

pub(super) mod words;

/// Longest failure message that CodePipeline takes, in characters (API reference, `FailureDetails.message`).
pub const MAX_MESSAGE: usize = 5000;
/// Longest summary of a success that CodePipeline takes (`ExecutionDetails.summary`).
pub const MAX_SUMMARY: usize = 2048;

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
            ..Judged::default()
        };
        Verdict { outcome: Outcome::Fail, conditions: (0..count).map(judged).collect(), ..Verdict::default() }
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
