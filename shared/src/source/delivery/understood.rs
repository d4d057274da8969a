//! Events beside pushes: pull requests and their reviews, merge groups, check runs.
//!
//! Each only says where to look; what is not worth a look is answered with what it was. Their shape is checked against the event header.
//! Must not: pass on anything of a payload but numbers, commit ids, generated ids, and the ref of a merge group.
//! Specification: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use super::{Delivery, Sender, printable};
use crate::errors::Rejection;
use crate::model::CommitSha;
use crate::source::message::json_words;
use crate::source::reference::Reference;
use serde::Deserialize;
use std::borrow::Cow;

/// Actions after which a pull request may have another head, another base, or none.
const PULL_ACTIONS: [&str; 6] = ["opened", "synchronize", "reopened", "ready_for_review", "edited", "closed"];
/// Length of a release id.
const RELEASE_ID: usize = 32;

#[derive(Deserialize)]
struct PullRequestEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    repository: super::Repository<'a>,
    /// Reviews have none.
    number: u64,
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct ReviewEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    repository: super::Repository<'a>,
    pull_request: PullRequest,
    #[expect(dead_code, reason = "tells a review from the pull request that it is about")]
    review: Review,
}

#[derive(Deserialize)]
struct MergeGroupEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    repository: super::Repository<'a>,
    #[serde(borrow)]
    merge_group: MergeGroup<'a>,
}

#[derive(Deserialize)]
struct CheckRunEvent<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    repository: super::Repository<'a>,
    #[serde(borrow)]
    check_run: CheckRun<'a>,
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
    repo: Option<HeadRepository>,
}

#[derive(Deserialize)]
struct HeadRepository {
    id: u64,
}

#[derive(Deserialize)]
struct Review {
    #[expect(dead_code, reason = "every review has one")]
    id: u64,
}

#[derive(Deserialize)]
struct MergeGroup<'a> {
    head_sha: CommitSha,
    #[serde(borrow)]
    head_ref: Cow<'a, str>,
}

#[derive(Deserialize)]
struct CheckRun<'a> {
    id: u64,
    head_sha: CommitSha,
    #[serde(default, borrow)]
    external_id: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    check_suite: Option<CheckSuite<'a>>,
}

#[derive(Deserialize)]
struct CheckSuite<'a> {
    #[serde(default, borrow)]
    head_branch: Option<Cow<'a, str>>,
}

/// A `pull_request` delivery: its head may have moved, or it is closed.
pub(super) fn pull_request(body: &[u8], sender: &Sender<'_>) -> Result<Delivery, Rejection> {
    let PullRequestEvent { action, repository, number, pull_request } = read("pull_request", body)?;
    let from = match &pull_request.head.repo {
        Some(head) if head.id == repository.id => "",
        Some(_) => " from a fork",
        None => " from a deleted fork",
    };
    let what = format!("pull request {number}{from} of repository {}", repository.id);
    if !PULL_ACTIONS.contains(&action.as_ref()) {
        return Ok(nothing(&what, &action, &pull_request.head.sha));
    }
    Ok(sender.look(&repository, &Reference::Pull(number), pull_request.head.sha))
}

/// A `pull_request_review` delivery: a fork's head may be built now.
pub(super) fn review(body: &[u8], sender: &Sender<'_>) -> Result<Delivery, Rejection> {
    let ReviewEvent { action, repository, pull_request, .. } = read("pull_request_review", body)?;
    let number = pull_request.number;
    if action != "submitted" {
        let what = format!("review of pull request {number} of repository {}", repository.id);
        return Ok(nothing(&what, &action, &pull_request.head.sha));
    }
    Ok(sender.look(&repository, &Reference::Pull(number), pull_request.head.sha))
}

/// A `merge_group` delivery: its branch is there to be built, or gone.
pub(super) fn merge_group(body: &[u8], sender: &Sender<'_>) -> Result<Delivery, Rejection> {
    let MergeGroupEvent { action, repository, merge_group } = read("merge_group", body)?;
    let reference =
        Reference::parse(&merge_group.head_ref).filter(|found| found.merge_queue_base().is_some());
    match (action.as_ref(), reference) {
        ("checks_requested" | "destroyed", Some(reference)) => {
            Ok(sender.look(&repository, &reference, merge_group.head_sha))
        }
        _ => {
            let what =
                format!("merge group `{}` of repository {}", printable(&merge_group.head_ref), repository.id);
            Ok(nothing(&what, &action, &merge_group.head_sha))
        }
    }
}

/// A `check_run` delivery: somebody wants a release once more.
pub(super) fn check_run(body: &[u8], sender: &Sender<'_>) -> Result<Delivery, Rejection> {
    let CheckRunEvent { action, repository, check_run } = read("check_run", body)?;
    let wanted = if action == "rerequested" { wanted(&check_run) } else { None };
    let Some((release_id, reference)) = wanted else {
        let what = format!("check run {} of repository {}", check_run.id, repository.id);
        return Ok(nothing(&what, &action, &check_run.head_sha));
    };
    Ok(sender.look_again(&repository, &reference, check_run.head_sha, Some(release_id)))
}

/// The release and the ref that one of our own check runs is about: its external id is `<release id>@<ref>`, or `<release id>` with or
/// without `#<attempt>` on the branch of its suite.
fn wanted(check_run: &CheckRun<'_>) -> Option<(String, Reference)> {
    let external_id = check_run.external_id.as_deref()?;
    let (release_id, reference) = match external_id.split_once('@') {
        Some((release_id, reference)) => (release_id, Reference::parse(reference)),
        None => {
            let branch = check_run.check_suite.as_ref()?.head_branch.as_deref()?;
            let release_id = external_id.split('#').next().unwrap_or_default();
            (release_id, Some(Reference::Branch(branch.to_owned())))
        }
    };
    let is_ours = release_id.len() == RELEASE_ID
        && release_id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    Some((release_id.to_owned(), reference?)).filter(|_| is_ours)
}

fn nothing(what: &str, action: &str, sha: &CommitSha) -> Delivery {
    Delivery::Nothing(format!("understood, nothing to do for {what}: `{}` at {sha}", printable(action)))
}

fn read<'a, T: Deserialize<'a>>(event: &str, body: &'a [u8]) -> Result<T, Rejection> {
    serde_json::from_slice(body).map_err(|error| {
        Rejection::new(format!(
            "the event header says `{event}` and the body is none: {}",
            json_words(&error)
        ))
    })
}
