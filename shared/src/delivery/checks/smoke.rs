//! Requests through the test listener, before anybody else sends some: the probe sends them, this says which and what the answers mean.
//!
//! What green answers fails; a way to it that does not exist (name, connection, certificate) is inconclusive, because it says nothing of green.

use super::migration::values;
use super::ports::TaskDefinition;
use super::probe::{Ask, Job, Outcome, Report, Shot};
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::{Private, Request, Smoke, Tls};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Name of the check.
pub const ID: &str = "smoke";

/// What is to be sent; why nothing can be, when a version is expected that the task definition does not name.
///
/// # Errors
/// The check in that case.
pub fn job(smoke: &Smoke, definition: &TaskDefinition) -> Result<Job, Check> {
    let version = version(smoke, definition)?;
    let ask = |request: &Request| Ask {
        method: request.method.clone(),
        url: url(&smoke.base_url, &request.path),
        headers: headers(&smoke.headers, &request.headers),
        body: request.body.as_ref().map(|body| body.0.clone()),
        expect: request.expect.clone(),
        version: version.clone(),
    };
    let Tls { ca_pem, server_name } = smoke.tls.clone();
    Ok(Job {
        asks: smoke.requests.iter().map(ask).collect(),
        attempts: smoke.attempts,
        pause_ms: smoke.pause_ms,
        timeout_ms: smoke.timeout_ms,
        ca_pem,
        server_name,
    })
}

fn version(smoke: &Smoke, definition: &TaskDefinition) -> Result<Option<String>, Check> {
    if smoke.requests.iter().all(|request| request.expect.version_header.is_none()) {
        return Ok(None);
    }
    let label = &smoke.version_label;
    match values(definition, label).as_slice() {
        [version] => Ok(Some(version.clone())),
        found => {
            let words = format!(
                "a version header is expected, and `{label}` of the task definition has {} values, it needs 1",
                found.len()
            );
            Err(Check::new(ID, State::Inconclusive, words))
        }
    }
}

/// A base and a path.
pub(super) fn url(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

/// The common headers and a request's own, which win.
pub(super) fn headers(
    common: &BTreeMap<String, Private>,
    own: &BTreeMap<String, Private>,
) -> BTreeMap<String, String> {
    let all = common.iter().chain(own);
    all.map(|(name, value)| (name.to_ascii_lowercase(), value.0.clone())).collect()
}

/// What the answers mean.
#[must_use]
pub fn judge(smoke: &Smoke, report: &Report) -> Check {
    let wanted = smoke.requests.len();
    if report.shots.len() != wanted {
        let words = format!("the probe told of {} request(s), {wanted} were asked for", report.shots.len());
        return Check::new(ID, State::Inconclusive, words);
    }
    let judged: Vec<(State, String)> =
        smoke.requests.iter().zip(&report.shots).map(|(request, shot)| one(request, shot)).collect();
    let state = judged.iter().map(|(state, _)| *state).max().unwrap_or(State::Fail);
    let sentence = if state == State::Pass {
        let tries: u32 = report.shots.iter().map(|shot| shot.attempts).sum();
        format!("{wanted} of {wanted} smoke request(s) hold, in {tries} tries")
    } else {
        let said = judged.iter().filter(|(of, _)| *of == state);
        said.map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("; ")
    };
    let evidence: Value =
        smoke.requests.iter().zip(&report.shots).map(|(request, shot)| evidence(request, shot)).collect();
    Check { evidence, ..Check::new(ID, state, sentence) }
}

fn one(request: &Request, shot: &Shot) -> (State, String) {
    let name = name(request);
    let tries = shot.attempts;
    match &shot.outcome {
        Outcome::Answered { answer } if answer.faults.is_empty() => (State::Pass, format!("`{name}` holds")),
        Outcome::Answered { answer } => {
            (State::Fail, format!("`{name}` had {} (try {tries} of {tries})", answer.faults.join(", ")))
        }
        Outcome::Unanswered { layer, words } if layer.is_of_green() => (
            State::Fail,
            format!("`{name}` got no answer: {}: {words} (try {tries} of {tries})", layer.word()),
        ),
        Outcome::Unanswered { layer, words } => {
            let words =
                format!("`{name}` did not reach green: {}: {words} (try {tries} of {tries})", layer.word());
            (State::Inconclusive, words)
        }
        Outcome::Refused { words } => (State::Fail, format!("`{name}` was not sent: {words}")),
        Outcome::NotTried => (State::Inconclusive, format!("there was no time left for `{name}`")),
    }
}

/// Method and path, without the query: it may hold a secret.
fn name(request: &Request) -> String {
    format!("{} {}", request.method, request.path.split('?').next().unwrap_or_default())
}

fn evidence(request: &Request, shot: &Shot) -> Value {
    let seen = match &shot.outcome {
        Outcome::Answered { answer } => {
            json!({"status": answer.status, "bytes": answer.length, "sha256": answer.sha256, "faults": answer.faults})
        }
        Outcome::Unanswered { layer, words } => json!({"layer": layer, "words": words}),
        Outcome::Refused { words } => json!({"refused": words}),
        Outcome::NotTried => json!({"notTried": true}),
    };
    json!({"request": name(request), "tries": shot.attempts, "ms": shot.times, "seen": seen})
}

#[cfg(test)]
#[path = "smoke_tests.rs"]
mod tests;
