//! What feedback needs from outside, in domain words; the origins of executions are [`crate::source::ports::Origins`].
//!
//! Must not: name an SDK type.
#![expect(
    async_fn_in_trait,
    reason = "one worker per process, nothing is spawned: futures need not be `Send`"
)]

use crate::errors::Fault;
use crate::feedback::build::Build;
use crate::feedback::comment::Board;
use crate::feedback::plan::{Write, Written};
use crate::feedback::progress::Progress;
use crate::source::ports::Origin;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What is known and what was told of a release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Release {
    /// What is known.
    pub progress: Progress,
    /// What was told.
    pub written: Written,
}

/// What is kept of something that GitHub is told of: a release, a build, a pull request. Empty until it is kept.
pub trait State: Default + Serialize + DeserializeOwned {}

impl State for Release {}
impl State for Build {}
impl State for Board {}

/// Where it is kept. An id belongs to one kind of state.
pub trait Kept {
    /// The state and its version; an empty one at version 0 when nothing was kept yet.
    ///
    /// # Errors
    /// When it cannot be read; the read is strongly consistent.
    async fn read<T: State>(&self, id: &str) -> Result<(T, u64), Fault>;

    /// Keeps `state` as `version`, over the version before it.
    ///
    /// # Errors
    /// [`Fault::Conflict`] when somebody else wrote that version.
    async fn save<T: State>(&self, id: &str, state: &T, version: u64) -> Result<(), Fault>;
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum HostFault {
    /// A rate limit: nothing may be asked before the wait is over.
    #[error("GitHub wants `{operation}` to wait {seconds} s")]
    Wait {
        /// API operation.
        operation: &'static str,
        /// How long, in seconds.
        seconds: u64,
    },
    /// Anything else.
    #[error("{0}")]
    Fault(#[from] Fault),
}

/// The private key of a GitHub App, PEM. Not `Debug`.
#[derive(Clone)]
pub struct PrivateKey(pub String);

/// Where the private key of the GitHub App is kept.
pub trait KeySource {
    /// The key.
    ///
    /// # Errors
    /// When it cannot be read now.
    async fn private_key(&self) -> Result<PrivateKey, Fault>;
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: u64,
    /// Where people see it, as far as it may stand in a link.
    pub link: Option<String>,
}

/// Where developers look.
pub trait FeedbackHost {
    /// Does one write, in such a way that doing it twice shows the same as doing it once; returns what was written.
    ///
    /// # Errors
    /// When it is not known to be done.
    async fn write(&self, origin: &Origin, write: &Write) -> Result<Made, HostFault>;
}
