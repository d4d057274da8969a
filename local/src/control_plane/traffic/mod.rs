//! A traffic model: requests to each service, split by the weights of its target groups, with errors and slow answers by what runs behind them.
//!
//! Counts per minute are drawn from a seeded generator (Poisson), so that a run can be repeated; a minute is drawn when it is over. Fast answers
//! lie evenly below the service's objective, slow ones evenly between it and four times as much. Not imitated: retries, sticky sessions,
//! errors that are slow, a day's course.

mod load;
mod random;
#[cfg(test)]
mod tests;

use super::ecs::definitions::Behaviour;
use crate::clock::{MINUTE, Millis};
use crate::values::lock;
pub use load::{Load, Outage};
use random::Random;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Slow answers take at most this many times the objective.
const SLOWEST: f64 = 4.0;

/// Where a part of a service's traffic goes.
#[derive(Debug, Clone)]
pub struct Share {
    /// Target group's name.
    pub target_group: String,
    /// Percent of the service's requests.
    pub percent: f64,
    /// What the version multiplies.
    pub behaviour: Behaviour,
    /// Whether it is the new version.
    pub green: bool,
}

/// One minute of one target group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counts {
    /// Requests.
    pub requests: u64,
    /// Answers with status 5XX.
    pub errors: u64,
    /// Requests slower than the objective.
    pub slow: u64,
    /// The objective (seconds).
    pub objective: f64,
}

impl Counts {
    /// Requests that took at least `low` and at most `high` seconds.
    #[must_use]
    pub fn between(&self, low: Option<f64>, high: Option<f64>) -> u64 {
        let upper = high.map_or(self.requests, |high| self.at_most(high));
        upper.saturating_sub(low.map_or(0, |low| self.at_most(low)))
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "requests of one minute, as a share of them"
    )]
    fn at_most(&self, seconds: f64) -> u64 {
        let fast = (seconds / self.objective).clamp(0.0, 1.0);
        let slow = ((seconds - self.objective) / (self.objective * (SLOWEST - 1.0))).clamp(0.0, 1.0);
        let all = (self.requests - self.slow) as f64 * fast + self.slow as f64 * slow;
        all.round() as u64
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Expected {
    requests: f64,
    errors: f64,
    slow: f64,
    objective: f64,
    noise: f64,
}

#[derive(Default)]
struct State {
    at: Millis,
    loads: BTreeMap<String, Load>,
    shares: BTreeMap<String, Vec<Share>>,
    /// Since when green has traffic, by service.
    green_since: BTreeMap<String, Millis>,
    open: BTreeMap<String, Expected>,
    minutes: BTreeMap<(String, Millis), Counts>,
}

/// The traffic of all services.
#[derive(Default)]
pub struct Traffic {
    state: Mutex<State>,
}

impl Traffic {
    /// Sets the load of a service.
    pub fn set_load(&self, service: &str, load: Load, now: Millis) {
        let mut state = lock(&self.state);
        state.accrue(now);
        state.loads.insert(service.to_owned(), load);
    }

    /// The load of a service.
    #[must_use]
    pub fn load(&self, service: &str) -> Load {
        lock(&self.state).loads.get(service).cloned().unwrap_or_default()
    }

    /// Sets where a service's traffic goes from `now` on.
    pub fn route(&self, service: &str, shares: Vec<Share>, now: Millis) {
        let mut state = lock(&self.state);
        state.accrue(now);
        if shares.iter().any(|share| share.green && share.percent > 0.0) {
            state.green_since.entry(service.to_owned()).or_insert(now);
        } else {
            state.green_since.remove(service);
        }
        state.shares.insert(service.to_owned(), shares);
    }

    /// Lets requests come in until `now`.
    pub fn accrue(&self, now: Millis) {
        lock(&self.state).accrue(now);
    }

    /// Closed minutes of a target group that start in `[from, to)`.
    #[must_use]
    pub fn minutes(&self, target_group: &str, from: Millis, to: Millis) -> Vec<(Millis, Counts)> {
        let state = lock(&self.state);
        let wanted = (target_group.to_owned(), from)..(target_group.to_owned(), to.max(from));
        state.minutes.range(wanted).map(|((_, at), counts)| (*at, *counts)).collect()
    }
}

impl State {
    fn accrue(&mut self, now: Millis) {
        if self.at == 0 {
            self.at = now;
        }
        while self.at < now {
            let minute = self.at.div_euclid(MINUTE) * MINUTE;
            let until = now.min(minute + MINUTE);
            self.spread(until - self.at);
            self.at = until;
            if until == minute + MINUTE {
                self.close(minute);
            }
        }
    }

    fn spread(&mut self, length: Millis) {
        #[expect(clippy::cast_precision_loss, reason = "at most one minute")]
        let part = length as f64 / MINUTE as f64;
        for (service, shares) in &self.shares {
            let load = self.loads.get(service).cloned().unwrap_or_default();
            let warm = self.green_since.get(service).map_or(0, |since| self.at - since);
            for share in shares.iter().filter(|share| share.percent > 0.0) {
                let requests = load.per_minute * share.percent / 100.0 * part;
                let (errors, slow) = load.rates(share.behaviour, share.green.then_some(warm), self.at);
                let expected = self.open.entry(share.target_group.clone()).or_default();
                expected.requests += requests;
                expected.errors += requests * errors;
                expected.slow += requests * slow;
                expected.objective = load.objective;
                expected.noise = load.noise;
            }
        }
    }

    fn close(&mut self, minute: Millis) {
        for (group, expected) in std::mem::take(&mut self.open) {
            let mut random = Random::of(&group, minute);
            let noise = random.factor(expected.noise);
            let mean = (expected.errors * noise).min(expected.requests);
            let errors = random.poisson(mean);
            let requests = errors + random.poisson(expected.requests - mean);
            let noise = random.factor(expected.noise);
            let slow = random.poisson(expected.slow * noise).min(requests);
            if requests > 0 {
                self.minutes.insert(
                    (group, minute),
                    Counts { requests, errors, slow, objective: expected.objective },
                );
            }
        }
    }
}
