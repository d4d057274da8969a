//! Seeds the account with the sample platform: the API calls of `<platform>/account/*.json`, in the order of their names.
//!
//! Each file is a list of `{"service", "operation", "input"}`; `${Name}` in a text is an output of the deployed Tidegate stack. Services with a
//! strategy of ECS's own lie beside them, in `<platform>/services/<name>.json`, and are made when somebody asks for them.

use crate::control_plane::Stack;
use crate::values::{lock, text};
use serde_json::Value;
use std::sync::Arc;

/// Functions that recorded artifacts name: token and output.
const FUNCTIONS: [(&str, &str); 2] = [
    ("@PRE_TRAFFIC_FUNCTION@", "PreTrafficFunctionName"),
    ("@POST_TRAFFIC_FUNCTION@", "PostTrafficFunctionName"),
];

/// Makes everything the platform needs; how many calls that took.
///
/// # Errors
/// The first call that was refused, with its file.
pub async fn seed(stack: &Arc<Stack>, outputs: &Value) -> Result<usize, String> {
    for (token, output) in FUNCTIONS {
        let name = text(outputs, output);
        if name.is_empty() {
            return Err(format!("the stack has no output `{output}`"));
        }
        stack.codebuild.fill_in(token, &name);
    }
    *lock(&stack.outputs) = outputs.clone();
    let folder = stack.options.platform.join("account");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut count = 0;
    for file in files {
        let shown = file.display();
        let content = std::fs::read_to_string(&file).map_err(|error| format!("{shown}: {error}"))?;
        let calls: Value = serde_json::from_str(&content).map_err(|error| format!("{shown}: {error}"))?;
        for call in calls.as_array().into_iter().flatten() {
            let (service, operation) = (text(call, "service"), text(call, "operation"));
            let input = fill(call.get("input").unwrap_or(&Value::Null), outputs);
            let result = stack.checked_call(&service, &operation, &input).await;
            result.map_err(|error| format!("{shown}: {operation}: {}: {}", error.code, error.message))?;
            if operation == "CreateService" {
                stack.ecs.open(stack, &text(&input, "cluster"), &text(&input, "serviceName"));
            }
            count += 1;
        }
    }
    stack.credentials.set_up(stack, &text(outputs, "ArtifactBucketName")).await?;
    stack.rules.take_over(stack).await?;
    Ok(count)
}

/// The request that makes a sample service, filled in.
///
/// # Errors
/// When there is no such sample, or it is no JSON.
pub fn sample(stack: &Stack, name: &str) -> Result<Value, String> {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(format!("`{name}` is no name of a sample"));
    }
    let file = stack.options.platform.join("services").join(format!("{name}.json"));
    let content = std::fs::read_to_string(&file).map_err(|_| format!("there is no sample `{name}`"))?;
    let request: Value =
        serde_json::from_str(&content).map_err(|error| format!("sample `{name}`: {error}"))?;
    Ok(fill(&request, &lock(&stack.outputs)))
}

/// Fills outputs into every text of a document.
fn fill(value: &Value, outputs: &Value) -> Value {
    match value {
        Value::String(template) => {
            let names = outputs.as_object().into_iter().flatten();
            let filled = names.fold(template.clone(), |text, (name, output)| {
                text.replace(&format!("${{{name}}}"), output.as_str().unwrap_or_default())
            });
            Value::String(filled)
        }
        Value::Array(items) => items.iter().map(|item| fill(item, outputs)).collect::<Vec<_>>().into(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), fill(value, outputs)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outputs_are_filled_in_everywhere() {
        let filled = fill(&json!({"a": ["x-${B}", 1], "c": "${Unknown}"}), &json!({"B": "bucket"}));
        assert_eq!(filled.to_string(), r#"{"a":["x-bucket",1],"c":"${Unknown}"}"#);
    }

    /// The members of a configuration, whichever way their names are written.
    fn numbers(config: &Value) -> Vec<String> {
        let mut found = Vec::new();
        for (kind, members) in config.as_object().into_iter().flatten() {
            for (name, value) in members.as_object().into_iter().flatten() {
                found.push(format!("{kind}.{name}={value}").to_lowercase());
            }
        }
        found.sort();
        found
    }

    #[test]
    fn the_schedules_of_the_template_are_those_of_the_sample_account() {
        let template = include_str!("../../pipeline/schedules.yaml");
        let template: Value = serde_saphyr::from_str(template.split("\nOutputs:").next().unwrap()).unwrap();
        let account: Value =
            serde_json::from_str(include_str!("../platform/account/30-deployments.json")).unwrap();
        let made: Vec<&Value> = account.as_array().unwrap().iter().map(|call| &call["input"]).collect();
        let resources = template["Resources"].as_object().unwrap();
        assert_eq!(resources.len(), 2);
        for resource in resources.values() {
            let wanted = &resource["Properties"];
            let name = &wanted["DeploymentConfigName"];
            let found = made.iter().find(|input| {
                &input["deploymentConfigName"] == name && input["trafficRoutingConfig"].is_object()
            });
            let found = numbers(&found.unwrap()["trafficRoutingConfig"]);
            assert_eq!(numbers(&wanted["TrafficRoutingConfig"]), found, "{name}");
            assert_eq!(found.len(), 2);
        }
    }
}
