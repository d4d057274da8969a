//! Verdicts: the record and its pages in S3, then an item in the table, for the dashboard and for a job that comes again.

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::gates::normal::Normal;
use crate::gates::ports::{Answer, Record, Verdicts};
use crate::model::Approval;
use aws_sdk_dynamodb::types::AttributeValue;

const TABLE: &str = "DynamoDB";
/// The attribute that holds what a job was answered.
const ANSWER: &str = "answer";

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

    async fn put_item(&self, record: &Record, body: String, answer: Option<String>) -> Result<(), Fault> {
        let text = |value: String| AttributeValue::S(value);
        let decided = record.decided_at.sort_key();
        let month = decided.get(..7).unwrap_or_default();
        let call = self
            .table
            .put_item()
            .table_name(&self.name)
            .item("pk", text(partition(&record.execution_id)))
            .item("sk", text(sort_key(&record.stage, &record.job_id)))
            .item("gsi1pk", text(format!("T#{month}")))
            .item("gsi1sk", text(format!("{decided}#gate#{}", record.job_id)))
            .item("report_key", text(record.key()))
            .item("body", text(body));
        let call = match answer {
            Some(answer) => call.item(ANSWER, text(answer)),
            None => call,
        };
        call.send().await.map(|_| ()).map_err(|error| classify(TABLE, "PutItem", &error))
    }

    /// What was decided of an image, beside what other gates decided of it.
    async fn put_approval(&self, record: &Record, digest: &str) -> Result<(), Fault> {
        let text = |value: String| AttributeValue::S(value);
        let body = serde_json::to_string(&record.approval()).map_err(|error| unwritable(&error))?;
        let call = self
            .table
            .put_item()
            .table_name(&self.name)
            .item("pk", text(Approval::partition(digest)))
            .item("sk", text(format!("{}#{}", record.decided_at.sort_key(), record.job_id)))
            .item("body", text(body));
        call.send().await.map(|_| ()).map_err(|error| classify(TABLE, "PutItem", &error))
    }

    async fn put_object(&self, key: &str, content_type: &str, body: String) -> Result<(), Fault> {
        let call = self
            .s3
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .content_disposition("inline")
            .body(body.into_bytes().into());
        call.send().await.map(|_| ()).map_err(|error| classify("S3", "PutObject", &error))
    }
}

fn partition(execution: &str) -> String {
    format!("G#{execution}")
}

fn sort_key(stage: &str, job: &str) -> String {
    format!("{stage}#{job}")
}

fn unwritable(error: &serde_json::Error) -> Fault {
    Fault::Unreadable { service: "verdict", operation: "serialize", detail: error.to_string() }
}

impl Verdicts for VerdictStore {
    async fn answered(&self, execution: &str, stage: &str, job: &str) -> Result<Option<Answer>, Fault> {
        let text = |value: String| AttributeValue::S(value);
        let call = self
            .table
            .get_item()
            .table_name(&self.name)
            .key("pk", text(partition(execution)))
            .key("sk", text(sort_key(stage, job)))
            .consistent_read(true)
            .projection_expression(ANSWER);
        let answer = call.send().await.map_err(|error| classify(TABLE, "GetItem", &error))?;
        let Some(kept) = answer.item().and_then(|item| item.get(ANSWER)) else { return Ok(None) };
        let kept = kept.as_s().map(String::as_str).unwrap_or_default();
        serde_json::from_str(kept).map(Some).map_err(|error| Fault::Unreadable {
            service: TABLE,
            operation: "GetItem",
            detail: format!("`{ANSWER}` of job {job}: {error}"),
        })
    }

    fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    async fn store(&self, record: &Record, measured: &Normal, answer: Option<&Answer>) -> Result<(), Fault> {
        let facts = serde_json::to_string(measured).map_err(|error| unwritable(&error))?;
        let whole = serde_json::to_string(record).map_err(|error| unwritable(&error))?;
        let brief = record.brief().map_err(|error| unwritable(&error))?;
        let answer = answer.map(serde_json::to_string).transpose().map_err(|error| unwritable(&error))?;
        let (stem, pages) = (record.stem(), record.pages());
        self.put_object(&format!("{stem}.facts.json"), "application/json", facts).await?;
        self.put_object(&format!("{stem}.html"), "text/html; charset=utf-8", pages.html).await?;
        self.put_object(&format!("{stem}.md"), "text/markdown; charset=utf-8", pages.markdown).await?;
        self.put_object(&record.key(), "application/json", whole).await?;
        for digest in &record.images {
            self.put_approval(record, digest).await?;
        }
        self.put_item(record, brief, answer).await
    }
}
