//! The `AppSpec` of an ECS deployment, as much of it as is looked at
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html>): YAML, or JSON, which is YAML too.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What an `AppSpec` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppSpec {
    /// Task definition of green.
    pub task_definition: Option<String>,
    /// Hooks: event and function's name or ARN.
    pub hooks: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(alias = "resources", rename = "Resources", default)]
    resources: Vec<BTreeMap<String, Resource>>,
    #[serde(alias = "hooks", rename = "Hooks", default)]
    hooks: Vec<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(alias = "properties", rename = "Properties", default)]
    properties: Properties,
}

#[derive(Deserialize, Default)]
struct Properties {
    #[serde(alias = "taskDefinition", rename = "TaskDefinition", default)]
    task_definition: Option<String>,
}

/// Reads it.
///
/// # Errors
/// In words, without the text.
pub fn read(text: &str) -> Result<AppSpec, String> {
    let written: Written = serde_saphyr::from_str(text).map_err(|error| {
        let words = error.to_string();
        words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
    })?;
    let mut resources = written.resources.into_iter().flat_map(BTreeMap::into_values);
    let task_definition = resources.find_map(|resource| resource.properties.task_definition);
    Ok(AppSpec { task_definition, hooks: written.hooks.into_iter().flatten().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        TaskDefinition: arn:aws:ecs:us-east-1:000000000000:task-definition/api:7\n        LoadBalancerInfo: {ContainerName: api, ContainerPort: 8080}\nHooks:\n  - BeforeAllowTraffic: CodeDeployHook_tidegate_pre-traffic\n  - AfterAllowTraffic: after\n";

    #[test]
    fn yaml_and_json_say_the_same() {
        let spec = read(YAML).unwrap();
        assert_eq!(
            spec.task_definition.as_deref(),
            Some("arn:aws:ecs:us-east-1:000000000000:task-definition/api:7")
        );
        assert_eq!(spec.hooks.len(), 2);
        let json = r#"{"version":0.0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","Properties":{"TaskDefinition":"arn:aws:ecs:us-east-1:000000000000:task-definition/api:7"}}}],"Hooks":[{"BeforeAllowTraffic":"CodeDeployHook_tidegate_pre-traffic"},{"AfterAllowTraffic":"after"}]}"#;
        assert_eq!(read(json).unwrap(), spec);
    }

    #[test]
    fn what_is_none_is_said_in_one_line() {
        let words = read("Resources: [").unwrap_err();
        assert!(!words.is_empty() && !words.contains('\n'), "{words}");
        assert_eq!(read("version: 0.0").unwrap(), AppSpec::default());
    }
}
