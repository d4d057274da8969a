//! Reviews on order, who may write, and the merge queue's branches.
//!
//! A review keeps the commit that was the head when it was written, unless the order names another. Not imitated: comments on lines,
//! pending reviews, teams; the commit of a merge group is the pull request's head, where GitHub makes a merge of its own.
//! Specification: <https://docs.github.com/en/rest/pulls/reviews>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group>

use super::answer::{Refusal, Result};
use super::page::Page;
use super::push::show as show_delivery;
use super::{GitHub, shapes};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A review to be written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewOrder {
    #[serde(default)]
    repo: Option<String>,
    number: u64,
    reviewer: String,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`.
    state: String,
    #[serde(default)]
    body: String,
    /// The head of now when it is not said.
    #[serde(default)]
    commit: Option<String>,
    #[serde(default = "once")]
    deliveries: u32,
}

/// What an account may do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionOrder {
    account: String,
    /// `admin`, `write`, `read`, `none`.
    permission: String,
}

/// A merge group that is asked for or over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupOrder {
    #[serde(default)]
    repo: Option<String>,
    /// `checks_requested`, `destroyed`.
    action: String,
    /// The pull request that is merged.
    number: u64,
    #[serde(default = "once")]
    deliveries: u32,
}

fn once() -> u32 {
    1
}

/// A review.
#[derive(Clone)]
pub(super) struct Review {
    pub(super) id: u64,
    /// Repository id.
    pub(super) repository: u64,
    pub(super) number: u64,
    reviewer: String,
    state: String,
    body: String,
    commit: String,
    /// Epoch milliseconds.
    at: i64,
}

impl GitHub {
    /// Writes the review, and tells of it.
    pub(super) async fn order_review(self: &Arc<Self>, order: ReviewOrder) -> Result<Value> {
        let repository = self.ordered_repository(order.repo.as_deref())?;
        let pull = self.book().pull(repository.id, order.number).ok_or(Refusal::NotFound)?;
        let review = Review {
            id: self.book().next_id(),
            repository: repository.id,
            number: order.number,
            reviewer: order.reviewer,
            state: order.state,
            body: order.body,
            commit: order.commit.unwrap_or_else(|| pull.head.clone()),
            at: self.now(),
        };
        self.book().reviews.push(review.clone());
        let mut deliveries = Vec::new();
        if order.deliveries > 0 {
            let hook = self.ordered_hook(repository, order.deliveries)?;
            let mut shown = show(&review);
            if let Some(state) = shown.get_mut("state") {
                *state = review.state.to_lowercase().into();
            }
            let payload = json!({
                "action": if review.state == "DISMISSED" { "dismissed" } else { "submitted" },
                "review": shown,
                "pull_request": self.show_pull(repository, &pull).await?,
                "repository": self.show(repository),
                "sender": shapes::account(&review.reviewer),
            });
            deliveries = self.send(&hook, "pull_request_review", &payload, order.deliveries).await?;
        }
        let deliveries: Vec<Value> = deliveries.iter().map(show_delivery).collect();
        Ok(json!({"id": review.id, "commit": review.commit, "deliveries": deliveries}))
    }

    /// Notes what an account may do.
    pub(super) fn order_permission(&self, order: PermissionOrder) -> Value {
        let PermissionOrder { account, permission } = order;
        let shown = json!({"account": account, "permission": permission});
        self.book().permissions.insert(account, permission);
        shown
    }

    /// Makes or removes the branch of a merge group, and tells of it.
    pub(super) async fn order_merge_group(self: &Arc<Self>, order: GroupOrder) -> Result<Value> {
        let repository = self.ordered_repository(order.repo.as_deref())?;
        let pull = self.book().pull(repository.id, order.number).ok_or(Refusal::NotFound)?;
        let base_sha = self.commit_named(repository, &pull.base).await?;
        let branch = format!("gh-readonly-queue/{}/pr-{}-{base_sha}", pull.base, pull.number);
        let reference = format!("refs/heads/{branch}");
        match order.action.as_str() {
            "checks_requested" => {
                repository.git.call(&["update-ref", "--", &reference, &pull.head]).text().await?;
            }
            "destroyed" => {
                repository.git.call(&["update-ref", "-d", &reference]).text().await?;
            }
            other => return Err(Refusal::Invalid(format!("`{other}` is no action of a merge group"))),
        }
        let mut deliveries = Vec::new();
        if order.deliveries > 0 {
            let hook = self.ordered_hook(repository, order.deliveries)?;
            let payload = json!({
                "action": order.action,
                "merge_group": {
                    "head_sha": pull.head, "head_ref": reference, "base_sha": base_sha,
                    "base_ref": format!("refs/heads/{}", pull.base),
                },
                "repository": self.show(repository),
                "sender": shapes::account(&repository.owner),
            });
            deliveries = self.send(&hook, "merge_group", &payload, order.deliveries).await?;
        }
        let deliveries: Vec<Value> = deliveries.iter().map(show_delivery).collect();
        Ok(json!({"branch": branch, "sha": pull.head, "deliveries": deliveries}))
    }
}

fn show(review: &Review) -> Value {
    json!({
        "id": review.id,
        "user": shapes::account(&review.reviewer),
        "body": review.body,
        "state": review.state,
        "commit_id": review.commit,
        "submitted_at": shapes::time(review.at),
    })
}

/// `GET /repos/{owner}/{name}/pulls/{number}/reviews`, oldest first.
pub(super) async fn list(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    page: Page,
) -> Result<Response> {
    let repository = github.repository(&owner, &name)?;
    github.book().pull(repository.id, number).ok_or(Refusal::NotFound)?;
    let ours = |review: &&Review| review.repository == repository.id && review.number == number;
    let all: Vec<Review> = github.book().reviews.iter().filter(ours).cloned().collect();
    let total = all.len();
    let shown: Vec<Value> = page.of(all).iter().map(show).collect();
    Ok(page.answer(&github.url, total, Value::Array(shown)))
}

/// `GET /repos/{owner}/{name}/collaborators/{account}/permission`; everybody may read.
pub(super) async fn permission(
    State(github): State<Arc<GitHub>>,
    Path((owner, name, account)): Path<(String, String, String)>,
) -> Result<Json<Value>> {
    github.repository(&owner, &name)?;
    let known = github.book().permissions.get(&account).cloned();
    let permission = known.unwrap_or_else(|| "read".to_owned());
    Ok(Json(json!({"permission": permission, "role_name": permission, "user": shapes::account(&account)})))
}
