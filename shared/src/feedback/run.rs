//! The use-case: an event in, GitHub told whatever is new.
//!
//! What is known is kept before anything is written and what was written after each write, both on condition of the version that was read:
//! a worker that is overtaken stops before it can write something old, and one that dies is made good by the next delivery of its message.

use crate::errors::{Fault, Rejection};
use crate::feedback::event;
use crate::feedback::plan::{Mode, next};
use crate::feedback::ports::{FeedbackHost, HostFault, Releases};
use crate::source::ports::Origins;
use serde_json::Value;
use std::fmt;

/// Most writes for one event: a check run, and a deployment with its status for each of CodePipeline's 50 stages.
const MAX_WRITES: usize = 101;

/// What feedback needs from outside.
pub struct Ports<O, R, H> {
    /// Where executions came from.
    pub origins: O,
    /// The releases.
    pub releases: R,
    /// GitHub.
    pub host: H,
}

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is about nothing that is shown.
    NotShown,
    /// Nobody here started the execution.
    NoOrigin,
    /// GitHub was told this many things.
    Told(usize),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotShown => f.write_str("nothing to tell, the event is not about a pipeline execution"),
            Self::NoOrigin => f.write_str("nothing to tell, no release of ours started this execution"),
            Self::Told(0) => f.write_str("nothing to tell, GitHub knows this already"),
            Self::Told(1) => f.write_str("told GitHub one thing"),
            Self::Told(count) => write!(f, "told GitHub {count} things"),
        }
    }
}

/// Why GitHub was not told everything.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The event cannot be read.
    #[error("{0}")]
    Rejection(#[from] Rejection),
    /// A service failed.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// GitHub failed, or wants a pause.
    #[error("{0}")]
    Host(#[from] HostFault),
}

/// Folds one event into its release and tells GitHub what is new.
///
/// # Errors
/// When something is still to be told; the same event again makes it good.
pub async fn take<O, R, H>(
    ports: &Ports<O, R, H>,
    mode: Mode,
    envelope: &Value,
) -> Result<Outcome, FeedbackError>
where
    O: Origins,
    R: Releases,
    H: FeedbackHost,
{
    let Some(seen) = event::read(envelope)? else { return Ok(Outcome::NotShown) };
    let Some(origin) = ports.origins.origin(&seen.execution).await? else { return Ok(Outcome::NoOrigin) };
    let (mut release, mut version) = ports.releases.read(&origin.release_id).await?;
    let before = release.progress.clone();
    release.progress.add(&seen);
    if release.progress != before {
        version += 1;
        ports.releases.save(&origin.release_id, &release, version).await?;
    }
    let mut told = 0;
    while let Some(write) = next(&origin, &release.progress, &release.written, mode) {
        if told == MAX_WRITES {
            break;
        }
        let id = ports.host.write(&origin, &write).await?;
        release.written.note(&write, id);
        version += 1;
        ports.releases.save(&origin.release_id, &release, version).await?;
        told += 1;
    }
    Ok(Outcome::Told(told))
}

#[cfg(test)]
mod tests;
