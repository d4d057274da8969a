//! The application specification of an ECS deployment
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html>), YAML or JSON.

use crate::values::{at, list};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a deployment is asked to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct AppSpec {
    /// Task definition's ARN.
    pub(crate) task_definition: String,
    /// Function by lifecycle event.
    pub(crate) hooks: BTreeMap<String, String>,
}

/// Lifecycle events that may have a hook.
const HOOKS: [&str; 5] =
    ["BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"];

impl AppSpec {
    /// Reads the text.
    ///
    /// # Errors
    /// A sentence with what is wrong.
    pub(crate) fn parse(content: &str) -> Result<Self, String> {
        let document: Value = serde_saphyr::from_str(content).map_err(|error| {
            format!("the AppSpec is no YAML: {}", error.to_string().lines().next().unwrap_or_default())
        })?;
        let properties = document.pointer("/Resources/0/TargetService/Properties").unwrap_or(&Value::Null);
        let task_definition = at(properties, "/TaskDefinition");
        if task_definition.is_empty() {
            return Err("the AppSpec has no Resources[0].TargetService.Properties.TaskDefinition".to_owned());
        }
        let mut hooks = BTreeMap::new();
        for entry in list(&document, "Hooks").iter().filter_map(Value::as_object).flatten() {
            let (event, function) = entry;
            if !HOOKS.contains(&event.as_str()) {
                return Err(format!("the AppSpec has a hook at `{event}`, which has none"));
            }
            let function = function.as_str().filter(|name| name.contains("CodeDeployHook_"));
            let function = function.ok_or_else(|| {
                format!("the hook at `{event}` is no function that begins with CodeDeployHook_")
            })?;
            hooks.insert(event.clone(), function.to_owned());
        }
        Ok(Self { task_definition, hooks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_and_task_definition_are_read() {
        let spec = AppSpec::parse(
            "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        TaskDefinition: arn:x\nHooks:\n  - BeforeAllowTraffic: CodeDeployHook_a\n",
        )
        .unwrap();
        assert_eq!(spec.task_definition, "arn:x");
        assert_eq!(spec.hooks.get("BeforeAllowTraffic").map(String::as_str), Some("CodeDeployHook_a"));
    }

    #[test]
    fn a_function_that_codedeploy_may_not_invoke_is_refused() {
        let words = AppSpec::parse(
            "Resources: [{TargetService: {Properties: {TaskDefinition: x}}}]\nHooks: [{BeforeAllowTraffic: mine}]\n",
        )
        .unwrap_err();
        insta::assert_snapshot!(words, @"the hook at `BeforeAllowTraffic` is no function that begins with CodeDeployHook_");
    }
}
