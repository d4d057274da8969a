//! One run of a lifecycle hook: what its function is told, what it may answer, when its time is over
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html>).
//!
//! An answer without a valid `hookStatus` and a function's error are failures. Not imitated: the role that invokes.

use super::settings::{Hook, Target};
use super::stage::Stage;
use crate::clock::{Millis, SECOND};
use crate::emulator::Invoked;
use crate::values::{hex_id, text, uuid};
use serde_json::{Map, Value, json};

/// Unless the function says otherwise (seconds).
const CALL_BACK: Millis = 30;

/// State of a run, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

impl RunStatus {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
        }
    }

    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::AwaitingAction | Self::InProgress)
    }
}

/// One run of one hook at one stage, or at one step of the shift.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// `executionId` of a function, `hookId` of both kinds.
    pub(crate) id: String,
    pub(crate) hook: Hook,
    pub(crate) stage: Stage,
    pub(crate) status: RunStatus,
    pub(crate) started: Millis,
    /// The next invocation; none while one runs, and for a pause.
    pub(crate) due: Option<Millis>,
    /// Configured details, with what the last answer added.
    pub(crate) details: Value,
    pub(crate) calls: u64,
    /// Whether a person or the function has answered in words that ECS knows.
    pub(crate) answered: bool,
    pub(crate) reason: String,
}

/// What a function said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Succeeded,
    Failed(String),
    /// No answer at all, or none that ECS can read.
    Broken(String),
    InProgress {
        delay: Millis,
        details: Value,
    },
}

impl Answer {
    /// Reads what an invocation came to.
    pub(crate) fn read(result: &Result<Invoked, String>) -> Self {
        let payload = match result {
            Ok(Invoked { error: None, payload }) => payload,
            Ok(Invoked { error: Some(error), .. }) => {
                return Self::Broken(format!("the function failed: {error}"));
            }
            Err(words) => return Self::Broken(format!("the function could not be invoked: {words}")),
        };
        match text(payload, "hookStatus").as_str() {
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed("the function answered FAILED".to_owned()),
            "IN_PROGRESS" => {
                let delay = payload.get("callBackDelay").and_then(Value::as_i64).unwrap_or(CALL_BACK);
                let details = payload.get("hookDetails").cloned().unwrap_or(Value::Null);
                Self::InProgress { delay: delay.max(1) * SECOND, details }
            }
            other => Self::Broken(format!("the function answered the hookStatus `{other}`")),
        }
    }
}

impl Run {
    pub(crate) fn new(hook: &Hook, stage: Stage, now: Millis) -> Self {
        let (id, status, due) = match hook.target {
            Target::Lambda(_) => (uuid(), RunStatus::InProgress, Some(now)),
            Target::Pause => (format!("ecs-pause-{}", hex_id(43)), RunStatus::AwaitingAction, None),
        };
        Self {
            id,
            stage,
            status,
            started: now,
            due,
            details: hook.details.clone(),
            calls: 0,
            answered: false,
            reason: String::new(),
            hook: hook.clone(),
        }
    }

    pub(crate) fn expires(&self) -> Millis {
        self.started + self.hook.timeout
    }

    /// What the function is told; `place` is resource, service and target revision, `weights` are test and production.
    pub(crate) fn request(&self, place: [&str; 3], weights: [Value; 2]) -> Value {
        let [resource, service, target] = place;
        let [test, production] = weights;
        let mut request = json!({"executionId": self.id, "lifecycleStage": self.stage.word(), "resourceArn": resource,
            "executionDetails": {"serviceArn": service, "targetServiceRevisionArn": target,
                "testTrafficWeights": test, "productionTrafficWeights": production}});
        if let (Some(members), false) = (request.as_object_mut(), self.details.is_null()) {
            members.insert("hookDetails".to_owned(), self.details.clone());
        }
        request
    }

    /// Takes an answer at `now`.
    pub(crate) fn take(&mut self, answer: Answer, now: Millis) {
        self.answered |= !matches!(answer, Answer::Broken(_));
        match answer {
            Answer::Succeeded => self.status = RunStatus::Succeeded,
            Answer::Failed(words) | Answer::Broken(words) => {
                self.status = RunStatus::Failed;
                self.reason = words;
            }
            Answer::InProgress { delay, details } => {
                self.due = Some(now + delay);
                self.details = merged(&self.details, details);
            }
        }
    }
}

/// What was configured, with the members of `new` over it.
fn merged(old: &Value, new: Value) -> Value {
    let mut members: Map<String, Value> = old.as_object().cloned().unwrap_or_default();
    match new {
        Value::Object(new) => {
            members.extend(new);
            members.into()
        }
        _ => old.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: Value) -> Answer {
        Answer::read(&Ok(Invoked { error: None, payload }))
    }

    #[test]
    fn an_answer_without_a_known_status_is_a_failure() {
        assert_eq!(read(json!({"hookStatus": "SUCCEEDED"})), Answer::Succeeded);
        let Answer::Broken(words) = read(json!({"status": "SUCCEEDED"})) else { panic!("it passed") };
        insta::assert_snapshot!(words, @"the function answered the hookStatus ``");
        assert!(matches!(
            Answer::read(&Ok(Invoked { error: Some("Unhandled".into()), payload: Value::Null })),
            Answer::Broken(_)
        ));
        assert!(matches!(Answer::read(&Err("503".into())), Answer::Broken(_)));
    }

    #[test]
    fn details_of_an_answer_lie_over_the_configured_ones() {
        assert_eq!(merged(&json!({"a": 1, "b": 1}), json!({"b": 2})), json!({"a": 1, "b": 2}));
        assert_eq!(merged(&json!({"a": 1}), Value::Null), json!({"a": 1}));
    }
}
