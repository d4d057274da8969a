//! Which routes a request is about, and what the poll looks at.
//!
//! Must not: start anything; [`crate::source::reconcile`] does. What is found here is a reason to look, never a head to start.

use crate::errors::Fault;
use crate::model::CommitSha;
use crate::source::ledger::LedgerKey;
use crate::source::message::SourceRequest;
use crate::source::ports::{Ledger, SourceHost};
use crate::source::pulls::Pull;
use crate::source::reference::{MERGE_QUEUE, Reference};
use crate::source::routes::{BuildEntry, Entry, Route, Routes};

/// The routes that `request` is about: the pipelines that its branch feeds, otherwise the projects that build it.
///
/// # Errors
/// When the host does not say what a pull request is.
pub async fn asked<G: SourceHost>(
    host: &G,
    routes: &Routes,
    request: &SourceRequest,
) -> Result<Vec<Route>, Fault> {
    let id = request.repository_id;
    match request.target() {
        None => Ok(Vec::new()),
        Some(Reference::Pull(number)) => of_pull(host, &routes.builds_of(id), number).await,
        Some(Reference::Branch(branch)) => {
            let released = routes.of(id, &branch);
            if released.is_empty() {
                of_branch(host, &routes.builds_of(id), &Reference::Branch(branch)).await
            } else {
                Ok(released)
            }
        }
    }
}

async fn of_pull<G: SourceHost>(host: &G, builds: &[BuildEntry], number: u64) -> Result<Vec<Route>, Fault> {
    let Some(any) = builds.iter().find(|entry| entry.takes_pulls()) else { return Ok(Vec::new()) };
    let Some(pull) = host.pull(any.repository(), number).await? else { return Ok(Vec::new()) };
    Ok(builds.iter().filter_map(|entry| entry.pull(number, &pull.base)).collect())
}

/// A branch with an open pull request is built as that pull request.
async fn of_branch<G: SourceHost>(
    host: &G,
    builds: &[BuildEntry],
    reference: &Reference,
) -> Result<Vec<Route>, Fault> {
    let meant: Vec<Route> = builds.iter().filter_map(|entry| entry.branch(reference)).collect();
    let Some(first) = meant.first().filter(|_| !reference.is_merge_queue()) else { return Ok(meant) };
    if !builds.iter().any(BuildEntry::takes_pulls) {
        return Ok(meant);
    }
    let pulls = host.open_pulls(first).await?;
    let is_built =
        pulls.iter().any(|pull| is_head_of(pull, first.repository_id, reference) && is_into(builds, pull));
    Ok(if is_built { Vec::new() } else { meant })
}

fn is_head_of(pull: &Pull, repository_id: u64, reference: &Reference) -> bool {
    !pull.is_from_fork(repository_id) && reference.branch() == Some(pull.branch.as_str())
}

fn is_into(builds: &[BuildEntry], pull: &Pull) -> bool {
    builds.iter().any(|entry| entry.is_into(&pull.base))
}

/// Something that could not be listed: what stands for it in messages, and why.
pub type Unlisted = (Route, Fault);

/// What the poll looks at for a branch's entry: itself, or what its pattern matches.
pub async fn branches<G: SourceHost>(host: &G, entry: &Entry) -> Result<Vec<Route>, Unlisted> {
    if entry.pattern.is_exact() {
        return Ok(entry.route(entry.pattern.as_str()).into_iter().collect());
    }
    match host.branches(entry.repository(), entry.pattern.literal_prefix()).await {
        Ok(found) => Ok(found.iter().filter_map(|(branch, _)| entry.route(branch)).collect()),
        Err(fault) => Err((entry.repository().clone(), fault)),
    }
}

/// What the poll looks at for the projects that build in one repository: open pull requests, the merge queue, and known branches, as far as
/// their heads are not the ones that were built.
pub async fn builds<G: SourceHost, L: Ledger>(
    host: &G,
    ledger: &L,
    routes: &Routes,
    repository_id: u64,
) -> Result<Vec<Route>, Unlisted> {
    let entries = routes.builds_of(repository_id);
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    let repository = first.repository();
    let unlisted = |fault: Fault| (repository.clone(), fault);
    let pulls = if entries.iter().any(BuildEntry::takes_pulls) {
        host.open_pulls(repository).await.map_err(unlisted)?
    } else {
        Vec::new()
    };
    let mut heads: Vec<(Route, CommitSha)> = Vec::new();
    for pull in &pulls {
        let into = entries.iter().filter_map(|entry| entry.pull(pull.number, &pull.base));
        heads.extend(into.map(|route| (route, pull.head.clone())));
    }
    if entries.iter().any(BuildEntry::takes_pulls) {
        let queue = host.branches(repository, MERGE_QUEUE).await.map_err(unlisted)?;
        heads.extend(of_each(&entries, &queue));
    }
    let mut looked_at = new_heads(ledger, heads, IfUnknown::Look).await.map_err(unlisted)?;
    if entries.iter().any(BuildEntry::takes_other_branches) {
        let all = host.branches(repository, "").await.map_err(unlisted)?;
        let others: Vec<(String, CommitSha)> = all
            .into_iter()
            .filter(|(branch, _)| routes.of(repository_id, branch).is_empty())
            .filter(|(branch, _)| {
                let reference = Reference::Branch(branch.clone());
                !pulls
                    .iter()
                    .any(|pull| is_head_of(pull, repository_id, &reference) && is_into(&entries, pull))
            })
            .collect();
        let others =
            of_each(&entries, &others).filter(|(route, _)| !route.reference.is_merge_queue()).collect();
        // Every old branch of a repository would be built on the day of its installation.
        looked_at.extend(new_heads(ledger, others, IfUnknown::Leave).await.map_err(unlisted)?);
    }
    Ok(looked_at)
}

fn of_each<'a>(
    entries: &'a [BuildEntry],
    branches: &'a [(String, CommitSha)],
) -> impl Iterator<Item = (Route, CommitSha)> + 'a {
    branches.iter().flat_map(|(branch, head)| {
        let reference = Reference::Branch(branch.clone());
        entries.iter().filter_map(move |entry| Some((entry.branch(&reference)?, head.clone())))
    })
}

/// What to do about a reference that was never built.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfUnknown {
    Look,
    Leave,
}

/// Those whose head is not the one that was built, so that a poll asks GitHub about nothing that rests.
async fn new_heads<L: Ledger>(
    ledger: &L,
    heads: Vec<(Route, CommitSha)>,
    if_unknown: IfUnknown,
) -> Result<Vec<Route>, Fault> {
    let mut new = Vec::new();
    for (route, head) in heads {
        let entry = ledger.read(&LedgerKey::of(&route)).await?;
        let rests = entry.claim.is_none()
            && (entry.started.as_ref().is_some_and(|started| started.sha == head)
                || entry.has_passed(&head, &route.paths));
        let is_left = entry.version == 0 && if_unknown == IfUnknown::Leave;
        if !rests && !is_left {
            new.push(route);
        }
    }
    Ok(new)
}
