//! CodeDeploy to ECS, blue/green: applications, groups, configurations, deployments, hooks, stop and rollback.
//!
//! A rollback is a new deployment by `codeDeployRollback` that sends traffic back to the original task set and runs no hooks. Not imitated: other
//! compute platforms, `deploymentReadyOption`, tasks of green that wait for healthy targets, network load balancers. A `StopDeployment` with
//! `autoRollbackEnabled` false leaves everything where it is; without the member the group's `DEPLOYMENT_STOP_ON_REQUEST` decides.

mod appspec;
mod config;
mod deployment;
mod describe;
mod stop;
#[cfg(test)]
pub(crate) mod tests;

use super::ecs::Routes;
use super::{ApiError, Stack};
use crate::clock::{MINUTE, Millis};
use crate::values::{at, deployment_id, list, lock, text, texts};
use appspec::AppSpec;
use config::Shift;
use deployment::{Deployment, EventState, Place, ROLLBACK};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct State {
    applications: Vec<String>,
    configs: BTreeMap<String, Shift>,
    groups: BTreeMap<(String, String), Value>,
    deployments: Vec<Deployment>,
}

/// The account's deployments.
#[derive(Default)]
pub struct CodeDeploy {
    state: Mutex<State>,
}

fn error(code: &str, message: &str) -> ApiError {
    ApiError::new(code, message)
}

impl CodeDeploy {
    pub(crate) fn call(&self, stack: &Arc<Stack>, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
            "CreateApplication" => {
                state.applications.push(text(input, "applicationName"));
                Ok(json!({"applicationId": crate::values::uuid()}))
            }
            "CreateDeploymentConfig" => {
                let routing = input.get("trafficRoutingConfig").unwrap_or(&Value::Null);
                let shift = Shift::read(routing)
                    .map_err(|words| error("InvalidTrafficRoutingConfigurationException", &words))?;
                state.configs.insert(text(input, "deploymentConfigName"), shift);
                Ok(json!({"deploymentConfigId": crate::values::uuid()}))
            }
            "GetDeploymentConfig" => {
                let name = text(input, "deploymentConfigName");
                let shift = state.shift(&name)?;
                Ok(json!({"deploymentConfigInfo": {"deploymentConfigName": name, "computePlatform": "ECS",
                    "trafficRoutingConfig": shift.describe()}}))
            }
            "CreateDeploymentGroup" => {
                let key = (text(input, "applicationName"), text(input, "deploymentGroupName"));
                state.groups.insert(key, input.clone());
                Ok(json!({"deploymentGroupId": crate::values::uuid()}))
            }
            "UpdateDeploymentGroup" => state.update_group(input),
            "GetDeploymentGroup" => {
                let group =
                    state.group(&text(input, "applicationName"), &text(input, "deploymentGroupName"))?;
                Ok(json!({"deploymentGroupInfo": describe::group(group)}))
            }
            "CreateDeployment" => state.create(stack, input),
            "GetDeployment" => {
                let found = state.find(input)?;
                let group = state.groups.get(&(found.application.clone(), found.group.clone()));
                Ok(json!({"deploymentInfo": describe::deployment(found, group.unwrap_or(&Value::Null))}))
            }
            "ListDeployments" => Ok(json!({"deployments": state.matching(input)})),
            "ListDeploymentTargets" => {
                state.find(input).map(|found| json!({"targetIds": [describe::target_id(found)]}))
            }
            "BatchGetDeploymentTargets" => state.find(input).and_then(|found| {
                let known = texts(input, "targetIds").iter().all(|id| *id == describe::target_id(found));
                if !known {
                    return Err(error(
                        "DeploymentTargetDoesNotExistException",
                        "no such target in the deployment",
                    ));
                }
                Ok(json!({"deploymentTargets": [describe::target(stack, found)]}))
            }),
            "GetDeploymentTarget" => {
                state.find(input).map(|found| json!({"deploymentTarget": describe::target(stack, found)}))
            }
            "PutLifecycleEventHookExecutionStatus" => state.answer_hook(stack.now(), input),
            "StopDeployment" => state.stop(stack, input),
            other => Err(ApiError::not_imitated(other)),
        }
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        lock(&self.state).deployments.iter().filter_map(Deployment::next_due).min()
    }

    /// Moves every deployment on; whether one moved.
    pub(crate) fn step(&self, stack: &Arc<Stack>) -> bool {
        let mut state = lock(&self.state);
        let mut moved = false;
        for deployment in &mut state.deployments {
            let before = deployment.is_over();
            moved |= deployment.step(stack);
            if deployment.is_over() && !before {
                describe::tell(stack, deployment);
            }
        }
        // What failed by itself rolls back if its group says so; what was stopped has been dealt with by the stop.
        let event =
            |d: &Deployment| match (d.status.as_str(), d.error.as_ref().map(|(code, _)| code.as_str())) {
                ("Failed", _) => Some("DEPLOYMENT_FAILURE"),
                ("Stopped", Some("ALARM_ACTIVE")) => Some("DEPLOYMENT_STOP_ON_ALARM"),
                _ => None,
            };
        let ended: Vec<(usize, &str)> = state
            .deployments
            .iter()
            .enumerate()
            .filter(|(_, d)| d.rollback.is_none() && d.creator != ROLLBACK)
            .filter_map(|(index, d)| Some((index, event(d)?)))
            .collect();
        for (index, event) in ended {
            moved |= state.roll_back(stack, index, event);
        }
        moved
    }

    /// Status, and the words of a failure, for pipelines.
    #[must_use]
    pub fn outcome(&self, id: &str) -> Option<(String, String)> {
        let state = lock(&self.state);
        let found = state.deployments.iter().find(|deployment| deployment.id == id)?;
        let words = found.error.as_ref().map(|(code, words)| format!("{code}: {words}")).unwrap_or_default();
        Some((found.status.clone(), words))
    }

    /// All deployments, for the admin interface.
    #[must_use]
    pub fn all(&self) -> Value {
        let state = lock(&self.state);
        json!(state.deployments.iter().map(describe::admin).collect::<Vec<_>>())
    }
}

impl State {
    fn shift(&self, name: &str) -> Result<Shift, ApiError> {
        let found = Shift::stock(name).or_else(|| self.configs.get(name).copied());
        found.ok_or_else(|| {
            error("DeploymentConfigDoesNotExistException", &format!("no deployment configuration `{name}`"))
        })
    }

    fn group(&self, application: &str, group: &str) -> Result<&Value, ApiError> {
        if !self.applications.iter().any(|name| name == application) {
            return Err(error(
                "ApplicationDoesNotExistException",
                &format!("no application `{application}`"),
            ));
        }
        let found = self.groups.get(&(application.to_owned(), group.to_owned()));
        found.ok_or_else(|| {
            error("DeploymentGroupDoesNotExistException", &format!("no deployment group `{group}`"))
        })
    }

    /// Members that are given take the place of the old ones.
    fn update_group(&mut self, input: &Value) -> Result<Value, ApiError> {
        let (application, name) = (text(input, "applicationName"), text(input, "currentDeploymentGroupName"));
        self.group(&application, &name)?;
        let group = self.groups.get_mut(&(application, name)).and_then(Value::as_object_mut);
        let changes = input.as_object().into_iter().flatten();
        if let Some(group) = group {
            let kept = |key: &str| !matches!(key, "currentDeploymentGroupName" | "newDeploymentGroupName");
            group.extend(
                changes.filter(|(key, _)| kept(key)).map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        Ok(json!({"hooksNotCleanedUp": []}))
    }

    fn index(&self, input: &Value) -> Result<usize, ApiError> {
        let id = text(input, "deploymentId");
        let found = self.deployments.iter().position(|deployment| deployment.id == id);
        found.ok_or_else(|| {
            error("DeploymentDoesNotExistException", &format!("The deployment {id} could not be found"))
        })
    }

    fn find(&self, input: &Value) -> Result<&Deployment, ApiError> {
        let index = self.index(input)?;
        self.deployments.get(index).ok_or_else(|| ApiError::internal("the deployment is gone"))
    }

    fn matching(&self, input: &Value) -> Vec<&str> {
        let statuses = texts(input, "includeOnlyStatuses");
        let named = |key: &str, value: &str| input.get(key).is_none_or(|wanted| wanted == value);
        self.deployments
            .iter()
            .rev()
            .filter(|d| named("applicationName", &d.application) && named("deploymentGroupName", &d.group))
            .filter(|d| statuses.is_empty() || statuses.contains(&d.status))
            .map(|d| d.id.as_str())
            .collect()
    }

    fn create(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let (application, name) = (text(input, "applicationName"), text(input, "deploymentGroupName"));
        let group = self.group(&application, &name)?.clone();
        if self.deployments.iter().any(|d| d.group == name && d.application == application && !d.is_over()) {
            return Err(error(
                "DeploymentLimitExceededException",
                "another deployment of the group is in progress",
            ));
        }
        let content = at(input, "/revision/appSpecContent/content");
        let spec = AppSpec::parse(&content).map_err(|words| error("InvalidRevisionException", &words))?;
        let place = Place {
            cluster: at(&group, "/ecsServices/0/clusterName"),
            service: at(&group, "/ecsServices/0/serviceName"),
        };
        let view = stack.ecs.view(&place.cluster, &place.service);
        let view = view.ok_or_else(|| {
            error("InvalidECSServiceException", "The primary ECS service is not in the ACTIVE state")
        })?;
        let pair = group.pointer("/loadBalancerInfo/targetGroupPairInfoList/0").unwrap_or(&Value::Null);
        let names: Vec<String> = list(pair, "targetGroups").iter().map(|g| text(g, "name")).collect();
        let green_group = names.iter().find(|name| **name != view.blue.target_group).cloned();
        let green_group = green_group.ok_or_else(|| {
            error("InvalidTargetGroupPairException", "the group names no second target group")
        })?;
        let config = Some(text(input, "deploymentConfigName")).filter(|c| !c.is_empty());
        let config = config.unwrap_or_else(|| text(&group, "deploymentConfigName"));
        let route = |kind: &str| texts(pair.get(kind).unwrap_or(&Value::Null), "listenerArns");
        let routes = Routes { production: route("prodTrafficRoute"), test: route("testTrafficRoute") };
        stack.ecs.set_routes(&place.cluster, &place.service, routes);
        let wait = group.pointer("/blueGreenDeploymentConfiguration/terminateBlueInstancesOnDeploymentSuccess/terminationWaitTimeInMinutes");
        let deployment = Deployment {
            id: deployment_id(),
            application,
            group: name,
            shift: self.shift(&config)?,
            config,
            creator: "user".to_owned(),
            status: "InProgress".to_owned(),
            lifecycle: Deployment::events(&spec),
            spec,
            content,
            place,
            green_group,
            weight: 0.0,
            test: 0.0,
            alarms: stop::alarms(&group, input),
            error: None,
            rollback: None,
            triggered_by: None,
            termination_wait: wait.and_then(Value::as_i64).unwrap_or(0) * MINUTE,
            created: stack.now(),
            ended: None,
            last: None,
        };
        let id = deployment.id.clone();
        describe::tell(stack, &deployment);
        self.deployments.push(deployment);
        Ok(json!({"deploymentId": id}))
    }

    fn answer_hook(&mut self, now: Millis, input: &Value) -> Result<Value, ApiError> {
        let index = self.index(input)?;
        let hook = text(input, "lifecycleEventHookExecutionId");
        let succeeded = match text(input, "status").as_str() {
            "Succeeded" => true,
            "Failed" => false,
            other => {
                let words = format!("status `{other}` is neither Succeeded nor Failed");
                return Err(error("InvalidLifecycleEventHookExecutionStatusException", &words));
            }
        };
        let deployment =
            self.deployments.get_mut(index).ok_or_else(|| ApiError::internal("the deployment is gone"))?;
        let found = deployment.lifecycle.iter().position(|event| event.hook.as_ref() == Some(&hook));
        let at = found
            .ok_or_else(|| error("InvalidLifecycleEventHookExecutionIdException", "no hook has this id"))?;
        if deployment.lifecycle.get(at).is_none_or(|event| event.state != EventState::InProgress) {
            return Err(error(
                "LifecycleEventAlreadyCompletedException",
                "An attempt to return the status of an already completed lifecycle event occurred.",
            ));
        }
        deployment.answer(at, succeeded, now);
        Ok(json!({"lifecycleEventHookExecutionId": hook}))
    }
}
