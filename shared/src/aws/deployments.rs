//! CodeDeploy deployments to ECS (<https://docs.aws.amazon.com/codedeploy/latest/APIReference/Welcome.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::ports::{Deployment, Deployments, Hooks, LifecycleEvent, TaskSet};
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

    /// The one ECS target of a deployment and its id, `<cluster>:<service>`; none while CodeDeploy has not made it yet.
    async fn target(&self, id: &str) -> Result<Option<(String, EcsTarget)>, Fault> {
        let ids = self.client.list_deployment_targets().deployment_id(id).send().await;
        let ids = ids.map_err(|error| classify(SERVICE, "ListDeploymentTargets", &error))?;
        let Some(target) = ids.target_ids().first() else { return Ok(None) };
        let answer =
            self.client.batch_get_deployment_targets().deployment_id(id).target_ids(target).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "BatchGetDeploymentTargets", &error))?;
        let found = answer.deployment_targets().first().and_then(|target| target.ecs_target()).cloned();
        Ok(found.map(|found| (target.clone(), found)))
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
        let place = target.as_ref().and_then(|(id, _)| id.split_once(':')).unwrap_or_default();
        let target = target.as_ref().map(|(_, target)| target);
        let created = info.create_time().and_then(|time| time.to_millis().ok());
        let rollback = info.rollback_info().and_then(|info| info.rollback_deployment_id());
        Ok(Deployment {
            id: id.to_owned(),
            application: info.application_name().ok_or_else(|| unreadable("applicationName"))?.to_owned(),
            group: info.deployment_group_name().ok_or_else(|| unreadable("deploymentGroupName"))?.to_owned(),
            status: info.status().ok_or_else(|| unreadable("status"))?.as_str().to_owned(),
            creator: info.creator().map(|creator| creator.as_str().to_owned()).unwrap_or_default(),
            cluster: place.0.to_owned(),
            service: place.1.to_owned(),
            created_at: Timestamp::from_millis(created.ok_or_else(|| unreadable("createTime"))?),
            lifecycle: target.map(lifecycle).unwrap_or_default(),
            task_sets: target.map(task_sets).unwrap_or_default(),
            pauses: Vec::new(),
            next_percent: None,
            rollback: rollback.filter(|id| !id.is_empty()).map(ToOwned::to_owned),
            message: info.error_information().and_then(|error| error.message()).map(ToOwned::to_owned),
        })
    }

    async fn stop(&self, id: &str, roll_back: bool) -> Result<(), Fault> {
        let call = self.client.stop_deployment().deployment_id(id).auto_rollback_enabled(roll_back);
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "StopDeployment", &error))
    }
}

impl Hooks for CodeDeploy {
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
        task_definition: String::new(),
        weight_percent: set.traffic_weight().clamp(0.0, 100.0).round() as u32,
        desired: count(set.desired_count()),
        running: count(set.running_count()),
        pending: count(set.pending_count()),
    };
    target.task_sets_info().iter().map(set).collect()
}
