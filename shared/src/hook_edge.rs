//! The edge that both hook functions share: whoever asks is found first, then everything else, and there is an answer in every case.
//!
//! CodeDeploy waits an hour for an answer that never comes, so it always gets one; ECS rolls back on any error of the function, so it gets
//! `IN_PROGRESS` within a budget. Must not: decide.

use crate::aws::ssm::Parameters;
use crate::delivery::ecs_hook::{Request, is_ecs};
use crate::delivery::gate::{Gate, Question, Reply};
use crate::delivery::hook::Hook;
use crate::delivery::policy::Policies;
use crate::delivery::ports::{Checker, Deployments, Hooks, TargetGroups, Watches};
use crate::delivery::watch::Asker;
use crate::errors::{Fault, chain};
use crate::function::{OWN_TARGET, catch_panic, failed, time_left};
use crate::settings::{Reader, SettingsError};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use tracing::{error, info, warn};

/// Time kept for the answer itself.
const RESERVE: Duration = Duration::from_secs(10);
/// Pause between two looks at a green that is not ready yet.
const PAUSE: Duration = Duration::from_secs(2);

/// The settings of both functions.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// Table of watches.
    pub table: String,
    /// Parameter with the watch settings.
    pub watch_parameter: String,
}

impl HookSettings {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Every missing variable at once.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table: reader.required("TABLE_NAME"),
            watch_parameter: reader.required("WATCH_PARAMETER"),
        };
        reader.finish(settings)
    }
}

/// A hook function and its outside world.
pub struct HookEdge<D, C, T, W> {
    /// Settings; wrong ones are an answer, not a failed start.
    pub settings: Result<HookSettings, SettingsError>,
    /// CodeDeploy and ECS.
    pub deployments: D,
    /// Checks.
    pub checker: C,
    /// The load balancer.
    pub groups: T,
    /// The table.
    pub watches: W,
    /// Parameter Store.
    pub parameters: Parameters,
}

impl<D: Deployments + Hooks, C: Checker, T: TargetGroups, W: Watches> HookEdge<D, C, T, W> {
    /// Answers the hook of `event`, or leaves it to the watch.
    ///
    /// # Errors
    /// When there is no hook to answer, or CodeDeploy does not take the answer.
    pub async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let left = time_left(context.deadline).saturating_sub(RESERVE);
        if is_ecs(&payload) {
            return Ok(self.ecs(&Request::read(&payload), left, &context.request_id).await);
        }
        let hook = Hook::read(&payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let reply = self.code_deploy(&hook, left, &context.request_id).await;
        self.answer(&hook, reply).await
    }

    /// One question of ECS, which asks again by itself.
    async fn ecs(&self, request: &Request, left: Duration, request_id: &str) -> Value {
        let id = &request.deployment;
        let question = match request.question() {
            Ok(question) => question,
            Err(reply) => return request.answer(&reply),
        };
        let asked = tokio::time::timeout(left, catch_panic(self.ask(&question))).await;
        let answer = match asked {
            Ok(Ok(Ok((reply, _)))) => request.answer(&reply),
            Ok(Ok(Err(fault))) => {
                error!(target: OWN_TARGET, deployment_id = id, "{}", chain(&fault));
                request.fault(&chain(&fault))
            }
            Ok(Err(panic)) => {
                error!(target: OWN_TARGET, deployment_id = id, request_id, panic, "the hook panicked");
                request.fault(&format!("the hook has a fault of its own; its log has request {request_id}"))
            }
            Err(_) => request.fault(&format!("nothing could be decided within {} s", left.as_secs())),
        };
        info!(target: OWN_TARGET, deployment_id = id, stage = request.stage, "{answer}");
        answer
    }

    /// CodeDeploy asks once: what may change within this invocation is waited for.
    async fn code_deploy(&self, hook: &Hook, left: Duration, request_id: &str) -> Reply {
        let question = Question {
            deployment: hook.deployment.clone(),
            stage: None,
            asker: Asker::Hook { execution: hook.execution.clone() },
        };
        let mut seen = "nothing could be checked".to_owned();
        let decided = tokio::time::timeout(left, catch_panic(self.wait(&question, &mut seen))).await;
        match decided {
            Ok(Ok(reply)) => reply,
            Ok(Err(panic)) => {
                error!(target: OWN_TARGET, deployment_id = hook.deployment, request_id, panic, "the hook panicked");
                Reply::Failed(format!("the hook has a fault of its own; its log has request {request_id}"))
            }
            Err(_) => Reply::Failed(format!("not ready within {} s: {seen}", left.as_secs())),
        }
    }

    async fn wait(&self, question: &Question, seen: &mut String) -> Reply {
        let started = Instant::now();
        loop {
            match self.ask(question).await {
                Ok((Reply::Again(words), patience)) if started.elapsed() >= patience => {
                    return Reply::Failed(format!("not ready within {} s: {words}", patience.as_secs()));
                }
                Ok((Reply::Again(words), _)) => *seen = words,
                Ok((reply, _)) => return reply,
                Err(fault @ (Fault::Transient { .. } | Fault::Conflict { .. })) => *seen = chain(&fault),
                Err(fault @ (Fault::Denied { .. } | Fault::Missing { .. } | Fault::Unreadable { .. })) => {
                    error!(target: OWN_TARGET, deployment_id = question.deployment, "{}", chain(&fault));
                    return Reply::Failed(chain(&fault));
                }
            }
            warn!(target: OWN_TARGET, deployment_id = question.deployment, "not yet: {seen}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The reply, and how long a green that is not ready may be waited for.
    async fn ask(&self, question: &Question) -> Result<(Reply, Duration), Fault> {
        let failed = |words: String| Ok((Reply::Failed(words), Duration::ZERO));
        let settings = match &self.settings {
            Ok(settings) => settings,
            Err(error) => return failed(error.to_string()),
        };
        let text = self.parameters.get(&settings.watch_parameter).await?;
        let policies = match Policies::parse(&text) {
            Ok(policies) => policies,
            Err(error) => return failed(error.to_string()),
        };
        let patience = Duration::from_secs(u64::from(policies.common().ready_seconds));
        let gate = Gate {
            deployments: &self.deployments,
            checker: &self.checker,
            groups: &self.groups,
            watches: &self.watches,
        };
        Ok((gate.ask(question, &policies).await?, patience))
    }

    async fn answer(&self, hook: &Hook, reply: Reply) -> Result<Value, Diagnostic> {
        let (succeeded, words) = match reply {
            Reply::Succeeded(words) => (true, words),
            Reply::Failed(words) => (false, words),
            Reply::Again(words) | Reply::Later(words) => {
                info!(target: OWN_TARGET, deployment_id = hook.deployment, "{words}");
                return Ok(json!({"succeeded": null, "reason": words}));
            }
        };
        match self.deployments.answer_hook(&hook.deployment, &hook.execution, succeeded).await {
            Ok(()) => info!(target: OWN_TARGET, deployment_id = hook.deployment, succeeded, "{words}"),
            Err(Fault::Missing { detail, .. }) => {
                info!(target: OWN_TARGET, deployment_id = hook.deployment, detail, "the hook was answered before");
            }
            Err(fault) => return Err(failed("Unanswered", &fault)),
        }
        Ok(json!({"succeeded": succeeded, "reason": words}))
    }
}
