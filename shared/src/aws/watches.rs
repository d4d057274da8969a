//! Watch records in the table: active ones under `WATCH`, closed ones under `W#<deployment id>`.

use super::{Aws, Lazy, classify};
use crate::delivery::ports::{Stored, Watches};
use crate::delivery::watch::Watch;
use crate::errors::Fault;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

const SERVICE: &str = "DynamoDB";
const ACTIVE: &str = "WATCH";

type Item = HashMap<String, AttributeValue>;

/// The table of watches.
pub struct WatchTable {
    client: Lazy<Client>,
    table: String,
}

impl WatchTable {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table: table.to_owned() }
    }

    async fn item(&self, pk: &str, sk: &str) -> Result<Option<Stored>, Fault> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .consistent_read(true);
        let answer = call.send().await.map_err(|error| classify(SERVICE, "GetItem", &error))?;
        answer.item().map(read).transpose()
    }

    /// Writes a whole record; `known` is the version that must be there, none for a new record.
    async fn put(
        &self,
        pk: &str,
        sk: &str,
        watch: &Watch,
        version: u64,
        known: Option<u64>,
    ) -> Result<(), Fault> {
        let body = serde_json::to_string(watch).map_err(|error| unreadable("PutItem", &error.to_string()))?;
        let created = watch.created_at.sort_key();
        let mut call = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", text(pk))
            .item("sk", text(sk))
            .item("version", AttributeValue::N(version.to_string()))
            .item("gsi1pk", text(&format!("T#{}", created.get(..7).unwrap_or_default())))
            .item("gsi1sk", text(&format!("{created}#watch#{}", watch.deployment_id)))
            .item("body", text(&body));
        call = match known {
            Some(known) => call
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", "version")
                .expression_attribute_values(":v", AttributeValue::N(known.to_string())),
            None => call.condition_expression("attribute_not_exists(pk)"),
        };
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "PutItem", &error))
    }
}

impl Watches for WatchTable {
    async fn active(&self) -> Result<Vec<Stored>, Fault> {
        let mut found = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let call = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(ACTIVE))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            let answer = call.send().await.map_err(|error| classify(SERVICE, "Query", &error))?;
            for item in answer.items() {
                found.push(read(item)?);
            }
            start = answer.last_evaluated_key().cloned();
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    async fn get(&self, deployment: &str) -> Result<Option<Stored>, Fault> {
        match self.item(ACTIVE, deployment).await? {
            Some(stored) => Ok(Some(stored)),
            None => self.item(&closed(deployment), ACTIVE).await,
        }
    }

    async fn create(&self, watch: &Watch) -> Result<(), Fault> {
        match self.put(ACTIVE, &watch.deployment_id, watch, 1, None).await {
            Err(Fault::Conflict { .. }) => Ok(()),
            other => other,
        }
    }

    async fn save(&self, stored: &Stored) -> Result<u64, Fault> {
        let next = stored.version + 1;
        self.put(ACTIVE, &stored.watch.deployment_id, &stored.watch, next, Some(stored.version)).await?;
        Ok(next)
    }

    /// Copies first, deletes after: a crash in between leaves both, and the next tick does it again.
    async fn close(&self, stored: &Stored) -> Result<(), Fault> {
        let id = &stored.watch.deployment_id;
        match self.put(&closed(id), ACTIVE, &stored.watch, stored.version, None).await {
            Ok(()) | Err(Fault::Conflict { .. }) => {}
            Err(fault) => return Err(fault),
        }
        let call =
            self.client.delete_item().table_name(&self.table).key("pk", text(ACTIVE)).key("sk", text(id));
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "DeleteItem", &error))
    }
}

fn closed(deployment: &str) -> String {
    format!("W#{deployment}")
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn read(item: &Item) -> Result<Stored, Fault> {
    let body = item
        .get("body")
        .and_then(|value| value.as_s().ok())
        .ok_or_else(|| unreadable("Query", "a watch has no `body`"))?;
    let version = item
        .get("version")
        .and_then(|value| value.as_n().ok()?.parse().ok())
        .ok_or_else(|| unreadable("Query", "a watch has no `version`"))?;
    let watch = serde_json::from_str(body).map_err(|error| unreadable("Query", &error.to_string()))?;
    Ok(Stored { watch, version })
}

fn unreadable(operation: &'static str, detail: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation, detail: detail.to_owned() }
}
