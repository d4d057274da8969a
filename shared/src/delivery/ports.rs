//! What hooks and the watch need from outside, in domain types.

use super::check::Check;
use super::policy::Policy;
use super::series::Series;
use super::stage::Stage;
use super::watch::{Arms, Engine, TargetGroup, Watch};
use crate::errors::Fault;
use crate::model::Timestamp;
use std::future::Future;

/// Creator of a rollback deployment (`GetDeployment`, `creator`).
pub const ROLLBACK_CREATOR: &str = "codeDeployRollback";

/// A deployment as its engine describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// CodeDeploy deployment id, or ARN of an ECS service deployment.
    pub id: String,
    /// CodeDeploy application, or ECS cluster's name.
    pub application: String,
    /// CodeDeploy deployment group, or ECS service's name.
    pub group: String,
    /// ECS cluster's name.
    pub cluster: String,
    /// ECS service's name.
    pub service: String,
    /// State word: `Created`, `InProgress`, `Succeeded`, … or `IN_PROGRESS`, `SUCCESSFUL`, …; kept open.
    pub status: String,
    /// Who made it (CodeDeploy).
    pub creator: String,
    /// When it was made, by the service's clock.
    pub created_at: Timestamp,
    /// Lifecycle events in order (CodeDeploy).
    pub lifecycle: Vec<LifecycleEvent>,
    /// Task sets, or service revisions.
    pub task_sets: Vec<TaskSet>,
    /// Pauses that wait for somebody (ECS).
    pub pauses: Vec<PauseHook>,
    /// Green's share after the next step, in percent, when the engine says so (ECS).
    pub next_percent: Option<u32>,
    /// The deployment or revision that rolled it back.
    pub rollback: Option<String>,
    /// The engine's own words about its end.
    pub message: Option<String>,
}

/// A `PAUSE` hook that waits (`DescribeServiceDeployments`, `lifecycleHookDetails`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseHook {
    /// `hookId`: new at every step.
    pub id: String,
    /// Lifecycle stage.
    pub stage: String,
    /// When ECS decides by itself.
    pub expires_at: Option<Timestamp>,
}

/// A lifecycle event of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// `BeforeAllowTraffic` and so on.
    pub name: String,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, …
    pub status: String,
    /// Start, by CodeDeploy's clock.
    pub started_at: Option<Timestamp>,
}

/// Blue or green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSet {
    /// Whether it is the new one.
    pub is_green: bool,
    /// Name or ARN of its target group; empty when it has none.
    pub target_group: String,
    /// ARN of its task definition; empty when the engine does not say.
    pub task_definition: String,
    /// Share of production traffic, in percent.
    pub weight_percent: u32,
    /// Wanted tasks.
    pub desired: u64,
    /// Running tasks.
    pub running: u64,
    /// Starting tasks.
    pub pending: u64,
}

impl Deployment {
    /// The lifecycle event that is running: the one whose hook asks.
    #[must_use]
    pub fn current_event(&self) -> Option<&LifecycleEvent> {
        self.lifecycle.iter().find(|event| event.status == "InProgress")
    }

    /// Who moves its traffic.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine::of(&self.id)
    }

    /// Whether it has come to an end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(
            self.status.as_str(),
            "Succeeded"
                | "Failed"
                | "Stopped"
                | "SUCCESSFUL"
                | "STOPPED"
                | "ROLLBACK_SUCCESSFUL"
                | "ROLLBACK_FAILED"
        )
    }

    /// Whether the new version has all the traffic, for good.
    #[must_use]
    pub fn has_succeeded(&self) -> bool {
        matches!(self.status.as_str(), "Succeeded" | "SUCCESSFUL")
    }

    /// Whether it takes a failed deployment back, or is being taken back: never analysed, never held up.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.creator == ROLLBACK_CREATOR
            || matches!(self.status.as_str(), "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS")
    }

    /// Whether its traffic is back where it was, or on the way there.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        self.is_rollback() || self.rollback.is_some() && self.status != "ROLLBACK_FAILED"
    }

    /// The new task set.
    #[must_use]
    pub fn green(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.is_green)
    }

    /// The running task set.
    #[must_use]
    pub fn blue(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| !set.is_green)
    }
}

/// CodeDeploy or ECS.
pub trait Deployments {
    /// Describes a deployment and its target.
    fn describe(&self, id: &str) -> impl Future<Output = Result<Deployment, Fault>>;
    /// Stops, with rollback or leaving the traffic where it is; a deployment that is over already is [`Fault::Missing`].
    fn stop(&self, id: &str, roll_back: bool) -> impl Future<Output = Result<(), Fault>>;
}

/// CodeDeploy's hooks.
pub trait Hooks {
    /// Answers a hook; one that was answered before is [`Fault::Missing`].
    fn answer_hook(&self, id: &str, hook: &str, succeeded: bool) -> impl Future<Output = Result<(), Fault>>;
}

/// ECS's pauses.
pub trait Pauses {
    /// Lets a paused deployment go on, or takes it back; a pause that is over already is [`Fault::Missing`].
    fn resume(&self, id: &str, hook: &str, go_on: bool) -> impl Future<Output = Result<(), Fault>>;
}

/// What the checks of a moment came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CheckedStage {
    /// The checks.
    pub checks: Vec<Check>,
    /// Why going back after this release would be worse than staying, if it would be.
    pub freeze: Option<String>,
}

/// Checks of the new version.
pub trait Checker {
    /// Makes the checks of a moment; `known` holds what was checked at earlier moments.
    fn check(
        &self,
        stage: Stage,
        deployment: &Deployment,
        policy: &Policy,
        known: Option<&Watch>,
    ) -> impl Future<Output = Result<CheckedStage, Fault>>;
}

/// Health of a target group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Targets in state `healthy`.
    pub healthy: u64,
    /// All registered targets.
    pub total: u64,
}

/// The load balancer.
pub trait TargetGroups {
    /// Dimensions of a target group by name or ARN.
    fn find(&self, name: &str) -> impl Future<Output = Result<TargetGroup, Fault>>;
    /// Health of its targets.
    fn health(&self, name: &str) -> impl Future<Output = Result<Health, Fault>>;
}

impl<T: TargetGroups> TargetGroups for &T {
    async fn find(&self, name: &str) -> Result<TargetGroup, Fault> {
        (**self).find(name).await
    }
    async fn health(&self, name: &str) -> Result<Health, Fault> {
        (**self).health(name).await
    }
}

/// CloudWatch minutes.
pub trait Minutes {
    /// What the policy's metrics show of settled minutes that start in `[from, to)`. A minute that was not measured is absent, and so is a
    /// metric in it; a missing 5XX is zero only where requests exist.
    fn read(
        &self,
        policy: &Policy,
        arms: &Arms,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<Series, Fault>>;
}

/// A stored watch with its optimistic version.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The record.
    pub watch: Watch,
    /// Raised by every write.
    pub version: u64,
}

/// The table of watches.
pub trait Watches {
    /// Active watches.
    fn active(&self) -> impl Future<Output = Result<Vec<Stored>, Fault>>;
    /// One watch, active or closed.
    fn get(&self, deployment: &str) -> impl Future<Output = Result<Option<Stored>, Fault>>;
    /// Makes a record; one that exists is left as it is.
    fn create(&self, watch: &Watch) -> impl Future<Output = Result<(), Fault>>;
    /// Writes if the version is still the one read; [`Fault::Conflict`] otherwise. Returns the new version.
    fn save(&self, stored: &Stored) -> impl Future<Output = Result<u64, Fault>>;
    /// Moves the record of a deployment that is over out of the active ones.
    fn close(&self, stored: &Stored) -> impl Future<Output = Result<(), Fault>>;
}

/// Tells people.
pub trait Notifier {
    /// Publishes; failure is for the log only.
    fn publish(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), Fault>>;
}
