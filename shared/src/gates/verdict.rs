//! The verdict: one ordering of badness, every condition with its figures.

use serde::{Deserialize, Serialize};

/// How bad; the gate is as bad as its worst condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Could not be judged: evidence missing, empty, truncated, unreadable.
    Error,
}

impl Outcome {
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Condition id.
    pub id: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Metric name.
    pub metric: String,
    /// Operator as written.
    pub operator: String,
    /// Threshold that fails.
    pub threshold: f64,
    /// What was measured; none when nothing could be.
    pub actual: Option<f64>,
    /// One line with both numbers.
    pub message: String,
    /// Names that explain it: failed tests, findings.
    pub offenders: Vec<String>,
}

/// A finding that a waiver lets pass: still shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// The gate's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The worst outcome.
    pub outcome: Outcome,
    /// Every condition, in the policy's order.
    pub conditions: Vec<Judged>,
    /// Findings let through by a waiver.
    pub waived: Vec<Waived>,
    /// Remarks: unused and expired waivers, declared totals that differ.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badness_has_one_order_and_only_pass_and_warn_let_through() {
        let all = [Outcome::Pass, Outcome::Warn, Outcome::Pending, Outcome::Fail, Outcome::Error];
        assert!(all.is_sorted());
        assert_eq!(all.map(Outcome::lets_through), [true, true, false, false, false]);
    }
}
