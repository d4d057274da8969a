//! SQS: the source queue, and the pause of the feedback queue; the way into that one is [`super::feedback_queue`].
//!
//! Must not: put a payload on the queue; the message says only "look at this branch".
//! Specification: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use crate::aws::feedback_queue::written;
use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::message::SourceRequest;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Builder, StalledStreamProtectionConfig};
use aws_types::SdkConfig;

/// Service name in faults.
const SERVICE: &str = "SQS";
/// Operation name in faults.
const SEND: &str = "SendMessage";
/// Operation name in faults.
const HIDE: &str = "ChangeMessageVisibility";
/// Longest that a message can be hidden, in seconds (12 hours; API reference, `VisibilityTimeout`).
const MAX_HIDDEN: u64 = 43_200;

/// A message is small and goes out at once: the time-out of an attempt bounds it, and nothing need watch how fast it flows, which costs as much
/// as to write it.
fn client(config: &SdkConfig) -> Client {
    let unwatched = StalledStreamProtectionConfig::disabled();
    Client::from_conf(Builder::from(config).stalled_stream_protection(unwatched).build())
}

/// The queue that the source function reads.
pub struct SourceQueue {
    client: Lazy<Client>,
    url: String,
}

impl SourceQueue {
    /// The queue at `url` (`AWS_ENDPOINT_URL_SQS`).
    #[must_use]
    pub fn new(aws: &Aws, url: String) -> Self {
        Self { client: aws.client("SQS", client), url }
    }
}

impl crate::source::ports::SourceQueue for SourceQueue {
    async fn send(&self, request: &SourceRequest) -> Result<(), Fault> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(written(request)?)
            .send()
            .await
            .map_err(|error| classify(SERVICE, SEND, &error))?;
        Ok(())
    }
}

/// The queue that the feedback function reads.
pub struct FeedbackQueue {
    client: Lazy<Client>,
    url: String,
}

impl FeedbackQueue {
    /// The queue at `url` (`AWS_ENDPOINT_URL_SQS`).
    #[must_use]
    pub fn new(aws: &Aws, url: String) -> Self {
        Self { client: aws.client("SQS", client), url }
    }

    /// Hides a received message for `seconds` from now; a FIFO queue gives out nothing of its group meanwhile.
    ///
    /// # Errors
    /// When it is not known to be hidden.
    pub async fn hide(&self, receipt_handle: &str, seconds: u64) -> Result<(), Fault> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds.min(MAX_HIDDEN)).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| classify(SERVICE, HIDE, &error))?;
        Ok(())
    }
}
