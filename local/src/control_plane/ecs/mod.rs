//! ECS: clusters, task definitions, services, task sets, and service deployments: rolling, blue/green, linear and canary.
//!
//! Tasks are counted, not run: what a version would do stands in labels of its task definition ([`definitions`]). CodeDeploy moves the task sets
//! of services whose controller it is. Not imitated: placement, capacity, the circuit breaker, service discovery, paging of services and tasks;
//! more in each file.

mod asking;
mod back;
pub mod definitions;
mod deployment;
mod describe;
mod hooks;
mod operations;
mod service;
mod settings;
mod stage;
mod tasks;
mod tell;
#[cfg(test)]
mod tests;

use super::lambda::Asker;
use super::{ApiError, Stack, arn};
use crate::clock::Millis;
use crate::emulator::Invoked;
use crate::values::{lock, text};
use definitions::{Definitions, SMOKE};
use deployment::{Status, World};
use serde_json::{Value, json};
use service::Service;
pub use service::{Routes, TaskSet};
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Default)]
struct State {
    clusters: BTreeMap<String, String>,
    definitions: Definitions,
    services: BTreeMap<(String, String), Service>,
}

/// The account's clusters.
#[derive(Default)]
pub struct Ecs {
    state: Mutex<State>,
}

/// What CodeDeploy needs to know of a service.
#[derive(Debug, Clone)]
pub struct View {
    /// Wanted tasks.
    pub desired: u64,
    /// The task set with the traffic.
    pub blue: TaskSet,
    /// The new one, if there is one.
    pub green: Option<TaskSet>,
}

/// The version that answers a request to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responder {
    /// Tag or digest of its image.
    pub version: String,
    /// Its label `tidegate.local/smoke`.
    pub smoke: String,
    /// Whether its tasks run.
    pub running: bool,
}

fn short(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

impl Ecs {
    pub(crate) fn call(&self, stack: &Stack, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
            "CreateCluster" => {
                let name = text(input, "clusterName");
                let arn = arn("ecs", &format!("cluster/{name}"));
                state.clusters.insert(name.clone(), arn.clone());
                Ok(json!({"cluster": {"clusterName": name, "clusterArn": arn, "status": "ACTIVE"}}))
            }
            "RegisterTaskDefinition" => Ok(json!({"taskDefinition": state.definitions.register(input)})),
            "DescribeTaskDefinition" => {
                let found = state.definitions.find(&text(input, "taskDefinition"));
                let found = found
                    .ok_or_else(|| ApiError::new("ClientException", "Unable to describe task definition."))?;
                Ok(json!({"taskDefinition": found}))
            }
            "CreateService" => state.create(stack, input, false),
            "UpdateService" => state.update(stack, input),
            "DescribeServices" => state.describe(input),
            "ListServiceDeployments" => state.list_deployments(input),
            "DescribeServiceDeployments" => Ok(state.describe_deployments(input)),
            "DescribeServiceRevisions" => Ok(state.describe_revisions(input)),
            "StopServiceDeployment" => state.stop_deployment(input),
            "ContinueServiceDeployment" => state.continue_deployment(stack, input),
            "ListTasks" => state.list_tasks(input),
            "DescribeTasks" => state.describe_tasks(input),
            other => Err(ApiError::not_imitated(other)),
        }
    }

    /// `CreateService` of a service whose first deployment is over: what a scenario starts from.
    ///
    /// # Errors
    /// As `CreateService`.
    pub(crate) fn create_settled(&self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        lock(&self.state).create(stack, input, true)
    }

    fn with<T>(
        &self,
        cluster: &str,
        service: &str,
        change: impl FnOnce(&mut Service, &Definitions) -> T,
    ) -> Option<T> {
        let mut state = lock(&self.state);
        let State { definitions, services, .. } = &mut *state;
        let found = services.get_mut(&(cluster.to_owned(), service.to_owned()))?;
        Some(change(found, definitions))
    }

    /// A service as CodeDeploy sees it.
    #[must_use]
    pub fn view(&self, cluster: &str, service: &str) -> Option<View> {
        self.with(cluster, service, |found, _| View {
            desired: found.desired,
            blue: found.blue.clone(),
            green: found.green.clone(),
        })
    }

    /// Makes the green task set of a service, or sets its tasks running, or takes it away.
    pub(crate) fn set_green(&self, stack: &Stack, cluster: &str, service: &str, green: Option<TaskSet>) {
        self.with(cluster, service, |found, definitions| {
            let gone = found.green.take().filter(|_| green.is_none());
            for set in green.iter().cloned().chain(gone.map(|set| TaskSet { running: false, ..set })) {
                found.register(stack, definitions, &set);
            }
            found.green = green;
        });
    }

    /// Green becomes the one and only task set.
    pub(crate) fn promote(&self, stack: &Stack, cluster: &str, service: &str) {
        self.with(cluster, service, |found, definitions| found.promote(stack, definitions));
    }

    /// Sends traffic of a service that CodeDeploy deploys: percent of production and of test traffic on green.
    pub(crate) fn shift(&self, stack: &Stack, place: (&str, &str), production: f64, test: f64) {
        self.with(place.0, place.1, |found, definitions| {
            (found.production, found.test) = (production, test);
            found.route(stack, definitions);
        });
    }

    /// The listeners that CodeDeploy turns.
    pub(crate) fn set_routes(&self, cluster: &str, service: &str, routes: Routes) {
        self.with(cluster, service, |found, _| found.routes = routes);
    }

    /// What became of the deployment of `task_definition` by a service; none while it goes on.
    ///
    /// # Errors
    /// Inside: the words of ECS when it turned back or was stopped.
    #[must_use]
    pub fn outcome(&self, cluster: &str, service: &str, task_definition: &str) -> Option<Result<(), String>> {
        let found = self.with(cluster, service, |found, _| {
            let last =
                found.deployments().find(|deployment| deployment.task_definition == task_definition)?;
            match last.status {
                Status::Successful => Some(Ok(())),
                Status::InProgress | Status::RollbackRequested | Status::RollbackInProgress => None,
                Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed => {
                    Some(Err(format!("the service deployment ended {}: {}", last.status.word(), last.reason)))
                }
            }
        });
        found.flatten()
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        let state = lock(&self.state);
        state.services.values().filter_map(|service| service.active.as_ref()?.next_due()).min()
    }

    /// Moves every service deployment on; whether one moved.
    pub(crate) fn step(&self, stack: &Stack) -> bool {
        let mut state = lock(&self.state);
        let State { definitions, services, .. } = &mut *state;
        let world = World { stack, definitions };
        let mut moved = false;
        for service in services.values_mut() {
            moved |= service.step(&world);
        }
        moved
    }

    /// Takes the answer of a lifecycle hook's function.
    pub(crate) fn answered(&self, stack: &Stack, asker: &Asker, result: &Result<Invoked, String>) {
        self.with(&asker.cluster, &asker.service, |found, _| {
            found.answered(stack, &asker.hook, hooks::Answer::read(result));
        });
    }

    /// Sends a service's first traffic to its only task set.
    pub(crate) fn open(&self, stack: &Stack, cluster: &str, service: &str) {
        self.with(cluster, service, |found, definitions| found.route(stack, definitions));
    }

    /// Who answers a request to a service, by the weights of its route; `draw` is a place in `0..100`. Only services behind a load balancer.
    #[must_use]
    pub fn responder(&self, service: &str, test: bool, draw: f64) -> Option<Responder> {
        let state = lock(&self.state);
        let behind = |found: &&Service| found.name == service && !found.blue.target_group.is_empty();
        let found = state.services.values().find(behind)?;
        let on_green = if test { found.test } else { found.production };
        let set = found.green.as_ref().filter(|_| draw < on_green).unwrap_or(&found.blue);
        Some(Responder {
            version: state.definitions.version(&set.task_definition),
            smoke: state.definitions.label(&set.task_definition, SMOKE),
            running: set.running,
        })
    }

    /// All services, for the admin interface.
    #[must_use]
    pub fn all(&self) -> Value {
        json!(lock(&self.state).services.values().map(Service::admin).collect::<Vec<_>>())
    }

    /// All service deployments, oldest first, for the admin interface.
    #[must_use]
    pub fn all_deployments(&self) -> Value {
        let state = lock(&self.state);
        let mut all: Vec<(Millis, Value)> = Vec::new();
        for service in state.services.values() {
            let known: Vec<_> = service.deployments().collect();
            let known = known.into_iter().rev();
            all.extend(known.map(|found| (found.created, describe::admin(service, found))));
        }
        all.sort_by_key(|(created, _)| *created);
        json!(all.into_iter().map(|(_, deployment)| deployment).collect::<Vec<_>>())
    }
}
