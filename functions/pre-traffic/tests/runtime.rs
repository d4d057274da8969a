//! The real pre-traffic binary behind the Runtime API: the hook is answered whatever happens, and no traffic moves unwatched.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::{Recorder, Reply};
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_pre-traffic");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 3] = [
    ("TABLE_NAME", "tidegate"),
    ("WATCH_PARAMETER", "/tidegate/tidegate/watch"),
    ("PROBE_FUNCTION", "tidegate-probe"),
];
const HOOK: &str = include_str!("../../../events/pre-traffic/hook.json");
const ANSWER: &str = "PutLifecycleEventHookExecutionStatus";
const INVOKE: &str = "POST /2015-03-31/functions/tidegate-probe/invocations";
const IMAGE: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b/api@sha256:1111111111111111111111111111111111111111111111111111111111111111";

fn hook() -> Value {
    serde_json::from_str(HOOK).unwrap()
}

/// A deployment at `BeforeAllowTraffic` whose green runs `running` of 2 tasks; `labels` are its container's.
fn deploys_with(aws: &Recorder, running: u32, settings: &str, labels: &Value) {
    let set = |label: &str, running: u32| {
        json!({"identifer": label, "desiredCount": 2, "pendingCount": 2 - running, "runningCount": running,
               "status": "ACTIVE", "trafficWeight": 0.0, "taskSetLabel": label,
               "targetGroup": {"name": format!("api-gateway-{}", label.to_lowercase())}})
    };
    let target = json!({"deploymentTargetType": "ECSTarget", "ecsTarget": {
        "deploymentId": "d-A1B2C3D4E", "targetId": "b2b:api-gateway", "status": "InProgress",
        "lifecycleEvents": [{"lifecycleEventName": "BeforeAllowTraffic", "status": "InProgress", "startTime": 1_795_470_000.0}],
        "taskSetsInfo": [set("Blue", 2), set("Green", running)]}});
    let spec = "version: 0.0\nResources: [{TargetService: {Type: AWS::ECS::Service, Properties: {TaskDefinition: 'api:7'}}}]\n\
                Hooks: [{BeforeAllowTraffic: CodeDeployHook_a}, {AfterAllowTraffic: CodeDeployHook_b}]\n";
    let info = json!({"deploymentId": "d-A1B2C3D4E", "applicationName": "b2b", "deploymentGroupName": "api-gateway",
        "deploymentConfigName": "Linear25", "status": "InProgress", "creator": "user", "createTime": 1_795_469_000.0,
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec}}});
    let route = json!({"listenerArns": ["arn:listener"]});
    let group = json!({"applicationName": "b2b", "deploymentGroupName": "api-gateway",
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]},
        "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30}},
        "loadBalancerInfo": {"targetGroupPairInfoList": [{"targetGroups": [{"name": "api-gateway-blue"}, {"name": "api-gateway-green"}],
            "prodTrafficRoute": route, "testTrafficRoute": route}]},
        "ecsServices": [{"clusterName": "b2b", "serviceName": "api-gateway"}]});
    let config = json!({"trafficRoutingConfig": {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 25, "linearInterval": 5}}});
    let service = json!({"serviceName": "api-gateway", "deploymentController": {"type": "CODE_DEPLOY"}});
    let logs = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/api", "awslogs-stream-prefix": "ecs"}});
    let container = json!({"name": "api", "image": IMAGE, "dockerLabels": labels, "logConfiguration": logs});
    let definition = json!({"taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/api:7", "containerDefinitions": [container]});
    let task = json!({"taskArn": "arn:aws:ecs:us-east-1:000000000000:task/b2b/f0a1", "lastStatus": "RUNNING", "createdAt": 1_795_469_100.0,
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/api:7"});
    // The record that an earlier hook made.
    let record = json!({"record": 2, "deploymentId": "d-A1B2C3D4E", "engine": "codedeploy", "application": "b2b", "group": "api-gateway",
        "createdAt": "2026-11-23T21:23:20Z", "policy": null, "minutes": {}, "weights": [], "checks": [], "told": false, "pausesTold": []});
    aws.answer("GetParameter", given(settings))
        .answer("GetDeployment", Reply::json(&json!({"deploymentInfo": info})))
        .answer("ListDeploymentTargets", Reply::json(&json!({"targetIds": ["b2b:api-gateway"]})))
        .answer("BatchGetDeploymentTargets", Reply::json(&json!({"deploymentTargets": [target]})))
        .answer("GetDeploymentGroup", Reply::json(&json!({"deploymentGroupInfo": group})))
        .answer("GetDeploymentConfig", Reply::json(&json!({"deploymentConfigInfo": config})))
        .answer("DescribeServices", Reply::json(&json!({"services": [service]})))
        .answer("DescribeTaskDefinition", Reply::json(&json!({"taskDefinition": definition})))
        .answer(
            "ListTasks",
            Reply::json(&json!({"taskArns": ["arn:aws:ecs:us-east-1:000000000000:task/b2b/f0a1"]})),
        )
        .answer("DescribeTasks", Reply::json(&json!({"tasks": [task]})))
        .answer(
            "GetItem",
            Reply::json(&json!({"Item": {"version": {"N": "1"}, "body": {"S": record.to_string()}}})),
        );
}

/// The parameter with the watch settings.
fn given(settings: &str) -> Reply {
    Reply::json(&json!({"Parameter": {"Value": settings}}))
}

fn deploys(aws: &Recorder, running: u32) {
    deploys_with(aws, running, "version: 1\n", &json!({}));
}

/// Target groups with one healthy target each, behind one load balancer.
fn balances(aws: &Recorder) {
    balances_unmeasured(aws);
    // The hour before the deployment's moment: 6,000 requests in a minute on blue, 30 of them with 5XX.
    let times: Vec<Value> =
        (1..=60).map(|minute| json!({"epochSeconds": 1_795_470_000 - 60 * minute})).collect();
    let result = |id: &str, value: f64| json!({"Id": id, "Label": id, "StatusCode": "Complete", "Timestamps": times, "Values": vec![value; 60]});
    let none =
        |id: &str| json!({"Id": id, "Label": id, "StatusCode": "Complete", "Timestamps": [], "Values": []});
    let results = json!([none("q0"), none("q1"), result("q2", 6000.0), result("q3", 30.0)]);
    aws.answer("GetMetricData", Reply::cbor(&json!({"MetricDataResults": results, "Messages": []})));
}

/// The same without minutes of metrics.
fn balances_unmeasured(aws: &Recorder) {
    let groups = |name: &str| {
        Reply::xml(&format!(
            "<DescribeTargetGroupsResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetGroupsResult><TargetGroups><member>\
             <TargetGroupArn>arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/{name}/6d0ecf831eec9f09</TargetGroupArn>\
             <LoadBalancerArns><member>arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/b2b-production/50dc6c495c0c9188</member></LoadBalancerArns>\
             </member></TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
        ))
    };
    for name in ["api-gateway-green", "api-gateway-blue"] {
        aws.answer_to("DescribeTargetGroups", name, groups(name));
    }
    aws.answer("DescribeTargetHealth", Reply::xml(
        "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetHealthResult><TargetHealthDescriptions><member>\
         <Target><Id>10.0.0.1</Id></Target><TargetHealth><State>healthy</State></TargetHealth>\
         </member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>",
    ));
}

/// The record that was written last.
fn written(aws: &Recorder) -> Value {
    let puts = aws.requests_of("PutItem");
    serde_json::from_str(puts.last().unwrap().json()["Item"]["body"]["S"].as_str().unwrap()).unwrap()
}

/// Moment, name and state of each check of a record.
fn checks(record: &Value) -> String {
    let one = |checked: &Value| {
        let check = &checked["check"];
        format!(
            "{} {} {}",
            checked["stage"].as_str().unwrap(),
            check["id"].as_str().unwrap(),
            check["state"].as_str().unwrap()
        )
    };
    record["checks"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join("\n")
}

fn started() -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    function.aws.answer(ANSWER, Reply::json(&json!({})));
    function
}

/// What the hook was answered, once.
fn answered(aws: &Recorder) -> String {
    let answers = aws.requests_of(ANSWER);
    assert_eq!(answers.len(), 1);
    let body = answers[0].json();
    assert_eq!(body["lifecycleEventHookExecutionId"], hook()["LifecycleEventHookExecutionId"]);
    format!("{} {}", body["deploymentId"].as_str().unwrap(), body["status"].as_str().unwrap())
}

fn reason(answer: &Answer) -> String {
    match answer {
        Answer::Response(answer) => {
            format!("{}: {}", answer["succeeded"], answer["reason"].as_str().unwrap())
        }
        Answer::Error(_) | Answer::None => answer.to_string(),
    }
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let function = started();
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty(), "nothing is asked of AWS before the first event");
    function.stop(&[]).unwrap();
}

#[test]
fn without_settings_the_hook_is_failed_with_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    function.aws.answer(ANSWER, Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: 2 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `WATCH_PARAMETER` is not set (template.yaml sets it)");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn a_steady_healthy_green_may_get_traffic_and_its_shift_is_watched() {
    let mut function = started();
    deploys(&function.aws, 2);
    balances(&function.aws);
    function.aws.answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"true: `Linear25` moves the traffic within 15 min; the digest of 1 of 1 image(s) is known; the task definition has no `tidegate.migration`: going back is safe; green runs 2 of 2 task(s), 0 starting; 1 of 1 target(s) of `api-gateway-green` are healthy; `errors` at 10 % for 15 minutes: 39 bad events of green are expected in 13 judged minute(s); a doubled rate is seen in 95 % of cases, in half of them by minute 8; the shift is watched");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Succeeded");
    let put = function.aws.requests_of("PutItem");
    insta::assert_snapshot!(put[0].json()["ConditionExpression"].as_str().unwrap(), @"#v = :v");
    let record = written(&function.aws);
    insta::assert_snapshot!(checks(&record), @"
    before-traffic preflight pass
    before-traffic image pass
    before-traffic migration pass
    before-traffic green-steady pass
    before-traffic green-healthy pass
    before-traffic forecast pass
    ");
    insta::assert_snapshot!(record["arms"], @r#"{"blue":{"dimension":"targetgroup/api-gateway-blue/6d0ecf831eec9f09","loadBalancer":"app/b2b-production/50dc6c495c0c9188","name":"api-gateway-blue","taskDefinition":""},"green":{"dimension":"targetgroup/api-gateway-green/6d0ecf831eec9f09","loadBalancer":"app/b2b-production/50dc6c495c0c9188","name":"api-gateway-green","taskDefinition":""}}"#);
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"INFO `Linear25` moves the traffic within 15 min; the digest of 1 of 1 image(s) is known; the task definition has no `tidegate.migration`: going back is safe; green runs 2 of 2 task(s), 0 starting; 1 of 1 target(s) of `api-gateway-green` are healthy; `errors` at 10 % for 15 minutes: 39 bad events of green are expected in 13 judged minute(s); a doubled rate is seen in 95 % of cases, in half of them by minute 8; the shift is watched");
}

#[test]
fn a_forecast_that_cannot_be_made_is_told_and_holds_nothing_back() {
    let mut function = started();
    deploys(&function.aws, 2);
    balances_unmeasured(&function.aws);
    let body = json!({"__type": "AccessDeniedException", "message": "not authorized to perform: cloudwatch:GetMetricData"});
    function.aws.answer("GetMetricData", Reply::cbor(&body).with_status(400));
    function.aws.answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"true: what the shift can see is not known: CloudWatch refused `GetMetricData`: `AccessDeniedException`: not authorized to perform: cloudwatch:GetMetricData; the shift is watched");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Succeeded");
    function.stop(&[]).unwrap();
}

#[test]
fn a_watch_that_cannot_be_written_holds_the_traffic() {
    let mut function = started();
    deploys(&function.aws, 2);
    balances(&function.aws);
    function.aws.answer(
        "PutItem",
        Reply::error(400, "AccessDeniedException", "not authorized to perform: dynamodb:PutItem"),
    );
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: DynamoDB refused `PutItem`: `AccessDeniedException`: not authorized to perform: dynamodb:PutItem");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @r"
    ERROR DynamoDB refused `PutItem`: `AccessDeniedException`: not authorized to perform: dynamodb:PutItem
    INFO DynamoDB refused `PutItem`: `AccessDeniedException`: not authorized to perform: dynamodb:PutItem
    ");
}

#[test]
fn a_green_that_never_gets_steady_is_failed_before_the_deadline() {
    let mut function = started();
    deploys(&function.aws, 1);
    balances(&function.aws);
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 13)), @"false: not ready within 2 s: green runs 1 of 2 task(s), 1 starting");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn a_codedeploy_that_may_not_be_asked_fails_the_hook_and_names_the_permission() {
    let mut function = started();
    function.aws.answer("GetParameter", given("version: 1\n"));
    function.aws.answer(
        "GetDeployment",
        Reply::error(400, "AccessDeniedException", "not authorized to perform: codedeploy:GetDeployment"),
    );
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: CodeDeploy refused `GetDeployment`: `AccessDeniedException`: not authorized to perform: codedeploy:GetDeployment");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn a_codedeploy_that_is_down_fails_the_hook_before_the_deadline() {
    let mut function = started();
    function.aws.answer("GetParameter", given("version: 1\n"));
    function.aws.answer("GetDeployment", Reply::error(500, "InternalFailure", "try again"));
    let words = reason(&function.invoke(&hook(), 17));
    assert!(
        words.starts_with("false: not ready within 6 s: ")
            || words.starts_with("false: not ready within 7 s: "),
        "{words}"
    );
    assert!(
        words.ends_with("CodeDeploy could not answer `GetDeployment` now: `InternalFailure`: try again"),
        "{words}"
    );
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn when_the_answer_cannot_be_sent_the_invocation_fails_so_that_it_comes_again() {
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    function.aws.answer(ANSWER, Reply::error(500, "InternalFailure", "try again"));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @r#"{"errorMessage":"CodeDeploy could not answer `PutLifecycleEventHookExecutionStatus` now: `InternalFailure`: try again","errorType":"Unanswered"}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn without_aws_the_invocation_fails_so_that_it_comes_again() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 13)), @r#"{"errorMessage":"CodeDeploy could not answer `PutLifecycleEventHookExecutionStatus` now: io error: client error (Connect): tcp connect error: Connection refused (os error 111)","errorType":"Unanswered"}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn a_hook_without_its_ids_is_an_error_in_words() {
    let mut function = started();
    insta::assert_snapshot!(reason(&function.invoke(&json!({"DeploymentId": "d-A1B2C3D4E"}), 20)), @r#"{"errorMessage":"the event has no `LifecycleEventHookExecutionId`: there is nobody to answer","errorType":"Rejection"}"#);
    assert!(function.aws.requests().is_empty());
    function.stop(&[]).unwrap();
}

const SETTINGS_OF_ALL: &str = r#"
version: 1
checks:
  smoke:
    base_url: https://green.internal:8443
    headers: {x-api-key: planted-key}
    requests: [{path: /health, expect: {version_header: x-version}}]
  latency: {path: /health, requests: 5, p95_ms: 50}
  alarms: {names: [api-5xx]}
  flags: [{application: shop, environment: production, profile: flags, expect: [{flag: new-checkout, equals: false}]}]
  synthetics: [{canary: shop}]
  logs: [{pattern: ERROR}]
"#;

fn shot(total: u64, faults: &[&str]) -> Value {
    let answer = json!({"status": 200, "length": 2, "sha256": "ab", "isCut": false, "faults": faults});
    json!({"attempts": 1, "outcome": {"kind": "answered", "answer": answer}, "times": {"total": total}})
}

/// Everything that the settings of all checks ask for, as it should be.
fn answers_all(aws: &Recorder) {
    let alarm = json!({"AlarmName": "api-5xx", "StateValue": "OK"});
    let run =
        json!({"Name": "shop", "Status": {"State": "PASSED"}, "Timeline": {"Started": 1_795_469_900.0}});
    aws.answer("DescribeAlarms", Reply::cbor(&json!({"MetricAlarms": [alarm], "CompositeAlarms": []})))
        .answer(
            "POST /configurationsessions",
            Reply::json(&json!({"InitialConfigurationToken": "planted-token"})).with_status(201),
        )
        .answer(
            "GET /configuration",
            Reply::json(&json!({"new-checkout": {"enabled": false, "key": "planted-attribute"}})),
        )
        .answer("POST /canary/shop/runs", Reply::json(&json!({"CanaryRuns": [run]})))
        .answer("FilterLogEvents", Reply::json(&json!({"events": [{"message": "ERROR planted-line"}]})))
        .answer("PutItem", Reply::json(&json!({})));
}

#[test]
fn everything_that_the_settings_ask_for_is_checked_and_no_secret_of_it_is_kept() {
    let mut function = started();
    deploys_with(&function.aws, 2, SETTINGS_OF_ALL, &json!({"org.opencontainers.image.revision": "4f2a91c"}));
    balances(&function.aws);
    answers_all(&function.aws);
    function.aws.answer(INVOKE, Reply::json(&json!({"shots": [shot(9, &[])]})));
    function.aws.answer(
        INVOKE,
        Reply::json(
            &json!({"shots": [shot(9, &[]), shot(8, &[]), shot(7, &[]), shot(6, &[]), shot(40, &[])]}),
        ),
    );
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"true: `ERROR` is 1 time(s) in 1 log stream(s) of green, at most 0 say nothing; the shift is watched");
    let record = written(&function.aws);
    insta::assert_snapshot!(checks(&record), @"
    before-traffic preflight pass
    before-traffic image pass
    before-traffic migration pass
    before-traffic green-steady pass
    before-traffic green-healthy pass
    before-traffic alarms pass
    before-traffic flags pass
    before-traffic logs warn
    before-traffic synthetics pass
    before-traffic smoke pass
    before-traffic latency pass
    before-traffic forecast pass
    ");
    let text = record.to_string();
    assert!(!text.contains("planted"), "{text}");
    let job = function.aws.requests_of(INVOKE)[0].json();
    assert_eq!(job["asks"][0]["version"], "4f2a91c", "the commit that the task definition names");
    assert_eq!(job["asks"][0]["headers"]["x-api-key"], "planted-key", "the probe sends it");
    let log = function.stop(&[]).unwrap();
    assert!(!log.out.contains("planted"), "{}", log.out);
}

#[test]
fn a_smoke_request_that_does_not_hold_fails_the_hook_in_words() {
    let mut function = started();
    deploys_with(&function.aws, 2, SETTINGS_OF_ALL, &json!({"org.opencontainers.image.revision": "4f2a91c"}));
    balances(&function.aws);
    answers_all(&function.aws);
    function.aws.answer(INVOKE, Reply::json(&json!({"shots": [shot(9, &["status 500, expected 200"])]})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: `GET /health` had status 500, expected 200 (try 1 of 1)");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn a_probe_that_ends_with_an_error_is_no_pass_and_its_words_are_not_repeated() {
    let mut function = started();
    let settings = "version: 1\nchecks: {smoke: {base_url: 'https://green', requests: [{path: /}]}}\n";
    deploys_with(&function.aws, 2, settings, &json!({}));
    balances(&function.aws);
    function.aws.answer("PutItem", Reply::json(&json!({})));
    let reply = Reply::json(&json!({"errorMessage": "planted-event"}))
        .with_header("x-amz-function-error", "Unhandled");
    function.aws.answer(INVOKE, reply);
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: smoke: Lambda answered `Invoke` with something unreadable: the probe `tidegate-probe` ended with `Unhandled`; its log says why");
    assert_eq!(function.aws.requests_of(INVOKE).len(), 1, "a team's requests are not sent twice");
    function.stop(&["planted-event"]).unwrap();
}

#[test]
fn an_approved_contract_freezes_the_record() {
    let mut function = started();
    let labels = json!({"tidegate.migration": "contract", "tidegate.migration-approved-by": "ann"});
    deploys_with(&function.aws, 2, "version: 1\n", &labels);
    balances(&function.aws);
    function.aws.answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"true: `tidegate.migration` is `contract`, approved by `ann`: the old version may not run on the changed data, so harm will be told and not rolled back; the shift is watched");
    insta::assert_snapshot!(written(&function.aws)["freeze"].as_str().unwrap(), @"`tidegate.migration` is `contract`, approved by `ann`: the old version may not run on the changed data");
    function.stop(&[]).unwrap();
}

#[test]
fn tasks_that_may_not_be_listed_are_no_pass_and_the_permission_is_named() {
    let mut function = started();
    function.aws.answer(
        "ListTasks",
        Reply::error(400, "AccessDeniedException", "not authorized to perform: ecs:ListTasks"),
    );
    deploys(&function.aws, 2);
    balances(&function.aws);
    function.aws.answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: green-steady: ECS refused `ListTasks`: `AccessDeniedException`: not authorized to perform: ecs:ListTasks");
    function.stop(&[]).unwrap();
}

#[test]
fn ecs_is_asked_again_while_green_is_not_ready_and_its_stale_weights_are_named() {
    let mut function = started();
    let arn = "arn:aws:ecs:us-east-1:000000000000:service-deployment/b2b/api-gateway/x";
    let rule = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener-rule/app/b2b/1/2/f5a1";
    let hook = |stage: &str| json!({"targetType": "AWS_LAMBDA", "lifecycleStages": [stage]});
    let config = json!({"strategy": "LINEAR", "bakeTimeInMinutes": 15, "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 5},
        "lifecycleHooks": [hook("PRE_PRODUCTION_TRAFFIC_SHIFT"), hook("POST_PRODUCTION_TRAFFIC_SHIFT")]});
    let green = json!({"arn": "arn:revision/2", "requestedTaskCount": 2, "runningTaskCount": 1, "pendingTaskCount": 1});
    let revision = json!({"serviceRevisionArn": "arn:revision/2", "taskDefinition": "arn:aws:ecs:us-east-1:000000000000:task-definition/api:7",
        "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": "arn:green"}]}});
    let deployment = json!({"serviceDeploymentArn": arn, "serviceArn": "arn:aws:ecs:x:0:service/b2b/api-gateway", "status": "IN_PROGRESS",
        "clusterArn": "arn:aws:ecs:x:0:cluster/b2b", "createdAt": 1_795_469_000.0, "targetServiceRevision": green, "deploymentConfiguration": config});
    let advanced = json!({"alternateTargetGroupArn": "arn:green", "productionListenerRule": rule, "testListenerRule": "arn:test"});
    let service = json!({"serviceName": "api-gateway", "deploymentController": {"type": "ECS"}, "deploymentConfiguration": config,
        "loadBalancers": [{"targetGroupArn": "arn:x:targetgroup/blue/1", "advancedConfiguration": advanced}]});
    let weight = |group: &str, weight: u32| {
        format!("<member><TargetGroupArn>{group}</TargetGroupArn><Weight>{weight}</Weight></member>")
    };
    let rules = format!(
        "<DescribeRulesResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeRulesResult><Rules><member><Actions><member><Type>forward</Type>\
         <ForwardConfig><TargetGroups>{}{}</TargetGroups></ForwardConfig></member></Actions></member></Rules></DescribeRulesResult></DescribeRulesResponse>",
        weight("arn:blue", 75),
        weight("arn:green", 25)
    );
    function.aws.answer_to("DescribeServices", "api-gateway", Reply::json(&json!({"services": [service]})));
    deploys(&function.aws, 2);
    balances(&function.aws);
    function
        .aws
        .answer("DescribeServiceDeployments", Reply::json(&json!({"serviceDeployments": [deployment]})))
        .answer("DescribeServiceRevisions", Reply::json(&json!({"serviceRevisions": [revision]})))
        .answer("DescribeRules", Reply::xml(&rules))
        .answer("PutItem", Reply::json(&json!({})));
    let event = |stage: &str| {
        json!({"executionId": "e", "lifecycleStage": stage, "resourceArn": arn,
        "executionDetails": {"serviceArn": "arn:aws:ecs:x:0:service/b2b/api-gateway", "targetServiceRevisionArn": "arn:revision/2"}})
    };
    insta::assert_snapshot!(function.invoke(&event("POST_SCALE_UP"), 20), @r#"{"callBackDelay":30,"hookDetails":{"tidegate":{"faults":0,"questions":1}},"hookStatus":"IN_PROGRESS","reason":"green runs 1 of 2 task(s), 1 starting"}"#);
    insta::assert_snapshot!(function.invoke(&event("PRE_SCALE_UP"), 20), @r#"{"hookStatus":"FAILED","reason":"the production rule `f5a1` shares its requests 75 and 25 of 100 between 2 target groups before the shift, 100 to 0 is expected: its weights are stale"}"#);
    function.stop(&[]).unwrap();
}
