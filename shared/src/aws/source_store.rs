//! S3: published sources, one immutable object per commit.
//!
//! Must not: overwrite. `If-None-Match: *` keeps the first; whoever comes second takes that one.
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::ports::{Label, Published, SourceStore};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_types::SdkConfig;

/// Service name in faults.
const SERVICE: &str = "S3";
/// Metadata that CodePipeline shows as the revision summary (CodePipeline user guide, S3 source action).
const SUMMARY: &str = "codepipeline-artifact-revision-summary";

/// The source bucket.
pub struct SourceBucket {
    client: Lazy<Client>,
    bucket: String,
    key_arn: Option<String>,
}

impl SourceBucket {
    /// The bucket, with the KMS key that objects are encrypted under (`AWS_ENDPOINT_URL_S3`).
    #[must_use]
    pub fn new(aws: &Aws, bucket: String, key_arn: Option<String>) -> Self {
        Self { client: aws.client("S3", connect), bucket, key_arn }
    }
}

fn connect(connection: &SdkConfig) -> Client {
    // An endpoint of one's own seldom has a name per bucket; path style works at every endpoint.
    let path_style = connection.endpoint_url().is_some();
    Client::from_conf(aws_sdk_s3::config::Builder::from(connection).force_path_style(path_style).build())
}

impl SourceStore for SourceBucket {
    async fn find(&self, key: &str) -> Result<Option<Published>, Fault> {
        let answer = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        match answer {
            Ok(head) => published(&self.bucket, key, head.version_id, "HeadObject").map(Some),
            Err(error) => match classify(SERVICE, "HeadObject", &error) {
                Fault::Missing { .. } => Ok(None),
                fault @ (Fault::Denied { .. }
                | Fault::Transient { .. }
                | Fault::Conflict { .. }
                | Fault::Unreadable { .. }) => Err(fault),
            },
        }
    }

    async fn publish(&self, label: &Label, bytes: Vec<u8>, sha256: [u8; 32]) -> Result<Published, Fault> {
        let mut put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(&label.key)
            .if_none_match("*")
            .content_type("application/zip")
            .checksum_sha256(aws_smithy_types::base64::encode(sha256))
            .metadata(SUMMARY, &label.summary)
            .metadata("tidegate-branch", &label.branch)
            .metadata("tidegate-sha", label.sha.as_str())
            .body(ByteStream::from(bytes));
        if let Some(arn) = &self.key_arn {
            put = put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(arn);
        }
        let fault = match put.send().await {
            Ok(done) => return published(&self.bucket, &label.key, done.version_id, "PutObject"),
            Err(error) => classify(SERVICE, "PutObject", &error),
        };
        if !fault.is_conflict() {
            return Err(fault);
        }
        self.find(&label.key).await?.ok_or_else(|| Fault::Transient {
            service: SERVICE,
            operation: "PutObject",
            detail: format!("`{}` is being published by somebody else", label.key),
        })
    }
}

/// CodePipeline starts on a version; a bucket without versions cannot hold a source.
fn published(
    bucket: &str,
    key: &str,
    version: Option<String>,
    operation: &'static str,
) -> Result<Published, Fault> {
    match version.filter(|version| version != "null") {
        Some(version_id) => Ok(Published { key: key.to_owned(), version_id }),
        None => Err(Fault::Denied {
            service: SERVICE,
            operation,
            detail: format!(
                "bucket `{bucket}` keeps no versions, a pipeline cannot be started on `{key}`; turn versioning on"
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_without_versions_is_named() {
        let fault = published("sources", "sources/1/a.zip", None, "PutObject").unwrap_err();
        insta::assert_snapshot!(fault, @"S3 refused `PutObject`: bucket `sources` keeps no versions, a pipeline cannot be started on `sources/1/a.zip`; turn versioning on");
        assert!(published("sources", "k", Some("null".to_owned()), "PutObject").is_err());
    }
}
