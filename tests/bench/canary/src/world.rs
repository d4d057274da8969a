//! What a shift looks like from outside: minutes of green and blue, drawn from a seed.
//!
//! Requests are Poisson, bad events binomial. Not modelled: the delay of CloudWatch (it adds to every delay), retries that correlate errors
//! inside an arm, sticky sessions.

use shared::delivery::series::{Arm, Minute, Pair};
use shared::delivery::stats::random::Random;
use std::collections::BTreeMap;

/// Minutes before the shift, from which noise is learned; as the product reads them.
pub(crate) const BEFORE: usize = 60;
/// Minutes of green's traffic that are drawn: 15 judged ones after two of warm-up.
pub(crate) const MINUTES: usize = 17;
/// Minutes within which what happens is wanted to be found.
pub(crate) const HORIZON: usize = 15;

/// A kind of shift.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    /// Requests per minute, both arms together.
    pub(crate) rpm: f64,
    /// Share of them that green gets.
    pub(crate) share: Share,
    /// Rate of bad events of blue.
    pub(crate) rate: f64,
    /// Green's rate over blue's, of the first metric.
    pub(crate) ratio: f64,
    /// Coefficient of variation of each arm's rate from minute to minute.
    pub(crate) noise: f64,
    /// Whether 30 % of the runs have two minutes in which both arms fail ten times as often.
    pub(crate) outages: bool,
    /// Whether green fails three times as often in its first two minutes.
    pub(crate) is_cold: bool,
    /// How many metrics are compared; the others differ in nothing.
    pub(crate) metrics: usize,
}

/// Green's part of the traffic.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Share {
    /// The same all the time.
    Fixed(f64),
    /// So much more each minute, to all of it.
    Linear(f64),
}

impl World {
    /// 10 % canary, 0.5 % bad events, nothing else.
    pub(crate) const fn new(rpm: f64, ratio: f64) -> Self {
        Self {
            rpm,
            share: Share::Fixed(0.1),
            rate: 0.005,
            ratio,
            noise: 0.0,
            outages: false,
            is_cold: false,
            metrics: 1,
        }
    }
}

/// One shift, drawn.
pub(crate) struct Shift {
    /// Blue's minutes before it, by metric.
    pub(crate) before: BTreeMap<String, Vec<Arm>>,
    /// Its minutes.
    pub(crate) minutes: Vec<Minute>,
}

/// Name of a metric.
pub(crate) fn metric(index: usize) -> String {
    if index == 0 { "errors".to_owned() } else { format!("slower-{index}") }
}

impl World {
    pub(crate) fn draw(&self, random: &mut Random) -> Shift {
        let outage = (self.outages && random.happens(0.3)).then(|| random.below(HORIZON as u64 - 1));
        let mut before = BTreeMap::new();
        for index in 0..self.metrics {
            let quiet = (0..BEFORE).map(|_| self.arm(random, self.rpm, self.rate));
            before.insert(metric(index), quiet.collect());
        }
        let minutes = (0..MINUTES).map(|minute| {
            let burst = outage.is_some_and(|start| (start..start + 2).contains(&(minute as u64)));
            self.minute(random, minute, if burst { 10.0 } else { 1.0 })
        });
        Shift { before, minutes: minutes.collect() }
    }

    fn minute(&self, random: &mut Random, minute: usize, burst: f64) -> Minute {
        let share = match self.share {
            Share::Fixed(share) => share,
            Share::Linear(step) => (0..=minute).fold(0.0, |sum: f64, _| sum + step).min(1.0),
        };
        let cold = if self.is_cold && minute < 2 { 3.0 } else { 1.0 };
        let rate = self.rate * burst;
        let counts = (0..self.metrics).map(|index| {
            let ratio = if index == 0 { self.ratio * cold } else { 1.0 };
            let green = self.arm(random, self.rpm * share, rate * ratio);
            // Rounding leaves a hair of blue at the end of a shift.
            let blue = if share < 1.0 - 1e-9 {
                self.arm(random, self.rpm * (1.0 - share), rate)
            } else {
                Arm::default()
            };
            (metric(index), Pair { green, blue })
        });
        Minute { counts: counts.collect(), values: BTreeMap::new() }
    }

    fn arm(&self, random: &mut Random, requests: f64, rate: f64) -> Arm {
        let total = random.poisson(requests);
        let rate = (rate * random.noise(self.noise)).min(1.0);
        Arm { total, bad: random.binomial(total, rate) }
    }
}
