//! Metrics collector: EventBridge events out of a queue become facts in the table. Wiring only.

mod handler;

use handler::{Collector, Settings};
use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::facts::FactTable;
use shared::function::{init_telemetry, required};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(variable))?;
    let aws = Aws::from_environment(variable);
    let collector = Collector { facts: FactTable::new(&aws, &settings.table) };
    run(service_fn(|event| collector.handle(event))).await
}
