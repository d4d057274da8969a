//! Gate policies in Parameter Store, under one prefix.

use super::ssm::Parameters;
use crate::errors::Fault;
use crate::gates::ports::Policies;

/// Policies below a prefix.
pub struct PolicyFolder {
    parameters: Parameters,
    prefix: String,
}

impl PolicyFolder {
    /// Policies named `<prefix>/<name>`.
    #[must_use]
    pub fn new(parameters: Parameters, prefix: &str) -> Self {
        Self { parameters, prefix: prefix.trim_end_matches('/').to_owned() }
    }
}

impl Policies for PolicyFolder {
    async fn policy(&self, name: &str) -> Result<String, Fault> {
        self.parameters.get(&format!("{}/{name}", self.prefix)).await
    }
}
