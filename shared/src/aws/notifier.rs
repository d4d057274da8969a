//! Messages to people through SNS (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use aws_sdk_sns::Client;

/// Longest subject that SNS takes, in characters.
const MAX_SUBJECT: usize = 100;

/// Publishes to one topic: plain text, or a text for each protocol.
pub struct Topic {
    client: Lazy<Client>,
    arn: String,
}

impl Topic {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, arn: &str) -> Self {
        Self { client: aws.client("SNS", Client::new), arn: arn.to_owned() }
    }

    /// Publishes; the subject is cut to what SNS takes: printable ASCII, 100 characters.
    ///
    /// # Errors
    /// As classified.
    pub async fn publish(&self, subject: &str, text: &str) -> Result<(), Fault> {
        self.send(subject, text, None).await
    }

    async fn send(&self, subject: &str, message: &str, structure: Option<&str>) -> Result<(), Fault> {
        let subject: String =
            subject.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SUBJECT).collect();
        let call = self.client.publish().topic_arn(&self.arn).subject(subject).message(message);
        let call = call.set_message_structure(structure.map(ToOwned::to_owned));
        call.send().await.map(|_| ()).map_err(|error| classify("SNS", "Publish", &error))
    }
}

#[cfg(feature = "gates")]
impl crate::gates::ports::Notifier for Topic {
    async fn publish(&self, alert: &crate::gates::alert::Alert) -> Result<(), Fault> {
        self.send(&alert.subject, &alert.by_protocol(), Some("json")).await
    }
}

#[cfg(feature = "delivery")]
impl crate::delivery::ports::Notifier for Topic {
    async fn publish(&self, subject: &str, text: &str) -> Result<(), Fault> {
        Self::publish(self, subject, text).await
    }
}
