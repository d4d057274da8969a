//! EventBridge events in their live shapes, read tolerantly: everything is optional but the natural key.
//!
//! Events are told apart by `detail-type`, never by source (ADR 0006). Environment variables of builds are dropped here: nothing
//! after this line ever sees them.

use super::fact::{Fact, What};
use super::lenient::{moment, whole};
use crate::errors::Rejection;
use serde_json::Value;

/// Reads one event; none for a detail type that makes no fact.
///
/// # Errors
/// When the natural key or the time is missing, with the path.
pub fn read(event: &Value) -> Result<Option<Fact>, Rejection> {
    let kind = text(event, "/detail-type")?;
    let at = moment(&text(event, "/time")?).ok_or_else(|| Rejection::new("the event's `time` is no time"))?;
    let what = match kind.as_str() {
        "CodePipeline Pipeline Execution State Change" => execution(event)?,
        "CodePipeline Stage Execution State Change" => stage(event)?,
        "CodePipeline Action Execution State Change" => action(event)?,
        "CodeBuild Build State Change" => build(event)?,
        "CodeDeploy Deployment State-change Notification" => deployment(event)?,
        "ECS Deployment State Change" => service(event)?,
        "ECR Image Scan" => scan(event)?,
        _ => return Ok(None),
    };
    Ok(Some(Fact { at, what }))
}

fn text(event: &Value, pointer: &str) -> Result<String, Rejection> {
    optional(event, pointer).ok_or_else(|| Rejection::new(format!("the event has no text at `{pointer}`")))
}

fn optional(event: &Value, pointer: &str) -> Option<String> {
    event.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn attempt(event: &Value) -> u64 {
    whole(event.pointer("/detail/pipeline-execution-attempt")).unwrap_or(0)
}

fn execution(event: &Value) -> Result<What, Rejection> {
    Ok(What::Execution {
        pipeline: text(event, "/detail/pipeline")?,
        execution: text(event, "/detail/execution-id")?,
        state: text(event, "/detail/state")?,
        attempt: attempt(event),
    })
}

fn stage(event: &Value) -> Result<What, Rejection> {
    Ok(What::Stage {
        pipeline: text(event, "/detail/pipeline")?,
        execution: text(event, "/detail/execution-id")?,
        stage: text(event, "/detail/stage")?,
        state: text(event, "/detail/state")?,
        attempt: attempt(event),
    })
}

fn action(event: &Value) -> Result<What, Rejection> {
    Ok(What::Action {
        pipeline: text(event, "/detail/pipeline")?,
        execution: text(event, "/detail/execution-id")?,
        stage: text(event, "/detail/stage")?,
        action: text(event, "/detail/action")?,
        id: optional(event, "/detail/action-execution-id").unwrap_or_default(),
        category: optional(event, "/detail/type/category").unwrap_or_default(),
        state: text(event, "/detail/state")?,
        external: optional(event, "/detail/execution-result/external-execution-id").unwrap_or_default(),
    })
}

fn build(event: &Value) -> Result<What, Rejection> {
    let phases = event.pointer("/detail/additional-information/phases").and_then(Value::as_array);
    let phase = |phase: &Value| {
        Some((optional(phase, "/phase-type")?, whole(phase.get("duration-in-seconds")).unwrap_or(0)))
    };
    Ok(What::Build {
        build: text(event, "/detail/build-id")?,
        project: text(event, "/detail/project-name")?,
        state: text(event, "/detail/build-status")?,
        phases: phases.into_iter().flatten().filter_map(phase).collect(),
    })
}

fn deployment(event: &Value) -> Result<What, Rejection> {
    Ok(What::Deployment {
        deployment: text(event, "/detail/deploymentId")?,
        application: text(event, "/detail/application")?,
        group: text(event, "/detail/deploymentGroup")?,
        state: text(event, "/detail/state")?,
    })
}

fn service(event: &Value) -> Result<What, Rejection> {
    Ok(What::Service {
        deployment: text(event, "/detail/deploymentId")?,
        service: text(event, "/resources/0")?,
        state: text(event, "/detail/eventName")?,
    })
}

fn scan(event: &Value) -> Result<What, Rejection> {
    let counts = event.pointer("/detail/finding-severity-counts").and_then(Value::as_object);
    let mut counts: Vec<(String, u64)> = counts
        .into_iter()
        .flatten()
        .filter_map(|(name, count)| Some((name.clone(), whole(Some(count))?)))
        .collect();
    counts.sort();
    Ok(What::Scan {
        repository: text(event, "/detail/repository-name")?,
        digest: text(event, "/detail/image-digest")?,
        state: text(event, "/detail/scan-status")?,
        counts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, detail: &Value) -> Value {
        json!({"detail-type": kind, "time": "2026-11-23T21:40:00Z", "resources": ["arn:x"], "detail": detail})
    }

    #[test]
    fn live_shapes_are_read() {
        let pipeline = json!({"pipeline": "p", "execution-id": "e", "state": "STARTED", "version": 6.0, "pipeline-execution-attempt": 1.0});
        let fact = read(&event("CodePipeline Pipeline Execution State Change", &pipeline)).unwrap().unwrap();
        assert_eq!(fact.key().1, "P#1#STARTED#2026-11-23T21:40:00Z");
        let running = json!({"build-id": "b", "project-name": "p", "build-status": "IN_PROGRESS", "additional-information": {"build-number": 3.0}});
        assert!(read(&event("CodeBuild Build State Change", &running)).unwrap().is_some());
        let failed_scan =
            json!({"repository-name": "r", "image-digest": "sha256:1", "scan-status": "FAILED"});
        assert!(read(&event("ECR Image Scan", &failed_scan)).unwrap().is_some());
        assert_eq!(read(&event("Something New", &json!({}))), Ok(None));
    }

    #[test]
    fn a_missing_key_is_named_by_its_path() {
        let error = read(&event("CodeDeploy Deployment State-change Notification", &json!({}))).unwrap_err();
        insta::assert_snapshot!(error, @"the event has no text at `/detail/deploymentId`");
    }

    #[test]
    fn environment_variables_of_builds_never_become_part_of_a_fact() {
        let detail = json!({"build-id": "b", "project-name": "p", "build-status": "SUCCEEDED", "additional-information": {
            "environment": {"environment-variables": [{"name": "TOKEN", "value": "planted-secret"}]},
            "phases": [{"phase-type": "BUILD", "duration-in-seconds": 61.0, "phase-context": [": "]}]}});
        let fact = read(&event("CodeBuild Build State Change", &detail)).unwrap().unwrap();
        let stored = serde_json::to_string(&fact).unwrap();
        assert!(!stored.contains("planted") && stored.contains("61"), "{stored}");
    }
}
