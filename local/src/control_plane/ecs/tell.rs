//! State changes of service deployments and their hooks on the bus
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html>).
//!
//! A rollback has no event name of its own: `SERVICE_DEPLOYMENT_FAILED` with words, as on AWS.

use super::deployment::{ServiceDeployment, Status};
use super::hooks::{Run, RunStatus};
use super::service::Service;
use super::settings::Target;
use crate::control_plane::Stack;
use crate::values::rfc3339_millis;
use serde_json::json;

/// `ECS Deployment State Change`.
pub(super) fn deployment(stack: &Stack, service: &Service, deployment: &ServiceDeployment) {
    let (kind, name, words) = match deployment.status {
        Status::InProgress | Status::RollbackRequested | Status::RollbackInProgress => {
            ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", "in progress")
        }
        Status::Successful => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED", "completed"),
        Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => {
            ("ERROR", "SERVICE_DEPLOYMENT_FAILED", "failed")
        }
    };
    let why = if deployment.reason.is_empty() { String::new() } else { format!(" {}.", deployment.reason) };
    let detail = json!({"eventType": kind, "eventName": name, "deploymentId": deployment.id,
        "updatedAt": rfc3339_millis(stack.now()),
        "reason": format!("ECS deployment {words} {}.{why}", deployment.id)});
    stack.events.put("ecs", "ECS Deployment State Change", &[service.arn()], &detail, stack.now());
}

/// `ECS Hook State Change`.
pub(super) fn hook(stack: &Stack, service: &Service, deployment: &ServiceDeployment, run: &Run) {
    let kind = match run.hook.target {
        Target::Lambda(_) => "AWS_LAMBDA",
        Target::Pause => "PAUSE",
    };
    let level = match run.status {
        RunStatus::AwaitingAction | RunStatus::InProgress | RunStatus::Succeeded => "INFO",
        RunStatus::Failed | RunStatus::TimedOut => "ERROR",
    };
    let detail = json!({"eventType": level, "eventName": format!("HOOK_{}", run.status.word()),
        "hookId": run.id, "hookType": kind, "expiresAt": rfc3339_millis(run.expires()),
        "lifecycleStage": run.stage.word(), "clusterArn": service.cluster_arn(), "serviceArn": service.arn(),
        "serviceDeploymentArn": deployment.arn, "updatedAt": rfc3339_millis(stack.now())});
    stack.events.put("ecs", "ECS Hook State Change", &[service.arn()], &detail, stack.now());
}
