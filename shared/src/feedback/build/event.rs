//! An event of CodeBuild, read for feedback: which build, how far it is, and the phases of one that has ended with the words they failed with.
//!
//! Must not: keep anything else of an event; it names the build's environment variables. The words are outside text: they are escaped and
//! cut where they are shown.
//! Specification: <https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html#sample-build-notifications-ref>

use crate::errors::Rejection;
use crate::metrics::event;
use crate::metrics::fact::{Fact, What};
use crate::metrics::lenient::whole;
use crate::text::cut;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most phases that are kept; CodeBuild has eleven.
const MAX_PHASES: usize = 20;
/// Longest words of one phase that are kept, in characters: all phases together stay far below the 400 KB of an item.
const WORDS_LIMIT: usize = 1_000;
/// Longest word that is kept, in characters.
const WORD_LIMIT: usize = 40;

/// How far a build is, in the order in which it may move. Of two ends, which no build reports, the graver one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In progress, or a word that is not known.
    Running,
    /// Ended: stopped by a person, or by a newer commit.
    Stopped,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Ended: it took too long.
    TimedOut,
    /// Ended: CodeBuild itself failed.
    Fault,
}

impl Status {
    fn of(word: &str) -> Self {
        match word {
            "STOPPED" => Self::Stopped,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "TIMED_OUT" => Self::TimedOut,
            "FAULT" => Self::Fault,
            _ => Self::Running,
        }
    }

    /// Whether nothing more comes.
    #[must_use]
    pub fn is_end(self) -> bool {
        self > Self::Running
    }
}

/// A phase of a build that has ended. Words as they came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Phase {
    /// `BUILD`, …
    pub name: String,
    /// `SUCCEEDED`, …; empty for the one that says that all are over.
    pub state: String,
    /// How long it took.
    pub seconds: u64,
    /// What CodeBuild says of its failure; empty when it says nothing.
    pub words: String,
}

/// What one event says about a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `<project>:<uuid>`.
    pub build: String,
    /// How far it is.
    pub status: Status,
    /// Its phases; empty until it has ended.
    pub phases: Vec<Phase>,
}

/// Reads an event; none for one that is not about a build.
///
/// # Errors
/// When a natural key or the time is missing, with the path.
pub fn read(envelope: &Value) -> Result<Option<Seen>, Rejection> {
    let Some(Fact { what: What::Build { build, state, .. }, .. }) = event::read(envelope)? else {
        return Ok(None);
    };
    let phases = envelope.pointer("/detail/additional-information/phases").and_then(Value::as_array);
    let phases = phases.into_iter().flatten().filter_map(phase).take(MAX_PHASES).collect();
    // The id of a build stands behind `build/` in its ARN.
    let build = build.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Some(Seen { build, status: Status::of(&state), phases }))
}

fn phase(phase: &Value) -> Option<Phase> {
    let text = |name: &str| phase.get(name).and_then(Value::as_str);
    let words = phase.get("phase-context").and_then(Value::as_array);
    // A phase with nothing to say says `: `.
    let words: Vec<&str> = words
        .into_iter()
        .flatten()
        .filter_map(|words| Some(words.as_str()?.trim_matches([' ', ':'])))
        .filter(|words| !words.is_empty())
        .collect();
    Some(Phase {
        name: cut(text("phase-type")?, WORD_LIMIT),
        state: cut(text("phase-status").unwrap_or_default(), WORD_LIMIT),
        seconds: whole(phase.get("duration-in-seconds")).unwrap_or(0),
        words: cut(&words.join("; "), WORDS_LIMIT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(status: &str, phases: &Value) -> Value {
        json!({"detail-type": "CodeBuild Build State Change", "time": "2026-11-23T21:40:00Z", "detail": {
            "build-id": "arn:aws:codebuild:us-east-1:000000000000:build/shop-checks:4b1c", "project-name": "shop-checks",
            "build-status": status, "additional-information": {"phases": phases,
                "environment": {"environment-variables": [{"name": "T", "value": "planted-secret"}]}}}})
    }

    #[test]
    fn a_failed_phase_is_read_with_its_words_and_nothing_of_the_environment_is() {
        let phases = json!([
            {"phase-type": "SUBMITTED", "phase-status": "SUCCEEDED", "duration-in-seconds": 0.0, "phase-context": []},
            {"phase-type": "INSTALL", "phase-status": "SUCCEEDED", "duration-in-seconds": 14.0, "phase-context": [": "]},
            {"phase-type": "BUILD", "phase-status": "FAILED", "duration-in-seconds": 61.0,
             "phase-context": ["COMMAND_EXECUTION_ERROR: Error while executing command: npm test. Reason: exit status 1"]},
            {"phase-type": "COMPLETED", "start-time": "Nov 23, 2026 9:41:00 PM"}]);
        let seen = read(&event("FAILED", &phases)).unwrap().unwrap();
        insta::assert_snapshot!(serde_json::to_string(&seen.phases).unwrap(), @r#"[{"name":"SUBMITTED","state":"SUCCEEDED","seconds":0,"words":""},{"name":"INSTALL","state":"SUCCEEDED","seconds":14,"words":""},{"name":"BUILD","state":"FAILED","seconds":61,"words":"COMMAND_EXECUTION_ERROR: Error while executing command: npm test. Reason: exit status 1"},{"name":"COMPLETED","state":"","seconds":0,"words":""}]"#);
        assert_eq!((seen.build.as_str(), seen.status), ("shop-checks:4b1c", Status::Failed));
    }

    #[test]
    fn a_build_that_runs_has_no_phases_and_a_pipeline_is_passed_over() {
        let seen = read(&event("IN_PROGRESS", &Value::Null)).unwrap().unwrap();
        assert_eq!((seen.status, seen.phases.len()), (Status::Running, 0));
        let pipeline = json!({"detail-type": "CodePipeline Pipeline Execution State Change", "time": "2026-11-23T21:40:00Z",
            "detail": {"pipeline": "p", "execution-id": "e", "state": "STARTED"}});
        assert_eq!(read(&pipeline), Ok(None));
        let mut without = event("FAILED", &Value::Null);
        without["detail"]["build-id"] = Value::Null;
        insta::assert_snapshot!(read(&without).unwrap_err(), @"the event has no text at `/detail/build-id`");
    }

    #[test]
    fn every_end_is_further_than_running() {
        let ends = ["STOPPED", "SUCCEEDED", "FAILED", "TIMED_OUT", "FAULT"].map(Status::of);
        assert!(ends.is_sorted() && ends.iter().all(|end| end.is_end()));
        assert!(!Status::of("IN_PROGRESS").is_end() && !Status::of("SOMETHING_NEW").is_end());
    }
}
