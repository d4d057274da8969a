//! The words that developers read of a build and of what a gate says of its reports.
//!
//! Must not: let text of a build, a report or a pull request through as it came, or exceed a limit.

use super::Build;
use super::event::{Phase, Status};
use crate::feedback::render::bounded;
use crate::gates::notice::{Gate, Line};
use crate::gates::verdict::Outcome;
use crate::source::ports::Origin;
use crate::source::reference::Reference;
use crate::text::{DESCRIPTION_LIMIT, SUMMARY_LIMIT, cut, markdown, plain};

/// The line of a build that waits.
pub const WAITS: &str = "waits for a review of this commit";

/// What somebody has to do about a build that waits.
#[must_use]
pub fn what_to_do(short_sha: &str) -> String {
    format!(
        "The commit comes from a fork, so nothing of it is run before somebody has looked at it. To have it built, a person who may write to \
         this repository reviews commit {short_sha}: an approval, or a review that begins with `/build`."
    )
}

/// The one line that says where a build stands; at most as long as a commit status allows.
#[must_use]
pub fn title(build: &Build) -> String {
    let in_phase = |words: &str| match failing(build) {
        Some(phase) => format!("{words} in {}", phase.name),
        None => words.to_owned(),
    };
    let words = match build.status() {
        None => WAITS.to_owned(),
        Some(Status::Running) => "is being built".to_owned(),
        Some(Status::Stopped) => "stopped".to_owned(),
        Some(Status::Succeeded) => format!("built in {}", duration(build.seconds().unwrap_or(0))),
        Some(Status::Failed) => in_phase("failed"),
        Some(Status::TimedOut) => in_phase("took too long"),
        Some(Status::Fault) => "CodeBuild itself failed".to_owned(),
    };
    cut(&plain(&words), DESCRIPTION_LIMIT)
}

fn failing(build: &Build) -> Option<&Phase> {
    let phases = build.progress.as_ref().map(|progress| progress.phases.as_slice())?;
    phases.iter().find(|phase| !matches!(phase.state.as_str(), "SUCCEEDED" | ""))
}

/// The body of the check run: what was built, a table of the phases, and why those failed that did.
#[must_use]
pub fn summary(origin: &Origin, build: &Build) -> String {
    let mut lines = vec![format!(
        "Commit {} of {} in project {}, release {}.",
        origin.sha.short(),
        place(&origin.reference),
        markdown(&origin.pipeline),
        markdown(&origin.release_id)
    )];
    let phases = build.progress.as_ref().map_or(&[][..], |progress| &progress.phases);
    let shown: Vec<&Phase> = phases.iter().filter(|phase| !phase.state.is_empty()).collect();
    if !shown.is_empty() {
        lines.extend(["", "| phase | state | seconds |", "|---|---|---:|"].map(ToOwned::to_owned));
    }
    lines.extend(
        shown.iter().map(|phase| {
            format!("| {} | {} | {} |", markdown(&phase.name), state(&phase.state), phase.seconds)
        }),
    );
    let reasons = phases.iter().filter(|phase| phase.state != "SUCCEEDED" && !phase.words.is_empty());
    lines.extend(reasons.map(|phase| format!("\n**{}**: {}", markdown(&phase.name), markdown(&phase.words))));
    bounded(&lines, SUMMARY_LIMIT)
}

fn state(word: &str) -> String {
    match word {
        "SUCCEEDED" => "succeeded".to_owned(),
        other => format!("**{}**", markdown(&other.to_ascii_lowercase().replace('_', " "))),
    }
}

/// What was looked at, as markdown.
fn place(reference: &Reference) -> String {
    match reference {
        Reference::Branch(_) => format!("branch {}", markdown(&reference.to_string())),
        Reference::Pull(_) => reference.to_string(),
    }
}

/// The one line of a gate.
#[must_use]
pub fn gate_title(gate: &Gate) -> String {
    let words = match gate.count {
        0 => gate.outcome.word().to_owned(),
        count => format!("{}, {} of {count} conditions hold", gate.outcome.word(), gate.holding),
    };
    cut(&words, DESCRIPTION_LIMIT)
}

/// The body of a gate's check run.
#[must_use]
pub fn gate_summary(origin: &Origin, gate: &Gate) -> String {
    let mut lines = vec![format!(
        "Policy {} on the reports of commit {}, project {}.",
        markdown(&gate.policy),
        origin.sha.short(),
        markdown(&origin.pipeline)
    )];
    lines.extend(gate_lines(gate));
    bounded(&lines, SUMMARY_LIMIT)
}

/// The table of a gate, and below it a sentence for each condition that does not hold.
pub(in crate::feedback) fn gate_lines(gate: &Gate) -> Vec<String> {
    let mut lines = Vec::new();
    if !gate.conditions.is_empty() {
        let head =
            ["", "| condition | actual | threshold | outcome | offenders |", "|---|---:|---:|---|---:|"];
        lines.extend(head.map(ToOwned::to_owned));
    }
    lines.extend(gate.conditions.iter().map(row));
    let left_out = gate.count.saturating_sub(gate.conditions.len() as u64);
    if left_out > 0 {
        lines.push(format!("\n… and {left_out} more conditions."));
    }
    let mut sentences: Vec<String> = gate
        .conditions
        .iter()
        .filter(|line| line.outcome != Outcome::Pass)
        .map(|line| format!("- {}: {}", line.outcome.word(), markdown(&line.sentence)))
        .collect();
    sentences.extend(gate.notes.iter().map(|note| format!("- note: {}", markdown(note))));
    if !sentences.is_empty() {
        lines.push(String::new());
    }
    lines.extend(sentences);
    lines
}

/// The word of an outcome; what holds a merge is bold.
pub(in crate::feedback) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Warn => "warn",
        Outcome::Pending => "**pending**",
        Outcome::Fail => "**fail**",
        Outcome::Error => "**error**",
    }
}

fn row(line: &Line) -> String {
    let outcome = word(line.outcome);
    let actual = line.actual.as_deref().map_or_else(|| "–".to_owned(), markdown);
    let offenders = if line.offenders == 0 { String::new() } else { line.offenders.to_string() };
    format!("| {} | {actual} | {} | {outcome} | {offenders} |", markdown(&line.id), markdown(&line.threshold))
}

/// `2 min 14 s`.
pub(in crate::feedback) fn duration(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
