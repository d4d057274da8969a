//! The verdict: one ordering of badness, every condition with its figures.

use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// How bad; the gate is as bad as its worst condition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Holds.
    Pass,
    /// Holds, but not by the stricter threshold, or with a note.
    Warn,
    /// Evidence is not there yet.
    Pending,
    /// Does not hold.
    Fail,
    /// Could not be judged: evidence missing, empty, truncated, stale, unreadable. What nobody has decided is this.
    #[default]
    Error,
}

impl Outcome {
    /// From the best to the worst.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Warn, Self::Pending, Self::Fail, Self::Error];

    /// Whether a release may go on.
    #[must_use]
    pub fn lets_through(self) -> bool {
        match self {
            Self::Pass | Self::Warn => true,
            Self::Pending | Self::Fail | Self::Error => false,
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Pending => "pending",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// One judged condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Condition id.
    pub id: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Metric name; empty for an expression or a source without evidence.
    pub metric: String,
    /// Operator as written.
    pub operator: String,
    /// Threshold that decides: the policy's, or what the baseline asks for where that is stricter.
    pub threshold: f64,
    /// What was measured; none when nothing could be.
    pub actual: Option<f64>,
    /// One line with both numbers.
    pub message: String,
    /// Names that explain it: failed tests, findings, files.
    pub offenders: Vec<String>,
    /// Source of the evidence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The artifact, where the source is judged by artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// How far the figure is on the good side of the threshold, in the metric's unit; negative when it is on the bad side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// The figure of the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// What would make it pass; empty when it passes or nothing can be said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Where people read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A condition that was not judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotJudged {
    /// Condition id.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// A finding that a waiver lets pass: still shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Waived {
    /// Finding id.
    pub finding: String,
    /// Component.
    pub component: String,
    /// Why, and by whom.
    pub reason: String,
    /// Last day.
    pub expires: String,
}

/// A finding whose time of grace is not over: still shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InGrace {
    /// Finding id.
    pub finding: String,
    /// Component.
    pub component: String,
    /// Severity.
    pub severity: String,
    /// When it begins to count.
    pub until: Timestamp,
}

/// A test whose failure does not count for a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its name.
    pub test: String,
    /// Why, and by whom.
    pub reason: String,
    /// Last day.
    pub expires: String,
}

/// A report that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Source.
    pub source: String,
    /// `<artifact>/<path>`.
    pub path: String,
    /// Format; empty when it was not recognised.
    pub format: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes in hexadecimal; empty when it was not read to its end.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    /// What is wrong with it, or what is odd about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// The gate's verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The worst outcome.
    pub outcome: Outcome,
    /// Every condition that was judged, in the policy's order.
    pub conditions: Vec<Judged>,
    /// Every condition that was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<NotJudged>,
    /// Findings let through by a waiver.
    pub waived: Vec<Waived>,
    /// Findings that do not count yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_grace: Vec<InGrace>,
    /// Failed tests that do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<Quarantined>,
    /// Reports that were looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<Looked>,
    /// Remarks: unused and expired excuses, declared totals that differ.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badness_has_one_order_and_only_pass_and_warn_let_through() {
        assert!(Outcome::ALL.is_sorted());
        assert_eq!(Outcome::ALL.map(Outcome::lets_through), [true, true, false, false, false]);
    }
}
