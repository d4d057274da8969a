//! Deployments move as CodeDeploy's documentation says: lifecycle, weights, hooks with their hour, stop, rollback.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where its world is not as expected"
)]

mod support;

use serde_json::{Value, json};
use support::World;

const HOOK: &str = "CodeDeployHook_check";

/// A service with one deployment group; `hooks` is the `AppSpec`'s list.
async fn deploy(world: &World, shift: Value, hooks: Value) -> String {
    world.ok("ecs", "CreateCluster", json!({"clusterName": "c"})).await;
    let group = |name: &str| json!({"Name": name, "Tags": [{"Key": "tidegate.local/id", "Value": name}]});
    for name in ["api-blue", "api-green"] {
        world.ok("elb", "CreateTargetGroup", group(name)).await;
    }
    let container = json!([{"name": "api", "image": "i"}]);
    for _ in 0..2 {
        world
            .ok("ecs", "RegisterTaskDefinition", json!({"family": "api", "containerDefinitions": container}))
            .await;
    }
    let blue = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/api-blue/api-blue";
    let service = json!({"cluster": "c", "serviceName": "api", "taskDefinition": "api:1", "desiredCount": 2,
        "deploymentController": {"type": "CODE_DEPLOY"}, "loadBalancers": [{"targetGroupArn": blue}]});
    world.ok("ecs", "CreateService", service).await;
    world.ok("codedeploy", "CreateApplication", json!({"applicationName": "b2b"})).await;
    world
        .ok(
            "codedeploy",
            "CreateDeploymentConfig",
            json!({"deploymentConfigName": "mine", "trafficRoutingConfig": shift}),
        )
        .await;
    let group = json!({"applicationName": "b2b", "deploymentGroupName": "api", "deploymentConfigName": "mine",
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]},
        "loadBalancerInfo": {"targetGroupPairInfoList": [{"targetGroups": [{"name": "api-blue"}, {"name": "api-green"}]}]},
        "ecsServices": [{"clusterName": "c", "serviceName": "api"}]});
    world.ok("codedeploy", "CreateDeploymentGroup", group).await;
    let spec = json!({"version": 0.0, "Hooks": hooks, "Resources": [{"TargetService": {"Properties": {
        "TaskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/api:2"}}}]});
    let made = world.ok("codedeploy", "CreateDeployment", request(&spec)).await;
    made["deploymentId"].as_str().unwrap().to_owned()
}

fn request(spec: &Value) -> Value {
    json!({"applicationName": "b2b", "deploymentGroupName": "api",
           "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec.to_string()}}})
}

fn canary() -> Value {
    json!({"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 10}})
}

async fn info(world: &World, id: &str) -> Value {
    world.ok("codedeploy", "GetDeployment", json!({"deploymentId": id})).await["deploymentInfo"].clone()
}

async fn target(world: &World, id: &str) -> Value {
    let found = world
        .ok("codedeploy", "BatchGetDeploymentTargets", json!({"deploymentId": id, "targetIds": ["c:api"]}))
        .await;
    found["deploymentTargets"][0]["ecsTarget"].clone()
}

async fn green(world: &World, id: &str) -> Value {
    target(world, id).await["taskSetsInfo"][1]["trafficWeight"].clone()
}

#[tokio::test]
async fn a_canary_has_its_part_for_its_time_and_then_everything() {
    let world = World::new().await;
    let id = deploy(&world, canary(), json!([])).await;
    world.minutes(2).await;
    assert_eq!(green(&world, &id).await, 10.0);
    world.minutes(8).await;
    assert_eq!(green(&world, &id).await, 10.0);
    world.minutes(2).await;
    assert_eq!(info(&world, &id).await["status"], "Succeeded");
    let described = world.ok("ecs", "DescribeServices", json!({"cluster": "c", "services": ["api"]})).await;
    assert!(described["services"][0]["taskDefinition"].as_str().unwrap().ends_with("api:2"));
}

#[tokio::test]
async fn a_hook_that_is_not_answered_within_its_hour_fails_the_deployment_and_rolls_it_back() {
    let world = World::new().await;
    let id = deploy(&world, canary(), json!([{"BeforeAllowTraffic": HOOK}])).await;
    world.minutes(60).await;
    assert_eq!(info(&world, &id).await["status"], "InProgress");
    world.minutes(3).await;
    let failed = info(&world, &id).await;
    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["errorInformation"]["code"], "HOOK_EXECUTION_FAILURE");
    insta::assert_snapshot!(failed["errorInformation"]["message"].as_str().unwrap(), @"the hook at BeforeAllowTraffic did not answer within 3600 s");
    let back = info(&world, failed["rollbackInfo"]["rollbackDeploymentId"].as_str().unwrap()).await;
    assert_eq!((&back["creator"], &back["status"]), (&json!("codeDeployRollback"), &json!("Succeeded")));
    assert_eq!(back["rollbackInfo"]["rollbackTriggeringDeploymentId"], json!(id));
}

#[tokio::test]
async fn a_hook_is_answered_once_and_only_under_its_id() {
    let world = World::new().await;
    let id = deploy(&world, canary(), json!([{"AfterAllowTestTraffic": HOOK}])).await;
    world.minutes(2).await;
    let hook = world.invoked(HOOK).unwrap()["LifecycleEventHookExecutionId"].clone();
    let answer = |hook: &Value, status: &str| json!({"deploymentId": id, "lifecycleEventHookExecutionId": hook, "status": status});
    let put = "PutLifecycleEventHookExecutionStatus";
    let wrong = world.error("codedeploy", put, answer(&json!("other"), "Succeeded")).await;
    assert_eq!(wrong.code, "InvalidLifecycleEventHookExecutionIdException");
    let wrong = world.error("codedeploy", put, answer(&hook, "Skipped")).await;
    assert_eq!(wrong.code, "InvalidLifecycleEventHookExecutionStatusException");
    world.ok("codedeploy", put, answer(&hook, "Succeeded")).await;
    let again = world.error("codedeploy", put, answer(&hook, "Failed")).await;
    assert_eq!(again.code, "LifecycleEventAlreadyCompletedException");
    assert_eq!(world.count(HOOK), 1);
}

#[tokio::test]
async fn a_stop_with_rollback_sends_traffic_back_in_a_deployment_of_its_own() {
    let world = World::new().await;
    let id = deploy(&world, canary(), json!([])).await;
    world.minutes(5).await;
    let stop = json!({"deploymentId": id, "autoRollbackEnabled": true});
    world.ok("codedeploy", "StopDeployment", stop.clone()).await;
    assert_eq!(
        world.error("codedeploy", "StopDeployment", stop).await.code,
        "DeploymentAlreadyCompletedException"
    );
    world.minutes(1).await;
    let stopped = info(&world, &id).await;
    assert_eq!(stopped["status"], "Stopped");
    let back = stopped["rollbackInfo"]["rollbackDeploymentId"].as_str().unwrap();
    assert_eq!(info(&world, back).await["status"], "Succeeded");
    assert_eq!(
        target(&world, &id).await["taskSetsInfo"][1]["trafficWeight"],
        10.0,
        "what it had when it was stopped"
    );
    let described = world.ok("ecs", "DescribeServices", json!({"cluster": "c", "services": ["api"]})).await;
    assert!(described["services"][0]["taskDefinition"].as_str().unwrap().ends_with("api:1"));
}

#[tokio::test]
async fn a_group_has_one_deployment_at_a_time() {
    let world = World::new().await;
    deploy(&world, canary(), json!([])).await;
    let spec = json!({"Resources": [{"TargetService": {"Properties": {"TaskDefinition": "x"}}}]});
    let second = world.error("codedeploy", "CreateDeployment", request(&spec)).await;
    assert_eq!(second.code, "DeploymentLimitExceededException");
}
