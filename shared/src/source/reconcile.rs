//! The one idempotent step behind webhook, redelivery, poll and people: look at a branch, start its head once.
//!
//! Order of the steps is what makes every crash harmless: claim → publish → record → start → write down, the origin of
//! the execution before the end of the claim. A claim that was left behind is taken over, and its execution is looked
//! for before anything is started again.
//! Must not: believe a message about the head, or start what is not the head.

use crate::errors::{Fault, Rejection};
use crate::model::{CommitSha, Timestamp};
use crate::source::archive;
use crate::source::ledger::{self, Claim, Entry, LedgerKey, Step};
use crate::source::ports::{
    Label, Ledger, Origin, Pipelines, Published, Revision, SourceHost, SourceStore, StartOrder,
};
use crate::source::push_range::{Commit, PushRange, summary};
use crate::source::routes::{Route, SourceMode};
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
    /// The pipelines.
    pub pipelines: P,
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
    /// There is no such branch.
    Gone,
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
            Self::Gone => f.write_str("nothing to do, the branch does not exist"),
        }
    }
}

/// What one look came to.
enum Look {
    Started(Start),
    Idle(Outcome),
    Again,
}

/// Looks at the branch of `route` until its head is started, by us or by somebody else; `now` is the local clock.
///
/// # Errors
/// The first fault or rejection. Whatever was begun is left so that the next call takes it over.
pub async fn reconcile<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    now: Timestamp,
) -> Result<Outcome, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Pipelines,
{
    let mut starts = Vec::new();
    for _ in 0..MAX_LOOKS {
        match look(ports, route, now).await {
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
    now: Timestamp,
) -> Result<Look, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Pipelines,
{
    let key = LedgerKey { pipeline: route.pipeline.clone(), branch: route.reference.key().into_owned() };
    // The ledger first, the head second: a write that holds on this version proves that nobody started anything since,
    // so an older head can never be started after a newer one.
    let entry = ports.ledger.read(&key).await?;
    let Some(head) = ports.host.head(route).await? else {
        return Ok(Look::Idle(Outcome::Gone));
    };
    match ledger::decide(&key, &entry, &head, now) {
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
            take_over(ports, route, &key, &taken, &head, now).await
        }
    }
}

/// Whether nothing that the route asks for differs between the head that was started before and `head`. What cannot be compared has changed.
async fn is_unchanged<G: SourceHost>(
    host: &G,
    route: &Route,
    entry: &Entry,
    head: &CommitSha,
) -> Result<bool, SourceError> {
    let Some(started) = entry.started.as_ref().filter(|_| !route.paths.is_empty()) else { return Ok(false) };
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
    head: &CommitSha,
    now: Timestamp,
) -> Result<Look, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Pipelines,
{
    let Some(claim) = &taken.claim else { return Ok(Look::Again) };
    let found = match ports.pipelines.find_release(&route.pipeline, &claim.release_id).await {
        Ok(found) => found,
        Err(fault) => return Err(let_go(&ports.ledger, key, taken, now, fault.into()).await),
    };
    if let Some(execution_id) = found {
        return write_down(&ports.ledger, route, key, taken, claim, execution_id, true).await;
    }
    if claim.sha == *head {
        return carry_out(ports, route, key, taken, now).await;
    }
    ports.ledger.write(key, &ledger::given_up(taken)).await?;
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
    P: Pipelines,
{
    let Some(claim) = &entry.claim else { return Ok(Look::Again) };
    let before = entry.started.as_ref().map(|started| &started.sha);
    match start(ports, route, claim, before).await {
        Ok(execution_id) => write_down(&ports.ledger, route, key, entry, claim, execution_id, false).await,
        Err(error) => Err(let_go(&ports.ledger, key, entry, now, error).await),
    }
}

async fn start<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    claim: &Claim,
    before: Option<&CommitSha>,
) -> Result<String, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Pipelines,
{
    let (newest, commits) = commits(&ports.host, route, before, &claim.sha).await?;
    let revision = match route.source {
        SourceMode::Zip => Revision::Object(publish(&ports.host, &ports.store, route, &newest).await?),
        SourceMode::Connection => Revision::Commit,
    };
    let range = PushRange {
        repository_id: route.repository_id,
        branch: route.reference.to_string(),
        pipeline: route.pipeline.clone(),
        before: before.cloned(),
        after: claim.sha.clone(),
        release_id: claim.release_id.clone(),
        commits,
    };
    ports.ledger.record_push(&range).await?;
    let order = StartOrder {
        pipeline: route.pipeline.clone(),
        action: route.source_action.clone(),
        revision,
        sha: claim.sha.clone(),
        release_id: claim.release_id.clone(),
    };
    Ok(ports.pipelines.start(&order).await?)
}

/// The newest commit, and those that came since `before`: only the newest when there is nothing to compare with.
async fn commits<G: SourceHost>(
    host: &G,
    route: &Route,
    before: Option<&CommitSha>,
    after: &CommitSha,
) -> Result<(Commit, Vec<Commit>), SourceError> {
    let since = match before {
        Some(before) => match host.commits_between(&route.repository, before, after).await {
            Ok(commits) => Some(commits),
            Err(fault) if fault.is_missing() => None,
            Err(fault) => return Err(fault.into()),
        },
        None => None,
    };
    match since {
        Some(commits) => match commits.iter().rev().find(|commit| commit.sha == *after).cloned() {
            Some(newest) => Ok((newest, commits)),
            None => Ok((host.commit(&route.repository, after).await?, commits)),
        },
        None => {
            let newest = host.commit(&route.repository, after).await?;
            Ok((newest.clone(), vec![newest]))
        }
    }
}

async fn publish<G: SourceHost, S: SourceStore>(
    host: &G,
    store: &S,
    route: &Route,
    newest: &Commit,
) -> Result<Published, SourceError> {
    let key = format!("sources/{}/{}.zip", route.repository_id, newest.sha);
    if let Some(published) = store.find(&key).await? {
        return Ok(published);
    }
    let zipball = host.archive(&route.repository, &newest.sha).await?;
    let source = archive::reroot(&zipball)?;
    drop(zipball);
    let label = Label {
        key,
        sha: newest.sha.clone(),
        branch: route.reference.to_string(),
        summary: summary(route, newest),
    };
    Ok(store.publish(&label, source.bytes, source.sha256).await?)
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
