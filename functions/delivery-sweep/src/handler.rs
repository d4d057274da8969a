//! The edge of a sweep: the event's time is the tick, what was done is one line each, and a webhook that could not be swept fails the
//! invocation at its end, unless the next sweep may find it healed.
//!
//! Must not: decide what is delivered again; `shared::source::sweep` does.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::function::{OWN_TARGET, catch_panic, failed, scheduled_time, time_left};
use shared::source::rotation::Webhooks;
use shared::source::sweep::{DeliveryLog, MAX_ATTEMPTS, Order, Report, Stop, sweep};
use std::time::Duration;

/// No call is begun with less time left: one to GitHub takes 15 s at most, reading the token before it 30 s.
const RESERVE: Duration = Duration::from_secs(50);

/// The sweep and its outside world.
pub(crate) struct Handler<L> {
    pub(crate) log: L,
}

impl<L: DeliveryLog + Webhooks> Handler<L> {
    /// One sweep.
    ///
    /// # Errors
    /// When the event is no tick, or a webhook could not be swept for a reason that does not pass: the words name every such webhook.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let tick = scheduled_time(&event.payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let deadline = event.context.deadline;
        let has_time = || time_left(deadline) > RESERVE;
        let hooks = self.log.all();
        match catch_panic(sweep(hooks, &self.log, tick, has_time)).await {
            Ok(report) => {
                tell(&report);
                answer(&report, hooks.len())
            }
            Err(panic) => {
                let words = format!("the sweep is broken: {panic}");
                tracing::error!(target: OWN_TARGET, error_type = "Panic", "{words}");
                Err(Diagnostic { error_type: "Panic".to_owned(), error_message: words })
            }
        }
    }
}

/// One line for each delivery: `redelivered = 1` and `given_up = 1` are counted by template.yaml, each raises an alarm.
fn tell(report: &Report) {
    for Order { hook, delivery } in &report.redelivered {
        let (repository, hook, guid, event) = (&hook.repository, hook.id, &delivery.guid, &delivery.event);
        let (since, next, got) = (delivery.since, delivery.attempts + 1, got(delivery.status));
        tracing::warn!(target: OWN_TARGET, repository, hook, guid, event, redelivered = 1, "asked GitHub for attempt {next} of {MAX_ATTEMPTS} at `{event}` of `{repository}`, first sent {since}: the last one {got}");
    }
    for Order { hook, delivery } in &report.given_up {
        let (repository, hook, guid, event) = (&hook.repository, hook.id, &delivery.guid, &delivery.event);
        let (since, attempts, got) = (delivery.since, delivery.attempts, got(delivery.status));
        tracing::warn!(target: OWN_TARGET, repository, hook, guid, event, given_up = 1, "gave up `{event}` of `{repository}` ({guid}), first sent {since}, after {attempts} attempt(s): the last one {got}");
    }
    let refused = report.refused;
    if refused > 0 {
        tracing::info!(target: OWN_TARGET, refused, "our receiver itself refused {refused} of the last 3 hours' deliveries, they are not asked for again; 401 means a wrong secret");
    }
    tell_what_is_left(report);
}

/// What this sweep could not do.
fn tell_what_is_left(report: &Report) {
    for hook in &report.cut {
        let (repository, hook) = (&hook.repository, hook.id);
        tracing::warn!(target: OWN_TARGET, repository, hook, "the log of webhook {hook} of `{repository}` is longer than a sweep reads, its oldest deliveries were not looked at");
    }
    for failure in &report.failed {
        let (repository, hook, words) = (&failure.hook.repository, failure.hook.id, &failure.words);
        if failure.passing {
            tracing::warn!(target: OWN_TARGET, repository, hook, "webhook {hook} of `{repository}` could not be swept: {words}");
        } else {
            tracing::error!(target: OWN_TARGET, repository, hook, "webhook {hook} of `{repository}` could not be swept: {words}");
        }
    }
    let left = report.left;
    match report.stopped {
        Some(Stop::Wait(seconds)) => {
            tracing::warn!(target: OWN_TARGET, left, "GitHub asks for a pause of {seconds} s, the next sweep goes on");
        }
        Some(Stop::NoTime) => {
            tracing::warn!(target: OWN_TARGET, left, "the time is up, the next sweep goes on");
        }
        None => {}
    }
}

/// What came of an attempt.
fn got(status: u16) -> String {
    if status == 0 { "got no answer".to_owned() } else { format!("was answered with {status}") }
}

/// What is told to the schedule.
fn answer(report: &Report, hooks: usize) -> Result<Value, Diagnostic> {
    if report.failed.iter().any(|failure| !failure.passing) {
        let each = report.failed.iter();
        let each = each.map(|failure| {
            format!("webhook {} of `{}`: {}", failure.hook.id, failure.hook.repository, failure.words)
        });
        let words = each.collect::<Vec<_>>().join("; ");
        let error_message = format!("{} of {hooks} webhook(s) failed: {words}", report.failed.len());
        return Err(Diagnostic { error_type: "SweepFailure".to_owned(), error_message });
    }
    Ok(json!({
        "webhooks": hooks,
        "redelivered": report.redelivered.len(),
        "givenUp": report.given_up.len(),
        "refused": report.refused,
        "left": report.left,
        "failed": report.failed.len(),
    }))
}
