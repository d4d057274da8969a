//! ECR: what scans say of the images of a repository, as far as somebody has recorded it.
//!
//! Not imitated: repositories, layers, who scans and when. An image of a repository that nobody recorded anything for has no scan.
//! Specification: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>

use super::{ACCOUNT, ApiError};
use crate::values::{at, lock, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Findings of a page, where the request does not say.
const PAGE: usize = 100;

/// Recorded scans by repository: each question takes the next one, the last one stays.
#[derive(Default)]
pub struct Ecr {
    scans: Mutex<BTreeMap<String, Vec<Value>>>,
}

impl Ecr {
    /// Records what a repository's images are answered: `{"status", "description"?, "findings"?: {…}}`, one for each question.
    pub fn record(&self, repository: &str, answers: Vec<Value>) {
        lock(&self.scans).insert(repository.to_owned(), answers);
    }

    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        if operation != "DescribeImageScanFindings" {
            return Err(ApiError::not_imitated(operation));
        }
        let (repository, digest) = (text(input, "repositoryName"), at(input, "/imageId/imageDigest"));
        let token = text(input, "nextToken");
        let mut scans = lock(&self.scans);
        let recorded = scans.get_mut(&repository).filter(|recorded| !recorded.is_empty());
        let recorded = recorded.ok_or_else(|| {
            let words = format!("Image scan does not exist for '{digest}' in '{repository}'");
            ApiError::new("ScanNotFoundException", &words)
        })?;
        let goes_on = recorded.len() > 1 && token.is_empty();
        let scan = if goes_on { recorded.remove(0) } else { recorded.first().cloned().unwrap_or_default() };
        let mut answer = json!({"registryId": ACCOUNT, "repositoryName": repository,
            "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": text(&scan, "status"), "description": text(&scan, "description")}});
        if let (Some(findings), Some(members)) = (scan.get("findings"), answer.as_object_mut()) {
            let (page, next) = page(findings.clone(), input, token.parse().unwrap_or(0));
            members.insert("imageScanFindings".to_owned(), page);
            if let Some(next) = next {
                members.insert("nextToken".to_owned(), next.to_string().into());
            }
        }
        Ok(answer)
    }
}

/// The findings from `start` on, and where the next page begins.
fn page(mut findings: Value, input: &Value, start: usize) -> (Value, Option<usize>) {
    let most = input.get("maxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let end = start + most.unwrap_or(PAGE).max(1);
    let mut next = None;
    for list in ["findings", "enhancedFindings"] {
        if let Some(list) = findings.get_mut(list).and_then(Value::as_array_mut) {
            next = next.max((list.len() > end).then_some(end));
            *list = list.drain(..).skip(start).take(end - start).collect();
        }
    }
    (findings, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_goes_on_with_each_question_and_its_findings_come_in_pages() {
        let ecr = Ecr::default();
        let ask = |more: &str| {
            let mut input =
                json!({"repositoryName": "r", "imageId": {"imageDigest": "sha256:0"}, "maxResults": 2});
            if !more.is_empty() {
                input["nextToken"] = json!(more);
            }
            ecr.call("DescribeImageScanFindings", &input)
        };
        assert_eq!(ask("").unwrap_err().code, "ScanNotFoundException");
        let complete = json!({"status": "COMPLETE", "findings": {"findings": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}});
        ecr.record("r", vec![json!({"status": "IN_PROGRESS"}), complete]);
        assert_eq!(ask("").unwrap()["imageScanStatus"]["status"], "IN_PROGRESS");
        let first = ask("").unwrap();
        assert_eq!(
            (first["imageScanFindings"]["findings"].as_array().unwrap().len(), &first["nextToken"]),
            (2, &json!("2"))
        );
        let second = ask("2").unwrap();
        assert_eq!(
            (&second["imageScanFindings"]["findings"], second.get("nextToken")),
            (&json!([{"name": "c"}]), None)
        );
    }
}
