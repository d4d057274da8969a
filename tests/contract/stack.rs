//! A table of a test's own on the running stack, with the keys and indexes that `sam deploy` gave the real one.

use anyhow::{Context, Result};
use scenarios::{Emulator, stack_record};
use serde_json::{Value, json};
use shared::aws::Aws;
use std::sync::OnceLock;

static ENDPOINT: OnceLock<String> = OnceLock::new();

/// What Lambda gives a function, here for the test process: the emulator's endpoint and dummies.
fn environment(name: &str) -> Option<String> {
    match name {
        "AWS_ENDPOINT_URL" => ENDPOINT.get().cloned(),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        _ => None,
    }
}

/// A table that is deleted when dropped.
pub(crate) struct Table {
    pub(crate) aws: Aws,
    pub(crate) name: String,
    /// The deployed bucket of reports.
    pub(crate) bucket: String,
    emulator: Emulator,
}

impl Table {
    /// Makes the table `contract-<name>`, empty.
    pub(crate) fn fresh(name: &str) -> Result<Self> {
        let record = stack_record()?;
        let text = |pointer: &str| {
            let found = record.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
            found.with_context(|| format!("the stack's record has no `{pointer}`"))
        };
        let emulator = Emulator::new(ENDPOINT.get_or_init(|| text("/emulatorUrl").unwrap_or_default()));
        let table = Self {
            aws: Aws::from_environment(environment),
            name: format!("contract-{name}"),
            bucket: text("/outputs/ReportBucketName")?,
            emulator,
        };
        let deployed = table.call("DescribeTable", &json!({"TableName": text("/outputs/TableName")?}))?;
        // One that a killed run left behind.
        let _ = table.delete();
        table.call("CreateTable", &like(&deployed, &table.name)?)?;
        Ok(table)
    }

    fn call(&self, operation: &str, body: &Value) -> Result<Value> {
        self.emulator.json("dynamodb", &format!("DynamoDB_20120810.{operation}"), "1.0", body)
    }

    fn delete(&self) -> Result<Value> {
        self.call("DeleteTable", &json!({"TableName": self.name}))
    }
}

/// The order for a table of the same shape.
fn like(deployed: &Value, name: &str) -> Result<Value> {
    let member = |name: &str| {
        deployed.pointer(&format!("/Table/{name}")).with_context(|| format!("the table has no `{name}`"))
    };
    let mut indexes = Vec::new();
    for index in member("GlobalSecondaryIndexes")?.as_array().context("indexes are a list")? {
        let part = |name: &str| index.get(name).cloned().unwrap_or_default();
        indexes.push(json!({"IndexName": part("IndexName"), "KeySchema": part("KeySchema"),
            "Projection": part("Projection")}));
    }
    Ok(json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": member("KeySchema")?,
        "AttributeDefinitions": member("AttributeDefinitions")?, "GlobalSecondaryIndexes": indexes}))
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Err(error) = self.delete() {
            assert!(std::thread::panicking(), "{} is left behind: {error:#}", self.name);
        }
    }
}
