//! The edge: one event, verdict or notice a message, in the order of the queue. What could not be told stays at the head of its group and
//! comes again, and in the end goes to the dead-letter queue.
//!
//! When GitHub wants a pause that is longer than an invocation, the message is hidden for exactly that long and handed back: a FIFO queue
//! gives out nothing of the group meanwhile, so the whole installation keeps the pause and no function waits for it.
//! Must not: decide what is told; `shared::feedback` does. Events are never logged.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::aws::sqs::FeedbackQueue;
use shared::errors::{Fault, Rejection, chain};
use shared::feedback::plan::Mode;
use shared::feedback::ports::{FeedbackHost, HostFault, Kept};
use shared::feedback::run::{FeedbackError, Outcome, Ports, take};
use shared::function::{OWN_TARGET, failed};
use shared::source::ports::Origins;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{debug, error, info, warn};

/// The feedback function's edge.
pub(crate) struct Feedback<O, K, H> {
    ports: Ports<O, K, H>,
    queue: FeedbackQueue,
    /// None: feedback is off.
    mode: Option<Mode>,
    /// Whether "feedback is off" was said.
    said: AtomicBool,
    /// Whether "GitHub takes no comment" was said.
    said_no_comment: AtomicBool,
}

impl<O: Origins, K: Kept, H: FeedbackHost> Feedback<O, K, H> {
    /// The edge over the outside world.
    pub(crate) fn new(ports: Ports<O, K, H>, queue: FeedbackQueue, mode: Option<Mode>) -> Self {
        Self { ports, queue, mode, said: AtomicBool::new(false), said_no_comment: AtomicBool::new(false) }
    }

    /// Handles a batch; answers with the messages that have to come again (`ReportBatchItemFailures`). After the first of them the rest
    /// comes again too: their order must hold.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let records = event.payload.get("Records").and_then(Value::as_array);
        let records = records.ok_or_else(|| {
            failed("Rejection", &Rejection::new("the event has no `Records`: it is no batch of a queue"))
        })?;
        let Some(mode) = self.mode else { return Ok(self.off()) };
        let mut failures = Vec::new();
        for record in records {
            let id = record.get("messageId").and_then(Value::as_str).unwrap_or_default();
            if !failures.is_empty() || !self.told(mode, id, record).await {
                failures.push(json!({"itemIdentifier": id}));
            }
        }
        Ok(json!({"batchItemFailures": failures}))
    }

    fn off(&self) -> Value {
        if !self.said.swap(true, Ordering::Relaxed) {
            info!(target: OWN_TARGET, "feedback is off: neither a GitHub App nor a token is set, events are passed over");
        }
        json!({"batchItemFailures": []})
    }

    async fn told(&self, mode: Mode, id: &str, record: &Value) -> bool {
        let result = match envelope(record) {
            Ok(envelope) => take(&self.ports, mode, &envelope).await,
            Err(rejection) => Err(rejection.into()),
        };
        match &result {
            Ok(Outcome::NoComment(_, words)) => self.no_comment(id, words),
            Ok(outcome @ Outcome::Told(1..)) => info!(target: OWN_TARGET, message_id = id, "{outcome}"),
            Ok(outcome) => debug!(target: OWN_TARGET, message_id = id, "{outcome}"),
            Err(error) => log(id, error),
        }
        if let Err(FeedbackError::Host(HostFault::Wait { seconds, .. })) = &result {
            self.hide(id, record, *seconds).await;
        }
        result.is_ok()
    }

    /// Said once: it is a matter of the App's or the token's permissions, and the checks or statuses say the same.
    fn no_comment(&self, id: &str, words: &str) {
        if !self.said_no_comment.swap(true, Ordering::Relaxed) {
            warn!(target: OWN_TARGET, message_id = id, "pull requests get no comment, give `pull requests: write`: {words}");
        }
    }

    /// When even this fails, the queue's visibility timeout is the wait.
    async fn hide(&self, id: &str, record: &Value, seconds: u64) {
        let handle = record.get("receiptHandle").and_then(Value::as_str).unwrap_or_default();
        if let Err(fault) = self.queue.hide(handle, seconds).await {
            warn!(target: OWN_TARGET, message_id = id, "the wait is the queue's own: {}", chain(&fault));
        }
    }
}

fn envelope(record: &Value) -> Result<Value, Rejection> {
    let body = record.get("body").and_then(Value::as_str);
    let body = body.ok_or_else(|| Rejection::new("the record has no `body`"))?;
    serde_json::from_str(body).map_err(|error| {
        Rejection::new(format!("its body is no JSON: line {} column {}", error.line(), error.column()))
    })
}

/// At the level of who must act (docs/ERRORS.md).
fn log(id: &str, failure: &FeedbackError) {
    let words = chain(failure);
    match failure {
        FeedbackError::Fault(Fault::Denied { .. })
        | FeedbackError::Host(HostFault::Fault(Fault::Denied { .. })) => {
            error!(target: OWN_TARGET, message_id = id, "an event comes again: {words}");
        }
        FeedbackError::Fault(_) | FeedbackError::Host(_) | FeedbackError::Rejection(_) => {
            warn!(target: OWN_TARGET, message_id = id, "an event comes again: {words}");
        }
    }
}
