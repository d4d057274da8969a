use super::*;

async fn weights(world: &World, rule: &str) -> Value {
    let arn = format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/lb/lb/{rule}");
    let found = world.ok("elb", "DescribeRules", json!({"ListenerArn": arn})).await;
    let own = found["Rules"].as_array().unwrap().iter().find(|rule| rule["IsDefault"] == false).unwrap();
    let groups = own["Actions"][0]["ForwardConfig"]["TargetGroups"].as_array().unwrap();
    json!(groups.iter().map(|group| group["Weight"].clone()).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_linear_shift_takes_its_steps_and_the_next_release_goes_the_other_way() {
    let world = World::new().await;
    let linear = json!({"strategy": "LINEAR", "bakeTimeInMinutes": 3,
        "linearConfiguration": {"stepPercent": 25, "stepBakeTimeInMinutes": 5}});
    service(&world, linear).await;
    let arn = deploy(&world, "api:2").await;
    let mut seen = Vec::new();
    for _ in 0..23 {
        world.minutes(1).await;
        let now = brief(&world, &arn).await;
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    insta::assert_snapshot!(seen.join("\n"), @"
    IN_PROGRESS TEST_TRAFFIC_SHIFT 0.0
    IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT 25.0
    IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT 50.0
    IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT 75.0
    IN_PROGRESS BAKE_TIME 100.0
    SUCCESSFUL - 100.0
    ");
    assert_eq!(weights(&world, "production").await, json!([0, 100]));
    let revision = described(&world, &arn).await["targetServiceRevision"]["arn"].clone();
    let found = world.ok("ecs", "DescribeServiceRevisions", json!({"serviceRevisionArns": [revision]})).await;
    let group =
        found["serviceRevisions"][0]["resolvedConfiguration"]["loadBalancers"][0]["targetGroupArn"].clone();
    assert!(group.as_str().unwrap().contains("api-green"), "{group}");
    deploy(&world, "api:3").await;
    world.minutes(8).await;
    assert_eq!(weights(&world, "production").await, json!([50, 50]));
    assert_eq!(weights(&world, "test").await, json!([100, 0]), "green is on the group that was blue's");
    world.minutes(20).await;
    assert_eq!(runs(&world).await, "api:3");
    assert_eq!(weights(&world, "production").await, json!([100, 0]));
}

#[tokio::test]
async fn requests_follow_the_weights_of_a_canary() {
    let world = World::new().await;
    service(&world, json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 10}})).await;
    deploy(&world, "api:2").await;
    world.minutes(6).await;
    let found = world.ok("ecs", "DescribeServices", json!({"cluster": "c", "services": ["api"]})).await;
    let states: Vec<&Value> =
        found["services"][0]["deployments"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(states, ["PRIMARY", "ACTIVE"]);
    let last = world.stack.now() - 60_000;
    let requests = |group: &str| world.stack.traffic.minutes(group, last, last + 1)[0].1.requests;
    let share = requests("api-green") as f64 / requests("api-blue") as f64;
    assert!((share - 1.0 / 9.0).abs() < 0.02, "{share}");
    let answer = |test: bool, draw: f64| world.stack.ecs.responder("api", test, draw).unwrap().version;
    assert_eq!(
        (answer(true, 99.0), answer(false, 9.0), answer(false, 10.0)),
        ("2".into(), "2".into(), "1".into())
    );
}

#[tokio::test]
async fn a_first_deployment_has_hooks_and_no_source() {
    let world = World::new().await;
    world.ok("ecs", "CreateCluster", json!({"clusterName": "c"})).await;
    let container = json!([{"name": "api", "image": "b2b/api:1"}]);
    world
        .ok("ecs", "RegisterTaskDefinition", json!({"family": "api", "containerDefinitions": container}))
        .await;
    world.answers("check", &[json!({"hookStatus": "SUCCEEDED"})]);
    let input = json!({"cluster": "c", "serviceName": "api", "taskDefinition": "api", "deploymentConfiguration": {
        "strategy": "CANARY", "lifecycleHooks": [hook(&["PRE_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT"])]}});
    let made = world.ok("ecs", "CreateService", input).await;
    let arn = made["service"]["currentServiceDeployment"].as_str().unwrap().to_owned();
    assert_eq!(described(&world, &arn).await.get("sourceServiceRevisions"), None);
    world.minutes(3).await;
    assert_eq!(brief(&world, &arn).await, "SUCCESSFUL - 100.0");
    assert_eq!(told(&world), ["PRE_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT 100.0 100.0"]);
    let listed = world.ok("ecs", "ListServiceDeployments", json!({"cluster": "c", "service": "api"})).await;
    assert_eq!(listed["serviceDeployments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stop_rolls_back_once_and_comes_too_late_afterwards() {
    let world = World::new().await;
    service(&world, json!({"strategy": "CANARY"})).await;
    let arn = deploy(&world, "api:2").await;
    world.minutes(3).await;
    assert_eq!(brief(&world, &arn).await, "IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT 5.0");
    let stop = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    world.ok("ecs", "StopServiceDeployment", stop.clone()).await;
    assert_eq!(described(&world, &arn).await["status"], "ROLLBACK_REQUESTED");
    world.minutes(1).await;
    assert_eq!(brief(&world, &arn).await, "ROLLBACK_SUCCESSFUL - 0.0");
    assert_eq!(weights(&world, "production").await, json!([100, 0]));
    assert_eq!(world.error("ecs", "StopServiceDeployment", stop).await.code, "ConflictException");
    let wrong = json!({"serviceDeploymentArn": "arn:other"});
    assert_eq!(
        world.error("ecs", "StopServiceDeployment", wrong).await.code,
        "ServiceDeploymentNotFoundException"
    );
    let outcome =
        world.stack.ecs.outcome("c", "api", "arn:aws:ecs:us-east-1:000000000000:task-definition/api:2");
    insta::assert_snapshot!(outcome.unwrap().unwrap_err(), @"the service deployment ended ROLLBACK_SUCCESSFUL: the rollback was asked for");
}

#[tokio::test]
async fn an_alarm_that_begins_to_ring_turns_back_and_one_that_rang_before_is_ignored() {
    let world = World::new().await;
    let alarms = json!({"alarmNames": ["old", "new"], "enable": true, "rollback": true});
    service(&world, json!({"strategy": "CANARY", "alarms": alarms})).await;
    let ring = |name: &str| {
        world.stack.cloudwatch.set_alarm(&world.stack, &json!({"name": name, "state": "ALARM"})).unwrap()
    };
    ring("old");
    let arn = deploy(&world, "api:2").await;
    world.minutes(3).await;
    assert_eq!(described(&world, &arn).await["status"], "IN_PROGRESS");
    ring("new");
    world.minutes(1).await;
    let found = described(&world, &arn).await;
    assert_eq!(
        (&found["status"], &found["alarms"]["triggeredAlarmNames"]),
        (&json!("ROLLBACK_SUCCESSFUL"), &json!(["new"]))
    );
}

#[tokio::test]
async fn a_second_update_takes_the_place_of_the_first_and_is_reconciled() {
    let world = World::new().await;
    let hooks = json!([hook(&["RECONCILE_SERVICE"])]);
    service(&world, json!({"strategy": "CANARY", "lifecycleHooks": hooks})).await;
    world.answers("check", &[json!({"hookStatus": "SUCCEEDED"})]);
    let first = deploy(&world, "api:2").await;
    world.minutes(3).await;
    assert!(world.invoked("check").is_empty(), "one active revision needs no reconciling");
    let second = deploy(&world, "api:3").await;
    assert_eq!(described(&world, &first).await["status"], "STOPPED");
    world.minutes(15).await;
    assert_eq!(
        (told(&world), brief(&world, &second).await),
        (vec!["RECONCILE_SERVICE".to_owned()], "SUCCESSFUL - 100.0".to_owned())
    );
}

#[tokio::test]
async fn tasks_say_why_they_stopped() {
    let world = World::new().await;
    service(&world, json!({"strategy": "BLUE_GREEN"})).await;
    let labels = json!({"tidegate.local/stopped": "Essential container in task exited"});
    let container = json!([{"name": "api", "image": "b2b/api:4", "dockerLabels": labels}]);
    world
        .ok("ecs", "RegisterTaskDefinition", json!({"family": "api", "containerDefinitions": container}))
        .await;
    deploy(&world, "api:4").await;
    world.seconds(62).await;
    let list = |status: &str| json!({"cluster": "c", "serviceName": "api", "desiredStatus": status});
    let running = world.ok("ecs", "ListTasks", list("RUNNING")).await;
    assert_eq!(running["taskArns"].as_array().unwrap().len(), 4, "two of each version");
    let stopped = world.ok("ecs", "ListTasks", list("STOPPED")).await;
    let found = world.ok("ecs", "DescribeTasks", json!({"cluster": "c", "tasks": stopped["taskArns"]})).await;
    let tasks = found["tasks"].as_array().unwrap();
    assert_eq!((tasks.len(), &tasks[0]["stoppedReason"]), (2, &json!("Essential container in task exited")));
}

#[tokio::test]
async fn a_rolling_deployment_takes_ninety_seconds() {
    let world = World::new().await;
    service(&world, json!({})).await;
    let arn = deploy(&world, "api:2").await;
    world.seconds(89).await;
    assert_eq!(described(&world, &arn).await["status"], "IN_PROGRESS");
    world.seconds(1).await;
    assert_eq!(
        (described(&world, &arn).await["status"].clone(), runs(&world).await),
        (json!("SUCCESSFUL"), "api:2".to_owned())
    );
}
