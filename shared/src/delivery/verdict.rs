//! What a watch came to, written once.

use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// What the evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Harm is shown: roll back.
    Harm,
    /// Harm of the size that matters is excluded.
    Promote,
    /// Neither.
    Inconclusive,
}

impl Kind {
    /// One word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Harm => "harm",
            Self::Promote => "promote",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// The verdict and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What it came to.
    pub kind: Kind,
    /// One sentence with both numbers.
    pub reason: String,
    /// The tick that decided.
    pub decided_at: Timestamp,
    /// Whether the settings were on trial (`dry_run`): it is told and stops nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What was done about a verdict of harm, or about a watch that nobody could keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Stopped with rollback.
    Stopped,
    /// Stopped without rollback: going back would be worse (`reason` of the freeze).
    Frozen,
    /// The deployment was over already: a person must go back by deploying the version before.
    TooLate,
    /// The settings were on trial: nothing was done.
    Advised,
}
