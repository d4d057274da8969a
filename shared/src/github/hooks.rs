//! The webhooks of repositories: their secret, a ping, and the log of their deliveries, each of which can be made again.
//!
//! Must not: read a secret back (GitHub shows none), or log one; follow an address out of an answer (of a `link` the cursor is taken and
//! nothing else).
//! Specification: <https://docs.github.com/en/rest/repos/webhooks>

use crate::errors::Fault;
use crate::github::answer::Answer;
use crate::github::client::{Call, GitHub, denied};
use crate::model::Timestamp;
use crate::source::ports::TokenSource;
use crate::source::rotation::{HookId, SecretText, Webhooks};
use crate::source::secrets::REFETCH_PAUSE_MS;
use crate::source::sweep::{Attempt, DeliveryLog, Page, Trouble};
use http::Method;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a ping is given before its delivery is looked for.
const PAUSE: Duration = Duration::from_secs(4);
/// How long a new secret is held back: a receiver fetches its secrets for an unknown signature again after [`REFETCH_PAUSE_MS`]; a second
/// more is for clocks that are not exact.
const SETTLED: Duration = Duration::from_millis(REFETCH_PAUSE_MS.unsigned_abs() + 1000);
/// Operation names in faults.
const LIST: &str = "list a webhook's deliveries";
const REDELIVER: &str = "redeliver a delivery";

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

    async fn settle(&self) {
        tokio::time::sleep(SETTLED).await;
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
        let answer = self.github.get(LIST, &log(hook, None), None).await?;
        let deliveries: Vec<Delivery> = answer.json(LIST)?;
        let pings = deliveries.into_iter().filter(|delivery| delivery.event == "ping");
        Ok(pings.map(|delivery| (delivery.id, delivery.status_code)).collect())
    }

    async fn pause(&self) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// <https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook>
#[derive(Deserialize)]
struct Entry {
    id: u64,
    guid: String,
    delivered_at: Timestamp,
    redelivery: bool,
    event: String,
    status_code: u16,
}

impl From<Entry> for Attempt {
    fn from(entry: Entry) -> Self {
        let Entry { id, guid, delivered_at: at, redelivery, event, status_code: status } = entry;
        Self { id, guid, event, at, redelivery, status }
    }
}

impl<T: TokenSource> DeliveryLog for RepositoryHooks<T> {
    async fn page(&self, hook: &HookId, from: Option<&str>) -> Result<Page, Trouble> {
        let answer = settled(LIST, self.github.get(LIST, &log(hook, from), None).await?)?;
        let next = answer.header("link").and_then(cursor);
        let entries: Vec<Entry> = answer.json(LIST)?;
        Ok(Page { attempts: entries.into_iter().map(Attempt::from).collect(), next })
    }

    async fn redeliver(&self, hook: &HookId, attempt: u64) -> Result<(), Trouble> {
        self.github.pace().await;
        let call = Call { operation: REDELIVER, method: Method::POST, body: None, known: None };
        let path = format!("{}/deliveries/{attempt}/attempts", path(hook));
        settled(REDELIVER, self.github.ask(call, &path).await?).map(drop)
    }
}

/// An answer that says yes; a refusal names what the token needs. GitHub answers 404 where a token may not look.
fn settled(operation: &'static str, answer: Answer) -> Result<Answer, Trouble> {
    if let Some(seconds) = answer.wait() {
        return Err(Trouble::Wait { seconds });
    }
    let help = match answer.status.as_u16() {
        401 => "the token is wrong or has ended",
        403 => "the token needs the permission `Webhooks: write` for this repository",
        404 => {
            "there is no such webhook, or the token has not the permission `Webhooks: write` for this repository"
        }
        _ => return Ok(answer.success(operation)?),
    };
    Err(denied(operation, format!("status {}, {help}", answer.status.as_u16())).into())
}

/// The log of a webhook, from a cursor on.
fn log(hook: &HookId, from: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("per_page", "100");
    if let Some(cursor) = from {
        query.append_pair("cursor", cursor);
    }
    format!("{}/deliveries?{}", path(hook), query.finish())
}

/// The cursor of the next page in a `link` header.
/// <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers>
fn cursor(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let (_, query) = next.split_once('<')?.1.split_once('>')?.0.split_once('?')?;
    let mut fields = form_urlencoded::parse(query.as_bytes());
    fields.find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.into_owned())
}

/// The parts of a [`HookId`] were checked when it was read.
fn path(hook: &HookId) -> String {
    format!("/repos/{}/hooks/{}", hook.repository, hook.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    #[test]
    fn of_a_link_only_the_cursor_of_the_next_page_is_taken() {
        let link = "<https://evil.test/hooks/7/deliveries?per_page=100&cursor=v1_1%2B7>; rel=\"next\", <https://api.github.com/x?cursor=first>; rel=\"first\"";
        assert_eq!(cursor(link).as_deref(), Some("v1_1+7"));
        for other in
            ["", "<https://x/y?cursor=1>; rel=\"prev\"", "<https://x/y>; rel=\"next\"", "rel=\"next\""]
        {
            assert_eq!(cursor(other), None, "{other}");
        }
        let hook = HookId { repository: "acme/shop".to_owned(), id: 7 };
        insta::assert_snapshot!(log(&hook, Some("v1_1+7&page=2")), @"/repos/acme/shop/hooks/7/deliveries?per_page=100&cursor=v1_1%2B7%26page%3D2");
        insta::assert_snapshot!(log(&hook, None), @"/repos/acme/shop/hooks/7/deliveries?per_page=100");
    }

    #[test]
    fn a_refusal_names_the_permission_and_a_rate_limit_is_a_wait() {
        let words = |status: u16, headers: &[(&'static str, &'static str)]| {
            let headers: HeaderMap =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() };
            settled(LIST, answer).err().unwrap().to_string()
        };
        insta::assert_snapshot!(words(401, &[]), @"GitHub refused `list a webhook's deliveries`: status 401, the token is wrong or has ended");
        insta::assert_snapshot!(words(403, &[]), @"GitHub refused `list a webhook's deliveries`: status 403, the token needs the permission `Webhooks: write` for this repository");
        insta::assert_snapshot!(words(404, &[]), @"GitHub refused `list a webhook's deliveries`: status 404, there is no such webhook, or the token has not the permission `Webhooks: write` for this repository");
        insta::assert_snapshot!(words(403, &[("retry-after", "60")]), @"GitHub asks for a pause of 60 s");
        insta::assert_snapshot!(words(502, &[]), @"GitHub could not answer `list a webhook's deliveries` now: status 502");
    }
}
