//! The shapes of the normal form, each from the facts and back.

use crate::model::Timestamp;
use crate::reports::facts::{
    Broken, CaseOutcome, DeclaredSamples, FileCoverage, Finding, Fix, Lines, Ratio, Samples, Severity,
    Statement, TestFacts, VexStatus,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Percentiles that are kept.
const PERCENTS: [u8; 4] = [50, 90, 95, 99];

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Tests {
    passed: u64,
    failed: u64,
    errors: u64,
    skipped: u64,
    flaky: u64,
    duration_ms: u64,
    /// Names only: what a test printed can hold anything, and is never kept.
    broken: Vec<(String, CaseOutcome)>,
    flaky_cases: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct File {
    path: String,
    lines: [u64; 2],
    branches: [u64; 2],
    functions: [u64; 2],
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Found {
    id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    component: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    location: String,
    severity: Severity,
    fix: Fix,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suppressed: Option<String>,
    occurrences: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Summed {
    total: u64,
    failed: Option<u64>,
    mean_ms: Option<f64>,
    max_ms: Option<f64>,
    percentiles_ms: BTreeMap<u8, f64>,
    per_second: Option<f64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claim {
    ids: Vec<String>,
    products: Vec<String>,
    status: VexStatus,
    reason: String,
    made: Option<Timestamp>,
}

impl Tests {
    pub(super) fn of(tests: &TestFacts) -> Self {
        Self {
            passed: tests.passed,
            failed: tests.failed,
            errors: tests.errors,
            skipped: tests.skipped,
            flaky: tests.flaky,
            duration_ms: tests.duration_ms,
            broken: tests.broken.iter().map(|c| (c.name.clone(), c.outcome)).collect(),
            flaky_cases: tests.flaky_cases.clone(),
        }
    }

    /// Which passed case was repeated is not kept, so attempts are told apart no more.
    pub(super) fn facts(self) -> TestFacts {
        let broken = |(name, outcome): (String, CaseOutcome)| Broken {
            key: crate::reports::facts::case_key(&[&name]),
            name,
            outcome,
            message: String::new(),
        };
        let mut tests = TestFacts::default();
        tests.passed = self.passed;
        tests.failed = self.failed;
        tests.errors = self.errors;
        tests.skipped = self.skipped;
        tests.flaky = self.flaky;
        tests.duration_ms = self.duration_ms;
        tests.broken = self.broken.into_iter().map(broken).collect();
        tests.flaky_cases = self.flaky_cases;
        tests
    }
}

impl File {
    pub(super) fn of(file: &FileCoverage) -> Self {
        let pair = |ratio: Ratio| [ratio.hit, ratio.total];
        Self {
            path: file.path.clone(),
            lines: pair(file.lines.ratio()),
            branches: pair(file.branches),
            functions: pair(file.functions),
        }
    }

    pub(super) fn facts(self) -> FileCoverage {
        let ratio = |[hit, total]: [u64; 2]| Ratio { hit, total };
        FileCoverage {
            path: self.path,
            lines: Lines::Counted(ratio(self.lines)),
            branches: ratio(self.branches),
            functions: ratio(self.functions),
        }
    }
}

impl Found {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            id: finding.id.clone(),
            aliases: finding.aliases.clone(),
            component: finding.component.clone(),
            version: finding.version.clone(),
            location: finding.location.clone(),
            severity: finding.severity,
            fix: finding.fix,
            suppressed: finding.suppressed.clone(),
            occurrences: finding.occurrences,
        }
    }

    pub(super) fn facts(self) -> Finding {
        Finding {
            aliases: self.aliases,
            version: self.version,
            location: self.location,
            fix: self.fix,
            suppressed: self.suppressed,
            occurrences: self.occurrences,
            ..Finding::new(&self.id, &self.component, self.severity)
        }
    }
}

impl Summed {
    pub(super) fn of(samples: &Samples) -> Self {
        let percentile = |percent: u8| samples.percentile(percent).map(|value| (percent, value));
        Self {
            total: samples.total(),
            failed: samples.failed(),
            mean_ms: samples.mean(),
            max_ms: samples.max(),
            percentiles_ms: PERCENTS.into_iter().filter_map(percentile).collect(),
            per_second: samples.per_second(),
        }
    }

    pub(super) fn facts(self) -> Samples {
        Samples::Declared(DeclaredSamples {
            total: self.total,
            failed: self.failed,
            mean: self.mean_ms,
            max: self.max_ms,
            percentiles: self.percentiles_ms,
            per_second: self.per_second,
        })
    }
}

impl Claim {
    pub(super) fn of(statement: &Statement) -> Self {
        Self {
            ids: statement.ids.clone(),
            products: statement.products.clone(),
            status: statement.status,
            reason: statement.reason.clone(),
            made: statement.made,
        }
    }

    pub(super) fn facts(self) -> Statement {
        Statement {
            ids: self.ids,
            products: self.products,
            status: self.status,
            reason: self.reason,
            made: self.made,
        }
    }
}
