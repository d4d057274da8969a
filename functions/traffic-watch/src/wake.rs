//! What wakes the watch: the schedule's minute, or a state change that looks early at one deployment.
//!
//! A state change decides nothing: it only says which record to look at now, and the minute heals its loss.
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_hook_state_change_events.html>,
//! <https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-cloudwatch-events.html>)

use serde_json::Value;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Every active watch.
    All,
    /// One deployment; `is_paused` when it waits for somebody, so that a record is made if there is none.
    One {
        /// CodeDeploy deployment id, or ARN of an ECS service deployment.
        id: String,
        /// Whether the event says that a pause waits.
        is_paused: bool,
    },
}

impl Wake {
    /// Of an event; whatever names no deployment of ours is a look at everything.
    pub(crate) fn read(event: &Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let arn = text("/detail/serviceDeploymentArn");
        if !arn.is_empty() {
            return Self::One {
                id: arn.to_owned(),
                is_paused: text("/detail/eventName") == "HOOK_AWAITING_ACTION",
            };
        }
        match text("/detail/deploymentId") {
            id if id.starts_with("d-") => Self::One { id: id.to_owned(), is_paused: false },
            _ => Self::All,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_says_at_most_which_deployment_to_look_at() {
        assert_eq!(Wake::read(&json!({"detail-type": "Scheduled Event", "detail": {}})), Wake::All);
        let one = |id: &str, is_paused| Wake::One { id: id.to_owned(), is_paused };
        assert_eq!(
            Wake::read(&json!({"detail": {"deploymentId": "d-1", "state": "SUCCESS"}})),
            one("d-1", false)
        );
        let hook = |name: &str| json!({"detail": {"serviceDeploymentArn": "arn:x", "eventName": name}});
        assert_eq!(Wake::read(&hook("HOOK_AWAITING_ACTION")), one("arn:x", true));
        assert_eq!(Wake::read(&hook("HOOK_SUCCEEDED")), one("arn:x", false));
        assert_eq!(Wake::read(&json!({"detail": {"deploymentId": "ecs-svc/7"}})), Wake::All);
    }
}
