//! The one comment on a pull request: changed by its id, looked for by its marker before it is made.
//!
//! Must not: take a comment for ours that has not the marker on its first line, or decide what it says.
//! Specification: <https://docs.github.com/en/rest/issues/comments>

use crate::errors::Fault;
use crate::feedback::ports::{HostFault, Made};
use crate::github::answer::SERVICE;
use crate::github::client::{GitHub, transient};
use crate::source::ports::{Origin, TokenSource};
use crate::source::reference::Reference;
use http::Method;
use serde::Deserialize;
use serde_json::json;

/// Operation names in faults.
const MARK_COMMENT: &str = "make a marker";
const FIND_COMMENT: &str = "list comments";
const CREATE_COMMENT: &str = "create a comment";
const UPDATE_COMMENT: &str = "update a comment";
/// Comments on a page; the most that GitHub gives.
const PAGE: usize = 100;
/// Most pages that are looked through: GitHub takes 2,500 comments on one pull request.
const MAX_PAGES: usize = 26;

/// A comment that is there.
#[derive(Deserialize)]
struct Known {
    id: u64,
    /// None when a moderator has hidden it.
    body: Option<String>,
}

/// A text that nobody can guess, for a marker: 128 random bits in hexadecimal.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn nonce() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random
        .fill(&mut bytes)
        .map_err(|_| transient(MARK_COMMENT, "the machine gives no random bytes".to_owned()))?;
    Ok(hex::encode(bytes))
}

impl<T: TokenSource> GitHub<T> {
    /// Writes the comment on the pull request of `origin`. One that a person has deleted is made anew.
    pub(super) async fn comment(
        &self,
        origin: &Origin,
        id: Option<u64>,
        marker: &str,
        body: &str,
    ) -> Result<Made, HostFault> {
        let Reference::Pull(number) = origin.reference else {
            return Err(Fault::Missing {
                service: SERVICE,
                operation: CREATE_COMMENT,
                detail: "only a pull request has comments".to_owned(),
            }
            .into());
        };
        if let Some(id) = id {
            match self.update_comment(origin, id, body).await {
                Err(HostFault::Fault(fault)) if fault.is_missing() => {}
                answer => return answer,
            }
        }
        if let Some(id) = self.find_comment(origin, number, marker).await? {
            return self.update_comment(origin, id, body).await;
        }
        let path = format!("/repos/{}/issues/{number}/comments", origin.repository);
        self.make(CREATE_COMMENT, Method::POST, &path, &json!({"body": body})).await
    }

    async fn update_comment(&self, origin: &Origin, id: u64, body: &str) -> Result<Made, HostFault> {
        let path = format!("/repos/{}/issues/comments/{id}", origin.repository);
        self.make(UPDATE_COMMENT, Method::PATCH, &path, &json!({"body": body})).await
    }

    /// The oldest that begins with the marker: whoever copies it comes later.
    async fn find_comment(
        &self,
        origin: &Origin,
        number: u64,
        marker: &str,
    ) -> Result<Option<u64>, HostFault> {
        for page in 1..=MAX_PAGES {
            let path =
                format!("/repos/{}/issues/{number}/comments?per_page={PAGE}&page={page}", origin.repository);
            let found: Vec<Known> = self.look_up(FIND_COMMENT, &path).await?.json(FIND_COMMENT)?;
            let ours = |known: &&Known| {
                known
                    .body
                    .as_deref()
                    .and_then(|body| body.lines().next())
                    .is_some_and(|line| line.trim() == marker)
            };
            if let Some(known) = found.iter().find(ours) {
                return Ok(Some(known.id));
            }
            if found.len() < PAGE {
                break;
            }
        }
        Ok(None)
    }
}
