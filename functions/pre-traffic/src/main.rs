//! The hook before traffic: checks of green, and the watch record without which no traffic moves. Wiring only.

use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::alarms::CloudWatchAlarms;
use shared::aws::approvals::ImageApprovals;
use shared::aws::balancers::BalancerChecks;
use shared::aws::deployment_groups::DeploymentGroups;
use shared::aws::engines::Engines;
use shared::aws::flags::FeatureFlags;
use shared::aws::log_patterns::LogGroups;
use shared::aws::minutes::CloudWatchMinutes;
use shared::aws::pipeline_actions::DeployActions;
use shared::aws::probe::ProbeFunction;
use shared::aws::services::EcsServices;
use shared::aws::ssm::Parameters;
use shared::aws::synthetics::SyntheticsCanaries;
use shared::aws::target_groups::LoadBalancers;
use shared::aws::watches::WatchTable;
use shared::delivery::checks::forecast::Forecasting;
use shared::delivery::checks::runner::Runner;
use shared::function::{MachineClock, init_telemetry};
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
    let checker = Runner {
        services: EcsServices::new(&aws),
        groups: DeploymentGroups::new(&aws),
        balancers: BalancerChecks::new(&aws),
        pipelines: DeployActions::new(&aws),
        alarms: CloudWatchAlarms::new(&aws),
        flags: FeatureFlags::new(&aws),
        canaries: SyntheticsCanaries::new(&aws),
        logs: LogGroups::new(&aws),
        // Without a name a smoke test is refused by Lambda in words, and nothing else needs it.
        probe: ProbeFunction::new(&aws, &variable("PROBE_FUNCTION").unwrap_or_default()),
        approvals: ImageApprovals::new(&aws, &table),
        clock: MachineClock,
    };
    let checker = Forecasting {
        checks: checker,
        groups: LoadBalancers::new(&aws),
        minutes: CloudWatchMinutes::new(&aws),
    };
    let edge = HookEdge {
        settings,
        deployments: Engines::new(&aws),
        checker,
        groups: LoadBalancers::new(&aws),
        watches: WatchTable::new(&aws, &table),
        parameters: Parameters::new(&aws),
    };
    run(service_fn(|event| edge.handle(event))).await
}
