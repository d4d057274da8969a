//! What hooks and the watch need from outside, in domain types.

use super::eprocess::Counts;
use super::watch::{TargetGroup, Watch};
use crate::errors::Fault;
use crate::model::Timestamp;
use std::future::Future;

/// Creator of a rollback deployment (`GetDeployment`, `creator`).
pub const ROLLBACK_CREATOR: &str = "codeDeployRollback";

/// A deployment as CodeDeploy describes it, with its one ECS target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Id.
    pub id: String,
    /// Application.
    pub application: String,
    /// Deployment group.
    pub group: String,
    /// State word: `Created`, `InProgress`, `Succeeded`, …; kept open.
    pub status: String,
    /// Who made it.
    pub creator: String,
    /// Lifecycle events in order.
    pub lifecycle: Vec<LifecycleEvent>,
    /// Task sets.
    pub task_sets: Vec<TaskSet>,
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
    /// Name of its target group.
    pub target_group: String,
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

    /// Whether it has come to an end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "Succeeded" | "Failed" | "Stopped")
    }

    /// Whether it takes a failed deployment back: never analysed, never held up.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.creator == ROLLBACK_CREATOR
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

/// CodeDeploy.
pub trait Deployments {
    /// Describes a deployment and its target.
    fn describe(&self, id: &str) -> impl Future<Output = Result<Deployment, Fault>>;
    /// Answers a hook; one that was answered before is [`Fault::Missing`].
    fn answer_hook(&self, id: &str, hook: &str, succeeded: bool) -> impl Future<Output = Result<(), Fault>>;
    /// Stops with rollback; a deployment that is over already is [`Fault::Missing`].
    fn stop(&self, id: &str) -> impl Future<Output = Result<(), Fault>>;
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
    /// Dimensions of a target group by name.
    fn find(&self, name: &str) -> impl Future<Output = Result<TargetGroup, Fault>>;
    /// Health of its targets.
    fn health(&self, name: &str) -> impl Future<Output = Result<Health, Fault>>;
}

/// CloudWatch minutes.
pub trait Minutes {
    /// Counts of settled minutes that start in `[from, to)`. A minute without requests in both arms is absent; a missing 5XX is zero only
    /// where requests exist.
    fn counts(
        &self,
        watch: &Watch,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Future<Output = Result<Vec<(Timestamp, Counts)>, Fault>>;
}

/// A stored watch with its optimistic version.
#[derive(Debug, Clone, PartialEq, Eq)]
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
