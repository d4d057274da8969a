//! How often a pattern is in log streams, out of `CloudWatch` Logs
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
//!
//! Must not: keep a line.

use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::{Counted, LogPatterns};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_cloudwatchlogs::Client;

const SERVICE: &str = "CloudWatch Logs";
/// Most streams of one call.
const MAX_STREAMS: usize = 100;
/// Most pages of one call's answer: the count is advice, and a page may be empty.
const MAX_PAGES: usize = 10;

/// `CloudWatch` Logs through its API.
pub struct LogGroups {
    client: Lazy<Client>,
}

impl LogGroups {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CLOUDWATCH_LOGS", Client::new) }
    }
}

impl LogPatterns for LogGroups {
    async fn count(
        &self,
        group: &str,
        streams: &[String],
        pattern: &str,
        since: Timestamp,
    ) -> Result<Counted, Fault> {
        let mut counted = Counted { events: 0, is_whole: true };
        for some in streams.chunks(MAX_STREAMS) {
            let (mut token, mut is_whole) = (None, false);
            for _ in 0..MAX_PAGES {
                let call = self
                    .client
                    .filter_log_events()
                    .log_group_name(group)
                    .set_log_stream_names(Some(some.to_vec()))
                    .filter_pattern(pattern)
                    .start_time(since.millis())
                    .set_next_token(token);
                let answer =
                    call.send().await.map_err(|error| classify(SERVICE, "FilterLogEvents", &error))?;
                counted.events += answer.events().len() as u64;
                token = answer.next_token().map(ToOwned::to_owned);
                if token.is_none() {
                    is_whole = true;
                    break;
                }
            }
            counted.is_whole &= is_whole;
        }
        Ok(counted)
    }
}
