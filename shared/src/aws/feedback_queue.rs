//! SQS: the way into the feedback queue, for what no event of AWS says.
//!
//! The queue deduplicates by content, as it does for EventBridge, and everything is of one group, so that GitHub is told one thing after the
//! other. Must not: send text that a queue does not take (256 KB); the messages are bounded where they are made.
//! Specification: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use aws_sdk_sqs::Client;
use serde::Serialize;

/// Service name in faults.
const SERVICE: &str = "SQS";
/// Operation name in faults.
const SEND: &str = "SendMessage";
/// The one message group (`SqsParameters` of `FeedbackEventsRule` in template.yaml).
const GROUP: &str = "github";

/// The JSON of a message.
pub(super) fn written(message: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(message).map_err(|error| Fault::Unreadable {
        service: SERVICE,
        operation: SEND,
        detail: format!("the message cannot be written: {error}"),
    })
}

/// The way into the feedback queue.
pub struct FeedbackInbox {
    client: Lazy<Client>,
    url: String,
}

impl FeedbackInbox {
    /// Into the queue at `url` (`AWS_ENDPOINT_URL_SQS`).
    #[must_use]
    pub fn new(aws: &Aws, url: String) -> Self {
        Self { client: aws.client("SQS", Client::new), url }
    }

    /// Puts `message` on the queue durably.
    ///
    /// # Errors
    /// When it is not known to be there.
    pub async fn send(&self, message: &impl Serialize) -> Result<(), Fault> {
        let call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(GROUP)
            .message_body(written(message)?);
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, SEND, &error))
    }
}

/// Without a queue nobody listens, and nothing is told.
#[cfg(feature = "source")]
impl crate::source::ports::Notices for Option<FeedbackInbox> {
    async fn tell(&self, notice: &crate::source::notice::Notice) -> Result<(), Fault> {
        match self {
            Some(inbox) => inbox.send(notice).await,
            None => Ok(()),
        }
    }
}

#[cfg(feature = "gates")]
impl crate::gates::ports::Developers for FeedbackInbox {
    async fn tell(&self, notice: &crate::gates::notice::GateNotice) -> Result<(), Fault> {
        self.send(notice).await
    }
}
