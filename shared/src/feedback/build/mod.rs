//! A build of a pull request, of the merge queue or of a branch without pipeline: what is known of it, and what GitHub was told.
//!
//! Everything only grows, so any order and any duplication of events ends in the same state (DESIGN, law 5).
//! Must not: read a clock, or keep what no event says.

pub mod event;
pub mod plan;
pub mod render;

use crate::feedback::plan::WrittenText;
use crate::gates::notice::Gate;
use event::{Phase, Seen, Status};
use serde::{Deserialize, Serialize};

/// What is known and what was told of one build. It is kept under its release, which one build carries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Build {
    /// Whether it was said to wait for a review.
    pub withheld: bool,
    /// How far it is; none when no event was heard of.
    pub progress: Option<Progress>,
    /// What the gate says of its reports.
    pub gate: Option<Gate>,
    /// What was told.
    pub told: Told,
}

/// How far a build is. The order is that of its state, so that the greater of two holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Progress {
    /// How far.
    pub status: Status,
    /// Its phases, once it has ended.
    pub phases: Vec<Phase>,
}

/// What GitHub was told of a build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// That it waits.
    pub withheld: Option<WrittenText>,
    /// The build.
    pub build: Option<WrittenText>,
    /// Where GitHub shows the build; checked, so that it may stand in a link.
    pub link: Option<String>,
    /// The gate.
    pub gate: Option<WrittenText>,
}

/// What is heard of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// An event of CodeBuild.
    Seen(Seen),
    /// A gate has judged its reports.
    Judged(Gate),
    /// It waits for a review.
    Withheld,
}

impl Build {
    /// Folds one piece of news in.
    pub fn add(&mut self, news: &News) {
        match news {
            News::Seen(seen) => {
                let progress = Progress { status: seen.status, phases: seen.phases.clone() };
                self.progress = self.progress.take().max(Some(progress));
            }
            News::Judged(gate) => self.gate = self.gate.take().max(Some(gate.clone())),
            News::Withheld => self.withheld = true,
        }
    }

    /// How far it is; none while it waits for a review.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match &self.progress {
            Some(progress) => Some(progress.status),
            // What was judged was built, even when no event has said so yet.
            None if self.withheld && self.gate.is_none() => None,
            None => Some(Status::Running),
        }
    }

    /// How long it took, in seconds; none until it has ended.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        let progress = self.progress.as_ref().filter(|progress| progress.status.is_end())?;
        Some(progress.phases.iter().map(|phase| phase.seconds).sum())
    }
}
