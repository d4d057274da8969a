//! The small message that says "look at this branch or pull request": from the webhook, the poll or a person to the source function.
//!
//! Must not: carry the payload, or anything that decides. The commit in it is a hint for people; the true head is read.

use crate::errors::Rejection;
use crate::model::CommitSha;
use crate::source::reference::Reference;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

/// Longest delivery id that is passed on, in characters (GitHub's are 36-character UUIDs).
const MAX_DELIVERY: usize = 64;

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// A verified GitHub delivery.
    Webhook,
    /// The five-minute schedule.
    Poll,
    /// A person.
    Manual,
}

impl Reason {
    /// The word in messages and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Poll => "poll",
            Self::Manual => "manual",
        }
    }
}

/// "Look at this branch or pull request."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRequest {
    /// GitHub's numeric repository id: the only identity that decides.
    pub repository_id: u64,
    /// `owner/name` as the sender knows it; shown, never used for a call.
    #[serde(default)]
    pub repository: String,
    /// Full ref, `refs/heads/…` or `refs/pull/<number>/head`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The commit the sender saw; a hint.
    #[serde(default)]
    pub sha: Option<CommitSha>,
    /// Who asked.
    pub reason: Reason,
    /// The delivery's id, for people who follow it.
    #[serde(default)]
    pub delivery: String,
    /// A release that a person wants once more, by its id; started again only while it is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
}

impl SourceRequest {
    /// Reads a message body.
    ///
    /// # Errors
    /// When it is not the JSON of a request; the words name the place.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        serde_json::from_str(text).map_err(|error| {
            Rejection::new(format!("the message is not a source request: {}", json_words(&error)))
        })
    }

    /// What is to be looked at; none for a ref of another kind.
    #[must_use]
    pub fn target(&self) -> Option<Reference> {
        Reference::parse(&self.reference)
    }
}

/// What is wrong with JSON from outside, without repeating any value of it: payloads are never logged.
pub(crate) fn json_words(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let what = match error.classify() {
        Category::Data => {
            let words = error.to_string();
            // serde names a missing field of ours; every other data error repeats the value it met.
            match words.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
                Some((field, _)) => format!("field `{field}` is missing"),
                None => "a field does not hold what it should".to_owned(),
            }
        }
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Syntax | Category::Io => "it is not JSON".to_owned(),
    };
    format!("{what} (line {line}, column {column})")
}

/// A delivery id fit for logs and messages: it comes from an unsigned header.
#[must_use]
pub fn delivery_id(header: Option<&str>) -> String {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match header {
        Some(id) if !id.is_empty() && id.len() <= MAX_DELIVERY && id.bytes().all(known) => id.to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_the_agreed_names() {
        let request = SourceRequest {
            repository_id: 1001,
            repository: "acme/shop".to_owned(),
            reference: "refs/heads/main".to_owned(),
            sha: None,
            reason: Reason::Webhook,
            delivery: "d-1".to_owned(),
            again: None,
        };
        let text = serde_json::to_string(&request).unwrap();
        insta::assert_snapshot!(text, @r#"{"repositoryId":1001,"repository":"acme/shop","ref":"refs/heads/main","sha":null,"reason":"webhook","delivery":"d-1"}"#);
        assert_eq!(SourceRequest::parse(&text).unwrap(), request);
    }

    #[test]
    fn a_message_that_is_none_says_where_it_is_wrong() {
        let wrong = SourceRequest::parse(r#"{"repositoryId":"1001"}"#).unwrap_err();
        insta::assert_snapshot!(wrong, @"the message is not a source request: a field does not hold what it should (line 1, column 22)");
    }

    #[test]
    fn a_delivery_id_from_outside_is_passed_on_only_when_it_looks_like_one() {
        assert_eq!(
            delivery_id(Some("72d3162e-cc78-11e3-81ab-4c9367dc0958")),
            "72d3162e-cc78-11e3-81ab-4c9367dc0958"
        );
        for wrong in [None, Some(""), Some("a b"), Some("x\ny"), Some("é")] {
            assert_eq!(delivery_id(wrong), "unknown");
        }
    }
}
