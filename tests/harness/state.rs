//! Reads of the control plane's state document (`GET /_local/state`). Looks things up; never waits.

use serde_json::Value;

/// A member that is a list; empty when absent.
#[must_use]
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn named<'a>(items: &'a [Value], key: &str, wanted: &str) -> Option<&'a Value> {
    items.iter().find(|item| item.get(key).and_then(Value::as_str) == Some(wanted))
}

/// Executions of `pipeline` that were started for commit `sha`, oldest first.
#[must_use]
pub fn executions_of<'a>(state: &'a Value, pipeline: &str, sha: &str) -> Vec<&'a Value> {
    let Some(found) = named(list(state, "pipelines"), "name", pipeline) else { return Vec::new() };
    list(found, "executions")
        .iter()
        .filter(|execution| variable(execution, "commitId") == Some(sha))
        .collect()
}

/// The only execution of `pipeline` for commit `sha`; none when there is none or more than one.
#[must_use]
pub fn execution_of<'a>(state: &'a Value, pipeline: &str, sha: &str) -> Option<&'a Value> {
    match executions_of(state, pipeline, sha).as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// The value of a pipeline variable of `execution`; variables are a list of `{name, value}` or a map.
#[must_use]
pub fn variable<'a>(execution: &'a Value, name: &str) -> Option<&'a str> {
    let variables = execution.get("variables")?;
    variables.get(name).and_then(Value::as_str).or_else(|| {
        let entry = named(list(execution, "variables"), "name", name)?;
        entry.get("resolvedValue").or_else(|| entry.get("value")).and_then(Value::as_str)
    })
}

/// The stage called `name` of an execution.
#[must_use]
pub fn stage<'a>(execution: &'a Value, name: &str) -> Option<&'a Value> {
    named(list(execution, "stages"), "name", name)
}

/// The action called `name` in stage `stage_name` of an execution.
#[must_use]
pub fn action<'a>(execution: &'a Value, stage_name: &str, name: &str) -> Option<&'a Value> {
    named(list(stage(execution, stage_name)?, "actions"), "name", name)
}

/// Whether an execution has not come to its end.
#[must_use]
pub fn is_open(execution: &Value) -> bool {
    matches!(text(execution, "status"), "InProgress" | "Queued" | "Stopping")
}

/// Whether an execution stands at its approval.
#[must_use]
pub(crate) fn waits_for_a_person(execution: &Value) -> bool {
    stage(execution, "Approval").is_some_and(|stage| text(stage, "status") == "InProgress")
}

/// The newest deployment of a CodeDeploy group that was not made by a rollback.
#[must_use]
pub fn deployment_of<'a>(state: &'a Value, group: &str) -> Option<&'a Value> {
    list(state, "deployments")
        .iter()
        .rfind(|d| text(d, "group") == group && text(d, "creator") != "codeDeployRollback")
}

/// A text member, empty when absent.
#[must_use]
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
