//! The webhook: verified GitHub deliveries become small messages on the source queue.
//!
//! Must not: call GitHub or start anything; this is the public function.
#![recursion_limit = "256"]

mod handler;
mod settings;

use handler::{Allowed, Handler};
use lambda_runtime::{Error, run, service_fn};
use settings::Settings;
use shared::aws::Aws;
use shared::aws::secretsmanager::WebhookSecret;
use shared::aws::sqs::SourceQueue;
use shared::function::{init_telemetry, local_clock, required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let lookup = |name: &str| std::env::var(name).ok();
    init_telemetry(lookup("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(lookup))?;
    let aws = Aws::from_environment(lookup);
    let secrets = WebhookSecret::new(&aws, settings.secret_id);
    let queue = SourceQueue::new(&aws, settings.queue_url);
    let allowed = Allowed { sources: settings.sources, repositories: settings.repositories };
    let handler = Handler::new(secrets, queue, allowed, local_clock);
    run(service_fn(|event| handler.handle(event))).await
}
