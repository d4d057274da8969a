//! DynamoDB: where pipeline executions and builds came from (`pk = O#<execution or build id>`, `sk = ORIGIN`). Written by the source function,
//! read by whoever gets an event of CodePipeline, which names the execution and nothing of the commit.
//!
//! Must not: decide.

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::ports::{Origin, Origins};
use crate::source::reference::Reference;
use crate::source::routes::Runner;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// Service name in faults.
const SERVICE: &str = "DynamoDB";

type Item = HashMap<String, AttributeValue>;

/// The origins in Tidegate's table.
pub struct OriginTable {
    client: Lazy<Client>,
    table: String,
}

impl OriginTable {
    /// The origins in `table` (`AWS_ENDPOINT_URL_DYNAMODB`).
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table }
    }
}

impl Origins for OriginTable {
    async fn origin(&self, execution_id: &str) -> Result<Option<Origin>, Fault> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(partition(execution_id)))
            .key("sk", AttributeValue::S("ORIGIN".to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "GetItem", &error))?;
        answer.item.as_ref().map(origin_of).transpose()
    }
}

fn partition(execution_id: &str) -> String {
    format!("O#{execution_id}")
}

/// The item that keeps `origin`.
pub(super) fn item_of(execution_id: &str, origin: &Origin) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    [
        ("pk", text(&partition(execution_id))),
        ("sk", text("ORIGIN")),
        ("repository_id", AttributeValue::N(origin.repository_id.to_string())),
        ("repository", text(&origin.repository)),
        ("sha", text(origin.sha.as_str())),
        ("reference", text(&origin.reference.full())),
        ("runner", text(origin.runner.as_str())),
        ("pipeline", text(&origin.pipeline)),
        ("environment", text(&origin.environment)),
        ("release_id", text(&origin.release_id)),
        ("sequence", AttributeValue::N(origin.sequence.to_string())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn origin_of(item: &Item) -> Result<Origin, Fault> {
    let text = |name: &str| {
        let found = item.get(name).and_then(|value| value.as_s().ok());
        found.cloned().ok_or_else(|| unreadable(name))
    };
    let number = |name: &str| {
        let found = item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
        found.ok_or_else(|| unreadable(name))
    };
    Ok(Origin {
        repository_id: number("repository_id")?,
        repository: text("repository")?,
        sha: text("sha")?.parse().map_err(|_| unreadable("sha"))?,
        reference: Reference::parse(&text("reference")?).ok_or_else(|| unreadable("reference"))?,
        runner: Runner::of(&text("runner")?).ok_or_else(|| unreadable("runner"))?,
        pipeline: text("pipeline")?,
        environment: text("environment")?,
        release_id: text("release_id")?,
        sequence: number("sequence")?,
    })
}

fn unreadable(name: &str) -> Fault {
    Fault::Unreadable {
        service: SERVICE,
        operation: "GetItem",
        detail: format!("attribute `{name}` of the origin is missing or of another kind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_comes_back_as_it_was_written_and_never_half() {
        let origin = Origin {
            repository_id: 1001,
            repository: "acme/shop".to_owned(),
            sha: "a".repeat(40).parse().unwrap(),
            reference: Reference::Pull(7),
            runner: Runner::Build,
            pipeline: "shop-checks".to_owned(),
            environment: "pull-request".to_owned(),
            release_id: "r1".to_owned(),
            sequence: 3,
        };
        let item = item_of("e-1", &origin);
        assert_eq!(item["pk"].as_s().map(String::as_str), Ok("O#e-1"));
        assert_eq!(origin_of(&item).unwrap(), origin);
        for name in item.keys().filter(|name| !matches!(name.as_str(), "pk" | "sk")) {
            let mut half = item.clone();
            half.remove(name);
            assert!(origin_of(&half).is_err(), "without `{name}`");
        }
    }
}
