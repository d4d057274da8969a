//! CodeDeploy deployments to ECS (<https://docs.aws.amazon.com/codedeploy/latest/APIReference/Welcome.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::ports::{Deployment, Deployments, LifecycleEvent, TaskSet};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::types::{EcsTarget, LifecycleEventStatus, TargetLabel};

const SERVICE: &str = "CodeDeploy";

/// CodeDeploy through its API.
pub struct CodeDeploy {
    client: Lazy<Client>,
}

impl CodeDeploy {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CODEDEPLOY", Client::new) }
    }

    /// The one ECS target of a deployment; none while CodeDeploy has not made it yet.
    async fn target(&self, id: &str) -> Result<Option<EcsTarget>, Fault> {
        let ids = self.client.list_deployment_targets().deployment_id(id).send().await;
        let ids = ids.map_err(|error| classify(SERVICE, "ListDeploymentTargets", &error))?;
        let Some(target) = ids.target_ids().first() else { return Ok(None) };
        let answer =
            self.client.batch_get_deployment_targets().deployment_id(id).target_ids(target).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "BatchGetDeploymentTargets", &error))?;
        Ok(answer.deployment_targets().first().and_then(|target| target.ecs_target()).cloned())
    }
}

impl Deployments for CodeDeploy {
    async fn describe(&self, id: &str) -> Result<Deployment, Fault> {
        let answer = self.client.get_deployment().deployment_id(id).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "GetDeployment", &error))?;
        let unreadable = |what: &str| Fault::Unreadable {
            service: SERVICE,
            operation: "GetDeployment",
            detail: format!("`{id}` has no {what}"),
        };
        let info = answer.deployment_info().ok_or_else(|| unreadable("deploymentInfo"))?;
        let target = self.target(id).await?;
        Ok(Deployment {
            id: id.to_owned(),
            application: info.application_name().ok_or_else(|| unreadable("applicationName"))?.to_owned(),
            group: info.deployment_group_name().ok_or_else(|| unreadable("deploymentGroupName"))?.to_owned(),
            status: info.status().ok_or_else(|| unreadable("status"))?.as_str().to_owned(),
            creator: info.creator().map(|creator| creator.as_str().to_owned()).unwrap_or_default(),
            lifecycle: target.as_ref().map(lifecycle).unwrap_or_default(),
            task_sets: target.as_ref().map(task_sets).unwrap_or_default(),
        })
    }

    async fn answer_hook(&self, id: &str, hook: &str, succeeded: bool) -> Result<(), Fault> {
        let status = if succeeded { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        let call = self
            .client
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(id)
            .lifecycle_event_hook_execution_id(hook)
            .status(status);
        call.send()
            .await
            .map(|_| ())
            .map_err(|error| classify(SERVICE, "PutLifecycleEventHookExecutionStatus", &error))
    }

    async fn stop(&self, id: &str) -> Result<(), Fault> {
        let call = self.client.stop_deployment().deployment_id(id).auto_rollback_enabled(true);
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "StopDeployment", &error))
    }
}

fn lifecycle(target: &EcsTarget) -> Vec<LifecycleEvent> {
    let event = |event: &aws_sdk_codedeploy::types::LifecycleEvent| LifecycleEvent {
        name: event.lifecycle_event_name().unwrap_or_default().to_owned(),
        status: event.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        started_at: event.start_time().and_then(|time| time.to_millis().ok()).map(Timestamp::from_millis),
    };
    target.lifecycle_events().iter().map(event).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentage, clamped to 0..=100"
)]
fn task_sets(target: &EcsTarget) -> Vec<TaskSet> {
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let set = |set: &aws_sdk_codedeploy::types::EcsTaskSet| TaskSet {
        is_green: set.task_set_label() == Some(&TargetLabel::Green),
        target_group: set.target_group().and_then(|group| group.name()).unwrap_or_default().to_owned(),
        weight_percent: set.traffic_weight().clamp(0.0, 100.0).round() as u32,
        desired: count(set.desired_count()),
        running: count(set.running_count()),
        pending: count(set.pending_count()),
    };
    target.task_sets_info().iter().map(set).collect()
}
