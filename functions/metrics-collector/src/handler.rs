//! The edge: each record of the batch stands for itself; what cannot be read or stored goes back to the queue, and in the end to the
//! dead-letter queue. Events are never logged: builds carry their environment variables.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::errors::{Fault, Rejection, chain};
use shared::function::failed;
use shared::metrics::event;
use shared::metrics::ports::Facts;
use shared::settings::{Reader, SettingsError};
use tracing::{error, info, warn};

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) table: String,
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let table = reader.required("TABLE_NAME");
        reader.finish(Self { table })
    }
}

/// The collector and its outside world.
pub(crate) struct Collector<F> {
    pub(crate) facts: F,
}

impl<F: Facts> Collector<F> {
    /// Folds a batch; answers with the records that have to come again (`ReportBatchItemFailures`).
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let records = event.payload.get("Records").and_then(Value::as_array);
        let records = records.ok_or_else(|| {
            failed("Rejection", &Rejection::new("the event has no `Records`: it is no batch of a queue"))
        })?;
        let mut failures = Vec::new();
        for record in records {
            let id = record.get("messageId").and_then(Value::as_str).unwrap_or_default();
            if let Err(why) = self.take(record).await {
                why.log(id);
                failures.push(json!({"itemIdentifier": id}));
            }
        }
        info!(target: "tidegate", events = records.len(), failed = failures.len(), "events folded");
        Ok(json!({"batchItemFailures": failures}))
    }

    async fn take(&self, record: &Value) -> Result<(), Returned> {
        let body = record.get("body").and_then(Value::as_str);
        let body = body.ok_or_else(|| Returned::Unreadable(Rejection::new("the record has no `body`")))?;
        let envelope: Value = serde_json::from_str(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Returned::Unreadable(Rejection::new(format!("its body is no JSON: line {line} column {column}")))
        })?;
        match event::read(&envelope).map_err(Returned::Unreadable)? {
            Some(fact) => self.facts.store(&fact).await.map_err(Returned::NotStored),
            None => Ok(()),
        }
    }
}

/// Why a record goes back to the queue.
enum Returned {
    Unreadable(Rejection),
    NotStored(Fault),
}

impl Returned {
    /// At the level of who must act (docs/ERRORS.md).
    fn log(&self, id: &str) {
        match self {
            Self::NotStored(fault @ Fault::Denied { .. }) => {
                error!(target: "tidegate", message_id = id, "an event comes again: {}", chain(fault));
            }
            Self::NotStored(fault) => {
                warn!(target: "tidegate", message_id = id, "an event comes again: {}", chain(fault));
            }
            Self::Unreadable(rejection) => {
                warn!(target: "tidegate", message_id = id, "an event comes again: {rejection}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_runtime::Context;
    use shared::metrics::fact::Fact;
    use std::cell::RefCell;

    #[derive(Default)]
    struct Memory {
        facts: RefCell<Vec<Fact>>,
        throttled: bool,
    }

    impl Facts for &Memory {
        async fn store(&self, fact: &Fact) -> Result<(), Fault> {
            if self.throttled {
                return Err(Fault::Transient {
                    service: "DynamoDB",
                    operation: "PutItem",
                    detail: "throttled".to_owned(),
                });
            }
            self.facts.borrow_mut().push(fact.clone());
            Ok(())
        }
    }

    async fn answer(memory: &Memory, bodies: &[&str]) -> String {
        let records: Vec<Value> = bodies
            .iter()
            .enumerate()
            .map(|(i, body)| json!({"messageId": format!("m{i}"), "body": body}))
            .collect();
        let event = LambdaEvent::new(json!({"Records": records}), Context::default());
        Collector { facts: memory }.handle(event).await.unwrap().to_string()
    }

    const PIPELINE: &str = include_str!("../../../events/metrics-collector/pipeline-started.json");

    #[tokio::test]
    async fn one_unreadable_record_comes_again_and_the_others_are_folded() {
        let memory = Memory::default();
        let other = r#"{"detail-type":"Something New","time":"2026-11-23T21:40:00Z"}"#;
        insta::assert_snapshot!(answer(&memory, &[PIPELINE, "{", other, r#"{"detail-type":"ECR Image Scan"}"#]).await, @r#"{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m3"}]}"#);
        assert_eq!(memory.facts.borrow().len(), 1);
    }

    #[tokio::test]
    async fn a_throttled_write_comes_again() {
        let memory = Memory { throttled: true, ..Memory::default() };
        insta::assert_snapshot!(answer(&memory, &[PIPELINE]).await, @r#"{"batchItemFailures":[{"itemIdentifier":"m0"}]}"#);
    }
}
