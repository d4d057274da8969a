//! Jobs of Lambda actions: who holds one, its 20 minutes, its continuation.
//!
//! An answer with a continuation token ends its job; a new one, with an id of its own and the token in its data, goes on
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html>: "a new job is scheduled to continue the
//! current execution"). Not imitated: fresh credentials of the new job.

use super::Held;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::control_plane::{ApiError, Stack};
use crate::values::{at, text, uuid};
use serde_json::{Value, json};

/// A job's time to answer; each continuation starts it again.
const PATIENCE: Millis = 20 * MINUTE;
/// All the time a job may have.
const LONGEST: Millis = 24 * 60 * MINUTE;
/// From a continuation to the next invocation.
const CONTINUED_AFTER: Millis = 30 * SECOND;

/// One job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) pipeline: String,
    pub(super) execution: String,
    pub(super) stage: usize,
    pub(super) action: usize,
    pub(super) function: String,
    pub(super) event: Value,
    pub(super) first: Millis,
    pub(super) since: Millis,
    pub(super) again_at: Option<Millis>,
    pub(super) is_open: bool,
}

impl Job {
    pub(super) fn due(&self) -> Millis {
        self.again_at.unwrap_or_else(|| (self.since + PATIENCE).min(self.first + LONGEST))
    }

    /// The job that goes on after this one.
    fn continued(&self, token: &str, now: Millis) -> Self {
        let mut next = Self {
            id: uuid(),
            since: now,
            again_at: Some(now + CONTINUED_AFTER),
            is_open: true,
            ..self.clone()
        };
        if let Some(job) = next.event.pointer_mut("/CodePipeline.job").and_then(Value::as_object_mut) {
            job.insert("id".into(), json!(next.id));
        }
        if let Some(data) = next.event.pointer_mut("/CodePipeline.job/data").and_then(Value::as_object_mut) {
            data.insert("continuationToken".into(), json!(token));
        }
        next
    }
}

impl Held {
    /// Gives up jobs whose time is over and invokes continued ones again; whether there was one.
    pub(super) fn look_after_jobs(&mut self, stack: &Stack) -> bool {
        let now = stack.now();
        let mut late = Vec::new();
        let mut any = false;
        for job in self.jobs.iter_mut().filter(|job| job.is_open && job.due() <= now) {
            any = true;
            if job.again_at.take().is_some() {
                stack.lambda.invoke(&job.function, job.event.clone());
            } else {
                job.is_open = false;
                late.push(job.clone());
            }
        }
        for job in late {
            let words =
                format!("the function did not answer job {} within {} minutes", job.id, PATIENCE / MINUTE);
            stack.journal.add("unanswered-job", json!({"job": job.id, "function": job.function}));
            self.end_of(stack, &job, "JobFailed", &words);
        }
        any
    }

    fn end_of(&mut self, stack: &Stack, job: &Job, code: &str, words: &str) {
        if let Some(execution) = self.execution_mut(&job.pipeline, &job.execution) {
            execution.end_action(stack, job.stage, job.action, code, words);
        }
    }

    /// The open job of a request.
    fn open_job(&mut self, input: &Value) -> Result<&mut Job, ApiError> {
        let id = text(input, "jobId");
        let missing = || ApiError::new("JobNotFoundException", &format!("job {id} was not found"));
        let job = self.jobs.iter_mut().find(|job| job.id == id).ok_or_else(missing)?;
        if job.is_open {
            return Ok(job);
        }
        Err(ApiError::new("InvalidJobStateException", &format!("job {id} has been answered before")))
    }

    /// `PutJobSuccessResult`.
    pub(super) fn job_succeeded(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let now = stack.now();
        let token = text(input, "continuationToken");
        let job = self.open_job(input)?;
        if !token.is_empty() {
            if input.get("outputVariables").and_then(Value::as_object).is_some_and(|some| !some.is_empty()) {
                let words = "outputVariables can be included only when there is no continuation token";
                return Err(ApiError::new("ValidationException", words));
            }
            job.is_open = false;
            let next = job.continued(&token, now);
            let run = self.execution_mut(&next.pipeline, &next.execution);
            if let Some(run) = run.and_then(|execution| execution.action_run(next.stage, next.action)) {
                run.summary = at(input, "/executionDetails/summary");
            }
            self.jobs.push(next);
            return Ok(json!({}));
        }
        job.is_open = false;
        let job = job.clone();
        if let Some(execution) = self.execution_mut(&job.pipeline, &job.execution)
            && let Some(run) = execution.action_run(job.stage, job.action)
        {
            run.external = at(input, "/executionDetails/externalExecutionId");
            for (name, value) in input.get("outputVariables").and_then(Value::as_object).into_iter().flatten()
            {
                run.variables.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
            }
        }
        self.end_of(stack, &job, "", &at(input, "/executionDetails/summary"));
        Ok(json!({}))
    }

    /// `PutJobFailureResult`.
    pub(super) fn job_failed(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let job = self.open_job(input)?;
        job.is_open = false;
        let job = job.clone();
        self.end_of(stack, &job, &at(input, "/failureDetails/type"), &at(input, "/failureDetails/message"));
        Ok(json!({}))
    }
}
