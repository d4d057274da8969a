//! A deployment's set-up as AWS describes it, without its SDK: what [`super::preflight`] judges, and the command line's doctor can.

use serde::{Deserialize, Serialize};

/// Everything that is known of a set-up; what is none was not asked for, or is in [`SetUp::unseen`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SetUp {
    /// The service.
    pub service: Option<Service>,
    /// The deployment group, where `CodeDeploy` moves the traffic.
    pub group: Option<Group>,
    /// Hooks of the `AppSpec`: event and function; none when it could not be read.
    pub hooks: Option<Vec<(String, String)>>,
    /// Name and deploy actions of the pipeline.
    pub pipeline: Option<(String, Vec<PipelineAction>)>,
    /// How the production listener's rule shares its requests (ECS).
    pub production: Option<ListenerWeights>,
    /// ARN of green's target group, when it is known.
    pub green_target_group: Option<String>,
    /// Alarms that are named and do not exist.
    pub missing_alarms: Vec<String>,
    /// What could not be read, and why.
    pub unseen: Vec<String>,
}

/// An ECS service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Name.
    pub name: String,
    /// `CODE_DEPLOY`, `ECS`, `EXTERNAL`.
    pub controller: String,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`.
    pub strategy: String,
    /// Minutes after the whole shift in which blue still runs.
    pub bake_minutes: Option<u32>,
    /// Minutes from the first shifted traffic to the last, when the strategy has steps.
    pub shift_minutes: Option<f64>,
    /// Alarms that end its deployments.
    pub alarms: ServiceAlarms,
    /// Lifecycle hooks.
    pub hooks: Vec<LifecycleHook>,
    /// Its load balancers' advanced configuration.
    pub balancers: Vec<Balancer>,
    /// Task sets: external id, task definition.
    pub task_sets: Vec<(String, String)>,
}

/// Alarms of an ECS service's deployments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAlarms {
    /// Whether they are looked at.
    pub enabled: bool,
    /// Whether one that rings rolls back.
    pub rollback: bool,
    /// Names.
    pub names: Vec<String>,
}

/// A lifecycle hook of an ECS service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LifecycleHook {
    /// `AWS_LAMBDA` or `PAUSE`.
    pub kind: String,
    /// Stages.
    pub stages: Vec<String>,
    /// `ROLLBACK` or `CONTINUE`; none for ECS's default, `ROLLBACK`.
    pub on_timeout: Option<String>,
}

/// A load balancer of an ECS service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Balancer {
    /// First target group.
    pub target_group: String,
    /// The other one.
    pub alternate: Option<String>,
    /// ARN of the production listener's rule.
    pub production_rule: Option<String>,
    /// ARN of the test listener's rule.
    pub test_rule: Option<String>,
}

/// How a listener or listener rule shares its requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerWeights {
    /// ARN of the listener or the rule.
    pub rule: String,
    /// Target group's ARN and weight.
    pub weights: Vec<(String, u32)>,
}

/// A `CodeDeploy` deployment group.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Cluster and service.
    pub services: Vec<(String, String)>,
    /// Events that roll back by themselves; empty when the automatic rollback is off.
    pub rollback_on: Vec<String>,
    /// Whether alarms are looked at.
    pub alarms_enabled: bool,
    /// Their names.
    pub alarms: Vec<String>,
    /// Whether a deployment goes on when alarms cannot be read.
    pub ignores_unreadable_alarms: bool,
    /// Minutes that blue is kept after the shift; none when it is kept for good.
    pub termination_wait_minutes: Option<u32>,
    /// Target groups.
    pub target_groups: Vec<String>,
    /// Listeners of production traffic.
    pub production_listeners: usize,
    /// Listeners of test traffic.
    pub test_listeners: usize,
    /// Deployment configuration's name.
    pub config: String,
    /// Minutes from the first shifted traffic to the last; none when the configuration does not say.
    pub shift_minutes: Option<u32>,
}

/// A deploy action of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PipelineAction {
    /// Name.
    pub name: String,
    /// `ECS`, `CodeDeployToECS`, …
    pub provider: String,
    /// `ServiceName` of provider `ECS`.
    pub service: Option<String>,
    /// `DeploymentGroupName` of `CodeDeployToECS`.
    pub group: Option<String>,
}
