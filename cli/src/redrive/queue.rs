//! The calls that take messages out of a dead-letter queue and put them back, each named for what it does.
//!
//! The emulator has no `StartMessageMoveTask`, and that call would not show what it moves. Must not: delete what was not sent before.
//! Specification: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

use crate::emulator::Emulator;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// How long a received message is hidden from others, in seconds: long enough to read and decide.
const HIDDEN: u32 = 120;
/// Messages in one answer, at most (the service's own limit).
const BATCH: u32 = 10;
/// Most messages that are looked at in one go.
const MOST: usize = 1000;

/// A message that is held back from others. Not `Debug`: bodies are not for logs.
pub(super) struct Held {
    /// Id of the message.
    pub(super) id: String,
    /// When it was first sent, epoch milliseconds.
    pub(super) sent_ms: i64,
    /// How often it was received, this time included.
    pub(super) receives: u64,
    /// Its body.
    pub(super) body: String,
    /// Its message group; none in a standard queue.
    group: Option<String>,
    receipt: String,
}

/// Holds every message of the queue at `url` that nobody else holds, at most [`MOST`].
pub(super) fn hold(emulator: &Emulator, url: &str) -> Result<Vec<Held>> {
    let mut all = Vec::new();
    let question = json!({"QueueUrl": url, "MaxNumberOfMessages": BATCH, "VisibilityTimeout": HIDDEN,
        "WaitTimeSeconds": 0, "AttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]});
    while all.len() < MOST {
        let answer = emulator.sqs("ReceiveMessage", &question)?;
        let messages = answer.get("Messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if messages.is_empty() {
            break;
        }
        for message in messages {
            all.push(held(message)?);
        }
    }
    all.sort_by(|a, b| (a.sent_ms, &a.id).cmp(&(b.sent_ms, &b.id)));
    Ok(all)
}

fn held(message: &Value) -> Result<Held> {
    let text = |key: &str| message.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let attribute = |key: &str| message.get("Attributes")?.get(key)?.as_str();
    Ok(Held {
        id: text("MessageId").context("a message has no id")?,
        sent_ms: attribute("SentTimestamp").and_then(|text| text.parse().ok()).unwrap_or_default(),
        receives: attribute("ApproximateReceiveCount").and_then(|text| text.parse().ok()).unwrap_or_default(),
        body: text("Body").unwrap_or_default(),
        group: attribute("MessageGroupId").map(ToOwned::to_owned),
        receipt: text("ReceiptHandle").context("a message has no receipt")?,
    })
}

/// Sends the message to the queue at `to`, and only then deletes it from the queue at `from`: a crash between the two leaves it in both,
/// which the receivers bear, and never in none.
pub(super) fn put_back(emulator: &Emulator, held: &Held, from: &str, to: &str) -> Result<()> {
    let mut message = json!({"QueueUrl": to, "MessageBody": held.body});
    if let (Some(group), Some(fields)) = (&held.group, message.as_object_mut()) {
        fields.insert("MessageGroupId".to_owned(), json!(group));
    }
    let sent = emulator.sqs("SendMessage", &message)?;
    ensure!(sent.get("MessageId").is_some(), "the queue did not say that it took message {}", held.id);
    emulator.sqs("DeleteMessage", &json!({"QueueUrl": from, "ReceiptHandle": held.receipt}))?;
    Ok(())
}

/// Lets others see the message again at once.
pub(super) fn let_go(emulator: &Emulator, held: &Held, from: &str) -> Result<()> {
    let body = json!({"QueueUrl": from, "ReceiptHandle": held.receipt, "VisibilityTimeout": 0});
    emulator.sqs("ChangeMessageVisibility", &body).map(|_| ())
}
