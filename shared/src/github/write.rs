//! One call that writes, or that a write depends on: a second apart from the one before, and a rate limit becomes a wait in seconds.
//!
//! Must not: wait out a rate limit itself; whoever called has a queue for that.
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests>

use crate::feedback::ports::HostFault;
use crate::github::answer::Answer;
use crate::github::client::{Call, GitHub};
use crate::source::ports::TokenSource;
use http::Method;
use serde_json::Value;

impl<T: TokenSource> GitHub<T> {
    /// Writes `body` to `path`; an answer that says no is a fault.
    pub(super) async fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, HostFault> {
        self.pace().await;
        let call = Call { operation, method, body: Some(body.to_string()), known: None };
        settled(operation, self.ask(call, path).await?)
    }

    /// Asks what a write depends on; an answer that says no is a fault.
    pub(super) async fn look_up(&self, operation: &'static str, path: &str) -> Result<Answer, HostFault> {
        settled(operation, self.get(operation, path, None).await?)
    }
}

fn settled(operation: &'static str, answer: Answer) -> Result<Answer, HostFault> {
    match answer.wait() {
        Some(seconds) => Err(HostFault::Wait { operation, seconds }),
        None => Ok(answer.success(operation)?),
    }
}
