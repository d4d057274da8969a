//! What a verified delivery says. Only the body is signed: the event header is checked against the body's shape.
//!
//! Must not: be called before the signature was checked, or believe a name where there is an id.
//! Specification: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use crate::errors::Rejection;
use crate::model::CommitSha;
use crate::source::message::{Reason, SourceRequest, branch_of, json_words};
use serde::Deserialize;
use std::borrow::Cow;

mod understood;

/// What to do about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// GitHub asks whether anybody is here.
    Ping,
    /// A branch moved: somebody should look at it.
    Look(SourceRequest),
    /// Understood, nothing to do; the words say why.
    Nothing(String),
}

#[derive(Deserialize)]
struct Ping {
    #[serde(default)]
    zen: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    hook_id: Option<u64>,
    #[serde(default, rename = "ref")]
    reference: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(rename = "ref", borrow)]
    reference: Cow<'a, str>,
    after: CommitSha,
    #[serde(default)]
    deleted: bool,
    #[serde(borrow)]
    repository: Repository<'a>,
}

#[derive(Deserialize)]
struct Repository<'a> {
    id: u64,
    #[serde(borrow)]
    full_name: Cow<'a, str>,
}

/// Reads the JSON `body` of a verified delivery of the event named by the unsigned header `event`.
/// `allowed` are the repository ids that may start anything; `delivery` is passed on for people.
///
/// # Errors
/// When the body is not what the event header says; the words are for the sender.
pub fn read(event: &str, body: &[u8], allowed: &[u64], delivery: &str) -> Result<Delivery, Rejection> {
    match event {
        "ping" => read_ping(body),
        "push" => read_push(body, allowed, delivery),
        "pull_request" => understood::pull_request(body).map(Delivery::Nothing),
        "merge_group" => understood::merge_group(body).map(Delivery::Nothing),
        "check_run" => understood::check_run(body).map(Delivery::Nothing),
        other => {
            serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| not_json(&error))?;
            Ok(Delivery::Nothing(format!("understood, nothing to do for `{}` events", printable(other))))
        }
    }
}

fn read_ping(body: &[u8]) -> Result<Delivery, Rejection> {
    let ping: Ping = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    let looks_like_one = (ping.zen.is_some() || ping.hook_id.is_some()) && ping.reference.is_none();
    if looks_like_one {
        return Ok(Delivery::Ping);
    }
    Err(Rejection::new(
        "the event header says `ping` and the body is none: it has no `zen` and no `hook_id`, or it has a `ref`",
    ))
}

fn read_push(body: &[u8], allowed: &[u64], delivery: &str) -> Result<Delivery, Rejection> {
    let push: Push<'_> = serde_json::from_slice(body).map_err(|error| {
        Rejection::new(format!("the event header says `push` and the body is none: {}", json_words(&error)))
    })?;
    let Repository { id, full_name } = push.repository;
    if !allowed.contains(&id) {
        let count = allowed.len();
        return Ok(Delivery::Nothing(format!(
            "repository {id} is not one of the {count} allowed repositories"
        )));
    }
    let Some(branch) = branch_of(&push.reference) else {
        return Ok(Delivery::Nothing(format!("`{}` is not a branch", printable(&push.reference))));
    };
    if push.deleted || push.after.is_null() {
        return Ok(Delivery::Nothing(format!("branch `{}` was deleted", printable(branch))));
    }
    Ok(Delivery::Look(SourceRequest {
        repository_id: id,
        repository: full_name.into_owned(),
        reference: push.reference.into_owned(),
        sha: Some(push.after),
        reason: Reason::Webhook,
        delivery: delivery.to_owned(),
    }))
}

fn not_json(error: &serde_json::Error) -> Rejection {
    Rejection::new(format!("the body cannot be read: {}", json_words(error)))
}

/// Text from outside cut to 100 characters, control characters replaced, for one line of an answer.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .take(100)
        .map(|character| if character.is_control() || character == '`' { '?' } else { character })
        .collect()
}

#[cfg(test)]
mod tests;
