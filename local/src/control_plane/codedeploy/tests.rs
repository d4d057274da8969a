use crate::control_plane::test_world::World;
use serde_json::{Value, json};

const HOOK: &str = "CodeDeployHook_check";

/// A service with a group whose canary has 10 % for 10 minutes, with these further members of the group; the deployment's id.
pub(crate) async fn deploy(world: &World, more: &Value, hooks: &Value) -> String {
    world.balancer().await;
    world.ok("ecs", "CreateCluster", json!({"clusterName": "c"})).await;
    for number in 1..=2 {
        let container = json!([{"name": "api", "image": format!("b2b/api:{number}")}]);
        let definition = json!({"family": "api", "containerDefinitions": container});
        world.ok("ecs", "RegisterTaskDefinition", definition).await;
    }
    let blue = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/api-blue/api-blue";
    let service = json!({"cluster": "c", "serviceName": "api", "taskDefinition": "api:1", "desiredCount": 2,
        "deploymentController": {"type": "CODE_DEPLOY"}, "loadBalancers": [{"targetGroupArn": blue}]});
    world.ok("ecs", "CreateService", service).await;
    world.ok("codedeploy", "CreateApplication", json!({"applicationName": "b2b"})).await;
    let canary =
        json!({"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 10}});
    let config = json!({"deploymentConfigName": "canary", "trafficRoutingConfig": canary});
    world.ok("codedeploy", "CreateDeploymentConfig", config).await;
    let listener =
        |name: &str| format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/lb/lb/{name}");
    let mut group = json!({"applicationName": "b2b", "deploymentGroupName": "api", "deploymentConfigName": "canary",
        "loadBalancerInfo": {"targetGroupPairInfoList": [{"targetGroups": [{"name": "api-blue"}, {"name": "api-green"}],
            "prodTrafficRoute": {"listenerArns": [listener("production")]}, "testTrafficRoute": {"listenerArns": [listener("test")]}}]},
        "ecsServices": [{"clusterName": "c", "serviceName": "api"}]});
    group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.ok("codedeploy", "CreateDeploymentGroup", group).await;
    start(world, hooks).await
}

async fn start(world: &World, hooks: &Value) -> String {
    let spec = json!({"Hooks": hooks, "Resources": [{"TargetService": {"Properties": {
        "TaskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/api:2"}}}]});
    let request = json!({"applicationName": "b2b", "deploymentGroupName": "api",
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec.to_string()}}});
    world.ok("codedeploy", "CreateDeployment", request).await["deploymentId"].as_str().unwrap().to_owned()
}

async fn info(world: &World, id: &str) -> Value {
    world.ok("codedeploy", "GetDeployment", json!({"deploymentId": id})).await["deploymentInfo"].clone()
}

/// Weights of blue and green at a listener's rule.
async fn weights(world: &World, listener: &str) -> Value {
    let arn = format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/lb/lb/{listener}");
    let found = world.ok("elb", "DescribeRules", json!({"ListenerArn": arn})).await;
    let groups = found["Rules"][1]["Actions"][0]["ForwardConfig"]["TargetGroups"].clone();
    json!(groups.as_array().unwrap().iter().map(|group| group["Weight"].clone()).collect::<Vec<_>>())
}

fn alarmed(events: &[&str]) -> Value {
    json!({"alarmConfiguration": {"enabled": true, "alarms": [{"name": "5xx"}]},
        "autoRollbackConfiguration": {"enabled": true, "events": events}})
}

fn ring(world: &World) {
    world.stack.cloudwatch.set_alarm(&world.stack, &json!({"name": "5xx", "state": "ALARM"})).unwrap();
}

#[tokio::test]
async fn a_ringing_alarm_stops_the_deployment_and_rolls_back_where_the_group_wants_it() {
    let world = World::new().await;
    let id = deploy(&world, &alarmed(&["DEPLOYMENT_STOP_ON_ALARM"]), &json!([])).await;
    world.minutes(3).await;
    assert_eq!(weights(&world, "production").await, json!([90, 10]));
    ring(&world);
    world.minutes(1).await;
    let stopped = info(&world, &id).await;
    assert_eq!(
        (&stopped["status"], &stopped["errorInformation"]["code"]),
        (&json!("Stopped"), &json!("ALARM_ACTIVE"))
    );
    insta::assert_snapshot!(stopped["errorInformation"]["message"].as_str().unwrap(), @"the alarm `5xx` is in state ALARM");
    let back = info(&world, stopped["rollbackInfo"]["rollbackDeploymentId"].as_str().unwrap()).await;
    assert_eq!((&back["creator"], &back["status"]), (&json!("codeDeployRollback"), &json!("Succeeded")));
    assert_eq!(weights(&world, "production").await, json!([100, 0]));
}

#[tokio::test]
async fn a_ringing_alarm_without_the_rollback_event_leaves_the_weights_as_they_are() {
    let world = World::new().await;
    let id = deploy(&world, &alarmed(&["DEPLOYMENT_FAILURE"]), &json!([])).await;
    world.minutes(3).await;
    ring(&world);
    world.minutes(5).await;
    let stopped = info(&world, &id).await;
    assert_eq!((&stopped["status"], stopped.get("rollbackInfo")), (&json!("Stopped"), None));
    assert_eq!(weights(&world, "production").await, json!([90, 10]));
}

#[tokio::test]
async fn an_alarm_that_rings_already_stops_the_next_deployment_unless_it_overrides_the_alarms() {
    let world = World::new().await;
    ring(&world);
    let id = deploy(&world, &alarmed(&[]), &json!([])).await;
    world.minutes(1).await;
    assert_eq!(info(&world, &id).await["errorInformation"]["code"], "ALARM_ACTIVE");
    let content =
        json!({"Resources": [{"TargetService": {"Properties": {"TaskDefinition": "api:2"}}}]}).to_string();
    let fix = json!({"applicationName": "b2b", "deploymentGroupName": "api", "overrideAlarmConfiguration": {"enabled": false},
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}});
    let fix =
        world.ok("codedeploy", "CreateDeployment", fix).await["deploymentId"].as_str().unwrap().to_owned();
    world.minutes(13).await;
    assert_eq!(info(&world, &fix).await["status"], "Succeeded");
}

#[tokio::test]
async fn a_stop_that_refuses_the_rollback_leaves_the_weights_whatever_the_group_says() {
    let world = World::new().await;
    let group =
        json!({"autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_STOP_ON_REQUEST"]}});
    let id = deploy(&world, &group, &json!([])).await;
    world.minutes(3).await;
    world.ok("codedeploy", "StopDeployment", json!({"deploymentId": id, "autoRollbackEnabled": false})).await;
    world.minutes(1).await;
    let stopped = info(&world, &id).await;
    assert_eq!(
        (&stopped["errorInformation"]["code"], stopped.get("rollbackInfo")),
        (&json!("MANUAL_STOP"), None)
    );
    assert_eq!(weights(&world, "production").await, json!([90, 10]));
    let again = start(&world, &json!([])).await;
    world.minutes(1).await;
    world.ok("codedeploy", "StopDeployment", json!({"deploymentId": again})).await;
    assert!(info(&world, &again).await.get("rollbackInfo").is_some(), "without the member the group decides");
}

#[tokio::test]
async fn a_stop_while_blue_waits_for_its_end_still_sends_traffic_back() {
    let world = World::new().await;
    let wait = json!({"blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": {
        "action": "TERMINATE", "terminationWaitTimeInMinutes": 30}}});
    let id = deploy(&world, &wait, &json!([])).await;
    world.minutes(14).await;
    assert_eq!(weights(&world, "production").await, json!([0, 100]));
    let waiting = info(&world, &id).await;
    assert_eq!(
        (&waiting["status"], &waiting["instanceTerminationWaitTimeStarted"]),
        (&json!("InProgress"), &json!(true))
    );
    world.ok("codedeploy", "StopDeployment", json!({"deploymentId": id, "autoRollbackEnabled": true})).await;
    world.minutes(1).await;
    assert_eq!(weights(&world, "production").await, json!([100, 0]));
    let late = world.error("codedeploy", "StopDeployment", json!({"deploymentId": id})).await;
    assert_eq!(late.code, "DeploymentAlreadyCompletedException");
}

#[tokio::test]
async fn the_test_listener_is_on_green_before_production_is() {
    let world = World::new().await;
    deploy(&world, &json!({}), &json!([{"AfterAllowTestTraffic": HOOK}])).await;
    world.minutes(2).await;
    assert_eq!(
        (weights(&world, "test").await, weights(&world, "production").await),
        (json!([0, 100]), json!([100, 0]))
    );
    assert_eq!(world.stack.ecs.responder("api", true, 0.0).unwrap().version, "2");
}

#[tokio::test]
async fn a_hook_that_is_throttled_is_invoked_later_and_one_that_is_never_answered_is_written_down() {
    let world = World::new().await;
    let fault =
        json!({"service": "lambda", "operation": "Invoke", "function": HOOK, "times": 2, "kind": "throttle"});
    world.stack.faults.arm(&fault).unwrap();
    let id = deploy(&world, &json!({}), &json!([{"BeforeInstall": HOOK}])).await;
    world.seconds(3).await;
    assert_eq!((world.invoked(HOOK).len(), world.journal("throttled").len()), (1, 2));
    world.minutes(60).await;
    let written = world.journal("unanswered-hook");
    assert_eq!((&written[0]["deployment"], &written[0]["stage"]), (&json!(id), &json!("BeforeInstall")));
}

#[tokio::test]
async fn a_group_says_everything_a_preflight_asks_for() {
    let world = World::new().await;
    deploy(&world, &alarmed(&["DEPLOYMENT_FAILURE"]), &json!([])).await;
    let change = json!({"applicationName": "b2b", "currentDeploymentGroupName": "api", "serviceRoleArn": "arn:aws:iam::1:role/r"});
    world.ok("codedeploy", "UpdateDeploymentGroup", change).await;
    let ask = json!({"applicationName": "b2b", "deploymentGroupName": "api"});
    let group = world.ok("codedeploy", "GetDeploymentGroup", ask).await["deploymentGroupInfo"].clone();
    let members: Vec<&String> = group.as_object().unwrap().keys().collect();
    insta::assert_snapshot!(format!("{members:?}"), @r#"["alarmConfiguration", "applicationName", "autoRollbackConfiguration", "computePlatform", "deploymentConfigName", "deploymentGroupId", "deploymentGroupName", "ecsServices", "loadBalancerInfo", "serviceRoleArn"]"#);
}
