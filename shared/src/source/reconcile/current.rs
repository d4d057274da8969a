//! What a branch or pull request points at now, as far as it may be started.
//!
//! Must not: start anything, or take the word of a message for any of it.

use crate::errors::Fault;
use crate::model::CommitSha;
use crate::source::ports::SourceHost;
use crate::source::pulls::{Pull, Review};
use crate::source::reference::Reference;
use crate::source::routes::{Forks, Route};

/// Where a branch or pull request is.
pub(super) enum Current {
    /// At this head, which may be started.
    At(CommitSha),
    /// At the head of a fork, which may not.
    Withheld {
        /// The head.
        head: CommitSha,
        /// Whether a review would let it through.
        reviewable: bool,
    },
    /// Nowhere: the branch does not exist, the pull request is not open.
    Gone,
}

/// Asks the host.
pub(super) async fn current<G: SourceHost>(host: &G, route: &Route) -> Result<Current, Fault> {
    match &route.reference {
        Reference::Branch(_) => Ok(host.head(route).await?.map_or(Current::Gone, Current::At)),
        Reference::Pull(number) => match host.pull(route, *number).await? {
            Some(pull) if pull.is_open => of_pull(host, route, pull).await,
            Some(_) | None => Ok(Current::Gone),
        },
    }
}

async fn of_pull<G: SourceHost>(host: &G, route: &Route, pull: Pull) -> Result<Current, Fault> {
    if !pull.is_from_fork(route.repository_id) {
        return Ok(Current::At(pull.head));
    }
    match route.forks {
        Forks::Never => Ok(Current::Withheld { head: pull.head, reviewable: false }),
        Forks::Approved if is_approved(host, route, &pull).await? => Ok(Current::At(pull.head)),
        Forks::Approved => Ok(Current::Withheld { head: pull.head, reviewable: true }),
    }
}

/// Whether somebody who may write now has reviewed the very commit that is the head now.
async fn is_approved<G: SourceHost>(host: &G, route: &Route, pull: &Pull) -> Result<bool, Fault> {
    let reviews = host.reviews(&route.repository, pull.number).await?;
    let mut asked: Vec<&str> = Vec::new();
    for Review { reviewer, .. } in reviews.iter().filter(|review| review.approves(&pull.head)) {
        if asked.contains(&reviewer.as_str()) {
            continue;
        }
        if host.may_write(&route.repository, reviewer).await? {
            return Ok(true);
        }
        asked.push(reviewer);
    }
    Ok(false)
}
