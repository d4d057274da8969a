//! What a verified delivery says. Only the body is signed: the event header is checked against the body's shape.
//!
//! Must not: be called before the signature was checked, or believe a name where there is an id.
//! Specification: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use crate::errors::Rejection;
use crate::model::CommitSha;
use crate::source::message::{Reason, SourceRequest, json_words};
use crate::source::reference::Reference;
use serde::Deserialize;
use std::borrow::Cow;

mod understood;

/// What to do about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// GitHub asks whether anybody is here.
    Ping,
    /// Something moved, or somebody asks: it should be looked at.
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

/// What is known of a delivery beside its body.
struct Sender<'a> {
    /// The repository ids that may start anything.
    allowed: &'a [u64],
    /// The delivery's id, passed on for people.
    delivery: &'a str,
}

impl Sender<'_> {
    fn look(&self, repository: &Repository<'_>, reference: &Reference, sha: CommitSha) -> Delivery {
        self.look_again(repository, reference, sha, None)
    }

    /// The same, for a release that somebody wants once more.
    fn look_again(
        &self,
        repository: &Repository<'_>,
        reference: &Reference,
        sha: CommitSha,
        again: Option<String>,
    ) -> Delivery {
        let Repository { id, full_name } = repository;
        if !self.allowed.contains(id) {
            let count = self.allowed.len();
            return Delivery::Nothing(format!(
                "repository {id} is not one of the {count} allowed repositories"
            ));
        }
        Delivery::Look(SourceRequest {
            repository_id: *id,
            repository: full_name.to_string(),
            reference: reference.full(),
            sha: Some(sha),
            reason: Reason::Webhook,
            delivery: self.delivery.to_owned(),
            again,
        })
    }
}

/// Reads the JSON `body` of a verified delivery of the event named by the unsigned header `event`.
/// `allowed` are the repository ids that may start anything; `delivery` is passed on for people.
///
/// # Errors
/// When the body is not what the event header says; the words are for the sender.
pub fn read(event: &str, body: &[u8], allowed: &[u64], delivery: &str) -> Result<Delivery, Rejection> {
    let sender = Sender { allowed, delivery };
    match event {
        "ping" => read_ping(body),
        "push" => read_push(body, &sender),
        "pull_request" => understood::pull_request(body, &sender),
        "pull_request_review" => understood::review(body, &sender),
        "merge_group" => understood::merge_group(body, &sender),
        "check_run" => understood::check_run(body, &sender),
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

fn read_push(body: &[u8], sender: &Sender<'_>) -> Result<Delivery, Rejection> {
    let push: Push<'_> = serde_json::from_slice(body).map_err(|error| {
        Rejection::new(format!("the event header says `push` and the body is none: {}", json_words(&error)))
    })?;
    let Some(reference) = Reference::parse(&push.reference).filter(is_pushed) else {
        return Ok(Delivery::Nothing(format!("`{}` is not a branch", printable(&push.reference))));
    };
    if push.deleted || push.after.is_null() {
        let words = format!("branch `{}` was deleted", printable(&reference.to_string()));
        return Ok(Delivery::Nothing(words));
    }
    Ok(sender.look(&push.repository, &reference, push.after))
}

/// Pull requests and merge groups have events of their own.
fn is_pushed(reference: &Reference) -> bool {
    reference.branch().is_some() && !reference.is_merge_queue()
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
