//! What a gate needs from outside, in domain types.

use super::alert::Alert;
use super::history::History;
use super::job::{Artifact, Credentials};
use super::normal::Normal;
use super::notice::GateNotice;
pub use super::record::Record;
use super::scan::Image;
use crate::errors::Fault;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::ops::Range;

/// Who must act on a failed job (`FailureDetails.type` of the CodePipeline API).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Success with a summary and output variables.
    Succeed {
        /// Console text.
        summary: String,
        /// Variables for later actions: names and values.
        variables: Vec<(String, String)>,
    },
    /// Not yet: the job is to come again.
    Wait {
        /// What it is to bring back.
        token: String,
        /// How much of the time is over, in percent.
        percent: u8,
        /// Console text: what it waits for.
        summary: String,
    },
    /// Failure with words.
    Fail {
        /// Who must act.
        kind: FailureKind,
        /// Console text.
        message: String,
    },
}

/// Answers jobs.
pub trait Jobs {
    /// Answers; a job that was answered before is [`Fault::Missing`].
    fn answer(&self, job: &str, answer: &Answer) -> impl Future<Output = Result<(), Fault>>;
}

/// The end of an artifact; all of it, when it is small.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Bytes of the whole.
    pub length: u64,
    /// What tells this object from one that is written in its place.
    pub version: String,
    /// The last bytes.
    pub bytes: Vec<u8>,
}

/// Reads input artifacts, with the job's own credentials; those of the function when there is no job.
pub trait Artifacts {
    /// The last `most` bytes, or all when there are fewer.
    fn tail(
        &self,
        artifact: &Artifact,
        credentials: Option<&Credentials>,
        most: u64,
    ) -> impl Future<Output = Result<Tail, Fault>>;

    /// The bytes of `range` of that `version`; [`Fault::Transient`] when it is another object by now.
    fn range(
        &self,
        artifact: &Artifact,
        credentials: Option<&Credentials>,
        version: &str,
        range: &Range<u64>,
    ) -> impl Future<Output = Result<Vec<u8>, Fault>>;
}

/// Reads policies.
pub trait Policies {
    /// The text of a policy.
    fn policy(&self, name: &str) -> impl Future<Output = Result<String, Fault>>;
}

/// Keeps verdicts.
pub trait Verdicts {
    /// The answer that was kept for a job; none when it was not judged to the end.
    fn answered(
        &self,
        execution: &str,
        stage: &str,
        job: &str,
    ) -> impl Future<Output = Result<Option<Answer>, Fault>>;

    /// Where people find what is kept under `key`: a URI.
    fn place(&self, key: &str) -> String;

    /// Stores what was measured, the record and its pages under the record's own key, and after them what [`Self::answered`] finds.
    fn store(
        &self,
        record: &Record,
        measured: &Normal,
        answer: Option<&Answer>,
    ) -> impl Future<Output = Result<(), Fault>>;
}

/// The state of a history that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// Keeps what gates remember.
pub trait Histories {
    /// What is remembered under `name`; none when nothing is. What cannot be read is [`Fault::Unreadable`], never none.
    fn load(&self, name: &str) -> impl Future<Output = Result<Option<(History, Version)>, Fault>>;

    /// Keeps it in place of `before`, or as the first; [`Fault::Conflict`] when somebody else wrote in between.
    fn store(
        &self,
        name: &str,
        history: &History,
        before: Option<&Version>,
    ) -> impl Future<Output = Result<(), Fault>>;
}

/// What is known of an image's scan.
#[derive(Debug, Clone, PartialEq)]
pub enum Scan {
    /// The image is there, and was not scanned.
    NotScanned,
    /// There is no such image.
    NoImage,
    /// `imageScanStatus`, and `imageScanFindings` of all pages.
    Answer(serde_json::Value),
}

/// Asks for the scans of images.
pub trait Scans {
    /// The scan of an image.
    fn scan(&self, image: &Image) -> impl Future<Output = Result<Scan, Fault>>;
}

/// What a server says of the task that was sent to it.
#[derive(Debug, Clone, PartialEq)]
pub enum Analysis {
    /// It has no such task.
    NoTask,
    /// The task.
    Answer {
        /// Its status.
        status: String,
        /// What went wrong; empty when nothing did.
        error: String,
        /// `projectStatus` of its analysis, once there is one.
        gate: Option<serde_json::Value>,
        /// The commit that was analysed, when the server knows it.
        revision: Option<String>,
    },
}

/// Asks for analyses.
pub trait Analyses {
    /// What became of a task.
    fn analysis(&self, task: &str) -> impl Future<Output = Result<Analysis, Fault>>;
}

/// Tells developers what was decided about their build.
pub trait Developers {
    /// Returns when it is known to be told, sooner or later.
    fn tell(&self, notice: &GateNotice) -> impl Future<Output = Result<(), Fault>>;
}

/// Tells people.
pub trait Notifier {
    /// Publishes; failure is for the log only.
    fn publish(&self, alert: &Alert) -> impl Future<Output = Result<(), Fault>>;
}
