//! The real post-traffic binary behind the Runtime API: only the watch's verdict lets a deployment end well.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::{Recorder, Reply};
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_post-traffic");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 2] =
    [("TABLE_NAME", "tidegate"), ("WATCH_PARAMETER", "/tidegate/tidegate/watch")];
const HOOK: &str = include_str!("../../../events/post-traffic/hook.json");
const ANSWER: &str = "PutLifecycleEventHookExecutionStatus";

fn hook() -> Value {
    serde_json::from_str(HOOK).unwrap()
}

/// A deployment at `AfterAllowTraffic` and the settings of the watch.
fn deploys(aws: &Recorder) {
    let target = json!({"deploymentTargetType": "ECSTarget", "ecsTarget": {
        "deploymentId": "d-A1B2C3D4E", "targetId": "b2b:api-gateway", "status": "InProgress", "taskSetsInfo": [],
        "lifecycleEvents": [{"lifecycleEventName": "AfterAllowTraffic", "status": "InProgress", "startTime": 1_795_470_000.0}]}});
    aws.answer(
        "GetDeployment",
        Reply::json(&json!({"deploymentInfo": {"deploymentId": "d-A1B2C3D4E", "applicationName": "b2b",
            "deploymentGroupName": "api-gateway", "status": "InProgress", "creator": "user", "createTime": 1_795_469_000.0}})),
    )
    .answer("ListDeploymentTargets", Reply::json(&json!({"targetIds": ["b2b:api-gateway"]})))
    .answer("BatchGetDeploymentTargets", Reply::json(&json!({"deploymentTargets": [target]})))
    .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "w", "Value": "version: 1\n"}})));
}

/// The watch's record with this verdict.
fn watched(verdict: &Value) -> Reply {
    let group = json!({"name": "g", "dimension": "targetgroup/g/1", "loadBalancer": "app/b/1"});
    let watch = json!({"record": 2, "deploymentId": "d-A1B2C3D4E", "engine": "codedeploy", "application": "b2b", "group": "api-gateway",
        "createdAt": "2026-11-23T21:30:00Z", "watchedFrom": "2026-11-23T21:30:00Z", "policy": {}, "arms": {"green": group, "blue": group},
        "verdict": verdict});
    Reply::json(&json!({"Item": {"pk": {"S": "WATCH"}, "sk": {"S": "d-A1B2C3D4E"}, "version": {"N": "4"},
        "body": {"S": watch.to_string()}}}))
}

fn verdict(kind: &str) -> Value {
    json!({"kind": kind, "reason": "green answered 3 of 900 requests with 5XX (0.33 %)", "decidedAt": "2026-11-23T21:40:00Z"})
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
fn a_promoting_verdict_ends_the_deployment_well() {
    let mut function = started();
    deploys(&function.aws);
    function.aws.answer("GetItem", watched(&verdict("promote")));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"true: green answered 3 of 900 requests with 5XX (0.33 %)");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Succeeded");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"INFO green answered 3 of 900 requests with 5XX (0.33 %)");
}

#[test]
fn harm_fails_the_hook_with_the_watchs_reason() {
    let mut function = started();
    deploys(&function.aws);
    function.aws.answer("GetItem", watched(&verdict("harm")));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: green answered 3 of 900 requests with 5XX (0.33 %)");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn without_a_verdict_the_hook_is_left_to_the_watch() {
    let mut function = started();
    deploys(&function.aws);
    function.aws.answer("GetItem", watched(&Value::Null)).answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"null: the watch has no verdict yet and will answer");
    assert!(function.aws.requests_of(ANSWER).is_empty());
    let body: Value = serde_json::from_str(
        function.aws.requests_of("PutItem")[0].json()["Item"]["body"]["S"].as_str().unwrap(),
    )
    .unwrap();
    assert_eq!(body["waiting"]["asker"]["execution"], hook()["LifecycleEventHookExecutionId"]);
    function.stop(&[]).unwrap();
}

#[test]
fn a_shift_that_nobody_watched_is_failed() {
    let mut function = started();
    deploys(&function.aws);
    function.aws.answer("GetItem", Reply::json(&json!({})));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: the shift was not watched: no record (is the pre-traffic hook set at `BeforeAllowTraffic`?)");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    function.stop(&[]).unwrap();
}

#[test]
fn watch_settings_that_are_not_there_fail_the_hook_and_are_named() {
    let mut function = started();
    function.aws.answer("GetParameter", Reply::error(400, "ParameterNotFound", ""));
    insta::assert_snapshot!(reason(&function.invoke(&hook(), 20)), @"false: Parameter Store has no such thing for `GetParameter`: parameter `/tidegate/tidegate/watch`: `ParameterNotFound`:");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @r"
    ERROR Parameter Store has no such thing for `GetParameter`: parameter `/tidegate/tidegate/watch`: `ParameterNotFound`: 
    INFO Parameter Store has no such thing for `GetParameter`: parameter `/tidegate/tidegate/watch`: `ParameterNotFound`:
    ");
}

#[test]
fn a_table_that_is_down_fails_the_hook_before_the_deadline() {
    let mut function = started();
    deploys(&function.aws);
    function.aws.answer("GetItem", Reply::error(500, "InternalServerError", "try again"));
    let words = reason(&function.invoke(&hook(), 15));
    assert!(words.starts_with("false: "), "{words}");
    insta::assert_snapshot!(words.replace("within 5 s", "within 4 s"), @"false: not ready within 4 s: DynamoDB could not answer `GetItem` now: `InternalServerError`: try again");
    insta::assert_snapshot!(answered(&function.aws), @"d-A1B2C3D4E Failed");
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
    insta::assert_snapshot!(reason(&function.invoke(&json!({}), 20)), @r#"{"errorMessage":"the event has no `DeploymentId`: there is nobody to answer","errorType":"Rejection"}"#);
    assert!(function.aws.requests().is_empty());
    function.stop(&[]).unwrap();
}
