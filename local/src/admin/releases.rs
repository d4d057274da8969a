//! Releases without a pipeline: a version by its labels, a service with a strategy of its own, somebody who stops a deployment.

use super::{Answer, Refused, Shared, refused};
use crate::control_plane::elb::rules::forward;
use crate::control_plane::{ApiError, Stack};
use crate::platform;
use crate::values::{at, list, text};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// Load balancer of services that are made here.
const BALANCER: &str = "local";
/// Ports of its production and its test listener.
const PORTS: [u64; 2] = [9443, 9444];

fn failed(operation: &str, error: &ApiError) -> Refused {
    refused(&format!("{operation}: {}: {}", error.code, error.message))
}

async fn ask(stack: &Arc<Stack>, service: &str, operation: &str, input: &Value) -> Result<Value, Refused> {
    stack.checked_call(service, operation, input).await.map_err(|error| failed(operation, &error))
}

/// Any operation that is imitated, as somebody at a keyboard would call it.
pub(super) async fn call(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let input = body.get("input").cloned().unwrap_or_else(|| json!({}));
    let answer = ask(&stack, &text(&body, "service"), &text(&body, "operation"), &input).await?;
    stack.settle().await;
    Ok(Json(answer))
}

/// Registers a version with these labels, like `current` in all else; its ARN. A body that names a task definition is taken at its word.
async fn version(stack: &Arc<Stack>, body: &Value, current: &str) -> Result<String, Refused> {
    let named = text(body, "taskDefinition");
    if !named.is_empty() {
        return Ok(named);
    }
    let found = ask(stack, "ecs", "DescribeTaskDefinition", &json!({"taskDefinition": current})).await?;
    let mut definition = found.get("taskDefinition").cloned().unwrap_or_default();
    if let Some(members) = definition.as_object_mut() {
        for made_by_ecs in ["taskDefinitionArn", "revision", "status"] {
            members.remove(made_by_ecs);
        }
    }
    let container = definition.pointer_mut("/containerDefinitions/0").and_then(Value::as_object_mut);
    if let Some(container) = container {
        container.insert("dockerLabels".to_owned(), body.get("labels").cloned().unwrap_or_else(|| json!({})));
        if let Some(image) = body.get("image") {
            container.insert("image".to_owned(), image.clone());
        }
    }
    let registered = ask(stack, "ecs", "RegisterTaskDefinition", &definition).await?;
    Ok(at(&registered, "/taskDefinition/taskDefinitionArn"))
}

pub(super) async fn deploy(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let answer = if body.get("group").is_some() {
        by_codedeploy(&stack, &body).await?
    } else {
        by_ecs(&stack, &body).await?
    };
    stack.settle().await;
    Ok(Json(answer))
}

async fn by_codedeploy(stack: &Arc<Stack>, body: &Value) -> Result<Value, Refused> {
    let (application, group) = (text(body, "application"), text(body, "group"));
    let asked = json!({"applicationName": application, "deploymentGroupName": group});
    let info = ask(stack, "codedeploy", "GetDeploymentGroup", &asked).await?;
    let place = |member: &str| at(&info, &format!("/deploymentGroupInfo/ecsServices/0/{member}"));
    let view = stack.ecs.view(&place("clusterName"), &place("serviceName"));
    let view = view.ok_or_else(|| refused("the group's service is not there"))?;
    let task_definition = version(stack, body, &view.blue.task_definition).await?;
    let hooks = body.get("hooks").and_then(Value::as_object).into_iter().flatten();
    let hooks: Vec<Value> = hooks.map(|(event, function)| json!({event: function})).collect();
    let content = json!({"version": 0.0, "Hooks": hooks, "Resources": [{"TargetService": {
        "Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": task_definition}}}]});
    let mut request = json!({"applicationName": application, "deploymentGroupName": group, "revision": {
        "revisionType": "AppSpecContent", "appSpecContent": {"content": content.to_string()}}});
    if let (Some(config), Some(members)) = (body.get("config"), request.as_object_mut()) {
        members.insert("deploymentConfigName".to_owned(), config.clone());
    }
    let made = ask(stack, "codedeploy", "CreateDeployment", &request).await?;
    Ok(json!({"deploymentId": text(&made, "deploymentId"), "taskDefinition": task_definition}))
}

async fn by_ecs(stack: &Arc<Stack>, body: &Value) -> Result<Value, Refused> {
    let (cluster, service) = (text(body, "cluster"), text(body, "service"));
    let view = stack.ecs.view(&cluster, &service);
    let view =
        view.ok_or_else(|| refused(&format!("there is no service `{service}` in cluster `{cluster}`")))?;
    let task_definition = version(stack, body, &view.blue.task_definition).await?;
    let update = json!({"cluster": cluster, "service": service, "taskDefinition": task_definition});
    let updated = ask(stack, "ecs", "UpdateService", &update).await?;
    let arn = at(&updated, "/service/currentServiceDeployment");
    Ok(json!({"serviceDeploymentArn": arn, "taskDefinition": task_definition}))
}

pub(super) async fn stop(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let answer = match body.get("serviceDeployment") {
        Some(arn) => {
            let input = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
            ask(&stack, "ecs", "StopServiceDeployment", &input).await?
        }
        None => {
            let mut input = json!({"deploymentId": text(&body, "deployment")});
            if let (Some(rollback), Some(members)) = (body.get("rollback"), input.as_object_mut()) {
                members.insert("autoRollbackEnabled".to_owned(), rollback.clone());
            }
            ask(&stack, "codedeploy", "StopDeployment", &input).await?
        }
    };
    stack.settle().await;
    Ok(Json(answer))
}

/// CodeDeploy fails a deployment for a reason that has no cause here.
pub(super) async fn fail(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let member = |key: &str| text(&body, key);
    let failed = stack.codedeploy.fail(&stack, &member("deployment"), &member("code"), &member("message"));
    failed.map_err(|words| refused(&words))?;
    stack.settle().await;
    Ok(Json(json!({})))
}

/// A request for a sample, with what the sample says where the request says nothing.
fn completed(stack: &Stack, mut body: Value) -> Result<Value, Refused> {
    if let Some(name) = body.get("sample").and_then(Value::as_str) {
        let sample = platform::sample(stack, name).map_err(|words| refused(&words))?;
        if let (Value::Object(members), Value::Object(sample)) = (&mut body, sample) {
            for (key, value) in sample {
                members.entry(key).or_insert(value);
            }
        }
    }
    Ok(body)
}

/// Makes a service of ECS's own controller with everything it needs; its first deployment is over unless it is to `run`.
pub(super) async fn services(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let body = completed(&stack, body)?;
    let (cluster, service) = (text(&body, "cluster"), text(&body, "service"));
    if cluster.is_empty() || service.is_empty() {
        return Err(refused("the body has no `cluster` or no `service`"));
    }
    let asked = json!({"cluster": cluster, "services": [service]});
    if stack.checked_call("ecs", "DescribeServices", &asked).await.is_err() {
        ask(&stack, "ecs", "CreateCluster", &json!({"clusterName": cluster})).await?;
    }
    let [own, alternate] = target_groups(&stack, &service).await?;
    let [production, test] = listeners(&stack, &own, &alternate).await?;
    let image = body.get("image").cloned().unwrap_or_else(|| json!(format!("local/{service}:1")));
    let labels = body.get("labels").cloned().unwrap_or_else(|| json!({}));
    let container = json!({"name": service, "image": image, "dockerLabels": labels});
    let definition = json!({"family": service, "containerDefinitions": [container]});
    let registered = ask(&stack, "ecs", "RegisterTaskDefinition", &definition).await?;
    let desired = body.get("desiredCount").cloned().unwrap_or_else(|| json!(2));
    let configuration = body.get("deploymentConfiguration").cloned().unwrap_or_else(|| json!({}));
    let input = json!({"cluster": cluster, "serviceName": service, "desiredCount": desired,
        "taskDefinition": at(&registered, "/taskDefinition/taskDefinitionArn"),
        "deploymentController": {"type": "ECS"}, "deploymentConfiguration": configuration,
        "loadBalancers": [{"targetGroupArn": own, "containerName": service, "containerPort": 8080,
            "advancedConfiguration": {"alternateTargetGroupArn": alternate, "productionListenerRule": production,
                "testListenerRule": test, "roleArn": "arn:aws:iam::000000000000:role/local-ecs"}}]});
    stack.protocol.check("ecs", "CreateService", &input).map_err(|error| failed("CreateService", &error))?;
    let made = if text(&body, "firstDeployment") == "run" {
        ask(&stack, "ecs", "CreateService", &input).await?
    } else {
        let made = stack.ecs.create_settled(&stack, &input);
        stack.ecs.open(&stack, &cluster, &service);
        made.map_err(|error| failed("CreateService", &error))?
    };
    stack.settle().await;
    Ok(Json(json!({"serviceArn": at(&made, "/service/serviceArn"),
        "serviceDeploymentArn": made.pointer("/service/currentServiceDeployment"),
        "taskDefinition": at(&registered, "/taskDefinition/taskDefinitionArn"),
        "targetGroups": [own, alternate], "rules": {"production": production, "test": test}})))
}

/// ARNs of a service's two target groups.
async fn target_groups(stack: &Arc<Stack>, service: &str) -> Result<[String; 2], Refused> {
    let mut arns = [String::new(), String::new()];
    for (arn, color) in arns.iter_mut().zip(["blue", "green"]) {
        let group = json!({"Name": format!("{service}-{color}"), "Protocol": "HTTP", "Port": 8080,
            "TargetType": "ip", "VpcId": "vpc-0b2b"});
        let made = ask(stack, "elb", "CreateTargetGroup", &group).await?;
        *arn = at(&made, "/TargetGroups/0/TargetGroupArn");
    }
    Ok(arns)
}

/// ARNs of a production and a test rule that forward to the two groups.
async fn listeners(stack: &Arc<Stack>, own: &str, alternate: &str) -> Result<[String; 2], Refused> {
    let mut rules = [String::new(), String::new()];
    for (rule, port) in rules.iter_mut().zip(PORTS) {
        if stack.elb.listener_on(port).0.is_empty() {
            listener(stack, port).await?;
        }
        let (listener, priority) = stack.elb.listener_on(port);
        let condition = json!([{"Field": "path-pattern", "Values": [format!("/{priority}/*")]}]);
        let input = json!({"ListenerArn": listener, "Priority": priority, "Conditions": condition,
            "Actions": forward(&[(own, 100), (alternate, 0)])});
        *rule = at(&ask(stack, "elb", "CreateRule", &input).await?, "/Rules/0/RuleArn");
    }
    Ok(rules)
}

async fn listener(stack: &Arc<Stack>, port: u64) -> Result<(), Refused> {
    let known = ask(stack, "elb", "DescribeLoadBalancers", &json!({})).await?;
    let ours = list(&known, "LoadBalancers").iter().find(|one| text(one, "LoadBalancerName") == BALANCER);
    let balancer = match ours {
        Some(found) => text(found, "LoadBalancerArn"),
        None => {
            let made = ask(stack, "elb", "CreateLoadBalancer", &json!({"Name": BALANCER})).await?;
            at(&made, "/LoadBalancers/0/LoadBalancerArn")
        }
    };
    let nobody = json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]);
    let input =
        json!({"LoadBalancerArn": balancer, "Port": port, "Protocol": "HTTP", "DefaultActions": nobody});
    ask(stack, "elb", "CreateListener", &input).await.map(|_| ())
}
