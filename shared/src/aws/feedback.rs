//! DynamoDB: what is known and what GitHub was told of a release (`pk = F#<release id>`, `sk = STATE`).
//!
//! Must not: decide; it keeps what [`crate::feedback`] decided, on condition of the version it was made from.
//! Specification: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::feedback::ports::{Release, Releases};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// Service name in faults.
const SERVICE: &str = "DynamoDB";

/// The releases in Tidegate's table.
pub struct ReleaseTable {
    client: Lazy<Client>,
    table: String,
}

impl ReleaseTable {
    /// The releases in `table` (`AWS_ENDPOINT_URL_DYNAMODB`).
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table }
    }
}

impl Releases for ReleaseTable {
    async fn read(&self, release_id: &str) -> Result<(Release, u64), Fault> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(partition(release_id)))
            .key("sk", text("STATE"))
            .consistent_read(true);
        let answer = call.send().await.map_err(|error| classify(SERVICE, "GetItem", &error))?;
        answer.item.as_ref().map_or_else(|| Ok((Release::default(), 0)), release_of)
    }

    async fn save(&self, release_id: &str, release: &Release, version: u64) -> Result<(), Fault> {
        let body = serde_json::to_string(release)
            .map_err(|error| unreadable("PutItem", &format!("the release cannot be written: {error}")))?;
        let before = version.saturating_sub(1);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(partition(release_id)))
            .item("sk", text("STATE"))
            .item("version", AttributeValue::N(version.to_string()))
            .item("body", text(body));
        let put = if before == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", AttributeValue::N(before.to_string()))
        };
        put.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "PutItem", &error))
    }
}

fn partition(release_id: &str) -> String {
    format!("F#{release_id}")
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn release_of(item: &HashMap<String, AttributeValue>) -> Result<(Release, u64), Fault> {
    let version = item.get("version").and_then(|value| value.as_n().ok()?.parse().ok());
    let body = item.get("body").and_then(|value| value.as_s().ok());
    let (Some(version), Some(body)) = (version, body) else {
        return Err(unreadable("GetItem", "the release has no `version` or no `body`"));
    };
    let release = serde_json::from_str(body).map_err(|error| {
        unreadable("GetItem", &format!("column {} of the release is not what was written", error.column()))
    })?;
    Ok((release, version))
}

fn unreadable(operation: &'static str, detail: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_release_is_unreadable_and_never_taken_for_a_new_one() {
        let release = serde_json::to_string(&Release::default()).unwrap();
        let mut item: HashMap<String, AttributeValue> = HashMap::new();
        item.insert("version".to_owned(), AttributeValue::N("3".to_owned()));
        assert!(release_of(&item).is_err());
        item.insert("body".to_owned(), text("{}"));
        insta::assert_snapshot!(release_of(&item).unwrap_err(), @"DynamoDB answered `GetItem` with something unreadable: column 2 of the release is not what was written");
        item.insert("body".to_owned(), text(release));
        assert_eq!(release_of(&item).unwrap(), (Release::default(), 3));
    }
}
