//! A CodePipeline Lambda action after a deploy action: did the revision that was asked for end up running? Wiring only.

mod handler;
mod parameters;

use handler::Handler;
use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::artifacts::S3Artifacts;
use shared::aws::jobs::CodePipelineJobs;
use shared::aws::running::EcsServices;
use shared::function::init_telemetry;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let aws = Aws::from_environment(variable);
    let handler = Handler {
        jobs: CodePipelineJobs::new(&aws),
        artifacts: S3Artifacts::new(&aws),
        services: EcsServices::new(&aws),
    };
    run(service_fn(|event| handler.handle(event))).await
}
