//! CodePipeline V2: declarations, executions that move through stages, jobs, approvals, retry, rollback, stop, history.
//!
//! Actions: S3 source with overrides, CodeBuild, Lambda, manual approval, ECS, `CodeDeployToECS`. Not imitated: other providers, triggers, stage
//! conditions and automatic retry, cross-region and cross-account actions, third-party jobs, webhooks of its own.

mod actions;
mod definition;
mod describe;
mod engine;
mod execution;
mod jobs;
mod operations;

use super::{ApiError, Stack};
use crate::clock::Millis;
use crate::values::{lock, text};
use definition::Definition;
use execution::Execution;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

struct Pipeline {
    definition: Arc<Definition>,
    executions: Vec<Execution>,
    /// Stages whose inbound transition is disabled.
    disabled: Vec<String>,
}

#[derive(Default)]
struct Held {
    pipelines: BTreeMap<String, Pipeline>,
    jobs: Vec<jobs::Job>,
}

/// The account's pipelines.
#[derive(Default)]
pub struct CodePipeline {
    held: Mutex<Held>,
}

impl CodePipeline {
    pub(crate) fn call(&self, stack: &Arc<Stack>, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut held = lock(&self.held);
        match operation {
            "CreatePipeline" => held.create(input),
            "UpdatePipeline" => held.update(input),
            "GetPipeline" => held.get(input),
            "DeletePipeline" => {
                held.pipelines.remove(&text(input, "name"));
                Ok(json!({}))
            }
            "ListPipelines" => Ok(
                json!({"pipelines": held.pipelines.values().map(|p| describe::listed(&p.definition)).collect::<Vec<_>>()}),
            ),
            "StartPipelineExecution" => held.start(stack, input),
            "StopPipelineExecution" => held.stop(stack, input),
            "RetryStageExecution" => held.retry(stack, input),
            "RollbackStage" => held.roll_back(stack, input),
            "GetPipelineExecution" => held.get_execution(input),
            "GetPipelineState" => Ok(describe::state(held.pipeline(&text(input, "name"))?)),
            "ListPipelineExecutions" => held.list_executions(input),
            "ListActionExecutions" => held.list_actions(input),
            "PutJobSuccessResult" => held.job_succeeded(stack, input),
            "PutJobFailureResult" => held.job_failed(stack, input),
            "PutApprovalResult" => held.approve(stack, input),
            "DisableStageTransition" => {
                held.pipeline(&text(input, "pipelineName"))?.disabled.push(text(input, "stageName"));
                Ok(json!({}))
            }
            "EnableStageTransition" => {
                let stage = text(input, "stageName");
                held.pipeline(&text(input, "pipelineName"))?.disabled.retain(|disabled| *disabled != stage);
                Ok(json!({}))
            }
            other => Err(ApiError::not_imitated(other)),
        }
    }

    /// The approval that an execution waits for: stage, action, token.
    #[must_use]
    pub fn waiting_approval(&self, pipeline: &str, execution: &str) -> Option<(String, String, String)> {
        lock(&self.held).waiting_approval(pipeline, execution)
    }

    pub(crate) fn next_due(&self, now: Millis) -> Option<Millis> {
        lock(&self.held).next_due(now)
    }

    /// Moves every execution on; whether one moved.
    pub(crate) async fn step(&self, stack: &Arc<Stack>) -> bool {
        let (starts, mut moved) = {
            let mut held = lock(&self.held);
            let polled = held.poll(stack) | held.look_after_jobs(stack);
            let (starts, moved) = held.advance(stack);
            (starts, moved | polled)
        };
        for start in starts {
            let snapshot = lock(&self.held).execution_mut(&start.pipeline, &start.execution).cloned();
            let Some(snapshot) = snapshot else { continue };
            let result = actions::start(stack, snapshot, &start).await;
            lock(&self.held).started(stack, &start, result);
            moved = true;
        }
        moved
    }

    /// All pipelines, for the admin interface.
    #[must_use]
    pub fn all(&self) -> Value {
        json!(lock(&self.held).pipelines.values().map(describe::admin).collect::<Vec<_>>())
    }
}
