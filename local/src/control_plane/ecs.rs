//! ECS: clusters, task definitions, services, task sets, and rolling deployments that take their time.
//!
//! Tasks are counted, not run: what a version would do in traffic stands in its task definition as the label [`ERROR_RATIO`]. Not imitated:
//! placement, capacity, failing tasks, the circuit breaker, ECS-native blue/green.

use super::traffic::Share;
use super::{ApiError, Stack, arn};
use crate::clock::{Millis, SECOND};
use crate::values::{list, lock, seconds, text, texts, uuid};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Docker label of the first container: how many times the usual error rate this version shows in traffic.
pub const ERROR_RATIO: &str = "tidegate.local/error-ratio";
/// From `UpdateService` to steady state.
const ROLLING: Millis = 90 * SECOND;

/// One task set of a service.
#[derive(Debug, Clone)]
pub struct TaskSet {
    /// `ecs-svc/…`.
    pub id: String,
    /// Task definition's ARN.
    pub task_definition: String,
    /// Target group's name.
    pub target_group: String,
    /// Whether its tasks run yet.
    pub running: bool,
}

#[derive(Debug, Clone)]
struct Rolling {
    id: String,
    task_definition: String,
    started: Millis,
}

#[derive(Debug, Clone)]
struct Service {
    cluster: String,
    name: String,
    controller: String,
    desired: u64,
    blue: TaskSet,
    green: Option<TaskSet>,
    rolling: Option<Rolling>,
}

#[derive(Default)]
struct State {
    clusters: BTreeMap<String, String>,
    families: BTreeMap<String, Vec<Value>>,
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
            "RegisterTaskDefinition" => Ok(json!({"taskDefinition": state.register(input)})),
            "DescribeTaskDefinition" => {
                let found = state.task_definition(&text(input, "taskDefinition"));
                let found = found
                    .ok_or_else(|| ApiError::new("ClientException", "Unable to describe task definition."))?;
                Ok(json!({"taskDefinition": found}))
            }
            "CreateService" => state.create(stack, input),
            "UpdateService" => state.update(stack, input),
            "DescribeServices" => state.describe(input),
            other => Err(ApiError::not_imitated(other)),
        }
    }

    /// A service as CodeDeploy sees it.
    #[must_use]
    pub fn view(&self, cluster: &str, service: &str) -> Option<View> {
        let state = lock(&self.state);
        let found = state.services.get(&(cluster.to_owned(), service.to_owned()))?;
        Some(View { desired: found.desired, blue: found.blue.clone(), green: found.green.clone() })
    }

    /// Makes the green task set of a service, or sets its tasks running.
    pub(crate) fn set_green(&self, stack: &Stack, cluster: &str, service: &str, green: Option<TaskSet>) {
        let mut state = lock(&self.state);
        let Some(found) = state.services.get_mut(&(cluster.to_owned(), service.to_owned())) else { return };
        let group = green.as_ref().or(found.green.as_ref()).map(|set| set.target_group.clone());
        if let Some(group) = group {
            let running = green.as_ref().is_some_and(|set| set.running);
            stack.elb.register(&group, targets(service, if running { found.desired } else { 0 }));
        }
        found.green = green;
    }

    /// Green becomes the one and only task set.
    pub(crate) fn promote(&self, stack: &Stack, cluster: &str, service: &str) {
        let mut state = lock(&self.state);
        let Some(found) = state.services.get_mut(&(cluster.to_owned(), service.to_owned())) else { return };
        if let Some(green) = found.green.take() {
            stack.elb.register(&found.blue.target_group, Vec::new());
            found.blue = green;
        }
    }

    /// How many times the usual error rate a task definition shows.
    #[must_use]
    pub fn error_ratio(&self, task_definition: &str) -> f64 {
        let state = lock(&self.state);
        let found = state.task_definition(task_definition);
        let labels = found.and_then(|found| found.pointer("/containerDefinitions/0/dockerLabels").cloned());
        labels.and_then(|labels| text(&labels, ERROR_RATIO).parse().ok()).unwrap_or(1.0)
    }

    /// Whether the service runs `task_definition` steadily.
    #[must_use]
    pub fn is_steady(&self, cluster: &str, service: &str, task_definition: &str) -> bool {
        let state = lock(&self.state);
        let found = state.services.get(&(cluster.to_owned(), service.to_owned()));
        found.is_some_and(|found| found.rolling.is_none() && found.blue.task_definition == task_definition)
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        let state = lock(&self.state);
        state
            .services
            .values()
            .filter_map(|service| service.rolling.as_ref())
            .map(|r| r.started + ROLLING)
            .min()
    }

    /// Ends the rolling deployments whose time has come; whether there was one.
    pub(crate) fn step(&self, stack: &Stack) -> bool {
        let now = stack.now();
        let mut finished = Vec::new();
        for service in lock(&self.state).services.values_mut() {
            if let Some(rolling) = service.rolling.take_if(|rolling| rolling.started + ROLLING <= now) {
                service.blue.task_definition.clone_from(&rolling.task_definition);
                finished.push((service.clone(), rolling));
            }
        }
        for (service, rolling) in &finished {
            self.route(stack, service, now);
            service.tell(stack, rolling, "SERVICE_DEPLOYMENT_COMPLETED", "deployment completed", now);
        }
        !finished.is_empty()
    }

    fn route(&self, stack: &Stack, service: &Service, now: Millis) {
        if service.blue.target_group.is_empty() {
            return;
        }
        let share = Share {
            target_group: service.blue.target_group.clone(),
            percent: 100.0,
            error_ratio: self.error_ratio(&service.blue.task_definition),
            green: false,
        };
        stack.traffic.route(&service.name, vec![share], now);
    }

    /// Sends a service's first traffic to its only task set.
    pub(crate) fn open(&self, stack: &Stack, cluster: &str, service: &str) {
        let found = lock(&self.state).services.get(&(cluster.to_owned(), service.to_owned())).cloned();
        if let Some(found) = found {
            self.route(stack, &found, stack.now());
        }
    }

    /// All services, for the admin interface.
    #[must_use]
    pub fn all(&self) -> Value {
        let state = lock(&self.state);
        let one = |service: &Service| {
            json!({"cluster": service.cluster, "name": service.name, "controller": service.controller,
                   "taskDefinition": short(&service.blue.task_definition), "targetGroup": service.blue.target_group,
                   "green": service.green.as_ref().map(|green| short(&green.task_definition)),
                   "deploying": service.rolling.is_some()})
        };
        json!(state.services.values().map(one).collect::<Vec<_>>())
    }
}

fn targets(service: &str, count: u64) -> Vec<String> {
    let base = service.bytes().fold(0_u64, |sum, byte| sum + u64::from(byte)) % 200;
    (0..count).map(|index| format!("10.0.{base}.{}", index + 10)).collect()
}

impl Service {
    fn arn(&self) -> String {
        arn("ecs", &format!("service/{}/{}", self.cluster, self.name))
    }

    fn tell(&self, stack: &Stack, rolling: &Rolling, name: &str, reason: &str, at: Millis) {
        let detail = json!({"eventType": "INFO", "eventName": name, "deploymentId": rolling.id,
            "updatedAt": crate::values::rfc3339_millis(at), "reason": format!("ECS {reason} {}.", rolling.id)});
        stack.events.put("ecs", "ECS Deployment State Change", &[self.arn()], &detail, at);
    }

    fn describe(&self) -> Value {
        let current =
            self.rolling.as_ref().map_or(&self.blue.task_definition, |rolling| &rolling.task_definition);
        let state = if self.rolling.is_some() { "IN_PROGRESS" } else { "COMPLETED" };
        json!({"serviceName": self.name, "serviceArn": self.arn(), "clusterArn": arn("ecs", &format!("cluster/{}", self.cluster)),
               "status": "ACTIVE", "desiredCount": self.desired, "runningCount": self.desired, "pendingCount": 0,
               "taskDefinition": current, "deploymentController": {"type": self.controller},
               "deployments": [{"id": self.blue.id, "status": "PRIMARY", "taskDefinition": current, "rolloutState": state,
                    "desiredCount": self.desired, "runningCount": self.desired, "pendingCount": 0}]})
    }
}

impl State {
    fn register(&mut self, input: &Value) -> Value {
        let family = text(input, "family");
        let revisions = self.families.entry(family.clone()).or_default();
        let mut definition = input.clone();
        if let Some(members) = definition.as_object_mut() {
            let revision = revisions.len() + 1;
            members.insert("revision".into(), json!(revision));
            members.insert("status".into(), json!("ACTIVE"));
            members.insert(
                "taskDefinitionArn".into(),
                json!(arn("ecs", &format!("task-definition/{family}:{revision}"))),
            );
        }
        revisions.push(definition.clone());
        definition
    }

    fn task_definition(&self, name: &str) -> Option<&Value> {
        let (family, revision) =
            short(name).split_once(':').map_or((short(name), None), |(f, r)| (f, Some(r)));
        let revisions = self.families.get(family)?;
        match revision {
            Some(revision) => revisions.get(revision.parse::<usize>().ok()?.checked_sub(1)?),
            None => revisions.last(),
        }
    }

    fn arn_of(&self, name: &str) -> Result<String, ApiError> {
        let found = self.task_definition(name).map(|definition| text(definition, "taskDefinitionArn"));
        found.ok_or_else(|| ApiError::new("ClientException", &format!("TaskDefinition `{name}` not found")))
    }

    fn create(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let (cluster, name) = (short(&text(input, "cluster")).to_owned(), text(input, "serviceName"));
        if !self.clusters.contains_key(&cluster) {
            return Err(ApiError::new("ClusterNotFoundException", "Cluster not found."));
        }
        let task_definition = self.arn_of(&text(input, "taskDefinition"))?;
        let group = list(input, "loadBalancers").first().map(|balancer| text(balancer, "targetGroupArn"));
        let target_group = group.unwrap_or_default().split('/').nth(1).unwrap_or_default().to_owned();
        let desired = input.get("desiredCount").and_then(Value::as_u64).unwrap_or(1);
        stack.elb.register(&target_group, targets(&name, desired));
        let controller = input.pointer("/deploymentController/type").and_then(Value::as_str).unwrap_or("ECS");
        let id = format!("ecs-svc/{}", &uuid().replace('-', "").get(..16).unwrap_or_default());
        let service = Service {
            cluster: cluster.clone(),
            name: name.clone(),
            controller: controller.to_owned(),
            desired,
            blue: TaskSet { id, task_definition, target_group, running: true },
            green: None,
            rolling: None,
        };
        let described = service.describe();
        self.services.insert((cluster, name), service);
        Ok(json!({"service": described}))
    }

    fn update(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let task_definition = self.arn_of(&text(input, "taskDefinition"))?;
        let key = (short(&text(input, "cluster")).to_owned(), short(&text(input, "service")).to_owned());
        let missing = || ApiError::new("ServiceNotFoundException", "Service not found.");
        let service = self.services.get_mut(&key).ok_or_else(missing)?;
        if service.controller != "ECS" {
            return Err(ApiError::new(
                "InvalidParameterException",
                "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
            ));
        }
        let now = stack.now();
        let id = format!("ecs-svc/{}", uuid().replace('-', "").get(..16).unwrap_or_default());
        let rolling = Rolling { id, task_definition, started: now };
        service.tell(stack, &rolling, "SERVICE_DEPLOYMENT_IN_PROGRESS", "deployment in progress", now);
        service.rolling = Some(rolling);
        let mut described = service.describe();
        if let Some(members) = described.as_object_mut() {
            members.insert("createdAt".into(), json!(seconds(now)));
        }
        Ok(json!({"service": described}))
    }

    fn describe(&self, input: &Value) -> Result<Value, ApiError> {
        let cluster = short(&text(input, "cluster")).to_owned();
        if !self.clusters.contains_key(&cluster) {
            return Err(ApiError::new("ClusterNotFoundException", "Cluster not found."));
        }
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in texts(input, "services") {
            match self.services.get(&(cluster.clone(), short(&name).to_owned())) {
                Some(service) => services.push(service.describe()),
                None => failures.push(json!({"arn": name, "reason": "MISSING"})),
            }
        }
        Ok(json!({"services": services, "failures": failures}))
    }
}
