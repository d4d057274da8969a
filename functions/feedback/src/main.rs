//! Feedback: events of CodePipeline and CodeBuild out of a FIFO queue become check runs, deployments, commit statuses and comments on GitHub.
//! Wiring only.
#![recursion_limit = "256"]

mod handler;
mod settings;

use handler::Feedback;
use lambda_runtime::{Error, run, service_fn};
use settings::{Access, Credentials, Settings};
use shared::aws::Aws;
use shared::aws::feedback::FeedbackTable;
use shared::aws::origins::OriginTable;
use shared::aws::secretsmanager::{AppKey, GitHubToken};
use shared::aws::sqs::FeedbackQueue;
use shared::feedback::run::Ports;
use shared::function::{init_telemetry, local_clock, required};
use shared::github::{AppTokens, GitHub, nonce};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(variable))?;
    let aws = Aws::from_environment(variable);
    let url = settings.github_api_url;
    let mode = settings.access.mode();
    let credentials = match settings.access {
        Access::Off => Credentials::None,
        Access::Token { secret_id } => Credentials::Token(GitHubToken::new(&aws, Some(secret_id))),
        Access::App { app, installation, key_secret_id } => {
            let key = AppKey::new(&aws, key_secret_id);
            Credentials::App(Box::new(AppTokens::new(url.clone(), app, installation, key, local_clock)))
        }
    };
    let ports = Ports {
        origins: OriginTable::new(&aws, settings.table_name.clone()),
        kept: FeedbackTable::new(&aws, settings.table_name),
        host: GitHub::new(url, credentials),
        nonce,
    };
    let queue = FeedbackQueue::new(&aws, settings.queue_url);
    let feedback = Feedback::new(ports, queue, mode);
    run(service_fn(|event| feedback.handle(event))).await
}
