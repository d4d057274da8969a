//! Tasks of a service, as far as their number and the reasons of those that stopped go
//! (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>).
//!
//! Running tasks follow from the task sets. A version whose label [`STOPPED`] gives a reason, or whose targets are unhealthy, has one stopped task
//! for each running one. Not imitated: tasks beside services, times of a task, containers beyond the first.

use super::definitions::{HEALTH, STOPPED};
use super::service::{Service, TaskSet};
use super::{State, short};
use crate::control_plane::{ApiError, arn};
use crate::values::{at, seconds, sha256, text, texts};
use serde_json::{Value, json};

struct Task {
    arn: String,
    described: Value,
    is_stopped: bool,
    started_by: String,
}

impl State {
    pub(super) fn list_tasks(&self, input: &Value) -> Result<Value, ApiError> {
        let cluster = self.known_cluster(input)?;
        let service = short(&text(input, "serviceName")).to_owned();
        if !service.is_empty() && !self.services.contains_key(&(cluster.clone(), service.clone())) {
            return Err(ApiError::new("ServiceNotFoundException", "Service not found."));
        }
        let (started_by, family) = (text(input, "startedBy"), text(input, "family"));
        let stopped = text(input, "desiredStatus") == "STOPPED";
        let tasks = self.tasks(&cluster).into_iter().filter(|(name, task)| {
            let definition = text(&task.described, "taskDefinitionArn");
            (service.is_empty() || *name == service)
                && task.is_stopped == stopped
                && (started_by.is_empty() || task.started_by == started_by)
                && (family.is_empty() || short(&definition).split(':').next() == Some(family.as_str()))
        });
        Ok(json!({"taskArns": tasks.map(|(_, task)| task.arn).collect::<Vec<_>>()}))
    }

    pub(super) fn describe_tasks(&self, input: &Value) -> Result<Value, ApiError> {
        let cluster = self.known_cluster(input)?;
        let all = self.tasks(&cluster);
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for wanted in texts(input, "tasks") {
            match all.iter().find(|(_, task)| short(&task.arn) == short(&wanted)) {
                Some((_, task)) => tasks.push(task.described.clone()),
                None => failures.push(json!({"arn": wanted, "reason": "MISSING"})),
            }
        }
        Ok(json!({"tasks": tasks, "failures": failures}))
    }

    fn tasks(&self, cluster: &str) -> Vec<(String, Task)> {
        let services = self.services.values().filter(|service| service.cluster == cluster);
        let sets = services.flat_map(|service| {
            std::iter::once(&service.blue).chain(&service.green).map(move |set| (service, set))
        });
        let mut tasks = Vec::new();
        for (service, set) in sets.filter(|(_, set)| set.running) {
            let reason = self.reason(set);
            for index in 0..service.desired {
                tasks.push((service.name.clone(), self.task(service, set, index, None)));
                if let Some(reason) = &reason {
                    tasks.push((service.name.clone(), self.task(service, set, index, Some(reason))));
                }
            }
        }
        tasks
    }

    /// Why tasks of this version stopped; none when they did not.
    fn reason(&self, set: &TaskSet) -> Option<String> {
        let label = |label: &str| self.definitions.label(&set.task_definition, label);
        let given = Some(label(STOPPED)).filter(|reason| !reason.is_empty());
        let unhealthy = label(HEALTH) == "unhealthy";
        let words = || format!("Task failed ELB health checks in (target-group {})", set.target_group);
        given.or_else(|| unhealthy.then(words))
    }

    fn task(&self, service: &Service, set: &TaskSet, index: u64, stopped: Option<&String>) -> Task {
        let id = sha256(format!("{}/{index}/{}", set.id, stopped.is_some()).as_bytes());
        let id = id.get(..32).unwrap_or_default();
        let arn = arn("ecs", &format!("task/{}/{id}", service.cluster));
        let definition = self.definitions.find(&set.task_definition);
        let container = |pointer: &str| definition.map(|found| at(found, pointer)).unwrap_or_default();
        let status = if stopped.is_some() { "STOPPED" } else { "RUNNING" };
        let mut described = json!({"taskArn": arn, "clusterArn": service.cluster_arn(), "group": format!("service:{}", service.name),
            "taskDefinitionArn": set.task_definition, "startedBy": set.id, "lastStatus": status, "desiredStatus": status,
            "launchType": "FARGATE", "healthStatus": "UNKNOWN", "createdAt": seconds(service.created),
            "containers": [{"taskArn": arn, "name": container("/containerDefinitions/0/name"),
                "image": container("/containerDefinitions/0/image"), "lastStatus": status}]});
        if let (Some(reason), Some(members)) = (stopped, described.as_object_mut()) {
            members.insert("stoppedReason".to_owned(), json!(reason));
            members.insert("stopCode".to_owned(), json!("ServiceSchedulerInitiated"));
        }
        Task { arn, described, is_stopped: stopped.is_some(), started_by: set.id.clone() }
    }
}
