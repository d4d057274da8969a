//! What is still to be written of a build: what is known, compared with what GitHub was told. One check run for the build, one for the gate,
//! and one that says that it waits; or commit statuses.
//!
//! Must not: call GitHub.

use super::event::Status;
use super::{Build, render};
use crate::feedback::plan::{CheckRun, Mode, Write, WrittenText, is_news};
use crate::feedback::progress::{Phase, Rank, Standing};
use crate::gates::notice::Gate;
use crate::gates::verdict::Outcome;
use crate::source::ports::Origin;

/// What of a build a write is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// That it waits for a review.
    Withheld,
    /// The build.
    Build,
    /// The gate.
    Gate,
}

/// The next write; none when GitHub was told everything that is not in the comment.
#[must_use]
pub fn next(origin: &Origin, build: &Build, mode: Mode) -> Option<(Part, Write)> {
    let told = &build.told;
    if build.status().is_none() {
        return news(Part::Withheld, waiting(origin, mode), told.withheld.as_ref());
    }
    let heard = build.progress.is_some();
    let of_build =
        if heard { news(Part::Build, of_build(origin, build, mode), told.build.as_ref()) } else { None };
    of_build.or_else(|| {
        let gate = build.gate.as_ref()?;
        news(Part::Gate, of_gate(origin, gate, mode), told.gate.as_ref())
    })
}

fn news(part: Part, write: Write, told: Option<&WrittenText>) -> Option<(Part, Write)> {
    let id = told.and_then(|told| told.id);
    let write = match write {
        Write::CheckRun { run, standing, .. } => Write::CheckRun { id, run, standing },
        other => other,
    };
    let standing = write.standing()?;
    is_news(&write, standing, told).then_some((part, write))
}

/// The id that leads back from a check run to its build, for whoever asks for it again.
fn external_id(origin: &Origin) -> String {
    format!("{}@{}", origin.release_id, origin.reference.full())
}

fn standing(phase: Phase) -> Standing {
    Standing { attempt: 1, phase }
}

fn waiting(origin: &Origin, mode: Mode) -> Write {
    let standing = standing(Phase::Queued);
    match mode {
        Mode::App => {
            let run = CheckRun {
                name: format!("build/{}", origin.pipeline),
                external_id: format!("withheld@{}", origin.reference.full()),
                status: "completed",
                conclusion: Some("action_required"),
                title: render::WAITS.to_owned(),
                summary: render::what_to_do(origin.sha.short()),
            };
            Write::CheckRun { id: None, run, standing }
        }
        Mode::PersonalToken => Write::CommitStatus {
            context: format!("tidegate/{}", origin.pipeline),
            state: "pending",
            description: render::WAITS.to_owned(),
            standing,
        },
    }
}

fn of_build(origin: &Origin, build: &Build, mode: Mode) -> Write {
    let status = build.status().unwrap_or(Status::Running);
    let (phase, conclusion, state) = match status {
        Status::Running => (Phase::InProgress, None, "pending"),
        Status::Stopped => (Phase::Ended(Rank::Stopped), Some("cancelled"), "error"),
        Status::Succeeded => (Phase::Ended(Rank::Succeeded), Some("success"), "success"),
        Status::Failed => (Phase::Ended(Rank::Failed), Some("failure"), "failure"),
        Status::TimedOut => (Phase::Ended(Rank::Failed), Some("timed_out"), "failure"),
        Status::Fault => (Phase::Ended(Rank::Failed), Some("failure"), "error"),
    };
    let standing = standing(phase);
    match mode {
        Mode::App => {
            let run = CheckRun {
                name: format!("build/{}", origin.pipeline),
                external_id: external_id(origin),
                status: if status.is_end() { "completed" } else { "in_progress" },
                conclusion,
                title: render::title(build),
                summary: render::summary(origin, build),
            };
            Write::CheckRun { id: None, run, standing }
        }
        Mode::PersonalToken => Write::CommitStatus {
            context: format!("tidegate/{}", origin.pipeline),
            state,
            description: render::title(build),
            standing,
        },
    }
}

/// A check of its own: a required one holds a merge until the gate has passed, and the build's own conclusion never changes after its end.
fn of_gate(origin: &Origin, gate: &Gate, mode: Mode) -> Write {
    // A gate may judge again, by a corrected policy: the later verdict holds, whatever it is.
    let standing = standing(Phase::Ended(Rank::Succeeded));
    let (conclusion, state) = match gate.outcome {
        Outcome::Pass | Outcome::Warn => ("success", "success"),
        Outcome::Pending | Outcome::Fail => ("failure", "failure"),
        Outcome::Error => ("failure", "error"),
    };
    match mode {
        Mode::App => {
            let run = CheckRun {
                name: format!("gate/{}", origin.pipeline),
                external_id: external_id(origin),
                status: "completed",
                conclusion: Some(conclusion),
                title: render::gate_title(gate),
                summary: render::gate_summary(origin, gate),
            };
            Write::CheckRun { id: None, run, standing }
        }
        Mode::PersonalToken => Write::CommitStatus {
            context: format!("tidegate/{}/gate", origin.pipeline),
            state,
            description: render::gate_title(gate),
            standing,
        },
    }
}

impl Build {
    /// Notes that a write about `part` was done: what GitHub calls it, and where it shows it.
    pub fn note(&mut self, part: Part, write: &Write, id: u64, link: Option<String>) {
        let Some(standing) = write.standing() else { return };
        // The id of a commit status leads nowhere, and must not be taken for that of a check run when an App takes over from a token.
        let id = matches!(write, Write::CheckRun { .. }).then_some(id);
        let told = Some(WrittenText { id, standing, digest: write.digest() });
        match part {
            Part::Withheld => self.told.withheld = told,
            Part::Build => (self.told.build, self.told.link) = (told, link.or(self.told.link.take())),
            Part::Gate => self.told.gate = told,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
