//! Verdicts: the full report in S3, and an item in the table for the dashboard.

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::gates::ports::{Record, Verdicts};
use aws_sdk_dynamodb::types::AttributeValue;

/// Keeps verdicts in S3 and DynamoDB.
pub struct VerdictStore {
    s3: Lazy<aws_sdk_s3::Client>,
    table: Lazy<aws_sdk_dynamodb::Client>,
    bucket: String,
    name: String,
}

impl VerdictStore {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, table: &str, bucket: &str) -> Self {
        Self {
            s3: aws.client("S3", aws_sdk_s3::Client::new),
            table: aws.client("DYNAMODB", aws_sdk_dynamodb::Client::new),
            bucket: bucket.to_owned(),
            name: table.to_owned(),
        }
    }

    async fn put_item(&self, record: &Record, body: String, key: &str) -> Result<(), Fault> {
        let text = |value: String| AttributeValue::S(value);
        let decided = record.decided_at.sort_key();
        let month = decided.get(..7).unwrap_or_default();
        let call = self
            .table
            .put_item()
            .table_name(&self.name)
            .item("pk", text(format!("G#{}", record.execution_id)))
            .item("sk", text(format!("{}#{}", record.stage, record.job_id)))
            .item("gsi1pk", text(format!("T#{month}")))
            .item("gsi1sk", text(format!("{decided}#gate#{}", record.job_id)))
            .item("report_key", text(key.to_owned()))
            .item("body", text(body));
        call.send().await.map(|_| ()).map_err(|error| classify("DynamoDB", "PutItem", &error))
    }
}

impl Verdicts for VerdictStore {
    async fn store(&self, record: &Record) -> Result<String, Fault> {
        let body = serde_json::to_string(record).map_err(|error| Fault::Unreadable {
            service: "verdict",
            operation: "serialize",
            detail: error.to_string(),
        })?;
        // The colon in a build's id would have to be escaped wherever the key is a path.
        let key = format!("gates/{}/{}.json", record.execution_id.replace(':', "/"), record.job_id);
        let call = self
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .content_type("application/json")
            .body(body.clone().into_bytes().into());
        call.send().await.map_err(|error| classify("S3", "PutObject", &error))?;
        self.put_item(record, body, &key).await?;
        Ok(key)
    }
}
