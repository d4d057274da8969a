//! Commits and comparisons.
//!
//! Specification: <https://docs.github.com/en/rest/commits/commits>

use super::answer::{Refusal, Result};
use super::history::Change;
use super::page::Page;
use super::{GitHub, Repository, records, shapes};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

/// Commits of a comparison that nobody asked a page of: the newest ones.
const MAX_COMMITS: usize = 250;
/// Files of a commit or a comparison, on the first page only.
const MAX_FILES: usize = 300;

/// The commits behind `?sha=` (a branch, a tag or a commit), newest first.
pub(super) async fn list(
    State(github): State<Arc<GitHub>>,
    Path((owner, name)): Path<(String, String)>,
    page: Page,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    let start = page.parameter("sha").unwrap_or("HEAD");
    let sha = repository.git.commit_named(start).await?.ok_or(Refusal::NotFound)?;
    let commits = repository.git.commits(&[&sha]).await?;
    let total = commits.len();
    let shown = page.of(commits).iter().map(|commit| github.show_commit(repository, commit)).collect();
    Ok(page.answer(&github.url, total, Value::Array(shown)))
}

/// One commit; below it, its check runs.
pub(super) async fn one(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, reference)): Path<(String, String, String)>,
    page: Page,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    if let Some(reference) = reference.strip_suffix("/check-runs") {
        let sha = github.commit_named(repository, reference).await?;
        return Ok(records::check_runs(&github, repository, &sha, &page));
    }
    if let Some(reference) = reference.strip_suffix("/statuses") {
        let sha = github.commit_named(repository, reference).await?;
        return Ok(records::commit_statuses(&github, repository, &sha, &page));
    }
    let sha = github.commit_named(repository, &reference).await?;
    let commit = repository.git.commit(&sha).await?;
    let changes = repository.git.changes(commit.base(), &sha).await?;
    let additions: u64 = changes.iter().map(|change| change.additions).sum();
    let deletions: u64 = changes.iter().map(|change| change.deletions).sum();
    let mut shown = github.show_commit(repository, &commit);
    if let Some(fields) = shown.as_object_mut() {
        let total = additions + deletions;
        let stats = json!({"additions": additions, "deletions": deletions, "total": total});
        fields.insert("stats".to_owned(), stats);
        fields.insert("files".to_owned(), files(&changes));
    }
    Ok(Json(shown).into_response())
}

/// `{base}...{head}`: what `head` has that `base` has not, oldest first.
pub(super) async fn compare(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, range)): Path<(String, String, String)>,
    page: Page,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    let (base, head) = range.split_once("...").ok_or(Refusal::NotFound)?;
    let base = repository.git.commit_named(base).await?.ok_or(Refusal::NotFound)?;
    let head = repository.git.commit_named(head).await?.ok_or(Refusal::NotFound)?;
    let (shown, total) = comparison(&github, repository, [&base, &head], &page).await?;
    Ok(if page.is_asked_for() { page.answer(&github.url, total, shown) } else { Json(shown).into_response() })
}

async fn comparison(
    github: &GitHub,
    repository: &Repository,
    [base, head]: [&str; 2],
    page: &Page,
) -> Result<(Value, usize)> {
    let git = &repository.git;
    let Some(middle) = git.call(&["merge-base", base, head]).text_if_any().await? else {
        return Err(Refusal::Missing(format!("No common ancestor between {base} and {head}.")));
    };
    let (ahead, behind) = git.ahead_and_behind(base, head).await?;
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let mut commits = git.commits(&["--reverse", "--topo-order", &format!("{base}..{head}")]).await?;
    if page.is_asked_for() {
        commits = page.of(commits);
    } else if commits.len() > MAX_COMMITS {
        commits.drain(..commits.len() - MAX_COMMITS);
    }
    let changes = if page.is_first() { git.changes(&middle, head).await? } else { Vec::new() };
    let commits: Vec<Value> = commits.iter().map(|commit| github.show_commit(repository, commit)).collect();
    let shown = json!({
        "url": github.address(repository, &format!("/compare/{base}...{head}")),
        "base_commit": github.show_commit(repository, &git.commit(base).await?),
        "merge_base_commit": github.show_commit(repository, &git.commit(&middle).await?),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": commits,
        "files": files(&changes),
    });
    Ok((shown, ahead))
}

fn files(changes: &[Change]) -> Value {
    changes.iter().take(MAX_FILES).map(shapes::file).collect()
}
