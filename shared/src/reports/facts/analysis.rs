//! The verdict of another analyser (`SonarQube`'s quality gate), condition by condition.

use serde::Serialize;

/// One condition that the analyser judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name for it: `new_coverage`.
    pub metric: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was measured, as it is written.
    pub actual: String,
    /// The limit, as it is written, with its operator.
    pub threshold: String,
}

/// What an analyser decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AnalysisFacts {
    /// Gates that passed as a whole.
    pub passed: u64,
    /// Gates that did not.
    pub failed: u64,
    /// Every condition.
    pub checks: Vec<Check>,
}

impl AnalysisFacts {
    /// Conditions that do not hold.
    #[must_use]
    pub fn broken(&self) -> u64 {
        self.checks.iter().filter(|check| !check.holds).count() as u64
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.checks.extend(other.checks);
        self
    }
}
