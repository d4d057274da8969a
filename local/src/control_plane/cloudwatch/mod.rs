//! CloudWatch: minutes of a load balancer, series that somebody fed, and alarms whose state somebody set.
//!
//! A minute is published one minute after its end; a count of zero has no datapoint. On request minutes are missing, late, incomplete, corrected
//! later, or come in pages. Not imitated: metric math, other periods than a minute, trimmed statistics in percent, evaluation of
//! alarms, composite alarms, `PutMetricData`.

mod alarms;
mod knobs;
mod metrics;
#[cfg(test)]
mod tests;

use super::{ApiError, Stack};
use crate::values::lock;
use alarms::Alarm;
use knobs::Knobs;
use metrics::Series;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Default)]
struct State {
    alarms: BTreeMap<String, Alarm>,
    series: Vec<Series>,
    knobs: Knobs,
}

/// The account's metrics and alarms.
#[derive(Default)]
pub struct CloudWatch {
    state: Mutex<State>,
}

impl CloudWatch {
    pub(crate) fn call(&self, stack: &Stack, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
            "GetMetricData" => state.metric_data(stack, input),
            "DescribeAlarms" => state.describe_alarms(input),
            other => Err(ApiError::not_imitated(other)),
        }
    }

    /// The names among these whose alarm rings.
    #[must_use]
    pub fn ringing(&self, names: &[String]) -> Vec<String> {
        let state = lock(&self.state);
        names.iter().filter(|name| state.alarms.get(*name).is_some_and(Alarm::rings)).cloned().collect()
    }

    /// Sets the state of an alarm: `{"name", "state": "OK"|"ALARM"|"INSUFFICIENT_DATA", "reason"?}`.
    ///
    /// # Errors
    /// A sentence when the name is missing or the state unknown.
    pub fn set_alarm(&self, stack: &Stack, request: &Value) -> Result<(), String> {
        let (name, alarm) = Alarm::read(request, stack.now())?;
        lock(&self.state).alarms.insert(name, alarm);
        Ok(())
    }

    /// How metrics come from now on, or points of a series, as the admin interface takes them.
    ///
    /// # Errors
    /// A sentence when the mode is unknown or a point is no point.
    pub fn tell(&self, stack: &Stack, request: &Value) -> Result<(), String> {
        let mut state = lock(&self.state);
        match request.get("series") {
            Some(series) => state.feed(series, stack.now()),
            None => state.knobs.set(request),
        }
    }

    /// Sets everything back to how CloudWatch is on a good day; alarms and series stay.
    pub fn reset_knobs(&self) {
        lock(&self.state).knobs = Knobs::default();
    }
}
