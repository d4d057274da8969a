//! The webhooks of repositories: their secret, a ping, what became of it.
//!
//! Must not: read a secret back (GitHub shows none), or log one.
//! Specification: <https://docs.github.com/en/rest/repos/webhooks>

use crate::errors::Fault;
use crate::github::client::{Call, GitHub};
use crate::source::ports::TokenSource;
use crate::source::rotation::{HookId, SecretText, Webhooks};
use http::Method;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a ping is given before its delivery is looked for.
const PAUSE: Duration = Duration::from_secs(4);

/// The webhooks that a token may change.
pub struct RepositoryHooks<T> {
    github: GitHub<T>,
    hooks: Vec<HookId>,
}

impl<T: TokenSource> RepositoryHooks<T> {
    /// The `hooks` at `github`, whose token needs the permission "Webhooks: write".
    #[must_use]
    pub fn new(github: GitHub<T>, hooks: Vec<HookId>) -> Self {
        Self { github, hooks }
    }

    async fn write(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<(), Fault> {
        let call = Call { operation, method, body, known: None };
        self.github.ask(call, path).await?.success(operation).map(drop)
    }
}

/// <https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook>
#[derive(Deserialize)]
struct Delivery {
    id: u64,
    event: String,
    status_code: u16,
}

impl<T: TokenSource> Webhooks for RepositoryHooks<T> {
    fn all(&self) -> &[HookId] {
        &self.hooks
    }

    async fn set_secret(&self, hook: &HookId, text: &SecretText) -> Result<(), Fault> {
        let body = json!({"secret": text.0}).to_string();
        self.write("update a webhook's secret", Method::PATCH, &format!("{}/config", path(hook)), Some(body))
            .await
    }

    async fn ping(&self, hook: &HookId) -> Result<(), Fault> {
        self.write("ping a webhook", Method::POST, &format!("{}/pings", path(hook)), None).await
    }

    async fn pings(&self, hook: &HookId) -> Result<BTreeMap<u64, u16>, Fault> {
        let operation = "list a webhook's deliveries";
        let answer =
            self.github.get(operation, &format!("{}/deliveries?per_page=100", path(hook)), None).await?;
        let deliveries: Vec<Delivery> = answer.json(operation)?;
        let pings = deliveries.into_iter().filter(|delivery| delivery.event == "ping");
        Ok(pings.map(|delivery| (delivery.id, delivery.status_code)).collect())
    }

    async fn pause(&self) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// The parts of a [`HookId`] were checked when it was read.
fn path(hook: &HookId) -> String {
    format!("/repos/{}/hooks/{}", hook.repository, hook.id)
}
