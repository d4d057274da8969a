//! What real tools write, read as bytes and turned into typed facts. One file per format.
//!
//! Counted from the leaves; totals that a file declares are kept only to be compared. An error carries the path of the element. Must
//! not: decide whether a figure is good enough, or take a missing figure for a good one.

pub mod cobertura;
pub mod detect;
pub mod facts;
pub mod istanbul_summary;
pub mod jtl_csv;
pub mod junit;
pub mod lcov;
pub mod npm_audit;
pub mod sarif;
mod xml;

pub use detect::{Format, read};
pub use facts::{
    CoverageFacts, Facts, Finding, FindingFacts, PerformanceFacts, Ratio, Samples, Severity, TestFacts,
};

/// A report that cannot be used as evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at `{path}`")]
pub struct ReportError {
    /// Path of the element, in the format's own words: `testsuites/testsuite[0]/testcase[3]/@time`, `line 12`, `/metadata`.
    pub path: String,
    /// One line.
    pub message: String,
}

impl ReportError {
    /// An error at `path`.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}
