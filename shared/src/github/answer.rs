//! From an HTTP answer of GitHub to a value or a [`Fault`], by status and headers, never by text.
//!
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>

use crate::errors::Fault;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

/// Service name in faults.
pub(super) const SERVICE: &str = "GitHub";

/// Wait when a rate limit names none, in seconds (GitHub's advice: at least a minute).
const DEFAULT_WAIT: u64 = 60;

/// An answer read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The answer when it says yes.
    pub(super) fn success(self, operation: &'static str) -> Result<Self, Fault> {
        if self.status.is_success() { Ok(self) } else { Err(self.fault(operation)) }
    }

    /// The JSON of an answer that says yes.
    pub(super) fn json<T: DeserializeOwned>(self, operation: &'static str) -> Result<T, Fault> {
        let answer = self.success(operation)?;
        serde_json::from_slice(&answer.body).map_err(|error| Fault::Unreadable {
            service: SERVICE,
            operation,
            detail: format!(
                "line {} column {} of the JSON is not what the documentation says",
                error.line(),
                error.column()
            ),
        })
    }

    /// What a refusal means.
    pub(super) fn fault(&self, operation: &'static str) -> Fault {
        let code = self.status.as_u16();
        let detail = format!("status {code}");
        match code {
            403 | 429 if self.is_rate_limited() => Fault::Transient {
                service: SERVICE,
                operation,
                detail: format!("status {code}, the rate limit is used up"),
            },
            429 | 408 | 500..=599 => Fault::Transient { service: SERVICE, operation, detail },
            404 | 409 | 422 => Fault::Missing { service: SERVICE, operation, detail },
            301 | 302 | 307 | 308 => Fault::Denied {
                service: SERVICE,
                operation,
                detail: format!("status {code}, the repository has moved; correct its name in the routes"),
            },
            _ => Fault::Denied { service: SERVICE, operation, detail },
        }
    }

    /// How long GitHub wants to be left alone, in seconds. The reset is a moment of GitHub's clock, so it is compared with the `date` of the
    /// same answer.
    pub(super) fn wait(&self) -> Option<u64> {
        if !matches!(self.status.as_u16(), 403 | 429) {
            return None;
        }
        let number = |name: &str| self.header(name).and_then(|text| text.trim().parse::<u64>().ok());
        if self.header("retry-after").is_some() {
            return Some(number("retry-after").unwrap_or(DEFAULT_WAIT).max(1));
        }
        if number("x-ratelimit-remaining") == Some(0) {
            let now = self.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
            let now = now.and_then(|moment| u64::try_from(moment.timestamp().as_second()).ok());
            let left = number("x-ratelimit-reset").zip(now).map(|(reset, now)| reset.saturating_sub(now));
            return Some(left.unwrap_or(DEFAULT_WAIT).max(1));
        }
        (self.status.as_u16() == 429).then_some(DEFAULT_WAIT)
    }

    fn is_rate_limited(&self) -> bool {
        self.headers.contains_key("retry-after") || self.header("x-ratelimit-remaining") == Some("0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() }
    }

    fn words(status: u16, headers: &[(&'static str, &'static str)]) -> String {
        answer(status, headers).fault("get a ref").to_string()
    }

    fn waits(status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        answer(status, headers).wait()
    }

    #[test]
    fn refusals_are_sorted_by_who_must_act() {
        insta::assert_snapshot!(words(401, &[]), @"GitHub refused `get a ref`: status 401");
        insta::assert_snapshot!(words(403, &[]), @"GitHub refused `get a ref`: status 403");
        insta::assert_snapshot!(words(403, &[("x-ratelimit-remaining", "0")]), @"GitHub could not answer `get a ref` now: status 403, the rate limit is used up");
        insta::assert_snapshot!(words(403, &[("retry-after", "60")]), @"GitHub could not answer `get a ref` now: status 403, the rate limit is used up");
        insta::assert_snapshot!(words(429, &[]), @"GitHub could not answer `get a ref` now: status 429");
        insta::assert_snapshot!(words(502, &[]), @"GitHub could not answer `get a ref` now: status 502");
        insta::assert_snapshot!(words(404, &[]), @"GitHub has no such thing for `get a ref`: status 404");
        insta::assert_snapshot!(words(301, &[]), @"GitHub refused `get a ref`: status 301, the repository has moved; correct its name in the routes");
    }

    #[test]
    fn json_of_another_shape_is_unreadable_and_not_repeated() {
        let answer =
            Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: b"{\"secret\":1}".to_vec() };
        let fault = answer.json::<Vec<u8>>("get a ref").unwrap_err();
        insta::assert_snapshot!(fault, @"GitHub answered `get a ref` with something unreadable: line 1 column 0 of the JSON is not what the documentation says");
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
