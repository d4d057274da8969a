//! How a deployment is stopped, by whom, and what follows: a rollback is a new deployment
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html>).

use super::appspec::AppSpec;
use super::deployment::{Deployment, ROLLBACK};
use super::{State, describe, error};
use crate::control_plane::{ApiError, Stack};
use crate::values::{deployment_id, list, text, texts};
use serde_json::{Value, json};

impl State {
    pub(super) fn stop(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let index = self.index(input)?;
        let now = stack.now();
        let deployment =
            self.deployments.get_mut(index).ok_or_else(|| ApiError::internal("the deployment is gone"))?;
        if deployment.is_over() {
            return Err(error("DeploymentAlreadyCompletedException", "The deployment is already complete."));
        }
        deployment.last = stack.ecs.view(&deployment.place.cluster, &deployment.place.service);
        deployment.fail("MANUAL_STOP", "The deployment was stopped on request.", "Stopped", now);
        describe::tell(stack, deployment);
        let event = match input.get("autoRollbackEnabled").and_then(Value::as_bool) {
            Some(true) => "ASKED",
            Some(false) => "REFUSED",
            None => "DEPLOYMENT_STOP_ON_REQUEST",
        };
        self.roll_back(stack, index, event);
        Ok(json!({"status": "Succeeded", "statusMessage": "Deployment stopped"}))
    }

    /// Makes the rollback deployment if it was asked for or the group wants it on `event`; whether it was made.
    pub(super) fn roll_back(&mut self, stack: &Stack, index: usize, event: &str) -> bool {
        let Some(failed) = self.deployments.get(index).cloned() else { return false };
        let group =
            self.groups.get(&(failed.application.clone(), failed.group.clone())).unwrap_or(&Value::Null);
        let automatic = group.get("autoRollbackConfiguration").unwrap_or(&Value::Null);
        let wanted = automatic.get("enabled").and_then(Value::as_bool).unwrap_or(false)
            && texts(automatic, "events").iter().any(|wanted| wanted == event);
        let last = stack.ecs.view(&failed.place.cluster, &failed.place.service);
        if event != "ASKED" && !wanted {
            if let Some(held) = self.deployments.get_mut(index) {
                held.rollback = Some(String::new());
                held.last = held.last.take().or(last);
            }
            return false;
        }
        let back = Deployment {
            id: deployment_id(),
            creator: ROLLBACK.to_owned(),
            status: "InProgress".to_owned(),
            lifecycle: Deployment::events(&AppSpec::default()),
            weight: 0.0,
            test: 0.0,
            error: None,
            rollback: None,
            triggered_by: Some(failed.id.clone()),
            created: stack.now(),
            ended: None,
            last: None,
            ..failed
        };
        describe::tell(stack, &back);
        if let Some(held) = self.deployments.get_mut(index) {
            held.rollback = Some(back.id.clone());
            held.last = held.last.take().or(last);
        }
        self.deployments.push(back);
        true
    }
}

/// Names of the alarms that stop a deployment: the group's, unless the request has others.
pub(super) fn alarms(group: &Value, request: &Value) -> Vec<String> {
    let own = request.get("overrideAlarmConfiguration").or_else(|| group.get("alarmConfiguration"));
    let own = own.unwrap_or(&Value::Null);
    let enabled = own.get("enabled").and_then(Value::as_bool).unwrap_or(false);
    list(own, "alarms").iter().filter(|_| enabled).map(|alarm| text(alarm, "name")).collect()
}
