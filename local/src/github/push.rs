//! A push on order: one of the platform's changes becomes a commit on a branch, and the webhook is told.
//!
//! Must not: move a branch when the order cannot be carried out whole.

use super::answer::{Refusal, Result};
use super::commit::Draft;
use super::deliver::{Delivery, Hook, Parcel};
use super::payload::{Moved, NULL_SHA};
use super::platform::Step;
use super::{GitHub, Repository, shapes};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Most deliveries of one push.
const MAX_TIMES: u32 = 100;

/// What is to be pushed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// `owner/name`; the first repository when it is not said.
    #[serde(default)]
    repo: Option<String>,
    /// The default branch when it is not said; made at the default branch's head when it is new.
    #[serde(default)]
    branch: Option<String>,
    /// Name of a folder in the platform's `changes/`.
    change: String,
    /// Whether the webhook is told; a push that is not told is a lost delivery.
    #[serde(default = "yes")]
    deliver: bool,
    /// How often it is told, all at once.
    #[serde(default = "once")]
    times: u32,
    /// Least size of the payload, in bytes: file names are added to it as if very many had changed. GitHub sends up to 25 MB.
    #[serde(default, rename = "payloadBytes")]
    payload_bytes: usize,
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

/// A commit that was pushed.
struct Pushed {
    branch: String,
    /// None when the branch is new.
    before: Option<String>,
    sha: String,
}

impl GitHub {
    /// Carries out the order.
    pub(super) async fn push(self: &Arc<Self>, order: Order) -> Result<Value> {
        let repository = self.ordered_repository(order.repo.as_deref())?;
        let step = self.ordered_change(&order.change)?;
        let hook = if order.deliver { Some(self.ordered_hook(repository, order.times)?) } else { None };
        let branch = order.branch.unwrap_or_else(|| repository.default_branch.clone());
        if !repository.git.is_branch_name(&branch).await? {
            return Err(Refusal::Invalid(format!("`{branch}` cannot be the name of a branch")));
        }
        let pushed = self.commit_change(repository, branch, &step).await?;
        let deliveries = match hook {
            Some(hook) => {
                self.tell(repository, &hook, &pushed, &step, (order.times, order.payload_bytes)).await?
            }
            None => Vec::new(),
        };
        let deliveries: Vec<Value> = deliveries.iter().map(show).collect();
        Ok(json!({
            "sha": pushed.sha,
            "before": pushed.before.as_deref().unwrap_or(NULL_SHA),
            "branch": pushed.branch,
            "deliveries": deliveries,
        }))
    }

    /// The repository that an order names.
    pub(super) fn ordered_repository(&self, name: Option<&str>) -> Result<&Repository> {
        let known = match name {
            None => self.repositories.first(),
            Some(name) => self.repositories.iter().find(|known| known.full_name() == name),
        };
        known.ok_or_else(|| {
            let all: Vec<String> = self.repositories.iter().map(Repository::full_name).collect();
            let name = name.unwrap_or_default();
            Refusal::Invalid(format!("there is no repository `{name}`, there are: {}", all.join(", ")))
        })
    }

    pub(super) fn ordered_change(&self, name: &str) -> Result<Step> {
        let changes = self.platform.changes()?;
        let known: Vec<String> = changes.iter().map(|step| step.name.clone()).collect();
        changes.into_iter().find(|step| step.name == name).ok_or_else(|| {
            Refusal::Invalid(format!("there is no change `{name}`, there are: {}", known.join(", ")))
        })
    }

    pub(super) fn ordered_hook(&self, repository: &Repository, times: u32) -> Result<Hook> {
        if !(1..=MAX_TIMES).contains(&times) {
            let words = format!("`times` is {times}, between 1 and {MAX_TIMES} deliveries are made");
            return Err(Refusal::Invalid(words));
        }
        self.book().hook_of(repository.id).cloned().ok_or_else(|| {
            Refusal::Invalid(format!(
                "`{}` has no webhook to tell: set one at /_github/hooks, or push with `deliver` false",
                repository.full_name()
            ))
        })
    }

    async fn commit_change(&self, repository: &Repository, branch: String, step: &Step) -> Result<Pushed> {
        let git = &repository.git;
        let _one_at_a_time = self.pushing.lock().await;
        let before = git.reference(&format!("refs/heads/{branch}")).await?;
        let parent = match &before {
            Some(before) => before.clone(),
            None => self.commit_named(repository, &repository.default_branch).await?,
        };
        let at = self.now();
        let title = step.commit.message.lines().next().unwrap_or_default();
        let line = format!("- {} {}: {title}", shapes::time(at), step.name);
        let draft = Draft { parent: Some(&parent), step, line: Some(&line), at };
        let sha = git.write(&draft).await?;
        git.move_branch(&branch, before.as_deref(), &sha).await?;
        repository.pushed_at.store(at, Ordering::Relaxed);
        Ok(Pushed { branch, before, sha })
    }

    async fn tell(
        self: &Arc<Self>,
        repository: &Repository,
        hook: &Hook,
        pushed: &Pushed,
        step: &Step,
        (times, least): (u32, usize),
    ) -> Result<Vec<Delivery>> {
        let Pushed { branch, before, sha } = pushed;
        let moved = Moved { branch, before: before.as_deref(), after: sha, pusher: &step.commit.author };
        let mut payload = self.push_payload(repository, &moved).await?;
        enlarge(&mut payload, least);
        self.send(hook, "push", &payload, times).await
    }

    /// One payload as one parcel, `times` times at once.
    pub(super) async fn send(
        self: &Arc<Self>,
        hook: &Hook,
        event: &str,
        payload: &Value,
        times: u32,
    ) -> Result<Vec<Delivery>> {
        let number = self.book().next_id();
        let parcel = Parcel::new(hook, event, payload, number, self.now());
        let mut under_way = Vec::new();
        for _ in 0..times {
            let (github, hook, parcel) = (Arc::clone(self), hook.clone(), parcel.clone());
            under_way.push(tokio::spawn(async move { github.deliver(&hook, parcel, false).await }));
        }
        let mut deliveries = Vec::new();
        for delivery in under_way {
            deliveries.push(delivery.await.map_err(|error| Refusal::Broken(error.into()))?);
        }
        Ok(deliveries)
    }
}

/// Adds changed files to the first commit until the payload has about `least` bytes.
fn enlarge(payload: &mut Value, least: usize) {
    let missing = least.saturating_sub(payload.to_string().len());
    if let Some(files) = payload.pointer_mut("/commits/0/modified").and_then(Value::as_array_mut) {
        // A name of twenty letters, its quotes and its comma.
        files.extend((0..missing.div_ceil(23)).map(|number| json!(format!("generated/{number:010}"))));
    }
}

/// A delivery as the answer to an order shows it; `status` is 0 when the receiver did not answer.
pub(super) fn show(delivery: &Delivery) -> Value {
    let outcome = &delivery.outcome;
    let body = if outcome.code == 0 { &outcome.status } else { &outcome.body };
    let body = serde_json::from_str::<Value>(body).unwrap_or_else(|_| Value::from(body.as_str()));
    json!({"id": delivery.id, "guid": delivery.parcel.guid, "status": outcome.code, "body": body})
}
