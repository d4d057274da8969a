//! What a gate needs from outside, in domain types.

use super::job::{Artifact, Credentials};
use super::notice::GateNotice;
use super::verdict::Verdict;
use crate::errors::Fault;
use crate::model::Timestamp;
use serde::Serialize;
use std::future::Future;

/// Who must act on a failed job (`FailureDetails.type` of the CodePipeline API).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The gate did not pass.
    JobFailed,
    /// The pipeline's author or the operator configured something wrong.
    ConfigurationError,
    /// A permission is missing.
    PermissionError,
    /// Waiting may help, or we have a fault.
    SystemUnavailable,
}

/// How a job is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Success with a summary and output variables.
    Succeed {
        /// Console text.
        summary: String,
        /// Variables for later actions: names and values.
        variables: Vec<(&'static str, String)>,
    },
    /// Failure with words.
    Fail {
        /// Who must act.
        kind: FailureKind,
        /// Console text.
        message: String,
    },
}

/// Everything a gate decided, as it is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Job; for a build the part of its id that is its own.
    pub job_id: String,
    /// Execution, or build (`<project>:<uuid>`).
    pub execution_id: String,
    /// Pipeline, or project of a build.
    pub pipeline: String,
    /// Stage; `build` for a build.
    pub stage: String,
    /// Commit; empty when the gate was not told.
    pub commit_id: String,
    /// Policy name.
    pub policy: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Report paths that were read.
    pub reports: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Answers jobs.
pub trait Jobs {
    /// Answers; a job that was answered before is [`Fault::Missing`].
    fn answer(&self, job: &str, answer: &Answer) -> impl Future<Output = Result<(), Fault>>;
}

/// Reads input artifacts.
pub trait Artifacts {
    /// The whole artifact, read with the job's own credentials; those of the function when there is no job.
    fn fetch(
        &self,
        artifact: &Artifact,
        credentials: Option<&Credentials>,
    ) -> impl Future<Output = Result<Vec<u8>, Fault>>;
}

/// Reads policies.
pub trait Policies {
    /// The text of a policy.
    fn policy(&self, name: &str) -> impl Future<Output = Result<String, Fault>>;
}

/// Keeps verdicts.
pub trait Verdicts {
    /// Stores the full report, returns its key.
    fn store(&self, record: &Record) -> impl Future<Output = Result<String, Fault>>;
}

/// Tells developers what was decided about their build.
pub trait Developers {
    /// Returns when it is known to be told, sooner or later.
    fn tell(&self, notice: &GateNotice) -> impl Future<Output = Result<(), Fault>>;
}

/// Tells people.
pub trait Notifier {
    /// Publishes; failure is for the log only.
    fn publish(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), Fault>>;
}
