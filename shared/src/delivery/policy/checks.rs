//! What is checked of a new version before traffic, and with what limits.

use serde::{Deserialize, Serialize};

/// The checks of a service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checks {}
