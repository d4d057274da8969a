//! The edge of the probe: a job in, one shot for each of its requests out, tries bounded in number and in time.

use crate::connect::{Forbidden, Trust};
use crate::shot::once;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use shared::delivery::checks::probe::{Ask, Job, Outcome, Report, Shot, Times};
use shared::errors::Rejection;
use shared::function::{OWN_TARGET, catch_panic, failed, time_left};
use std::time::Duration;

/// Most requests of a job.
const MAX_ASKS: usize = 200;
/// Time kept for the answer.
const RESERVE: Duration = Duration::from_secs(2);

/// The probe.
pub(crate) struct Handler {
    pub(crate) forbidden: Forbidden,
}

impl Handler {
    /// Sends the requests of a job.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let job = read(payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let report = catch_panic(self.run(&job, context.deadline)).await;
        let report = report.map_err(|panic| failed("Panic", &Rejection::new(panic)))?;
        let hold = report.shots.iter().filter(|shot| holds(&shot.outcome)).count();
        tracing::info!(target: OWN_TARGET, "{hold} of {} request(s) were answered as expected", report.shots.len());
        serde_json::to_value(report).map_err(|error| failed("Bug", &error))
    }

    async fn run(&self, job: &Job, deadline: u64) -> Report {
        let trust = Trust::of(job);
        let mut shots = Vec::with_capacity(job.asks.len());
        for ask in &job.asks {
            shots.push(self.tries(job, ask, &trust, deadline).await);
        }
        Report { shots }
    }

    /// Tries until the expectation holds, the tries are used up, or no whole try fits into the time that is left.
    async fn tries(&self, job: &Job, ask: &Ask, trust: &Trust, deadline: u64) -> Shot {
        let mut shot = Shot { attempts: 0, outcome: Outcome::NotTried, times: Times::default() };
        let needed = Duration::from_millis(u64::from(job.timeout_ms)) + RESERVE;
        while shot.attempts < job.attempts && time_left(deadline) > needed {
            if shot.attempts > 0 {
                tokio::time::sleep(Duration::from_millis(u64::from(job.pause_ms))).await;
            }
            let (outcome, times) = once(job, ask, trust, &self.forbidden).await;
            let is_done = holds(&outcome) || matches!(outcome, Outcome::Refused { .. });
            shot = Shot { attempts: shot.attempts + 1, outcome, times };
            if is_done {
                break;
            }
        }
        shot
    }
}

fn holds(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered { answer } => answer.faults.is_empty(),
        Outcome::Unanswered { .. } | Outcome::Refused { .. } | Outcome::NotTried => false,
    }
}

/// A job; what is wrong with one is said by its place alone, because it may hold secrets.
fn read(payload: Value) -> Result<Job, Rejection> {
    let job: Job = serde_json::from_value(payload).map_err(|_| {
        Rejection::new("the event is no job of requests: the pre-traffic function makes them")
    })?;
    match job.asks.len() {
        1..=MAX_ASKS => Ok(job),
        count => Err(Rejection::new(format!("the job has {count} requests, 1 to {MAX_ASKS} are sent"))),
    }
}
