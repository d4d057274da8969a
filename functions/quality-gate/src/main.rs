//! Quality gate: a CodePipeline Lambda action, and a target for events of builds, that turns report files into a verdict. Wiring only.
#![recursion_limit = "256"]

mod handler;

use handler::{Gate, Settings};
use lambda_runtime::{Error, run, service_fn};
use shared::aws::Aws;
use shared::aws::artifacts::S3Artifacts;
use shared::aws::feedback_queue::FeedbackInbox;
use shared::aws::histories::HistoryStore;
use shared::aws::jobs::CodePipelineJobs;
use shared::aws::notifier::Topic;
use shared::aws::policies::PolicyFolder;
use shared::aws::scans::EcrScans;
use shared::aws::secretsmanager::GitHubToken as PlainToken;
use shared::aws::ssm::Parameters;
use shared::aws::verdicts::VerdictStore;
use shared::function::init_telemetry;
use shared::gates::run::World;
use shared::sonar::Sonar;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let aws = Aws::from_environment(variable);
    // A function that holds a job must answer it: wrong settings are an answer, not a failed start.
    let settings = Settings::read(variable);
    let known = settings.clone().unwrap_or_default();
    let gate = Gate {
        settings: settings.map(|_| ()),
        jobs: CodePipelineJobs::new(&aws),
        notifier: Topic::new(&aws, &known.topic),
        developers: known.feedback_queue.map(|url| FeedbackInbox::new(&aws, url)),
        artifact_bucket: known.artifact_bucket,
        world: World {
            artifacts: S3Artifacts::new(&aws),
            policies: PolicyFolder::new(Parameters::new(&aws), &known.policy_prefix),
            verdicts: VerdictStore::new(&aws, &known.table, &known.bucket),
            histories: HistoryStore::new(&aws, &known.bucket),
            scans: EcrScans::new(&aws),
            analyses: Some(known.sonar_url)
                .filter(|url| !url.is_empty())
                .map(|url| Sonar::new(url, PlainToken::new(&aws, known.sonar_token))),
        },
    };
    run(service_fn(|event| gate.handle(event))).await
}
