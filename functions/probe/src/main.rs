//! The probe: sends the requests of a smoke test through the test listener and says what the answers were like. Wiring only.
//!
//! It may run inside a team's network, and has no permission but its own log. Must not: follow redirects, decide about a release, or tell a
//! body, a header or a query.

mod connect;
mod handler;
mod shot;

use connect::Forbidden;
use handler::Handler;
use lambda_runtime::{Error, run, service_fn};
use shared::function::init_telemetry;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_telemetry(variable("LOG_LEVEL").as_deref());
    let handler = Handler { forbidden: Forbidden::new(variable("AWS_LAMBDA_RUNTIME_API").as_deref()) };
    run(service_fn(|event| handler.handle(event))).await
}
