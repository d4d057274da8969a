//! The rendered report in S3.

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use aws_sdk_s3::Client;

/// The bucket of reports.
pub struct ReportStore {
    client: Lazy<Client>,
    bucket: String,
}

impl ReportStore {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, bucket: &str) -> Self {
        Self { client: aws.client("S3", Client::new), bucket: bucket.to_owned() }
    }

    /// Writes an object.
    ///
    /// # Errors
    /// As classified.
    pub async fn put(&self, key: &str, content_type: &str, body: String) -> Result<(), Fault> {
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(body.into_bytes().into());
        call.send().await.map(|_| ()).map_err(|error| classify("S3", "PutObject", &error))
    }
}
