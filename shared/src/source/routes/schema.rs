//! The JSON Schema of a routes text, made from the types that read it: for editors, and for checks before a deployment.
//! Specification: <https://json-schema.org/draft/2020-12/schema>

use super::Routes;
use serde_json::Value;

impl Routes {
    /// The schema.
    #[must_use]
    pub fn schema() -> Value {
        schemars::schema_for!(Routes).to_value()
    }
}
