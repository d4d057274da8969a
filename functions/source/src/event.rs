//! Who invokes the source function: the queue, the schedule, or a person.

use serde_json::Value;
use shared::errors::Rejection;
use shared::source::message::SourceRequest;

/// One message of a batch. Its body may be anything.
pub(crate) struct Message {
    /// What the queue is told when it could not be handled.
    pub(crate) id: String,
    /// The request, or why it is none.
    pub(crate) request: Result<SourceRequest, Rejection>,
}

/// An invocation.
pub(crate) enum Event {
    /// Messages of the source queue.
    Batch(Vec<Message>),
    /// The schedule: look at every branch that has a route.
    Poll,
    /// One branch, asked for directly.
    Direct(SourceRequest),
}

impl Event {
    /// Sorts the event by its shape (SQS event, scheduled event, source request).
    pub(crate) fn read(event: &Value) -> Result<Self, Rejection> {
        if let Some(records) = event.get("Records").and_then(Value::as_array) {
            return records.iter().map(message).collect::<Result<_, _>>().map(Self::Batch);
        }
        if event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event") {
            return Ok(Self::Poll);
        }
        SourceRequest::parse(&event.to_string()).map(Self::Direct)
    }
}

/// Without an id the queue cannot be told what failed: then the whole batch has.
fn message(record: &Value) -> Result<Message, Rejection> {
    let id = record.get("messageId").and_then(Value::as_str).filter(|id| !id.is_empty());
    let Some(id) = id else { return Err(Rejection::new("a record of the batch has no `messageId`")) };
    let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
    Ok(Message { id: id.to_owned(), request: SourceRequest::parse(body) })
}
