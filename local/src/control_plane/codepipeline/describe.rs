//! Pipelines and executions in the API's words and for the admin interface.

use super::Pipeline;
use super::actions::pipeline_arn;
use super::definition::{Action, Definition};
use super::execution::{ActionRun, Execution, StageRun, State, Waits};
use crate::values::{moment, rfc3339, seconds};
use serde_json::{Value, json};

/// `pipelineExecution`.
pub(super) fn execution(execution: &Execution) -> Value {
    let revisions = execution.revisions.iter().map(|revision| {
        json!({"name": revision.artifact, "revisionId": revision.id, "revisionSummary": revision.summary})
    });
    let variables =
        execution.variables.iter().map(|(name, value)| json!({"name": name, "resolvedValue": value}));
    json!({
        "pipelineName": execution.definition.name, "pipelineVersion": execution.definition.version,
        "pipelineExecutionId": execution.id, "status": execution.state.word(),
        "artifactRevisions": revisions.collect::<Vec<_>>(), "variables": variables.collect::<Vec<_>>(),
        "trigger": {"triggerType": execution.trigger.0, "triggerDetail": execution.trigger.1},
        "executionMode": execution.definition.mode.word(), "executionType": kind(execution),
        "rollbackMetadata": execution.rollback_of.as_ref().map(|id| json!({"rollbackTargetPipelineExecutionId": id})),
    })
}

fn kind(execution: &Execution) -> &'static str {
    if execution.rollback_of.is_some() { "ROLLBACK" } else { "STANDARD" }
}

/// An entry of `pipelineExecutionSummaries`.
pub(super) fn summary(execution: &Execution) -> Value {
    let revisions = execution.revisions.iter().map(|revision| {
        json!({"actionName": revision.action, "revisionId": revision.id, "revisionSummary": revision.summary})
    });
    json!({
        "pipelineExecutionId": execution.id, "status": execution.state.word(), "startTime": execution.started_seconds(),
        "lastUpdateTime": seconds(execution.updated), "sourceRevisions": revisions.collect::<Vec<_>>(),
        "trigger": {"triggerType": execution.trigger.0, "triggerDetail": execution.trigger.1},
        "stopTrigger": (!execution.stop_reason.is_empty()).then(|| json!({"reason": execution.stop_reason})),
        "executionMode": execution.definition.mode.word(), "executionType": kind(execution),
    })
}

/// `GetPipelineState`: each stage with the newest execution that has entered it.
pub(super) fn state(pipeline: &Pipeline) -> Value {
    let stages = pipeline.definition.stages.iter().enumerate().map(|(index, stage)| {
        let entered = |e: &&Execution| e.stages.get(index).is_some_and(|run| run.state != State::NotStarted);
        let latest = pipeline.executions.iter().rev().find(entered);
        let run = latest.and_then(|latest| latest.stages.get(index));
        let actions = stage.actions.iter().enumerate().map(|(at, def)| {
            let run = run.and_then(|run| run.actions.get(at)).filter(|run| run.state != State::NotStarted);
            json!({"actionName": def.name, "latestExecution": run.map(action_execution)})
        });
        let waits = pipeline.executions.iter().find(|e| e.stage == index && e.state.is_live() && !entered(e));
        json!({
            "stageName": stage.name, "actionStates": actions.collect::<Vec<_>>(),
            "inboundTransitionState": {"enabled": !pipeline.disabled.contains(&stage.name)},
            "latestExecution": latest.zip(run).map(|(e, run)| json!({"pipelineExecutionId": e.id, "status": run.state.word()})),
            "inboundExecution": waits.map(|e| json!({"pipelineExecutionId": e.id, "status": "InProgress"})),
        })
    });
    json!({"pipelineName": pipeline.definition.name, "pipelineVersion": pipeline.definition.version,
           "stageStates": stages.collect::<Vec<_>>()})
}

fn action_execution(run: &ActionRun) -> Value {
    let token = match &run.waits {
        Waits::Approval(token) if run.state == State::InProgress => Some(token),
        _ => None,
    };
    let error = (!run.error_code.is_empty()).then(|| json!({"code": run.error_code, "message": run.summary}));
    json!({"actionExecutionId": run.id, "status": run.state.word(), "summary": run.summary, "token": token,
           "externalExecutionId": run.external, "lastStatusChange": moment(run.ended.or(run.started)),
           "lastUpdatedBy": run.updated_by, "errorDetails": error})
}

/// Entries of `actionExecutionDetails`, newest first.
pub(super) fn history(execution: &Execution) -> Vec<Value> {
    let stages = execution.definition.stages.iter().zip(&execution.stages);
    let actions =
        stages.flat_map(|(def, run)| def.actions.iter().zip(&run.actions).map(move |pair| (def, pair)));
    let ran = actions.filter(|(_, (_, run))| run.state != State::NotStarted);
    let mut details: Vec<Value> =
        ran.map(|(stage, (def, run))| detail(execution, &stage.name, def, run)).collect();
    details.reverse();
    details
}

fn detail(execution: &Execution, stage: &str, def: &Action, run: &ActionRun) -> Value {
    let error = (!run.error_code.is_empty()).then(|| json!({"code": run.error_code, "message": run.summary}));
    json!({
        "pipelineExecutionId": execution.id, "actionExecutionId": run.id, "pipelineVersion": execution.definition.version,
        "stageName": stage, "actionName": def.name, "startTime": moment(run.started),
        "lastUpdateTime": moment(run.ended.or(run.started)), "updatedBy": run.updated_by, "status": run.state.word(),
        "input": {"actionTypeId": {"category": def.category, "owner": def.owner, "provider": def.provider, "version": "1"},
                  "resolvedConfiguration": def.configuration, "namespace": def.namespace},
        "output": {"executionResult": {"externalExecutionId": run.external, "externalExecutionSummary": run.summary,
                   "errorDetails": error}, "outputVariables": run.variables},
    })
}

/// `ListPipelines` entry.
pub(super) fn listed(definition: &Definition) -> Value {
    json!({"name": definition.name, "version": definition.version, "pipelineType": "V2", "executionMode": definition.mode.word()})
}

/// `metadata` of `GetPipeline`.
pub(super) fn metadata(definition: &Definition) -> Value {
    json!({"pipelineArn": pipeline_arn(&definition.name)})
}

/// For the admin interface: all executions of a pipeline.
pub(super) fn admin(pipeline: &Pipeline) -> Value {
    let one = |execution: &Execution| {
        let stages = execution.definition.stages.iter().zip(&execution.stages).map(|(def, run)| {
            json!({"name": def.name, "status": run.state.word(), "started": run.started.map(rfc3339), "actions": actions(def, run)})
        });
        let revisions =
            execution.revisions.iter().map(|r| json!({"action": r.action, "id": r.id, "summary": r.summary}));
        json!({"id": execution.id, "status": execution.state.word(), "started": rfc3339(execution.started),
               "updated": rfc3339(execution.updated), "attempt": execution.attempt + 1, "variables": execution.variables,
               "sourceRevisions": revisions.collect::<Vec<_>>(), "stages": stages.collect::<Vec<_>>()})
    };
    json!({"name": pipeline.definition.name, "mode": pipeline.definition.mode.word(),
           "executions": pipeline.executions.iter().map(one).collect::<Vec<_>>()})
}

fn actions(def: &super::definition::Stage, run: &StageRun) -> Vec<Value> {
    let pairs = def.actions.iter().zip(&run.actions);
    let one = pairs.map(|(def, run)| {
        json!({"name": def.name, "provider": def.provider, "status": run.state.word(), "summary": run.summary,
               "error": run.error_code, "externalExecutionId": run.external, "started": run.started.map(rfc3339),
               "ended": run.ended.map(rfc3339)})
    });
    one.collect()
}
