//! Scans of images at ECR, with all pages of their findings
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>).
//!
//! The answer is handed on as it came, because what a finding holds is a report format's business (`crate::reports`), and differs between
//! basic and enhanced scanning. Must not: decide which state is a result.

use super::{Aws, classify};
use crate::errors::Fault;
use crate::gates::ports::{Scan, Scans};
use crate::gates::scan::Image;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::config::{Builder, ConfigBag, Intercept, Region, RuntimeComponents};
use aws_sdk_ecr::error::BoxError;
use aws_sdk_ecr::types::ImageIdentifier;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

const SERVICE: &str = "ECR";
/// Operation name in faults.
const DESCRIBE: &str = "DescribeImageScanFindings";
/// Findings of a page; the API's most.
const PAGE: i32 = 1000;
/// Most pages of one image.
const MAX_PAGES: usize = 100;
/// Lists that go on from page to page.
const LISTS: [&str; 2] = ["findings", "enhancedFindings"];

/// Asks ECR.
pub struct EcrScans {
    aws: Aws,
}

impl EcrScans {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    async fn page(&self, client: &Client, image: &Image, next: Option<String>) -> Result<Page, PageError> {
        let id = ImageIdentifier::builder().image_digest(&image.digest).build();
        let kept = Kept::default();
        let call = client
            .describe_image_scan_findings()
            .registry_id(&image.account)
            .repository_name(&image.repository)
            .image_id(id)
            .max_results(PAGE)
            .set_next_token(next);
        let answer = call.customize().interceptor(kept.clone()).send().await.map_err(|error| {
            let inner = error.as_service_error();
            if inner.is_some_and(|inner| inner.is_scan_not_found_exception()) {
                PageError::NotScanned
            } else if inner.is_some_and(|inner| {
                inner.is_image_not_found_exception() || inner.is_repository_not_found_exception()
            }) {
                PageError::NoImage
            } else {
                PageError::Fault(classify(SERVICE, DESCRIBE, &error))
            }
        })?;
        let body = kept.take();
        let document =
            serde_json::from_slice(&body).map_err(|error| PageError::Fault(unreadable(error.to_string())))?;
        Ok(Page { document, next: answer.next_token })
    }
}

impl Scans for EcrScans {
    async fn scan(&self, image: &Image) -> Result<Scan, Fault> {
        let config = Builder::from(&self.aws.config("ECR")).region(Region::new(image.region.clone()));
        let client = Client::from_conf(config.build());
        let (mut whole, mut next) = (None, None);
        for _ in 0..MAX_PAGES {
            let page = match self.page(&client, image, next).await {
                Ok(page) => page,
                Err(PageError::NotScanned) => return Ok(Scan::NotScanned),
                Err(PageError::NoImage) => return Ok(Scan::NoImage),
                Err(PageError::Fault(fault)) => return Err(fault),
            };
            whole = Some(match whole {
                None => page.document,
                Some(before) => merged(before, page.document),
            });
            next = page.next.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(Scan::Answer(without_token(whole.unwrap_or_default())));
            }
        }
        Err(unreadable(format!("more than {MAX_PAGES} pages of findings")))
    }
}

struct Page {
    document: Value,
    next: Option<String>,
}

enum PageError {
    NotScanned,
    NoImage,
    Fault(Fault),
}

fn unreadable(detail: String) -> Fault {
    Fault::Unreadable { service: SERVICE, operation: DESCRIBE, detail }
}

/// The first page with the findings of the next one.
fn merged(mut before: Value, mut page: Value) -> Value {
    for list in LISTS {
        let pointer = format!("/imageScanFindings/{list}");
        let more = page.pointer_mut(&pointer).and_then(Value::as_array_mut).map(std::mem::take);
        let Some(more) = more.filter(|more| !more.is_empty()) else { continue };
        match before.pointer_mut(&pointer).and_then(Value::as_array_mut) {
            Some(known) => known.extend(more),
            None => {
                if let Some(findings) =
                    before.pointer_mut("/imageScanFindings").and_then(Value::as_object_mut)
                {
                    findings.insert(list.to_owned(), more.into());
                }
            }
        }
    }
    before
}

fn without_token(mut whole: Value) -> Value {
    if let Some(members) = whole.as_object_mut() {
        members.remove("nextToken");
    }
    whole
}

/// Keeps the body of an answer as it came.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Kept {
    fn name(&self) -> &'static str {
        "KeepBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn findings_of_all_pages_are_one_list() {
        let page = |names: &[&str]| json!({"imageScanFindings": {"findings": names, "findingSeverityCounts": {"HIGH": 3}}});
        let whole = merged(merged(page(&["a", "b"]), page(&[])), page(&["c"]));
        assert_eq!(whole, page(&["a", "b", "c"]));
        let bare = json!({"imageScanFindings": {}});
        let enhanced = json!({"imageScanFindings": {"enhancedFindings": ["x"]}});
        assert_eq!(merged(bare, enhanced.clone()), enhanced);
    }
}
