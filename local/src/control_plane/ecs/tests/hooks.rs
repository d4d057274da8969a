use super::*;

const ALL: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

fn blue_green(hooks: &Value) -> Value {
    json!({"strategy": "BLUE_GREEN", "lifecycleHooks": hooks})
}

#[tokio::test]
async fn hooks_run_at_every_stage_and_at_every_step_with_weights_at_the_shifts_only() {
    let world = World::new().await;
    let linear = json!({"strategy": "LINEAR", "lifecycleHooks": [hook(&ALL)],
        "linearConfiguration": {"stepPercent": 50, "stepBakeTimeInMinutes": 2}});
    service(&world, linear).await;
    world.answers("check", &[json!({"hookStatus": "SUCCEEDED"})]);
    let arn = deploy(&world, "api:2").await;
    world.minutes(10).await;
    assert_eq!(brief(&world, &arn).await, "SUCCESSFUL - 100.0");
    insta::assert_snapshot!(told(&world).join("\n"), @"
    PRE_SCALE_UP
    POST_SCALE_UP
    TEST_TRAFFIC_SHIFT 100.0 0.0
    POST_TEST_TRAFFIC_SHIFT
    PRE_PRODUCTION_TRAFFIC_SHIFT
    PRODUCTION_TRAFFIC_SHIFT 100.0 50.0
    PRE_PRODUCTION_TRAFFIC_SHIFT
    PRODUCTION_TRAFFIC_SHIFT 100.0 100.0
    POST_PRODUCTION_TRAFFIC_SHIFT
    ");
    let first = &world.invoked("check")[0];
    assert_eq!(first["executionDetails"]["productionTrafficWeights"], json!({}));
    assert_eq!((&first["hookDetails"], &first["resourceArn"]), (&json!({"policy": "strict"}), &json!(arn)));
}

#[tokio::test]
async fn in_progress_is_asked_again_after_its_delay_with_what_it_answered() {
    let world = World::new().await;
    service(&world, blue_green(&json!([hook(&["POST_SCALE_UP"])]))).await;
    let wait = |delay: Value, seen: i64| json!({"hookStatus": "IN_PROGRESS", "callBackDelay": delay, "hookDetails": {"seen": seen}});
    world.answers("check", &[wait(json!(90), 1), wait(Value::Null, 2), json!({"hookStatus": "SUCCEEDED"})]);
    let arn = deploy(&world, "api:2").await;
    world.seconds(60 + 89).await;
    assert_eq!(world.invoked("check").len(), 1);
    world.seconds(1).await;
    assert_eq!(world.invoked("check").len(), 2);
    world.seconds(30).await;
    let calls = world.invoked("check");
    assert_eq!(calls.len(), 3, "thirty seconds unless told otherwise");
    assert_eq!(calls[2]["hookDetails"], json!({"policy": "strict", "seen": 2}));
    assert_eq!(calls[0]["executionId"], calls[2]["executionId"]);
    world.minutes(2).await;
    assert_eq!(brief(&world, &arn).await, "SUCCESSFUL - 100.0");
    assert_eq!(world.journal("hook-call").len(), 3);
}

#[tokio::test]
async fn a_failed_hook_turns_back_and_the_shifts_are_told_of_it_with_green_at_nothing() {
    let world = World::new().await;
    let stages = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"];
    service(&world, blue_green(&json!([hook(&stages)]))).await;
    let good = json!({"hookStatus": "SUCCEEDED"});
    world.answers("check", &[good.clone(), good.clone(), json!({"hookStatus": "FAILED"}), good]);
    let arn = deploy(&world, "api:2").await;
    world.minutes(5).await;
    let found = described(&world, &arn).await;
    assert_eq!(found["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(found["rollback"]["serviceRevisionArn"], found["sourceServiceRevisions"][0]["arn"]);
    insta::assert_snapshot!(told(&world).join("\n"), @"
    TEST_TRAFFIC_SHIFT 100.0 0.0
    PRODUCTION_TRAFFIC_SHIFT 100.0 100.0
    POST_PRODUCTION_TRAFFIC_SHIFT
    PRODUCTION_TRAFFIC_SHIFT 0.0 0.0
    TEST_TRAFFIC_SHIFT 0.0 0.0
    ");
    assert_eq!(runs(&world).await, "api:1");
    let events = world.events("ECS Deployment State Change");
    let names: Vec<&Value> = events.iter().map(|event| &event["eventName"]).collect();
    assert_eq!(names, ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_FAILED"]);
}

#[tokio::test]
async fn a_function_error_and_an_answer_without_status_turn_back() {
    for answer in [json!("it panicked"), json!({"status": "SUCCEEDED"}), Value::Null] {
        let world = World::new().await;
        service(&world, blue_green(&json!([hook(&["PRE_SCALE_UP"])]))).await;
        world.answers("check", &[answer]);
        let arn = deploy(&world, "api:2").await;
        world.minutes(1).await;
        assert_eq!(described(&world, &arn).await["status"], "ROLLBACK_SUCCESSFUL");
        assert_eq!(world.invoked("check").len(), 1, "its failure is not tried again");
        assert_eq!(world.stack.ecs.all_deployments()[1]["hooks"][0]["answered"], false);
    }
}

#[tokio::test]
async fn hooks_of_a_stage_run_side_by_side_and_all_must_pass() {
    let world = World::new().await;
    let stage = ["POST_SCALE_UP"];
    service(&world, blue_green(&json!([hook(&stage), pause(&stage, 60, "ROLLBACK")]))).await;
    world.answers("check", &[json!({"hookStatus": "SUCCEEDED"})]);
    let arn = deploy(&world, "api:2").await;
    world.minutes(3).await;
    let found = described(&world, &arn).await;
    let states: Vec<&Value> =
        found["lifecycleHookDetails"].as_array().unwrap().iter().map(|hook| &hook["status"]).collect();
    assert_eq!(states, ["SUCCEEDED", "AWAITING_ACTION"]);
    let hook = found["lifecycleHookDetails"][1]["hookId"].clone();
    let go =
        |hook: &Value, action: &str| json!({"serviceDeploymentArn": arn, "hookId": hook, "action": action});
    let wrong =
        world.error("ecs", "ContinueServiceDeployment", go(&json!("ecs-pause-other"), "CONTINUE")).await;
    assert_eq!(wrong.code, "InvalidParameterException");
    world.ok("ecs", "ContinueServiceDeployment", go(&hook, "CONTINUE")).await;
    let again = world.error("ecs", "ContinueServiceDeployment", go(&hook, "ROLLBACK")).await;
    assert_eq!(again.code, "InvalidParameterException", "an old id is no id");
    world.minutes(3).await;
    assert_eq!(brief(&world, &arn).await, "SUCCESSFUL - 100.0");
}

#[tokio::test]
async fn a_pause_has_a_new_id_at_every_step_and_says_so_on_the_bus() {
    let world = World::new().await;
    let stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT"];
    let canary = json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 1},
        "lifecycleHooks": [pause(&stages, 30, "ROLLBACK")]});
    service(&world, canary).await;
    let arn = deploy(&world, "api:2").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        world.minutes(3).await;
        let id = described(&world, &arn).await["lifecycleHookDetails"][0]["hookId"].clone();
        world
            .ok("ecs", "ContinueServiceDeployment", json!({"serviceDeploymentArn": arn, "hookId": id}))
            .await;
        ids.push(id);
    }
    world.minutes(2).await;
    assert_ne!(ids[0], ids[1]);
    assert_eq!(brief(&world, &arn).await, "SUCCESSFUL - 100.0");
    let events = world.events("ECS Hook State Change");
    let names: Vec<&Value> = events.iter().map(|event| &event["eventName"]).collect();
    assert_eq!(names, ["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED", "HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"]);
    assert_eq!((&events[2]["hookId"], &events[2]["hookType"]), (&ids[1], &json!("PAUSE")));
    assert_eq!(events[0]["lifecycleStage"], "PRE_PRODUCTION_TRAFFIC_SHIFT");
}

#[tokio::test]
async fn a_hook_that_nobody_answers_is_written_down_and_does_what_its_configuration_says() {
    for (action, end) in [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL")] {
        let world = World::new().await;
        service(&world, blue_green(&json!([pause(&["POST_TEST_TRAFFIC_SHIFT"], 5, action)]))).await;
        let arn = deploy(&world, "api:2").await;
        world.minutes(4).await;
        assert!(world.journal("unanswered-hook").is_empty());
        world.minutes(5).await;
        let written = world.journal("unanswered-hook");
        assert_eq!((written.len(), &written[0]["action"]), (1, &json!(action)));
        assert_eq!(described(&world, &arn).await["status"], end);
        let last = world.events("ECS Hook State Change").pop().unwrap();
        assert_eq!(last["eventName"], "HOOK_TIMED_OUT");
    }
}

#[tokio::test]
async fn a_throttled_invocation_is_tried_again_and_costs_only_time() {
    let world = World::new().await;
    service(&world, blue_green(&json!([hook(&["PRE_SCALE_UP"])]))).await;
    world.answers("check", &[json!({"hookStatus": "SUCCEEDED"})]);
    let fault = json!({"service": "lambda", "operation": "Invoke", "function": "check", "times": 3, "kind": "throttle"});
    world.stack.faults.arm(&fault).unwrap();
    let arn = deploy(&world, "api:2").await;
    world.seconds(6).await;
    assert!(world.invoked("check").is_empty());
    world.seconds(1).await;
    assert_eq!((world.invoked("check").len(), world.journal("throttled").len()), (1, 3));
    world.minutes(3).await;
    assert_eq!(brief(&world, &arn).await, "SUCCESSFUL - 100.0");
}
