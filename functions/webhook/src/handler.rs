//! One delivery: bounded body → signature over the raw bytes → what it says → message on the queue → answer.
//!
//! Must not: parse before the signature fits, or log anything of the body, the signature or the secret.
//! Answers: docs/ERRORS.md, column webhook.

use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;
use shared::errors::{Fault, chain};
use shared::function::{OWN_TARGET, catch_panic};
use shared::model::Timestamp;
use shared::source::allow_list::AllowList;
use shared::source::delivery::{self, Delivery, printable};
use shared::source::event::Event;
use shared::source::message::{SourceRequest, delivery_id};
use shared::source::ports::{SecretSource, SourceQueue};
use shared::source::reference::Reference;
use shared::source::request::Request;
use shared::source::secrets::SecretCache;
use shared::source::signature::Signature;

/// The webhook's edge.
pub(crate) struct Handler<S, Q> {
    secrets: SecretCache<S>,
    queue: Q,
    allowed: Allowed,
    clock: fn() -> Timestamp,
}

/// Who may deliver, and about what.
pub(crate) struct Allowed {
    /// Networks; empty for all.
    pub(crate) sources: AllowList,
    /// Repository ids.
    pub(crate) repositories: Vec<u64>,
}

/// What the sender is told.
struct Answer {
    status: u16,
    result: &'static str,
    message: String,
    /// The delivery it is about, for the log.
    delivery: String,
}

impl Answer {
    fn new(status: u16, result: &'static str, message: impl Into<String>) -> Self {
        Self { status, result, message: message.into(), delivery: delivery_id(None) }
    }

    fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "refused", message)
    }

    /// The answer in the shape that the event's sender understands.
    fn render(&self, rest_api: bool) -> Result<Response, Error> {
        Ok(Response {
            status_code: self.status,
            headers: Headers { content_type: "application/json", cache_control: "no-store" },
            body: serde_json::to_string(&Words { message: &self.message, result: self.result })?,
            is_base64_encoded: false,
            cookies: (!rest_api).then_some([]),
            multi_value_headers: rest_api.then_some(NoFields {}),
        })
    }
}

/// What Lambda's caller makes an HTTP answer of: payload format 2.0 with `cookies`, 1.0 with `multiValueHeaders`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    status_code: u16,
    headers: Headers,
    body: String,
    is_base64_encoded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<NoFields>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Headers {
    content_type: &'static str,
    cache_control: &'static str,
}

#[derive(Serialize)]
struct NoFields {}

/// The body of an answer.
#[derive(Serialize)]
struct Words<'a> {
    message: &'a str,
    result: &'a str,
}

impl<S: SecretSource, Q: SourceQueue> Handler<S, Q> {
    /// A handler that lets through what is `allowed`.
    pub(crate) fn new(secrets: S, queue: Q, allowed: Allowed, clock: fn() -> Timestamp) -> Self {
        Self { secrets: SecretCache::new(secrets), queue, allowed, clock }
    }

    /// Answers one HTTP request; whatever happens is an answer and never an error of the function.
    pub(crate) async fn handle(&self, event: LambdaEvent<Event>) -> Result<Response, Error> {
        let payload = event.payload;
        let rest_api = payload.is_of_rest_api();
        let answer = catch_panic(self.answer(payload)).await.unwrap_or_else(|words| {
            tracing::error!(target: OWN_TARGET, request_id = event.context.request_id, "the webhook is broken: {words}");
            Answer::new(500, "failed", "the webhook is broken; its log says how")
        });
        answer.render(rest_api)
    }

    async fn answer(&self, event: Event) -> Answer {
        let answer = self.take(event).await;
        let Answer { status, message, delivery, .. } = &answer;
        if *status >= 400 {
            tracing::warn!(target: OWN_TARGET, status, delivery, "{message}");
        } else {
            tracing::info!(target: OWN_TARGET, status, delivery, "{message}");
        }
        answer
    }

    async fn take(&self, event: Event) -> Answer {
        if !self.allowed.sources.admits(&event) {
            return Answer::refused(
                403,
                "deliveries are not taken from this address; see `WebhookSourceCidrs`",
            );
        }
        let request = match Request::take(event) {
            Ok(request) => request,
            Err(refusal) => return Answer::refused(refusal.status(), refusal.to_string()),
        };
        let delivery = delivery_id(request.delivery.as_deref());
        let (Ok(answer) | Err(answer)) = self.deliver(&request, &delivery).await;
        Answer { delivery, ..answer }
    }

    async fn deliver(&self, request: &Request, id: &str) -> Result<Answer, Answer> {
        self.authenticate(request).await?;
        let Some(kind) = &request.event else {
            return Err(Answer::refused(
                400,
                "the header `X-GitHub-Event` is missing, was sent twice or names no event",
            ));
        };
        let body =
            request.json().map_err(|refusal| Answer::refused(refusal.status(), refusal.to_string()))?;
        let delivery = delivery::read(kind, &body, &self.allowed.repositories, id)
            .map_err(|rejection| Answer::refused(400, rejection.to_string()))?;
        match delivery {
            Delivery::Ping => Ok(Answer::new(200, "pong", "the webhook is set up: the signature is good")),
            Delivery::Nothing(why) => Ok(Answer::new(202, "ignored", why)),
            Delivery::Look(request) => self.enqueue(&request).await,
        }
    }

    async fn authenticate(&self, request: &Request) -> Result<(), Answer> {
        let unsigned =
            || Answer::refused(401, "the signature is missing or wrong; check the webhook's secret");
        let Some(signature) = request.signature.as_deref().and_then(Signature::parse) else {
            return Err(unsigned());
        };
        match self.secrets.verifies(&signature, &request.body, (self.clock)()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(unsigned()),
            Err(fault) => {
                Err(unavailable("the webhook's secret cannot be read now; deliver again later", &fault))
            }
        }
    }

    async fn enqueue(&self, request: &SourceRequest) -> Result<Answer, Answer> {
        if let Err(fault) = self.queue.send(request).await {
            return Err(unavailable(
                "the message cannot be queued now; deliver again later, or wait for the poll",
                &fault,
            ));
        }
        let what = match request.target() {
            Some(Reference::Branch(branch)) => format!("branch `{}`", printable(&branch)),
            Some(pull @ Reference::Pull(_)) => pull.to_string(),
            None => "nothing".to_owned(),
        };
        let words = format!("{what} of repository {} will be looked at", request.repository_id);
        Ok(Answer::new(202, "accepted", words))
    }
}

fn unavailable(words: &str, fault: &Fault) -> Answer {
    tracing::error!(target: OWN_TARGET, "{}", chain(fault));
    Answer::new(503, "failed", words)
}

#[cfg(test)]
mod tests;
