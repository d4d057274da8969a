//! The rules of the default bus: schedules fired on the virtual clock, and patterns that events are matched against.
//!
//! They are read from the emulator when the stack is seeded. Scheduled ones are disabled there, because the emulator would fire them on real
//! time; from then on each target is invoked here with the standard event of a schedule. Whether an event matches a pattern is still the
//! emulator's answer (`TestEventPattern`). Cron expressions are refused: none is in use. Not imitated: input transformers, retries and
//! dead-letter queues of targets, targets other than queues and functions.

use crate::clock::{MINUTE, Millis};
use crate::control_plane::{ACCOUNT, REGION, Stack};
use crate::values::{list, lock, rfc3339, sha256, text, uuid};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone)]
struct Schedule {
    arn: String,
    every: Millis,
    targets: Vec<String>,
}

/// A rule with a pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The pattern, as JSON text.
    pub pattern: String,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// A target of a rule with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its ARN.
    pub arn: String,
    /// `SqsParameters.MessageGroupId`, which a FIFO queue needs; empty otherwise.
    pub group: String,
}

impl Target {
    fn read(target: &Value) -> Self {
        let group = target.pointer("/SqsParameters/MessageGroupId").and_then(Value::as_str);
        Self { arn: text(target, "Arn"), group: group.unwrap_or_default().to_owned() }
    }
}

/// The rules of the stack.
#[derive(Default)]
pub struct Rules {
    schedules: Mutex<Vec<Schedule>>,
    patterns: Mutex<Vec<Pattern>>,
}

impl Rules {
    /// Takes over the rules of the emulator's default bus.
    ///
    /// # Errors
    /// When the emulator refuses, or a schedule cannot be read.
    pub async fn take_over(&self, stack: &Stack) -> Result<(), String> {
        let ask = |operation: &'static str, body: Value| async move {
            stack.emulator.json("events", &format!("AWSEvents.{operation}"), "1.1", &body).await
        };
        let all = ask("ListRules", json!({})).await?;
        let (mut schedules, mut patterns) = (Vec::new(), Vec::new());
        for rule in list(&all, "Rules") {
            let name = text(rule, "Name");
            let found = ask("ListTargetsByRule", json!({"Rule": name})).await?;
            let targets: Vec<Target> = list(&found, "Targets").iter().map(Target::read).collect();
            let schedule = text(rule, "ScheduleExpression");
            if schedule.is_empty() {
                patterns.push(Pattern { pattern: text(rule, "EventPattern"), targets });
            } else {
                ask("DisableRule", json!({"Name": name})).await?;
                let targets = targets.into_iter().map(|target| target.arn).collect();
                schedules.push(Schedule { arn: text(rule, "Arn"), every: rate(&schedule)?, targets });
            }
        }
        *lock(&self.schedules) = schedules;
        *lock(&self.patterns) = patterns;
        Ok(())
    }

    /// Invokes the targets of every schedule that is due at this minute.
    pub(crate) fn fire(&self, stack: &Arc<Stack>) {
        let now = stack.now();
        for schedule in lock(&self.schedules).iter().filter(|schedule| now % schedule.every == 0) {
            let event = json!({"version": "0", "id": uuid(), "detail-type": "Scheduled Event", "source": "aws.events",
                "account": ACCOUNT, "time": rfc3339(now), "region": REGION, "resources": [schedule.arn], "detail": {}});
            for function in &schedule.targets {
                stack.lambda.invoke(function, event.clone());
            }
        }
    }

    /// Delivers an event to the targets of every pattern that it matches; only to the queue of that name unless `queue` is empty.
    ///
    /// # Errors
    /// When the emulator refuses a question or a message.
    pub(crate) async fn deliver(&self, stack: &Arc<Stack>, event: &Value, queue: &str) -> Result<(), String> {
        let meant = |target: &Target| queue.is_empty() || target.arn.rsplit(':').next() == Some(queue);
        let mut patterns = lock(&self.patterns).clone();
        patterns.retain(|rule| rule.targets.iter().any(meant));
        for rule in patterns {
            let body = json!({"EventPattern": rule.pattern, "Event": event.to_string()});
            let answer = stack.emulator.json("events", "AWSEvents.TestEventPattern", "1.1", &body).await?;
            if answer.get("Result").and_then(Value::as_bool) != Some(true) {
                continue;
            }
            for target in rule.targets.iter().filter(|target| meant(target)) {
                send(stack, target, event).await?;
            }
        }
        Ok(())
    }
}

async fn send(stack: &Arc<Stack>, target: &Target, event: &Value) -> Result<(), String> {
    let Target { arn, group } = target;
    match arn.split(':').nth(2) {
        Some("sqs") => {
            let name = arn.rsplit(':').next().unwrap_or_default();
            let url = format!("{}/{ACCOUNT}/{name}", stack.emulator.url());
            let body = message(&url, group, event);
            stack.emulator.json("sqs", "AmazonSQS.SendMessage", "1.0", &body).await.map(|_| ())
        }
        Some("lambda") => {
            stack.lambda.invoke(arn, event.clone());
            Ok(())
        }
        _ => Err(format!("a target of kind `{arn}` is not imitated here")),
    }
}

/// `SendMessage`. The deduplication id of a FIFO message is what content-based deduplication makes of its body, whether the emulator does so
/// or not; a replay has a name in the body, so it comes through (`events`).
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html>)
fn message(url: &str, group: &str, event: &Value) -> Value {
    let words = event.to_string();
    let digest = sha256(words.as_bytes());
    let mut body = json!({"QueueUrl": url, "MessageBody": words});
    if let (Some(fields), false) = (body.as_object_mut(), group.is_empty()) {
        fields.insert("MessageGroupId".to_owned(), group.into());
        fields.insert("MessageDeduplicationId".to_owned(), digest.into());
    }
    body
}

fn rate(expression: &str) -> Result<Millis, String> {
    let unreadable = || format!("schedule `{expression}` is no rate of whole minutes");
    let inner =
        expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(unreadable)?;
    let (count, unit) = inner.split_once(' ').ok_or_else(unreadable)?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return Err(unreadable()),
    };
    let count: Millis = count.parse().map_err(|_| unreadable())?;
    if count < 1 { Err(unreadable()) } else { Ok(count * minutes * MINUTE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifo_queue_gets_the_group_of_its_target_and_any_other_gets_none() {
        let event = json!({"id": "e-1"});
        let target =
            Target::read(&json!({"Arn": "arn:q.fifo", "SqsParameters": {"MessageGroupId": "github"}}));
        insta::assert_snapshot!(message("q.fifo", &target.group, &event), @r#"{"MessageBody":"{\"id\":\"e-1\"}","MessageDeduplicationId":"91efc6eb5ac3f6e06b6e76cf4776e2e57ad8a979111c7f2ecd2b52837957ac75","MessageGroupId":"github","QueueUrl":"q.fifo"}"#);
        let plain = Target::read(&json!({"Arn": "arn:q"}));
        insta::assert_snapshot!(message("q", &plain.group, &event), @r#"{"MessageBody":"{\"id\":\"e-1\"}","QueueUrl":"q"}"#);
    }

    #[test]
    fn rates_are_read_and_anything_else_is_refused() {
        assert_eq!(rate("rate(5 minutes)"), Ok(5 * MINUTE));
        assert_eq!(rate("rate(1 hour)"), Ok(60 * MINUTE));
        insta::assert_snapshot!(rate("cron(0 12 * * ? *)").unwrap_err(), @"schedule `cron(0 12 * * ? *)` is no rate of whole minutes");
        assert!(rate("rate(0 minutes)").is_err());
    }
}
