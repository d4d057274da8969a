//! The real feedback binary behind the Runtime API, GitHub and AWS scripted: told once, in order, and never without asking first.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::recorder::{Recorder, Reply};
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_feedback");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const STARTED: &str = include_str!("../../../events/feedback/pipeline-started.json");
const GATE_FAILED: &str = include_str!("../../../events/feedback/gate-failed.json");
const FAILED: &str = include_str!("../../../events/feedback/pipeline-failed.json");
const DEPLOY_STARTED: &str = include_str!("../../../events/feedback/deploy-started.json");
const BUILD_STARTED: &str = include_str!("../../../events/feedback/build-started.json");
const BUILD_FAILED: &str = include_str!("../../../events/feedback/build-failed.json");
const VERDICT: &str = include_str!("../../../events/feedback/gate-verdict.json");
const WITHHELD: &str = include_str!("../../../events/feedback/build-withheld.json");
const SHA: &str = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192";
const REPOSITORY: &str = "/repos/acme/b2b-ecommerce-platform";
/// The personal token and the App's key.
const SECRETS: [&str; 2] = ["planted-github-token", "planted-app-key"];

fn event(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn settings<'a>(github: &'a str, token: &'a str, app: &'a str) -> [(&'a str, &'a str); 7] {
    let (installation, key) = if app.is_empty() { ("", "") } else { ("34", "tidegate/app-key") };
    [
        ("TABLE_NAME", "tidegate"),
        ("FEEDBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/feedback.fifo"),
        ("GITHUB_API_URL", github),
        ("GITHUB_TOKEN_SECRET_ID", token),
        ("GITHUB_APP_ID", app),
        ("GITHUB_APP_INSTALLATION_ID", installation),
        ("GITHUB_APP_KEY_SECRET_ID", key),
    ]
}

/// GitHub with the repository, and nothing written yet.
fn github() -> Recorder {
    let github = Recorder::start().unwrap();
    let made = |id: u64| Reply::json(&json!({"id": id})).with_status(201);
    github
        .answer(&format!("GET {REPOSITORY}"), Reply::json(&json!({"id": 1001})))
        .answer(
            &format!("GET {REPOSITORY}/commits/{SHA}/check-runs"),
            Reply::json(
                &json!({"total_count": 1, "check_runs": [{"id": 6, "external_id": "another release"}]}),
            ),
        )
        .answer(&format!("POST {REPOSITORY}/check-runs"), made(7))
        .answer(&format!("GET {REPOSITORY}/deployments"), Reply::json(&json!([])))
        .answer(&format!("POST {REPOSITORY}/deployments"), made(8))
        .answer(&format!("POST {REPOSITORY}/deployments/8/statuses"), made(9))
        .answer(&format!("POST {REPOSITORY}/statuses/{SHA}"), made(10));
    github
}

/// A release that is known by its origin and by nothing else.
fn knows_the_release(aws: &Recorder) {
    let item = json!({"Item": {"pk": {"S": "O#e"}, "sk": {"S": "ORIGIN"}, "repository_id": {"N": "1001"},
        "repository": {"S": "acme/b2b-ecommerce-platform"}, "sha": {"S": SHA}, "reference": {"S": "refs/heads/main"}, "runner": {"S": "pipeline"},
        "pipeline": {"S": "b2b-production"}, "environment": {"S": "production"}, "release_id": {"S": "r-1"}, "sequence": {"N": "1"}}});
    aws.answer("GetItem", Reply::json(&item))
        .answer("GetItem", Reply::json(&json!({})))
        .answer("PutItem", Reply::json(&json!({})))
        .answer("GetSecretValue", Reply::json(&json!({"SecretString": SECRETS[0]})))
        .answer("ChangeMessageVisibility", Reply::json(&json!({})));
}

fn started(github: &Recorder, token: &str, app: &str) -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), token, app)).unwrap();
    knows_the_release(&function.aws);
    function
}

/// A build of pull request 7 that is known by its origin and by nothing else.
fn knows_the_build(aws: &Recorder) {
    let item = json!({"Item": {"pk": {"S": "O#b"}, "sk": {"S": "ORIGIN"}, "repository_id": {"N": "1001"},
        "repository": {"S": "acme/b2b-ecommerce-platform"}, "sha": {"S": SHA}, "reference": {"S": "refs/pull/7/head"},
        "runner": {"S": "build"}, "pipeline": {"S": "shop-checks"}, "environment": {"S": "pull-request"},
        "release_id": {"S": "r-7"}, "sequence": {"N": "3"}}});
    aws.answer("GetItem", Reply::json(&item))
        .answer("GetItem", Reply::json(&json!({})))
        .answer("PutItem", Reply::json(&json!({})));
}

/// GitHub with a pull request that has comments of others.
fn github_with_pull_request() -> Recorder {
    let github = github();
    let others: Vec<Value> =
        (0..100).map(|id| json!({"id": id, "body": "looks good <!-- tidegate:x -->"})).collect();
    github
        .answer(&format!("GET {REPOSITORY}/issues/7/comments"), Reply::json(&Value::Array(others)))
        .answer(
            &format!("GET {REPOSITORY}/issues/7/comments"),
            Reply::json(&json!([{"id": 100, "body": null}])),
        )
        .answer(
            &format!("POST {REPOSITORY}/issues/7/comments"),
            Reply::json(&json!({"id": 11})).with_status(201),
        );
    github
}

/// The marker is another in each run.
fn without_marker(body: &str) -> String {
    let (before, rest) = body.split_once("<!-- tidegate:").unwrap();
    let (marker, after) = rest.split_once(" -->").unwrap();
    assert!(marker.len() == 32 && marker.bytes().all(|byte| byte.is_ascii_hexdigit()), "{marker}");
    format!("{before}<!-- tidegate:MARKER -->{after}")
}

fn operations(recorder: &Recorder) -> String {
    let all = recorder.requests();
    all.iter().map(|request| request.operation.replace(SHA, "SHA")).collect::<Vec<_>>().join("\n")
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let github = github();
    let function = started(&github, "", "12");
    assert!(function.asks_for_an_event());
    assert!(
        function.aws.requests().is_empty() && github.requests().is_empty(),
        "nothing is asked before the first event"
    );
    function.stop(&SECRETS).unwrap();
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"ERROR the function cannot start: 3 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `FEEDBACK_QUEUE_URL` is not set (template.yaml sets it); `GITHUB_API_URL` is not set (template.yaml sets it)");
}

#[test]
fn without_credentials_it_is_off_and_says_so_once() {
    let github = github();
    let mut function = started(&github, "", "");
    let answers = [(); 2].map(|()| function.invoke(&event(STARTED), 10).to_string());
    insta::assert_snapshot!(answers.join(" "), @r#"{"batchItemFailures":[]} {"batchItemFailures":[]}"#);
    assert!(function.aws.requests().is_empty() && github.requests().is_empty());
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"INFO feedback is off: neither a GitHub App nor a token is set, events are passed over");
}

#[test]
fn a_started_release_becomes_a_check_run_that_was_looked_for_first() {
    let github = github();
    let mut function = started(&github, "", "12");
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(operations(&github), @"
    GET /repos/acme/b2b-ecommerce-platform
    GET /repos/acme/b2b-ecommerce-platform/commits/SHA/check-runs
    POST /repos/acme/b2b-ecommerce-platform/check-runs
    ");
    insta::assert_snapshot!(github.requests()[1].target.replace(SHA, "SHA"), @"/repos/acme/b2b-ecommerce-platform/commits/SHA/check-runs?check_name=release%2Fb2b-production&filter=all&per_page=100");
    insta::assert_snapshot!(github.requests()[2].body, @r#"{"external_id":"r-1","head_sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","name":"release/b2b-production","output":{"summary":"Commit 4d1b7c0e5f2a of branch main on its way to production, release r-1.","title":"queued"},"status":"queued"}"#);
    insta::assert_snapshot!(operations(&function.aws), @"
    GetItem
    GetItem
    PutItem
    PutItem
    ");
    let last = function.aws.requests().pop().unwrap().json();
    insta::assert_snapshot!(format!("{} {} {}", last["Item"]["pk"]["S"], last["Item"]["version"]["N"], last["ConditionExpression"]), @r##""F#r-1" "2" "#version = :before""##);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"INFO told GitHub one thing");
}

#[test]
fn a_check_run_that_a_dead_worker_made_is_changed_and_not_made_again() {
    let github = Recorder::start().unwrap();
    github
        .answer(&format!("GET {REPOSITORY}"), Reply::json(&json!({"id": 1001})))
        .answer(
            &format!("GET {REPOSITORY}/commits/{SHA}/check-runs"),
            Reply::json(&json!({"total_count": 1, "check_runs": [{"id": 6, "external_id": "r-1"}]})),
        )
        .answer(&format!("PATCH {REPOSITORY}/check-runs/6"), Reply::json(&json!({"id": 6})));
    let mut function = started(&github, "", "12");
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(operations(&github), @"
    GET /repos/acme/b2b-ecommerce-platform
    GET /repos/acme/b2b-ecommerce-platform/commits/SHA/check-runs
    PATCH /repos/acme/b2b-ecommerce-platform/check-runs/6
    ");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn an_end_that_is_heard_of_first_completes_the_check_run() {
    let github = github();
    let mut function = started(&github, "", "12");
    insta::assert_snapshot!(function.invoke(&event(FAILED), 20), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(github.requests()[2].body, @r#"{"conclusion":"failure","external_id":"r-1","head_sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","name":"release/b2b-production","output":{"summary":"Commit 4d1b7c0e5f2a of branch main on its way to production, release r-1.","title":"failed"},"status":"completed"}"#);
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_deploying_stage_becomes_a_deployment_with_its_status() {
    let github = github();
    let mut function = started(&github, "", "12");
    insta::assert_snapshot!(function.invoke(&event(DEPLOY_STARTED), 30), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(operations(&github), @"
    GET /repos/acme/b2b-ecommerce-platform
    GET /repos/acme/b2b-ecommerce-platform/commits/SHA/check-runs
    POST /repos/acme/b2b-ecommerce-platform/check-runs
    GET /repos/acme/b2b-ecommerce-platform/deployments
    POST /repos/acme/b2b-ecommerce-platform/deployments
    POST /repos/acme/b2b-ecommerce-platform/deployments/8/statuses
    ");
    let posted = github.requests_of(&format!("POST {REPOSITORY}/deployments"));
    insta::assert_snapshot!(posted[0].body, @r#"{"auto_merge":false,"environment":"production","payload":{"releaseId":"r-1","stage":"DeployProduction"},"ref":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","required_contexts":[]}"#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"INFO told GitHub 3 things");
}

#[test]
fn a_personal_token_writes_a_commit_status_and_is_not_sent_without_tls() {
    let github = github();
    let mut function = started(&github, "tidegate/token", "");
    insta::assert_snapshot!(function.invoke(&event(GATE_FAILED), 20), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(operations(&github), @"
    GET /repos/acme/b2b-ecommerce-platform
    POST /repos/acme/b2b-ecommerce-platform/statuses/SHA
    ");
    insta::assert_snapshot!(github.requests()[1].body, @r#"{"context":"tidegate/b2b-production","description":"Gate is running","state":"pending"}"#);
    let authorized = |header: &(String, String)| header.0 == "authorization";
    assert!(github.requests().iter().all(|request| !request.headers.iter().any(authorized)));
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_rate_limit_hides_the_message_for_as_long_as_github_says() {
    let github = Recorder::start().unwrap();
    github.answer(&format!("GET {REPOSITORY}"), Reply::json(&json!({"id": 1001}))).answer(
        &format!("POST {REPOSITORY}/statuses/{SHA}"),
        Reply::json(&json!({"message": "slow down"})).with_status(403).with_header("retry-after", "90"),
    );
    let mut function = started(&github, "tidegate/token", "");
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    let hidden = function.aws.requests_of("ChangeMessageVisibility")[0].json();
    insta::assert_snapshot!(format!("{} {}", hidden["ReceiptHandle"], hidden["VisibilityTimeout"]), @r#""handle-1" 90"#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"WARN an event comes again: GitHub wants `create a commit status` to wait 90 s");
}

#[test]
fn an_app_that_lacks_a_permission_is_an_error_and_the_event_comes_again() {
    let github = Recorder::start().unwrap();
    github.answer(&format!("GET {REPOSITORY}"), Reply::json(&json!({"id": 1001}))).answer(
        &format!("GET {REPOSITORY}/commits/{SHA}/check-runs"),
        Reply::json(&json!({"message": "Resource not accessible by integration"})).with_status(403),
    );
    let mut function = started(&github, "", "12");
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    assert!(function.aws.requests_of("ChangeMessageVisibility").is_empty());
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR an event comes again: GitHub refused `list check runs`: status 403");
}

#[test]
fn a_repository_that_somebody_else_took_over_is_not_written_to() {
    let github = github();
    let stranger = Recorder::start().unwrap();
    stranger.answer(&format!("GET {REPOSITORY}"), Reply::json(&json!({"id": 666})));
    drop(github);
    let mut function = started(&stranger, "", "12");
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    insta::assert_snapshot!(operations(&stranger), @"GET /repos/acme/b2b-ecommerce-platform");
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR an event comes again: GitHub refused `get a repository`: `acme/b2b-ecommerce-platform` is repository 666, the routes say 1001");
}

#[test]
fn an_execution_that_nobody_here_started_is_passed_over() {
    let github = github();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    function.aws.answer("GetItem", Reply::json(&json!({})));
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[]}"#);
    assert!(github.requests().is_empty());
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"DEBUG nothing to tell, no release of ours started this execution or build");
}

#[test]
fn a_worker_that_was_overtaken_writes_nothing() {
    let github = github();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    function
        .aws
        .answer("PutItem", Reply::error(400, "ConditionalCheckFailedException", "the condition failed"));
    knows_the_release(&function.aws);
    insta::assert_snapshot!(function.invoke(&event(STARTED), 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    assert!(github.requests().is_empty());
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"WARN an event comes again: DynamoDB `PutItem`: somebody else was first");
}

#[test]
fn what_cannot_be_read_comes_again_with_everything_behind_it_and_is_not_logged() {
    let github = github();
    let mut function = started(&github, "", "12");
    let mut batch = event(STARTED);
    let mut unreadable = batch["Records"][0].clone();
    (unreadable["messageId"], unreadable["body"]) = (json!("m-0"), json!("{\"planted-text"));
    batch["Records"].as_array_mut().unwrap().insert(0, unreadable);
    insta::assert_snapshot!(function.invoke(&batch, 20), @r#"{"batchItemFailures":[{"itemIdentifier":"m-0"},{"itemIdentifier":"m-1"}]}"#);
    insta::assert_snapshot!(function.invoke(&json!({"detail-type": "x"}), 10), @r#"{"errorMessage":"the event has no `Records`: it is no batch of a queue","errorType":"Rejection"}"#);
    assert!(function.aws.requests().is_empty() && github.requests().is_empty());
    insta::assert_snapshot!(function.stop(&["planted-text"]).unwrap().messages(), @"
    WARN an event comes again: its body is no JSON: line 1 column 14
    WARN the event has no `Records`: it is no batch of a queue
    ");
}

#[test]
fn without_aws_every_event_comes_again() {
    let github = github();
    let mut function =
        FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    insta::assert_snapshot!(function.invoke(&event(STARTED), 30), @r#"{"batchItemFailures":[{"itemIdentifier":"m-1"}]}"#);
    assert!(github.requests().is_empty());
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_build_becomes_a_check_run_and_one_comment_that_was_looked_for_on_every_page() {
    let github = github_with_pull_request();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    knows_the_build(&function.aws);
    insta::assert_snapshot!(function.invoke(&event(BUILD_STARTED), 30), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(operations(&github), @"
    GET /repos/acme/b2b-ecommerce-platform
    GET /repos/acme/b2b-ecommerce-platform/commits/SHA/check-runs
    POST /repos/acme/b2b-ecommerce-platform/check-runs
    GET /repos/acme/b2b-ecommerce-platform/issues/7/comments
    GET /repos/acme/b2b-ecommerce-platform/issues/7/comments
    POST /repos/acme/b2b-ecommerce-platform/issues/7/comments
    ");
    insta::assert_snapshot!(github.requests()[2].body, @r#"{"external_id":"r-7@refs/pull/7/head","head_sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","name":"build/shop-checks","output":{"summary":"Commit 4d1b7c0e5f2a of pull request 7 in project shop-checks, release r-7.","title":"is being built"},"status":"in_progress"}"#);
    let pages: Vec<String> = github
        .requests_of(&format!("GET {REPOSITORY}/issues/7/comments"))
        .into_iter()
        .map(|request| request.target)
        .collect();
    insta::assert_snapshot!(pages.join("\n"), @"
    /repos/acme/b2b-ecommerce-platform/issues/7/comments?per_page=100&page=1
    /repos/acme/b2b-ecommerce-platform/issues/7/comments?per_page=100&page=2
    ");
    let comment = github.requests_of(&format!("POST {REPOSITORY}/issues/7/comments"))[0].body.clone();
    insta::assert_snapshot!(without_marker(&comment), @r#"{"body":"<!-- tidegate:MARKER -->\n\n| project | state | duration | commit |\n|---|---|---:|---|\n| shop-checks | is being built |  | 4d1b7c0e5f2a |"}"#);
    let keys: Vec<String> = function
        .aws
        .requests()
        .iter()
        .map(|request| {
            let body = request.json();
            let key =
                body.pointer("/Key/pk/S").or_else(|| body.pointer("/Item/pk/S")).cloned().unwrap_or_default();
            format!("{} {key}", request.operation)
        })
        .collect();
    insta::assert_snapshot!(keys.join("\n"), @r#"
    GetItem "O#shop-checks:4b1c9d2e-0000-4000-8000-000000000001"
    GetItem "F#r-7"
    PutItem "F#r-7"
    PutItem "F#r-7"
    GetItem "F#1001#refs/pull/7/head"
    PutItem "F#1001#refs/pull/7/head"
    PutItem "F#1001#refs/pull/7/head"
    "#);
    insta::assert_snapshot!(function.stop(&["planted-variable"]).unwrap().messages(), @"INFO told GitHub 2 things");
}

#[test]
fn a_failed_build_names_its_phase_and_why() {
    let github = github_with_pull_request();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    knows_the_build(&function.aws);
    insta::assert_snapshot!(function.invoke(&event(BUILD_FAILED), 30), @r#"{"batchItemFailures":[]}"#);
    let run = github.requests_of(&format!("POST {REPOSITORY}/check-runs"))[0].json();
    let output = &run["output"];
    insta::assert_snapshot!(format!("{} {} {}\n{}\n{}", run["name"], run["status"], run["conclusion"], output["title"], output["summary"].as_str().unwrap().replace('\u{200b}', "⎵")), @r#"
    "build/shop-checks" "completed" "failure"
    "failed in BUILD"
    Commit 4d1b7c0e5f2a of pull request 7 in project shop-checks, release r-7.

    | phase | state | seconds |
    |---|---|---:|
    | SUBMITTED | succeeded | 0 |
    | QUEUED | succeeded | 1 |
    | PROVISIONING | succeeded | 7 |
    | INSTALL | succeeded | 65 |
    | BUILD | **failed** | 61 |
    | POST\_BUILD | succeeded | 0 |
    | UPLOAD\_ARTIFACTS | succeeded | 1 |
    | FINALIZING | succeeded | 0 |

    **BUILD**: COMMAND\_EXECUTION\_ERROR: Error while executing command: npm test. Reason: exit status 1 \(ask @⎵acme/qa &lt;b&gt;\)
    "#);
    function.stop(&["planted-variable"]).unwrap();
}

#[test]
fn a_verdict_becomes_a_check_run_of_its_own() {
    let github = github_with_pull_request();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    knows_the_build(&function.aws);
    insta::assert_snapshot!(function.invoke(&event(VERDICT), 30), @r#"{"batchItemFailures":[]}"#);
    let run = github.requests_of(&format!("POST {REPOSITORY}/check-runs"))[0].json();
    insta::assert_snapshot!(format!("{} {} {}: {}", run["name"], run["external_id"], run["conclusion"], run["output"]["title"]), @r#""gate/shop-checks" "r-7@refs/pull/7/head" "failure": "fail, 1 of 2 conditions hold""#);
    function.stop(&[]).unwrap();
}

#[test]
fn a_build_that_is_withheld_says_so_without_an_origin() {
    let github = github_with_pull_request();
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "", "12")).unwrap();
    function.aws.answer("GetItem", Reply::json(&json!({}))).answer("PutItem", Reply::json(&json!({})));
    insta::assert_snapshot!(function.invoke(&event(WITHHELD), 30), @r#"{"batchItemFailures":[]}"#);
    let run = github.requests_of(&format!("POST {REPOSITORY}/check-runs"))[0].json();
    insta::assert_snapshot!(format!("{} {} {}: {}", run["name"], run["external_id"], run["conclusion"], run["output"]["title"]), @r#""build/shop-checks" "withheld@refs/pull/7/head" "action_required": "waits for a review of this commit""#);
    function.stop(&[]).unwrap();
}

#[test]
fn a_token_that_may_not_comment_writes_its_status_and_says_so_once() {
    let github = github();
    let refused = json!({"message": "Resource not accessible by personal access token"});
    github.answer(&format!("GET {REPOSITORY}/issues/7/comments"), Reply::json(&refused).with_status(403));
    let mut function =
        FunctionUnderTest::start(BINARY, TEMPLATE, &settings(github.url(), "tidegate/token", "")).unwrap();
    knows_the_build(&function.aws);
    function.aws.answer("GetItem", Reply::json(&json!({})));
    knows_the_build(&function.aws);
    insta::assert_snapshot!(function.invoke(&event(BUILD_FAILED), 30), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(function.invoke(&event(BUILD_FAILED), 30), @r#"{"batchItemFailures":[]}"#);
    insta::assert_snapshot!(github.requests_of(&format!("POST {REPOSITORY}/statuses/{SHA}"))[0].body, @r#"{"context":"tidegate/shop-checks","description":"failed in BUILD","state":"failure"}"#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"WARN pull requests get no comment, give `pull requests: write`: GitHub refused `list comments`: status 403");
}
