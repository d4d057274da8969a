//! Repositories, refs, branches and trees.
//!
//! Specification: <https://docs.github.com/en/rest/repos/repos>, <https://docs.github.com/en/rest/git>

use super::answer::{Refusal, Result};
use super::git::is_hex;
use super::page::Page;
use super::{GitHub, Repository};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// What stands before a branch in a ref.
const HEADS: &str = "refs/heads/";

type Named = Path<(String, String)>;
type NamedWith = Path<(String, String, String)>;

pub(super) async fn by_id(State(github): State<Arc<GitHub>>, Path(id): Path<u64>) -> Result<Json<Value>> {
    let repository = github.repositories.iter().find(|known| known.id == id).ok_or(Refusal::NotFound)?;
    Ok(Json(github.show(repository)))
}

pub(super) async fn by_name(
    State(github): State<Arc<GitHub>>,
    Path((owner, name)): Named,
) -> Result<Json<Value>> {
    Ok(Json(github.show(github.repository(&owner, &name)?)))
}

/// One ref by its whole name (`heads/main`); a name that only begins so is not found.
pub(super) async fn reference(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, reference)): NamedWith,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let full = format!("refs/{reference}");
    let sha = repository.git.reference(&full).await?.ok_or(Refusal::NotFound)?;
    Ok(Json(github.show_ref(repository, &full, &sha)))
}

/// Every ref that begins with a prefix; none is an empty list.
pub(super) async fn matching(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, prefix)): NamedWith,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let found = repository.git.references(&format!("refs/{prefix}")).await?;
    let shown = found.iter().map(|(name, sha)| github.show_ref(repository, name, sha)).collect();
    Ok(Json(Value::Array(shown)))
}

pub(super) async fn branches(
    State(github): State<Arc<GitHub>>,
    Path((owner, name)): Named,
    page: Page,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    let found = repository.git.references(HEADS).await?;
    let total = found.len();
    let shown: Vec<Value> = page
        .of(found)
        .iter()
        .map(|(full, sha)| {
            let commit = json!({"sha": sha, "url": github.address(repository, &format!("/commits/{sha}"))});
            json!({"name": full.strip_prefix(HEADS), "commit": commit, "protected": false})
        })
        .collect();
    Ok(page.answer(&github.url, total, Value::Array(shown)))
}

pub(super) async fn branch(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, branch)): NamedWith,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let sha = repository.git.reference(&format!("{HEADS}{branch}")).await?;
    let sha = sha.ok_or_else(|| Refusal::Missing("Branch not found".to_owned()))?;
    let commit = repository.git.commit(&sha).await?;
    let commit = github.show_commit(repository, &commit);
    Ok(Json(json!({"name": branch, "commit": commit, "protected": false})))
}

/// A tree by its own id, by a commit or by a branch; `?recursive=` with any value goes into the folders.
pub(super) async fn tree(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, tree)): NamedWith,
    page: Page,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let sha = tree_named(repository, &tree).await?.ok_or(Refusal::NotFound)?;
    let mut words = vec!["ls-tree", "-z", "-l"];
    if page.parameter("recursive").is_some() {
        words.extend(["-r", "-t"]);
    }
    words.push(&sha);
    let bytes = repository.git.call(&words).bytes().await?;
    let text = String::from_utf8_lossy(&bytes);
    let entries: Vec<Value> = text.split('\0').filter_map(|line| entry(&github, repository, line)).collect();
    let url = github.address(repository, &format!("/git/trees/{sha}"));
    Ok(Json(json!({"sha": sha, "url": url, "tree": entries, "truncated": false})))
}

async fn tree_named(repository: &Repository, name: &str) -> Result<Option<String>> {
    if let Some(commit) = repository.git.commit_named(name).await? {
        return Ok(repository.git.peel(&commit, "tree").await?);
    }
    if name.len() == 40 && is_hex(name) {
        return Ok(repository.git.peel(name, "tree").await?);
    }
    Ok(None)
}

/// One line of `git ls-tree -l`: `<mode> <type> <object> <size>\t<path>`.
fn entry(github: &GitHub, repository: &Repository, line: &str) -> Option<Value> {
    let (meta, path) = line.split_once('\t')?;
    let mut parts = meta.split_whitespace();
    let (mode, kind, sha) = (parts.next()?, parts.next()?, parts.next()?);
    let folder = if kind == "tree" { "trees" } else { "blobs" };
    let url = github.address(repository, &format!("/git/{folder}/{sha}"));
    let mut entry = json!({"path": path, "mode": mode, "type": kind, "sha": sha, "url": url});
    if let (Some(size), Some(fields)) = (parts.next()?.parse::<u64>().ok(), entry.as_object_mut()) {
        fields.insert("size".to_owned(), size.into());
    }
    Some(entry)
}

impl GitHub {
    /// The commit behind `name`, in the words that GitHub has for "there is none".
    pub(super) async fn commit_named(&self, repository: &Repository, name: &str) -> Result<String> {
        let found = repository.git.commit_named(name).await?;
        found.ok_or_else(|| Refusal::Invalid(format!("No commit found for SHA: {name}")))
    }
}

/// An answer that was put together by hand.
pub(super) fn created(value: Value) -> Response {
    use axum::response::IntoResponse;
    (axum::http::StatusCode::CREATED, Json(value)).into_response()
}
