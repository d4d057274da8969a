//! Orders to the stand-in itself, under `/_github/`: set the webhook, push a change, replay a delivery, open, change and review pull requests, show
//! everything, make faults.
//!
//! Must not: show a webhook's secret.

use super::answer::{Input, Refusal, Result};
use super::book::{Fault, Kind};
use super::deliver::{Encoding, Hook};
use super::push::{self, Order};
use super::{GitHub, Repository, hooks, pulls, reviews, shapes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Github = State<Arc<GitHub>>;

/// What a webhook is to be. Not `Debug`: it holds the secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HookOrder {
    #[serde(default)]
    repo: Option<String>,
    url: String,
    secret: String,
    /// `Host` to send in place of the address's own.
    #[serde(default)]
    host_header: Option<String>,
    #[serde(default)]
    content_type: Encoding,
    /// Whether a `ping` is sent, as GitHub does for a new webhook.
    #[serde(default)]
    ping: bool,
}

pub(super) fn routes() -> Router<Arc<GitHub>> {
    Router::new()
        .route("/_github/hooks", post(set_hook))
        .route("/_github/push", post(push_change))
        .route("/_github/pull-request", post(order_pull))
        .route("/_github/review", post(order_review))
        .route("/_github/permission", post(order_permission))
        .route("/_github/merge-group", post(order_merge_group))
        .route("/_github/replay", post(replay))
        .route("/_github/state", get(state))
        .route("/_github/changes", get(changes))
        .route("/_github/faults", post(add_fault))
        .route("/_github/faults/reset", post(reset_faults))
}

/// Sets the one webhook of a repository; a second order changes it and keeps its id.
async fn set_hook(State(github): Github, Input(order): Input<HookOrder>) -> Result<Json<Value>> {
    let repository = github.ordered_repository(order.repo.as_deref())?;
    check_address(&order)?;
    let hook = {
        let now = github.now();
        let mut book = github.book();
        let known = book.hook_of(repository.id).map(|hook| (hook.id, hook.created_at));
        let (id, created_at) = known.unwrap_or_else(|| (book.next_id(), now));
        let hook = Hook {
            id,
            repository: repository.id,
            url: order.url,
            host: order.host_header,
            encoding: order.content_type,
            secret: order.secret,
            created_at,
        };
        book.hooks.retain(|other| other.repository != repository.id);
        book.hooks.push(hook.clone());
        hook
    };
    let mut shown = show_hook(&hook);
    if order.ping {
        let delivery = github.ping(repository, &hook).await;
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("ping".to_owned(), push::show(&delivery));
        }
    }
    Ok(Json(shown))
}

fn check_address(order: &HookOrder) -> Result<()> {
    let known = order
        .url
        .parse::<Uri>()
        .is_ok_and(|url| url.scheme_str() == Some("http") && url.authority().is_some());
    if !known {
        return Err(Refusal::Invalid(format!("`{}` is no `http://` address", order.url)));
    }
    match &order.host_header {
        Some(host) if host.is_empty() || HeaderValue::from_str(host).is_err() => {
            Err(Refusal::Invalid("`hostHeader` cannot be sent as a header".to_owned()))
        }
        _ => Ok(()),
    }
}

fn show_hook(hook: &Hook) -> Value {
    json!({"id": hook.id, "url": hook.url, "hostHeader": hook.host, "contentType": hook.encoding})
}

async fn push_change(State(github): Github, Input(order): Input<Order>) -> Result<Json<Value>> {
    github.push(order).await.map(Json)
}

async fn order_pull(State(github): Github, Input(order): Input<pulls::Order>) -> Result<Json<Value>> {
    github.order_pull(order).await.map(Json)
}

async fn order_review(
    State(github): Github,
    Input(order): Input<reviews::ReviewOrder>,
) -> Result<Json<Value>> {
    github.order_review(order).await.map(Json)
}

async fn order_permission(
    State(github): Github,
    Input(order): Input<reviews::PermissionOrder>,
) -> Json<Value> {
    Json(github.order_permission(order))
}

async fn order_merge_group(
    State(github): Github,
    Input(order): Input<reviews::GroupOrder>,
) -> Result<Json<Value>> {
    github.order_merge_group(order).await.map(Json)
}

/// An old delivery that is to come again under a new id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayOrder {
    #[serde(default)]
    repo: Option<String>,
    /// Id in the delivery log, as the answer to a push tells it.
    delivery: u64,
}

/// Sends the bytes of an old delivery again, under a new GUID and signed with the secret of now.
async fn replay(State(github): Github, Input(order): Input<ReplayOrder>) -> Result<Json<Value>> {
    let repository = github.ordered_repository(order.repo.as_deref())?;
    let hook = github.book().hook_of(repository.id).cloned();
    let hook = hook.ok_or_else(|| Refusal::Invalid("there is no webhook to tell".to_owned()))?;
    let old = hooks::made(&github, hook.id, order.delivery)?;
    let number = github.book().next_id();
    let parcel = old.parcel.under_another_id(number, github.now());
    Ok(Json(push::show(&github.deliver(&hook, parcel, false).await)))
}

async fn changes(State(github): Github) -> Result<Json<Value>> {
    let changes = github.platform.changes()?;
    let shown = changes.iter().map(|step| {
        let author = &step.commit.author;
        json!({
            "name": step.name,
            "message": step.commit.message,
            "author": {"name": author.name, "email": author.email},
        })
    });
    Ok(Json(json!({"changes": shown.collect::<Vec<Value>>()})))
}

async fn state(State(github): Github) -> Result<Json<Value>> {
    let mut repositories = Vec::new();
    for repository in &github.repositories {
        repositories.push(show_repository(&github, repository).await?);
    }
    let now = shapes::time(github.now());
    let book = github.book();
    Ok(Json(json!({
        "now": now,
        "url": github.url,
        "repositories": repositories,
        "faults": book.faults.iter().filter(|fault| fault.times > 0).collect::<Vec<_>>(),
        "requests": {"counted": book.counted, "unchanged": book.unchanged},
    })))
}

async fn show_repository(github: &GitHub, repository: &Repository) -> Result<Value> {
    let heads = heads(repository).await?;
    let book = github.book();
    let shown = |kind: Kind| -> Vec<&Value> {
        book.records(kind, repository.id).map(|record| &record.value).collect()
    };
    let deployments: Vec<Value> = book
        .records(Kind::Deployment, repository.id)
        .map(|deployment| {
            let id = deployment.id.to_string();
            let statuses = book.records(Kind::DeploymentStatus, repository.id);
            let statuses: Vec<&Value> =
                statuses.filter(|status| status.of == id).map(|status| &status.value).collect();
            json!({"deployment": deployment.value, "statuses": statuses})
        })
        .collect();
    let comments: Vec<Value> = book
        .records(Kind::Comment, repository.id)
        .map(|comment| json!({"issue": comment.of, "comment": comment.value}))
        .collect();
    let deliveries = book.deliveries.iter().filter(|one| one.repository == repository.id);
    Ok(json!({
        "id": repository.id,
        "fullName": repository.full_name(),
        "defaultBranch": repository.default_branch,
        "heads": heads,
        "hooks": book.hook_of(repository.id).map(show_hook).into_iter().collect::<Vec<_>>(),
        "deliveries": deliveries.map(hooks::item).collect::<Vec<_>>(),
        "checkRuns": shown(Kind::CheckRun),
        "commitStatuses": shown(Kind::CommitStatus),
        "deployments": deployments,
        "comments": comments,
    }))
}

async fn heads(repository: &Repository) -> Result<Vec<Value>> {
    let mut heads = Vec::new();
    for (name, sha) in repository.git.references("refs/heads/").await? {
        let commit = repository.git.commit(&sha).await?;
        heads.push(json!({
            "branch": name.strip_prefix("refs/heads/"),
            "sha": sha,
            "message": commit.title(),
            "author": commit.author.name,
            "date": shapes::time(commit.committer.at),
        }));
    }
    Ok(heads)
}

/// The next `times` answers to paths that begin with `path` are this refusal.
async fn add_fault(State(github): Github, Input(fault): Input<Fault>) -> Result<Json<Value>> {
    let known = StatusCode::from_u16(fault.status).is_ok_and(|status| status.as_u16() >= 300);
    if !known || !fault.path.starts_with('/') {
        return Err(Refusal::Invalid(
            "a fault has a `path` that begins with `/` and a `status` of 300 or more".to_owned(),
        ));
    }
    let mut book = github.book();
    book.faults.push(fault);
    Ok(Json(json!({"faults": book.faults})))
}

async fn reset_faults(State(github): Github) -> Json<Value> {
    github.book().faults.clear();
    Json(json!({"faults": []}))
}
