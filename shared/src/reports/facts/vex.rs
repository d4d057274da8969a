//! Statements on whether a vulnerability matters to a product (VEX).

use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// What a statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It does not matter, with a justification.
    NotAffected,
    /// It was mended.
    Fixed,
    /// The tool was wrong.
    FalsePositive,
    /// It matters.
    Affected,
    /// Nobody knows yet.
    UnderInvestigation,
}

impl Status {
    /// Whether a finding may be let through because of it.
    #[must_use]
    pub const fn excuses(self) -> bool {
        match self {
            Self::NotAffected | Self::Fixed | Self::FalsePositive => true,
            Self::Affected | Self::UnderInvestigation => false,
        }
    }
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The vulnerability and its aliases: CVE, GHSA and the like.
    pub ids: Vec<String>,
    /// Package URLs or names that it is about; all components when empty.
    pub products: Vec<String>,
    /// What it says.
    pub status: Status,
    /// Why, in the author's words; a statement without one excuses nothing.
    pub reason: String,
    /// When it was made; later ones override earlier ones.
    pub made: Option<Timestamp>,
}

/// All statements of one or more documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VexFacts {
    /// In the order of the documents.
    pub statements: Vec<Statement>,
}

impl VexFacts {
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.statements.extend(other.statements);
        self
    }
}
