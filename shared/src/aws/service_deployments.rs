//! Deployments that ECS moves by itself: `DescribeServiceDeployments`, `StopServiceDeployment`, `ContinueServiceDeployment`
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>).
//!
//! Stages and states are open words: AWS's own texts disagree about which there are. Must not: take a missing weight for traffic.

use super::{Aws, Lazy, classify};
use crate::delivery::ports::{Deployment, Deployments, PauseHook, Pauses, TaskSet};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentLifecycleHookAction, ServiceDeployment, ServiceRevision,
    ServiceRevisionSummary, StopServiceDeploymentStopType,
};

const SERVICE: &str = "ECS";
const DESCRIBE: &str = "DescribeServiceDeployments";

/// ECS through its API.
pub struct EcsDeployments {
    client: Lazy<Client>,
}

impl EcsDeployments {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("ECS", Client::new) }
    }

    async fn revisions(&self, arns: Vec<String>) -> Result<Vec<ServiceRevision>, Fault> {
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.client.describe_service_revisions().set_service_revision_arns(Some(arns));
        let answer =
            call.send().await.map_err(|error| classify(SERVICE, "DescribeServiceRevisions", &error))?;
        Ok(answer.service_revisions().to_vec())
    }
}

impl Deployments for EcsDeployments {
    async fn describe(&self, id: &str) -> Result<Deployment, Fault> {
        let answer = self.client.describe_service_deployments().service_deployment_arns(id).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, DESCRIBE, &error))?;
        let missing = || Fault::Missing {
            service: SERVICE,
            operation: DESCRIBE,
            detail: format!("`{id}` is not there"),
        };
        let found = answer.service_deployments().first().ok_or_else(missing)?;
        let green = found.target_service_revision();
        let blues = found.source_service_revisions();
        let arns = green.into_iter().chain(blues).filter_map(ServiceRevisionSummary::arn);
        let revisions = self.revisions(arns.map(ToOwned::to_owned).collect()).await?;
        let unreadable = |what: &str| Fault::Unreadable {
            service: SERVICE,
            operation: DESCRIBE,
            detail: format!("`{id}` has no {what}"),
        };
        let service = last(found.service_arn()).ok_or_else(|| unreadable("serviceArn"))?;
        let cluster = last(found.cluster_arn()).ok_or_else(|| unreadable("clusterArn"))?;
        let status = found.status().ok_or_else(|| unreadable("status"))?.as_str().to_owned();
        let created = found.created_at().and_then(|time| time.to_millis().ok());
        let green = green.map(|summary| task_set(summary, true, &revisions));
        let weight = green.as_ref().map_or(0, |green| green.weight_percent);
        // Several old revisions can be active after an interrupted deployment; the one with the most traffic is the baseline.
        let blue = blues.iter().map(|summary| task_set(summary, false, &revisions));
        let blue = blue.max_by_key(|set| (set.weight_percent, set.running));
        Ok(Deployment {
            id: id.to_owned(),
            application: cluster.clone(),
            group: service.clone(),
            cluster,
            service,
            status,
            creator: String::new(),
            created_at: Timestamp::from_millis(created.ok_or_else(|| unreadable("createdAt"))?),
            lifecycle: Vec::new(),
            task_sets: green.into_iter().chain(blue).collect(),
            pauses: pauses(found),
            next_percent: found.deployment_configuration().and_then(|config| next(config, weight)),
            rollback: found
                .rollback()
                .and_then(|rollback| rollback.service_revision_arn())
                .map(ToOwned::to_owned),
            message: found.status_reason().map(ToOwned::to_owned),
        })
    }

    /// ECS offers only the stop with rollback; without it nothing is done, and the hook that holds the step keeps the weights.
    async fn stop(&self, id: &str, roll_back: bool) -> Result<(), Fault> {
        if !roll_back {
            return Ok(());
        }
        let kind = StopServiceDeploymentStopType::Rollback;
        let call = self.client.stop_service_deployment().service_deployment_arn(id).stop_type(kind);
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "StopServiceDeployment", &error))
    }
}

impl Pauses for EcsDeployments {
    async fn resume(&self, id: &str, hook: &str, go_on: bool) -> Result<(), Fault> {
        let action = if go_on {
            DeploymentLifecycleHookAction::Continue
        } else {
            DeploymentLifecycleHookAction::Rollback
        };
        let call =
            self.client.continue_service_deployment().service_deployment_arn(id).hook_id(hook).action(action);
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "ContinueServiceDeployment", &error))
    }
}

fn last(arn: Option<&str>) -> Option<String> {
    arn?.rsplit('/').next().filter(|name| !name.is_empty()).map(ToOwned::to_owned)
}

/// A whole percentage; a weight above 0 is never 0, since a share of a thousandth is traffic too.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a percentage, clamped to 0..=100"
)]
fn percent(weight: f64) -> u32 {
    let whole = weight.clamp(0.0, 100.0).round() as u32;
    if weight > 0.0 { whole.max(1) } else { whole }
}

fn task_set(summary: &ServiceRevisionSummary, is_green: bool, revisions: &[ServiceRevision]) -> TaskSet {
    let revision = revisions.iter().find(|known| known.service_revision_arn() == summary.arn());
    let resolved = revision.and_then(ServiceRevision::resolved_configuration);
    let group = resolved.and_then(|resolved| resolved.load_balancers().first()?.target_group_arn());
    let count = |count: i32| u64::try_from(count).unwrap_or(0);
    TaskSet {
        is_green,
        target_group: group.unwrap_or_default().to_owned(),
        task_definition: revision.and_then(ServiceRevision::task_definition).unwrap_or_default().to_owned(),
        weight_percent: percent(summary.requested_production_traffic_weight().unwrap_or(0.0)),
        desired: count(summary.requested_task_count()),
        running: count(summary.running_task_count()),
        pending: count(summary.pending_task_count()),
    }
}

fn pauses(found: &ServiceDeployment) -> Vec<PauseHook> {
    let waits = found
        .lifecycle_hook_details()
        .iter()
        .filter(|hook| hook.status().is_some_and(|status| status.as_str() == "AWAITING_ACTION"));
    waits
        .filter_map(|hook| {
            Some(PauseHook {
                id: hook.hook_id()?.to_owned(),
                stage: found.lifecycle_stage().map(|stage| stage.as_str().to_owned()).unwrap_or_default(),
                expires_at: hook.expires_at().and_then(|at| at.to_millis().ok()).map(Timestamp::from_millis),
            })
        })
        .collect()
}

/// Green's share after the step that comes next.
fn next(config: &DeploymentConfiguration, weight: u32) -> Option<u32> {
    match config.strategy()?.as_str() {
        "LINEAR" => {
            let step = config.linear_configuration().and_then(|linear| linear.step_percent()).unwrap_or(10.0);
            Some(percent(f64::from(weight) + step))
        }
        "CANARY" => {
            let canary =
                config.canary_configuration().and_then(|canary| canary.canary_percent()).unwrap_or(5.0);
            Some(if f64::from(weight) + 0.5 < canary { percent(canary) } else { 100 })
        }
        "BLUE_GREEN" | "ROLLING" => Some(100),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousandth_of_the_traffic_is_not_none() {
        assert_eq!([0.0, 0.1, 0.5, 9.6, 100.0].map(percent), [0, 1, 1, 10, 100]);
    }
}
