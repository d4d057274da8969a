//! The edge: the job id first, then everything else, and an answer in every case.

use crate::parameters::Parameters;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::delivery::revision::{Asked, Found, Services, asked, compare};
use shared::errors::{Fault, Rejection, chain};
use shared::function::{catch_panic, failed, local_clock, time_left};
use shared::gates::continuation::Continuation;
use shared::gates::fetch::notes;
use shared::gates::job::{Envelope, envelope, id};
use shared::gates::policy::Globs;
use shared::gates::ports::{Answer, Artifacts, FailureKind, Jobs};
use shared::gates::run::GateError;
use shared::model::{MINUTE, Timestamp};
use std::time::Duration;
use tracing::{error, info};

/// Time kept for the answer itself.
const RESERVE: Duration = Duration::from_secs(5);
/// Files in which a deploy action is told what to run.
const FILES: [&str; 2] = ["imagedefinitions.json", "imageDetail.json"];

/// The action and its outside world.
pub(crate) struct Handler<J, A, S> {
    pub(crate) jobs: J,
    pub(crate) artifacts: A,
    pub(crate) services: S,
}

impl<J: Jobs, A: Artifacts, S: Services> Handler<J, A, S> {
    /// Answers the job of `event`; an error only when there is no job or the answer cannot be sent.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let Some(job) = id(&payload) else {
            let words = "the event has no `CodePipeline.job` with an `id`: there is nobody to answer";
            return Err(failed("Rejection", &Rejection::new(words)));
        };
        let left = time_left(context.deadline).saturating_sub(RESERVE);
        let decided = tokio::time::timeout(left, catch_panic(self.decide(&payload))).await;
        let answer = match decided {
            Ok(Ok(answer)) => answer,
            Ok(Err(panic)) => {
                error!(target: "tidegate", job_id = job, request_id = context.request_id, panic, "the check panicked");
                let words =
                    format!("the check has a fault of its own; its log has request {}", context.request_id);
                fail(FailureKind::SystemUnavailable, words)
            }
            Err(_) => {
                let words = format!("the service could not be looked at within {} s", left.as_secs());
                fail(FailureKind::SystemUnavailable, words)
            }
        };
        match self.jobs.answer(job, &answer).await {
            Ok(()) => info!(target: "tidegate", job_id = job, "{}", words(&answer)),
            Err(Fault::Missing { detail, .. }) => {
                info!(target: "tidegate", job_id = job, detail, "the job was answered before");
            }
            Err(fault) => return Err(failed("Unanswered", &fault)),
        }
        Ok(Value::Null)
    }

    async fn decide(&self, payload: &Value) -> Answer {
        let now = local_clock();
        let read = envelope(payload).and_then(|job| Ok((Parameters::read(&job.parameters)?, job)));
        let (parameters, job) = match read {
            Ok(read) => read,
            Err(rejection) => return fail(FailureKind::ConfigurationError, rejection.to_string()),
        };
        let asked = match self.asked(&job).await {
            Ok(asked) => asked,
            Err(answer) => return answer,
        };
        let Parameters { cluster, service, .. } = &parameters;
        match self.services.running(cluster, service).await {
            Ok(running) => conclude(compare(service, &asked, &running), &parameters, &job, now),
            // A throttled question says nothing about the release: it is asked again while there is time.
            Err(fault @ (Fault::Transient { .. } | Fault::Conflict { .. })) => {
                conclude(Found::NotYet(chain(&fault)), &parameters, &job, now)
            }
            Err(fault) => unavailable(&fault),
        }
    }

    /// What the deploy action was told to run: the file of the first artifact that has one.
    async fn asked(&self, job: &Envelope) -> Result<Vec<Asked>, Answer> {
        let patterns = FILES.map(ToOwned::to_owned).to_vec();
        let globs = Globs::new(patterns).map_err(|words| fail(FailureKind::ConfigurationError, words))?;
        for artifact in &job.artifacts {
            let found = notes(&self.artifacts, &job.credentials, artifact, &globs).await;
            let found = found.map_err(|error| match error {
                GateError::Fault(_, fault) => unavailable(&fault),
                GateError::Refused(words) | GateError::Broken(words) => {
                    fail(FailureKind::ConfigurationError, words)
                }
            })?;
            if let Some(note) = found.first() {
                let asked = asked(&note.path, &note.bytes);
                return asked.map_err(|error| fail(FailureKind::ConfigurationError, error.to_string()));
            }
        }
        let words = format!("no input artifact has `{}`: nothing says what should run", FILES.join("` or `"));
        Err(fail(FailureKind::ConfigurationError, words))
    }
}

fn conclude(found: Found, parameters: &Parameters, job: &Envelope, now: Timestamp) -> Answer {
    let looks = Continuation::after(job.continuation, now);
    let deadline = looks.first.plus(i64::from(parameters.deadline_minutes) * MINUTE);
    match found {
        Found::Yes(summary) => Answer::Succeed { summary, variables: Vec::new() },
        Found::No(message) => fail(FailureKind::JobFailed, message),
        Found::NotYet(words) if now >= deadline => {
            fail(FailureKind::JobFailed, format!("{words}; {} minutes are over", parameters.deadline_minutes))
        }
        Found::NotYet(summary) => {
            Answer::Wait { token: looks.token(), percent: looks.percent(now, deadline), summary }
        }
    }
}

fn fail(kind: FailureKind, message: String) -> Answer {
    Answer::Fail { kind, message }
}

fn unavailable(fault: &Fault) -> Answer {
    let kind = match fault {
        Fault::Denied { .. } => FailureKind::PermissionError,
        Fault::Missing { .. } | Fault::Unreadable { .. } => FailureKind::ConfigurationError,
        Fault::Transient { .. } | Fault::Conflict { .. } => FailureKind::SystemUnavailable,
    };
    fail(kind, chain(fault))
}

fn words(answer: &Answer) -> &str {
    match answer {
        Answer::Succeed { summary, .. } | Answer::Wait { summary, .. } => summary,
        Answer::Fail { message, .. } => message,
    }
}
