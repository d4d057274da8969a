//! What every function's `main.rs` shares: telemetry, and an invocation that cannot go unanswered by a panic.
//!
//! The runtime's own log targets are capped at INFO: at TRACE they print whole events, credentials included.

use crate::errors::{Rejection, chain};
use crate::model::Timestamp;
use crate::settings::SettingsError;
use lambda_runtime::Diagnostic;
use serde_json::Value;
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts JSON logging on standard output at `level` (`error`, `warn`, `info`, `debug`; anything else means `info`).
pub fn init_telemetry(level: Option<&str>) {
    let own = match level {
        Some("error") => LevelFilter::ERROR,
        Some("warn") => LevelFilter::WARN,
        Some("debug") => LevelFilter::DEBUG,
        _ => LevelFilter::INFO,
    };
    let others = own.min(LevelFilter::INFO);
    let filter = Targets::new()
        .with_default(others)
        .with_target("aws", LevelFilter::WARN)
        .with_target("hyper", LevelFilter::WARN)
        .with_target("rustls", LevelFilter::WARN)
        .with_target("lambda_runtime", others)
        // It prints the `Debug` form of every error that a handler returns; `failed` has said it in words by then.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
        .with_target("shared", own)
        .with_target(OWN_TARGET, own);
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_filter(filter);
    let _already_set = tracing_subscriber::registry().with(layer).try_init();
}

/// The log target that handlers use.
pub const OWN_TARGET: &str = "tidegate";

/// The settings of a function that can start only with all of them; otherwise its log names every wrong one and it ends.
///
/// # Errors
/// The same words, for `main` to end with.
pub fn required<T>(settings: Result<T, SettingsError>) -> Result<T, lambda_runtime::Error> {
    settings.map_err(|error| {
        tracing::error!(target: OWN_TARGET, "the function cannot start: {error}");
        lambda_runtime::Error::from(error.to_string())
    })
}

/// The error that ends an invocation nobody could be answered in: logged here, once, and handed to Lambda.
#[must_use]
pub fn failed(class: &str, error: &(dyn Error + 'static)) -> Diagnostic {
    let words = chain(error);
    if error.is::<Rejection>() {
        tracing::warn!(target: OWN_TARGET, error_type = class, "{words}");
    } else {
        tracing::error!(target: OWN_TARGET, error_type = class, "{words}");
    }
    diagnostic(class, error)
}

/// An error as Lambda's error report wants it: our own class name and the whole chain. For what is in the log already.
#[must_use]
pub fn diagnostic(class: &str, error: &(dyn Error + 'static)) -> Diagnostic {
    Diagnostic { error_type: class.to_owned(), error_message: chain(error) }
}

/// The machine's own clock: for leases, the age of secrets and tokens, and what is left of an invocation; never for facts, which services
/// date (ADR 0004).
#[must_use]
pub fn local_clock() -> Timestamp {
    Timestamp::from_millis(i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX))
}

/// How long things take, by the machine's own clock.
#[cfg(feature = "delivery")]
pub struct MachineClock;

#[cfg(feature = "delivery")]
impl crate::delivery::checks::ports::Stopwatch for MachineClock {
    fn millis(&self) -> u64 {
        u64::try_from(since_1970().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The time of a scheduled event: facts are judged by a service's clock, never by ours (ADR 0004).
///
/// # Errors
/// When the event has none, or none that can be read.
pub fn scheduled_time(event: &Value) -> Result<Timestamp, Rejection> {
    let text = event
        .get("time")
        .and_then(Value::as_str)
        .ok_or_else(|| Rejection::new("the event has no `time`: a tick comes from a schedule"))?;
    text.parse().map_err(|_| Rejection::new("the event's `time` is not an RFC 3339 time"))
}

/// What is left until `deadline_ms`, epoch milliseconds (`Lambda-Runtime-Deadline-Ms`); zero when it has passed.
#[must_use]
pub fn time_left(deadline_ms: u64) -> Duration {
    Duration::from_millis(deadline_ms).saturating_sub(since_1970())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge is where the clock is read; the core takes `now` as an argument"
)]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Runs `future`; a panic inside becomes `Err` with the panic's words, so that the asker can still be answered.
///
/// # Errors
/// The panic message when `future` panicked.
pub async fn catch_panic<T>(future: impl Future<Output = T>) -> Result<T, String> {
    CatchPanic { inner: Box::pin(future) }.await
}

struct CatchPanic<F> {
    inner: Pin<Box<F>>,
}

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.inner.as_mut();
        match std::panic::catch_unwind(AssertUnwindSafe(|| inner.poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(payload) => Poll::Ready(Err(words(payload.as_ref()))),
        }
    }
}

fn words(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_takes_its_time_from_the_schedule_only() {
        let event = serde_json::json!({"detail-type": "Scheduled Event", "time": "2026-11-23T21:40:00Z"});
        assert_eq!(scheduled_time(&event).unwrap().to_string(), "2026-11-23T21:40:00Z");
        insta::assert_snapshot!(scheduled_time(&Value::Null).unwrap_err(), @"the event has no `time`: a tick comes from a schedule");
    }

    #[tokio::test]
    async fn a_panic_becomes_words_for_the_asker() {
        let caught = catch_panic(async { panic!("broken invariant {}", 7) }).await;
        assert_eq!(caught, Err::<(), _>("broken invariant 7".to_owned()));
        assert_eq!(catch_panic(async { 1 }).await, Ok(1));
    }
}
