//! The verdict in GitHub's markdown: a table of all conditions, then what is wrong and what would mend it, then what was excused.
//!
//! Names from reports are data: nothing of them mentions, links or marks up.

use super::view::{self, headline, place, rows, sign};
use crate::gates::ports::Record;
use crate::gates::verdict::{Outcome, Verdict};
use crate::text::markdown as escape;
use std::fmt::Write as _;

/// Offenders named for each condition.
const MOST_NAMED: usize = 20;

/// The whole report.
#[must_use]
pub fn markdown(record: &Record) -> String {
    let verdict = &record.verdict;
    let mut text = format!(
        "## {} Gate {}: {}\n\n",
        sign(verdict.outcome),
        escape(&record.policy),
        verdict.outcome.word()
    );
    let places: Vec<String> =
        place(record).iter().map(|(name, value)| format!("{name} {}", escape(value))).collect();
    let _ = writeln!(text, "{}. {}\n", headline(verdict), places.join(" · "));
    table(verdict, &mut text);
    wrong(verdict, &mut text);
    excused(verdict, &mut text);
    reports(verdict, &mut text);
    text
}

fn table(verdict: &Verdict, text: &mut String) {
    text.push_str("| | condition | measured | limit | margin |\n|---|---|---:|---:|---:|\n");
    for row in rows(verdict) {
        let of = row
            .judged
            .artifact
            .as_ref()
            .map(|artifact| format!(" ({})", escape(artifact)))
            .unwrap_or_default();
        let outcome = row.judged.outcome;
        let word = if outcome == Outcome::Pass {
            outcome.word().to_owned()
        } else {
            format!("**{}**", outcome.word())
        };
        let _ = writeln!(
            text,
            "| {} {word} | {}{of} | {} | {} | {} |",
            sign(outcome),
            escape(&row.judged.id),
            escape(&row.actual),
            escape(&row.limit),
            row.margin
        );
    }
}

fn wrong(verdict: &Verdict, text: &mut String) {
    let mut first = true;
    for row in rows(verdict).iter().filter(|row| row.judged.outcome != Outcome::Pass) {
        if std::mem::take(&mut first) {
            text.push_str("\n### What is wrong\n\n");
        }
        let help = row.judged.help.as_ref().map(|help| format!(" ({})", escape(help))).unwrap_or_default();
        let _ = writeln!(text, "- **{}**: {}{help}", escape(&row.judged.id), escape(&row.message));
        for name in row.judged.offenders.iter().take(MOST_NAMED) {
            let _ = writeln!(text, "  - {}", escape(name));
        }
        let more = row.judged.offenders.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            let _ = writeln!(text, "  - and {more} more");
        }
    }
}

fn excused(verdict: &Verdict, text: &mut String) {
    let waived = verdict.waived.iter().map(|w| {
        format!(
            "{} in {} until {}: {}",
            escape(&w.finding),
            escape(&w.component),
            w.expires,
            escape(&w.reason)
        )
    });
    list("Waived", waived, text);
    let grace = verdict.in_grace.iter().map(|finding| {
        let (id, component) = (escape(&finding.finding), escape(&finding.component));
        format!("{id} ({}) in {component} counts from {}", finding.severity, finding.until.date_and_time())
    });
    list("Does not count yet", grace, text);
    let quarantined = verdict
        .quarantined
        .iter()
        .map(|test| format!("{} until {}: {}", escape(&test.test), test.expires, escape(&test.reason)));
    list("Failed in quarantine", quarantined, text);
    list(
        "Not judged",
        verdict.not_judged.iter().map(|n| format!("{}: {}", escape(&n.id), escape(&n.reason))),
        text,
    );
    list("Remarks", verdict.notes.iter().map(|note| escape(note)), text);
}

fn list(title: &str, lines: impl Iterator<Item = String>, text: &mut String) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        let _ = writeln!(text, "\n### {title}\n");
        lines.iter().for_each(|line| {
            let _ = writeln!(text, "- {line}");
        });
    }
}

fn reports(verdict: &Verdict, text: &mut String) {
    if verdict.reports.is_empty() {
        return;
    }
    text.push_str("\n<details><summary>Reports</summary>\n\n| source | file | format | size | SHA-256 | remarks |\n|---|---|---|---:|---|---|\n");
    for report in &verdict.reports {
        let remarks: Vec<String> = report.remarks.iter().map(|remark| escape(remark)).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            escape(&report.source),
            escape(&report.path),
            report.format,
            view::bytes(report.size),
            report.sha256.get(..12).unwrap_or_default(),
            remarks.join("; ")
        );
    }
    text.push_str("\n</details>\n");
}
