//! Every answer of the webhook, on the events that `sam local invoke` takes too (`events/webhook`).
//! They are signed with the secret of GitHub's documentation, `It's a Secret to Everybody`.

use super::*;
use serde_json::{Value, json};
use shared::source::secrets::WebhookSecrets;
use shared::source::signature::sign;
use std::cell::{Cell, RefCell};

const SECRET: &str = "It's a Secret to Everybody";
const PUSH: &str = include_str!("../../../../events/webhook/push.json");
const PUSH_FORM: &str = include_str!("../../../../events/webhook/push-form-base64.json");
const PUSH_REST: &str = include_str!("../../../../events/webhook/push-rest-api.json");
const PING: &str = include_str!("../../../../events/webhook/ping.json");
const TAG: &str = include_str!("../../../../events/webhook/push-tag.json");
const WRONG: &str = include_str!("../../../../events/webhook/wrong-signature.json");

#[derive(Default)]
struct Outside {
    sent: RefCell<Vec<SourceRequest>>,
    secret_down: Cell<bool>,
    queue_down: Cell<bool>,
    broken: Cell<bool>,
}

fn down(service: &'static str, operation: &'static str) -> Fault {
    Fault::Transient { service, operation, detail: "timed out".to_owned() }
}

impl SecretSource for &Outside {
    async fn webhook_secrets(&self) -> Result<WebhookSecrets, Fault> {
        self.current_secret().await
    }

    async fn current_secret(&self) -> Result<WebhookSecrets, Fault> {
        assert!(!self.broken.get(), "planted panic");
        if self.secret_down.get() {
            return Err(down("Secrets Manager", "GetSecretValue"));
        }
        Ok(WebhookSecrets::parse(SECRET).unwrap())
    }
}

impl SourceQueue for &Outside {
    async fn send(&self, request: &SourceRequest) -> Result<(), Fault> {
        if self.queue_down.get() {
            return Err(down("SQS", "SendMessage"));
        }
        self.sent.borrow_mut().push(request.clone());
        Ok(())
    }
}

async fn full_answer(outside: &Outside, event: Value) -> Value {
    answer_from(outside, AllowList::default(), event).await
}

async fn answer_from(outside: &Outside, sources: AllowList, event: Value) -> Value {
    let allowed = Allowed { sources, repositories: vec![1001] };
    let handler = Handler::new(outside, outside, allowed, || Timestamp::from_millis(0));
    let event = serde_json::from_value(event).unwrap();
    let response = handler.handle(LambdaEvent::new(event, lambda_runtime::Context::default())).await.unwrap();
    serde_json::to_value(response).unwrap()
}

async fn answer(outside: &Outside, event: Value) -> String {
    let answer = full_answer(outside, event).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    format!(
        "{} {}: {}",
        answer["statusCode"],
        body["result"].as_str().unwrap(),
        body["message"].as_str().unwrap()
    )
}

fn event(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn signed(kind: &str, body: &str) -> Value {
    json!({
        "version": "2.0", "body": body, "isBase64Encoded": false,
        "headers": {"content-type": "application/json", "x-github-event": kind, "x-hub-signature-256": sign(SECRET, body.as_bytes())},
        "requestContext": {"http": {"method": "POST"}},
    })
}

#[tokio::test]
async fn a_push_is_accepted_in_every_shape_and_puts_the_same_message_on_the_queue() {
    let outside = Outside::default();
    insta::assert_snapshot!(answer(&outside, event(PUSH)).await, @"202 accepted: branch `main` of repository 1001 will be looked at");
    answer(&outside, event(PUSH_FORM)).await;
    answer(&outside, event(PUSH_REST)).await;
    let sent = outside.sent.borrow();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| *request == sent[0]));
    insta::assert_snapshot!(serde_json::to_string(&sent[0]).unwrap(), @r#"{"repositoryId":1001,"repository":"acme/b2b-ecommerce-platform","ref":"refs/heads/main","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"72d3162e-cc78-11e3-81ab-4c9367dc0958"}"#);
}

#[tokio::test]
async fn the_answer_has_every_field_that_the_caller_of_the_function_wants() {
    let outside = Outside::default();
    let headers = json!({"content-type": "application/json", "cache-control": "no-store"});
    let pong = r#"{"message":"the webhook is set up: the signature is good","result":"pong"}"#;
    let expected =
        json!({"statusCode": 200, "headers": headers, "body": pong, "isBase64Encoded": false, "cookies": []});
    assert_eq!(full_answer(&outside, event(PING)).await, expected);
    let accepted = r#"{"message":"branch `main` of repository 1001 will be looked at","result":"accepted"}"#;
    let expected = json!({"statusCode": 202, "headers": headers, "body": accepted, "isBase64Encoded": false, "multiValueHeaders": {}});
    assert_eq!(full_answer(&outside, event(PUSH_REST)).await, expected);
}

#[tokio::test]
async fn what_needs_nothing_is_understood_with_202() {
    let outside = Outside::default();
    insta::assert_snapshot!(answer(&outside, event(TAG)).await, @"202 ignored: `refs/tags/v1.0.0` is not a branch");
    insta::assert_snapshot!(answer(&outside, signed("star", "{}")).await, @"202 ignored: understood, nothing to do for `star` events");
    insta::assert_snapshot!(answer(&outside, event(PING)).await, @"200 pong: the webhook is set up: the signature is good");
    assert!(outside.sent.borrow().is_empty());
}

#[tokio::test]
async fn a_wrong_or_missing_signature_is_401_and_nothing_is_parsed_before() {
    let outside = Outside::default();
    insta::assert_snapshot!(answer(&outside, event(WRONG)).await, @"401 refused: the signature is missing or wrong; check the webhook's secret");
    let mut unsigned = event(PUSH);
    unsigned["headers"].as_object_mut().unwrap().remove("x-hub-signature-256");
    let mut garbage = event(WRONG);
    garbage["body"] = json!("not json at all");
    let mut other_body = event(PUSH);
    other_body["body"] = json!(format!("{} ", other_body["body"].as_str().unwrap()));
    for event in [unsigned, garbage, other_body] {
        assert!(answer(&outside, event).await.starts_with("401 "));
    }
    assert!(outside.sent.borrow().is_empty());
}

#[tokio::test]
async fn a_signed_body_that_is_not_what_the_header_says_is_400() {
    let outside = Outside::default();
    insta::assert_snapshot!(answer(&outside, signed("push", "{}")).await, @"400 refused: the event header says `push` and the body is none: field `ref` is missing (line 1, column 2)");
    insta::assert_snapshot!(answer(&outside, signed("push", "no json")).await, @"400 refused: the event header says `push` and the body is none: it is not JSON (line 1, column 2)");
    let mut nameless = signed("push", "{}");
    nameless["headers"].as_object_mut().unwrap().remove("x-github-event");
    insta::assert_snapshot!(answer(&outside, nameless).await, @"400 refused: the header `X-GitHub-Event` is missing, was sent twice or names no event");
    insta::assert_snapshot!(answer(&outside, json!({})).await, @"400 refused: the body is missing or not what the event says it is");
}

#[tokio::test]
async fn a_header_that_decides_and_was_sent_twice_is_refused() {
    let outside = Outside::default();
    let mut joined_event = event(PUSH);
    joined_event["headers"]["x-github-event"] = json!("push,push");
    assert!(answer(&outside, joined_event).await.starts_with("400 "));
    let mut joined_signature = event(PUSH);
    let signature = joined_signature["headers"]["x-hub-signature-256"].as_str().unwrap().to_owned();
    joined_signature["headers"]["x-hub-signature-256"] = json!(format!("{signature},{signature}"));
    assert!(answer(&outside, joined_signature).await.starts_with("401 "));
    let mut joined_type = event(PUSH);
    joined_type["headers"]["content-type"] = json!("application/json,application/json");
    assert!(answer(&outside, joined_type).await.starts_with("415 "));
    let mut listed = event(PUSH_REST);
    listed["multiValueHeaders"] = json!({"x-github-EVENT": ["push", "push"]});
    assert!(answer(&outside, listed).await.starts_with("400 "));
    assert!(outside.sent.borrow().is_empty());
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_403_before_anything_is_looked_at() {
    let outside = Outside::default();
    let sources = || AllowList::parse("192.30.252.0/22").unwrap();
    let from = |address: &str| {
        let mut push = event(PUSH);
        push["requestContext"]["http"]["sourceIp"] = json!(address);
        push
    };
    assert_eq!(answer_from(&outside, sources(), from("192.30.252.44")).await["statusCode"], 202);
    outside.broken.set(true);
    let refused = answer_from(&outside, sources(), from("10.0.0.1")).await;
    insta::assert_snapshot!(refused["body"].as_str().unwrap(), @r#"{"message":"deliveries are not taken from this address; see `WebhookSourceCidrs`","result":"refused"}"#);
    let nothing_in_it = json!({"requestContext": {"http": {"sourceIp": "10.0.0.1"}}});
    for event in [nothing_in_it, json!({}), from("")] {
        assert_eq!(answer_from(&outside, sources(), event).await["statusCode"], 403);
    }
}

#[tokio::test]
async fn a_branch_name_cannot_break_out_of_the_answer() {
    let outside = Outside::default();
    let body = json!({
        "ref": "refs/heads/a`\n$(id)#{x}", "after": "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192",
        "repository": {"id": 1001, "full_name": "acme/shop"},
    });
    insta::assert_snapshot!(answer(&outside, signed("push", &body.to_string())).await, @"202 accepted: branch `a??$(id)#{x}` of repository 1001 will be looked at");
}

#[tokio::test]
async fn other_content_types_are_415_and_bodies_over_the_limit_413() {
    let outside = Outside::default();
    let mut text = signed("push", "{}");
    text["headers"]["content-type"] = json!("text/plain");
    assert!(answer(&outside, text).await.starts_with("415 "));
    assert!(answer(&outside, signed("push", &"x".repeat(6 * 1024 * 1024 + 1))).await.starts_with("413 "));
}

#[tokio::test]
async fn an_outage_is_503_and_says_that_nothing_is_lost() {
    let outside = Outside::default();
    outside.queue_down.set(true);
    insta::assert_snapshot!(answer(&outside, event(PUSH)).await, @"503 failed: the message cannot be queued now; deliver again later, or wait for the poll");
    outside.secret_down.set(true);
    insta::assert_snapshot!(answer(&outside, event(PUSH)).await, @"503 failed: the webhook's secret cannot be read now; deliver again later");
}

#[tokio::test]
async fn a_bug_is_answered_with_500_and_tells_the_sender_nothing() {
    let outside = Outside::default();
    outside.broken.set(true);
    insta::assert_snapshot!(answer(&outside, event(PUSH)).await, @"500 failed: the webhook is broken; its log says how");
}
