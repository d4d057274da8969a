//! The webhook: verified GitHub deliveries become small messages on the source queue.
//!
//! Must not: call GitHub or start anything; this is the public function.
#![recursion_limit = "256"]

mod handler;
mod settings;

use handler::{Allowed, Handler};
use lambda_runtime::{Error, Runtime, service_fn};
use settings::Settings;
use shared::aws::Aws;
use shared::aws::secretsmanager::WebhookSecret;
use shared::aws::sqs::SourceQueue;
use shared::function::{init_telemetry, local_clock, required};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let lookup = |name: &str| std::env::var(name).ok();
    init_telemetry(lookup("LOG_LEVEL").as_deref());
    let settings = required(Settings::read(lookup))?;
    let aws = Aws::from_environment(lookup);
    let secrets = WebhookSecret::new(&aws, settings.secret_id);
    let queue = SourceQueue::new(&aws, settings.queue_url);
    let allowed = Allowed { sources: settings.sources, repositories: settings.repositories };
    let handler = Arc::new(Handler::new(secrets, queue, allowed, local_clock));
    let service = service_fn(move |event| {
        let handler = Arc::clone(&handler);
        async move {
            // The connection that brought the event is free once its own task has run; an answer that comes first would open another one.
            tokio::task::yield_now().await;
            handler.handle(event).await
        }
    });
    // A task is woken by being put on a list; the future that `main` itself waits for is woken through the kernel, each time.
    tokio::spawn(Runtime::new(service).run()).await?
}
