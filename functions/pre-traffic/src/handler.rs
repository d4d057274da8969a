//! The edge: the hook's ids first, then everything else, and an answer in every case.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::delivery::hooks::{Hook, Reply, before_traffic};
use shared::delivery::ports::{Deployments, TargetGroups, Watches};
use shared::errors::{Fault, chain};
use shared::function::{catch_panic, failed, time_left};
use shared::settings::{Reader, SettingsError};
use std::time::Duration;
use tracing::{error, info, warn};

/// Time kept for the answer itself.
const RESERVE: Duration = Duration::from_secs(10);
/// Pause between two looks at a green that is not steady yet.
const PAUSE: Duration = Duration::from_secs(2);

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) table: String,
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let table = reader.required("TABLE_NAME");
        reader.finish(Self { table })
    }
}

/// The hook and its outside world.
pub(crate) struct Handler<D, T, W> {
    pub(crate) settings: Result<Settings, SettingsError>,
    pub(crate) deployments: D,
    pub(crate) groups: T,
    pub(crate) watches: W,
}

impl<D: Deployments, T: TargetGroups, W: Watches> Handler<D, T, W> {
    /// Answers the hook of `event`; an error only when there is no hook or the answer cannot be sent.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let hook = Hook::read(&payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let left = time_left(context.deadline).saturating_sub(RESERVE);
        let mut seen = "nothing could be checked".to_owned();
        let decided = tokio::time::timeout(left, catch_panic(self.decide(&hook, &mut seen))).await;
        let (succeeded, words) = match decided {
            Ok(Ok((succeeded, words))) => (succeeded, words),
            Ok(Err(panic)) => {
                error!(target: "tidegate", deployment_id = hook.deployment, request_id = context.request_id, panic, "the hook panicked");
                (
                    false,
                    format!("the hook has a fault of its own; its log has request {}", context.request_id),
                )
            }
            Err(_) => (false, format!("not ready within {} s: {seen}", left.as_secs())),
        };
        self.answer(&hook, succeeded, &words).await
    }

    async fn decide(&self, hook: &Hook, seen: &mut String) -> (bool, String) {
        if let Err(error) = &self.settings {
            return (false, error.to_string());
        }
        loop {
            match before_traffic(hook, &self.deployments, &self.groups, &self.watches).await {
                Ok(Reply::Succeeded(words)) => return (true, words),
                Ok(Reply::Failed(words)) => return (false, words),
                Ok(Reply::Again(words) | Reply::Later(words)) => *seen = words,
                Err(fault @ (Fault::Transient { .. } | Fault::Conflict { .. })) => *seen = chain(&fault),
                Err(fault @ (Fault::Denied { .. } | Fault::Missing { .. } | Fault::Unreadable { .. })) => {
                    error!(target: "tidegate", deployment_id = hook.deployment, "{}", chain(&fault));
                    return (false, chain(&fault));
                }
            }
            warn!(target: "tidegate", deployment_id = hook.deployment, "not yet: {seen}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn answer(&self, hook: &Hook, succeeded: bool, words: &str) -> Result<Value, Diagnostic> {
        match self.deployments.answer_hook(&hook.deployment, &hook.execution, succeeded).await {
            Ok(()) => info!(target: "tidegate", deployment_id = hook.deployment, succeeded, "{words}"),
            Err(Fault::Missing { detail, .. }) => {
                info!(target: "tidegate", deployment_id = hook.deployment, detail, "the hook was answered before")
            }
            Err(fault) => return Err(failed("Unanswered", &fault)),
        }
        Ok(serde_json::json!({"succeeded": succeeded, "reason": words}))
    }
}
