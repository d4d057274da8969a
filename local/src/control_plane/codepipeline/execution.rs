//! One run of a pipeline: its stages, actions, artifacts and variables, and the events that tell of them.

use super::definition::{Action, Definition};
use crate::clock::Millis;
use crate::control_plane::{REGION, Stack, arn};
use crate::values::{rfc3339_millis, seconds, uuid};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// State of an action, stage or execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
    Stopping,
    Stopped,
    Abandoned,
    Superseded,
}

impl State {
    /// The API's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NotStarted => "NotStarted",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Abandoned => "Abandoned",
            Self::Superseded => "Superseded",
        }
    }

    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::InProgress | Self::Stopping)
    }
}

/// Where an artifact lies.
#[derive(Debug, Clone)]
pub(super) struct Artifact {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// What an action waits for.
#[derive(Debug, Clone)]
pub(super) enum Waits {
    Nothing,
    Until(Millis),
    Build(String),
    Job,
    Approval(String),
    Service { cluster: String, service: String, task_definition: String },
    Deployment(String),
}

#[derive(Debug, Clone)]
pub(super) struct ActionRun {
    pub(super) id: String,
    pub(super) state: State,
    pub(super) waits: Waits,
    pub(super) started: Option<Millis>,
    pub(super) ended: Option<Millis>,
    pub(super) summary: String,
    pub(super) external: String,
    pub(super) error_code: String,
    pub(super) updated_by: String,
    pub(super) variables: BTreeMap<String, String>,
}

impl ActionRun {
    fn new() -> Self {
        Self {
            id: uuid(),
            state: State::NotStarted,
            waits: Waits::Nothing,
            started: None,
            ended: None,
            summary: String::new(),
            external: String::new(),
            error_code: String::new(),
            updated_by: String::new(),
            variables: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct StageRun {
    pub(super) state: State,
    pub(super) actions: Vec<ActionRun>,
    pub(super) started: Option<Millis>,
}

/// A source revision that takes the place of the action's configuration.
#[derive(Debug, Clone)]
pub(super) struct Override {
    pub(super) action: String,
    pub(super) kind: String,
    pub(super) value: String,
}

/// What came in through a source action.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) artifact: String,
    pub(super) action: String,
    pub(super) id: String,
    pub(super) summary: String,
}

#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) definition: Arc<Definition>,
    pub(super) state: State,
    pub(super) stage: usize,
    pub(super) stages: Vec<StageRun>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) overrides: Vec<Override>,
    pub(super) artifacts: BTreeMap<String, Artifact>,
    pub(super) revisions: Vec<Revision>,
    pub(super) started: Millis,
    pub(super) updated: Millis,
    pub(super) attempt: u32,
    pub(super) trigger: (String, String),
    pub(super) stop_reason: String,
    pub(super) token: String,
    /// The execution that a rollback goes back to.
    pub(super) rollback_of: Option<String>,
    /// Only this stage runs (rollback).
    pub(super) only: Option<usize>,
}

impl Execution {
    pub(super) fn new(
        definition: &Arc<Definition>,
        variables: BTreeMap<String, String>,
        now: Millis,
    ) -> Self {
        let stage = |stage: &super::definition::Stage| StageRun {
            state: State::NotStarted,
            actions: stage.actions.iter().map(|_| ActionRun::new()).collect(),
            started: None,
        };
        Self {
            id: uuid(),
            definition: Arc::clone(definition),
            state: State::InProgress,
            stage: 0,
            stages: definition.stages.iter().map(stage).collect(),
            variables,
            overrides: Vec::new(),
            artifacts: BTreeMap::new(),
            revisions: Vec::new(),
            started: now,
            updated: now,
            attempt: 0,
            trigger: ("StartPipelineExecution".to_owned(), String::new()),
            stop_reason: String::new(),
            token: String::new(),
            rollback_of: None,
            only: None,
        }
    }

    pub(super) fn action_def(&self, stage: usize, action: usize) -> Option<&Action> {
        self.definition.stages.get(stage)?.actions.get(action)
    }

    pub(super) fn action_run(&mut self, stage: usize, action: usize) -> Option<&mut ActionRun> {
        self.stages.get_mut(stage)?.actions.get_mut(action)
    }

    /// Resets failed actions (or all) of a stage for a retry.
    pub(super) fn reset_stage(&mut self, stage: usize, all: bool) {
        if let Some(run) = self.stages.get_mut(stage) {
            run.state = State::NotStarted;
            for action in run.actions.iter_mut().filter(|action| all || action.state != State::Succeeded) {
                *action = ActionRun::new();
            }
        }
    }

    /// Replaces `#{…}` by the execution's variables and the output variables of earlier actions; an unknown one stays as it is.
    pub(super) fn resolve(&self, template: &str) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("#{") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push_str("#{");
                rest = after;
                continue;
            };
            match self.value_of(name) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&format!("#{{{name}}}")),
            }
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    fn value_of(&self, name: &str) -> Option<String> {
        let (namespace, key) = name.split_once('.')?;
        match (namespace, key) {
            ("codepipeline", "PipelineExecutionId") => Some(self.id.clone()),
            ("variables", key) => self.variables.get(key).cloned(),
            _ => {
                let stages = self.definition.stages.iter().zip(&self.stages);
                let mut actions = stages.flat_map(|(def, run)| def.actions.iter().zip(&run.actions));
                let (_, run) = actions.find(|(def, _)| def.namespace == namespace)?;
                run.variables.get(key).cloned()
            }
        }
    }

    fn base(&self, started: Millis, state: &str) -> Value {
        json!({"pipeline": self.definition.name, "execution-id": self.id, "start-time": rfc3339_millis(started),
               "state": state, "version": f64::from(self.definition.version),
               "pipeline-execution-attempt": f64::from(self.attempt + 1)})
    }

    fn send(&self, stack: &Stack, kind: &str, mut detail: Value, members: Value) {
        if let (Some(detail), Value::Object(members)) = (detail.as_object_mut(), members) {
            detail.extend(members);
        }
        let kind = format!("CodePipeline {kind} Execution State Change");
        stack.events.put(
            "codepipeline",
            &kind,
            &[arn("codepipeline", &self.definition.name)],
            &detail,
            stack.now(),
        );
    }

    pub(super) fn tell(&self, stack: &Stack, state: &str) {
        let members = if state == "STARTED" {
            json!({"execution-trigger": {"trigger-type": self.trigger.0, "trigger-detail": self.trigger.1}})
        } else {
            json!({})
        };
        self.send(stack, "Pipeline", self.base(self.started, state), members);
    }

    pub(super) fn tell_stage(&self, stack: &Stack, stage: usize, state: &str) {
        let (Some(def), Some(run)) = (self.definition.stages.get(stage), self.stages.get(stage)) else {
            return;
        };
        self.send(
            stack,
            "Stage",
            self.base(run.started.unwrap_or_else(|| stack.now()), state),
            json!({"stage": def.name}),
        );
    }

    pub(super) fn tell_action(&self, stack: &Stack, stage: usize, action: usize) {
        let (Some(def), Some(stage_def)) =
            (self.action_def(stage, action), self.definition.stages.get(stage))
        else {
            return;
        };
        let Some(run) = self.stages.get(stage).and_then(|stage| stage.actions.get(action)) else { return };
        let state = match run.state {
            State::InProgress => "STARTED",
            State::Succeeded => "SUCCEEDED",
            State::Abandoned => "ABANDONED",
            _ => "FAILED",
        };
        let artifacts = |names: &[String]| -> Vec<Value> {
            let found = names.iter().filter_map(|name| Some((name, self.artifacts.get(name)?)));
            found.map(|(name, place)| json!({"name": name, "s3location": {"bucket": place.bucket, "key": place.key}})).collect()
        };
        let mut members = json!({
            "stage": stage_def.name, "action": def.name, "action-execution-id": run.id, "region": REGION,
            "type": {"owner": def.owner, "category": def.category, "provider": def.provider, "version": "1"},
            "input-artifacts": artifacts(&def.inputs), "output-artifacts": artifacts(&def.outputs),
        });
        if let (true, Some(members)) = (state != "STARTED", members.as_object_mut()) {
            members.insert(
                "execution-result".into(),
                json!({"external-execution-id": run.external,
                "external-execution-summary": run.summary, "error-code": run.error_code}),
            );
        }
        self.send(stack, "Action", self.base(run.started.unwrap_or_else(|| stack.now()), state), members);
    }

    /// Seconds since the start, for ordering in lists.
    pub(super) fn started_seconds(&self) -> f64 {
        seconds(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_unknown_ones_stay() {
        let document = json!({"name": "p", "artifactStore": {"location": "b"}, "stages": [
            {"name": "Source", "actions": [{"name": "S", "namespace": "src", "actionTypeId": {"category": "Source"}}]},
            {"name": "Next", "actions": []}]});
        let definition = Arc::new(Definition::read(&document, 1).unwrap());
        let mut execution =
            Execution::new(&definition, [("commitId".to_owned(), "abc".to_owned())].into(), 0);
        execution.id = "e".to_owned();
        execution.stages[0].actions[0].variables.insert("VersionId".to_owned(), "v1".to_owned());
        let resolved = execution
            .resolve("#{codepipeline.PipelineExecutionId}/#{variables.commitId}/#{src.VersionId}/#{no.such}");
        assert_eq!(resolved, "e/abc/v1/#{no.such}");
    }
}
