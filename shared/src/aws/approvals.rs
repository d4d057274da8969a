//! What quality gates decided of an image, by its digest: items `IMAGE#<digest>` of the table, the newest last.

use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::Approvals;
use crate::errors::Fault;
use crate::model::Approval;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

const SERVICE: &str = "DynamoDB";

/// The table of verdicts.
pub struct ImageApprovals {
    client: Lazy<Client>,
    table: String,
}

impl ImageApprovals {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table: table.to_owned() }
    }
}

impl Approvals for ImageApprovals {
    async fn approval(&self, digest: &str) -> Result<Option<Approval>, Fault> {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(Approval::partition(digest)))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1);
        let answer = call.send().await.map_err(|error| classify(SERVICE, "Query", &error))?;
        let Some(item) = answer.items().first() else { return Ok(None) };
        let body = item.get("body").and_then(|body| body.as_s().ok()).map(String::as_str).unwrap_or_default();
        serde_json::from_str(body).map(Some).map_err(|error| Fault::Unreadable {
            service: SERVICE,
            operation: "Query",
            detail: format!("`body` of `{}`: {error}", Approval::partition(digest)),
        })
    }
}
