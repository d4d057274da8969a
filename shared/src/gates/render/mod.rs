//! Words for people: one sentence for each condition, and the message that the pipeline's console shows.

use super::verdict::{Outcome, Verdict};
use std::fmt::Write as _;

mod html;
mod markdown;
mod view;
pub(super) mod words;

pub use html::html;
pub use markdown::markdown;
pub use view::{Row, headline, rows};

/// Longest failure message that CodePipeline takes, in characters (API reference, `FailureDetails.message`).
pub const MAX_MESSAGE: usize = 5000;
/// Longest summary of a success that CodePipeline takes (`ExecutionDetails.summary`).
pub const MAX_SUMMARY: usize = 2048;

/// The whole verdict as a message of at most `limit` characters; what does not fit is counted.
#[must_use]
pub fn message(policy: &str, verdict: &Verdict, limit: usize) -> String {
    let mut text = format!(
        "gate `{policy}`: {}, {} of {} condition(s) hold",
        verdict.outcome.word(),
        holding(verdict),
        verdict.conditions.len()
    );
    let mut lines: Vec<String> = Vec::new();
    for row in view::rows(verdict).iter().filter(|row| row.judged.outcome != Outcome::Pass) {
        lines.push(format!("[{}] {}", row.judged.outcome.word(), row.message));
        if !row.judged.offenders.is_empty() {
            lines.push(format!("    {}", named(&row.judged.offenders)));
        }
        lines.extend(row.judged.help.iter().map(|help| format!("    see {}", plain(help))));
    }
    lines.extend(aside(verdict));
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

/// The first five, and how many more.
fn named(offenders: &[String]) -> String {
    const NAMED: usize = 5;
    let names: Vec<String> = offenders.iter().take(NAMED).map(|name| plain(name)).collect();
    let more = offenders.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// What did not count, and why.
#[must_use]
pub fn aside(verdict: &Verdict) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        verdict
            .waived
            .iter()
            .map(|w| format!("waived until {}: {} in {}", w.expires, plain(&w.finding), plain(&w.component))),
    );
    lines.extend(verdict.in_grace.iter().map(|finding| {
        let (id, component) = (plain(&finding.finding), plain(&finding.component));
        format!("counts from {}: {id} in {component} ({})", finding.until.date_and_time(), finding.severity)
    }));
    lines.extend(
        verdict
            .quarantined
            .iter()
            .map(|test| format!("in quarantine until {}: {}", test.expires, plain(&test.test))),
    );
    lines.extend(verdict.not_judged.iter().map(|n| format!("not judged: `{}`, {}", n.id, plain(&n.reason))));
    lines.extend(verdict.notes.iter().map(|note| format!("note: {note}")));
    lines
}

fn holding(verdict: &Verdict) -> usize {
    verdict.conditions.iter().filter(|condition| condition.outcome.lets_through()).count()
}

/// A figure of `metric` with its unit. Percentages are cut, not rounded.
#[must_use]
pub fn amount(metric: &str, value: f64) -> String {
    view::shown(value, view::unit(metric))
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
mod tests;
