//! How a deployment is stopped, by whom, and what follows: a rollback is a new deployment
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html>).

use super::appspec::AppSpec;
use super::deployment::{Deployment, ROLLBACK};
use super::{CodeDeploy, State, describe, error};
use crate::control_plane::{ApiError, Stack};
use crate::values::{deployment_id, list, lock, text, texts};
use serde_json::{Value, json};

/// Codes with which a deployment may fail for a reason that has no cause here.
const CODES: [&str; 6] = [
    "ECS_UPDATE_ERROR",
    "ELASTIC_LOAD_BALANCING_INVALID",
    "IAM_ROLE_PERMISSIONS",
    "INVALID_ECS_SERVICE",
    "THROTTLED",
    "TIMEOUT",
];

impl CodeDeploy {
    /// Fails a deployment that is under way for a reason of AWS's own.
    ///
    /// # Errors
    /// A sentence when the code is unknown or no such deployment is under way.
    pub fn fail(&self, stack: &Stack, id: &str, code: &str, words: &str) -> Result<(), String> {
        if !CODES.contains(&code) {
            return Err(format!("code `{code}` is none of {}", CODES.join(", ")));
        }
        let mut state = lock(&self.state);
        let found =
            state.deployments.iter_mut().find(|deployment| deployment.id == id && !deployment.is_over());
        let found = found.ok_or_else(|| format!("no deployment `{id}` is under way"))?;
        found.fail(code, words, "Failed", stack.now());
        describe::tell(stack, found);
        Ok(())
    }
}

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
