//! A fact: what a service said about something at a time. Its key holds all of it, so storing it twice changes nothing.

use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fact {
    /// When, by the service that reported it.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What was said. State words are kept as they came: an unknown one is kept too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A pipeline execution changed state.
    Execution {
        /// Pipeline.
        pipeline: String,
        /// Execution id.
        execution: String,
        /// `STARTED`, `SUCCEEDED`, …
        state: String,
        /// Attempt, from 0 or 1.
        attempt: u64,
    },
    /// A stage changed state.
    Stage {
        /// Pipeline.
        pipeline: String,
        /// Execution id.
        execution: String,
        /// Stage.
        stage: String,
        /// State.
        state: String,
        /// Attempt.
        attempt: u64,
    },
    /// An action changed state.
    Action {
        /// Pipeline.
        pipeline: String,
        /// Execution id.
        execution: String,
        /// Stage.
        stage: String,
        /// Action.
        action: String,
        /// Action execution id.
        id: String,
        /// `Source`, `Build`, `Deploy`, `Approval`, `Invoke`, …
        category: String,
        /// State.
        state: String,
        /// Build id, deployment id, …
        external: String,
    },
    /// A build changed state.
    Build {
        /// Build id.
        build: String,
        /// Project.
        project: String,
        /// `IN_PROGRESS`, `SUCCEEDED`, …
        state: String,
        /// Phases with their seconds; empty while it runs.
        phases: Vec<(String, u64)>,
    },
    /// A CodeDeploy deployment changed state.
    Deployment {
        /// Deployment id.
        deployment: String,
        /// Application.
        application: String,
        /// Deployment group.
        group: String,
        /// `START`, `SUCCESS`, `FAILURE`, `STOP`, `READY`.
        state: String,
    },
    /// An ECS service deployment changed state.
    Service {
        /// Service deployment id.
        deployment: String,
        /// Service ARN.
        service: String,
        /// Event name.
        state: String,
    },
    /// An image was scanned.
    Scan {
        /// Repository.
        repository: String,
        /// Image digest.
        digest: String,
        /// `COMPLETE`, `FAILED`.
        state: String,
        /// Counts by severity.
        counts: Vec<(String, u64)>,
    },
}

impl Fact {
    /// Partition and sort key: the whole identity, time included.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        let at = self.at;
        match &self.what {
            What::Execution { pipeline, execution, state, attempt } => {
                (format!("X#{pipeline}#{execution}"), format!("P#{attempt}#{state}#{at}"))
            }
            What::Stage { pipeline, execution, stage, state, attempt } => {
                (format!("X#{pipeline}#{execution}"), format!("S#{stage}#{attempt}#{state}#{at}"))
            }
            What::Action { pipeline, execution, stage, action, id, state, .. } => {
                (format!("X#{pipeline}#{execution}"), format!("A#{stage}#{action}#{id}#{state}#{at}"))
            }
            What::Build { build, state, .. } => (format!("B#{build}"), format!("{state}#{at}")),
            What::Deployment { deployment, state, .. } => {
                (format!("D#{deployment}"), format!("{state}#{at}"))
            }
            What::Service { deployment, state, .. } => (format!("E#{deployment}"), format!("{state}#{at}")),
            What::Scan { repository, digest, state, .. } => {
                (format!("I#{repository}#{digest}"), format!("{state}#{at}"))
            }
        }
    }
}
