//! The edge: the hook's ids first, then the watch's verdict; what cannot be decided now is left to the watch, which answers.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::aws::ssm::Parameters;
use shared::delivery::config::WatchConfig;
use shared::delivery::hooks::{Hook, Reply, after_traffic};
use shared::delivery::ports::{Deployments, Watches};
use shared::errors::{Fault, chain};
use shared::function::{catch_panic, failed, time_left};
use shared::settings::{Reader, SettingsError};
use std::time::Duration;
use tracing::{error, info};

/// Time kept for the answer itself.
const RESERVE: Duration = Duration::from_secs(10);
/// Pause before the next try at a busy record or a throttled service.
const PAUSE: Duration = Duration::from_millis(500);

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) watch_parameter: String,
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table: reader.required("TABLE_NAME"),
            watch_parameter: reader.required("WATCH_PARAMETER"),
        };
        reader.finish(settings)
    }
}

/// The hook and its outside world.
pub(crate) struct Handler<D, W> {
    pub(crate) settings: Result<Settings, SettingsError>,
    pub(crate) deployments: D,
    pub(crate) parameters: Parameters,
    pub(crate) watches: W,
}

impl<D: Deployments, W: Watches> Handler<D, W> {
    /// Answers the hook of `event`, or leaves it to the watch; an error only when there is no hook or the answer cannot be sent.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let hook = Hook::read(&payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let left = time_left(context.deadline).saturating_sub(RESERVE);
        let decided = tokio::time::timeout(left, catch_panic(self.decide(&hook))).await;
        let reply = match decided {
            Ok(Ok(reply)) => reply,
            Ok(Err(panic)) => {
                error!(target: "tidegate", deployment_id = hook.deployment, request_id = context.request_id, panic, "the hook panicked");
                Reply::Failed(format!(
                    "the hook has a fault of its own; its log has request {}",
                    context.request_id
                ))
            }
            Err(_) => {
                Reply::Failed(format!("the watch's record could not be read within {} s", left.as_secs()))
            }
        };
        self.answer(&hook, reply).await
    }

    async fn decide(&self, hook: &Hook) -> Reply {
        let settings = match &self.settings {
            Ok(settings) => settings,
            Err(error) => return Reply::Failed(error.to_string()),
        };
        loop {
            match self.attempt(hook, settings).await {
                Ok(reply) => return reply,
                Err(Fault::Transient { .. } | Fault::Conflict { .. }) => tokio::time::sleep(PAUSE).await,
                Err(fault @ (Fault::Denied { .. } | Fault::Missing { .. } | Fault::Unreadable { .. })) => {
                    error!(target: "tidegate", deployment_id = hook.deployment, "{}", chain(&fault));
                    return Reply::Failed(chain(&fault));
                }
            }
        }
    }

    async fn attempt(&self, hook: &Hook, settings: &Settings) -> Result<Reply, Fault> {
        let text = self.parameters.get(&settings.watch_parameter).await?;
        match WatchConfig::parse(&text) {
            Ok(config) => after_traffic(hook, &config, &self.deployments, &self.watches).await,
            Err(error) => Ok(Reply::Failed(error.to_string())),
        }
    }

    async fn answer(&self, hook: &Hook, reply: Reply) -> Result<Value, Diagnostic> {
        let (succeeded, words) = match reply {
            Reply::Succeeded(words) => (true, words),
            Reply::Failed(words) => (false, words),
            Reply::Again(words) | Reply::Later(words) => {
                info!(target: "tidegate", deployment_id = hook.deployment, "{words}");
                return Ok(serde_json::json!({"succeeded": null, "reason": words}));
            }
        };
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
