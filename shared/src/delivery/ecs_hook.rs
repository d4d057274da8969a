//! The request and the answer of an ECS lifecycle hook
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html>).
//!
//! ECS rolls back on a missing or unknown `hookStatus` and on every function error, so nothing but an answer may leave the function. What
//! could not be decided is `IN_PROGRESS`, within a budget that `hookDetails` carries from one question to the next: the event has no time.

use super::gate::{Question, Reply};
use super::stage::Stage;
use super::watch::Asker;
use serde_json::{Value, json};

/// Seconds until ECS asks again.
const CALL_BACK_SECONDS: u32 = 30;
/// How many questions in a row may fail for reasons of ours before the hook fails: about ten minutes.
const MAX_FAULTS: u64 = 20;
/// How many questions a hook may ask before it is answered by what is known: about 23 hours, below the stage's 24.
const MAX_QUESTIONS: u64 = 2760;
/// Our member of `hookDetails`.
const OURS: &str = "tidegate";

/// A hook's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// ARN of the service deployment.
    pub deployment: String,
    /// `lifecycleStage`, as it was written.
    pub stage: String,
    /// How often this hook was answered `IN_PROGRESS` before.
    pub questions: u64,
    /// How many of those in a row because of a fault.
    pub faults: u64,
}

/// Whether an event is one of ECS: any that has a `lifecycleStage`.
#[must_use]
pub fn is_ecs(event: &Value) -> bool {
    event.get("lifecycleStage").is_some()
}

impl Request {
    /// Reads what can be read; whoever asks is answered in any case.
    #[must_use]
    pub fn read(event: &Value) -> Self {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |key: &str| {
            event.pointer(&format!("/hookDetails/{OURS}/{key}")).and_then(Value::as_u64).unwrap_or(0)
        };
        Self {
            deployment: text("resourceArn"),
            stage: text("lifecycleStage"),
            questions: number("questions"),
            faults: number("faults"),
        }
    }

    /// The question, or why there is none.
    ///
    /// # Errors
    /// The reply to a request without a deployment, or at a stage that is none of ours.
    pub fn question(&self) -> Result<Question, Reply> {
        if self.deployment.is_empty() {
            return Err(Reply::Failed("the event has no `resourceArn`: nothing can be looked up".to_owned()));
        }
        let Some(stage) = Stage::of_lifecycle(&self.stage) else {
            return Err(Reply::Failed(format!("`{}` is no lifecycle stage with a hook", self.stage)));
        };
        Ok(Question { deployment: self.deployment.clone(), stage: Some(stage), asker: Asker::Poll })
    }

    /// The answer in ECS's words.
    #[must_use]
    pub fn answer(&self, reply: &Reply) -> Value {
        match reply {
            Reply::Succeeded(reason) => json!({"hookStatus": "SUCCEEDED", "reason": reason}),
            Reply::Failed(reason) => json!({"hookStatus": "FAILED", "reason": reason}),
            Reply::Again(reason) | Reply::Later(reason) if self.questions >= MAX_QUESTIONS => json!({
                "hookStatus": "FAILED",
                "reason": format!("no decision after {} questions: {reason}", self.questions + 1),
            }),
            Reply::Again(reason) | Reply::Later(reason) => self.again(0, reason),
        }
    }

    /// The answer when nothing could be decided because of a fault: again, until the budget is used up.
    #[must_use]
    pub fn fault(&self, reason: &str) -> Value {
        if self.faults + 1 >= MAX_FAULTS {
            let reason = format!("nothing could be decided {MAX_FAULTS} times in a row: {reason}");
            return json!({"hookStatus": "FAILED", "reason": reason});
        }
        self.again(self.faults + 1, reason)
    }

    fn again(&self, faults: u64, reason: &str) -> Value {
        json!({
            "hookStatus": "IN_PROGRESS",
            "callBackDelay": CALL_BACK_SECONDS,
            "hookDetails": {OURS: {"questions": self.questions + 1, "faults": faults}},
            "reason": reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(details: &Value) -> Request {
        Request::read(&json!({
            "executionId": "e-1",
            "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
            "resourceArn": "arn:aws:ecs:us-east-1:000000000000:service-deployment/b2b/catalog/x",
            "executionDetails": {"testTrafficWeights": {}, "productionTrafficWeights": {}},
            "hookDetails": details,
        }))
    }

    #[test]
    fn what_is_not_decided_is_asked_again_and_counted() {
        let first = request(&json!({"team": "shop"}));
        let answer = first.answer(&Reply::Again("10 % for 3 of 10 minute(s)".to_owned()));
        insta::assert_snapshot!(answer, @r#"{"callBackDelay":30,"hookDetails":{"tidegate":{"faults":0,"questions":1}},"hookStatus":"IN_PROGRESS","reason":"10 % for 3 of 10 minute(s)"}"#);
        let next = request(&answer["hookDetails"]);
        assert_eq!((next.questions, next.faults), (1, 0));
        let tired = request(&json!({"tidegate": {"questions": MAX_QUESTIONS}}));
        assert_eq!(tired.answer(&Reply::Again("still".to_owned()))["hookStatus"], "FAILED");
    }

    #[test]
    fn faults_are_borne_within_a_budget_and_a_decision_ends_the_count() {
        let mut details = json!({});
        let mut asked = 0;
        while request(&details).fault("throttled")["hookStatus"] == "IN_PROGRESS" {
            details = request(&details).fault("throttled")["hookDetails"].clone();
            asked += 1;
        }
        assert_eq!(asked, 19);
        let calm = request(&details).answer(&Reply::Again("wait".to_owned()));
        assert_eq!(request(&calm["hookDetails"]).faults, 0);
    }

    #[test]
    fn an_event_that_cannot_be_read_is_answered_all_the_same() {
        let reply = Request::read(&json!({"lifecycleStage": 7})).question().unwrap_err();
        insta::assert_snapshot!(format!("{reply:?}"), @r#"Failed("the event has no `resourceArn`: nothing can be looked up")"#);
        let request = Request { stage: "BAKE_TIME".to_owned(), ..request(&json!({})) };
        insta::assert_snapshot!(request.answer(&request.question().unwrap_err()), @r#"{"hookStatus":"FAILED","reason":"`BAKE_TIME` is no lifecycle stage with a hook"}"#);
    }
}
