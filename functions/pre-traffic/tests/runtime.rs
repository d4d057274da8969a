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
const SETTINGS: [(&str, &str); 2] =
    [("TABLE_NAME", "tidegate"), ("WATCH_PARAMETER", "/tidegate/tidegate/watch")];
const HOOK: &str = include_str!("../../../events/pre-traffic/hook.json");
const ANSWER: &str = "PutLifecycleEventHookExecutionStatus";

fn hook() -> Value {
    serde_json::from_str(HOOK).unwrap()
}

/// A deployment at `BeforeAllowTraffic` whose green runs `running` of 2 tasks.
fn deploys(aws: &Recorder, running: u32) {
    let set = |label: &str, running: u32| {
        json!({"identifer": label, "desiredCount": 2, "pendingCount": 2 - running, "runningCount": running,
               "status": "ACTIVE", "trafficWeight": 0.0, "taskSetLabel": label,
               "targetGroup": {"name": format!("api-gateway-{}", label.to_lowercase())}})
    };
    let target = json!({"deploymentTargetType": "ECSTarget", "ecsTarget": {
        "deploymentId": "d-A1B2C3D4E", "targetId": "b2b:api-gateway", "status": "InProgress",
        "lifecycleEvents": [{"lifecycleEventName": "BeforeAllowTraffic", "status": "InProgress", "startTime": 1_795_470_000.0}],
        "taskSetsInfo": [set("Blue", 2), set("Green", running)]}});
    aws.answer(
        "GetDeployment",
        Reply::json(&json!({"deploymentInfo": {"deploymentId": "d-A1B2C3D4E", "applicationName": "b2b",
            "deploymentGroupName": "api-gateway", "status": "InProgress", "creator": "user"}})),
    )
    .answer("ListDeploymentTargets", Reply::json(&json!({"targetIds": ["b2b:api-gateway"]})))
    .answer("BatchGetDeploymentTargets", Reply::json(&json!({"deploymentTargets": [target]})));
}

/// Target groups with one healthy target each, behind one load balancer.
fn balances(aws: &Recorder) {
    let groups = |name: &str| {
        Reply::xml(&format!(
            "<DescribeTargetGroupsResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetGroupsResult><TargetGroups><member>\
             <TargetGroupArn>arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/{name}/6d0ecf831eec9f09</TargetGroupArn>\
             <LoadBalancerArns><member>arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/b2b-production/50dc6c495c0c9188</member></LoadBalancerArns>\
             </member></TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
        ))
    };
    // Asked for the health of green, then for the dimensions of green and of blue.
    for name in ["api-gateway-green", "api-gateway-green", "api-gateway-blue"] {
        aws.answer("DescribeTargetGroups", groups(name));
    }
    aws.answer("DescribeTargetHealth", Reply::xml(
        "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetHealthResult><TargetHealthDescriptions><member>\
         <Target><Id>10.0.0.1</Id></Target><TargetHealth><State>healthy</State></TargetHealth>\
         </member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>",
    ));
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
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: 1 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it)");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn a_steady_healthy_green_may_get_traffic_and_its_shift_is_watched() {
    let mut function = started();
    deploys(&function.aws, 2);
    balances(&function.aws);
    function.aws.answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"true: green runs 2 of 2 task(s), 0 starting; 1 of 1 target(s) of `api-gateway-green` are healthy; the shift is watched");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Succeeded");
    let written = function.aws.requests_of("PutItem");
    insta::assert_snapshot!(written[0].json()["ConditionExpression"].as_str().unwrap(), @"attribute_not_exists(pk)");
    insta::assert_snapshot!(written[0].json()["Item"]["body"]["S"].as_str().unwrap(), @r#"{"deploymentId":"d-A1B2C3D4E","application":"b2b","group":"api-gateway","green":{"name":"api-gateway-green","dimension":"targetgroup/api-gateway-green/6d0ecf831eec9f09","loadBalancer":"app/b2b-production/50dc6c495c0c9188"},"blue":{"name":"api-gateway-blue","dimension":"targetgroup/api-gateway-blue/6d0ecf831eec9f09","loadBalancer":"app/b2b-production/50dc6c495c0c9188"},"createdAt":"2026-11-23T21:40:00Z","minutes":{},"exposurePercent":0,"verdict":null,"waiting":null,"finalState":null}"#);
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"INFO green runs 2 of 2 task(s), 0 starting; 1 of 1 target(s) of `api-gateway-green` are healthy; the shift is watched");
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
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 13)), @"false: not ready within 2 s: green runs 1 of 2 task(s), 1 starting; 1 of 1 target(s) of `api-gateway-green` are healthy");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn a_codedeploy_that_may_not_be_asked_fails_the_hook_and_names_the_permission() {
    let mut function = started();
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
