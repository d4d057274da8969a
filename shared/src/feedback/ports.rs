//! What feedback needs from outside, in domain words; the origins of executions are [`crate::source::ports::Origins`].
//!
//! Must not: name an SDK type.
#![expect(
    async_fn_in_trait,
    reason = "one worker per process, nothing is spawned: futures need not be `Send`"
)]

use crate::errors::Fault;
use crate::feedback::plan::{Write, Written};
use crate::feedback::progress::Progress;
use crate::source::ports::Origin;
use serde::{Deserialize, Serialize};

/// What is known and what was told of a release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Release {
    /// What is known.
    pub progress: Progress,
    /// What was told.
    pub written: Written,
}

/// The releases.
pub trait Releases {
    /// The release and its version; an empty one at version 0 when nothing was kept yet.
    ///
    /// # Errors
    /// When it cannot be read; the read is strongly consistent.
    async fn read(&self, release_id: &str) -> Result<(Release, u64), Fault>;

    /// Keeps `release` as `version`, over the version before it.
    ///
    /// # Errors
    /// [`Fault::Conflict`] when somebody else wrote that version.
    async fn save(&self, release_id: &str, release: &Release, version: u64) -> Result<(), Fault>;
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

/// Where developers look.
pub trait FeedbackHost {
    /// Does one write, in such a way that doing it twice shows the same as doing it once; returns the id of what was written.
    ///
    /// # Errors
    /// When it is not known to be done.
    async fn write(&self, origin: &Origin, write: &Write) -> Result<u64, HostFault>;
}
