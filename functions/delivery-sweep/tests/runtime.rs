//! The real sweep binary behind the Runtime API, GitHub scripted answer by answer: what it reads, what it asks for, what it says.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::recorder::{Recorder, Reply};
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_delivery-sweep");
const TEMPLATE: &str = include_str!("../../../template.yaml");
/// A tick at 2026-11-23T21:40:00Z.
const TICK: &str = include_str!("../../../events/delivery-sweep/tick.json");
const HOOK: &str = "/repos/acme/shop/hooks/7";
const OTHER: &str = "/repos/acme/docs/hooks/8";
/// The function's time-out in the template, in seconds.
const TIMEOUT: u64 = 180;

/// A sweep over webhook 7 of the shop and webhook 8 of the documents.
fn started(github: &Recorder) -> FunctionUnderTest {
    let settings = [
        ("GITHUB_API_URL", github.url()),
        ("HOOK_TOKEN_SECRET_ID", "tidegate/hook-token"),
        ("GITHUB_HOOKS", "acme/shop:7,acme/docs:8"),
    ];
    FunctionUnderTest::start(BINARY, TEMPLATE, &settings).unwrap()
}

fn attempt(id: u64, at: &str, redelivery: bool, status: u16) -> Value {
    json!({"id": id, "guid": "0b989ba4-242f-11e5-81e1-c7b6966d2516", "delivered_at": format!("2026-11-23T{at}Z"), "redelivery": redelivery,
        "duration": 0.27, "status": "x", "status_code": status, "event": "push", "action": null, "installation_id": null,
        "repository_id": 1001, "throttled_at": null})
}

fn log(attempts: &[Value]) -> Reply {
    Reply::json(&Value::Array(attempts.to_vec()))
}

fn list(hook: &str) -> String {
    format!("GET {hook}/deliveries")
}

fn redeliver(hook: &str, attempt: u64) -> String {
    format!("POST {hook}/deliveries/{attempt}/attempts")
}

fn accepted() -> Reply {
    Reply::json(&json!({})).with_status(202)
}

fn refused(status: u16) -> Reply {
    Reply::json(&json!({"message": "no"})).with_status(status)
}

fn sweep(function: &mut FunctionUnderTest) -> String {
    match function.invoke(&serde_json::from_str(TICK).unwrap(), TIMEOUT) {
        Answer::Response(answer) => answer.to_string(),
        Answer::Error(error) => format!("error {error}"),
        Answer::None => "no answer".to_owned(),
    }
}

fn messages(function: FunctionUnderTest) -> String {
    function.stop(&[]).unwrap().messages()
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let github = Recorder::start().unwrap();
    let function = started(&github);
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty() && github.requests().is_empty());
    insta::assert_snapshot!(messages(function), @"");
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    insta::assert_snapshot!(messages(function), @"ERROR the function cannot start: 3 wrong setting(s): `GITHUB_API_URL` is not set (template.yaml sets it); `HOOK_TOKEN_SECRET_ID` is not set (template.yaml sets it); `GITHUB_HOOKS` is not set (template.yaml sets it)");
}

#[test]
fn a_delivery_that_got_a_503_is_delivered_again_and_the_log_counts_it() {
    let github = Recorder::start().unwrap();
    github
        .answer(&list(HOOK), log(&[attempt(12, "21:36:30", true, 503), attempt(11, "21:33:00", false, 503)]));
    github.answer(&list(OTHER), log(&[]));
    github.answer(&redeliver(HOOK, 12), accepted());
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"{"failed":0,"givenUp":0,"left":0,"redelivered":1,"refused":0,"webhooks":2}"#);
    assert_eq!(github.requests_of(&redeliver(HOOK, 12)).len(), 1);
    assert!(
        github
            .requests()
            .iter()
            .all(|request| request.headers.iter().all(|(name, _)| name != "authorization"))
    );
    assert!(function.aws.requests().is_empty(), "over plain HTTP no token is sent, so none is read");
    let log = function.stop(&[]).unwrap();
    insta::assert_snapshot!(log.messages(), @"WARN asked GitHub for attempt 3 of 8 at `push` of `acme/shop`, first sent 2026-11-23T21:33:00Z: the last one was answered with 503");
    let line: Value = serde_json::from_str(log.out.trim()).unwrap();
    assert_eq!(
        (&line["redelivered"], &line["hook"], &line["guid"]),
        (&json!(1), &json!(7), &attempt(1, "", true, 0)["guid"])
    );
    assert!(
        TEMPLATE.contains("FilterPattern: '{ $.redelivered = 1 }'"),
        "the template counts this very field"
    );
}

#[test]
fn what_ran_out_of_attempts_is_given_up_in_a_line_that_is_counted() {
    let times =
        ["19:10:00", "19:15:00", "19:20:00", "19:25:00", "19:40:00", "20:00:00", "20:35:00", "21:37:00"];
    let failed = |(id, at): (u64, &str)| attempt(id, at, id > 1, if id == 8 { 0 } else { 503 });
    let mut all: Vec<Value> = (1..).zip(times).map(failed).collect();
    all.reverse();
    let github = Recorder::start().unwrap();
    github.answer(&list(HOOK), log(&all)).answer(&list(OTHER), log(&[]));
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"{"failed":0,"givenUp":1,"left":0,"redelivered":0,"refused":0,"webhooks":2}"#);
    let log = function.stop(&[]).unwrap();
    insta::assert_snapshot!(log.messages(), @"WARN gave up `push` of `acme/shop` (0b989ba4-242f-11e5-81e1-c7b6966d2516), first sent 2026-11-23T19:10:00Z, after 8 attempt(s): the last one got no answer");
    let line: Value = serde_json::from_str(log.out.trim()).unwrap();
    assert_eq!(line["given_up"], 1);
    assert!(TEMPLATE.contains("FilterPattern: '{ $.given_up = 1 }'"), "the template counts this very field");
}

#[test]
fn what_our_receiver_refused_is_told_and_not_asked_for_again() {
    let github = Recorder::start().unwrap();
    github.answer(&list(HOOK), log(&[attempt(11, "21:33:00", false, 401)])).answer(&list(OTHER), log(&[]));
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"{"failed":0,"givenUp":0,"left":0,"redelivered":0,"refused":1,"webhooks":2}"#);
    assert_eq!(github.requests().len(), 2, "two logs were read");
    insta::assert_snapshot!(messages(function), @"INFO our receiver itself refused 1 of the last 3 hours' deliveries, they are not asked for again; 401 means a wrong secret");
}

#[test]
fn the_pages_of_a_log_are_followed_by_their_cursor_at_our_own_address() {
    let github = Recorder::start().unwrap();
    let link = "<https://evil.test/deliveries?per_page=100&cursor=v1_11>; rel=\"next\"";
    github.answer(&list(HOOK), log(&[attempt(12, "21:36:30", false, 202)]).with_header("link", link));
    github.answer(&list(HOOK), log(&[attempt(10, "18:00:00", false, 503)]).with_header("link", link));
    github.answer(&list(OTHER), log(&[]));
    let mut function = started(&github);
    sweep(&mut function);
    let read: Vec<String> =
        github.requests_of(&list(HOOK)).into_iter().map(|request| request.target).collect();
    insta::assert_snapshot!(read.join("\n"), @"
    /repos/acme/shop/hooks/7/deliveries?per_page=100
    /repos/acme/shop/hooks/7/deliveries?per_page=100&cursor=v1_11
    ");
    messages(function);
}

#[test]
fn a_webhook_that_may_not_be_read_is_named_with_the_permission_and_the_other_one_is_swept() {
    let github = Recorder::start().unwrap();
    github.answer(&list(HOOK), refused(404));
    github.answer(&list(OTHER), log(&[attempt(11, "21:33:00", false, 0)]));
    github.answer(&redeliver(OTHER, 11), accepted());
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"error {"errorMessage":"1 of 2 webhook(s) failed: webhook 7 of `acme/shop`: GitHub refused `list a webhook's deliveries`: status 404, there is no such webhook, or the token has not the permission `Webhooks: write` for this repository","errorType":"SweepFailure"}"#);
    insta::assert_snapshot!(messages(function), @"
    WARN asked GitHub for attempt 2 of 8 at `push` of `acme/docs`, first sent 2026-11-23T21:33:00Z: the last one got no answer
    ERROR webhook 7 of `acme/shop` could not be swept: GitHub refused `list a webhook's deliveries`: status 404, there is no such webhook, or the token has not the permission `Webhooks: write` for this repository
    ");
}

#[test]
fn every_webhook_that_failed_is_in_the_invocations_error() {
    let github = Recorder::start().unwrap();
    github.answer(&list(HOOK), refused(401));
    github.answer(&list(OTHER), log(&[attempt(11, "21:33:00", false, 503)]));
    github.answer(&redeliver(OTHER, 11), refused(403));
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"error {"errorMessage":"2 of 2 webhook(s) failed: webhook 7 of `acme/shop`: GitHub refused `list a webhook's deliveries`: status 401, the token is wrong or has ended; webhook 8 of `acme/docs`: GitHub refused `redeliver a delivery`: status 403, the token needs the permission `Webhooks: write` for this repository","errorType":"SweepFailure"}"#);
    messages(function);
}

#[test]
fn a_github_that_is_down_is_left_to_the_next_sweep() {
    let github = Recorder::start().unwrap();
    github
        .answer(&list(HOOK), Reply::new(502, "text/html", "<h1>Unicorn!</h1>"))
        .answer(&list(OTHER), log(&[]));
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"{"failed":1,"givenUp":0,"left":0,"redelivered":0,"refused":0,"webhooks":2}"#);
    insta::assert_snapshot!(messages(function), @"WARN webhook 7 of `acme/shop` could not be swept: GitHub could not answer `list a webhook's deliveries` now: status 502");
}

#[test]
fn a_rate_limit_ends_the_sweep_without_an_error() {
    let github = Recorder::start().unwrap();
    github.answer(&list(HOOK), refused(403).with_header("retry-after", "90"));
    let mut function = started(&github);
    insta::assert_snapshot!(sweep(&mut function), @r#"{"failed":0,"givenUp":0,"left":0,"redelivered":0,"refused":0,"webhooks":2}"#);
    assert_eq!(github.requests().len(), 1, "the other webhook is left alone too");
    insta::assert_snapshot!(messages(function), @"WARN GitHub asks for a pause of 90 s, the next sweep goes on");
}

#[test]
fn with_little_time_left_no_call_is_begun() {
    let github = Recorder::start().unwrap();
    let mut function = started(&github);
    let answer = function.invoke(&serde_json::from_str(TICK).unwrap(), 45);
    insta::assert_snapshot!(answer, @r#"{"failed":0,"givenUp":0,"left":0,"redelivered":0,"refused":0,"webhooks":2}"#);
    assert!(github.requests().is_empty());
    insta::assert_snapshot!(messages(function), @"WARN the time is up, the next sweep goes on");
}

#[test]
fn an_event_without_a_time_is_no_tick() {
    let github = Recorder::start().unwrap();
    let mut function = started(&github);
    assert!(matches!(function.invoke(&json!({}), TIMEOUT), Answer::Error(_)));
    assert!(github.requests().is_empty());
    insta::assert_snapshot!(messages(function), @"WARN the event has no `time`: a tick comes from a schedule");
}
