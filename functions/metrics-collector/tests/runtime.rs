//! The real collector binary behind the Runtime API: what could not be kept comes again, record by record.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::recorder::Reply;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_metrics-collector");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 1] = [("TABLE_NAME", "tidegate")];
const PIPELINE: &str = include_str!("../../../events/metrics-collector/pipeline-started.json");

fn batch(bodies: &[&str]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(i, body)| json!({"messageId": format!("m-{i}"), "body": body}))
        .collect();
    json!({"Records": records})
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
    insta::assert_snapshot!(log.messages(), @"ERROR the function cannot start: 1 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it)");
    insta::assert_snapshot!(log.err, @r#"Error: "1 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it)""#);
}

#[test]
fn an_event_becomes_one_item_and_only_what_is_unreadable_comes_again() {
    let mut function = started();
    function.aws.answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(function.invoke(&batch(&[PIPELINE, "{\"planted-text"]), 10), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    let written = function.aws.requests_of("PutItem");
    assert_eq!(written.len(), 1);
    let item = &written[0].json()["Item"];
    insta::assert_snapshot!(format!("{} {} {}", item["pk"]["S"], item["sk"]["S"], item["gsi1pk"]["S"]), @r#""X#b2b-production#e-1" "P#1#STARTED#2026-11-23T21:40:00Z" "T#2026-11""#);
    insta::assert_snapshot!(function.stop(&["planted-text"]).unwrap().messages(), @r"
    WARN an event comes again: its body is no JSON: line 1 column 14
    INFO events folded
    ");
}

#[test]
fn a_table_that_is_down_sends_every_record_back() {
    let mut function = started();
    function.aws.answer("PutItem", Reply::error(500, "InternalServerError", "try again"));
    insta::assert_snapshot!(function.invoke(&batch(&[PIPELINE]), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-0"}]}"#);
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @r"
    WARN an event comes again: DynamoDB could not answer `PutItem` now: `InternalServerError`: try again
    INFO events folded
    ");
}

#[test]
fn a_table_that_may_not_be_written_sends_every_record_back() {
    let mut function = started();
    function.aws.answer(
        "PutItem",
        Reply::error(400, "AccessDeniedException", "not authorized to perform: dynamodb:PutItem"),
    );
    insta::assert_snapshot!(function.invoke(&batch(&[PIPELINE, PIPELINE]), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-0"},{"itemIdentifier":"m-1"}]}"#);
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @r"
    ERROR an event comes again: DynamoDB refused `PutItem`: `AccessDeniedException`: not authorized to perform: dynamodb:PutItem
    ERROR an event comes again: DynamoDB refused `PutItem`: `AccessDeniedException`: not authorized to perform: dynamodb:PutItem
    INFO events folded
    ");
}

#[test]
fn without_aws_every_record_comes_again() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    insta::assert_snapshot!(function.invoke(&batch(&[PIPELINE]), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-0"}]}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn what_is_no_batch_is_an_error_in_words() {
    let mut function = started();
    insta::assert_snapshot!(function.invoke(&json!({"detail-type": "x"}), 10), @r#"{"errorMessage":"the event has no `Records`: it is no batch of a queue","errorType":"Rejection"}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn the_environment_of_a_build_is_neither_logged_nor_kept() {
    let mut function = started();
    function.aws.answer("PutItem", Reply::json(&json!({})));
    let build = json!({"version": "0", "id": "b", "detail-type": "CodeBuild Build State Change", "source": "aws.codebuild",
        "account": "000000000000", "time": "2026-11-23T21:41:00Z", "region": "us-east-1",
        "resources": ["arn:aws:codebuild:us-east-1:000000000000:build/b2b-api-gateway-build:1"],
        "detail": {"build-status": "SUCCEEDED", "project-name": "b2b-api-gateway-build",
            "build-id": "arn:aws:codebuild:us-east-1:000000000000:build/b2b-api-gateway-build:1",
            "additional-information": {"initiator": "codepipeline/b2b-production",
                "build-start-time": "Nov 23, 2026 9:40:10 PM",
                "environment": {"environment-variables": [{"name": "NPM_TOKEN", "type": "PLAINTEXT", "value": "planted-npm-token"}]}}}})
    .to_string();
    insta::assert_snapshot!(function.invoke(&batch(&[&build]), 10), @r#"{"batchItemFailures":[]}"#);
    assert_eq!(function.aws.requests_of("PutItem").len(), 1);
    function.stop(&["planted-npm-token"]).unwrap();
}
