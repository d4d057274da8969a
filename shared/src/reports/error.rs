//! Why a report is no evidence.

use serde::{Deserialize, Serialize};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// Nothing is in it.
    Empty,
    /// Its content is of no format that is read, or of several.
    Unknown,
    /// It ends too early.
    Truncated,
    /// It is in an encoding that is not read.
    Encoding,
    /// It breaks the rules of its format.
    Malformed,
    /// It is beyond a limit.
    TooLarge,
    /// The tool wrote an error instead of a report.
    ToolFailed,
    /// The tool has not finished: there may be a report later.
    Unfinished,
    /// Nothing was measured: no test, no line, no sample.
    Nothing,
}

/// A report that cannot be used as evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}, at `{path}`")]
pub struct ReportError {
    /// What is wrong.
    pub problem: Problem,
    /// Path of the element, in the format's own words: `testsuites/testsuite[0]/testcase[3]/@time`, `line 12`, `/metadata`.
    pub path: String,
    /// One line.
    pub message: String,
}

impl ReportError {
    /// Something at `path` breaks the rules of the format.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Problem::Malformed, path, message)
    }

    /// The file ends too early.
    pub fn truncated(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Problem::Truncated, path, message)
    }

    /// The tool wrote an error instead of a report.
    pub fn tool_failed(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Problem::ToolFailed, path, message)
    }

    /// The tool has not finished.
    pub fn unfinished(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Problem::Unfinished, path, message)
    }

    /// Nothing was measured.
    pub fn nothing(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Problem::Nothing, path, message)
    }

    /// The encoding is none that is read.
    pub fn encoding(message: impl Into<String>) -> Self {
        Self::new(Problem::Encoding, "/", message)
    }

    /// A limit is exceeded.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(Problem::TooLarge, "/", message)
    }

    /// The same, of something inside `path`.
    #[must_use]
    pub(crate) fn under(mut self, path: &str) -> Self {
        self.path.insert_str(0, path);
        self
    }

    /// With the kind of problem.
    pub fn new(problem: Problem, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { problem, path: path.into(), message: message.into() }
    }
}
