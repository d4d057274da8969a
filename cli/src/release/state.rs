//! What the control plane and the watch hold, as far as the timeline shows it. Members that are missing are empty; nothing is
//! computed here but look-ups.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Creator of a deployment that brings the old version back.
const ROLLBACK: &str = "codeDeployRollback";

/// One look at everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) state: State,
    /// Watch records by deployment id.
    pub(crate) watches: BTreeMap<String, Watch>,
}

/// `GET /_local/state`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Virtual time.
    pub(crate) now: String,
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) deployments: Vec<Deployment>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pipeline {
    pub(crate) name: String,
    pub(crate) executions: Vec<Execution>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Execution {
    pub(crate) id: String,
    pub(crate) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) started: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) updated: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) stages: Vec<Stage>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) started: String,
    pub(crate) actions: Vec<Action>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Action {
    pub(crate) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) provider: String,
    pub(crate) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) summary: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) ended: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    /// Deployment group, which is the service.
    pub(crate) group: String,
    pub(crate) status: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) config: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) creator: String,
    pub(crate) weights: Weights,
    pub(crate) lifecycle: Vec<Lifecycle>,
    pub(crate) rollback: Option<Value>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) message: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) started: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) ended: String,
}

/// Shares of traffic in percent.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Weights {
    pub(crate) green: f64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lifecycle {
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) function: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) started: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) ended: String,
    #[serde(deserialize_with = "nullable")]
    pub(crate) message: String,
}

/// The record of a watched deployment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Watch {
    pub(crate) group: String,
    pub(crate) verdict: Option<Verdict>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Verdict {
    /// `harm`, `promote` or `inconclusive`.
    pub(crate) kind: String,
    pub(crate) reason: String,
    pub(crate) decided_at: String,
}

fn nullable<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(input)?.unwrap_or_default())
}

impl State {
    /// The newest execution for a commit, with its pipeline's name.
    pub(crate) fn execution_of(&self, sha: &str) -> Option<(&str, &Execution)> {
        let of = |pipeline: &'_ Pipeline| {
            let is_it = |e: &&Execution| e.variables.get("commitId").is_some_and(|commit| commit == sha);
            pipeline.executions.iter().rfind(is_it).map(|e| e.id.clone())
        };
        self.pipelines.iter().find_map(|pipeline| {
            let id = of(pipeline)?;
            let found = pipeline.executions.iter().find(|execution| execution.id == id)?;
            Some((pipeline.name.as_str(), found))
        })
    }

    /// The deployment with this id.
    pub(crate) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }
}

impl Execution {
    /// Whether it has not come to its end.
    pub(crate) fn is_live(&self) -> bool {
        is_live(&self.status)
    }

    /// The stage called `name`.
    pub(crate) fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

impl Stage {
    /// When its last action ended.
    pub(crate) fn ended(&self) -> &str {
        self.actions.iter().map(|action| action.ended.as_str()).max().unwrap_or_default()
    }
}

impl Deployment {
    /// Whether it brings the old version back.
    pub(crate) fn is_rollback(&self) -> bool {
        self.creator == ROLLBACK
    }

    /// Whether it has not come to its end.
    pub(crate) fn is_live(&self) -> bool {
        is_live(&self.status)
    }

    /// The lifecycle event called `name`.
    pub(crate) fn event(&self, name: &str) -> Option<&Lifecycle> {
        self.lifecycle.iter().find(|event| event.name == name)
    }

    /// Whether a rollback of it was made.
    pub(crate) fn was_rolled_back(&self) -> bool {
        self.rollback.as_ref().is_some_and(|rollback| !rollback.is_null())
    }
}

/// States of CodePipeline and CodeDeploy that end nothing.
pub(crate) fn is_live(status: &str) -> bool {
    matches!(status, "Created" | "Queued" | "Ready" | "InProgress" | "Stopping" | "Baking")
}
