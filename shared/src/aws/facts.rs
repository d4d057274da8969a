//! Facts in the table: one item per fact, the key holds its whole identity, so a duplicate overwrites itself.

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::metrics::fact::Fact;
use crate::metrics::ports::{Facts, History, Row};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

const SERVICE: &str = "DynamoDB";

/// The table of facts.
pub struct FactTable {
    client: Lazy<Client>,
    table: String,
}

impl FactTable {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table: table.to_owned() }
    }
}

impl History for FactTable {
    async fn month(&self, month: &str) -> Result<Vec<Row>, Fault> {
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let call = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("gsi1")
                .key_condition_expression("gsi1pk = :month")
                .expression_attribute_values(":month", AttributeValue::S(format!("T#{month}")))
                .set_exclusive_start_key(start);
            let answer = call.send().await.map_err(|error| classify(SERVICE, "Query", &error))?;
            for item in answer.items() {
                let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
                if let (Some(pk), Some(sk), Some(body)) =
                    (text("pk"), text("sk"), text("body").or_else(|| text("commits")))
                {
                    rows.push(Row { pk, sk, body });
                }
            }
            start = answer.last_evaluated_key().cloned();
            if start.is_none() {
                return Ok(rows);
            }
        }
    }
}

impl Facts for FactTable {
    async fn store(&self, fact: &Fact) -> Result<(), Fault> {
        let body = serde_json::to_string(fact).map_err(|error| Fault::Unreadable {
            service: SERVICE,
            operation: "PutItem",
            detail: error.to_string(),
        })?;
        let (pk, sk) = fact.key();
        let at = fact.at.sort_key();
        let text = |value: String| AttributeValue::S(value);
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("gsi1pk", text(format!("T#{}", at.get(..7).unwrap_or_default())))
            .item("gsi1sk", text(format!("{at}#{pk}#{sk}")))
            .item("pk", text(pk))
            .item("sk", text(sk))
            .item("body", text(body));
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "PutItem", &error))
    }
}
