//! The API's operations on pipelines and executions.

use super::definition::{Definition, Mode};
use super::execution::{Execution, Override, State, Waits};
use super::{Held, Pipeline, describe};
use crate::clock::Millis;
use crate::control_plane::{ApiError, Stack};
use crate::values::{at, list, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Executions that may be under way in a pipeline whose mode is QUEUED or PARALLEL.
const MOST_AT_ONCE: usize = 50;

fn error(code: &str, message: &str) -> ApiError {
    ApiError::new(code, message)
}

impl Held {
    pub(super) fn pipeline(&mut self, name: &str) -> Result<&mut Pipeline, ApiError> {
        let missing = || {
            error(
                "PipelineNotFoundException",
                &format!("Account does not have a pipeline with name '{name}'"),
            )
        };
        self.pipelines.get_mut(name).ok_or_else(missing)
    }

    pub(super) fn execution_mut(&mut self, pipeline: &str, id: &str) -> Option<&mut Execution> {
        self.pipelines.get_mut(pipeline)?.executions.iter_mut().find(|execution| execution.id == id)
    }

    fn execution(&mut self, input: &Value) -> Result<&mut Execution, ApiError> {
        let (name, id) = (text(input, "pipelineName"), text(input, "pipelineExecutionId"));
        self.pipeline(&name)?;
        let missing =
            || error("PipelineExecutionNotFoundException", &format!("no execution {id} of `{name}`"));
        self.execution_mut(&name, &id).ok_or_else(missing)
    }

    pub(super) fn create(&mut self, input: &Value) -> Result<Value, ApiError> {
        let document = input.get("pipeline").unwrap_or(&Value::Null);
        let name = text(document, "name");
        if self.pipelines.contains_key(&name) {
            return Err(error(
                "PipelineNameInUseException",
                &format!("A pipeline with the name '{name}' already exists"),
            ));
        }
        let definition = Arc::new(Definition::read(document, 1)?);
        self.pipelines.insert(name, Pipeline { definition, executions: Vec::new(), disabled: Vec::new() });
        Ok(json!({"pipeline": document}))
    }

    pub(super) fn update(&mut self, input: &Value) -> Result<Value, ApiError> {
        let document = input.get("pipeline").unwrap_or(&Value::Null);
        let pipeline = self.pipeline(&text(document, "name"))?;
        pipeline.definition = Arc::new(Definition::read(document, pipeline.definition.version + 1)?);
        Ok(json!({"pipeline": document}))
    }

    pub(super) fn get(&mut self, input: &Value) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&text(input, "name"))?;
        Ok(
            json!({"pipeline": pipeline.definition.document, "metadata": describe::metadata(&pipeline.definition)}),
        )
    }

    pub(super) fn start(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let token = text(input, "clientRequestToken");
        let pipeline = self.pipeline(&text(input, "name"))?;
        if let Some(found) = pipeline.executions.iter().find(|e| !token.is_empty() && e.token == token) {
            return Ok(json!({"pipelineExecutionId": found.id}));
        }
        let live = pipeline.executions.iter().filter(|execution| execution.state.is_live()).count();
        if pipeline.definition.mode != Mode::Superseded && live >= MOST_AT_ONCE {
            let words = format!("{live} executions are in progress, at most {MOST_AT_ONCE} may be");
            return Err(error("ConcurrentPipelineExecutionsLimitExceededException", &words));
        }
        let variables = variables(&pipeline.definition, input)?;
        let mut execution = Execution::new(&pipeline.definition, variables, stack.now());
        execution.overrides = overrides(&pipeline.definition, input)?;
        execution.trigger.1 = "arn:aws:sts::000000000000:assumed-role/local/starter".to_owned();
        execution.token = token;
        execution.tell(stack, "STARTED");
        let id = execution.id.clone();
        pipeline.executions.push(execution);
        Ok(json!({"pipelineExecutionId": id}))
    }

    pub(super) fn stop(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let abandon = input.get("abandon").and_then(Value::as_bool).unwrap_or(false);
        let reason = text(input, "reason");
        let execution = self.execution(input)?;
        if execution.state != State::InProgress && !(abandon && execution.state == State::Stopping) {
            return Err(error("PipelineExecutionNotStoppableException", "the execution is not in progress"));
        }
        execution.state = State::Stopping;
        execution.stop_reason = if reason.is_empty() { "stopped on request".to_owned() } else { reason };
        let stage = execution.stage;
        if abandon {
            let count = execution.stages.get(stage).map_or(0, |run| run.actions.len());
            for action in 0..count {
                let Some(run) =
                    execution.action_run(stage, action).filter(|run| run.state == State::InProgress)
                else {
                    continue;
                };
                run.state = State::Abandoned;
                run.ended = Some(stack.now());
                execution.tell_action(stack, stage, action);
            }
        }
        execution.tell(stack, "STOPPING");
        Ok(json!({"pipelineExecutionId": execution.id}))
    }

    pub(super) fn retry(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let all = text(input, "retryMode") == "ALL_ACTIONS";
        let name = text(input, "stageName");
        let execution = self.execution(input)?;
        let index = execution.definition.stages.iter().position(|stage| stage.name == name);
        let index = index.ok_or_else(|| error("StageNotFoundException", &format!("no stage `{name}`")))?;
        let retriable = execution.state == State::Failed && execution.stage == index;
        if !retriable {
            return Err(error("StageNotRetryableException", "the stage has not failed in this execution"));
        }
        execution.reset_stage(index, all);
        execution.state = State::InProgress;
        execution.attempt += 1;
        execution.tell(stack, "RESUMED");
        Ok(json!({"pipelineExecutionId": execution.id}))
    }

    pub(super) fn roll_back(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let (stage, target) = (text(input, "stageName"), text(input, "targetPipelineExecutionId"));
        let pipeline = self.pipeline(&text(input, "pipelineName"))?;
        let index = pipeline.definition.stages.iter().position(|found| found.name == stage);
        let index = index.ok_or_else(|| error("StageNotFoundException", &format!("no stage `{stage}`")))?;
        if index == 0 || pipeline.definition.mode == Mode::Parallel {
            return Err(error("UnableToRollbackStageException", "this stage cannot be rolled back"));
        }
        let passed = |e: &&Execution| e.stages.get(index).is_some_and(|run| run.state == State::Succeeded);
        let found = pipeline.executions.iter().find(|e| e.id == target);
        let found = found
            .ok_or_else(|| error("PipelineExecutionNotFoundException", &format!("no execution {target}")))?;
        if !passed(&found) {
            return Err(error(
                "UnableToRollbackStageException",
                "the target execution did not pass this stage",
            ));
        }
        let mut execution = Execution::new(&pipeline.definition, found.variables.clone(), stack.now());
        execution.artifacts = found.artifacts.clone();
        execution.revisions = found.revisions.clone();
        execution.stage = index;
        execution.only = Some(index);
        execution.rollback_of = Some(target);
        execution.trigger = ("ManualRollback".to_owned(), String::new());
        execution.tell(stack, "STARTED");
        let id = execution.id.clone();
        pipeline.executions.push(execution);
        Ok(json!({"pipelineExecutionId": id}))
    }

    pub(super) fn get_execution(&mut self, input: &Value) -> Result<Value, ApiError> {
        Ok(json!({"pipelineExecution": describe::execution(self.execution(input)?)}))
    }

    pub(super) fn list_executions(&mut self, input: &Value) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&text(input, "pipelineName"))?;
        page(
            input,
            "pipelineExecutionSummaries",
            pipeline.executions.iter().rev().map(describe::summary).collect(),
        )
    }

    pub(super) fn list_actions(&mut self, input: &Value) -> Result<Value, ApiError> {
        let wanted = at(input, "/filter/pipelineExecutionId");
        let pipeline = self.pipeline(&text(input, "pipelineName"))?;
        let found = pipeline.executions.iter().rev().filter(|e| wanted.is_empty() || e.id == wanted);
        page(input, "actionExecutionDetails", found.flat_map(describe::history).collect())
    }

    pub(super) fn approve(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let (stage, action) = (text(input, "stageName"), text(input, "actionName"));
        let token = text(input, "token");
        let approved = at(input, "/result/status") == "Approved";
        let summary = at(input, "/result/summary");
        let pipeline = self.pipeline(&text(input, "pipelineName"))?;
        let names = pipeline.definition.stages.iter().enumerate().find(|(_, found)| found.name == stage);
        let (stage, found) =
            names.ok_or_else(|| error("StageNotFoundException", &format!("no stage `{stage}`")))?;
        let action = found.actions.iter().position(|found| found.name == action);
        let action = action.ok_or_else(|| error("ActionNotFoundException", "no such action"))?;
        let waiting = |e: &&mut Execution| {
            let run = e.stages.get(stage).and_then(|run| run.actions.get(action));
            run.is_some_and(|run| {
                run.state == State::InProgress && matches!(&run.waits, Waits::Approval(t) if *t == token)
            })
        };
        let execution = pipeline.executions.iter_mut().find(waiting);
        let execution = execution.ok_or_else(|| {
            error(
                "InvalidApprovalTokenException",
                "the approval request already received a response or has expired",
            )
        })?;
        if let Some(run) = execution.action_run(stage, action) {
            "arn:aws:sts::000000000000:assumed-role/local/approver".clone_into(&mut run.updated_by);
        }
        execution.end_action(stack, stage, action, if approved { "" } else { "JobFailed" }, &summary);
        Ok(json!({"approvedAt": crate::values::seconds(stack.now())}))
    }

    /// The token of an approval that waits in an execution: stage, action, token.
    pub(super) fn waiting_approval(&mut self, pipeline: &str, id: &str) -> Option<(String, String, String)> {
        let execution = self.execution_mut(pipeline, id)?;
        let stages = execution.definition.stages.iter().zip(&execution.stages);
        let mut actions =
            stages.flat_map(|(def, run)| def.actions.iter().zip(&run.actions).map(move |pair| (def, pair)));
        actions.find_map(|(stage, (def, run))| match &run.waits {
            Waits::Approval(token) if run.state == State::InProgress => {
                Some((stage.name.clone(), def.name.clone(), token.clone()))
            }
            _ => None,
        })
    }

    /// When an action of a live execution is due.
    pub(super) fn next_due(&self, now: Millis) -> Option<Millis> {
        let executions = self.pipelines.values().flat_map(|p| &p.executions).filter(|e| e.state.is_live());
        let runs =
            executions.flat_map(|e| e.stages.get(e.stage).into_iter().flat_map(|stage| &stage.actions));
        let timed = runs.filter_map(|run| match run.waits {
            Waits::Until(at) if run.state == State::InProgress => Some(at),
            _ => None,
        });
        let jobs = self.jobs.iter().filter(|job| job.is_open).map(super::jobs::Job::due);
        timed.chain(jobs).filter(|due| *due > now).min()
    }
}

fn page(input: &Value, key: &str, all: Vec<Value>) -> Result<Value, ApiError> {
    let from = match text(input, "nextToken") {
        token if token.is_empty() => 0,
        token => token
            .parse::<usize>()
            .map_err(|_| error("InvalidNextTokenException", "the next token is not one of ours"))?,
    };
    let size = input
        .get("maxResults")
        .and_then(Value::as_u64)
        .map_or(100, |size| usize::try_from(size).unwrap_or(100));
    let next = (all.len() > from + size).then(|| (from + size).to_string());
    let items: Vec<Value> = all.into_iter().skip(from).take(size).collect();
    let mut answer = json!({key: items});
    if let (Some(next), Some(members)) = (next, answer.as_object_mut()) {
        members.insert("nextToken".into(), json!(next));
    }
    Ok(answer)
}

fn variables(definition: &Definition, input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let given: BTreeMap<String, String> = list(input, "variables")
        .iter()
        .map(|variable| (text(variable, "name"), text(variable, "value")))
        .collect();
    if let Some(unknown) =
        given.keys().find(|name| !definition.variables.iter().any(|(known, _)| known == *name))
    {
        return Err(error(
            "ValidationException",
            &format!("pipeline `{}` has no variable `{unknown}`", definition.name),
        ));
    }
    let mut resolved = BTreeMap::new();
    for (name, default) in &definition.variables {
        let value = given.get(name).or(default.as_ref());
        let value = value.ok_or_else(|| {
            error("ValidationException", &format!("variable `{name}` has no value and no default"))
        })?;
        resolved.insert(name.clone(), value.clone());
    }
    Ok(resolved)
}

fn overrides(definition: &Definition, input: &Value) -> Result<Vec<Override>, ApiError> {
    let sources = || definition.stages.first().into_iter().flat_map(|stage| &stage.actions);
    let read = |revision: &Value| {
        let found = Override {
            action: text(revision, "actionName"),
            kind: text(revision, "revisionType"),
            value: text(revision, "revisionValue"),
        };
        let action = sources().find(|action| action.name == found.action);
        let action = action
            .ok_or_else(|| error("ValidationException", &format!("no source action `{}`", found.action)))?;
        if found.kind == "S3_OBJECT_KEY" && action.config("AllowOverrideForS3ObjectKey") != "true" {
            return Err(error(
                "ValidationException",
                &format!("`{}` does not allow another object key", found.action),
            ));
        }
        Ok(found)
    };
    list(input, "sourceRevisions").iter().map(read).collect()
}
