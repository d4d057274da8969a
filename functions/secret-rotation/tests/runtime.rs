//! The real rotation binary behind the Runtime API, Secrets Manager and GitHub scripted: each step, what it asks, what it says.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::recorder::{Recorder, Reply};
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_secret-rotation");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const CREATE: &str = include_str!("../../../events/secret-rotation/create.json");
const SET: &str = include_str!("../../../events/secret-rotation/set.json");
const TEST: &str = include_str!("../../../events/secret-rotation/test.json");
const FINISH: &str = include_str!("../../../events/secret-rotation/finish.json");
const ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:tidegate-webhook-AbCdEf";
const VERSION: &str = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9";
/// The new secret; must be in no log.
const NEW: &str = "planted-new-webhook-secret";
const HOOK: &str = "/repos/acme/shop/hooks/7";

/// A rotation that changes the webhooks `hooks` at `github`.
fn started(github: &Recorder, hooks: &str) -> FunctionUnderTest {
    let settings = [
        ("WEBHOOK_SECRET_ID", ARN),
        ("GITHUB_API_URL", github.url()),
        ("HOOK_TOKEN_SECRET_ID", if hooks.is_empty() { "" } else { "tidegate/hook-token" }),
        ("GITHUB_HOOKS", hooks),
    ];
    FunctionUnderTest::start(BINARY, TEMPLATE, &settings).unwrap()
}

fn described(function: &FunctionUnderTest, new: &[&str], old: &[&str]) {
    let stages = json!({VERSION: new, "version-old": old});
    let reply = Reply::json(&json!({"ARN": ARN, "Name": "tidegate/webhook", "VersionIdsToStages": stages}));
    function.aws.answer("DescribeSecret", reply);
}

fn pending(function: &FunctionUnderTest) {
    described(function, &["AWSPENDING"], &["AWSCURRENT"]);
    let reply = Reply::json(&json!({"ARN": ARN, "VersionId": VERSION, "SecretString": NEW}));
    function.aws.answer("GetSecretValue", reply);
}

fn invoke(function: &mut FunctionUnderTest, event: &str) -> String {
    match function.invoke(&serde_json::from_str(event).unwrap(), 60) {
        Answer::Response(answer) => answer.to_string(),
        Answer::Error(error) => format!("error {error}"),
        Answer::None => "no answer".to_owned(),
    }
}

/// Ends it; its log never holds the new secret.
fn messages(function: FunctionUnderTest) -> String {
    let log = function.stop(&[]).unwrap();
    assert!(!log.out.contains(NEW) && !log.err.contains(NEW));
    log.messages()
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let function = started(&Recorder::start().unwrap(), "acme/shop:7");
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty());
    insta::assert_snapshot!(messages(function), @"");
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    insta::assert_snapshot!(messages(function), @"ERROR the function cannot start: 2 wrong setting(s): `WEBHOOK_SECRET_ID` is not set (template.yaml sets it); `GITHUB_API_URL` is not set (template.yaml sets it)");
}

#[test]
fn the_first_step_gives_the_pending_version_a_random_secret() {
    let mut function = started(&Recorder::start().unwrap(), "acme/shop:7");
    described(&function, &["AWSPENDING"], &["AWSCURRENT"]);
    function.aws.answer("GetSecretValue", Reply::error(400, "ResourceNotFoundException", "no value"));
    function.aws.answer("GetRandomPassword", Reply::json(&json!({"RandomPassword": NEW})));
    function.aws.answer("PutSecretValue", Reply::json(&json!({"ARN": ARN, "VersionId": VERSION})));
    insta::assert_snapshot!(invoke(&mut function, CREATE), @r#"{"message":"version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9` has a new secret; the receiver takes it from now on"}"#);
    let put = function.aws.requests_of("PutSecretValue").remove(0).json();
    assert_eq!(put["ClientRequestToken"], VERSION);
    assert_eq!(put["VersionStages"], json!(["AWSPENDING"]));
    assert_eq!(put["SecretString"], NEW);
    insta::assert_snapshot!(messages(function), @"INFO version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9` has a new secret; the receiver takes it from now on");
}

#[test]
fn a_secret_that_another_attempt_has_put_meanwhile_stays() {
    let mut function = started(&Recorder::start().unwrap(), "acme/shop:7");
    described(&function, &["AWSPENDING"], &["AWSCURRENT"]);
    function.aws.answer("GetSecretValue", Reply::error(400, "ResourceNotFoundException", "no value"));
    function.aws.answer("GetRandomPassword", Reply::json(&json!({"RandomPassword": NEW})));
    function.aws.answer("PutSecretValue", Reply::error(400, "ResourceExistsException", "another value"));
    assert!(!invoke(&mut function, CREATE).starts_with("error"));
    messages(function);
}

#[test]
fn the_second_step_changes_the_webhook_and_nothing_else_of_it() {
    let github = Recorder::start().unwrap();
    github.answer(&format!("PATCH {HOOK}/config"), Reply::json(&json!({"secret": "********"})));
    let mut function = started(&github, "acme/shop:7");
    pending(&function);
    insta::assert_snapshot!(invoke(&mut function, SET), @r#"{"message":"1 webhook(s) sign with version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9`"}"#);
    let sent = github.requests();
    assert_eq!((sent.len(), &sent[0].json()), (1, &json!({"secret": NEW})));
    insta::assert_snapshot!(messages(function), @"INFO 1 webhook(s) sign with version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9`");
}

#[test]
fn a_webhook_that_may_not_be_changed_keeps_the_rotation_where_it_is() {
    let github = Recorder::start().unwrap();
    github.answer(&format!("PATCH {HOOK}/config"), Reply::json(&json!({"message": "no"})).with_status(403));
    let mut function = started(&github, "acme/shop:7");
    pending(&function);
    insta::assert_snapshot!(invoke(&mut function, SET), @r#"error {"errorMessage":"GitHub refused `update a webhook's secret`: status 403","errorType":"Fault"}"#);
    insta::assert_snapshot!(messages(function), @"ERROR GitHub refused `update a webhook's secret`: status 403");
}

#[test]
fn without_a_token_the_log_says_what_a_person_must_do() {
    let mut function = started(&Recorder::start().unwrap(), "");
    pending(&function);
    insta::assert_snapshot!(invoke(&mut function, SET), @r#"error {"errorMessage":"no token may change the webhook, so a person must: paste the secret's version `AWSPENDING` (`0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9`) into the webhook's settings on GitHub, see a ping answered with 200, then move `AWSCURRENT` with `aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:us-east-1:000000000000:secret:tidegate-webhook-AbCdEf --version-stage AWSCURRENT --move-to-version-id 0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9 --remove-from-version-id version-old`; both secrets are good until then","errorType":"Operator"}"#);
    insta::assert_snapshot!(messages(function), @"ERROR no token may change the webhook, so a person must: paste the secret's version `AWSPENDING` (`0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9`) into the webhook's settings on GitHub, see a ping answered with 200, then move `AWSCURRENT` with `aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:us-east-1:000000000000:secret:tidegate-webhook-AbCdEf --version-stage AWSCURRENT --move-to-version-id 0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9 --remove-from-version-id version-old`; both secrets are good until then");
}

fn deliveries(pings: &[(u64, u16)]) -> Reply {
    let entry =
        |&(id, status): &(u64, u16)| json!({"id": id, "guid": "g", "event": "ping", "status_code": status});
    let mut list: Vec<Value> = pings.iter().map(entry).collect();
    list.push(json!({"id": 1, "guid": "g", "event": "push", "status_code": 200}));
    Reply::json(&Value::Array(list))
}

#[test]
fn the_third_step_counts_a_new_ping_only() {
    let github = Recorder::start().unwrap();
    github.answer(&format!("POST {HOOK}/pings"), Reply::new(204, "text/plain", ""));
    let list = format!("GET {HOOK}/deliveries");
    github.answer(&list, deliveries(&[(5, 200)])).answer(&list, deliveries(&[(6, 401), (5, 200)]));
    github.answer(&list, deliveries(&[(7, 200), (6, 401), (5, 200)]));
    let mut function = started(&github, "acme/shop:7");
    pending(&function);
    insta::assert_snapshot!(invoke(&mut function, TEST), @r#"{"message":"1 webhook(s) pinged with version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9` and were answered"}"#);
    assert_eq!(github.requests_of(&format!("POST {HOOK}/pings")).len(), 2);
    insta::assert_snapshot!(messages(function), @"INFO 1 webhook(s) pinged with version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9` and were answered");
}

#[test]
fn the_last_step_moves_the_label_and_a_repetition_does_nothing() {
    let mut function = started(&Recorder::start().unwrap(), "acme/shop:7");
    described(&function, &["AWSPENDING"], &["AWSCURRENT"]);
    described(&function, &["AWSCURRENT", "AWSPENDING"], &["AWSPREVIOUS"]);
    function.aws.answer("UpdateSecretVersionStage", Reply::json(&json!({"ARN": ARN})));
    insta::assert_snapshot!(invoke(&mut function, FINISH), @r#"{"message":"version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9` is current; the one before stays good until the next rotation"}"#);
    insta::assert_snapshot!(invoke(&mut function, FINISH), @r#"{"message":"version `0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9` is current already"}"#);
    let moved = function.aws.requests_of("UpdateSecretVersionStage");
    assert_eq!(moved.len(), 1);
    assert_eq!(
        moved[0].json(),
        json!({"SecretId": ARN, "VersionStage": "AWSCURRENT", "MoveToVersionId": VERSION, "RemoveFromVersionId": "version-old"})
    );
    messages(function);
}

#[test]
fn without_aws_the_step_fails_and_can_be_repeated() {
    let github = Recorder::start().unwrap();
    let settings = [
        ("WEBHOOK_SECRET_ID", ARN),
        ("GITHUB_API_URL", github.url()),
        ("HOOK_TOKEN_SECRET_ID", ""),
        ("GITHUB_HOOKS", ""),
    ];
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &settings).unwrap();
    assert!(invoke(&mut function, CREATE).starts_with("error"));
    messages(function);
}

#[test]
fn another_secret_is_not_rotated() {
    let mut function = started(&Recorder::start().unwrap(), "acme/shop:7");
    insta::assert_snapshot!(invoke(&mut function, &CREATE.replace("AbCdEf", "GhIjKl")), @r#"error {"errorMessage":"the event is about another secret than the webhook's","errorType":"Rejection"}"#);
    assert!(function.aws.requests().is_empty());
    messages(function);
}
