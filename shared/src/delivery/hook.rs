//! The event of a CodeDeploy hook.
//!
//! It says only which deployment and which hook execution; which lifecycle event it is comes from the deployment's target.
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>)

use crate::errors::Rejection;
use serde_json::Value;

/// Who asks: a deployment and a hook execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `DeploymentId`.
    pub deployment: String,
    /// `LifecycleEventHookExecutionId`.
    pub execution: String,
}

impl Hook {
    /// The ids of a hook event; with them the hook can be answered whatever else is wrong.
    ///
    /// # Errors
    /// When an id is missing: there is nobody to answer.
    pub fn read(event: &Value) -> Result<Self, Rejection> {
        let text = |key: &str| {
            event
                .get(key)
                .and_then(Value::as_str)
                .filter(|id| !id.is_empty())
                .map(ToOwned::to_owned)
                .ok_or_else(|| Rejection::new(format!("the event has no `{key}`: there is nobody to answer")))
        };
        Ok(Self { deployment: text("DeploymentId")?, execution: text("LifecycleEventHookExecutionId")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_without_an_id_has_nobody_to_answer() {
        let event = serde_json::json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": ""});
        insta::assert_snapshot!(Hook::read(&event).unwrap_err(), @"the event has no `LifecycleEventHookExecutionId`: there is nobody to answer");
    }
}
