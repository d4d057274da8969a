//! A traffic model: requests to each service, split by the weights of its target groups, with errors by what runs behind them.
//!
//! Counts per minute are drawn from a seeded generator (Poisson), so that a run can be repeated; a minute is drawn when it is over.

use crate::clock::{MINUTE, Millis};
use crate::values::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Requests per minute to a service unless told otherwise.
const REQUESTS_PER_MINUTE: f64 = 6000.0;
/// Share of requests that fail unless told otherwise.
const ERROR_RATE: f64 = 0.005;

/// What a service's users do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Requests per minute.
    pub per_minute: f64,
    /// Share of failing requests of a sound version, 0..=1.
    pub error_rate: f64,
    /// Multiplies the error rate of the version on the green target group, over what its task definition says.
    pub green_ratio: Option<f64>,
}

impl Default for Load {
    fn default() -> Self {
        Self { per_minute: REQUESTS_PER_MINUTE, error_rate: ERROR_RATE, green_ratio: None }
    }
}

/// Where a part of a service's traffic goes.
#[derive(Debug, Clone)]
pub struct Share {
    /// Target group's name.
    pub target_group: String,
    /// Percent of the service's requests.
    pub percent: f64,
    /// Multiplies the service's error rate.
    pub error_ratio: f64,
    /// Whether it is the new version.
    pub green: bool,
}

/// Requests and errors of one minute of one target group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Requests.
    pub requests: u64,
    /// Answers with status 5XX.
    pub errors: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Expected {
    requests: f64,
    errors: f64,
}

#[derive(Default)]
struct State {
    at: Millis,
    loads: BTreeMap<String, Load>,
    shares: BTreeMap<String, Vec<Share>>,
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
        lock(&self.state).loads.get(service).copied().unwrap_or_default()
    }

    /// Sets where a service's traffic goes from `now` on.
    pub fn route(&self, service: &str, shares: Vec<Share>, now: Millis) {
        let mut state = lock(&self.state);
        state.accrue(now);
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
            let load = self.loads.get(service).copied().unwrap_or_default();
            for share in shares.iter().filter(|share| share.percent > 0.0) {
                let requests = load.per_minute * share.percent / 100.0 * part;
                let ratio = load.green_ratio.filter(|_| share.green).unwrap_or(share.error_ratio);
                let expected = self.open.entry(share.target_group.clone()).or_default();
                expected.requests += requests;
                expected.errors += requests * (load.error_rate * ratio).min(1.0);
            }
        }
    }

    fn close(&mut self, minute: Millis) {
        for (group, expected) in std::mem::take(&mut self.open) {
            let mut random = Random::of(&group, minute);
            let errors = random.poisson(expected.errors);
            let requests = errors + random.poisson(expected.requests - expected.errors);
            if requests > 0 {
                self.minutes.insert((group, minute), Counts { requests, errors });
            }
        }
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014), seeded by what is drawn.
struct Random(u64);

impl Random {
    fn of(group: &str, minute: Millis) -> Self {
        let seed = group.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed ^ minute.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let unit = (z >> 11) as f64 / (1_u64 << 53) as f64;
        unit.max(f64::MIN_POSITIVE)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped at zero, far below 2^52"
    )]
    fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 50.0 {
            let normal = (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
            return (mean + mean.sqrt() * normal).round().max(0.0) as u64;
        }
        let limit = (-mean).exp();
        let mut product = self.uniform();
        let mut count = 0;
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(group: &str, percent: f64, error_ratio: f64) -> Share {
        Share { target_group: group.to_owned(), percent, error_ratio, green: group == "green" }
    }

    #[test]
    fn requests_follow_the_weights_and_errors_what_runs_behind_them() {
        let traffic = Traffic::default();
        traffic.route("api", vec![share("blue", 90.0, 1.0), share("green", 10.0, 5.0)], 1);
        traffic.accrue(100 * MINUTE);
        let sum = |group: &str| {
            traffic.minutes(group, 0, 100 * MINUTE).iter().fold((0.0, 0.0), |(r, e), (_, counts)| {
                (r + counts.requests as f64, e + counts.errors as f64)
            })
        };
        let (blue, blue_errors) = sum("blue");
        let (green, green_errors) = sum("green");
        assert!((blue / green - 9.0).abs() < 0.2, "{blue} {green}");
        assert!((blue_errors / blue - 0.005).abs() < 0.0005, "{blue_errors}");
        assert!((green_errors / green - 0.025).abs() < 0.003, "{green_errors}");
    }

    #[test]
    fn a_minute_that_is_not_over_has_no_counts() {
        let traffic = Traffic::default();
        traffic.route("api", vec![share("blue", 100.0, 1.0)], MINUTE);
        traffic.accrue(2 * MINUTE + 1);
        assert_eq!(traffic.minutes("blue", 0, 10 * MINUTE).len(), 1);
    }
}
