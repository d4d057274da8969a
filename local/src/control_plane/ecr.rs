//! ECR: image scans, as far as their findings are recorded with a build.
//!
//! Not imitated: repositories, layers, enhanced scanning. An image that nobody recorded findings for has no scan.

use super::ApiError;
use crate::values::{at, lock, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Recorded scans by repository and digest.
#[derive(Default)]
pub struct Ecr {
    scans: Mutex<BTreeMap<(String, String), Value>>,
}

impl Ecr {
    /// Records the findings document (`imageScanFindings`) of an image.
    pub fn record(&self, repository: &str, digest: &str, findings: Value) {
        lock(&self.scans).insert((repository.to_owned(), digest.to_owned()), findings);
    }

    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        if operation != "DescribeImageScanFindings" {
            return Err(ApiError::not_imitated(operation));
        }
        let (repository, digest) = (text(input, "repositoryName"), at(input, "/imageId/imageDigest"));
        let scans = lock(&self.scans);
        let findings = scans.get(&(repository.clone(), digest.clone())).ok_or_else(|| {
            ApiError::new(
                "ScanNotFoundException",
                &format!("Image scan does not exist for '{digest}' in '{repository}'"),
            )
        })?;
        Ok(json!({"repositoryName": repository, "imageId": {"imageDigest": digest},
                  "imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": findings}))
    }
}
