//! The real source binary behind the Runtime API, GitHub and AWS scripted: a head is started once, and what failed comes again.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::recorder::{Recorder, Reply};
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};
use std::io::Write as _;

const BINARY: &str = env!("CARGO_BIN_EXE_source");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const BATCH: &str = include_str!("../../../events/source/batch.json");
const POLL: &str = include_str!("../../../events/source/poll.json");
const MANUAL: &str = include_str!("../../../events/source/manual.json");
const PULL_REQUEST: &str = include_str!("../../../events/source/pull-request.json");
const SHA: &str = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192";
const OLD_SHA: &str = "0ddc0de00ddc0de00ddc0de00ddc0de00ddc0de0";
const REPOSITORY: &str = "GET /repos/acme/b2b-ecommerce-platform";
const REF: &str = "GET /repos/acme/b2b-ecommerce-platform/git/ref/heads/main";
/// In the body of the sample batch's unreadable message, and the token for GitHub.
const SECRETS: [&str; 2] = ["planted-secret", "planted-github-token"];
const ROUTES: &str = "version: 1
repositories:
  - id: 1001
    name: acme/b2b-ecommerce-platform
    branches:
      - { branch: main, pipeline: b2b-production, environment: production, mode: queued }
    builds:
      - { project: b2b-pull-request-checks, pull_requests_into: [main] }
";

fn event(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn settings(github: &str) -> [(&str, &str); 7] {
    [
        ("TABLE_NAME", "tidegate"),
        ("ROUTES_PARAMETER", "/tidegate/tidegate/routes"),
        ("SOURCE_BUCKET", "tidegate-sources"),
        ("GITHUB_API_URL", github),
        ("GITHUB_TOKEN_SECRET_ID", "tidegate/github-token"),
        ("FEEDBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/feedback.fifo"),
        ("KMS_KEY_ARN", ""),
    ]
}

/// GitHub with one commit on `main`.
fn github() -> Recorder {
    let github = Recorder::start().unwrap();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("acme-b2b-4d1b7c0/README.md", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(b"# planted-secret: the source is never logged").unwrap();
    let person = json!({"name": "Ann", "email": "ann@example.com", "date": "2026-11-23T21:40:00Z"});
    let commit = json!({"sha": SHA, "commit": {"message": "orders: refuse negative quantities", "author": person, "committer": person}});
    github
        .answer(REPOSITORY, Reply::json(&json!({"id": 1001, "full_name": "acme/b2b-ecommerce-platform"})))
        .answer(
            REF,
            Reply::json(&json!({"ref": "refs/heads/main", "object": {"type": "commit", "sha": SHA}})),
        )
        .answer(&format!("{REPOSITORY}/commits/{SHA}"), Reply::json(&commit))
        .answer(&format!("{REPOSITORY}/pulls"), Reply::json(&json!([])))
        .answer(&format!("{REPOSITORY}/git/matching-refs/heads/gh-readonly-queue/"), Reply::json(&json!([])))
        .answer(
            &format!("{REPOSITORY}/zipball/{SHA}"),
            Reply::new(200, "application/zip", archive.finish().unwrap().into_inner()),
        );
    github
}

fn started(github: &Recorder) -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url())).unwrap();
    function
        .aws
        .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "routes", "Value": ROUTES}})))
        .answer("GetSecretValue", Reply::json(&json!({"SecretString": SECRETS[1]})));
    function
}

/// An AWS in which nothing was started yet and everything may be done.
fn allows(aws: &Recorder) {
    let key = format!("/tidegate-sources/sources/1001/{SHA}.zip");
    let started = json!({"Item": {"pk": {"S": "L#b2b-production#main"}, "sk": {"S": "HEAD"}, "version": {"N": "2"}, "sequence": {"N": "1"},
        "last_head": {"S": SHA}, "release_id": {"S": "r-1"}, "execution_id": {"S": "e-1"}}});
    aws.answer("GetItem", Reply::json(&json!({})))
        .answer("GetItem", Reply::json(&started))
        .answer("PutItem", Reply::json(&json!({})))
        .answer(&format!("HEAD {key}"), Reply::new(404, "application/xml", ""))
        .answer(
            &format!("PUT {key}"),
            Reply::new(200, "text/plain", "").with_header("x-amz-version-id", "v-1"),
        )
        .answer("StartPipelineExecution", Reply::json(&json!({"pipelineExecutionId": "e-1"})));
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let github = github();
    let function = started(&github);
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty(), "nothing is asked of AWS before the first event");
    assert!(github.requests().is_empty(), "nothing is asked of GitHub before the first event");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    let log = function.stop(&[]).unwrap();
    insta::assert_snapshot!(log.messages(), @"ERROR the function cannot start: 4 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `ROUTES_PARAMETER` is not set (template.yaml sets it); `SOURCE_BUCKET` is not set (template.yaml sets it); `GITHUB_API_URL` is not set (template.yaml sets it)");
    insta::assert_snapshot!(log.err, @r#"Error: "4 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `ROUTES_PARAMETER` is not set (template.yaml sets it); `SOURCE_BUCKET` is not set (template.yaml sets it); `GITHUB_API_URL` is not set (template.yaml sets it)""#);
}

#[test]
fn a_head_is_published_and_started_and_only_the_unreadable_message_comes_again() {
    let github = github();
    let mut function = started(&github);
    allows(&function.aws);
    insta::assert_snapshot!(function.invoke(&event(BATCH), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#);
    let starts = function.aws.requests_of("StartPipelineExecution");
    assert_eq!(starts.len(), 1);
    insta::assert_snapshot!(starts[0].json()["sourceRevisions"], @r#"[{"actionName":"Source","revisionType":"S3_OBJECT_KEY","revisionValue":"sources/1001/4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192.zip"},{"actionName":"Source","revisionType":"S3_OBJECT_VERSION_ID","revisionValue":"v-1"}]"#);
    let written = function.aws.requests_of("PutItem");
    let keys: Vec<String> = written.iter().map(|put| put.json()["Item"]["pk"]["S"].to_string()).collect();
    insta::assert_snapshot!(keys.join(" "), @r#""L#b2b-production#main" "R#1001" "O#e-1" "L#b2b-production#main""#);
    insta::assert_snapshot!(function.stop(&SECRETS[1..]).unwrap().messages(), @"
    INFO started 4d1b7c0e5f2a as execution e-1
    WARN the message is not a source request: a field does not hold what it should (line 1, column 32)
    INFO nothing to do, no route begins here
    ");
}

#[test]
fn the_token_is_not_sent_without_tls_and_the_bodies_of_messages_are_not_logged() {
    let github = github();
    let mut function = started(&github);
    allows(&function.aws);
    let mut batch = event(BATCH);
    batch["Records"].as_array_mut().unwrap().remove(0);
    insta::assert_snapshot!(function.invoke(&batch, 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#);
    insta::assert_snapshot!(function.invoke(&event(POLL), 20).to_string().split("\"started\"").next().unwrap(), @r#"{"looked":1,"outcomes":[{"branch":"main","message":"started 4d1b7c0e5f2a as execution e-1","pipeline":"b2b-production","#);
    assert!(
        github
            .requests()
            .iter()
            .all(|request| request.headers.iter().all(|(name, _)| name != "authorization"))
    );
    let log = function.stop(&SECRETS[1..]).unwrap();
    assert!(!log.out.contains(SECRETS[0]) && !log.err.contains(SECRETS[0]), "{}", log.out);
}

#[test]
fn a_github_that_is_down_sends_the_message_back() {
    let github = Recorder::start().unwrap();
    github.answer(REPOSITORY, Reply::new(502, "text/html", "<h1>Unicorn!</h1>"));
    let mut function = started(&github);
    function.aws.answer("GetItem", Reply::json(&json!({})));
    insta::assert_snapshot!(function.invoke(&event(BATCH), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-2"}]}"#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"
    WARN GitHub could not answer `get a repository` now: status 502
    WARN the message is not a source request: a field does not hold what it should (line 1, column 32)
    INFO nothing to do, no route begins here
    ");
}

#[test]
fn a_poll_heals_by_itself_and_says_what_it_will_look_at_again() {
    let github = Recorder::start().unwrap();
    github.answer(REPOSITORY, Reply::new(502, "text/html", "<h1>Unicorn!</h1>"));
    let mut function = started(&github);
    function.aws.answer("GetItem", Reply::json(&json!({})));
    insta::assert_snapshot!(function.invoke(&event(POLL), 20), @r#"{"looked":2,"outcomes":[{"branch":"main","message":"to be looked at again: GitHub could not answer `get a repository` now: status 502","pipeline":"b2b-production","started":[]},{"branch":"","message":"to be looked at again: GitHub could not answer `get a repository` now: status 502","pipeline":"b2b-pull-request-checks","started":[]}]}"#);
    function.stop(&SECRETS).unwrap();
}

/// The line that template.yaml makes a metric of.
#[test]
fn a_head_that_the_poll_finds_before_any_webhook_is_counted_in_the_log() {
    let github = github();
    let (repository, compare) = (REPOSITORY, format!("{OLD_SHA}...{SHA}"));
    let person = json!({"name": "Ann", "email": "ann@example.com", "date": "2026-11-23T21:40:00Z"});
    let commit = json!({"sha": SHA, "commit": {"message": "orders", "author": person, "committer": person}});
    github.answer(
        &format!("{repository}/compare/{compare}"),
        Reply::json(&json!({"total_commits": 1, "commits": [commit]})),
    );
    let mut function = started(&github);
    let before = json!({"Item": {"pk": {"S": "L#b2b-production#main"}, "sk": {"S": "HEAD"}, "version": {"N": "2"}, "sequence": {"N": "1"},
        "last_head": {"S": OLD_SHA}, "release_id": {"S": "r-0"}, "execution_id": {"S": "e-0"}}});
    function.aws.answer("GetItem", Reply::json(&before));
    allows(&function.aws);
    function.invoke(&event(POLL), 20);
    let log = function.stop(&SECRETS).unwrap();
    let missed: Vec<Value> = log
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["missed_heads"] == 1)
        .collect();
    assert_eq!(missed.len(), 1, "{}", log.out);
    insta::assert_snapshot!(missed[0]["message"].as_str().unwrap(), @"no webhook had announced head 4d1b7c0e5f2a, the poll started it");
    let filter = TEMPLATE.split_once("FilterPattern: ").unwrap().1.lines().next().unwrap();
    assert_eq!(filter, r#"'{ $.missed_heads = 1 }'"#, "the template counts this very field");
}

#[test]
fn a_pipeline_that_may_not_be_started_is_an_error_to_the_person_who_asked() {
    let github = github();
    let mut function = started(&github);
    let key = format!("/tidegate-sources/sources/1001/{SHA}.zip");
    let denied = Reply::error(
        400,
        "AccessDeniedException",
        "not authorized to perform: codepipeline:StartPipelineExecution",
    );
    function
        .aws
        .answer("GetItem", Reply::json(&json!({})))
        .answer("PutItem", Reply::json(&json!({})))
        .answer(
            &format!("HEAD {key}"),
            Reply::new(200, "application/zip", "").with_header("x-amz-version-id", "v-1"),
        )
        .answer("StartPipelineExecution", denied);
    insta::assert_snapshot!(function.invoke(&event(MANUAL), 20), @r#"{"errorMessage":"1 of 1 look(s) failed: branch `main` of `acme/b2b-ecommerce-platform`: CodePipeline refused `StartPipelineExecution`: `AccessDeniedException`: not authorized to perform: codepipeline:StartPipelineExecution","errorType":"SourceFailure"}"#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR CodePipeline refused `StartPipelineExecution`: `AccessDeniedException`: not authorized to perform: codepipeline:StartPipelineExecution");
}

/// GitHub with pull request 7 into `main`, whose head is in repository `from`.
fn github_with_a_pull(from: u64) -> Recorder {
    let github = github();
    let pull = json!({"number": 7, "state": "open", "title": SECRETS[0],
        "head": {"ref": "fix", "sha": SHA, "repo": {"id": from}}, "base": {"ref": "main", "sha": OLD_SHA, "repo": {"id": 1001}}});
    github
        .answer(&format!("{REPOSITORY}/pulls/7"), Reply::json(&pull))
        .answer(&format!("{REPOSITORY}/pulls/7/reviews"), Reply::json(&json!([])));
    github
}

#[test]
fn a_pull_request_starts_one_build_of_its_head() {
    let github = github_with_a_pull(1001);
    let mut function = started(&github);
    let started = json!({"Item": {"pk": {"S": "L#b2b-pull-request-checks#pull:7"}, "sk": {"S": "HEAD"}, "version": {"N": "2"},
        "sequence": {"N": "1"}, "last_head": {"S": SHA}, "release_id": {"S": "r-1"}, "execution_id": {"S": "b-1"}}});
    let key = format!("/tidegate-sources/builds/1001/{SHA}.zip");
    function
        .aws
        .answer("GetItem", Reply::json(&json!({})))
        .answer("GetItem", Reply::json(&started))
        .answer("PutItem", Reply::json(&json!({})))
        .answer(&format!("HEAD {key}"), Reply::new(404, "application/xml", ""))
        .answer(
            &format!("PUT {key}"),
            Reply::new(200, "text/plain", "").with_header("x-amz-version-id", "v-1"),
        )
        .answer("StartBuild", Reply::json(&json!({"build": {"id": "b2b-pull-request-checks:b-1"}})));
    insta::assert_snapshot!(function.invoke(&event(PULL_REQUEST), 20), @r#"{"looked":1,"outcomes":[{"branch":"pull request 7","message":"started 4d1b7c0e5f2a as execution b2b-pull-request-checks:b-1","pipeline":"b2b-pull-request-checks","started":[{"adopted":false,"executionId":"b2b-pull-request-checks:b-1","releaseId":"ad73fcbe1871abbb1303edec325524ce","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192"}]}]}"#);
    let orders = function.aws.requests_of("StartBuild");
    assert_eq!(orders.len(), 1);
    insta::assert_snapshot!(orders[0].json(), @r#"{"environmentVariablesOverride":[{"name":"TIDEGATE_RELEASE_ID","value":"ad73fcbe1871abbb1303edec325524ce"},{"name":"TIDEGATE_COMMIT_ID","value":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192"},{"name":"TIDEGATE_PULL_REQUEST","value":"7"}],"idempotencyToken":"ad73fcbe1871abbb1303edec325524ce","projectName":"b2b-pull-request-checks","sourceLocationOverride":"tidegate-sources/builds/1001/4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192.zip","sourceTypeOverride":"S3","sourceVersion":"v-1"}"#);
    let written = function.aws.requests_of("PutItem");
    let keys: Vec<String> = written.iter().map(|put| put.json()["Item"]["pk"]["S"].to_string()).collect();
    insta::assert_snapshot!(keys.join(" "), @r#""L#b2b-pull-request-checks#pull:7" "O#b2b-pull-request-checks:b-1" "L#b2b-pull-request-checks#pull:7""#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"INFO started 4d1b7c0e5f2a as execution b2b-pull-request-checks:b-1");
}

#[test]
fn the_head_of_a_fork_is_not_built_and_feedback_is_told_why() {
    let github = github_with_a_pull(2002);
    let mut function = started(&github);
    function
        .aws
        .answer("GetItem", Reply::json(&json!({})))
        .answer("PutItem", Reply::json(&json!({})))
        .answer("SendMessage", Reply::json(&json!({"MessageId": "m-1"})));
    insta::assert_snapshot!(function.invoke(&event(PULL_REQUEST), 20), @r#"{"looked":1,"outcomes":[{"branch":"pull request 7","message":"head 4d1b7c0e5f2a of a fork waits for a review by somebody who may write","pipeline":"b2b-pull-request-checks","started":[]}]}"#);
    let told = function.aws.requests_of("SendMessage");
    assert_eq!(told.len(), 1);
    insta::assert_snapshot!(told[0].json(), @r#"{"MessageBody":"{\"detail-type\":\"Tidegate Build Withheld\",\"detail\":{\"repositoryId\":1001,\"repository\":\"acme/b2b-ecommerce-platform\",\"ref\":\"refs/pull/7/head\",\"sha\":\"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192\",\"project\":\"b2b-pull-request-checks\",\"releaseId\":\"ad73fcbe1871abbb1303edec325524ce\",\"sequence\":1}}","MessageGroupId":"github","QueueUrl":"https://sqs.us-east-1.amazonaws.com/000000000000/feedback.fifo"}"#);
    assert!(function.aws.requests_of("StartBuild").is_empty());
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"INFO head 4d1b7c0e5f2a of a fork waits for a review by somebody who may write");
}

#[test]
fn routes_that_cannot_be_read_send_every_message_back() {
    let github = github();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url())).unwrap();
    function.aws.answer("GetParameter", Reply::error(400, "ParameterNotFound", ""));
    insta::assert_snapshot!(function.invoke(&event(BATCH), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-2"},{"itemIdentifier":"m-3"}]}"#);
    assert!(github.requests().is_empty());
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR Parameter Store has no such thing for `GetParameter`: parameter `/tidegate/tidegate/routes`: `ParameterNotFound`:");
}

#[test]
fn without_aws_every_message_comes_again_and_a_person_is_told() {
    let github = github();
    let mut function =
        FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &settings(github.url())).unwrap();
    insta::assert_snapshot!(function.invoke(&event(BATCH), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"},{"itemIdentifier":"m-2"},{"itemIdentifier":"m-3"}]}"#);
    insta::assert_snapshot!(function.invoke(&event(MANUAL), 20), @r#"{"errorMessage":"Parameter Store could not answer `GetParameter` now: io error: client error (Connect): tcp connect error: Connection refused (os error 111)","errorType":"SourceFailure"}"#);
    function.stop(&SECRETS).unwrap();
}

#[test]
fn what_nobody_sends_is_an_error_in_words() {
    let github = github();
    let mut function = started(&github);
    insta::assert_snapshot!(function.invoke(&json!({"repositoryId": "planted-secret"}), 20), @r#"{"errorMessage":"the message is not a source request: a field does not hold what it should (line 1, column 32)","errorType":"Rejection"}"#);
    insta::assert_snapshot!(function.invoke(&json!({"Records": [{"body": "{}"}]}), 20), @r#"{"errorMessage":"a record of the batch has no `messageId`","errorType":"Rejection"}"#);
    assert!(function.aws.requests().is_empty());
    function.stop(&SECRETS).unwrap();
}
