//! SQS: the source queue.
//!
//! Must not: put a payload on the queue; the message says only "look at this branch".
//! Specification: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::message::SourceRequest;
use aws_sdk_sqs::Client;

/// Service name in faults.
const SERVICE: &str = "SQS";
/// Operation name in faults.
const SEND: &str = "SendMessage";

/// The queue that the source function reads.
pub struct SourceQueue {
    client: Lazy<Client>,
    url: String,
}

impl SourceQueue {
    /// The queue at `url` (`AWS_ENDPOINT_URL_SQS`).
    #[must_use]
    pub fn new(aws: &Aws, url: String) -> Self {
        Self { client: aws.client("SQS", Client::new), url }
    }
}

impl crate::source::ports::SourceQueue for SourceQueue {
    async fn send(&self, request: &SourceRequest) -> Result<(), Fault> {
        let body = serde_json::to_string(request).map_err(|error| Fault::Unreadable {
            service: SERVICE,
            operation: SEND,
            detail: format!("the message cannot be written: {error}"),
        })?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await
            .map_err(|error| classify(SERVICE, SEND, &error))?;
        Ok(())
    }
}
