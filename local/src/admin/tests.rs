use super::*;
use crate::control_plane::codedeploy;
use crate::control_plane::test_world::World;

async fn make(world: &World, body: Value) -> Value {
    releases::services(State(Arc::clone(&world.stack)), Json(body)).await.unwrap().0
}

async fn deploy(world: &World, body: Value) -> Value {
    releases::deploy(State(Arc::clone(&world.stack)), Json(body)).await.unwrap().0
}

async fn stop(world: &World, body: Value) {
    let _answer = releases::stop(State(Arc::clone(&world.stack)), Json(body)).await.unwrap();
}

async fn told(world: &World, body: Value) -> Result<(), String> {
    let answer = signals::traffic(State(Arc::clone(&world.stack)), Json(body)).await;
    answer.map(|_| ()).map_err(|(_, words)| text(&words.0, "error"))
}

#[tokio::test]
async fn a_service_of_ecs_is_made_deployed_and_stopped_without_a_pipeline() {
    let world = World::new().await;
    let canary = json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 10}});
    let made =
        make(&world, json!({"cluster": "c", "service": "catalog", "deploymentConfiguration": canary})).await;
    assert_eq!(made["serviceDeploymentArn"], Value::Null, "its first deployment is over");
    let labels = json!({"tidegate.local/error-ratio": "3"});
    let release = deploy(
        &world,
        json!({"cluster": "c", "service": "catalog", "labels": labels, "image": "b2b/catalog:7"}),
    )
    .await;
    world.minutes(3).await;
    assert_eq!(world.stack.ecs.responder("catalog", true, 0.0).unwrap().version, "7");
    let state = state(State(Arc::clone(&world.stack))).await.0;
    let newest = state["serviceDeployments"][1].clone();
    assert_eq!(
        (&newest["arn"], &newest["weights"]["production"]),
        (&release["serviceDeploymentArn"], &json!(10.0))
    );
    stop(&world, json!({"serviceDeployment": release["serviceDeploymentArn"]})).await;
    world.minutes(1).await;
    assert_eq!(world.stack.ecs.all_deployments()[1]["status"], "ROLLBACK_SUCCESSFUL");
}

#[tokio::test]
async fn a_first_deployment_runs_with_its_hooks_when_it_is_to() {
    let world = World::new().await;
    let hooks = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]);
    let strategy = json!({"strategy": "BLUE_GREEN", "lifecycleHooks": hooks});
    make(&world, json!({"cluster": "c", "service": "a", "deploymentConfiguration": strategy, "firstDeployment": "run"})).await;
    let second = json!({"cluster": "c", "service": "b", "deploymentConfiguration": strategy, "firstDeployment": "done"});
    make(&world, second).await;
    let all = world.stack.ecs.all_deployments();
    let states: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(states, ["IN_PROGRESS", "SUCCESSFUL"]);
}

#[tokio::test]
async fn a_sample_is_filled_in_and_the_request_wins() {
    let world = World::new().await;
    *crate::values::lock(&world.stack.outputs) =
        json!({"PreTrafficFunctionName": "pre", "PostTrafficFunctionName": "post"});
    for name in ["catalog", "basket"] {
        make(&world, json!({"sample": name, "desiredCount": 1})).await;
        let asked = json!({"cluster": "b2b-production", "services": [name]});
        let found = world.ok("ecs", "DescribeServices", asked).await["services"][0].clone();
        assert_eq!(found["desiredCount"], 1);
        let hook = found["deploymentConfiguration"]["lifecycleHooks"][0]["hookTargetArn"].clone();
        assert_eq!(hook, "arn:aws:lambda:us-east-1:000000000000:function:pre");
    }
    let outside =
        releases::services(State(Arc::clone(&world.stack)), Json(json!({"sample": "../account/x"}))).await;
    insta::assert_snapshot!(text(&outside.unwrap_err().1.0, "error"), @"`../account/x` is no name of a sample");
}

#[tokio::test]
async fn a_group_is_deployed_to_by_labels_and_hooks() {
    let world = World::new().await;
    let first = codedeploy::tests::deploy(&world, &json!({}), &json!([])).await;
    stop(&world, json!({"deployment": first, "rollback": true})).await;
    world.minutes(1).await;
    let release = json!({"application": "b2b", "group": "api", "config": "CodeDeployDefault.ECSAllAtOnce",
        "labels": {"tidegate.local/smoke": "fail"}, "hooks": {"AfterAllowTestTraffic": "CodeDeployHook_check"}});
    let made = deploy(&world, release).await;
    world.minutes(2).await;
    let told = world.invoked("CodeDeployHook_check");
    assert_eq!(told[0]["DeploymentId"], made["deploymentId"]);
    assert_eq!(world.stack.ecs.responder("api", true, 0.0).unwrap().smoke, "fail");
}

#[tokio::test]
async fn a_deployment_fails_for_a_reason_of_awss_own_and_rolls_back() {
    let world = World::new().await;
    let group = json!({"autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE"]}});
    let id = codedeploy::tests::deploy(&world, &group, &json!([])).await;
    world.minutes(3).await;
    let fail = async |code: &str| {
        let body = json!({"deployment": id, "code": code, "message": "the service could not be updated"});
        releases::fail(State(Arc::clone(&world.stack)), Json(body)).await
    };
    insta::assert_snapshot!(text(&fail("BAD_LUCK").await.unwrap_err().1.0, "error"), @"code `BAD_LUCK` is none of ECS_UPDATE_ERROR, ELASTIC_LOAD_BALANCING_INVALID, IAM_ROLE_PERMISSIONS, INVALID_ECS_SERVICE, THROTTLED, TIMEOUT");
    assert!(fail("ECS_UPDATE_ERROR").await.is_ok());
    world.minutes(1).await;
    let info =
        world.ok("codedeploy", "GetDeployment", json!({"deploymentId": id})).await["deploymentInfo"].clone();
    assert_eq!(
        (&info["status"], &info["errorInformation"]["code"]),
        (&json!("Failed"), &json!("ECS_UPDATE_ERROR"))
    );
    let back = info["rollbackInfo"]["rollbackDeploymentId"].clone();
    let back = world.ok("codedeploy", "GetDeployment", json!({"deploymentId": back})).await["deploymentInfo"]
        .clone();
    assert_eq!(back["status"], "Succeeded");
    assert_eq!(world.stack.ecs.responder("api", false, 0.0).unwrap().version, "1");
}

#[tokio::test]
async fn the_calls_of_a_function_are_counted() {
    let world = World::new().await;
    for (caller, operation) in [("a", "GetMetricData"), ("b", "GetMetricData"), ("a", "DescribeAlarms")] {
        let entry = json!({"service": "cloudwatch", "operation": operation, "caller": caller});
        world.stack.journal.add("call", entry);
    }
    let query = |name: &str| Query(BTreeMap::from([("function".to_owned(), name.to_owned())]));
    let found = calls(State(Arc::clone(&world.stack)), query("a")).await.unwrap().0;
    assert_eq!(
        (&found["calls"], &found["operations"]),
        (&json!(2), &json!(["cloudwatch.GetMetricData", "cloudwatch.DescribeAlarms"]))
    );
    assert!(calls(State(Arc::clone(&world.stack)), query("")).await.is_err());
}

#[tokio::test]
async fn traffic_keeps_what_a_request_does_not_name() {
    let world = World::new().await;
    told(&world, json!({"service": "api", "greenSlowRatio": 4, "noise": 0.5})).await.unwrap();
    told(&world, json!({"service": "api", "outage": {"inMinutes": 5, "minutes": 2, "ratio": 10}}))
        .await
        .unwrap();
    let load = world.stack.traffic.load("api");
    assert_eq!((load.green_slow_ratio, load.noise, load.outages.len()), (Some(4.0), 0.5, 1));
    told(&world, json!({"service": "api", "reset": true})).await.unwrap();
    assert!(world.stack.traffic.load("api").outages.is_empty());
    let words = told(&world, json!({"service": "api", "outage": {}})).await.unwrap_err();
    insta::assert_snapshot!(words, @"an `outage` has `minutes` and a `ratio`");
}
