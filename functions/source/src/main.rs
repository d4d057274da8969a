//! The source function: looks at branches, publishes their heads and starts their pipelines, once.
//!
//! Fed by the source queue, by a five-minute schedule that repairs whatever was lost, and by people.
#![recursion_limit = "256"]

mod event;
mod handler;
mod settings;

use handler::Handler;
use lambda_runtime::{Error, run, service_fn};
use settings::Settings;
use shared::aws::Aws;
use shared::aws::builds::CodeBuilds;
use shared::aws::feedback_queue::FeedbackInbox;
use shared::aws::ledger::LedgerTable;
use shared::aws::pipelines::CodePipelines;
use shared::aws::runners::AccountRunners;
use shared::aws::secretsmanager::GitHubToken;
use shared::aws::source_store::SourceBucket;
use shared::aws::ssm::RoutesParameter;
use shared::function::{init_telemetry, local_clock, required};
use shared::github::GitHub;
use shared::source::reconcile::Ports;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let lookup = |name: &str| std::env::var(name).ok();
    init_telemetry(lookup("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(lookup))?;
    let aws = Aws::from_environment(lookup);
    let ports = Ports {
        host: GitHub::new(settings.github_api_url, GitHubToken::new(&aws, settings.github_token_secret_id)),
        ledger: LedgerTable::new(&aws, settings.table_name),
        store: SourceBucket::new(&aws, settings.source_bucket.clone(), settings.kms_key_arn),
        runners: AccountRunners {
            pipelines: CodePipelines::new(&aws),
            builds: CodeBuilds::new(&aws, settings.source_bucket),
        },
    };
    let routes = RoutesParameter::new(&aws, settings.routes_parameter);
    let notices = settings.feedback_queue_url.map(|url| FeedbackInbox::new(&aws, url));
    let handler = Handler::new(ports, routes, notices, local_clock);
    run(service_fn(|event| handler.handle(event))).await
}
