//! DynamoDB: what is known and what GitHub was told of a release or a build (`pk = F#<release id>`, `sk = STATE`), and of a pull request
//! (`pk = F#<repository id>#refs/pull/<number>/head`).
//!
//! Must not: decide; it keeps what [`crate::feedback`] decided, on condition of the version it was made from.
//! Specification: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::feedback::ports::{Kept, State};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// Service name in faults.
const SERVICE: &str = "DynamoDB";

/// Feedback's part of Tidegate's table.
pub struct FeedbackTable {
    client: Lazy<Client>,
    table: String,
}

impl FeedbackTable {
    /// The part in `table` (`AWS_ENDPOINT_URL_DYNAMODB`).
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table }
    }
}

impl Kept for FeedbackTable {
    async fn read<T: State>(&self, id: &str) -> Result<(T, u64), Fault> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(partition(id)))
            .key("sk", text("STATE"))
            .consistent_read(true);
        let answer = call.send().await.map_err(|error| classify(SERVICE, "GetItem", &error))?;
        answer.item.as_ref().map_or_else(|| Ok((T::default(), 0)), state_of)
    }

    async fn save<T: State>(&self, id: &str, state: &T, version: u64) -> Result<(), Fault> {
        let body = serde_json::to_string(state)
            .map_err(|error| unreadable("PutItem", &format!("the state cannot be written: {error}")))?;
        let before = version.saturating_sub(1);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(partition(id)))
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

fn partition(id: &str) -> String {
    format!("F#{id}")
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn state_of<T: State>(item: &HashMap<String, AttributeValue>) -> Result<(T, u64), Fault> {
    let version = item.get("version").and_then(|value| value.as_n().ok()?.parse().ok());
    let body = item.get("body").and_then(|value| value.as_s().ok());
    let (Some(version), Some(body)) = (version, body) else {
        return Err(unreadable("GetItem", "the state has no `version` or no `body`"));
    };
    let state = serde_json::from_str(body).map_err(|error| {
        unreadable("GetItem", &format!("column {} of the state is not what was written", error.column()))
    })?;
    Ok((state, version))
}

fn unreadable(operation: &'static str, detail: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::ports::Release;

    #[test]
    fn half_a_release_is_unreadable_and_never_taken_for_a_new_one() {
        let release = serde_json::to_string(&Release::default()).unwrap();
        let mut item: HashMap<String, AttributeValue> = HashMap::new();
        item.insert("version".to_owned(), AttributeValue::N("3".to_owned()));
        assert!(state_of::<Release>(&item).is_err());
        item.insert("body".to_owned(), text("{}"));
        insta::assert_snapshot!(state_of::<Release>(&item).unwrap_err(), @"DynamoDB answered `GetItem` with something unreadable: column 2 of the state is not what was written");
        item.insert("body".to_owned(), text(release));
        assert_eq!(state_of::<Release>(&item).unwrap(), (Release::default(), 3));
    }
}
