//! What is done about a claim: what it brings is recorded, its source is published, its pipeline or build is started.
//!
//! Every step may be repeated by whoever takes the claim over. Must not: write the ledger; the claim is the caller's.

use super::{Ports, SourceError};
use crate::errors::Fault;
use crate::model::CommitSha;
use crate::source::archive;
use crate::source::ledger::{Claim, Started};
use crate::source::ports::{
    Label, Ledger, Published, Revision, Runners, SourceHost, SourceStore, StartOrder,
};
use crate::source::push_range::{Commit, PushRange, summary};
use crate::source::routes::{Route, Runner, SourceMode};

pub(super) async fn start<G, L, S, P>(
    ports: &Ports<G, L, S, P>,
    route: &Route,
    claim: &Claim,
    before: Option<&Started>,
) -> Result<String, SourceError>
where
    G: SourceHost,
    L: Ledger,
    S: SourceStore,
    P: Runners,
{
    let before_sha = before.map(|before| &before.sha);
    let (newest, commits) = match route.runner {
        Runner::Pipeline => commits(&ports.host, route, before_sha, &claim.sha).await?,
        Runner::Build => {
            overtake(&ports.runners, before).await?;
            (ports.host.commit(&route.repository, &claim.sha).await?, Vec::new())
        }
    };
    let revision = match route.source {
        SourceMode::Zip => Revision::Object(publish(&ports.host, &ports.store, route, &newest).await?),
        SourceMode::Connection => Revision::Commit,
    };
    match route.runner {
        Runner::Pipeline => ports.ledger.record_push(&range(route, claim, before_sha, commits)).await?,
        // It brings nothing to production, so it has no lead time.
        Runner::Build => {}
    }
    let order = StartOrder {
        runner: route.runner,
        pipeline: route.pipeline.clone(),
        action: route.source_action.clone(),
        revision,
        sha: claim.sha.clone(),
        release_id: claim.release_id.clone(),
        pull_request: route.reference.pull(),
    };
    Ok(ports.runners.start(&order).await?)
}

/// Stops the build of the head before: nobody waits for it any more.
pub(super) async fn overtake<P: Runners>(runners: &P, before: Option<&Started>) -> Result<(), Fault> {
    match before {
        Some(before) => runners.stop_build(&before.execution_id).await,
        None => Ok(()),
    }
}

/// What the release brings.
fn range(route: &Route, claim: &Claim, before: Option<&CommitSha>, commits: Vec<Commit>) -> PushRange {
    PushRange {
        repository_id: route.repository_id,
        branch: route.reference.to_string(),
        pipeline: route.pipeline.clone(),
        before: before.cloned(),
        after: claim.sha.clone(),
        release_id: claim.release_id.clone(),
        commits,
    }
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
    let folder = match route.runner {
        Runner::Pipeline => "sources",
        // Apart: the role of a build that runs other people's code reads nothing else.
        Runner::Build => "builds",
    };
    let key = format!("{folder}/{}/{}.zip", route.repository_id, newest.sha);
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
