//! A message of the queue, read for feedback: an event of CodePipeline, an event of CodeBuild, a gate's verdict, a build that is withheld.
//!
//! Of CodePipeline's it is the fact that [`crate::metrics::event`] reads, and beside it what that leaves out: the attempt of an action and
//! the words that it failed with.
//!
//! Must not: keep anything else of an event. The words are outside text: they are escaped and cut where they are shown.
//! Specification: <https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html>

use crate::errors::Rejection;
use crate::feedback::build;
use crate::gates::notice::GateNotice;
use crate::metrics::event;
use crate::metrics::fact::What;
use crate::metrics::lenient::whole;
use crate::model::Timestamp;
use crate::source::notice::Notice;
use crate::text::cut;
use serde::Deserialize;
use serde_json::Value;

/// Longest reason that is kept, in characters; a gate names every failed condition in one.
const REASON_LIMIT: usize = 2_000;

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An execution of a pipeline.
    Pipeline(Seen),
    /// A build.
    Build(build::event::Seen),
    /// A gate's verdict on a build.
    Verdict(GateNotice),
    /// Something that no event says.
    Notice(Notice),
}

/// Sorts one message; none for one that is about nothing that is shown.
///
/// # Errors
/// When it is not what it says it is, with the path or the column.
pub fn hear(envelope: &Value) -> Result<Option<Heard>, Rejection> {
    let unreadable =
        |error: serde_json::Error| Rejection::new(format!("the message cannot be used: {error}"));
    match envelope.get("detail-type").and_then(Value::as_str) {
        Some("Tidegate Gate Verdict") => {
            GateNotice::deserialize(envelope).map(|notice| Some(Heard::Verdict(notice))).map_err(unreadable)
        }
        Some("Tidegate Build Withheld") => {
            Notice::deserialize(envelope).map(|notice| Some(Heard::Notice(notice))).map_err(unreadable)
        }
        Some("CodeBuild Build State Change") => Ok(build::event::read(envelope)?.map(Heard::Build)),
        _ => Ok(read(envelope)?.map(Heard::Pipeline)),
    }
}

/// What one event says about an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Execution id.
    pub execution: String,
    /// Attempt, from 1; a retried stage makes the next one.
    pub attempt: u64,
    /// When, by CodePipeline.
    pub at: Timestamp,
    /// What changed.
    pub change: Change,
}

/// What changed. State words as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The execution.
    Execution {
        /// `STARTED`, …
        state: String,
    },
    /// A stage.
    Stage {
        /// Stage.
        stage: String,
        /// State.
        state: String,
    },
    /// An action.
    Action {
        /// Stage.
        stage: String,
        /// Action.
        action: String,
        /// Whether it deploys.
        deploys: bool,
        /// Why it failed; none when it did not, or gave no reason.
        reason: Option<String>,
    },
}

/// Reads one event; none for an event that is not about a pipeline execution.
///
/// # Errors
/// When a natural key or the time is missing, with the path.
pub fn read(event: &Value) -> Result<Option<Seen>, Rejection> {
    let Some(fact) = event::read(event)? else { return Ok(None) };
    let attempt = whole(event.pointer("/detail/pipeline-execution-attempt")).unwrap_or(1).max(1);
    let (execution, change) = match fact.what {
        What::Execution { execution, state, .. } => (execution, Change::Execution { state }),
        What::Stage { execution, stage, state, .. } => (execution, Change::Stage { stage, state }),
        What::Action { execution, stage, action, category, state, .. } => {
            let reason = if state == "FAILED" { reason(event) } else { None };
            (execution, Change::Action { stage, action, deploys: category == "Deploy", reason })
        }
        What::Build { .. } | What::Deployment { .. } | What::Service { .. } | What::Scan { .. } => {
            return Ok(None);
        }
    };
    Ok(Some(Seen { execution, attempt, at: fact.at, change }))
}

fn reason(event: &Value) -> Option<String> {
    let words = event.pointer("/detail/execution-result/external-execution-summary")?.as_str()?.trim();
    (!words.is_empty()).then(|| cut(words, REASON_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, detail: &Value) -> Value {
        json!({"detail-type": format!("CodePipeline {kind} Execution State Change"), "time": "2026-11-23T21:40:00Z", "detail": detail})
    }

    #[test]
    fn the_reason_of_a_failed_action_is_read_and_of_no_other() {
        let action = |state: &str| {
            let detail = json!({"pipeline": "p", "execution-id": "e", "stage": "Gate", "action": "QualityGate", "state": state,
                "type": {"category": "Invoke"}, "pipeline-execution-attempt": 2.0,
                "execution-result": {"external-execution-summary": "1 condition failed"}});
            read(&event("Action", &detail)).unwrap().unwrap()
        };
        assert_eq!(action("FAILED").attempt, 2);
        let reason = |state: &str| match action(state).change {
            Change::Action { reason, .. } => reason,
            Change::Execution { .. } | Change::Stage { .. } => None,
        };
        assert_eq!(reason("FAILED").as_deref(), Some("1 condition failed"));
        assert_eq!(reason("SUCCEEDED"), None);
    }

    #[test]
    fn an_event_without_attempt_is_of_the_first_and_builds_are_passed_over() {
        let started = json!({"pipeline": "p", "execution-id": "e", "state": "STARTED"});
        assert_eq!(read(&event("Pipeline", &started)).unwrap().unwrap().attempt, 1);
        let build = json!({"detail-type": "CodeBuild Build State Change", "time": "2026-11-23T21:40:00Z",
            "detail": {"build-id": "b", "project-name": "p", "build-status": "SUCCEEDED"}});
        assert_eq!(read(&build), Ok(None));
        assert!(read(&event("Pipeline", &json!({}))).is_err());
    }
}
