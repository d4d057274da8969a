//! The rotation of the webhook secret, one step an invocation. Wiring only.
//!
//! Must not: log a secret, or rotate any other one.

mod handler;
mod settings;

use handler::Handler;
use lambda_runtime::{Error, run, service_fn};
use settings::Settings;
use shared::aws::Aws;
use shared::aws::secret_versions::Versions;
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
    let token = GitHubToken::new(&aws, settings.token_secret_id);
    let hooks = RepositoryHooks::new(GitHub::new(settings.github_api_url, token), settings.hooks);
    let versions = Versions::new(&aws, settings.secret_id.clone());
    let handler = Handler { secret_id: settings.secret_id, versions, hooks };
    run(service_fn(|event| handler.handle(event))).await
}
