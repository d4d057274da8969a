//! The real revision-check binary behind the Runtime API: a deploy action that was ordered is not yet a revision that runs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::{Recorder, Reply};
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};
use std::io::Write as _;

const BINARY: &str = env!("CARGO_BIN_EXE_revision-check");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const JOB: &str = include_str!("../../../events/revision-check/job.json");
const ARTIFACT: &str = "GET /artifacts/b2b-production/ApiGateway/abc123";

fn job() -> Value {
    serde_json::from_str(JOB).unwrap()
}

fn artifact(file: &str, text: &str) -> Reply {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(file, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let range = format!("bytes 0-{}/{}", bytes.len() - 1, bytes.len());
    Reply::new(206, "application/zip", bytes)
        .with_header("etag", "\"e\"")
        .with_header("content-range", &range)
}

fn started() -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &[]).unwrap();
    function
        .aws
        .answer("PutJobSuccessResult", Reply::json(&json!({})))
        .answer("PutJobFailureResult", Reply::json(&json!({})));
    function
}

/// The service as it runs: its image, its state, the state's reason.
fn runs(aws: &Recorder, image: &str, state: &str, reason: &str) {
    let deployment = json!({"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/api:7",
        "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "rolloutState": state, "rolloutStateReason": reason});
    let service = json!({"serviceName": "api-gateway", "status": "ACTIVE", "deployments": [deployment], "taskSets": []});
    let definition =
        json!({"family": "api", "revision": 7, "containerDefinitions": [{"name": "api", "image": image}]});
    aws.answer("DescribeServices", Reply::json(&json!({"services": [service], "failures": []})))
        .answer("DescribeTaskDefinition", Reply::json(&json!({"taskDefinition": definition})));
}

fn asks_for(aws: &Recorder, image: &str) {
    let text = json!([{"name": "api", "imageUri": image}]).to_string();
    aws.answer(ARTIFACT, artifact("imagedefinitions.json", &text));
}

/// What the job was answered, once: the operation and its words.
fn answered(aws: &Recorder) -> String {
    let answers: Vec<_> =
        aws.requests().into_iter().filter(|call| call.operation.starts_with("PutJob")).collect();
    assert_eq!(answers.len(), 1);
    let body = answers[0].json();
    assert_eq!(body["jobId"], "11111111-abcd-1111-abcd-111111abcdef");
    let words = body.pointer("/failureDetails/message").or_else(|| body.pointer("/executionDetails/summary"));
    let kind = body.pointer("/failureDetails/type").and_then(Value::as_str).unwrap_or_default();
    format!("{} {kind}: {}", answers[0].operation, words.and_then(Value::as_str).unwrap())
}

#[test]
fn a_service_that_runs_the_image_passes() {
    let mut function = started();
    asks_for(&function.aws, "repo@sha256:aa");
    runs(&function.aws, "repo@sha256:aa", "COMPLETED", "");
    function.invoke(&job(), 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobSuccessResult : service `api-gateway` runs what was asked for: `api:7`, 2 of 2 task(s)");
    function.stop(&[]).unwrap();
}

#[test]
fn a_rollback_that_looked_like_success_fails_with_both_images() {
    let mut function = started();
    asks_for(&function.aws, "repo@sha256:aa");
    runs(&function.aws, "repo@sha256:00", "COMPLETED", "rolled back by an alarm");
    function.invoke(&job(), 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobFailureResult JobFailed: service `api-gateway` does not run what was asked for: container `api` of `api:7` is `repo@sha256:00`, asked for `repo@sha256:aa` (rolled back by an alarm)");
    function.stop(&[]).unwrap();
}

#[test]
fn a_service_that_still_moves_is_asked_again_until_the_time_is_over() {
    let mut function = started();
    asks_for(&function.aws, "repo@sha256:aa");
    runs(&function.aws, "repo@sha256:00", "IN_PROGRESS", "");
    function.invoke(&job(), 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobSuccessResult : service `api-gateway` has not settled: container `api` of `api:7` is `repo@sha256:00`, asked for `repo@sha256:aa`");
    let token = function.aws.requests_of("PutJobSuccessResult")[0].json()["continuationToken"].clone();
    assert!(token.as_str().unwrap().contains("attempt"), "{token}");
    function.stop(&[]).unwrap();

    let mut late = started();
    asks_for(&late.aws, "repo@sha256:aa");
    runs(&late.aws, "repo@sha256:00", "IN_PROGRESS", "");
    let mut event = job();
    event["CodePipeline.job"]["data"]["continuationToken"] =
        json!(r#"{"first":"2020-01-01T00:00:00Z","attempt":30}"#);
    late.invoke(&event, 20);
    insta::assert_snapshot!(answered(&late.aws), @"PutJobFailureResult JobFailed: service `api-gateway` has not settled: container `api` of `api:7` is `repo@sha256:00`, asked for `repo@sha256:aa`; 10 minutes are over");
    late.stop(&[]).unwrap();
}

#[test]
fn what_cannot_be_known_is_never_a_pass() {
    let without_file = started();
    without_file.aws.answer(ARTIFACT, artifact("readme.txt", "hello"));
    let mut function = without_file;
    function.invoke(&job(), 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobFailureResult ConfigurationError: no input artifact has `imagedefinitions.json` or `imageDetail.json`: nothing says what should run");
    function.stop(&[]).unwrap();

    let mut function = started();
    asks_for(&function.aws, "repo@sha256:aa");
    function.aws.answer(
        "DescribeServices",
        Reply::json(&json!({"services": [], "failures": [{"reason": "MISSING"}]})),
    );
    function.invoke(&job(), 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobFailureResult ConfigurationError: ECS has no such thing for `DescribeServices`: no active service `api-gateway` in cluster `b2b-production`");
    function.stop(&["planted-secret-key", "planted-secret-token"]).unwrap();

    let mut function = started();
    asks_for(&function.aws, "repo@sha256:aa");
    function.aws.answer("DescribeServices", Reply::error(400, "AccessDeniedException", "not authorized"));
    function.invoke(&job(), 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobFailureResult PermissionError: ECS refused `DescribeServices`: `AccessDeniedException`: not authorized");
    function.stop(&["planted-secret-key", "planted-secret-token"]).unwrap();
}

#[test]
fn a_throttled_question_is_asked_again() {
    let mut function = started();
    asks_for(&function.aws, "repo@sha256:aa");
    function.aws.answer("DescribeServices", Reply::error(400, "ThrottlingException", "slow down"));
    function.invoke(&job(), 30);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobSuccessResult : ECS could not answer `DescribeServices` now: `ThrottlingException`: slow down");
    function.stop(&[]).unwrap();
}

#[test]
fn wrong_parameters_and_a_job_without_an_id_are_said_in_words() {
    let mut function = started();
    let mut event = job();
    event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"]["UserParameters"] = json!("{}");
    function.invoke(&event, 20);
    insta::assert_snapshot!(answered(&function.aws), @"PutJobFailureResult ConfigurationError: `UserParameters` cannot be used: missing field `cluster` at line 1 column 2");
    insta::assert_snapshot!(function.invoke(&json!({}), 20), @r#"{"errorMessage":"the event has no `CodePipeline.job` with an `id`: there is nobody to answer","errorType":"Rejection"}"#);
    function.stop(&[]).unwrap();
}
