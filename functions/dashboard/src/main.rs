//! Dashboard: the CloudWatch custom widget and the HTML report in S3. Wiring only.

mod handler;

use handler::{Dashboard, Settings};
use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::facts::FactTable;
use shared::aws::report_store::ReportStore;
use shared::aws::ssm::Parameters;
use shared::function::{init_telemetry, required};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(variable))?;
    let aws = Aws::from_environment(variable);
    let dashboard = Dashboard {
        facts: FactTable::new(&aws, &settings.table),
        store: ReportStore::new(&aws, &settings.bucket),
        parameters: Parameters::new(&aws),
        services_parameter: settings.services_parameter,
    };
    run(service_fn(|event| dashboard.handle(event))).await
}
