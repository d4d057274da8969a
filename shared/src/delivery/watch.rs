//! The record of one watched deployment: what was seen, minute by minute, and the verdict, written once.

use super::eprocess::Counts;
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A target group as CloudWatch names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroup {
    /// Name.
    pub name: String,
    /// Dimension `TargetGroup`: `targetgroup/<name>/<hex>`.
    pub dimension: String,
    /// Dimension `LoadBalancer`: `app/<name>/<hex>`.
    pub load_balancer: String,
}

/// A hook that waits for the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// `LifecycleEventHookExecutionId`: whoever holds it must answer.
    pub hook_execution_id: String,
    /// When the hook was started, by CodeDeploy's clock.
    pub since: Timestamp,
}

/// What the watch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Harm is shown: roll back.
    Harm,
    /// Harm of the size that matters is excluded.
    Promote,
    /// Neither.
    Inconclusive,
}

/// The verdict and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchVerdict {
    /// What it came to.
    pub kind: Kind,
    /// One sentence with both numbers.
    pub reason: String,
    /// The tick that decided.
    pub decided_at: Timestamp,
}

/// One watched deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watch {
    /// CodeDeploy deployment id.
    pub deployment_id: String,
    /// CodeDeploy application.
    pub application: String,
    /// CodeDeploy deployment group.
    pub group: String,
    /// The new version's targets.
    pub green: TargetGroup,
    /// The running version's targets.
    pub blue: TargetGroup,
    /// When the record was made, by CodeDeploy's clock.
    pub created_at: Timestamp,
    /// Settled minutes, by their start.
    pub minutes: BTreeMap<Timestamp, Counts>,
    /// Greatest share of traffic that green was seen with, in percent.
    pub exposure_percent: u32,
    /// The verdict, once.
    pub verdict: Option<WatchVerdict>,
    /// The hook that waits for it.
    pub waiting: Option<Waiting>,
    /// The deployment's state when the record was closed.
    pub final_state: Option<String>,
}

impl Watch {
    /// Takes minutes that are settled; a minute is taken once more when it was read again.
    pub fn take(&mut self, minutes: impl IntoIterator<Item = (Timestamp, Counts)>) {
        self.minutes.extend(minutes);
    }

    /// Minutes from the first one in which green had traffic.
    #[must_use]
    pub fn shifted(&self) -> Vec<Counts> {
        self.minutes.values().copied().skip_while(|counts| counts.green_requests == 0).collect()
    }
}
