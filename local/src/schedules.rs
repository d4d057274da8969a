//! Rules with a rate, fired on the virtual clock.
//!
//! The emulator would fire them on real time: they are read from it and disabled there when the stack is seeded, and from then on each target is
//! invoked here with the standard event of a schedule. Cron expressions are refused: none is in use.

use crate::clock::{MINUTE, Millis};
use crate::control_plane::{ACCOUNT, REGION, Stack};
use crate::values::{list, lock, rfc3339, text, uuid};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone)]
struct Rule {
    arn: String,
    every: Millis,
    functions: Vec<String>,
}

/// The scheduled rules of the stack.
#[derive(Default)]
pub struct Schedules {
    rules: Mutex<Vec<Rule>>,
}

impl Schedules {
    /// Takes over the scheduled rules of the emulator's default bus.
    ///
    /// # Errors
    /// When the emulator refuses, or a schedule cannot be read.
    pub async fn take_over(&self, stack: &Stack) -> Result<(), String> {
        let ask = |operation: &'static str, body: Value| async move {
            stack.emulator.json("events", &format!("AWSEvents.{operation}"), "1.1", &body).await
        };
        let all = ask("ListRules", json!({})).await?;
        let mut rules = Vec::new();
        for rule in list(&all, "Rules").iter().filter(|rule| !text(rule, "ScheduleExpression").is_empty()) {
            let name = text(rule, "Name");
            let targets = ask("ListTargetsByRule", json!({"Rule": name})).await?;
            ask("DisableRule", json!({"Name": name})).await?;
            let functions = list(&targets, "Targets").iter().map(|target| text(target, "Arn")).collect();
            let every = rate(&text(rule, "ScheduleExpression"))?;
            rules.push(Rule { arn: text(rule, "Arn"), every, functions });
        }
        *lock(&self.rules) = rules;
        Ok(())
    }

    /// Invokes the targets of every rule that is due at this minute.
    pub(crate) async fn fire(&self, stack: &Arc<Stack>) {
        let now = stack.now();
        let rules = lock(&self.rules).clone();
        for rule in rules.iter().filter(|rule| now % rule.every == 0) {
            let event = json!({"version": "0", "id": uuid(), "detail-type": "Scheduled Event", "source": "aws.events",
                "account": ACCOUNT, "time": rfc3339(now), "region": REGION, "resources": [rule.arn], "detail": {}});
            for function in &rule.functions {
                stack.lambda.invoke(function, event.clone());
            }
        }
    }
}

fn rate(expression: &str) -> Result<Millis, String> {
    let unreadable = || format!("schedule `{expression}` is no rate of whole minutes");
    let inner = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(unreadable)?;
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
    fn rates_are_read_and_anything_else_is_refused() {
        assert_eq!(rate("rate(5 minutes)"), Ok(5 * MINUTE));
        assert_eq!(rate("rate(1 hour)"), Ok(60 * MINUTE));
        insta::assert_snapshot!(rate("cron(0 12 * * ? *)").unwrap_err(), @"schedule `cron(0 12 * * ? *)` is no rate of whole minutes");
        assert!(rate("rate(0 minutes)").is_err());
    }
}
