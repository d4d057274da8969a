//! The sweep over GitHub's delivery logs: what never got through is delivered again. Wiring only.
//!
//! A function of its own, because its token may change webhooks (docs/adr/0010-delivery-sweep.md). Must not: log the token.
#![recursion_limit = "256"]

mod handler;
mod settings;

use handler::Handler;
use lambda_runtime::{Error, run, service_fn};
use settings::Settings;
use shared::aws::Aws;
use shared::aws::secretsmanager::GitHubToken;
use shared::function::{init_telemetry, required};
use shared::github::{GitHub, RepositoryHooks};

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(variable))?;
    let aws = Aws::from_environment(variable);
    let token = GitHubToken::new(&aws, Some(settings.token_secret_id));
    let log = RepositoryHooks::new(GitHub::new(settings.github_api_url, token), settings.hooks);
    let handler = Handler { log };
    run(service_fn(|event| handler.handle(event))).await
}
