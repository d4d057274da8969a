//! What a check of the new version comes to: it holds, it does not, or it could not be seen. Never a pass by default.

use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It holds.
    Pass,
    /// It holds, or does not matter yet, and a person should know.
    Warn,
    /// It may hold in a while: ask again.
    NotYet,
    /// It could not be seen whether it holds; asking again does not help.
    Inconclusive,
    /// It does not hold.
    Fail,
}

impl State {
    /// One word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::NotYet => "not yet",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// One check's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which check: `green-steady`, `smoke`, …
    pub id: String,
    /// What it came to.
    pub state: State,
    /// One line with both numbers.
    pub sentence: String,
    /// What it was seen from: small, without secrets and payloads.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
    /// How long it took, milliseconds; none where nothing was waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When the services' clock says it was made; none where no service was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Check {
    /// Without evidence or duration.
    #[must_use]
    pub fn new(id: &str, state: State, sentence: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            state,
            sentence: sentence.into(),
            evidence: Value::Null,
            duration_ms: None,
            at: None,
        }
    }
}

/// The worst state of several checks; no check at all is a failure.
#[must_use]
pub fn worst(checks: &[Check]) -> State {
    checks.iter().map(|check| check.state).max().unwrap_or(State::Fail)
}

/// The sentences of all checks that are as bad as the worst, or of all when everything passes.
#[must_use]
pub fn words(checks: &[Check]) -> String {
    let state = worst(checks);
    let of = |state: State| checks.iter().filter(move |check| check.state == state);
    if checks.is_empty() {
        return "nothing was checked".to_owned();
    }
    of(state).map(|check| check.sentence.as_str()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_check_is_not_a_pass_and_the_worst_one_speaks() {
        assert_eq!(worst(&[]), State::Fail);
        insta::assert_snapshot!(words(&[]), @"nothing was checked");
        let checks = [
            Check::new("a", State::Pass, "2 of 2 tasks run"),
            Check::new("b", State::Fail, "`/health` answered 500, expected 200"),
            Check::new("c", State::Warn, "one alarm has no data"),
        ];
        assert_eq!(worst(&checks), State::Fail);
        insta::assert_snapshot!(words(&checks), @"`/health` answered 500, expected 200");
    }
}
