//! The head of a fork that is not built, and that people are told so once.
//!
//! Must not: start anything.

use crate::errors::Fault;
use crate::model::CommitSha;
use crate::source::ledger::{self, Entry, LedgerKey};
use crate::source::notice::Notice;
use crate::source::ports::{Ledger, Notices};
use crate::source::routes::Route;

/// A head that is not built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The head.
    pub sha: CommitSha,
    /// Whether a review would let it through.
    pub reviewable: bool,
    /// What the ledger is to say once people were told; none when they were.
    news: Option<Box<News>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct News {
    noted: Entry,
    release_id: String,
}

impl Withheld {
    pub(super) fn of(key: &LedgerKey, entry: &Entry, sha: CommitSha, reviewable: bool) -> Self {
        let is_built = entry.started.as_ref().is_some_and(|started| started.sha == sha);
        let is_news = !is_built && entry.claim.is_none() && !entry.is_withheld(&sha);
        let news = is_news.then(|| {
            Box::new(News {
                noted: ledger::withheld(entry, &sha),
                release_id: ledger::release_id(key, &sha, entry.sequence + 1),
            })
        });
        Self { sha, reviewable, news }
    }
}

/// Tells people of `withheld` when they do not know yet, and then notes that they do: a worker that dies between the two tells them again.
///
/// # Errors
/// When it is not known that they were told; the same look makes it good.
pub async fn tell<L: Ledger, N: Notices>(
    table: &L,
    notices: &N,
    route: &Route,
    withheld: &Withheld,
) -> Result<(), Fault> {
    let Some(news) = &withheld.news else { return Ok(()) };
    let News { noted, release_id } = news.as_ref();
    if withheld.reviewable {
        let notice = Notice::Withheld {
            repository_id: route.repository_id,
            repository: route.repository.clone(),
            reference: route.reference.clone(),
            sha: withheld.sha.clone(),
            project: route.pipeline.clone(),
            release_id: release_id.clone(),
            sequence: noted.sequence + 1,
        };
        notices.tell(&notice).await?;
    }
    match table.write(&LedgerKey::of(route), noted).await {
        Err(fault) if fault.is_conflict() => Ok(()),
        result => result,
    }
}
