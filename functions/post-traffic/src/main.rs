//! The hook after traffic: demands the watch's verdict. Wiring only.

use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::engines::Engines;
use shared::aws::ssm::Parameters;
use shared::aws::target_groups::LoadBalancers;
use shared::aws::watches::WatchTable;
use shared::delivery::checks::none::NoChecks;
use shared::function::init_telemetry;
use shared::hook_edge::{HookEdge, HookSettings};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let aws = Aws::from_environment(variable);
    // A function that holds a hook must answer it: wrong settings are an answer, not a failed start.
    let settings = HookSettings::read(variable);
    let table = settings.as_ref().map(|settings| settings.table.clone()).unwrap_or_default();
    let groups = LoadBalancers::new(&aws);
    let edge = HookEdge {
        settings,
        deployments: Engines::new(&aws),
        checker: NoChecks,
        groups,
        watches: WatchTable::new(&aws, &table),
        parameters: Parameters::new(&aws),
    };
    run(service_fn(|event| edge.handle(event))).await
}
