//! Errors sorted by who must act (docs/ERRORS.md). A verdict is never one of these.
//!
//! `Display` says only its own level, lower case, one line; sources are linked, and whoever logs walks the
//! chain with [`chain`]. Adapters classify by error *code*, never by text.

use std::error::Error;
use std::fmt::Write as _;

/// A fault met while talking to an outside service, already classified by who must act.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// The operator must act: access denied, missing resource, wrong configuration.
    #[error("{service} refused `{operation}`: {detail}")]
    Denied {
        /// Service name as its own documentation spells it.
        service: &'static str,
        /// API operation.
        operation: &'static str,
        /// Error code and message of the service.
        detail: String,
    },
    /// Waiting helps: throttling, 5xx, time-out, connection lost.
    #[error("{service} could not answer `{operation}` now: {detail}")]
    Transient {
        /// Service name.
        service: &'static str,
        /// API operation.
        operation: &'static str,
        /// Error code and message, or the transport's words.
        detail: String,
    },
    /// The thing asked for does not exist, or is in a state that makes the call moot.
    #[error("{service} has no such thing for `{operation}`: {detail}")]
    Missing {
        /// Service name.
        service: &'static str,
        /// API operation.
        operation: &'static str,
        /// Error code and message.
        detail: String,
    },
    /// A condition on a write did not hold: somebody else was first.
    #[error("{service} `{operation}`: somebody else was first")]
    Conflict {
        /// Service name.
        service: &'static str,
        /// API operation.
        operation: &'static str,
    },
    /// The service answered something that its documentation does not allow.
    #[error("{service} answered `{operation}` with something unreadable: {detail}")]
    Unreadable {
        /// Service name.
        service: &'static str,
        /// API operation.
        operation: &'static str,
        /// What was wrong, with its place.
        detail: String,
    },
}

impl Fault {
    /// Whether trying again later can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// Whether the thing asked for is simply not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// Whether a conditional write lost.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// Input from outside that can never be accepted as it is: the sender must act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    message: String,
}

impl Rejection {
    /// A rejection in words for the sender.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// The whole chain of an error on one line, outermost first, joined by `: `.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let words = inner.to_string();
        if !text.ends_with(&words) {
            let _ = write!(text, ": {words}");
        }
        source = inner.source();
    }
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] Rejection);

    #[test]
    fn the_chain_names_every_level_once_on_one_line() {
        let error = Outer(Rejection::new("inner\nwords"));
        insta::assert_snapshot!(chain(&error), @"outer: inner words");
    }
}
