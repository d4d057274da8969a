//! What people see, and in which order the calls are made, against a recording server.

use super::*;
use crate::stack::record::Ports;
use local::recorder::{Recorder, Reply, Request};
use serde_json::json;

/// In the body of an event, as a build's environment.
const SECRET: &str = "planted-secret";

fn stack(aws: &Recorder) -> Record {
    let mut record = Record::new(Ports::new(None), false);
    record.emulator_url = aws.url().to_owned();
    for name in [
        "SourceQueueUrl",
        "SourceDeadLetterQueueUrl",
        "EventsQueueUrl",
        "EventsDeadLetterQueueUrl",
        "FeedbackQueueUrl",
        "FeedbackDeadLetterQueueUrl",
    ] {
        record.outputs.insert(name.to_owned(), format!("http://queue/{name}"));
    }
    record
}

fn message(id: &str, body: &str) -> Value {
    json!({"MessageId": id, "ReceiptHandle": format!("receipt-{id}"), "Body": body,
           "Attributes": {"SentTimestamp": "1795507200000", "ApproximateReceiveCount": "6"}})
}

fn branch() -> Value {
    let body = r#"{"repositoryId":1001,"repository":"acme/shop","ref":"refs/heads/main","sha":null,"reason":"webhook","delivery":"d-1"}"#;
    message("m-1", body)
}

/// A dead-letter queue with these messages.
fn holding(messages: &[Value]) -> Recorder {
    let aws = Recorder::start().unwrap();
    aws.answer("ReceiveMessage", Reply::json(&json!({"Messages": messages})))
        .answer("ReceiveMessage", Reply::json(&json!({})))
        .answer("SendMessage", Reply::json(&json!({"MessageId": "new"})))
        .answer("DeleteMessage", Reply::new(200, "application/x-amz-json-1.0", ""))
        .answer("ChangeMessageVisibility", Reply::json(&json!({})));
    aws
}

/// Operation, queue and receipt of each call but the receiving ones.
fn calls(aws: &Recorder) -> String {
    let call = |request: &Request| {
        let body = request.json();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", request.operation, text("QueueUrl"), text("ReceiptHandle")).trim_end().to_owned()
    };
    let all = aws.requests();
    all.iter().filter(|one| one.operation != "ReceiveMessage").map(call).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_message_is_sent_before_it_is_deleted() {
    let aws = holding(&[branch(), message("m-2", "no json")]);
    run(&stack(&aws), Queue::Source, Consent::Given, false).unwrap();
    insta::assert_snapshot!(calls(&aws), @"
    SendMessage http://queue/SourceQueueUrl
    DeleteMessage http://queue/SourceDeadLetterQueueUrl receipt-m-1
    SendMessage http://queue/SourceQueueUrl
    DeleteMessage http://queue/SourceDeadLetterQueueUrl receipt-m-2
    ");
    assert_eq!(aws.requests_of("SendMessage")[0].json()["MessageBody"], branch()["Body"]);
}

#[test]
fn without_consent_everything_stays_and_is_let_go_of() {
    let aws = holding(&[branch()]);
    run(&stack(&aws), Queue::Source, Consent::OnlyShow, true).unwrap();
    insta::assert_snapshot!(calls(&aws), @"ChangeMessageVisibility http://queue/SourceDeadLetterQueueUrl receipt-m-1");
}

#[test]
fn a_queue_that_takes_nothing_loses_nothing() {
    let aws = Recorder::start().unwrap();
    let messages = json!({"Messages": [branch(), message("m-2", "{}")]});
    aws.answer("ReceiveMessage", Reply::json(&messages))
        .answer("ReceiveMessage", Reply::json(&json!({})))
        .answer("SendMessage", Reply::error(400, "OverLimit", "too many messages in flight"))
        .answer("ChangeMessageVisibility", Reply::json(&json!({})));
    let error = run(&stack(&aws), Queue::Source, Consent::Given, false).unwrap_err();
    insta::assert_snapshot!(format!("{error:#}"), @"moved 0 of 2 messages, the rest is where it was: SendMessage: 400: too many messages in flight");
    insta::assert_snapshot!(calls(&aws), @"
    SendMessage http://queue/SourceQueueUrl
    ChangeMessageVisibility http://queue/SourceDeadLetterQueueUrl receipt-m-1
    ChangeMessageVisibility http://queue/SourceDeadLetterQueueUrl receipt-m-2
    ");
}

fn held(body: &str) -> Held {
    let aws = holding(&[message("m-1", body)]);
    queue::hold(&Emulator::new(aws.url()), "http://queue/x").unwrap().remove(0)
}

#[test]
fn branches_are_shown_with_their_shortened_body() {
    let shown = [
        show(Queue::Source, &held(branch()["Body"].as_str().unwrap())),
        show(Queue::Source, &held(&format!("no\n\u{1b}[31mjson {}", "x".repeat(500)))),
    ];
    insta::assert_snapshot!(lines(Queue::Source, &shown), @r#"
    2 dead letter(s) of the source queue
      m-1  sent 2026-11-24T08:00:00Z  webhook  received 6 time(s)
        {"repositoryId":1001,"repository":"acme/shop","ref":"refs/heads/main","sha":null,"reason":"webhook","delivery":"d-1"}
      m-1  sent 2026-11-24T08:00:00Z  of no known kind  received 6 time(s)
        no  [31mjson xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    "#);
    insta::assert_snapshot!(lines(Queue::Source, &[]), @"the source queue has no dead letters");
}

#[test]
fn the_body_of_an_event_is_never_shown() {
    let event = json!({"detail-type": "CodeBuild Build State Change", "detail": {"additional-information":
        {"environment": {"environment-variables": [{"name": "TOKEN", "value": SECRET}]}}}});
    let shown = [show(Queue::Events, &held(&event.to_string())), show(Queue::Events, &held(SECRET))];
    let lines = lines(Queue::Events, &shown);
    insta::assert_snapshot!(lines, @"
    2 dead letter(s) of the events queue
      m-1  sent 2026-11-24T08:00:00Z  CodeBuild Build State Change  received 6 time(s)
      m-1  sent 2026-11-24T08:00:00Z  of no known kind  received 6 time(s)
    ");
    assert!(!lines.contains(SECRET) && !serde_json::to_string(&shown).unwrap().contains(SECRET));
}

#[test]
fn what_developers_are_told_goes_back_into_its_group_and_is_not_shown() {
    let mut told =
        message("m-1", &json!({"detail-type": "Tidegate Build Withheld", "detail": SECRET}).to_string());
    told["Attributes"]["MessageGroupId"] = json!("github");
    let aws = holding(std::slice::from_ref(&told));
    let shown = show(Queue::Feedback, &queue::hold(&Emulator::new(aws.url()), "http://queue/x").unwrap()[0]);
    assert!(shown.body.is_none() && shown.kind == "Tidegate Build Withheld", "{shown:?}");
    let aws = holding(&[told]);
    run(&stack(&aws), Queue::Feedback, Consent::Given, false).unwrap();
    insta::assert_snapshot!(calls(&aws), @"
    SendMessage http://queue/FeedbackQueueUrl
    DeleteMessage http://queue/FeedbackDeadLetterQueueUrl receipt-m-1
    ");
    assert_eq!(aws.requests_of("SendMessage")[0].json()["MessageGroupId"], "github");
}

#[test]
fn only_a_yes_is_a_yes() {
    assert!(["y", "Y\n", "yes\n"].into_iter().all(is_yes));
    assert!(["", "\n", "n", "maybe", "yy"].into_iter().all(|answer| !is_yes(answer)));
}
