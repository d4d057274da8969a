//! Deployments in the API's words, on the bus, and for the admin interface.

use super::deployment::{Deployment, EventState, Lifecycle};
use crate::control_plane::ecs::TaskSet;
use crate::control_plane::{REGION, Stack, arn, strip};
use crate::values::{moment, rfc3339, seconds, sha256, text, uuid};
use serde_json::{Value, json};

/// The id of the one target: `cluster:service`.
pub(super) fn target_id(deployment: &Deployment) -> String {
    format!("{}:{}", deployment.place.cluster, deployment.place.service)
}

/// `deploymentInfo`; what it takes from its group stands there.
pub(super) fn deployment(deployment: &Deployment, group: &Value) -> Value {
    let error = deployment.error.as_ref().map(|(code, message)| json!({"code": code, "message": message}));
    let rollback = (deployment.rollback.as_ref().is_some_and(|id| !id.is_empty()) || deployment.triggered_by.is_some())
        .then(|| {
            json!({"rollbackDeploymentId": deployment.rollback, "rollbackTriggeringDeploymentId": deployment.triggered_by,
                   "rollbackMessage": deployment.triggered_by.as_ref().map(|id| format!("Automatic rollback of {id}"))})
        });
    strip(json!({
        "applicationName": deployment.application, "deploymentGroupName": deployment.group,
        "deploymentConfigName": deployment.config, "deploymentId": deployment.id, "status": deployment.status,
        "creator": deployment.creator, "createTime": seconds(deployment.created), "startTime": seconds(deployment.created),
        "completeTime": moment(deployment.ended), "computePlatform": "ECS", "errorInformation": error,
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "rollbackInfo": rollback, "autoRollbackConfiguration": group.get("autoRollbackConfiguration"),
        "blueGreenDeploymentConfiguration": group.get("blueGreenDeploymentConfiguration"),
        "loadBalancerInfo": group.get("loadBalancerInfo"),
        "instanceTerminationWaitTimeStarted": deployment.waits_to_terminate(),
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": deployment.content}},
    }))
}

/// `deploymentTarget`.
pub(super) fn target(stack: &Stack, deployment: &Deployment) -> Value {
    let target_id = target_id(deployment);
    let place = &deployment.place;
    strip(json!({"deploymentTargetType": "ECSTarget", "ecsTarget": {
        "deploymentId": deployment.id, "targetId": target_id, "status": deployment.status,
        "targetArn": arn("ecs", &format!("service/{}/{}", place.cluster, place.service)),
        "lifecycleEvents": deployment.lifecycle.iter().map(lifecycle).collect::<Vec<_>>(),
        "taskSetsInfo": task_sets(stack, deployment),
    }}))
}

fn lifecycle(event: &Lifecycle) -> Value {
    let diagnostics = (event.state == EventState::Failed)
        .then(|| json!({"errorCode": "ScriptFailed", "message": event.message}));
    json!({"lifecycleEventName": event.name, "status": event.state.word(), "startTime": moment(event.started),
           "endTime": moment(event.ended), "diagnostics": diagnostics})
}

fn task_sets(stack: &Stack, deployment: &Deployment) -> Vec<Value> {
    let Some(view) = deployment.task_sets(stack) else { return Vec::new() };
    let one = |set: &TaskSet, label: &str, status: &str, weight: f64| {
        let running = if set.running { view.desired } else { 0 };
        json!({"identifer": set.id, "desiredCount": view.desired, "runningCount": running,
               "pendingCount": view.desired - running, "status": status, "trafficWeight": weight,
               "targetGroup": {"name": set.target_group}, "taskSetLabel": label})
    };
    let mut sets = vec![one(&view.blue, "Blue", "PRIMARY", 100.0 - deployment.weight)];
    if let Some(green) = &view.green {
        sets.push(one(green, "Green", "ACTIVE", deployment.weight));
    }
    sets
}

/// `deploymentGroupInfo` out of the request that made the group.
pub(super) fn group(request: &Value) -> Value {
    let mut info = request.clone();
    if let Some(members) = info.as_object_mut() {
        members.insert("computePlatform".into(), json!("ECS"));
        members.remove("tags");
        let name = format!("{}/{}", text(request, "applicationName"), text(request, "deploymentGroupName"));
        let digest = sha256(name.as_bytes());
        let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
        let id = format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
        members.insert("deploymentGroupId".into(), json!(id));
    }
    info
}

/// The state change on the bus.
pub(super) fn tell(stack: &Stack, deployment: &Deployment) {
    let state = match deployment.status.as_str() {
        "Succeeded" => "SUCCESS",
        "Failed" => "FAILURE",
        "Stopped" => "STOP",
        _ => "START",
    };
    let resources = [
        arn("codedeploy", &format!("application:{}", deployment.application)),
        arn("codedeploy", &format!("deploymentgroup:{}/{}", deployment.application, deployment.group)),
    ];
    let detail = json!({"region": REGION, "deploymentId": deployment.id, "instanceGroupId": uuid(),
        "deploymentGroup": deployment.group, "state": state, "application": deployment.application});
    stack.events.put(
        "codedeploy",
        "CodeDeploy Deployment State-change Notification",
        &resources,
        &detail,
        stack.now(),
    );
}

/// For the admin interface.
pub(super) fn admin(deployment: &Deployment) -> Value {
    let event = |event: &Lifecycle| {
        json!({"name": event.name, "status": event.state.word(), "function": event.function, "hook": event.hook, "answered": event.answered,
               "started": event.started.map(rfc3339), "ended": event.ended.map(rfc3339), "message": event.message})
    };
    let rollback = deployment.rollback.as_ref().filter(|id| !id.is_empty());
    json!({"id": deployment.id, "application": deployment.application, "group": deployment.group,
        "status": deployment.status, "config": deployment.config, "creator": deployment.creator,
        "weights": {"blue": 100.0 - deployment.weight, "green": deployment.weight}, "testWeight": deployment.test,
        "lifecycle": deployment.lifecycle.iter().map(event).collect::<Vec<_>>(),
        "rollback": rollback.map(|id| json!({"deployment": id})), "triggeredBy": deployment.triggered_by,
        "started": rfc3339(deployment.created), "ended": deployment.ended.map(rfc3339),
        "message": deployment.error.as_ref().map(|(code, words)| format!("{code}: {words}"))})
}
