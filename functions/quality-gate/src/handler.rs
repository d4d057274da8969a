//! The edge: the job id first, then everything else, and an answer in every case. An event of a build has nobody who waits for an answer: it
//! gets a stored verdict, or the invocation fails and comes again, and in the end stands in the queue of failed ones.

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::errors::{Fault, Rejection};
use shared::function::{catch_panic, diagnostic, failed, local_clock, time_left};
use shared::gates::alert::Alert;
use shared::gates::notice::{Gate as Told, GateNotice};
use shared::gates::ports::{
    Analyses, Answer, Artifacts, Developers, FailureKind, Histories, Jobs, Notifier, Policies, Scans,
    Verdicts,
};
use shared::gates::render::{MAX_SUMMARY, message};
use shared::gates::run::World;
use shared::gates::{build, job};
use shared::settings::{Reader, SettingsError};
use shared::sonar::check_server;
use std::time::Duration;
use tracing::{error, info, warn};

/// Time kept for the answer itself.
const RESERVE: Duration = Duration::from_secs(5);

/// The policy that builds are judged by.
const BUILD_POLICY: &str = "pull-request";

/// The function's settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) bucket: String,
    pub(crate) policy_prefix: String,
    pub(crate) topic: String,
    /// Where builds write.
    pub(crate) artifact_bucket: String,
    /// None: feedback is off.
    pub(crate) feedback_queue: Option<String>,
    /// Empty: no policy may ask for an analysis.
    pub(crate) sonar_url: String,
    pub(crate) sonar_token: Option<String>,
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table: reader.required("TABLE_NAME"),
            bucket: reader.required("REPORT_BUCKET"),
            policy_prefix: reader.required("POLICY_PREFIX"),
            topic: reader.required("ALERTS_TOPIC_ARN"),
            artifact_bucket: reader.required("ARTIFACT_BUCKET"),
            feedback_queue: reader.optional("FEEDBACK_QUEUE_URL"),
            sonar_url: reader.optional_parsed("SONAR_URL", check_server),
            sonar_token: reader.optional("SONAR_TOKEN_SECRET_ID"),
        };
        reader.finish(settings)
    }
}

/// The gate and its outside world.
pub(crate) struct Gate<J, N, D, A, P, V, H, S, T> {
    pub(crate) settings: Result<(), SettingsError>,
    pub(crate) jobs: J,
    pub(crate) notifier: N,
    /// None: feedback is off.
    pub(crate) developers: Option<D>,
    pub(crate) artifact_bucket: String,
    pub(crate) world: World<A, P, V, H, S, T>,
}

impl<J, N, D, A, P, V, H, S, T> Gate<J, N, D, A, P, V, H, S, T>
where
    J: Jobs,
    N: Notifier,
    D: Developers,
    A: Artifacts,
    P: Policies,
    V: Verdicts,
    H: Histories,
    S: Scans,
    T: Analyses,
{
    /// Answers the job of `event`, an error only when there is no job or the answer cannot be sent; or judges the build that it is about.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        if payload.get("detail-type").and_then(Value::as_str) == Some(build::DETAIL_TYPE) {
            return self.judge_build(&payload, &context).await;
        }
        let Some(id) = job::id(&payload) else {
            return Err(failed(
                "Rejection",
                &Rejection::new(
                    "the event has no `CodePipeline.job` with an `id`: there is nobody to answer",
                ),
            ));
        };
        let left = time_left(context.deadline).saturating_sub(RESERVE);
        let decided = tokio::time::timeout(left, catch_panic(self.decide(&payload))).await;
        let answer = match decided {
            Ok(Ok(answer)) => answer,
            Ok(Err(words)) => {
                error!(target: "tidegate", job_id = id, request_id = context.request_id, panic = words, "the gate panicked");
                unavailable(&format!(
                    "the gate has a fault of its own; its log has request {}",
                    context.request_id
                ))
            }
            Err(_) => unavailable(&format!("the gate could not decide within {} s", left.as_secs())),
        };
        self.answer(id, thread(&payload), &answer).await?;
        Ok(Value::Null)
    }

    /// Judges a build and tells its developers, in this order: what was told is stored.
    async fn judge_build(&self, payload: &Value, context: &Context) -> Result<Value, Diagnostic> {
        let left = time_left(context.deadline).saturating_sub(RESERVE);
        let (class, words) = match tokio::time::timeout(left, catch_panic(self.verdict_on(payload))).await {
            Ok(Ok(result)) => return result.map(|()| Value::Null),
            Ok(Err(panic)) => ("Panic", format!("the gate panicked: {panic}")),
            Err(_) => ("Timeout", format!("the gate could not decide within {} s", left.as_secs())),
        };
        error!(target: "tidegate", request_id = context.request_id, error_type = class, "{words}");
        Err(diagnostic(class, &Rejection::new(words)))
    }

    async fn verdict_on(&self, payload: &Value) -> Result<(), Diagnostic> {
        self.settings.as_ref().map_err(|error| failed("SettingsError", error))?;
        let build =
            build::read(payload, &self.artifact_bucket).map_err(|error| failed("Rejection", &error))?;
        let judged = self.world.judge_build(&build, BUILD_POLICY, local_clock()).await;
        let record = judged.map_err(|error| failed("Unjudged", &error))?;
        let gate = Told::of(&record.policy, record.decided_at, &record.verdict);
        let words = message(&record.policy, &record.verdict, MAX_SUMMARY);
        info!(target: "tidegate", build_id = record.execution_id, verdict = gate.outcome.word(), "{}", first_line(&words));
        let Some(developers) = &self.developers else { return Ok(()) };
        let notice = GateNotice::Verdict { build_id: record.execution_id, gate };
        developers.tell(&notice).await.map_err(|fault| failed("Untold", &fault))
    }

    async fn decide(&self, payload: &Value) -> Answer {
        if let Err(error) = &self.settings {
            return configuration(&error.to_string());
        }
        let job = match job::read(payload) {
            Ok(job) => job,
            Err(rejection) => return configuration(&rejection.to_string()),
        };
        self.world.decide(&job, local_clock()).await
    }

    /// Answers first, then tells people; whether they could be told never matters to the job.
    async fn answer(&self, id: &str, thread: String, answer: &Answer) -> Result<(), Diagnostic> {
        match self.jobs.answer(id, answer).await {
            Ok(()) => log(id, answer),
            Err(Fault::Missing { detail, .. }) => {
                info!(target: "tidegate", job_id = id, detail, "the job was answered before");
                return Ok(());
            }
            Err(fault) => return Err(failed("Unanswered", &fault)),
        }
        let Answer::Fail { message, .. } = answer else { return Ok(()) };
        let subject = "Tidegate: a gate did not pass".to_owned();
        let alert = Alert { subject, thread, text: message.clone() };
        if let Err(fault) = self.notifier.publish(&alert).await {
            warn!(target: "tidegate", job_id = id, error = shared::errors::chain(&fault), "nobody could be told");
        }
        Ok(())
    }
}

/// What belongs together in a chat: the execution, as far as the job says it.
fn thread(payload: &Value) -> String {
    job::read(payload).map(|job| job.parameters.execution_id).unwrap_or_default()
}

fn log(id: &str, answer: &Answer) {
    match answer {
        Answer::Succeed { summary, .. } => {
            info!(target: "tidegate", job_id = id, verdict = "pass", "{}", first_line(summary))
        }
        Answer::Wait { summary, percent, .. } => {
            info!(target: "tidegate", job_id = id, verdict = "pending", percent, "{}", first_line(summary))
        }
        Answer::Fail { kind: FailureKind::JobFailed, message } => {
            info!(target: "tidegate", job_id = id, verdict = "fail", "{}", first_line(message))
        }
        Answer::Fail { kind, message } => {
            error!(target: "tidegate", job_id = id, verdict = "error", kind = ?kind, "{}", first_line(message))
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn configuration(message: &str) -> Answer {
    Answer::Fail { kind: FailureKind::ConfigurationError, message: message.to_owned() }
}

fn unavailable(message: &str) -> Answer {
    Answer::Fail { kind: FailureKind::SystemUnavailable, message: message.to_owned() }
}

#[cfg(test)]
#[path = "handler_tests.rs"]
mod tests;
