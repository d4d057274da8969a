//! The words that developers read on GitHub. Titles and descriptions are plain text, the summary is markdown.
//!
//! Must not: let text of a pipeline through as it came, or exceed a limit; a summary is cut between its lines, so that no escape is torn.

use crate::feedback::progress::{Phase, Progress, Rank, Stage};
use crate::source::ports::Origin;
use crate::text::{DESCRIPTION_LIMIT, SUMMARY_LIMIT, cut, markdown, plain};
use std::fmt::Write as _;

/// Bytes that are kept free for the line that says what was left out.
const RESERVE: usize = 80;

/// The one line that says where the release stands; at most as long as a commit status allows.
#[must_use]
pub fn title(origin: &Origin, progress: &Progress) -> String {
    let standing = progress.standing();
    let words = match standing.phase {
        Phase::Queued => "queued".to_owned(),
        Phase::InProgress => in_progress(progress),
        Phase::Ended(Rank::Succeeded) => format!("released to {}", origin.environment),
        Phase::Ended(Rank::Failed) => failed(progress),
        Phase::Ended(Rank::Stopped) => "stopped by a person".to_owned(),
        Phase::Ended(Rank::Superseded) => "superseded by a newer release".to_owned(),
        Phase::Ended(Rank::Cancelled | Rank::Running | Rank::Stopping) => "cancelled".to_owned(),
    };
    let words = match standing.attempt {
        0 | 1 => words,
        attempt => format!("attempt {attempt}: {words}"),
    };
    cut(&plain(&words), DESCRIPTION_LIMIT)
}

fn in_progress(progress: &Progress) -> String {
    let stages = progress.in_order();
    let attempt = progress.standing().attempt;
    let current = stages.iter().find(|(_, stage)| !stage.rank().is_end()).or(stages.last());
    match current {
        // The execution was resumed and the stage that it failed in has not said so yet.
        Some((name, stage)) if left_behind(stage, attempt) => format!("{name} begins again"),
        Some((name, stage)) => format!("{name} {}", verb(stage.rank())),
        None => "in progress".to_owned(),
    }
}

fn left_behind(stage: &Stage, attempt: u64) -> bool {
    stage.mark.is_some_and(|mark| mark.rank == Rank::Failed && mark.attempt < attempt)
}

fn failed(progress: &Progress) -> String {
    let stages = progress.in_order();
    let names: Vec<&str> =
        stages.iter().filter(|(_, stage)| stage.rank() == Rank::Failed).map(|(name, _)| *name).collect();
    if names.is_empty() { "failed".to_owned() } else { format!("failed in {}", names.join(", ")) }
}

fn verb(rank: Rank) -> &'static str {
    match rank {
        Rank::Running => "is running",
        Rank::Stopping => "is being stopped",
        Rank::Superseded => "was superseded",
        Rank::Cancelled => "was cancelled",
        Rank::Stopped => "was stopped",
        Rank::Succeeded => "has succeeded",
        Rank::Failed => "has failed",
    }
}

fn state(rank: Rank) -> &'static str {
    match rank {
        Rank::Running => "running",
        Rank::Stopping => "being stopped",
        Rank::Superseded => "superseded",
        Rank::Cancelled => "cancelled",
        Rank::Stopped => "stopped",
        Rank::Succeeded => "succeeded",
        Rank::Failed => "**failed**",
    }
}

/// The body of the check run: where it came from, a table of the stages, and why those failed that did.
#[must_use]
pub fn summary(origin: &Origin, progress: &Progress) -> String {
    let stages = progress.in_order();
    let mut lines = vec![format!(
        "Commit {} of branch {} on its way to {}, release {}.",
        origin.sha.short(),
        markdown(&origin.reference.to_string()),
        markdown(&origin.environment),
        markdown(&origin.release_id)
    )];
    if !stages.is_empty() {
        lines.extend(["", "| stage | state |", "|---|---|"].map(ToOwned::to_owned));
    }
    lines.extend(
        stages.iter().map(|(name, stage)| format!("| {} | {} |", markdown(name), state(stage.rank()))),
    );
    for (name, stage) in stages {
        lines.extend(reasons(name, stage));
    }
    bounded(&lines, SUMMARY_LIMIT)
}

fn reasons(name: &str, stage: &Stage) -> impl Iterator<Item = String> {
    stage
        .failures()
        .map(move |(action, words)| {
            format!("\n**{} / {}**: {}", markdown(name), markdown(action), markdown(words))
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// Whole lines up to `limit` bytes, and how many more there were.
pub(super) fn bounded(lines: &[String], limit: usize) -> String {
    let all: usize = lines.iter().map(|line| line.len() + 1).sum();
    if all <= limit {
        return lines.join("\n");
    }
    let mut out = String::new();
    let mut left = lines.len();
    for line in lines {
        if out.len() + line.len() + 1 + RESERVE > limit {
            break;
        }
        out.push_str(line);
        out.push('\n');
        left -= 1;
    }
    let _ = write!(out, "\n… and {left} more lines, which are too long for GitHub.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::plan::tests::{action, execution, origin, progress, stage};
    use crate::model::Timestamp;
    use std::collections::BTreeMap;

    #[test]
    fn a_failed_gate_is_shown_with_its_stages_and_its_reason() {
        let events = [
            execution(1, 0, "STARTED"),
            stage(1, 1, "Source", "SUCCEEDED"),
            stage(1, 2, "Build", "SUCCEEDED"),
            stage(1, 3, "Gate", "FAILED"),
            action(
                1,
                3,
                "Gate",
                "Invoke",
                Some(
                    "1 of 4 conditions failed: `line-coverage` is 71.3, at least 80 is wanted | see @acme/qa",
                ),
            ),
            execution(1, 4, "FAILED"),
        ];
        let progress = progress(&events);
        insta::assert_snapshot!(title(&origin(), &progress), @"failed in Gate");
        insta::assert_snapshot!(summary(&origin(), &progress).replace('\u{200b}', "⎵"), @r"
        Commit aaaaaaaaaaaa of branch fix/#⎵12-&lt;b&gt; on its way to production, release r1.

        | stage | state |
        |---|---|
        | Source | succeeded |
        | Build | succeeded |
        | Gate | **failed** |

        **Gate / Act**: 1 of 4 conditions failed: \`line-coverage\` is 71.3, at least 80 is wanted \| see @⎵acme/qa
        ");
    }

    #[test]
    fn every_standing_has_its_words() {
        let words = |events: &[_]| title(&origin(), &progress(events));
        insta::assert_snapshot!(words(&[execution(1, 0, "STARTED")]), @"queued");
        insta::assert_snapshot!(words(&[stage(1, 1, "Build", "STARTED")]), @"Build is running");
        insta::assert_snapshot!(words(&[stage(1, 1, "Build", "SUCCEEDED")]), @"Build has succeeded");
        insta::assert_snapshot!(words(&[execution(1, 0, "SUCCEEDED")]), @"released to production");
        insta::assert_snapshot!(words(&[execution(1, 0, "FAILED")]), @"failed");
        insta::assert_snapshot!(words(&[execution(1, 0, "STOPPED")]), @"stopped by a person");
        insta::assert_snapshot!(words(&[execution(1, 0, "SUPERSEDED")]), @"superseded by a newer release");
        insta::assert_snapshot!(words(&[execution(1, 0, "CANCELED")]), @"cancelled");
        insta::assert_snapshot!(words(&[execution(1, 0, "FAILED"), execution(2, 1, "RESUMED"), stage(2, 1, "Gate", "RESUMED")]), @"attempt 2: Gate is running");
        insta::assert_snapshot!(words(&[execution(1, 0, "STARTED"), stage(1, 1, "@everyone", "STOPPING")]).replace('\u{200b}', "⎵"), @"@⎵everyone is being stopped");
    }

    #[test]
    fn a_title_never_exceeds_a_commit_status() {
        let name = "ö".repeat(100);
        let events: Vec<_> = (0..5).map(|i| stage(1, i, &format!("{name}{i}"), "FAILED")).collect();
        let mut progress = progress(&events);
        progress.add(&execution(1, 9, "FAILED"));
        assert_eq!(title(&origin(), &progress).chars().count(), DESCRIPTION_LIMIT);
    }

    #[test]
    fn a_summary_is_cut_between_its_lines_and_says_so() {
        let reasons: BTreeMap<String, (u64, String)> =
            (0..40).map(|i| (format!("Action{i}"), (1, "@`<ö".repeat(500)))).collect();
        let mut progress = progress(&[stage(1, 1, "Build", "FAILED")]);
        let stage = progress.stages.get_mut("Build").unwrap();
        (stage.reasons, stage.since) = (reasons, Timestamp::from_millis(0));
        let text = summary(&origin(), &progress);
        assert!(text.len() <= SUMMARY_LIMIT && text.len() > SUMMARY_LIMIT / 2, "{} bytes", text.len());
        insta::assert_snapshot!(text.lines().last().unwrap(), @"… and 30 more lines, which are too long for GitHub.");
    }
}
