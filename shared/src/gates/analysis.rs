//! An analysis at `SonarQube`: which one a build has sent, and what the server's answers mean. Pure; whoever asks is behind
//! [`super::ports::Analyses`].
//!
//! Must not: take a server's address from an artifact. The scanner writes one beside the task, and whoever can change the build could have the
//! token sent anywhere; only the id of the task is read.
//! Specification: <https://docs.sonarsource.com/sonarqube-server/latest/extension-guide/web-api/> (`api/ce/task`,
//! `api/qualitygates/project_status`)

use super::ports::Analysis;
use crate::reports::ReportError;
use serde_json::{Value, json};

/// Longest id of a task.
const MAX_ID: usize = 100;

/// The task that `report-task.txt` names: lines of `key=value`.
///
/// # Errors
/// When it names none, or something that is no id.
pub fn task_id(bytes: &[u8]) -> Result<String, ReportError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ReportError::encoding("it is not UTF-8"))?;
    let mut ids = text.lines().filter_map(|line| line.trim().strip_prefix("ceTaskId="));
    let (Some(id), None) = (ids.next(), ids.next()) else {
        return Err(ReportError::at("ceTaskId", "it names no task, or several"));
    };
    let is_id = |id: &str| {
        let of_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(of_id)
    };
    if is_id(id) {
        return Ok(id.to_owned());
    }
    Err(ReportError::at("ceTaskId", "the id of the task is not of letters, digits, `-` and `_` only"))
}

/// The answer as a report is read from it: the server's own, with the commit that was analysed; or why it is no evidence (yet).
///
/// # Errors
/// When the task is not finished, has failed, or is not there.
pub fn settled(task: &str, analysis: Analysis) -> Result<Vec<u8>, ReportError> {
    let Analysis::Answer { status, error, gate, revision } = analysis else {
        return Err(ReportError::at("/task", format!("the server has no task `{task}`")));
    };
    let words = || match super::render::plain(&error) {
        more if more.is_empty() => format!("task `{task}` is `{}`", super::render::plain(&status)),
        more => format!("task `{task}` is `{}`: {more}", super::render::plain(&status)),
    };
    match (status.as_str(), gate) {
        ("SUCCESS", Some(mut gate)) => {
            if let (Some(members), Some(revision)) = (gate.as_object_mut(), revision) {
                members.insert("analysis".to_owned(), json!({ "revision": revision }));
            }
            Ok(Value::to_string(&gate).into_bytes())
        }
        ("PENDING" | "IN_PROGRESS", _) => Err(ReportError::unfinished("/task/status", words())),
        // FAILED, CANCELED, a success without an analysis, and what is not known.
        _ => Err(ReportError::tool_failed("/task/status", words())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::Problem;

    #[test]
    fn only_the_id_of_the_task_is_taken_from_the_artifact() {
        let written = "projectKey=shop\nserverUrl=https://evil.test\nceTaskId=AYx-12_3\nceTaskUrl=https://evil.test/api\n";
        assert_eq!(task_id(written.as_bytes()).unwrap(), "AYx-12_3");
        insta::assert_snapshot!(task_id(b"projectKey=shop").unwrap_err(), @"it names no task, or several, at `ceTaskId`");
        insta::assert_snapshot!(task_id(b"ceTaskId=1&id=2").unwrap_err(), @"the id of the task is not of letters, digits, `-` and `_` only, at `ceTaskId`");
        assert!(task_id(b"ceTaskId=\n").is_err() && task_id(b"ceTaskId=a\nceTaskId=b").is_err());
    }

    #[test]
    fn each_state_of_a_task_has_its_own_meaning() {
        let of = |status: &str, gate: Option<Value>| {
            let error = String::new();
            let revision = Some("abc1234".to_owned());
            settled("t", Analysis::Answer { status: status.to_owned(), error, gate, revision })
        };
        let gate = || Some(json!({"projectStatus": {"status": "OK"}}));
        let found = String::from_utf8(of("SUCCESS", gate()).unwrap()).unwrap();
        insta::assert_snapshot!(found, @r#"{"analysis":{"revision":"abc1234"},"projectStatus":{"status":"OK"}}"#);
        let problem = |status: &str| of(status, gate()).unwrap_err().problem;
        assert_eq!(["PENDING", "IN_PROGRESS"].map(problem), [Problem::Unfinished; 2]);
        assert_eq!(["FAILED", "CANCELED", "", "NEW"].map(problem), [Problem::ToolFailed; 4]);
        assert_eq!(of("SUCCESS", None).unwrap_err().problem, Problem::ToolFailed, "without an analysis");
        insta::assert_snapshot!(settled("t", Analysis::NoTask).unwrap_err(), @"the server has no task `t`, at `/task`");
    }
}
