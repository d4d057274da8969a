//! The CodeDeploy hook after traffic: demands the watch's verdict. Wiring only.

mod handler;

use handler::{Handler, Settings};
use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::deployments::CodeDeploy;
use shared::aws::ssm::Parameters;
use shared::aws::watches::WatchTable;
use shared::function::init_telemetry;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let aws = Aws::from_environment(variable);
    // A function that holds a hook must answer it: wrong settings are an answer, not a failed start.
    let settings = Settings::read(variable);
    let table = settings.as_ref().map(|settings| settings.table.clone()).unwrap_or_default();
    let handler = Handler {
        settings,
        deployments: CodeDeploy::new(&aws),
        parameters: Parameters::new(&aws),
        watches: WatchTable::new(&aws, &table),
    };
    run(service_fn(|event| handler.handle(event))).await
}
