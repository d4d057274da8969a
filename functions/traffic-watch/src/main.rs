//! The watch over shifting traffic: one tick a minute over all active records. Wiring only.

mod handler;
mod wake;

use handler::{Handler, Settings};
use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::engines::Engines;
use shared::aws::minutes::CloudWatchMinutes;
use shared::aws::notifier::Topic;
use shared::aws::report_store::ReportStore;
use shared::aws::ssm::Parameters;
use shared::aws::target_groups::LoadBalancers;
use shared::aws::watches::WatchTable;
use shared::function::{init_telemetry, required};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(variable))?;
    let aws = Aws::from_environment(variable);
    let handler = Handler {
        deployments: Engines::new(&aws),
        minutes: CloudWatchMinutes::new(&aws),
        groups: LoadBalancers::new(&aws),
        watches: WatchTable::new(&aws, &settings.table),
        notifier: Topic::new(&aws, &settings.topic),
        parameters: Parameters::new(&aws),
        pages: ReportStore::new(&aws, &settings.bucket),
        settings,
    };
    run(service_fn(|event| handler.handle(event))).await
}
