//! One call that writes, or that a write depends on: a second apart from the one before, and a rate limit becomes a wait in seconds.
//!
//! Must not: wait out a rate limit itself; whoever called has a queue for that.
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests>,
//! <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>

use crate::feedback::ports::HostFault;
use crate::github::answer::Answer;
use crate::github::client::{Call, GitHub, locked};
use crate::source::ports::TokenSource;
use http::Method;
use serde_json::Value;
use std::time::Duration;

/// Pause between two writes (GitHub's advice).
const PAUSE: Duration = Duration::from_secs(1);
/// Wait when a rate limit names none, in seconds (GitHub's advice: at least a minute).
const DEFAULT_WAIT: u64 = 60;

impl<T: TokenSource> GitHub<T> {
    /// Writes `body` to `path`; an answer that says no is a fault.
    pub(super) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, HostFault> {
        let before = *locked(&self.wrote);
        if let Some(before) = before {
            tokio::time::sleep_until(before + PAUSE).await;
        }
        *locked(&self.wrote) = Some(tokio::time::Instant::now());
        let call = Call { operation, method, body: Some(body.to_string()), known: None };
        settled(operation, self.ask(call, path).await?)
    }

    /// Asks what a write depends on; an answer that says no is a fault.
    pub(super) async fn look_up(&self, operation: &'static str, path: &str) -> Result<Answer, HostFault> {
        settled(operation, self.get(operation, path, None).await?)
    }
}

fn settled(operation: &'static str, answer: Answer) -> Result<Answer, HostFault> {
    match wait(&answer) {
        Some(seconds) => Err(HostFault::Wait { operation, seconds }),
        None => Ok(answer.success(operation)?),
    }
}

/// How long GitHub wants to be left alone, in seconds. The reset is a moment of GitHub's clock, so it is compared with the `date` of the
/// same answer.
fn wait(answer: &Answer) -> Option<u64> {
    if !matches!(answer.status.as_u16(), 403 | 429) {
        return None;
    }
    let number = |name: &str| answer.header(name).and_then(|text| text.trim().parse::<u64>().ok());
    if answer.header("retry-after").is_some() {
        return Some(number("retry-after").unwrap_or(DEFAULT_WAIT).max(1));
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let now = answer.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        let now = now.and_then(|moment| u64::try_from(moment.timestamp().as_second()).ok());
        let left = number("x-ratelimit-reset").zip(now).map(|(reset, now)| reset.saturating_sub(now));
        return Some(left.unwrap_or(DEFAULT_WAIT).max(1));
    }
    (answer.status.as_u16() == 429).then_some(DEFAULT_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn waits(status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        wait(&Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() })
    }

    #[test]
    fn a_rate_limit_becomes_a_wait() {
        let reset = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795470120"),
            ("date", "Mon, 23 Nov 2026 21:40:00 GMT"),
        ];
        assert_eq!(waits(403, &[("retry-after", "7")]), Some(7));
        assert_eq!(waits(429, &[("retry-after", "soon")]), Some(60));
        assert_eq!(waits(403, &reset), Some(120));
        assert_eq!(waits(403, &reset[..2]), Some(60));
        assert_eq!(waits(429, &[]), Some(60));
    }

    #[test]
    fn a_refusal_that_no_wait_heals_is_none() {
        assert_eq!(waits(403, &[]), None);
        assert_eq!(waits(403, &[("x-ratelimit-remaining", "12")]), None);
        assert_eq!(waits(404, &[("retry-after", "7")]), None);
        assert_eq!(waits(502, &[]), None);
    }
}
