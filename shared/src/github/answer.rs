//! From an HTTP answer of GitHub to a value or a [`Fault`], by status and headers, never by text.
//!
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>

use crate::errors::Fault;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

/// Service name in faults.
pub(super) const SERVICE: &str = "GitHub";

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

    fn is_rate_limited(&self) -> bool {
        self.headers.contains_key("retry-after") || self.header("x-ratelimit-remaining") == Some("0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(status: u16, headers: &[(&'static str, &'static str)]) -> String {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let answer = Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() };
        answer.fault("get a ref").to_string()
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
}
