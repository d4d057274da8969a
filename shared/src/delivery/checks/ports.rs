//! What the checks need from outside, in domain types.

use super::probe::{Job, Report};
use crate::delivery::ports::Deployment;
use crate::errors::Fault;
use crate::model::{Approval, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;

pub use super::describe::{Group, ListenerWeights, PipelineAction, Service};

/// A task definition, as much of it as is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskDefinition {
    /// ARN.
    pub arn: String,
    /// Containers.
    pub containers: Vec<Container>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Image as it is written.
    pub image: String,
    /// Docker labels.
    pub labels: BTreeMap<String, String>,
    /// Where `awslogs` puts its lines; none with another driver, or without a stream prefix.
    pub logs: Option<LogPlace>,
}

/// Where a container's lines go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPlace {
    /// Log group.
    pub group: String,
    /// `awslogs-stream-prefix`.
    pub prefix: String,
}

/// A task, running or lately stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Task {
    /// Id: the end of its ARN.
    pub id: String,
    /// ARN of its task definition.
    pub definition: String,
    /// When it was made, by ECS's clock.
    pub created_at: Option<Timestamp>,
    /// When it was stopped; none while it runs.
    pub stopped_at: Option<Timestamp>,
    /// Whether it is running.
    pub is_running: bool,
    /// Whether ECS itself, and not the task, ended it: scaling, a deployment, a person.
    pub is_wanted_stop: bool,
    /// ECS's words about its end.
    pub stopped_reason: Option<String>,
    /// Image and digest by container.
    pub digests: BTreeMap<String, (String, String)>,
}

/// The tasks of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tasks {
    /// ECS's clock when it answered, if it said so.
    pub at: Option<Timestamp>,
    /// Running and lately stopped.
    pub tasks: Vec<Task>,
}

/// ECS services and their tasks.
pub trait Services {
    /// A service's set-up.
    fn service(&self, cluster: &str, service: &str) -> impl Future<Output = Result<Service, Fault>>;
    /// A task definition, by ARN or `family:revision`.
    fn task_definition(&self, id: &str) -> impl Future<Output = Result<TaskDefinition, Fault>>;
    /// A service's running and lately stopped tasks, every page.
    fn tasks(&self, cluster: &str, service: &str) -> impl Future<Output = Result<Tasks, Fault>>;
}

/// `CodeDeploy` deployment groups.
pub trait Groups {
    /// A deployment group with its deployment configuration.
    fn group(&self, deployment: &Deployment) -> impl Future<Output = Result<Group, Fault>>;
    /// The `AppSpec` of a deployment; none when it lies in a bucket.
    fn app_spec(&self, deployment: &str) -> impl Future<Output = Result<Option<String>, Fault>>;
}

/// A target of a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Id and port.
    pub id: String,
    /// `healthy`, `unhealthy`, `initial`, `draining`, …; kept open.
    pub state: String,
    /// Reason code and words, when it is not healthy.
    pub reason: String,
}

/// The load balancer.
pub trait Balancers {
    /// Targets of a group by name or ARN.
    fn targets(&self, group: &str) -> impl Future<Output = Result<Vec<Target>, Fault>>;
    /// How a listener or listener rule shares its requests.
    fn weights(&self, rule: &str) -> impl Future<Output = Result<ListenerWeights, Fault>>;
}

/// Pipelines.
pub trait PipelineActions {
    /// The deploy actions of a pipeline.
    fn deploys(&self, pipeline: &str) -> impl Future<Output = Result<Vec<PipelineAction>, Fault>>;
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Name.
    pub name: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`; kept open.
    pub state: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// `CloudWatch` alarms, metric and composite ones.
pub trait AlarmStates {
    /// Those of `names` that exist.
    fn named(&self, names: &[String]) -> impl Future<Output = Result<Vec<Alarm>, Fault>>;
    /// All that begin with `prefix`.
    fn beginning(&self, prefix: &str) -> impl Future<Output = Result<Vec<Alarm>, Fault>>;
}

/// Feature flags.
pub trait FlagValues {
    /// The newest deployed configuration of `AppConfig`.
    fn app_config(
        &self,
        application: &str,
        environment: &str,
        profile: &str,
    ) -> impl Future<Output = Result<Value, Fault>>;
    /// The JSON in a parameter.
    fn parameter(&self, name: &str) -> impl Future<Output = Result<Value, Fault>>;
}

/// The newest run of a canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `RUNNING`, `PASSED`, `FAILED`; kept open.
    pub state: String,
    /// The canary's words.
    pub reason: String,
    /// Start.
    pub started: Option<Timestamp>,
}

/// Canaries of `CloudWatch` Synthetics.
pub trait Canaries {
    /// The newest run; none when it never ran.
    fn last_run(&self, canary: &str) -> impl Future<Output = Result<Option<Run>, Fault>>;
    /// Starts it; one that runs already is left alone.
    fn start(&self, canary: &str) -> impl Future<Output = Result<(), Fault>>;
}

/// How many events a pattern has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Events.
    pub events: u64,
    /// Whether every page was read.
    pub is_whole: bool,
}

/// `CloudWatch` Logs.
pub trait LogPatterns {
    /// Counts the events of streams of a group that match a filter pattern, from `since` on.
    fn count(
        &self,
        group: &str,
        streams: &[String],
        pattern: &str,
        since: Timestamp,
    ) -> impl Future<Output = Result<Counted, Fault>>;
}

/// The probe function.
pub trait Probe {
    /// Sends the requests of a job.
    fn send(&self, job: &Job) -> impl Future<Output = Result<Report, Fault>>;
}

/// What quality gates decided of images.
pub trait Approvals {
    /// The newest decision of a gate that looked at the image with this digest.
    fn approval(&self, digest: &str) -> impl Future<Output = Result<Option<Approval>, Fault>>;
}

/// How long something takes.
pub trait Stopwatch {
    /// Milliseconds since some moment that does not change.
    fn millis(&self) -> u64;
}
