//! The use-case: a message in, GitHub told whatever is new.
//!
//! What is known is kept before anything is written and what was written after each write, both on condition of the version that was read:
//! a worker that is overtaken stops before it can write something old, and one that dies is made good by the next delivery of its message.

use crate::errors::{Fault, Rejection};
use crate::feedback::build::{self, Build, News};
use crate::feedback::comment::{Board, Row};
use crate::feedback::event::{Heard, Seen, hear};
use crate::feedback::plan::{Mode, next};
use crate::feedback::ports::{FeedbackHost, HostFault, Kept, Made, Release};
use crate::gates::notice::GateNotice;
use crate::source::notice::Notice;
use crate::source::ports::{Origin, Origins};
use crate::source::reference::Reference;
use crate::source::routes::{BUILD_ENVIRONMENT, Runner};
use serde_json::Value;
use std::fmt;

/// Most writes for one event: a check run, and a deployment with its status for each of CodePipeline's 50 stages.
const MAX_WRITES: usize = 101;

/// What feedback needs from outside.
pub struct Ports<O, K, H> {
    /// Where executions and builds came from.
    pub origins: O,
    /// What is known and what was told.
    pub kept: K,
    /// GitHub.
    pub host: H,
    /// A text that nobody can guess.
    pub nonce: fn() -> Result<String, Fault>,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is about nothing that is shown.
    NotShown,
    /// Nobody here started the execution or the build.
    NoOrigin,
    /// GitHub was told this many things.
    Told(usize),
    /// GitHub was told this many things, and takes no comment from us, in its words.
    NoComment(usize, String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotShown => f.write_str("nothing to tell, the message is about no execution and no build"),
            Self::NoOrigin => {
                f.write_str("nothing to tell, no release of ours started this execution or build")
            }
            Self::Told(0) => f.write_str("nothing to tell, GitHub knows this already"),
            Self::Told(1) => f.write_str("told GitHub one thing"),
            Self::Told(count) | Self::NoComment(count, _) => write!(f, "told GitHub {count} things"),
        }
    }
}

/// Why GitHub was not told everything.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The message cannot be read.
    #[error("{0}")]
    Rejection(#[from] Rejection),
    /// A service failed.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// GitHub failed, or wants a pause.
    #[error("{0}")]
    Host(#[from] HostFault),
}

/// Folds one message into what it is about and tells GitHub what is new.
///
/// # Errors
/// When something is still to be told; the same message again makes it good.
pub async fn take<O: Origins, K: Kept, H: FeedbackHost>(
    ports: &Ports<O, K, H>,
    mode: Mode,
    envelope: &Value,
) -> Result<Outcome, FeedbackError> {
    let (id, news) = match hear(envelope)? {
        None => return Ok(Outcome::NotShown),
        Some(Heard::Pipeline(seen)) => return of_release(ports, mode, &seen).await,
        Some(Heard::Notice(notice)) => {
            return of_build(ports, mode, &withheld(notice), &News::Withheld).await;
        }
        Some(Heard::Build(seen)) => (seen.build.clone(), News::Seen(seen)),
        Some(Heard::Verdict(GateNotice::Verdict { build_id, gate })) => (build_id, News::Judged(gate)),
    };
    match ports.origins.origin(&id).await? {
        Some(origin) => of_build(ports, mode, &origin, &news).await,
        None => Ok(Outcome::NoOrigin),
    }
}

async fn of_release<O: Origins, K: Kept, H: FeedbackHost>(
    ports: &Ports<O, K, H>,
    mode: Mode,
    seen: &Seen,
) -> Result<Outcome, FeedbackError> {
    let Some(origin) = ports.origins.origin(&seen.execution).await? else { return Ok(Outcome::NoOrigin) };
    let (mut release, mut version) = ports.kept.read::<Release>(&origin.release_id).await?;
    let before = release.progress.clone();
    release.progress.add(seen);
    if release.progress != before {
        version += 1;
        ports.kept.save(&origin.release_id, &release, version).await?;
    }
    let mut told = 0;
    while let Some(write) = next(&origin, &release.progress, &release.written, mode) {
        if told == MAX_WRITES {
            break;
        }
        let Made { id, .. } = ports.host.write(&origin, &write).await?;
        release.written.note(&write, id);
        version += 1;
        ports.kept.save(&origin.release_id, &release, version).await?;
        told += 1;
    }
    Ok(Outcome::Told(told))
}

/// The checks first: the comment links to them, and does without when it must.
async fn of_build<O, K: Kept, H: FeedbackHost>(
    ports: &Ports<O, K, H>,
    mode: Mode,
    origin: &Origin,
    news: &News,
) -> Result<Outcome, FeedbackError> {
    let (mut state, mut version) = ports.kept.read::<Build>(&origin.release_id).await?;
    let before = state.clone();
    state.add(news);
    if state != before {
        version += 1;
        ports.kept.save(&origin.release_id, &state, version).await?;
    }
    let mut told = 0;
    while let Some((part, write)) = build::plan::next(origin, &state, mode) {
        if told == MAX_WRITES {
            break;
        }
        let Made { id, link } = ports.host.write(origin, &write).await?;
        state.note(part, &write, id, link);
        version += 1;
        ports.kept.save(&origin.release_id, &state, version).await?;
        told += 1;
    }
    match comment(ports, origin, Row::of(origin, &state, version)).await {
        Ok(commented) => Ok(Outcome::Told(told + commented)),
        Err(FeedbackError::Host(HostFault::Fault(fault @ Fault::Denied { .. }))) => {
            Ok(Outcome::NoComment(told, fault.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Brings the comment up to `row`; how many writes that took. Only a pull request has one.
async fn comment<O, K: Kept, H: FeedbackHost>(
    ports: &Ports<O, K, H>,
    origin: &Origin,
    row: Row,
) -> Result<usize, FeedbackError> {
    let Reference::Pull(_) = origin.reference else { return Ok(0) };
    let board_id = format!("{}#{}", origin.repository_id, origin.reference.full());
    let (mut board, mut version) = ports.kept.read::<Board>(&board_id).await?;
    if board.marker.is_empty() {
        board.marker = (ports.nonce)()?;
    }
    if board.add(&origin.pipeline, row) {
        version += 1;
        ports.kept.save(&board_id, &board, version).await?;
    }
    let Some(write) = board.next() else { return Ok(0) };
    let Made { id, .. } = ports.host.write(origin, &write).await?;
    board.note(&write, id);
    ports.kept.save(&board_id, &board, version + 1).await?;
    Ok(1)
}

/// The origin that a build will have which is not started yet.
fn withheld(notice: Notice) -> Origin {
    let Notice::Withheld { repository_id, repository, reference, sha, project, release_id, sequence } =
        notice;
    Origin {
        repository_id,
        repository,
        sha,
        reference,
        runner: Runner::Build,
        pipeline: project,
        environment: BUILD_ENVIRONMENT.to_owned(),
        release_id,
        sequence,
    }
}

#[cfg(test)]
mod tests;
