//! A verdict as rows of text, the same for every form that people read.

use super::words::with_unit;
use crate::gates::metric::METRICS;
use crate::gates::ports::Record;
use crate::gates::verdict::{Judged, Outcome, Verdict};

/// One condition.
pub struct Row<'a> {
    /// What was judged.
    pub judged: &'a Judged,
    /// `78.40 %`; a dash when nothing was measured.
    pub actual: String,
    /// `>= 80 %`; empty for what has no limit.
    pub limit: String,
    /// `-1.60 %`: how far on the good side; empty when nothing was measured.
    pub margin: String,
    /// The sentence without what the row says already.
    pub message: String,
}

impl Row<'_> {
    /// A sign that does not rest on colour.
    #[must_use]
    pub const fn sign(&self) -> &'static str {
        sign(self.judged.outcome)
    }
}

/// The worst first, else in the policy's order.
#[must_use]
pub fn rows(verdict: &Verdict) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = verdict.conditions.iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.judged.outcome));
    rows
}

fn row(judged: &Judged) -> Row<'_> {
    let unit = unit(&judged.metric);
    let has_limit = !judged.operator.is_empty();
    Row {
        actual: judged.actual.map_or_else(|| "–".to_owned(), |value| shown(value, unit)),
        limit: if has_limit {
            format!("{} {}", judged.operator, with_unit(judged.threshold, unit))
        } else {
            String::new()
        },
        margin: judged.margin.map(|margin| signed(margin, unit)).unwrap_or_default(),
        message: super::short(&judged.message, 2_000),
        judged,
    }
}

pub(super) fn unit(metric: &str) -> &'static str {
    METRICS.iter().find(|known| known.name == metric).map_or("", |known| known.unit)
}

/// Percentages are cut, not rounded.
pub(super) fn shown(value: f64, unit: &str) -> String {
    with_unit(if unit == "%" { (value * 100.0).floor() / 100.0 } else { value }, unit)
}

fn signed(margin: f64, unit: &str) -> String {
    let cut = (margin.abs() * 100.0).round() / 100.0;
    let sign = if margin < 0.0 { "−" } else { "+" };
    format!("{sign}{}", with_unit(cut, unit))
}

/// `fail: 7 of 9 conditions hold`.
#[must_use]
pub fn headline(verdict: &Verdict) -> String {
    let holding = verdict.conditions.iter().filter(|condition| condition.outcome.lets_through()).count();
    let plural = if verdict.conditions.len() == 1 { "condition holds" } else { "conditions hold" };
    format!("{holding} of {} {plural}", verdict.conditions.len())
}

/// Where the verdict belongs: names and values, without those that nobody said.
pub(super) fn place(record: &Record) -> Vec<(&'static str, String)> {
    let all = [
        ("pipeline", record.pipeline.clone()),
        ("stage", record.stage.clone()),
        ("execution", record.execution_id.clone()),
        ("branch", record.branch.clone()),
        ("commit", record.commit_id.clone()),
        ("decided", format!("{} UTC", record.decided_at.date_and_time())),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// A sign that does not rest on colour.
pub(super) const fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Warn => "!",
        Outcome::Pending => "…",
        Outcome::Fail => "✗",
        Outcome::Error => "?",
    }
}

/// `12.3 KB`.
pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{}.{} KB", size / 1_000, size % 1_000 / 100),
        _ => format!("{}.{} MB", size / 1_000_000, size % 1_000_000 / 100_000),
    }
}
