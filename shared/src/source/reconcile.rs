//! The one idempotent step behind webhook, redelivery, poll and people: look at a branch or a pull request, start its head once.
//!
//! Order of the steps is what makes every crash harmless: claim → publish → record → start → write down, the origin of
//! the execution before the end of the claim. A claim that was left behind is taken over, and its execution is looked
//! for before anything is started again.
//! A build is stopped when its head was overtaken, or its branch or pull request is gone.
//! Must not: believe a message about the head, or start what is not the head.

mod current;
mod start;
mod withheld;

pub use withheld::{Withheld, tell};

use crate::errors::{Fault, Rejection};
use crate::model::{CommitSha, Timestamp};
use crate::source::ledger::{self, Claim, Entry, LedgerKey, Step};
use crate::source::ports::{Ledger, Origin, Runners, SourceHost, SourceStore};
use crate::source::routes::{Route, Runner};
use current::{Current, current};
use start::{overtake, start};
use std::fmt;

/// How often one call looks at the head: it may move while its predecessor is being started, and others may be first.
const MAX_LOOKS: usize = 5;

/// What the step needs from outside.
pub struct Ports<G, L, S, P> {
    /// GitHub.
    pub host: G,
    /// The ledger of started heads.
    pub ledger: L,
    /// Where sources are published.
    pub store: S,
    /// Pipelines and projects.
    pub runners: P,
}

/// Why a branch could not be looked after.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A service failed.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The source itself cannot be released as it is.
    #[error("{0}")]
    Rejection(#[from] Rejection),
}

impl SourceError {
    /// Whether waiting helps.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_transient() || fault.is_conflict())
    }
}

/// A release that was started, or found started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The head.
    pub sha: CommitSha,
    /// Its release.
    pub release_id: String,
    /// The pipeline execution that carries it.
    pub execution_id: String,
    /// Whether it was already there, started by a worker that did not live to write it down.
    pub adopted: bool,
    /// Whether this call was the first to see that the head had moved on from one that was started before.
    pub moved: bool,
}

/// What came of looking at a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// These were started, oldest first; at least one.
    Started(Vec<Start>),
    /// The head was started before.
    AlreadyStarted(CommitSha),
    /// The head brings nothing for this pipeline: nothing under its paths differs from the head that was started before.
    Unchanged(CommitSha),
    /// Another worker is starting something on this branch and looks at the head again when it is finished.
    Busy,
    /// The head of a fork waits until somebody who may write has reviewed that very commit, or is not built at all.
    Withheld(Withheld),
    /// There is no such branch, or the pull request is not open.
    Gone,
    /// It is gone, and the build that it had is stopped.
    Closed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(starts) => {
                for (index, start) in starts.iter().enumerate() {
                    let verb = if start.adopted { "found started" } else { "started" };
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{verb} {} as execution {}", start.sha.short(), start.execution_id)?;
                }
                Ok(())
            }
            Self::AlreadyStarted(sha) => write!(f, "nothing to do, head {} was started before", sha.short()),
            Self::Unchanged(sha) => {
                write!(
                    f,
                    "nothing to do, head {} changes nothing under the paths of this service",
                    sha.short()
                )
            }
            Self::Busy => f.write_str(
                "nothing to do here, another worker is starting this branch and will look at it again",
            ),
            Self::Withheld(Withheld { sha, reviewable: true, .. }) => {
                write!(f, "head {} of a fork waits for a review by somebody who may write", sha.short())
            }
            Self::Withheld(Withheld { sha, reviewable: false, .. }) => {
                write!(f, "nothing to do, head {} is of a fork and `forks` is `never`", sha.short())
            }
            Self::Gone => f.write_str("nothing to do, it does not exist or is not open"),
            Self::Closed => f.write_str("it is gone, its build is stopped"),
        }
    }
}

/// What one look came to.
enum Look {
    Started(Start),
    Idle(Outcome),
    Again,
}

/// Looks at the branch or pull request of `route` until its head is started, by us or by somebody else; `again` is a release that a person
/// wants once more; `now` is the local clock.
///
/// # Errors
/// The first fault or rejection. Whatever was begun is left so that the next call takes it over.
pub async fn reconcile<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    again: Option<&str>,
    now: Timestamp,
) -> Result<Outcome, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
{
    let mut starts = Vec::new();
    for _ in 0..MAX_LOOKS {
        match look(ports, route, again, now).await {
            Ok(Look::Started(start)) => starts.push(start),
            Ok(Look::Again) => {}
            Ok(Look::Idle(outcome)) if starts.is_empty() => return Ok(outcome),
            Ok(Look::Idle(_)) => return Ok(Outcome::Started(starts)),
            Err(SourceError::Fault(fault)) if fault.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    if starts.is_empty() { Ok(Outcome::Busy) } else { Ok(Outcome::Started(starts)) }
}

async fn look<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    again: Option<&str>,
    now: Timestamp,
) -> Result<Look, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
{
    let key = LedgerKey::of(route);
    // The ledger first, the head second: a write that holds on this version proves that nobody started anything since,
    // so an older head can never be started after a newer one.
    let entry = ports.ledger.read(&key).await?;
    let current = current(&ports.host, route).await?;
    if entry.is_closing() && !matches!(current, Current::Gone) {
        stop_and_close(ports, &key, &entry).await?;
        return Ok(Look::Again);
    }
    let head = match current {
        Current::At(head) => head,
        Current::Withheld { head, reviewable } => {
            return Ok(Look::Idle(Outcome::Withheld(Withheld::of(&key, &entry, head, reviewable))));
        }
        Current::Gone => return close(ports, route, &key, &entry, now).await,
    };
    match ledger::decide(&key, &entry, &head, again, now) {
        Step::Done => Ok(Look::Idle(Outcome::AlreadyStarted(head))),
        Step::Busy => Ok(Look::Idle(Outcome::Busy)),
        Step::Claim(_) if entry.has_passed(&head, &route.paths) => Ok(Look::Idle(Outcome::Unchanged(head))),
        Step::Claim(_) if is_unchanged(&ports.host, route, &entry, &head).await? => {
            ports.ledger.write(&key, &ledger::passed(&entry, &head, &route.paths)).await?;
            Ok(Look::Idle(Outcome::Unchanged(head)))
        }
        Step::Claim(claimed) => {
            ports.ledger.write(&key, &claimed).await?;
            let look = carry_out(ports, route, &key, &claimed, now).await?;
            Ok(seen_first(look, claimed.started.is_some()))
        }
        Step::TakeOver(taken) => {
            ports.ledger.write(&key, &taken).await?;
            take_over(ports, route, &key, &taken, Some(&head), now).await
        }
    }
}

/// What is left to do where nothing is to be started any more: a claim that was left behind is settled, the build is stopped.
async fn close<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    key: &LedgerKey,
    entry: &Entry,
    now: Timestamp,
) -> Result<Look, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
{
    match route.runner {
        Runner::Pipeline => return Ok(Look::Idle(Outcome::Gone)),
        Runner::Build => {}
    }
    match ledger::unsettled(entry, now) {
        Some(Step::TakeOver(taken)) => {
            ports.ledger.write(key, &taken).await?;
            return take_over(ports, route, key, &taken, None, now).await;
        }
        Some(Step::Busy | Step::Done | Step::Claim(_)) => return Ok(Look::Idle(Outcome::Busy)),
        None => {}
    }
    if entry.started.is_none() {
        return Ok(Look::Idle(Outcome::Gone));
    }
    if entry.is_closing() {
        stop_and_close(ports, key, entry).await?;
    } else {
        let marked = ledger::closing(entry);
        ports.ledger.write(key, &marked).await?;
        stop_and_close(ports, key, &marked).await?;
    }
    Ok(Look::Idle(Outcome::Closed))
}

/// Stops the build of an entry that is marked, and forgets it: killed in between, whoever comes next does it again.
async fn stop_and_close<G, L: Ledger, S, P: Runners>(
    ports: &Ports<G, L, S, P>,
    key: &LedgerKey,
    entry: &Entry,
) -> Result<(), SourceError> {
    overtake(&ports.runners, entry.started.as_ref()).await?;
    Ok(ports.ledger.write(key, &ledger::closed(entry)).await?)
}

/// Whether nothing that the route asks for differs between the head that was started before and `head`. What cannot be compared has changed.
async fn is_unchanged<G: SourceHost>(
    host: &G,
    route: &Route,
    entry: &Entry,
    head: &CommitSha,
) -> Result<bool, SourceError> {
    let started = entry.started.as_ref().filter(|started| !route.paths.is_empty() && started.sha != *head);
    let Some(started) = started else { return Ok(false) };
    let before = match host.objects(&route.repository, &started.sha, &route.paths).await {
        Ok(before) => before,
        // A forced push dropped it.
        Err(fault) if fault.is_missing() => return Ok(false),
        Err(fault) => return Err(fault.into()),
    };
    Ok(before == host.objects(&route.repository, head, &route.paths).await?)
}

/// Marks what was started on a claim of our own, not on one that another worker had left behind.
fn seen_first(look: Look, moved: bool) -> Look {
    match look {
        Look::Started(start) => Look::Started(Start { moved, ..start }),
        Look::Idle(_) | Look::Again => look,
    }
}

/// Settles a claim that was left behind: its execution is adopted when there is one; otherwise the same release is
/// started when its head is still the head, and given up when not, for the next look to decide anew.
async fn take_over<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    key: &LedgerKey,
    taken: &Entry,
    head: Option<&CommitSha>,
    now: Timestamp,
) -> Result<Look, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
{
    let Some(claim) = &taken.claim else { return Ok(Look::Again) };
    let found = match ports.runners.find_release(route.runner, &route.pipeline, &claim.release_id).await {
        Ok(found) => found,
        Err(fault) => return Err(let_go(&ports.ledger, key, taken, now, fault.into()).await),
    };
    if let Some(execution_id) = found {
        return write_down(&ports.ledger, route, key, taken, claim, execution_id, true).await;
    }
    if head == Some(&claim.sha) {
        return carry_out(ports, route, key, taken, now).await;
    }
    let left = match route.runner {
        Runner::Pipeline => ledger::given_up(taken),
        // Its worker may have stopped the build before it died: that one is not what runs, even if its head has come back.
        Runner::Build => {
            overtake(&ports.runners, taken.started.as_ref()).await?;
            ledger::closed(&ledger::given_up(taken))
        }
    };
    ports.ledger.write(key, &Entry { version: taken.version + 1, ..left }).await?;
    Ok(Look::Again)
}

/// Starts the claim in `entry`; on failure lets go of the lease, so that the next one need not wait for its end.
async fn carry_out<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    key: &LedgerKey,
    entry: &Entry,
    now: Timestamp,
) -> Result<Look, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
{
    let Some(claim) = &entry.claim else { return Ok(Look::Again) };
    match start(ports, route, claim, entry.started.as_ref()).await {
        Ok(execution_id) => write_down(&ports.ledger, route, key, entry, claim, execution_id, false).await,
        Err(error) => Err(let_go(&ports.ledger, key, entry, now, error).await),
    }
}

async fn write_down<L: Ledger>(
    table: &L,
    route: &Route,
    key: &LedgerKey,
    entry: &Entry,
    claim: &Claim,
    execution_id: String,
    adopted: bool,
) -> Result<Look, SourceError> {
    // First: once the claim is settled nobody looks for this execution again.
    table.record_origin(&execution_id, &origin(route, claim, entry.sequence)).await?;
    table.write(key, &ledger::completed(entry, claim, &execution_id)).await?;
    Ok(Look::Started(Start {
        sha: claim.sha.clone(),
        release_id: claim.release_id.clone(),
        execution_id,
        adopted,
        moved: false,
    }))
}

fn origin(route: &Route, claim: &Claim, sequence: u64) -> Origin {
    Origin {
        repository_id: route.repository_id,
        repository: route.repository.clone(),
        sha: claim.sha.clone(),
        reference: route.reference.clone(),
        runner: route.runner,
        pipeline: route.pipeline.clone(),
        environment: route.environment.clone(),
        release_id: claim.release_id.clone(),
        sequence,
    }
}

/// Lets go of the lease and passes `error` on. When even that fails, the lease ends by itself.
async fn let_go<L: Ledger>(
    table: &L,
    key: &LedgerKey,
    entry: &Entry,
    now: Timestamp,
    error: SourceError,
) -> SourceError {
    let _lease_ends_by_itself = table.write(key, &ledger::released(entry, now)).await;
    error
}

#[cfg(test)]
mod tests;
