//! The two CodeDeploy hooks: before traffic (checks, and the watch record), and after it (the watch's verdict).
//!
//! The event says only which deployment and which hook execution; which lifecycle event it is comes from the deployment's target.
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>)

use super::checks::{Check, State, green_is_healthy, green_is_steady, together};
use super::config::{OnInconclusive, WatchConfig};
use super::ports::{Deployment, Deployments, Stored, TargetGroups, Watches};
use super::watch::{Kind, Waiting, Watch, WatchVerdict};
use crate::errors::{Fault, Rejection};
use crate::model::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// Who asks: a deployment and a hook execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `DeploymentId`.
    pub deployment: String,
    /// `LifecycleEventHookExecutionId`.
    pub execution: String,
}

impl Hook {
    /// The ids of a hook event; with them the hook can be answered whatever else is wrong.
    ///
    /// # Errors
    /// When an id is missing: there is nobody to answer.
    pub fn read(event: &Value) -> Result<Self, Rejection> {
        let text = |key: &str| {
            event
                .get(key)
                .and_then(Value::as_str)
                .filter(|id| !id.is_empty())
                .map(ToOwned::to_owned)
                .ok_or_else(|| Rejection::new(format!("the event has no `{key}`: there is nobody to answer")))
        };
        Ok(Self { deployment: text("DeploymentId")?, execution: text("LifecycleEventHookExecutionId")? })
    }
}

/// What a hook is told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Traffic may go on.
    Succeeded(String),
    /// Stop and roll back.
    Failed(String),
    /// Not yet: ask again within this invocation.
    Again(String),
    /// The watch will answer.
    Later(String),
}

/// Before traffic: checks of green; at `BeforeAllowTraffic` also the watch record, without which no traffic moves.
///
/// # Errors
/// Faults of outside services.
pub async fn before_traffic<D: Deployments, T: TargetGroups, W: Watches>(
    hook: &Hook,
    deployments: &D,
    groups: &T,
    watches: &W,
) -> Result<Reply, Fault> {
    let deployment = deployments.describe(&hook.deployment).await?;
    if deployment.is_rollback() {
        return Ok(Reply::Succeeded("a rollback is never held up".to_owned()));
    }
    let Some(event) = deployment.current_event() else {
        return Ok(Reply::Failed("no lifecycle event of the deployment is in progress".to_owned()));
    };
    if !matches!(event.name.as_str(), "AfterInstall" | "AfterAllowTestTraffic" | "BeforeAllowTraffic") {
        return Ok(Reply::Failed(format!(
            "this hook checks green, which `{}` does not show: use it at `AfterInstall`, `AfterAllowTestTraffic` or `BeforeAllowTraffic`",
            event.name
        )));
    }
    let checked = check_green(&deployment, groups).await?;
    match checked.state {
        State::NotYet => return Ok(Reply::Again(checked.sentence)),
        State::Fail => return Ok(Reply::Failed(checked.sentence)),
        State::Pass => {}
    }
    if event.name == "BeforeAllowTraffic" {
        let Some(watch) = new_watch(&deployment, event.started_at, groups).await? else {
            return Ok(Reply::Failed(
                "the deployment does not name two target groups: its shift could not be watched".to_owned(),
            ));
        };
        watches.create(&watch).await?;
        return Ok(Reply::Succeeded(format!("{}; the shift is watched", checked.sentence)));
    }
    Ok(Reply::Succeeded(checked.sentence))
}

async fn check_green<T: TargetGroups>(deployment: &Deployment, groups: &T) -> Result<Check, Fault> {
    let mut checks = vec![green_is_steady(deployment)];
    if let Some(green) = deployment.green() {
        checks.push(green_is_healthy(&green.target_group, groups.health(&green.target_group).await?));
    }
    Ok(together(&checks))
}

async fn new_watch<T: TargetGroups>(
    deployment: &Deployment,
    started: Option<Timestamp>,
    groups: &T,
) -> Result<Option<Watch>, Fault> {
    let (Some(green), Some(blue), Some(created_at)) = (deployment.green(), deployment.blue(), started) else {
        return Ok(None);
    };
    Ok(Some(Watch {
        deployment_id: deployment.id.clone(),
        application: deployment.application.clone(),
        group: deployment.group.clone(),
        green: groups.find(&green.target_group).await?,
        blue: groups.find(&blue.target_group).await?,
        created_at,
        minutes: BTreeMap::new(),
        exposure_percent: 0,
        verdict: None,
        waiting: None,
        final_state: None,
    }))
}

/// After traffic: the watch's verdict, or a place in its record so that the watch answers.
///
/// # Errors
/// Faults of outside services; [`Fault::Conflict`] when the watch wrote at the same moment (ask again).
pub async fn after_traffic<D: Deployments, W: Watches>(
    hook: &Hook,
    config: &WatchConfig,
    deployments: &D,
    watches: &W,
) -> Result<Reply, Fault> {
    let deployment = deployments.describe(&hook.deployment).await?;
    if deployment.is_rollback() {
        return Ok(Reply::Succeeded("a rollback is never held up".to_owned()));
    }
    let Some(stored) = watches.get(&hook.deployment).await? else {
        return Ok(Reply::Failed(
            "the shift was not watched: no record (is the pre-traffic hook set at `BeforeAllowTraffic`?)"
                .to_owned(),
        ));
    };
    if let Some(verdict) = &stored.watch.verdict {
        return Ok(reply(verdict, config.on_inconclusive));
    }
    let event = deployment.current_event().filter(|event| event.name == "AfterAllowTraffic");
    let Some(since) = event.and_then(|event| event.started_at) else {
        return Ok(Reply::Failed(
            "this hook demands the watch's verdict: use it at `AfterAllowTraffic`".to_owned(),
        ));
    };
    let waiting = Waiting { hook_execution_id: hook.execution.clone(), since };
    let watch = Watch { waiting: Some(waiting), ..stored.watch };
    watches.save(&Stored { watch, version: stored.version }).await?;
    Ok(Reply::Later("the watch has no verdict yet and will answer".to_owned()))
}

/// What a verdict means to the hook that demands it.
#[must_use]
pub fn reply(verdict: &WatchVerdict, policy: OnInconclusive) -> Reply {
    match (verdict.kind, policy) {
        (Kind::Promote, _) => Reply::Succeeded(verdict.reason.clone()),
        (Kind::Harm, _) => Reply::Failed(verdict.reason.clone()),
        (Kind::Inconclusive, OnInconclusive::PassWithWarning) => {
            Reply::Succeeded(format!("passed with a warning: {}", verdict.reason))
        }
        (Kind::Inconclusive, OnInconclusive::Fail) => Reply::Failed(verdict.reason.clone()),
    }
}
