//! Operations of the API on services and their deployments.
//!
//! Not imitated: `ABORT`, filters of `ListServiceDeployments` by time, services that are deleted.

use super::definitions::Definitions;
use super::deployment::{Phase, ServiceDeployment, Status, World};
use super::service::{Routes, Service, TaskSet, set_id};
use super::settings::{Settings, Strategy};
use super::stage::Stage;
use super::{State, describe, short, tell};
use crate::clock::Millis;
use crate::control_plane::{ApiError, Stack, arn};
use crate::values::{hex_id, text, texts};
use serde_json::{Value, json};

/// What a client is told of a service that has another controller.
const NOT_OURS: &str = "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.";

fn invalid(words: &str) -> ApiError {
    ApiError::new("InvalidParameterException", words)
}

impl State {
    pub(super) fn known_cluster(&self, input: &Value) -> Result<String, ApiError> {
        let cluster = short(&text(input, "cluster")).to_owned();
        let cluster = if cluster.is_empty() { "default".to_owned() } else { cluster };
        let missing = || ApiError::new("ClusterNotFoundException", "Cluster not found.");
        self.clusters.contains_key(&cluster).then_some(cluster).ok_or_else(missing)
    }

    pub(super) fn key(input: &Value) -> (String, String) {
        (short(&text(input, "cluster")).to_owned(), short(&text(input, "service")).to_owned())
    }

    /// Makes a service. A rolling one runs at once; any other has a first deployment, unless `settled` says that it is over.
    pub(super) fn create(&mut self, stack: &Stack, input: &Value, settled: bool) -> Result<Value, ApiError> {
        let (cluster, name) = (self.known_cluster(input)?, text(input, "serviceName"));
        let key = (cluster.clone(), name.clone());
        if self.services.contains_key(&key) {
            return Err(invalid("Creation of service was not idempotent."));
        }
        let task_definition = self.definitions.arn_of(&text(input, "taskDefinition"))?;
        let none = json!([]);
        let configuration = input.get("deploymentConfiguration").unwrap_or(&Value::Null);
        let settings = Settings::read(configuration, input.get("loadBalancers").unwrap_or(&none))?;
        let [target_group, _] = settings.groups();
        let controller = input.pointer("/deploymentController/type").and_then(Value::as_str).unwrap_or("ECS");
        let at_once = settled || controller != "ECS" || settings.strategy == Strategy::Rolling;
        let blue = TaskSet { id: set_id(), task_definition, target_group, running: at_once };
        let mut service = Service {
            cluster,
            name,
            controller: controller.to_owned(),
            desired: input.get("desiredCount").and_then(Value::as_u64).unwrap_or(1),
            created: stack.now(),
            routes: routes(&settings),
            settings,
            blue,
            green: None,
            production: 0.0,
            test: 0.0,
            revisions: Vec::new(),
            active: None,
            past: Vec::new(),
        };
        service.first(stack, &self.definitions, at_once);
        let described = describe::service(&service);
        self.services.insert(key, service);
        Ok(json!({"service": described}))
    }

    pub(super) fn update(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let missing = || ApiError::new("ServiceNotFoundException", "Service not found.");
        let service = self.services.get_mut(&Self::key(input)).ok_or_else(missing)?;
        let asked = text(input, "taskDefinition");
        if service.controller != "ECS" && !asked.is_empty() {
            return Err(invalid(NOT_OURS));
        }
        if let Some(desired) = input.get("desiredCount").and_then(Value::as_u64) {
            service.desired = desired;
        }
        let configuration = input.get("deploymentConfiguration").unwrap_or(&service.settings.configuration);
        let balancers = input.get("loadBalancers").unwrap_or(&service.settings.balancers);
        service.settings = Settings::read(configuration, balancers)?;
        if service.controller == "ECS" {
            service.routes = routes(&service.settings);
        }
        let forced = input.get("forceNewDeployment").and_then(Value::as_bool).unwrap_or(false);
        if !asked.is_empty() || forced {
            let name = if asked.is_empty() { service.asked().to_owned() } else { asked };
            let task_definition = self.definitions.arn_of(&name)?;
            service.deploy(stack, &task_definition);
        }
        Ok(json!({"service": describe::service(service)}))
    }

    pub(super) fn describe(&self, input: &Value) -> Result<Value, ApiError> {
        let cluster = self.known_cluster(input)?;
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in texts(input, "services") {
            match self.services.get(&(cluster.clone(), short(&name).to_owned())) {
                Some(service) => services.push(describe::service(service)),
                None => failures.push(json!({"arn": name, "reason": "MISSING"})),
            }
        }
        Ok(json!({"services": services, "failures": failures}))
    }

    pub(super) fn list_deployments(&self, input: &Value) -> Result<Value, ApiError> {
        let cluster = self.known_cluster(input)?;
        let missing = || ApiError::new("ServiceNotFoundException", "Service not found.");
        let service = self.services.get(&(cluster, short(&text(input, "service")).to_owned()));
        let service = service.ok_or_else(missing)?;
        let statuses = texts(input, "status");
        let wanted = |deployment: &&ServiceDeployment| {
            statuses.is_empty() || statuses.iter().any(|status| status == deployment.status.word())
        };
        let all: Vec<Value> =
            service.deployments().filter(wanted).map(|found| describe::brief(service, found)).collect();
        page(input, "serviceDeployments", all)
    }

    pub(super) fn describe_deployments(&self, input: &Value) -> Value {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in texts(input, "serviceDeploymentArns") {
            let of = |service: &Service| {
                service.deployments().find(|d| d.arn == arn).map(|d| describe::deployment(service, d))
            };
            match self.services.values().find_map(of) {
                Some(described) => found.push(described),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        json!({"serviceDeployments": found, "failures": failures})
    }

    pub(super) fn describe_revisions(&self, input: &Value) -> Value {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in texts(input, "serviceRevisionArns") {
            let of = |service: &Service| {
                let revision = service.revisions.iter().find(|revision| revision.arn == arn)?;
                Some(describe::revision(service, revision))
            };
            match self.services.values().find_map(of) {
                Some(described) => found.push(described),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        json!({"serviceRevisions": found, "failures": failures})
    }

    fn with_deployment(&mut self, input: &Value) -> Result<(&mut Service, bool), ApiError> {
        let arn = text(input, "serviceDeploymentArn");
        let words = format!("The service deployment {arn} could not be found.");
        let has = |service: &&mut Service| service.deployments().any(|deployment| deployment.arn == arn);
        let service = self.services.values_mut().find(has);
        let service = service.ok_or_else(|| ApiError::new("ServiceDeploymentNotFoundException", &words))?;
        let live = service.active.as_ref().is_some_and(|active| active.arn == arn);
        Ok((service, live))
    }

    pub(super) fn stop_deployment(&mut self, input: &Value) -> Result<Value, ApiError> {
        if text(input, "stopType") == "ABORT" {
            return Err(invalid("stopType ABORT is not supported, use ROLLBACK"));
        }
        let (service, live) = self.with_deployment(input)?;
        let Some(active) = service.active.as_mut().filter(|_| live) else {
            return Err(ApiError::new("ConflictException", "The service deployment is already complete."));
        };
        if active.rollback.is_none() {
            active.status = Status::RollbackRequested;
            "the rollback was asked for".clone_into(&mut active.reason);
        }
        Ok(json!({"serviceDeploymentArn": active.arn}))
    }

    pub(super) fn continue_deployment(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let (hook, go_on) = (text(input, "hookId"), text(input, "action") != "ROLLBACK");
        let (service, live) = self.with_deployment(input)?;
        let mut active = service.active.take_if(|_| live);
        let waited = active.as_mut().is_some_and(|active| active.continued(service, stack, &hook, go_on));
        if let Some(active) = active {
            service.active = Some(active);
        }
        if !waited {
            return Err(invalid(&format!("no hook waits for an action under the id {hook}")));
        }
        Ok(json!({"serviceDeploymentArn": text(input, "serviceDeploymentArn")}))
    }
}

fn routes(settings: &Settings) -> Routes {
    let rules = |kind: &str| Some(settings.rule(kind)).filter(|rule| !rule.is_empty()).into_iter().collect();
    Routes { production: rules("production"), test: rules("test") }
}

fn page(input: &Value, key: &str, all: Vec<Value>) -> Result<Value, ApiError> {
    let token = text(input, "nextToken");
    let from: usize = if token.is_empty() {
        0
    } else {
        token.parse().map_err(|_| invalid("the next token is not one of ours"))?
    };
    let size = input.get("maxResults").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
    let size = size.unwrap_or(20);
    let next = (all.len() > from + size).then(|| (from + size).to_string());
    let mut answer = json!({key: all.into_iter().skip(from).take(size).collect::<Vec<_>>()});
    if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
        members.insert("nextToken".into(), json!(next));
    }
    Ok(answer)
}

impl Service {
    /// The deployment that `CreateService` makes.
    fn first(&mut self, stack: &Stack, definitions: &Definitions, at_once: bool) {
        let (task_definition, group) = (self.blue.task_definition.clone(), self.blue.target_group.clone());
        let target = self.revise(&task_definition, &group, stack.now());
        self.register(stack, definitions, &self.blue);
        let mut first = self.deployment(stack.now(), None, target, &task_definition, group);
        if at_once {
            (first.status, first.stage, first.production) = (Status::Successful, Stage::CleanUp, 100.0);
            first.ended = Some(stack.now());
            if self.controller == "ECS" {
                self.past.push(first);
            }
        } else {
            self.start(stack, first);
        }
    }

    /// Starts a deployment of a task definition.
    pub(super) fn deploy(&mut self, stack: &Stack, task_definition: &str) {
        let now = stack.now();
        if let Some(mut old) = self.active.take() {
            old.supersede(self, stack);
            self.past.push(*old);
        }
        let source = self.blue_revision().map(|revision| revision.arn.clone()).filter(|_| self.blue.running);
        let [own, alternate] = self.settings.groups();
        let rolling = self.settings.strategy == Strategy::Rolling;
        if source.is_none() && !rolling {
            task_definition.clone_into(&mut self.blue.task_definition);
        }
        let stays = rolling || source.is_none();
        let group = if stays {
            self.blue.target_group.clone()
        } else if self.blue.target_group == own {
            alternate
        } else {
            own
        };
        let target = self.revise(task_definition, &group, now);
        let deployment = self.deployment(now, source, target, task_definition, group);
        self.start(stack, deployment);
    }

    fn start(&mut self, stack: &Stack, mut deployment: ServiceDeployment) {
        deployment.ignored = stack.cloudwatch.ringing(&deployment.settings.alarms.names);
        tell::deployment(stack, self, &deployment);
        self.active = Some(Box::new(deployment));
    }

    fn deployment(
        &self,
        now: Millis,
        source: Option<String>,
        target: String,
        task_definition: &str,
        target_group: String,
    ) -> ServiceDeployment {
        let stage = match self.settings.strategy {
            Strategy::Rolling => Stage::ScaleUp,
            Strategy::BlueGreen | Strategy::Linear { .. } | Strategy::Canary { .. } => {
                if self.green.is_some() { Stage::ReconcileService } else { Stage::PreScaleUp }
            }
        };
        let rest = format!("service-deployment/{}/{}/{}", self.cluster, self.name, hex_id(21));
        ServiceDeployment {
            arn: arn("ecs", &rest),
            id: set_id(),
            settings: self.settings.clone(),
            source,
            target,
            task_definition: task_definition.to_owned(),
            target_group,
            status: Status::InProgress,
            reason: String::new(),
            stage,
            phase: Phase::Enter,
            back: Vec::new(),
            runs: Vec::new(),
            from: 0,
            ignored: Vec::new(),
            rung: Vec::new(),
            rollback: None,
            production: 0.0,
            test: 0.0,
            created: now,
            updated: now,
            ended: None,
        }
    }

    /// One step of the deployment that is under way; whether something moved.
    pub(super) fn step(&mut self, world: &World<'_>) -> bool {
        let Some(mut active) = self.active.take() else { return false };
        let moved = active.step(self, world);
        if active.status.is_over() {
            self.past.push(*active);
        } else {
            self.active = Some(active);
        }
        moved
    }
}
