//! Services, service deployments and revisions in the API's words, and for the admin interface.

use super::asking::function;
use super::deployment::{Rollback, ServiceDeployment};
use super::hooks::Run;
use super::service::{Revision, Service, TaskSet};
use super::settings::{Strategy, Target};
use super::stage::Stage;
use crate::control_plane::strip;
use crate::values::{at, moment, rfc3339, seconds};
use serde_json::{Value, json};

/// `service`.
pub(super) fn service(service: &Service) -> Value {
    let asked = service.asked();
    let codedeploy = service.controller == "CODE_DEPLOY";
    let sets = codedeploy.then(|| task_sets(service));
    let deployments = if codedeploy { Vec::new() } else { deployments(service) };
    strip(
        json!({"serviceName": service.name, "serviceArn": service.arn(), "clusterArn": service.cluster_arn(),
        "status": "ACTIVE", "desiredCount": service.desired, "runningCount": running(service, &service.blue),
        "pendingCount": service.desired - running(service, &service.blue),
        "taskDefinition": if codedeploy { &service.blue.task_definition } else { asked },
        "deploymentController": {"type": service.controller},
        "deploymentConfiguration": service.settings.configuration, "loadBalancers": service.settings.balancers,
        "taskSets": sets, "deployments": deployments, "createdAt": seconds(service.created),
        "currentServiceDeployment": service.active.as_ref().map(|active| &active.arn),
        "currentServiceRevisions": service.blue_revision().map(|revision| {
            json!([{"arn": revision.arn, "requestedTaskCount": service.desired,
                "runningTaskCount": running(service, &service.blue), "pendingTaskCount": 0}])
        })}),
    )
}

/// The deployment that is asked for, and the one whose tasks it replaces.
fn deployments(service: &Service) -> Vec<Value> {
    let one = |id: &str, status: &str, definition: &str, state: &str, running: u64| {
        json!({"id": id, "status": status, "taskDefinition": definition, "rolloutState": state,
            "desiredCount": service.desired, "runningCount": running, "pendingCount": service.desired - running,
            "failedTasks": 0, "createdAt": seconds(service.created)})
    };
    let blue = |status: &str| {
        let running = running(service, &service.blue);
        one(&service.blue.id, status, &service.blue.task_definition, "COMPLETED", running)
    };
    let Some(active) = &service.active else { return vec![blue("PRIMARY")] };
    let tasks = match (&service.green, active.settings.strategy) {
        (_, Strategy::Rolling) => running(service, &service.blue),
        (Some(green), _) => running(service, green),
        (None, _) => 0,
    };
    let primary = one(&active.id, "PRIMARY", &active.task_definition, "IN_PROGRESS", tasks);
    if active.source.is_none() { vec![primary] } else { vec![primary, blue("ACTIVE")] }
}

fn running(service: &Service, set: &TaskSet) -> u64 {
    if set.running { service.desired } else { 0 }
}

fn task_sets(service: &Service) -> Vec<Value> {
    let one = |set: &TaskSet, status: &str| {
        json!({"id": set.id, "taskSetArn": format!("{}/{}", service.arn().replace(":service/", ":task-set/"), set.id),
            "serviceArn": service.arn(), "clusterArn": service.cluster_arn(), "status": status,
            "startedBy": "CODE_DEPLOY", "taskDefinition": set.task_definition, "computedDesiredCount": service.desired,
            "runningCount": running(service, set), "pendingCount": service.desired - running(service, set),
            "scale": {"value": 100.0, "unit": "PERCENT"}, "stabilityStatus": if set.running { "STEADY_STATE" } else { "STABILIZING" }})
    };
    let green = service.green.as_ref().map(|green| one(green, "ACTIVE"));
    std::iter::once(one(&service.blue, "PRIMARY")).chain(green).collect()
}

/// `serviceRevision`.
pub(super) fn revision(service: &Service, revision: &Revision) -> Value {
    let arns = ["/0/targetGroupArn", "/0/advancedConfiguration/alternateTargetGroupArn"]
        .map(|pointer| at(&service.settings.balancers, pointer));
    let mine = |arn: &String| arn.split('/').nth(1) == Some(revision.target_group.as_str());
    let group = arns.into_iter().find(mine);
    let rule = Some(service.settings.rule("production")).filter(|rule| !rule.is_empty());
    let balancers = group.map(|group| json!([{"targetGroupArn": group, "productionListenerRule": rule}]));
    strip(
        json!({"serviceRevisionArn": revision.arn, "serviceArn": service.arn(), "clusterArn": service.cluster_arn(),
        "taskDefinition": revision.task_definition, "createdAt": seconds(revision.created),
        "loadBalancers": service.settings.balancers, "resolvedConfiguration": {"loadBalancers": balancers}}),
    )
}

/// One of `serviceDeployments`, briefly as the list has it.
pub(super) fn brief(service: &Service, deployment: &ServiceDeployment) -> Value {
    strip(json!({"serviceDeploymentArn": deployment.arn, "serviceArn": service.arn(),
        "clusterArn": service.cluster_arn(), "startedAt": seconds(deployment.created),
        "createdAt": seconds(deployment.created), "finishedAt": moment(deployment.ended),
        "targetServiceRevisionArn": deployment.target, "status": deployment.status.word(),
        "statusReason": Some(&deployment.reason).filter(|reason| !reason.is_empty())}))
}

/// One of `serviceDeployments`.
pub(super) fn deployment(service: &Service, deployment: &ServiceDeployment) -> Value {
    let (green_runs, blue_runs) = counts(service, deployment);
    let summary = |arn: &str, running: bool, production: f64, test: f64| {
        json!({"arn": arn, "requestedTaskCount": service.desired, "runningTaskCount": if running { service.desired } else { 0 },
            "pendingTaskCount": if running { 0 } else { service.desired },
            "requestedProductionTrafficWeight": production, "requestedTestTrafficWeight": test})
    };
    let source = deployment.source.as_ref();
    let source =
        source.map(|arn| summary(arn, blue_runs, 100.0 - deployment.production, 100.0 - deployment.test));
    let rollback = deployment.rollback.as_ref().map(|Rollback { reason, started, revision }| {
        json!({"reason": reason, "startedAt": seconds(*started), "serviceRevisionArn": revision})
    });
    let runs: Vec<Value> = deployment.current().iter().map(hook).collect();
    let alarms = &deployment.settings.alarms;
    let mut described = brief(service, deployment);
    let more = strip(
        json!({"updatedAt": seconds(deployment.updated), "sourceServiceRevisions": source.map(|one| [one]),
        "targetServiceRevision": summary(&deployment.target, green_runs, deployment.production, deployment.test),
        "lifecycleStage": stage(deployment), "lifecycleHookDetails": runs,
        "deploymentConfiguration": deployment.settings.configuration, "rollback": rollback,
        "alarms": alarms.enabled.then(|| json!({"alarmNames": alarms.names, "triggeredAlarmNames": deployment.rung,
            "status": if deployment.rung.is_empty() { "MONITORING" } else { "TRIGGERED" }}))}),
    );
    if let (Some(members), Value::Object(more)) = (described.as_object_mut(), more) {
        members.extend(more);
        members.remove("targetServiceRevisionArn");
    }
    described
}

/// Whether the tasks of green and of blue run.
fn counts(service: &Service, deployment: &ServiceDeployment) -> (bool, bool) {
    let over = deployment.status.is_over();
    let green = match (&service.green, deployment.source.is_some()) {
        (Some(green), true) => green.running,
        (None, true) => over && deployment.rollback.is_none(),
        (_, false) => service.blue.running,
    };
    (green, deployment.rollback.is_some() || !over)
}

fn stage(deployment: &ServiceDeployment) -> Option<&'static str> {
    let staged = match deployment.settings.strategy {
        Strategy::Rolling => false,
        Strategy::BlueGreen | Strategy::Linear { .. } | Strategy::Canary { .. } => true,
    };
    (staged && !deployment.status.is_over()).then(|| Stage::word(deployment.stage))
}

fn hook(run: &Run) -> Value {
    let (kind, arn) = match &run.hook.target {
        Target::Lambda(arn) => ("AWS_LAMBDA", Some(arn)),
        Target::Pause => ("PAUSE", None),
    };
    json!({"hookId": run.id, "targetType": kind, "targetArn": arn, "status": run.status.word(),
        "expiresAt": seconds(run.expires()), "timeoutAction": run.hook.action.word()})
}

/// For the admin interface.
pub(super) fn admin(service: &Service, deployment: &ServiceDeployment) -> Value {
    let one = |run: &Run| {
        json!({"id": run.id, "stage": run.stage.word(), "status": run.status.word(), "function": function(run),
            "pause": run.hook.target == Target::Pause, "calls": run.calls, "answered": run.answered,
            "started": rfc3339(run.started), "expires": rfc3339(run.expires()), "reason": run.reason})
    };
    json!({"arn": deployment.arn, "id": deployment.id, "cluster": service.cluster, "service": service.name,
        "status": deployment.status.word(), "stage": deployment.stage.word(), "reason": deployment.reason,
        "source": deployment.source, "target": deployment.target,
        "taskDefinition": deployment.task_definition.rsplit('/').next(), "greenTargetGroup": deployment.target_group,
        "weights": {"production": deployment.production, "test": deployment.test},
        "hooks": deployment.runs.iter().map(one).collect::<Vec<_>>(),
        "rollback": deployment.rollback.as_ref().map(|back| json!({"reason": back.reason, "started": rfc3339(back.started)})),
        "started": rfc3339(deployment.created), "ended": deployment.ended.map(rfc3339)})
}
