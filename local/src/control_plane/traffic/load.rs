//! What a service's users do and what they meet: rates of a sound version, and how the new one differs.

use crate::clock::{MINUTE, Millis};
use crate::control_plane::ecs::definitions::Behaviour;

/// Requests per minute to a service unless told otherwise.
const REQUESTS_PER_MINUTE: f64 = 12_000.0;
/// Share of requests that fail unless told otherwise.
const ERROR_RATE: f64 = 0.005;
/// Share of requests that are slower than the objective unless told otherwise.
const SLOW_RATE: f64 = 0.02;
/// The objective unless told otherwise (seconds).
const OBJECTIVE: f64 = 0.4;

/// Minutes in which both versions fail more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outage {
    /// Beginning.
    pub from: Millis,
    /// End, not in it.
    pub to: Millis,
    /// Multiplies the rates of both versions.
    pub ratio: f64,
}

/// What a service's users do.
#[derive(Debug, Clone)]
pub struct Load {
    /// Requests per minute.
    pub per_minute: f64,
    /// Share of failing requests of a sound version, 0..=1.
    pub error_rate: f64,
    /// Share of requests of a sound version that are slower than the objective, 0..=1.
    pub slow_rate: f64,
    /// The objective (seconds).
    pub objective: f64,
    /// Multiplies the error rate of the version on the green target group, over what its task definition says.
    pub green_ratio: Option<f64>,
    /// The same for its share of slow requests.
    pub green_slow_ratio: Option<f64>,
    /// From green's first request on, its ratios hold only for so long: a cold start.
    pub green_for: Option<Millis>,
    /// Coefficient of variation of each version's rates from minute to minute.
    pub noise: f64,
    /// Outages of both versions.
    pub outages: Vec<Outage>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            per_minute: REQUESTS_PER_MINUTE,
            error_rate: ERROR_RATE,
            slow_rate: SLOW_RATE,
            objective: OBJECTIVE,
            green_ratio: None,
            green_slow_ratio: None,
            green_for: None,
            noise: 0.0,
            outages: Vec::new(),
        }
    }
}

impl Load {
    /// Shares of failing and of slow requests at `at`; `warm` is how long green has had traffic, none for blue.
    pub(super) fn rates(&self, behaviour: Behaviour, warm: Option<Millis>, at: Millis) -> (f64, f64) {
        let green = |told: Option<f64>, own: f64| match warm {
            Some(warm) if self.green_for.is_some_and(|long| warm >= long) => 1.0,
            Some(_) => told.unwrap_or(own),
            None => own,
        };
        let outage = self.outages.iter().find(|outage| (outage.from..outage.to).contains(&at));
        let shared = outage.map_or(1.0, |outage| outage.ratio);
        let errors = self.error_rate * green(self.green_ratio, behaviour.error_ratio) * shared;
        let slow = self.slow_rate * green(self.green_slow_ratio, behaviour.slow_ratio) * shared;
        (errors.min(1.0), slow.min(1.0))
    }

    /// A cold start of so many minutes.
    #[must_use]
    pub fn minutes(minutes: f64) -> Millis {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "minutes of a test")]
        let millis = (minutes * MINUTE as f64) as Millis;
        millis
    }
}
