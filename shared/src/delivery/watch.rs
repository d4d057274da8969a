//! The record of one deployment: what was checked, what was seen minute by minute, and the verdict, written once.
//!
//! It holds everything that the verdict came from, the policy and the learned noise among it, so that `watch replay` computes the same again.
//! Must not: hold payloads or secrets.

use super::analysis::{Analysis, NoiseOf, analyse};
use super::check::Check;
use super::policy::{Policies, Policy, PolicyError};
use super::series::Series;
use super::stage::Stage;
use super::verdict::{Action, Verdict};
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the record's format.
pub const RECORD_VERSION: u32 = 2;

/// Who moves the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// CodeDeploy, blue/green to ECS.
    CodeDeploy,
    /// ECS by itself.
    Ecs,
}

impl Engine {
    /// Of a deployment's id: an ARN is ECS's, anything else CodeDeploy's.
    #[must_use]
    pub fn of(id: &str) -> Self {
        if id.starts_with("arn:") { Self::Ecs } else { Self::CodeDeploy }
    }
}

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
    /// Family and revision of the task definition behind it, when known.
    #[serde(default)]
    pub task_definition: String,
}

/// Between whom the traffic moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arms {
    /// The new version's targets.
    pub green: TargetGroup,
    /// The running version's targets; none on a first deployment, which has nothing to be compared with.
    pub blue: Option<TargetGroup>,
}

/// Who waits for the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Asker {
    /// A CodeDeploy hook: whoever holds its id must answer, before an hour is over.
    #[serde(rename_all = "camelCase")]
    Hook {
        /// `LifecycleEventHookExecutionId`.
        execution: String,
    },
    /// An ECS hook asks again by itself.
    Poll,
}

/// Someone who waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Who.
    pub asker: Asker,
    /// Since when, by the service's clock.
    pub since: Timestamp,
    /// Who asked later: an invocation that Lambda made once more asks for a hook that is answered already, so all of them are answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Asker>,
}

impl Waiting {
    /// Everybody who waits.
    pub fn askers(&self) -> impl Iterator<Item = &Asker> {
        std::iter::once(&self.asker).chain(&self.also)
    }
}

/// A check and the moment it was made for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The moment.
    pub stage: Stage,
    /// The result.
    pub check: Check,
}

/// Green's share of production traffic from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weight {
    /// The tick that saw it first.
    pub at: Timestamp,
    /// Percent.
    pub percent: u32,
}

/// Evidence of one metric, to the last bit: numbers are written so that reading them gives the same again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Metric id.
    pub metric: String,
    /// ln that the evidence for harm must reach.
    pub bound: f64,
    /// ln that the evidence for promotion must reach.
    pub promotion_bound: f64,
    /// Judged minute, ln of the evidence for harm and for promotion after it.
    pub path: Vec<(Timestamp, f64, f64)>,
}

impl Shown {
    /// Of every metric of an analysis.
    #[must_use]
    pub fn of(analysis: &Analysis) -> Vec<Self> {
        let shown = |evidence: &super::analysis::Evidence| Self {
            metric: evidence.metric.clone(),
            bound: evidence.bound,
            promotion_bound: evidence.promotion_bound,
            path: evidence.path.iter().map(|point| (point.at, point.harm, point.promotion)).collect(),
        };
        analysis.evidence.iter().map(shown).collect()
    }
}

/// One watched deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watch {
    /// [`RECORD_VERSION`].
    pub record: u32,
    /// CodeDeploy deployment id, or ARN of an ECS service deployment.
    pub deployment_id: String,
    /// Who moves the traffic.
    pub engine: Engine,
    /// CodeDeploy application, or ECS cluster.
    pub application: String,
    /// CodeDeploy deployment group, or ECS service.
    pub group: String,
    /// When the deployment was made, by the service's clock.
    pub created_at: Timestamp,
    /// The policy it is judged by, whole; null before traffic may move.
    pub policy: Value,
    /// Between whom the traffic moves; none before traffic may move.
    pub arms: Option<Arms>,
    /// From when on minutes are read; none before traffic may move.
    pub watched_from: Option<Timestamp>,
    /// Noise that was learned before the shift, by metric; none until it was looked for.
    pub noise: Option<NoiseOf>,
    /// Settled minutes, by their start.
    #[serde(default)]
    pub minutes: Series,
    /// Green's shares of the traffic, in order.
    #[serde(default)]
    pub weights: Vec<Weight>,
    /// What was checked.
    #[serde(default)]
    pub checks: Vec<Checked>,
    /// Why going back would be worse than staying, if it would be.
    pub freeze: Option<String>,
    /// The newest tick that was written down: an older one, or the same once more, changes nothing.
    pub ticked: Option<Timestamp>,
    /// The verdict, once.
    pub verdict: Option<Verdict>,
    /// Evidence of every metric as the tick that decided reckoned it, so that it can be computed again and compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Shown>,
    /// What was done about it.
    pub action: Option<Action>,
    /// Whether people were told of the verdict.
    #[serde(default)]
    pub told: bool,
    /// Pauses of ECS that people were told of.
    #[serde(default)]
    pub pauses_told: Vec<String>,
    /// Who waits for the verdict.
    pub waiting: Option<Waiting>,
    /// The deployment's state when the record was closed.
    pub final_state: Option<String>,
    /// What rolled it back: a CodeDeploy deployment, an ECS service revision.
    pub rollback: Option<String>,
}

impl Watch {
    /// The policy of the record.
    ///
    /// # Errors
    /// When the record has none, or one of another release.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        Policies::recorded(&self.policy)
    }

    /// What its minutes show.
    #[must_use]
    pub fn analyse(&self, policy: &Policy) -> Analysis {
        let none = NoiseOf::new();
        analyse(policy, self.noise.as_ref().unwrap_or(&none), &self.minutes)
    }

    /// Greatest share of traffic that green was seen with, in percent.
    #[must_use]
    pub fn exposure_percent(&self) -> u32 {
        self.weights.iter().map(|weight| weight.percent).max().unwrap_or(0)
    }

    /// Writes down green's share, if it is another than before.
    pub fn see_weight(&mut self, at: Timestamp, percent: u32) {
        if self.weights.last().map_or(0, |weight| weight.percent) != percent {
            self.weights.push(Weight { at, percent });
        }
    }

    /// Whether traffic may move: the record has all that a watch needs.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.watched_from.is_some()
    }
}
