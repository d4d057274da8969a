//! What a quality gate decided of a container image, as it is kept by the image's digest: the gate writes it, the check before traffic reads it.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// What a quality gate that looked at an image decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Pipeline execution.
    pub execution_id: String,
    /// Stage.
    pub stage: String,
    /// Outcome in the gate's words.
    pub outcome: String,
    /// Whether it let the image through.
    pub lets_through: bool,
    /// When.
    pub decided_at: Timestamp,
}

impl Approval {
    /// Partition of the table for an image.
    #[must_use]
    pub fn partition(digest: &str) -> String {
        format!("IMAGE#{digest}")
    }
}
