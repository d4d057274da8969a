//! Plain HTTP to the two processes of the stack. Must not retry: what fails is told.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;

/// Longest answer time: one virtual minute runs every function that is due, with cold starts.
const PATIENCE: Duration = Duration::from_secs(180);
/// Greatest answer that is read, in bytes.
const MOST: u64 = 64 << 20;

/// A client whose errors are transport errors only.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
    config.build().into()
}

/// An answer's text; an error status is an error with the text.
pub(crate) fn text_of(what: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<String> {
    let status = response.status();
    let body = response.body_mut().with_config().limit(MOST).read_to_string();
    let text = body.with_context(|| format!("{what}: the answer cannot be read"))?;
    ensure!(status.is_success(), "{what}: {}: {}", status.as_u16(), text.trim());
    Ok(text)
}

/// Posts JSON, or gets when there is no body.
pub(crate) fn json(agent: &ureq::Agent, url: &str, body: Option<&Value>) -> Result<Value> {
    let response = match body {
        Some(body) => agent.post(url).header("content-type", "application/json").send(body.to_string()),
        None => agent.get(url).call(),
    };
    let text = text_of(url, response.with_context(|| format!("no answer from {url}"))?)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{url} answered with something that is no JSON"))
}
