//! The edge of a rotation: the event's step is done, or the invocation fails in words and Secrets Manager comes again.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::function::{OWN_TARGET, catch_panic, failed};
use shared::source::rotation::{RotationError, SecretVersions, Ticket, Webhooks, run};

/// The rotation and its outside world.
pub(crate) struct Handler<V, H> {
    /// ARN of the webhook secret.
    pub(crate) secret_id: String,
    pub(crate) versions: V,
    pub(crate) hooks: H,
}

impl<V: SecretVersions, H: Webhooks> Handler<V, H> {
    /// One step; an error leaves both secrets good, and the step can be repeated.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let ticket = Ticket::read(&event.payload, &self.secret_id)
            .map_err(|rejection| failed("Rejection", &rejection))?;
        match catch_panic(run(&ticket, &self.versions, &self.hooks)).await {
            Ok(Ok(words)) => {
                tracing::info!(target: OWN_TARGET, version = ticket.version, "{words}");
                Ok(json!({"message": words}))
            }
            Ok(Err(RotationError::Rejection(rejection))) => Err(failed("Rejection", &rejection)),
            Ok(Err(RotationError::Fault(fault))) => Err(failed("Fault", &fault)),
            Ok(Err(error @ RotationError::Operator(_))) => Err(failed("Operator", &error)),
            Err(panic) => {
                let words = format!("the rotation is broken: {panic}");
                tracing::error!(target: OWN_TARGET, error_type = "Panic", "{words}");
                Err(Diagnostic { error_type: "Panic".to_owned(), error_message: words })
            }
        }
    }
}
