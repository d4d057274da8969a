//! One service: its task sets, its revisions, where its traffic goes, and the deployment that is under way.
//!
//! CodeDeploy and ECS's own strategies move the same two task sets and the same two weights.

use super::definitions::Definitions;
use super::deployment::ServiceDeployment;
use super::settings::Settings;
use crate::clock::Millis;
use crate::control_plane::traffic::Share;
use crate::control_plane::{Stack, arn};
use crate::values::hex_id;
use serde_json::{Value, json};

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

/// A service revision: what was asked for at once.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) task_definition: String,
    pub(crate) target_group: String,
    pub(crate) created: Millis,
}

/// Listeners or rules that route to a service.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// ARNs of production.
    pub production: Vec<String>,
    /// ARNs of the test traffic; without one, nobody can reach green before production does.
    pub test: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) cluster: String,
    pub(crate) name: String,
    pub(crate) controller: String,
    pub(crate) desired: u64,
    pub(crate) created: Millis,
    pub(crate) blue: TaskSet,
    pub(crate) green: Option<TaskSet>,
    /// Percent of production on green.
    pub(crate) production: f64,
    /// Percent of test traffic on green.
    pub(crate) test: f64,
    pub(crate) routes: Routes,
    pub(crate) settings: Settings,
    pub(crate) revisions: Vec<Revision>,
    pub(crate) active: Option<Box<ServiceDeployment>>,
    pub(crate) past: Vec<ServiceDeployment>,
}

/// A task set's id.
pub(crate) fn set_id() -> String {
    format!("ecs-svc/{}", hex_id(16))
}

/// Addresses of a service's tasks.
fn targets(service: &str, count: u64, set: usize) -> Vec<String> {
    let base = service.bytes().fold(0_u64, |sum, byte| sum + u64::from(byte)) % 200;
    (0..count).map(|index| format!("10.{set}.{base}.{}", index + 10)).collect()
}

impl Service {
    pub(crate) fn arn(&self) -> String {
        arn("ecs", &format!("service/{}/{}", self.cluster, self.name))
    }

    pub(crate) fn cluster_arn(&self) -> String {
        arn("ecs", &format!("cluster/{}", self.cluster))
    }

    /// Makes a revision of a task definition on a target group; its ARN.
    pub(crate) fn revise(&mut self, task_definition: &str, target_group: &str, now: Millis) -> String {
        let digits = u64::from_str_radix(&hex_id(15), 16).unwrap_or_default();
        let arn = arn("ecs", &format!("service-revision/{}/{}/{digits:019}", self.cluster, self.name));
        self.revisions.push(Revision {
            arn: arn.clone(),
            task_definition: task_definition.to_owned(),
            target_group: target_group.to_owned(),
            created: now,
        });
        arn
    }

    /// The revision that blue runs.
    pub(crate) fn blue_revision(&self) -> Option<&Revision> {
        let blue = |revision: &&Revision| {
            revision.task_definition == self.blue.task_definition
                && revision.target_group == self.blue.target_group
        };
        self.revisions.iter().rfind(blue)
    }

    /// Registers the tasks of a set with its target group.
    pub(crate) fn register(&self, stack: &Stack, definitions: &Definitions, set: &TaskSet) {
        let count = if set.running { self.desired } else { 0 };
        let number = usize::from(set.id != self.blue.id);
        let health = definitions.health(&set.task_definition, stack.now());
        stack.elb.register(&set.target_group, targets(&self.name, count, number), health);
    }

    /// Sends traffic where the weights say.
    pub(crate) fn route(&self, stack: &Stack, definitions: &Definitions) {
        if self.blue.target_group.is_empty() {
            return;
        }
        let share = |set: &TaskSet, percent: f64, green: bool| {
            let behaviour = definitions.behaviour(&set.task_definition);
            Share { target_group: set.target_group.clone(), percent, behaviour, green }
        };
        let mut shares = Vec::new();
        if self.blue.running {
            shares.push(share(&self.blue, 100.0 - self.production, false));
        }
        if let Some(green) = &self.green {
            shares.push(share(green, self.production, true));
        }
        self.weigh(stack, &self.routes.production, self.production);
        self.weigh(stack, &self.routes.test, self.test);
        stack.traffic.route(&self.name, shares, stack.now());
    }

    fn weigh(&self, stack: &Stack, arns: &[String], on_green: f64) {
        let mut weights = vec![(self.blue.target_group.as_str(), 100.0 - on_green)];
        if let Some(green) = &self.green {
            weights.push((green.target_group.as_str(), on_green));
        }
        stack.elb.weigh(arns, &weights);
    }

    /// Green becomes the one and only task set.
    pub(crate) fn promote(&mut self, stack: &Stack, definitions: &Definitions) {
        if let Some(green) = self.green.take() {
            self.blue.running = false;
            self.register(stack, definitions, &self.blue);
            self.blue = green;
        }
        self.blue.running = true;
        (self.production, self.test) = (0.0, 0.0);
        self.route(stack, definitions);
    }

    /// The task definition that is asked for.
    pub(crate) fn asked(&self) -> &str {
        self.active.as_ref().map_or(&self.blue.task_definition, |active| &active.task_definition)
    }

    pub(crate) fn deployments(&self) -> impl Iterator<Item = &ServiceDeployment> {
        self.active.as_deref().into_iter().chain(self.past.iter().rev())
    }

    /// For the admin interface.
    pub(crate) fn admin(&self) -> Value {
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        json!({"cluster": self.cluster, "name": self.name, "controller": self.controller,
            "taskDefinition": short(&self.blue.task_definition), "targetGroup": self.blue.target_group,
            "green": self.green.as_ref().map(|green| short(&green.task_definition)),
            "weights": {"production": self.production, "test": self.test},
            "deploying": self.active.is_some()})
    }
}
