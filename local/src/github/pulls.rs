//! Pull requests on order, as the API shows them and as `pull_request` webhooks tell of them.
//!
//! Heads are real commits under `refs/pull/{number}/head`. One from a fork has no branch in this repository, as on GitHub, where the commits of
//! forks lie in the parent's object store. Not imitated: merging, labels, requested changes, the fork as a repository of its own.
//! Specification: <https://docs.github.com/en/rest/pulls/pulls>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request>

use super::answer::{Refusal, Result};
use super::commit::Draft;
use super::page::Page;
use super::platform::Step;
use super::push::show as show_delivery;
use super::{GitHub, Repository, shapes};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Ids of forks begin here; their numbers follow from the pull request's.
const FORK_IDS: u64 = 900_000;

/// What happens to a pull request (`action` of the webhook).
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Opened,
    Synchronize,
    Closed,
    Reopened,
    ReadyForReview,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Synchronize => "synchronize",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::ReadyForReview => "ready_for_review",
        }
    }
}

/// An order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    #[serde(default)]
    repo: Option<String>,
    action: Action,
    /// Which one; `opened` makes a new one and needs none.
    #[serde(default)]
    number: Option<u64>,
    /// Head branch; for `opened`.
    #[serde(default)]
    branch: Option<String>,
    /// Base branch; the default one when it is not said.
    #[serde(default)]
    base: Option<String>,
    /// Name of a folder in the platform's `changes/`; for `opened` and `synchronize`.
    #[serde(default)]
    change: Option<String>,
    /// `owner/name` of the fork that it comes from.
    #[serde(default)]
    fork: Option<String>,
    #[serde(default)]
    draft: bool,
    /// How often the webhook is told; 0 loses the delivery.
    #[serde(default = "once")]
    deliveries: u32,
}

fn once() -> u32 {
    1
}

/// A pull request.
#[derive(Clone)]
pub(super) struct Pull {
    pub(super) number: u64,
    /// Repository id.
    pub(super) repository: u64,
    is_open: bool,
    draft: bool,
    title: String,
    author: String,
    pub(super) base: String,
    branch: String,
    /// `owner/name` of the fork.
    fork: Option<String>,
    pub(super) head: String,
    /// Epoch milliseconds.
    created_at: i64,
    updated_at: i64,
}

impl GitHub {
    /// Carries out the order.
    pub(super) async fn order_pull(self: &Arc<Self>, order: Order) -> Result<Value> {
        let repository = self.ordered_repository(order.repo.as_deref())?;
        let hook = match order.deliveries {
            0 => None,
            times => Some(self.ordered_hook(repository, times)?),
        };
        let before = self.known(repository, &order)?;
        let pull = match order.action {
            Action::Opened => self.open_pull(repository, &order).await?,
            Action::Synchronize => self.push_to_pull(repository, &order, &before).await?,
            Action::Closed => Pull { is_open: false, ..self.touched(before.clone())? },
            Action::Reopened => Pull { is_open: true, ..self.touched(before.clone())? },
            Action::ReadyForReview => Pull { draft: false, ..self.touched(before.clone())? },
        };
        self.book().keep_pull(pull.clone());
        let mut deliveries = Vec::new();
        if let Some(hook) = hook {
            let payload = self.pull_payload(repository, order.action, before.as_ref(), &pull).await?;
            deliveries = self.send(&hook, "pull_request", &payload, order.deliveries).await?;
        }
        let deliveries: Vec<Value> = deliveries.iter().map(show_delivery).collect();
        Ok(json!({"number": pull.number, "sha": pull.head, "deliveries": deliveries}))
    }

    fn known(&self, repository: &Repository, order: &Order) -> Result<Option<Pull>> {
        match (order.action, order.number) {
            (Action::Opened, None) => Ok(None),
            (Action::Opened, Some(_)) => Err(Refusal::Invalid("`opened` makes a new number".to_owned())),
            (_, None) => Err(Refusal::Invalid("`number` says which pull request".to_owned())),
            (_, Some(number)) => match self.book().pull(repository.id, number) {
                Some(pull) => Ok(Some(pull)),
                None => Err(Refusal::Invalid(format!("there is no pull request {number}"))),
            },
        }
    }

    fn touched(&self, pull: Option<Pull>) -> Result<Pull> {
        let pull = pull.ok_or(Refusal::NotFound)?;
        Ok(Pull { updated_at: self.now(), ..pull })
    }

    async fn open_pull(&self, repository: &Repository, order: &Order) -> Result<Pull> {
        let step = self.pull_change(order)?;
        let branch =
            order.branch.clone().ok_or_else(|| Refusal::Invalid("`branch` names the head".to_owned()))?;
        if !repository.git.is_branch_name(&branch).await? {
            return Err(Refusal::Invalid(format!("`{branch}` cannot be the name of a branch")));
        }
        let base = order.base.clone().unwrap_or_else(|| repository.default_branch.clone());
        let parent = self.commit_named(repository, &base).await?;
        let (number, now) = (self.book().next_pull(repository.id), self.now());
        let head = self.commit_on(repository, &parent, &step).await?;
        if order.fork.is_none() {
            repository.git.move_branch(&branch, None, &head).await?;
        }
        let pull = Pull {
            number,
            repository: repository.id,
            is_open: true,
            draft: order.draft,
            title: step.commit.message.lines().next().unwrap_or_default().to_owned(),
            author: step.commit.author.name.clone(),
            base,
            branch,
            fork: order.fork.clone(),
            head,
            created_at: now,
            updated_at: now,
        };
        point(repository, &pull).await?;
        Ok(pull)
    }

    async fn push_to_pull(
        &self,
        repository: &Repository,
        order: &Order,
        before: &Option<Pull>,
    ) -> Result<Pull> {
        let step = self.pull_change(order)?;
        let pull = self.touched(before.clone())?;
        let head = self.commit_on(repository, &pull.head, &step).await?;
        if pull.fork.is_none() {
            repository.git.move_branch(&pull.branch, Some(&pull.head), &head).await?;
        }
        let pull = Pull { head, ..pull };
        point(repository, &pull).await?;
        Ok(pull)
    }

    fn pull_change(&self, order: &Order) -> Result<Step> {
        match &order.change {
            Some(change) => self.ordered_change(change),
            None => Err(Refusal::Invalid("`change` names what the commit changes".to_owned())),
        }
    }

    async fn commit_on(&self, repository: &Repository, parent: &str, step: &Step) -> Result<String> {
        let _one_at_a_time = self.pushing.lock().await;
        let at = self.now();
        let line = format!("- {} {} in a pull request", shapes::time(at), step.name);
        let draft = Draft { parent: Some(parent), step, line: Some(&line), at };
        Ok(repository.git.write(&draft).await?)
    }

    async fn pull_payload(
        &self,
        repository: &Repository,
        action: Action,
        before: Option<&Pull>,
        pull: &Pull,
    ) -> Result<Value> {
        let mut payload = json!({
            "action": action.word(),
            "number": pull.number,
            "pull_request": self.show_pull(repository, pull).await?,
            "repository": self.show(repository),
            "organization": {"login": repository.owner, "id": 7},
            "sender": shapes::account(&pull.author),
        });
        if let (Action::Synchronize, Some(before), Some(fields)) = (action, before, payload.as_object_mut()) {
            fields.insert("before".to_owned(), before.head.clone().into());
            fields.insert("after".to_owned(), pull.head.clone().into());
        }
        Ok(payload)
    }

    pub(super) async fn show_pull(&self, repository: &Repository, pull: &Pull) -> Result<Value> {
        let base = self.commit_named(repository, &pull.base).await?;
        let number = pull.number;
        let mine = self.show(repository);
        let head_repository =
            pull.fork.as_ref().map_or_else(|| mine.clone(), |fork| fork_of(&mine, fork, number));
        let owner = |repository: &Value| {
            repository.pointer("/owner/login").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Ok(json!({
            "id": 5_000_000 + number,
            "number": number,
            "url": self.address(repository, &format!("/pulls/{number}")),
            "html_url": self.page_address(repository, &format!("/pull/{number}")),
            "state": if pull.is_open { "open" } else { "closed" },
            "draft": pull.draft,
            "merged": false,
            "locked": false,
            "title": pull.title,
            "user": shapes::account(&pull.author),
            "author_association": if pull.fork.is_some() { "NONE" } else { "MEMBER" },
            "created_at": shapes::time(pull.created_at),
            "updated_at": shapes::time(pull.updated_at),
            "closed_at": if pull.is_open { Value::Null } else { shapes::time(pull.updated_at).into() },
            "head": {"label": format!("{}:{}", owner(&head_repository), pull.branch), "ref": pull.branch, "sha": pull.head, "repo": head_repository},
            "base": {"label": format!("{}:{}", repository.owner, pull.base), "ref": pull.base, "sha": base, "repo": mine},
        }))
    }
}

/// The repository as its fork would be shown.
fn fork_of(repository: &Value, full_name: &str, number: u64) -> Value {
    let mut fork = repository.clone();
    let (owner, name) = full_name.split_once('/').unwrap_or((full_name, full_name));
    if let Some(fields) = fork.as_object_mut() {
        fields.insert("id".to_owned(), (FORK_IDS + number).into());
        fields.insert("name".to_owned(), name.into());
        fields.insert("full_name".to_owned(), full_name.into());
        fields.insert("owner".to_owned(), shapes::account(owner));
        fields.insert("fork".to_owned(), true.into());
    }
    fork
}

async fn point(repository: &Repository, pull: &Pull) -> Result<()> {
    let reference = format!("refs/pull/{}/head", pull.number);
    repository.git.call(&["update-ref", "--", &reference, &pull.head]).text().await?;
    Ok(())
}

/// `GET /repos/{owner}/{name}/pulls`: open ones unless `state` says otherwise, newest first; `base` and `head` choose.
pub(super) async fn list(
    State(github): State<Arc<GitHub>>,
    Path((owner, name)): Path<(String, String)>,
    page: Page,
) -> Result<Response> {
    let repository = github.repository(&owner, &name)?;
    let state = page.parameter("state").unwrap_or("open").to_owned();
    let wanted = |pull: &Pull| match state.as_str() {
        "all" => true,
        "closed" => !pull.is_open,
        _ => pull.is_open,
    };
    let base = page.parameter("base").map(ToOwned::to_owned);
    let mut pulls = github.book().pulls(repository.id);
    pulls.retain(|pull| wanted(pull) && base.as_ref().is_none_or(|base| pull.base == *base));
    pulls.reverse();
    let total = pulls.len();
    let mut shown = Vec::new();
    for pull in page.of(pulls) {
        shown.push(github.show_pull(repository, &pull).await?);
    }
    Ok(page.answer(&github.url, total, Value::Array(shown)))
}

/// `GET /repos/{owner}/{name}/pulls/{number}`.
pub(super) async fn one(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, number)): Path<(String, String, u64)>,
) -> Result<Json<Value>> {
    let repository = github.repository(&owner, &name)?;
    let pull = github.book().pull(repository.id, number).ok_or(Refusal::NotFound)?;
    github.show_pull(repository, &pull).await.map(Json)
}
