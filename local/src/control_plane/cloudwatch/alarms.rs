//! Alarms whose state is set from outside (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).

use super::State;
use crate::clock::Millis;
use crate::control_plane::{ApiError, arn};
use crate::values::{seconds, text, texts};
use serde_json::{Value, json};

/// States, in the API's words.
const STATES: [&str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

#[derive(Debug, Clone)]
pub(super) struct Alarm {
    state: String,
    reason: String,
    since: Millis,
}

impl Alarm {
    pub(super) fn read(request: &Value, now: Millis) -> Result<(String, Self), String> {
        let (name, state) = (text(request, "name"), text(request, "state"));
        if name.is_empty() {
            return Err("the body has no `name`".to_owned());
        }
        if !STATES.contains(&state.as_str()) {
            return Err(format!("state `{state}` is none of {}", STATES.join(", ")));
        }
        Ok((name, Self { state, reason: text(request, "reason"), since: now }))
    }

    pub(super) fn rings(&self) -> bool {
        self.state == "ALARM"
    }

    fn describe(&self, name: &str) -> Value {
        json!({"AlarmName": name, "AlarmArn": arn("cloudwatch", &format!("alarm:{name}")), "ActionsEnabled": true,
            "StateValue": self.state, "StateReason": self.reason, "StateUpdatedTimestamp": seconds(self.since),
            "StateTransitionedTimestamp": seconds(self.since), "Namespace": "AWS/ApplicationELB",
            "MetricName": "HTTPCode_Target_5XX_Count", "Period": 60, "EvaluationPeriods": 1})
    }
}

impl State {
    pub(super) fn describe_alarms(&self, input: &Value) -> Result<Value, ApiError> {
        let (names, prefix) = (texts(input, "AlarmNames"), text(input, "AlarmNamePrefix"));
        let state = text(input, "StateValue");
        let wanted = |(name, alarm): &(&String, &Alarm)| {
            (names.is_empty() || names.contains(name))
                && name.starts_with(&prefix)
                && (state.is_empty() || alarm.state == state)
        };
        let found: Vec<Value> =
            self.alarms.iter().filter(wanted).map(|(name, alarm)| alarm.describe(name)).collect();
        let token = text(input, "NextToken");
        let from: usize = if token.is_empty() { Ok(0) } else { token.parse() }
            .map_err(|_| ApiError::new("InvalidNextToken", "the next token is not one of ours"))?;
        let most =
            input.get("MaxRecords").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        let most = most.unwrap_or(50);
        let mut answer = json!({"CompositeAlarms": []});
        if let Some(members) = answer.as_object_mut() {
            if found.len() > from + most {
                members.insert("NextToken".to_owned(), json!((from + most).to_string()));
            }
            let page: Vec<Value> = found.into_iter().skip(from).take(most).collect();
            members.insert("MetricAlarms".to_owned(), json!(page));
        }
        Ok(answer)
    }
}
