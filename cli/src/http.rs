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
    ensure!(status.is_success(), "{what}: {}: {}", status.as_u16(), words(&text));
    Ok(text)
}

/// An error's own words: member `message` or `error` of a JSON answer, or the whole answer.
fn words(text: &str) -> String {
    let json = serde_json::from_str::<Value>(text).ok();
    let member = json.as_ref().and_then(|json| json.get("message").or_else(|| json.get("error")));
    member.and_then(Value::as_str).unwrap_or_else(|| text.trim()).to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_its_own_words() {
        insta::assert_snapshot!(words(r#"{"message":"there is no change `x`","status":"422"}"#), @"there is no change `x`");
        insta::assert_snapshot!(words(r#"{"error":"`seconds` must be between 0 and 86400"}"#), @"`seconds` must be between 0 and 86400");
        insta::assert_snapshot!(words("<Error>no</Error>\n"), @"<Error>no</Error>");
    }
}
