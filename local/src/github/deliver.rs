//! One delivery: sign the exact bytes, post them, remember what came of it.
//!
//! Must not: repeat a delivery by itself (GitHub never does), or keep the secret anywhere but in the webhook.
//! Specification: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>

use super::GitHub;
use anyhow::{Context, Result};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Longest wait for the receiver's answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Most of an answer that is kept, in bytes.
const ANSWER_LIMIT: usize = 1 << 20;

/// How a payload stands in the body.
#[derive(Clone, Copy, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    #[default]
    Json,
    Form,
}

/// A webhook. Not `Debug` and not `Serialize`: it holds the secret.
#[derive(Clone)]
pub(super) struct Hook {
    pub(super) id: u64,
    /// Repository id.
    pub(super) repository: u64,
    pub(super) url: String,
    /// Sent as `Host` in place of the address's own.
    pub(super) host: Option<String>,
    pub(super) encoding: Encoding,
    pub(super) secret: String,
    /// Epoch milliseconds.
    pub(super) created_at: i64,
}

/// What is sent.
#[derive(Clone)]
pub(super) struct Parcel {
    /// The same for every repetition.
    pub(super) guid: String,
    pub(super) event: String,
    pub(super) encoding: Encoding,
    /// The exact bytes of the body.
    pub(super) body: Bytes,
}

/// What the receiver answered.
#[derive(Clone)]
pub(super) struct Outcome {
    /// 0 when there was no answer.
    pub(super) code: u16,
    /// `OK`, or what went wrong.
    pub(super) status: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// A delivery that was made.
#[derive(Clone)]
pub(super) struct Delivery {
    pub(super) id: u64,
    /// Webhook id.
    pub(super) hook: u64,
    /// Repository id.
    pub(super) repository: u64,
    pub(super) parcel: Parcel,
    pub(super) redelivery: bool,
    /// Epoch milliseconds of the virtual clock.
    pub(super) at: i64,
    /// Real time spent.
    pub(super) took: Duration,
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) outcome: Outcome,
}

/// The HTTP client of the deliveries.
pub(super) struct Sender(Client<HttpConnector, Full<Bytes>>);

impl Default for Sender {
    fn default() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }
}

impl Parcel {
    /// `payload` for `hook`; `number` sets it apart from every other parcel of this clock's time.
    pub(super) fn new(hook: &Hook, event: &str, payload: &serde_json::Value, number: u64, now: i64) -> Self {
        let text = payload.to_string();
        let body = match hook.encoding {
            Encoding::Json => text,
            Encoding::Form => {
                form_urlencoded::Serializer::new(String::new()).append_pair("payload", &text).finish()
            }
        };
        let guid = guid(&format!("{} {number} {now} {body}", hook.id));
        Self { guid, event: event.to_owned(), encoding: hook.encoding, body: body.into() }
    }

    /// The same bytes under another id: what somebody sends who kept an old delivery. GitHub itself never does.
    pub(super) fn under_another_id(self, number: u64, now: i64) -> Self {
        Self { guid: guid(&format!("replay {number} {now} {}", self.guid)), ..self }
    }
}

impl GitHub {
    /// Delivers `parcel` once and keeps the record.
    pub(super) async fn deliver(&self, hook: &Hook, parcel: Parcel, redelivery: bool) -> Delivery {
        let at = self.now();
        let headers = headers(hook, &parcel);
        let begun = Instant::now();
        let outcome = match self.sender.post(hook, &headers, parcel.body.clone()).await {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                code: 0,
                status: format!("failed to connect: {error:#}"),
                headers: BTreeMap::new(),
                body: String::new(),
            },
        };
        let mut book = self.book();
        let delivery = Delivery {
            id: book.next_id(),
            hook: hook.id,
            repository: hook.repository,
            parcel,
            redelivery,
            at,
            took: begun.elapsed(),
            url: hook.url.clone(),
            headers,
            outcome,
        };
        book.deliveries.push(delivery.clone());
        delivery
    }
}

impl Sender {
    async fn post(&self, hook: &Hook, headers: &BTreeMap<String, String>, body: Bytes) -> Result<Outcome> {
        let mut request = Request::post(&hook.url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).context("the webhook's address cannot be used")?;
        let exchange = async {
            let answer = self.0.request(request).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(anyhow::Error::from_boxed)?;
            Ok::<_, anyhow::Error>((parts, body.to_bytes()))
        };
        let answer = tokio::time::timeout(TIMEOUT, exchange).await;
        let (parts, body) = answer.with_context(|| format!("no answer in {} s", TIMEOUT.as_secs()))??;
        Ok(Outcome {
            code: parts.status.as_u16(),
            status: status_words(parts.status),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
                .collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}

fn status_words(status: StatusCode) -> String {
    if status.is_success() {
        return "OK".to_owned();
    }
    format!("Invalid HTTP Response: {}", status.as_u16())
}

fn headers(hook: &Hook, parcel: &Parcel) -> BTreeMap<String, String> {
    let content_type = match parcel.encoding {
        Encoding::Json => "application/json",
        Encoding::Form => "application/x-www-form-urlencoded",
    };
    let mut headers = BTreeMap::from([
        (ACCEPT.to_string(), "*/*".to_owned()),
        (CONTENT_TYPE.to_string(), content_type.to_owned()),
        (USER_AGENT.to_string(), "GitHub-Hookshot/044aadd".to_owned()),
        ("x-github-event".to_owned(), parcel.event.clone()),
        ("x-github-delivery".to_owned(), parcel.guid.clone()),
        ("x-github-hook-id".to_owned(), hook.id.to_string()),
        ("x-github-hook-installation-target-id".to_owned(), hook.repository.to_string()),
        ("x-github-hook-installation-target-type".to_owned(), "repository".to_owned()),
    ]);
    if let Some(host) = &hook.host {
        headers.insert(HOST.to_string(), host.clone());
    }
    if let Some(signature) = sign(&hook.secret, &parcel.body) {
        headers.insert("x-hub-signature-256".to_owned(), signature);
    }
    headers
}

/// The signature of `body`; a webhook without a secret is not signed.
pub(super) fn sign(secret: &str, body: &[u8]) -> Option<String> {
    if secret.is_empty() {
        return None;
    }
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?.chain_update(body);
    Some(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

/// A GUID out of `seed`, so that the same run gives the same ones.
fn guid(seed: &str) -> String {
    let digest = hex::encode(Sha256::digest(seed));
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
