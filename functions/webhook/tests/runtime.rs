//! The real webhook binary behind the Runtime API: what a sender of deliveries is answered when AWS is well, and when it is not.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::Reply;
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_webhook");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 4] = [
    ("WEBHOOK_SECRET_ID", "tidegate/webhook"),
    ("SOURCE_QUEUE_URL", "http://127.0.0.1:9/000000000000/source"),
    ("REPOSITORY_IDS", "1001"),
    ("ALLOWED_SOURCES", ""),
];
/// GitHub's documented example secret, which signs the sample events.
const SECRET: &str = "It's a Secret to Everybody";
const PUSH: &str = include_str!("../../../events/webhook/push.json");
const WRONG: &str = include_str!("../../../events/webhook/wrong-signature.json");

fn event(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn started() -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    function
        .aws
        .answer("GetSecretValue", Reply::json(&json!({"Name": "tidegate/webhook", "SecretString": SECRET})));
    function
}

/// Status and body of the HTTP answer.
fn http(answer: Answer) -> String {
    match answer {
        Answer::Response(answer) => {
            format!("{} {}", answer["statusCode"], answer["body"].as_str().unwrap_or("?"))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let function = started();
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty(), "nothing is asked of AWS before the first event");
    insta::assert_snapshot!(function.stop(&[SECRET]).unwrap().messages(), @"");
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    let log = function.stop(&[]).unwrap();
    insta::assert_snapshot!(log.messages(), @"ERROR the function cannot start: 3 wrong setting(s): `WEBHOOK_SECRET_ID` is not set (template.yaml sets it); `SOURCE_QUEUE_URL` is not set (template.yaml sets it); `REPOSITORY_IDS` is not set (template.yaml sets it)");
    insta::assert_snapshot!(log.err, @r#"Error: "3 wrong setting(s): `WEBHOOK_SECRET_ID` is not set (template.yaml sets it); `SOURCE_QUEUE_URL` is not set (template.yaml sets it); `REPOSITORY_IDS` is not set (template.yaml sets it)""#);
}

#[test]
fn a_signed_push_becomes_one_small_message() {
    let mut function = started();
    function.aws.answer("SendMessage", Reply::json(&json!({"MessageId": "m-1"})));
    insta::assert_snapshot!(http(function.invoke(&event(PUSH), 10)), @r#"202 {"message":"branch `main` of repository 1001 will be looked at","result":"accepted"}"#);
    let sent = function.aws.requests_of("SendMessage");
    assert_eq!(sent.len(), 1);
    insta::assert_snapshot!(sent[0].json()["MessageBody"].as_str().unwrap(), @r#"{"repositoryId":1001,"repository":"acme/b2b-ecommerce-platform","ref":"refs/heads/main","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"72d3162e-cc78-11e3-81ab-4c9367dc0958"}"#);
    insta::assert_snapshot!(function.stop(&[SECRET, "refuse negative quantities"]).unwrap().messages(), @"INFO branch `main` of repository 1001 will be looked at");
}

#[test]
fn a_wrong_signature_is_401_and_nothing_is_queued() {
    let mut function = started();
    insta::assert_snapshot!(http(function.invoke(&event(WRONG), 10)), @r#"401 {"message":"the signature is missing or wrong; check the webhook's secret","result":"refused"}"#);
    assert!(function.aws.requests_of("SendMessage").is_empty());
    function.stop(&[SECRET]).unwrap();
}

/// Answers of the three versions that a secret can have, in the order in which they are asked for: the current one, and when that did not
/// sign the delivery, all of them.
fn versions(function: &FunctionUnderTest, current: &str, previous: Option<&str>, pending: Option<&str>) {
    for text in [Some(current), Some(current), previous, pending] {
        let reply = match text {
            Some(text) => Reply::json(&json!({"Name": "tidegate/webhook", "SecretString": text})),
            None => Reply::error(400, "ResourceNotFoundException", "no value for this staging label"),
        };
        function.aws.answer("GetSecretValue", reply);
    }
}

#[test]
fn during_a_rotation_the_previous_and_the_pending_secret_are_good_too() {
    let all = ["AWSCURRENT", "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"];
    let orders = [
        ("new", Some(SECRET), None, all.as_slice()),
        ("old", None, Some(SECRET), all.as_slice()),
        (SECRET, None, None, &["AWSCURRENT"]),
    ];
    for (current, previous, pending, expected) in orders {
        let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
        versions(&function, current, previous, pending);
        function.aws.answer("SendMessage", Reply::json(&json!({"MessageId": "m-1"})));
        assert!(http(function.invoke(&event(PUSH), 10)).starts_with("202 "), "{current}");
        let asked = function.aws.requests_of("GetSecretValue");
        let stages: Vec<_> = asked.iter().map(|request| request.json()["VersionStage"].clone()).collect();
        assert_eq!(stages, expected, "the other versions are asked for when the current one did not sign");
        function.stop(&[SECRET]).unwrap();
    }
}

#[test]
fn a_secret_that_no_version_holds_is_not_good() {
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    versions(&function, "new", Some("old"), None);
    assert!(http(function.invoke(&event(PUSH), 10)).starts_with("401 "));
    function.stop(&[SECRET]).unwrap();
}

#[test]
fn a_version_that_cannot_be_read_stops_no_delivery_that_the_current_secret_signed_and_makes_no_other_wrong() {
    for (current, answered) in [(SECRET, "202 "), ("new", "503 ")] {
        let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
        let reply = Reply::json(&json!({"Name": "tidegate/webhook", "SecretString": current}));
        let denied = Reply::error(400, "AccessDeniedException", "not authorized");
        function.aws.answer("GetSecretValue", reply.clone()).answer("GetSecretValue", reply);
        function.aws.answer("GetSecretValue", denied);
        function.aws.answer("SendMessage", Reply::json(&json!({"MessageId": "m-1"})));
        assert!(http(function.invoke(&event(PUSH), 10)).starts_with(answered), "{answered}");
        function.stop(&[SECRET]).unwrap();
    }
}

#[test]
fn an_address_that_is_not_allowed_is_403_and_nothing_is_asked_of_aws() {
    let mut settings = SETTINGS;
    settings[3].1 = "192.30.252.0/22,2a0a:a440::/29";
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &settings).unwrap();
    let mut push = event(PUSH);
    push["requestContext"]["http"]["sourceIp"] = json!("10.0.0.1");
    insta::assert_snapshot!(http(function.invoke(&push, 10)), @r#"403 {"message":"deliveries are not taken from this address; see `WebhookSourceCidrs`","result":"refused"}"#);
    assert!(function.aws.requests().is_empty());
    insta::assert_snapshot!(function.stop(&[SECRET]).unwrap().messages(), @"WARN deliveries are not taken from this address; see `WebhookSourceCidrs`");
}

#[test]
fn a_queue_that_is_down_is_503_so_that_the_delivery_is_not_lost_unseen() {
    let mut function = started();
    function.aws.answer("SendMessage", Reply::error(500, "InternalFailure", "the queue is down"));
    insta::assert_snapshot!(http(function.invoke(&event(PUSH), 10)), @r#"503 {"message":"the message cannot be queued now; deliver again later, or wait for the poll","result":"failed"}"#);
    insta::assert_snapshot!(function.stop(&[SECRET]).unwrap().messages(), @r"
    ERROR SQS could not answer `SendMessage` now: `InternalFailure`: the queue is down
    WARN the message cannot be queued now; deliver again later, or wait for the poll
    ");
}

#[test]
fn a_refused_queue_is_503_and_the_log_names_the_permission() {
    let mut function = started();
    function.aws.answer(
        "SendMessage",
        Reply::error(403, "AccessDenied", "not authorized to perform: sqs:sendmessage"),
    );
    insta::assert_snapshot!(http(function.invoke(&event(PUSH), 10)), @r#"503 {"message":"the message cannot be queued now; deliver again later, or wait for the poll","result":"failed"}"#);
    insta::assert_snapshot!(function.stop(&[SECRET]).unwrap().messages(), @r"
    ERROR SQS refused `SendMessage`: `AccessDenied`: not authorized to perform: sqs:sendmessage
    WARN the message cannot be queued now; deliver again later, or wait for the poll
    ");
}

#[test]
fn without_aws_a_delivery_is_503_and_never_trusted() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    insta::assert_snapshot!(http(function.invoke(&event(PUSH), 10)), @r#"503 {"message":"the webhook's secret cannot be read now; deliver again later","result":"failed"}"#);
    function.stop(&[]).unwrap();
}

#[test]
fn what_is_no_delivery_is_answered_in_words() {
    let mut function = started();
    for event in
        [json!({}), json!([{"body": "{}"}]), json!("text"), Value::Null, json!({"body": 7, "headers": 7})]
    {
        insta::allow_duplicates! {
            insta::assert_snapshot!(http(function.invoke(&event, 10)), @r#"400 {"message":"the body is missing or not what the event says it is","result":"refused"}"#);
        }
    }
    insta::assert_snapshot!(http(function.invoke(&json!({"headers": {}, "body": "{", "isBase64Encoded": true}), 10)), @r#"415 {"message":"the content type is not understood; set the webhook to `application/json` or `application/x-www-form-urlencoded`","result":"refused"}"#);
    function.stop(&[SECRET]).unwrap();
}
