//! Events that are understood and start nothing: pull requests, merge groups, check runs.
//!
//! Their shape is checked against the event header, and the answer names what it was. Must not: start anything.
//! Specification: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use super::printable;
use crate::errors::Rejection;
use crate::model::CommitSha;
use crate::source::message::json_words;
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
struct PullRequestEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    repository: Repository,
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct MergeGroupEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    repository: Repository,
    #[serde(borrow)]
    merge_group: MergeGroup<'a>,
}

#[derive(Deserialize)]
struct CheckRunEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    repository: Repository,
    check_run: CheckRun,
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: CommitSha,
    /// Null when the fork was deleted.
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct MergeGroup<'a> {
    head_sha: CommitSha,
    #[serde(borrow)]
    base_ref: Cow<'a, str>,
}

#[derive(Deserialize)]
struct CheckRun {
    id: u64,
    head_sha: CommitSha,
}

/// What a `pull_request` delivery was.
pub(super) fn pull_request(body: &[u8]) -> Result<String, Rejection> {
    let PullRequestEvent { action, repository, pull_request } = read("pull_request", body)?;
    let from = match pull_request.head.repo {
        Some(head) if head.id == repository.id => "",
        Some(_) => " from a fork",
        None => " from a deleted fork",
    };
    let what = format!("pull request {}{from} of repository {}", pull_request.number, repository.id);
    Ok(words(&what, &action, pull_request.head.sha.as_str()))
}

/// What a `merge_group` delivery was.
pub(super) fn merge_group(body: &[u8]) -> Result<String, Rejection> {
    let MergeGroupEvent { action, repository, merge_group } = read("merge_group", body)?;
    let what =
        format!("merge group for `{}` of repository {}", printable(&merge_group.base_ref), repository.id);
    Ok(words(&what, &action, merge_group.head_sha.as_str()))
}

/// What a `check_run` delivery was.
pub(super) fn check_run(body: &[u8]) -> Result<String, Rejection> {
    let CheckRunEvent { action, repository, check_run } = read("check_run", body)?;
    let what = format!("check run {} of repository {}", check_run.id, repository.id);
    Ok(words(&what, &action, check_run.head_sha.as_str()))
}

fn words(what: &str, action: &str, sha: &str) -> String {
    format!("understood, nothing to do for {what}: `{}` at {sha}", printable(action))
}

fn read<'a, T: Deserialize<'a>>(event: &str, body: &'a [u8]) -> Result<T, Rejection> {
    serde_json::from_slice(body).map_err(|error| {
        Rejection::new(format!(
            "the event header says `{event}` and the body is none: {}",
            json_words(&error)
        ))
    })
}
