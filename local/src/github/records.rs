//! What is written beside the code: check runs, commit statuses, deployments and their statuses, comments. Stored, and listed back.
//!
//! Specification: <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/commits/statuses>,
//! <https://docs.github.com/en/rest/deployments>,
//! <https://docs.github.com/en/rest/issues/comments>

use super::answer::{Input, Refusal, Result};
use super::book::{Kind, Record};
use super::page::Page;
use super::repositories::created;
use super::{GitHub, Repository, shapes};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Ends of a check run.
const CONCLUSIONS: [&str; 8] =
    ["action_required", "cancelled", "failure", "neutral", "skipped", "stale", "success", "timed_out"];
/// States of a check run.
const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
/// States of a deployment.
const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

/// States of a commit status.
const COMMIT_STATES: [&str; 4] = ["error", "failure", "pending", "success"];
/// Longest description of a commit status, in characters.
const DESCRIPTION: usize = 140;
/// Longest comment, in characters.
const COMMENT: usize = 65_536;
/// Longest summary of a check run, in characters.
const SUMMARY: usize = 65_535;

type Fields = Map<String, Value>;
type Of = Path<(String, String)>;
type OfId = Path<(String, String, u64)>;
type Github = State<Arc<GitHub>>;

pub(super) async fn post_check_run(
    State(github): Github,
    Path((owner, name)): Of,
    Input(mut fields): Input<Fields>,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    required(&fields, &["name", "head_sha"])?;
    let sha = github.commit_named(repository, text(&fields, "head_sha")).await?;
    let now = shapes::time(github.now());
    default(&mut fields, "status", "queued");
    default(&mut fields, "started_at", &now);
    settle_check_run(&mut fields, &now)?;
    Ok(created(keep(&github, repository, Kind::CheckRun, &sha, "/check-runs", fields)))
}

pub(super) async fn patch_check_run(
    State(github): Github,
    Path((owner, name, id)): OfId,
    Input(changes): Input<Fields>,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let now = shapes::time(github.now());
    let mut book = github.book();
    let record = book.record_mut(Kind::CheckRun, repository.id, id).ok_or(Refusal::NotFound)?;
    let mut fields = record.value.as_object().cloned().unwrap_or_default();
    fields.extend(changes);
    settle_check_run(&mut fields, &now)?;
    record.value = Value::Object(fields);
    Ok(Json(record.value.clone()))
}

/// A conclusion makes a run completed; a completed run has one.
fn settle_check_run(fields: &mut Fields, now: &str) -> Result<()> {
    one_of(fields, "status", &STATUSES)?;
    one_of(fields, "conclusion", &CONCLUSIONS)?;
    if fields
        .get("output")
        .is_some_and(|output| output.get("title").is_none() || output.get("summary").is_none())
    {
        return Err(Refusal::Invalid(
            "Invalid request.\n\n\"title\" and \"summary\" of \"output\" are needed.".to_owned(),
        ));
    }
    let summary = fields.get("output").and_then(|output| output.get("summary")).and_then(Value::as_str);
    at_most("summary", summary.unwrap_or_default(), SUMMARY)?;
    if !text(fields, "conclusion").is_empty() {
        fields.insert("status".to_owned(), "completed".into());
        default(fields, "completed_at", now);
    } else if text(fields, "status") == "completed" {
        return Err(Refusal::Invalid("Invalid request.\n\n\"conclusion\" wasn't supplied.".to_owned()));
    }
    Ok(())
}

pub(super) async fn check_run(State(github): Github, Path((owner, name, id)): OfId) -> Result<Json<Value>> {
    find(&github, &owner, &name, Kind::CheckRun, id).map(Json)
}

pub(super) async fn post_commit_status(
    State(github): Github,
    Path((owner, name, sha)): Path<(String, String, String)>,
    Input(mut fields): Input<Fields>,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    required(&fields, &["state"])?;
    one_of(&fields, "state", &COMMIT_STATES)?;
    at_most("description", text(&fields, "description"), DESCRIPTION)?;
    default(&mut fields, "context", "default");
    let sha = github.commit_named(repository, &sha).await?;
    let path = format!("/statuses/{sha}");
    Ok(created(keep(&github, repository, Kind::CommitStatus, &sha, &path, fields)))
}

/// The statuses of a commit, newest first.
pub(super) fn commit_statuses(github: &GitHub, repository: &Repository, sha: &str, page: &Page) -> Response {
    let mut found = all(github, repository, Kind::CommitStatus, Some(sha));
    found.reverse();
    listed(github, page, found)
}

/// The check runs of a commit, perhaps of one name only.
pub(super) fn check_runs(github: &GitHub, repository: &Repository, sha: &str, page: &Page) -> Response {
    let mut runs = all(github, repository, Kind::CheckRun, Some(sha));
    if let Some(wanted) = page.parameter("check_name") {
        runs.retain(|run| run.get("name").and_then(Value::as_str) == Some(wanted));
    }
    let total = runs.len();
    page.answer(&github.url, total, json!({"total_count": total, "check_runs": page.of(runs)}))
}

pub(super) async fn post_deployment(
    State(github): Github,
    Path((owner, name)): Of,
    Input(mut fields): Input<Fields>,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    required(&fields, &["ref"])?;
    let reference = text(&fields, "ref").to_owned();
    let missing = || Refusal::Invalid(format!("No ref found for: {reference}"));
    let sha = repository.git.commit_named(&reference).await?.ok_or_else(missing)?;
    default(&mut fields, "task", "deploy");
    default(&mut fields, "environment", "production");
    let environment = text(&fields, "environment").to_owned();
    fields.entry("payload").or_insert_with(|| json!({}));
    fields.insert("original_environment".to_owned(), environment.into());
    fields.insert("sha".to_owned(), sha.clone().into());
    Ok(created(keep(&github, repository, Kind::Deployment, &sha, "/deployments", fields)))
}

/// The deployments, newest first, perhaps of one `sha`, `ref`, `task` or `environment` only.
pub(super) async fn deployments(State(github): Github, Path((owner, name)): Of, page: Page) -> Result {
    let repository = github.repository(&owner, &name)?;
    let mut found = all(&github, repository, Kind::Deployment, None);
    found.reverse();
    for filter in ["sha", "ref", "task", "environment"] {
        if let Some(wanted) = page.parameter(filter) {
            found.retain(|one| one.get(filter).and_then(Value::as_str) == Some(wanted));
        }
    }
    Ok(listed(&github, &page, found))
}

pub(super) async fn deployment(State(github): Github, Path((owner, name, id)): OfId) -> Result<Json<Value>> {
    find(&github, &owner, &name, Kind::Deployment, id).map(Json)
}

pub(super) async fn post_status(
    State(github): Github,
    Path((owner, name, id)): OfId,
    Input(fields): Input<Fields>,
) -> Result {
    find(&github, &owner, &name, Kind::Deployment, id)?;
    let repository = github.repository(&owner, &name)?;
    required(&fields, &["state"])?;
    one_of(&fields, "state", &STATES)?;
    let path = format!("/deployments/{id}/statuses");
    let of = id.to_string();
    Ok(created(keep(&github, repository, Kind::DeploymentStatus, &of, &path, fields)))
}

/// The statuses of a deployment, newest first.
pub(super) async fn statuses(State(github): Github, Path((owner, name, id)): OfId, page: Page) -> Result {
    find(&github, &owner, &name, Kind::Deployment, id)?;
    let repository = github.repository(&owner, &name)?;
    let mut found = all(&github, repository, Kind::DeploymentStatus, Some(&id.to_string()));
    found.reverse();
    Ok(listed(&github, &page, found))
}

pub(super) async fn post_comment(
    State(github): Github,
    Path((owner, name, issue)): OfId,
    Input(fields): Input<Fields>,
) -> Result {
    let repository = github.repository(&owner, &name)?;
    required(&fields, &["body"])?;
    at_most("body", text(&fields, "body"), COMMENT)?;
    let of = issue.to_string();
    Ok(created(keep(&github, repository, Kind::Comment, &of, "/issues/comments", fields)))
}

pub(super) async fn comments(State(github): Github, Path((owner, name, issue)): OfId, page: Page) -> Result {
    let repository = github.repository(&owner, &name)?;
    let found = all(&github, repository, Kind::Comment, Some(&issue.to_string()));
    Ok(listed(&github, &page, found))
}

pub(super) async fn comment(State(github): Github, Path((owner, name, id)): OfId) -> Result<Json<Value>> {
    find(&github, &owner, &name, Kind::Comment, id).map(Json)
}

pub(super) async fn patch_comment(
    State(github): Github,
    Path((owner, name, id)): OfId,
    Input(changes): Input<Fields>,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    required(&changes, &["body"])?;
    at_most("body", text(&changes, "body"), COMMENT)?;
    let now = shapes::time(github.now());
    let mut book = github.book();
    let record = book.record_mut(Kind::Comment, repository.id, id).ok_or(Refusal::NotFound)?;
    if let Some(fields) = record.value.as_object_mut() {
        fields.insert("body".to_owned(), text(&changes, "body").into());
        fields.insert("updated_at".to_owned(), now.into());
    }
    Ok(Json(record.value.clone()))
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn required(fields: &Fields, names: &[&str]) -> Result<()> {
    match names.iter().find(|name| text(fields, name).is_empty()) {
        None => Ok(()),
        Some(name) => Err(Refusal::Invalid(format!("Invalid request.\n\n\"{name}\" wasn't supplied."))),
    }
}

fn at_most(name: &str, text: &str, limit: usize) -> Result<()> {
    if text.chars().count() <= limit {
        return Ok(());
    }
    let words = format!("Validation Failed: {name} is too long (maximum is {limit} characters)");
    Err(Refusal::Invalid(words))
}

fn one_of(fields: &Fields, name: &str, values: &[&str]) -> Result<()> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_str().is_some_and(|text| values.contains(&text)) => Ok(()),
        Some(value) => {
            let known = values.join(", ");
            Err(Refusal::Invalid(format!(
                "Invalid request.\n\n\"{name}\" is {value}, it must be one of: {known}."
            )))
        }
    }
}

fn default(fields: &mut Fields, name: &str, value: &str) {
    if text(fields, name).is_empty() {
        fields.insert(name.to_owned(), value.into());
    }
}

/// Stores `fields` with the members that GitHub adds; `of` is what they belong to.
fn keep(
    github: &GitHub,
    repository: &Repository,
    kind: Kind,
    of: &str,
    path: &str,
    mut fields: Fields,
) -> Value {
    let now = shapes::time(github.now());
    let mut book = github.book();
    let id = book.next_id();
    fields.insert("id".to_owned(), id.into());
    fields.insert("url".to_owned(), github.address(repository, &format!("{path}/{id}")).into());
    if kind == Kind::CheckRun {
        let page = format!("{}/{}/runs/{id}", github.url, repository.full_name());
        fields.insert("html_url".to_owned(), page.into());
    }
    if kind != Kind::CheckRun {
        let who = if kind == Kind::Comment { "user" } else { "creator" };
        fields.insert(who.to_owned(), shapes::account("tidegate"));
        fields.insert("created_at".to_owned(), now.clone().into());
        fields.insert("updated_at".to_owned(), now.into());
    }
    let value = Value::Object(fields);
    book.keep(Record { kind, repository: repository.id, of: of.to_owned(), id, value: value.clone() });
    value
}

fn find(github: &GitHub, owner: &str, name: &str, kind: Kind, id: u64) -> Result<Value> {
    let repository = github.repository(owner, name)?;
    let book = github.book();
    let found = book.records(kind, repository.id).find(|record| record.id == id);
    found.map(|record| record.value.clone()).ok_or(Refusal::NotFound)
}

fn all(github: &GitHub, repository: &Repository, kind: Kind, of: Option<&str>) -> Vec<Value> {
    let book = github.book();
    let records = book.records(kind, repository.id);
    records.filter(|record| of.is_none_or(|of| record.of == of)).map(|record| record.value.clone()).collect()
}

fn listed(github: &GitHub, page: &Page, found: Vec<Value>) -> Response {
    let total = found.len();
    page.answer(&github.url, total, Value::Array(page.of(found)))
}
