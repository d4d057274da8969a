//! The real watch binary behind the Runtime API: harm is stopped, and a tick that could not look is a visible error.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::recorder::{Recorder, Reply};
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_traffic-watch");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 4] = [
    ("TABLE_NAME", "tidegate"),
    ("WATCH_PARAMETER", "/tidegate/tidegate/watch"),
    ("ALERTS_TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:tidegate-alerts"),
    ("REPORT_BUCKET", "reports"),
];
const TICK: &str = include_str!("../../../events/traffic-watch/tick.json");
/// 2026-11-23T21:30:00Z, ten minutes before the tick.
const SHIFT: i64 = 1_795_469_400;

fn tick() -> Value {
    serde_json::from_str(TICK).unwrap()
}

/// An active record as the table keeps it.
fn record(deployment: &str) -> Value {
    let group = |name: &str| json!({"name": name, "dimension": format!("targetgroup/{name}/1"), "loadBalancer": "app/b2b-production/1"});
    let watch = json!({"record": 2, "deploymentId": deployment, "engine": "codedeploy", "application": "b2b", "group": "api-gateway",
        "createdAt": "2026-11-23T21:30:00Z", "watchedFrom": "2026-11-23T21:30:00Z", "policy": {},
        "arms": {"green": group("green"), "blue": group("blue")}});
    json!({"pk": {"S": "WATCH"}, "sk": {"S": deployment}, "version": {"N": "1"}, "body": {"S": watch.to_string()}})
}

fn active(aws: &Recorder, deployments: &[&str]) {
    let items: Vec<Value> = deployments.iter().map(|id| record(id)).collect();
    aws.answer("Query", Reply::json(&json!({"Items": items, "Count": items.len(), "ScannedCount": items.len()})))
        .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "w", "Value": "version: 1\n"}})))
        .answer("PutItem", Reply::json(&json!({})))
        .answer("StopDeployment", Reply::json(&json!({"status": "Succeeded"})))
        .answer("Publish", Reply::xml("<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"))
        .answer("ListDeploymentTargets", Reply::json(&json!({"targetIds": ["b2b:api-gateway"]})))
        .answer("BatchGetDeploymentTargets", Reply::json(&json!({"deploymentTargets": [{
            "deploymentTargetType": "ECSTarget", "ecsTarget": {"deploymentId": "d", "targetId": "t", "lifecycleEvents": [],
            "taskSetsInfo": [{"taskSetLabel": "Green", "trafficWeight": 10.0, "desiredCount": 2, "pendingCount": 0,
                              "runningCount": 2, "targetGroup": {"name": "green"}}]}}]})));
}

fn deployment() -> Reply {
    Reply::json(&json!({"deploymentInfo": {"applicationName": "b2b", "deploymentGroupName": "api-gateway",
        "status": "InProgress", "creator": "user", "createTime": SHIFT}}))
}

/// Six minutes in which green answers `errors` of 600 requests with 5XX, and blue 25 of 5400.
fn minutes(errors: u32) -> Reply {
    let times: Vec<Value> = (0..6).map(|minute| json!({"epochSeconds": SHIFT + 60 * minute})).collect();
    let result = |id: &str, value: u32| json!({"Id": id, "Label": id, "StatusCode": "Complete", "Timestamps": times, "Values": vec![f64::from(value); 6]});
    Reply::cbor(&json!({"MetricDataResults": [result("q0", 600), result("q1", errors),
        result("q2", 5400), result("q3", 25)], "Messages": []}))
}

fn started() -> FunctionUnderTest {
    FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap()
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let function = started();
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty(), "nothing is asked of AWS before the first event");
    function.stop(&[]).unwrap();
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    let log = function.stop(&[]).unwrap();
    insta::assert_snapshot!(log.messages(), @"ERROR the function cannot start: 4 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `WATCH_PARAMETER` is not set (template.yaml sets it); `ALERTS_TOPIC_ARN` is not set (template.yaml sets it); `REPORT_BUCKET` is not set (template.yaml sets it)");
    insta::assert_snapshot!(log.err, @r#"Error: "4 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `WATCH_PARAMETER` is not set (template.yaml sets it); `ALERTS_TOPIC_ARN` is not set (template.yaml sets it); `REPORT_BUCKET` is not set (template.yaml sets it)""#);
}

#[test]
fn a_tick_without_a_shift_costs_one_query() {
    let mut function = started();
    active(&function.aws, &[]);
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"watched":0}"#);
    assert_eq!(function.aws.requests().len(), 1);
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"DEBUG no shift to watch");
}

#[test]
fn harm_stops_the_deployment_with_rollback_and_people_are_told() {
    let mut function = started();
    active(&function.aws, &["d-1"]);
    function.aws.answer("GetDeployment", deployment()).answer("GetMetricData", minutes(30));
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"watched":1}"#);
    let stopped = function.aws.requests_of("StopDeployment");
    assert_eq!(stopped.len(), 1);
    insta::assert_snapshot!(stopped[0].json(), @r#"{"autoRollbackEnabled":true,"deploymentId":"d-1"}"#);
    insta::assert_snapshot!(function.aws.requests_of("Publish")[0].field("Message").unwrap(), @"api-gateway `d-1`: green answered 120 of 2400 requests with 5XX (5.00 %) against 100 of 21600 requests with 5XX (0.46 %) on blue in 4 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"INFO stopped `d-1` with rollback: green answered 120 of 2400 requests with 5XX (5.00 %) against 100 of 21600 requests with 5XX (0.46 %) on blue in 4 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_shift_without_harm_goes_on() {
    let mut function = started();
    active(&function.aws, &["d-1"]);
    function.aws.answer("GetDeployment", deployment()).answer("GetMetricData", minutes(3));
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"watched":1}"#);
    assert!(function.aws.requests_of("StopDeployment").is_empty());
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"INFO 6 settled minute(s), green had at most 10 % of the traffic, no verdict yet");
}

#[test]
fn a_shift_that_cannot_be_seen_fails_the_tick_and_the_others_are_still_looked_after() {
    let mut function = started();
    active(&function.aws, &["d-1", "d-2"]);
    let denied =
        Reply::error(400, "AccessDeniedException", "not authorized to perform: codedeploy:GetDeployment");
    function.aws.answer("GetDeployment", denied).answer("GetDeployment", deployment());
    function.aws.answer("GetMetricData", minutes(30));
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"errorMessage":"CodeDeploy refused `GetDeployment`: `AccessDeniedException`: not authorized to perform: codedeploy:GetDeployment","errorType":"Fault"}"#);
    assert_eq!(function.aws.requests_of("StopDeployment")[0].json()["deploymentId"], "d-2");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"
    ERROR this tick could not look after the shift: CodeDeploy refused `GetDeployment`: `AccessDeniedException`: not authorized to perform: codedeploy:GetDeployment
    INFO stopped `d-2` with rollback: green answered 120 of 2400 requests with 5XX (5.00 %) against 100 of 21600 requests with 5XX (0.46 %) on blue in 4 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)
    ");
}

#[test]
fn minutes_that_cannot_be_read_fail_the_tick_and_stop_nothing() {
    let mut function = started();
    active(&function.aws, &["d-1"]);
    function.aws.answer("GetDeployment", deployment());
    function.aws.answer(
        "GetMetricData",
        Reply::cbor(&json!({"__type": "InternalServiceFault", "message": "try again"})).with_status(500),
    );
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"errorMessage":"CloudWatch could not answer `GetMetricData` now: `InternalServiceFault`: try again","errorType":"Fault"}"#);
    assert!(function.aws.requests_of("StopDeployment").is_empty());
    function.stop(&[]).unwrap();
}

#[test]
fn a_table_that_is_down_is_a_visible_error() {
    let mut function = started();
    function.aws.answer("Query", Reply::error(500, "InternalServerError", "try again"));
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"errorMessage":"DynamoDB could not answer `Query` now: `InternalServerError`: try again","errorType":"Fault"}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn without_aws_the_tick_is_a_visible_error() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    insta::assert_snapshot!(function.invoke(&tick(), 20), @r#"{"errorMessage":"DynamoDB could not answer `Query` now: io error: client error (Connect): tcp connect error: Connection refused (os error 111)","errorType":"Fault"}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn what_is_no_tick_is_an_error_in_words() {
    let mut function = started();
    insta::assert_snapshot!(function.invoke(&json!({}), 20), @r#"{"errorMessage":"the event has no `time`: a tick comes from a schedule","errorType":"Rejection"}"#);
    insta::assert_snapshot!(function.invoke(&json!({"time": "yesterday"}), 20), @r#"{"errorMessage":"the event's `time` is not an RFC 3339 time","errorType":"Rejection"}"#);
    function.stop(&[]).unwrap();
}
