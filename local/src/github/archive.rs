//! Source archives: the API redirects to the archive's own address, which `git archive` answers.
//!
//! Specification: <https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-zip>

use super::GitHub;
use super::answer::{Refusal, Result};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Redirects to the archive of the default branch.
pub(super) async fn redirect_default(
    State(github): State<Arc<GitHub>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result {
    let branch = github.repository(&owner, &name)?.default_branch.clone();
    to_archive(&github, &owner, &name, &branch, &headers).await
}

/// Redirects to the archive of a ref.
pub(super) async fn redirect(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, reference)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result {
    to_archive(&github, &owner, &name, &reference, &headers).await
}

/// The address is on the host that was asked for: a client that knows the stand-in by another name stays with that name.
async fn to_archive(
    github: &GitHub,
    owner: &str,
    name: &str,
    reference: &str,
    headers: &HeaderMap,
) -> Result {
    let repository = github.repository(owner, name)?;
    let sha = repository.git.commit_named(reference).await?.ok_or(Refusal::NotFound)?;
    let base = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .map_or_else(|| github.url(), |host| format!("http://{host}"));
    let to = format!("{base}/_codeload/{}/{}/legacy.zip/{sha}", repository.owner, repository.name);
    Ok((StatusCode::FOUND, [(LOCATION, to)]).into_response())
}

/// The archive: everything under `<owner>-<name>-<7 digits>/`.
pub(super) async fn zip(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, reference)): Path<(String, String, String)>,
) -> Result<Response> {
    let repository = github.repository(&owner, &name)?;
    let sha = repository.git.commit_named(&reference).await?.ok_or(Refusal::NotFound)?;
    let short = sha.get(..7).unwrap_or(&sha);
    let top = format!("{}-{}-{short}", repository.owner, repository.name);
    let prefix = format!("--prefix={top}/");
    let bytes = repository.git.call(&["archive", "--format=zip", &prefix, &sha]).bytes().await?;
    let file = format!("attachment; filename={top}.zip");
    Ok(([(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, file)], bytes).into_response())
}
