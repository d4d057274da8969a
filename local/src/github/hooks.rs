//! Webhooks and their delivery log, as the API shows them.
//!
//! Specification: <https://docs.github.com/en/rest/repos/webhooks>

use super::answer::{Input, Refusal, Result};
use super::deliver::{Delivery, Encoding, Hook, Parcel};
use super::page::Page;
use super::{GitHub, Repository, shapes};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Deliveries on a page that nobody gave a size, and at most.
const PAGE: (usize, usize) = (30, 100);

type OfHook = Path<(String, String, u64)>;
type OfDelivery = Path<(String, String, u64, u64)>;

pub(super) async fn list(
    State(github): State<Arc<GitHub>>,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let hooks = github.book().hook_of(repository.id).cloned();
    Ok(Json(hooks.iter().map(|hook| show(&github, repository, hook)).collect()))
}

pub(super) async fn one(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, hook)): OfHook,
) -> Result<Json<Value>> {
    let (repository, hook) = find(&github, &owner, &name, hook)?;
    Ok(Json(show(&github, repository, &hook)))
}

/// What is to change of a webhook's configuration. Not `Debug`: it holds the secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigOrder {
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    content_type: Option<Encoding>,
}

/// Changes what is named and nothing else; deliveries are signed with the new secret from then on.
pub(super) async fn configure(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, hook)): OfHook,
    Input(order): Input<ConfigOrder>,
) -> Result<Json<Value>> {
    let (_, hook) = find(&github, &owner, &name, hook)?;
    let mut book = github.book();
    let known = book.hooks.iter_mut().find(|known| known.id == hook.id).ok_or(Refusal::NotFound)?;
    known.secret = order.secret.unwrap_or_else(|| known.secret.clone());
    known.url = order.url.unwrap_or_else(|| known.url.clone());
    known.encoding = order.content_type.unwrap_or(known.encoding);
    Ok(Json(config(known)))
}

/// Sends a ping.
pub(super) async fn ping(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, hook)): OfHook,
) -> Result<StatusCode> {
    let (repository, hook) = find(&github, &owner, &name, hook)?;
    github.ping(repository, &hook).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The log, newest first; `?cursor=` is the id of the delivery that a page begins with.
pub(super) async fn deliveries(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, hook)): OfHook,
    page: Page,
) -> Result {
    let (_, hook) = find(&github, &owner, &name, hook)?;
    let number = |name: &str| page.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("per_page").unwrap_or(PAGE.0).clamp(1, PAGE.1);
    let cursor: u64 = page.parameter("cursor").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let (shown, next) = {
        let book = github.book();
        let mut log = book.deliveries.iter().rev().filter(|one| one.hook == hook.id && one.id <= cursor);
        let shown: Vec<Value> = log.by_ref().take(size).map(item).collect();
        (shown, log.next().map(|one| one.id))
    };
    let mut answer = Json(shown).into_response();
    if let Some(next) = next {
        let path = format!("{}/repos/{owner}/{name}/hooks/{}/deliveries", github.url, hook.id);
        let link = format!("<{path}?per_page={size}&cursor={next}>; rel=\"next\"");
        if let Ok(value) = HeaderValue::from_str(&link) {
            answer.headers_mut().insert("link", value);
        }
    }
    Ok(answer)
}

pub(super) async fn delivery(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, hook, delivery)): OfDelivery,
) -> Result<Json<Value>> {
    let (_, hook) = find(&github, &owner, &name, hook)?;
    let found = made(&github, hook.id, delivery)?;
    let mut shown = item(&found);
    if let Some(fields) = shown.as_object_mut() {
        let text = String::from_utf8_lossy(&found.parcel.body);
        let payload: Value = match found.parcel.encoding {
            Encoding::Json => serde_json::from_str(&text).unwrap_or_default(),
            Encoding::Form => Value::from(text),
        };
        let outcome = &found.outcome;
        fields.insert("url".to_owned(), found.url.clone().into());
        fields.insert("request".to_owned(), json!({"headers": found.headers, "payload": payload}));
        fields.insert("response".to_owned(), json!({"headers": outcome.headers, "payload": outcome.body}));
    }
    Ok(Json(shown))
}

/// Delivers again: the same GUID, the same bytes, signed with the secret of now. Answers when it is done.
pub(super) async fn redeliver(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, hook, delivery)): OfDelivery,
) -> Result {
    let (_, hook) = find(&github, &owner, &name, hook)?;
    let parcel: Parcel = made(&github, hook.id, delivery)?.parcel;
    github.deliver(&hook, parcel, true).await;
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

impl GitHub {
    /// Asks the receiver whether it is there.
    pub(super) async fn ping(&self, repository: &Repository, hook: &Hook) -> Delivery {
        let payload = self.ping_payload(repository, hook);
        let number = self.book().next_id();
        let parcel = Parcel::new(hook, "ping", &payload, number, self.now());
        self.deliver(hook, parcel, false).await
    }
}

fn find<'a>(github: &'a GitHub, owner: &str, name: &str, id: u64) -> Result<(&'a Repository, Hook)> {
    let repository = github.repository(owner, name)?;
    let book = github.book();
    let hook = book.hook_of(repository.id).filter(|hook| hook.id == id);
    hook.cloned().map(|hook| (repository, hook)).ok_or(Refusal::NotFound)
}

/// A delivery of the log.
pub(super) fn made(github: &GitHub, hook: u64, id: u64) -> Result<Delivery> {
    let book = github.book();
    let found = book.deliveries.iter().find(|one| one.hook == hook && one.id == id);
    found.cloned().ok_or(Refusal::NotFound)
}

/// A webhook without its secret.
pub(super) fn show(github: &GitHub, repository: &Repository, hook: &Hook) -> Value {
    let at = shapes::time(hook.created_at);
    let address = github.address(repository, &format!("/hooks/{}", hook.id));
    json!({
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": true,
        "events": ["push"],
        "config": config(hook),
        "created_at": at,
        "updated_at": at,
        "url": address,
        "ping_url": format!("{address}/pings"),
        "deliveries_url": format!("{address}/deliveries"),
    })
}

/// A webhook's configuration; of a secret only that there is one.
fn config(hook: &Hook) -> Value {
    let mut config = json!({"url": hook.url, "content_type": hook.encoding, "insecure_ssl": "0"});
    if let Some(fields) = config.as_object_mut()
        && !hook.secret.is_empty()
    {
        fields.insert("secret".to_owned(), "********".into());
    }
    config
}

/// A delivery without what was sent and answered.
pub(super) fn item(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "guid": delivery.parcel.guid,
        "delivered_at": shapes::time(delivery.at),
        "redelivery": delivery.redelivery,
        "duration": delivery.took.as_secs_f64(),
        "status": delivery.outcome.status,
        "status_code": delivery.outcome.code,
        "event": delivery.parcel.event,
        "action": null,
        "installation_id": null,
        "repository_id": delivery.repository,
        "throttled_at": null,
    })
}
