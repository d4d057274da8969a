//! What a canary can see, said before it starts: how likely the watch is to catch a release that fails more often, and to clear a good one.
//!
//! Seeded simulation of the product's own test ([`EProcess`](super::analysis::eprocess::EProcess)) with the policy's bounds, warm-up and
//! noise; the same question gives the same answer to the last bit. With n runs a chance is off by less than 98/√n points in 95 of 100 cases
//! ([`Forecast::error_points`]): 2.2 points with the [`Precision::REPORT`] of the command line, 4 with [`Precision::PAGE`], 5.7 with [`Precision::HOOK`]. Not in it:
//! limits, the catastrophe guard, the delay until a minute is settled, errors that retries tie together. Must not: judge a release.

mod replayed;
pub mod shares;
mod simulate;
mod words;

pub use replayed::{assumed_noise, of_record, of_release};
pub use shares::{Shares, SharesError};
#[cfg(test)]
pub(crate) use simulate::whole;
pub use words::percent;

use super::policy::{Direction, Policy};
use serde::Serialize;
use simulate::World;

/// Ratios of rates that a forecast speaks of.
pub const RATIOS: [f64; 4] = [1.5, 2.0, 3.0, 5.0];
/// What "seen" means where one word has to do: in so many of all cases.
pub const SEEN: f64 = 0.9;
/// Longest time that is thought through for an advice, in minutes.
const LONGEST_ADVICE: u32 = 360;
/// Greatest share of traffic that is advised; above it the baseline is the smaller arm.
const MOST_ADVISED: f64 = 50.0;
/// Most minutes that are drawn for one chance.
const MOST_DRAWN: u32 = 200_000;
/// Largest ratio that is looked for.
const LARGEST_RATIO: f64 = 20.0;

/// How many runs answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Precision {
    /// Runs behind each chance.
    pub runs: u32,
    /// Runs behind the advice.
    pub advice_runs: u32,
}

impl Precision {
    /// For people who wait a second.
    pub const REPORT: Self = Self { runs: 2000, advice_runs: 400 };
    /// For a page of a record.
    pub const PAGE: Self = Self { runs: 600, advice_runs: 100 };
    /// For a hook that has other things to do.
    pub const HOOK: Self = Self { runs: 300, advice_runs: 100 };
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question<'a> {
    /// Bounds, ratios, warm-up.
    pub policy: &'a Policy,
    /// Which way is worse.
    pub worse: Direction,
    /// Events of both versions in a minute.
    pub per_minute: f64,
    /// Share of bad events of a good version, 0 to 1; none when no bad event is known.
    pub rate: Option<f64>,
    /// How much each arm's rate wanders: coefficient of variation.
    pub noise: f64,
    /// Green's share of the traffic.
    pub shares: &'a Shares,
    /// Minutes from green's first traffic.
    pub minutes: u32,
    /// Runs.
    pub precision: Precision,
}

/// What a canary can see.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// Minutes from green's first traffic.
    pub minutes: u32,
    /// Of those, minutes after the warm-up in which both versions have traffic.
    pub judged_minutes: u32,
    /// Events of green in the judged minutes.
    pub events: u64,
    /// Bad events of green in the judged minutes, if it is as good as blue; none where the rate is not known.
    pub expected: Option<f64>,
    /// Noise that was reckoned with.
    pub noise: f64,
    /// Chance that a release is stopped, by the ratio of its rate to blue's. Empty where the rate is not known.
    pub seen: Vec<Chance>,
    /// Chance that a release as good as blue is stopped.
    pub false_stop: Option<f64>,
    /// Smallest ratio that is stopped in [`SEEN`] of all cases; none when there is none up to 20.
    pub smallest: Option<f64>,
    /// Chance that a release as good as blue is cleared when somebody asks after the last minute.
    pub cleared: Option<f64>,
    /// Chance that it is cleared at some minute: what a step that may go on early needs.
    pub cleared_early: Option<f64>,
    /// Minute by which half of all good releases are cleared, if half of them are.
    pub cleared_minute: Option<u32>,
    /// What would make a doubled rate seen; none when it is.
    pub advice: Option<Advice>,
    /// Runs behind each chance.
    pub runs: u32,
    /// In 95 of 100 cases a chance is off by less, in percentage points.
    pub error_points: f64,
}

/// Chance that a release with a ratio of rates is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chance {
    /// Green's rate over blue's; the other way round where fewer are worse.
    pub ratio: f64,
    /// 0 to 1.
    pub chance: f64,
    /// Minute from green's first traffic by which half of those that are stopped are.
    pub median_minute: Option<u32>,
}

/// What would make a doubled rate seen in [`SEEN`] of all cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// Share of the traffic over the same minutes, in percent; none when half of the traffic is not enough or shares are scheduled.
    pub percent: Option<u32>,
    /// Minutes; none when six hours are not enough.
    pub minutes: Option<u32>,
    /// The share at which these minutes hold, in percent, where shares are scheduled: the first one.
    pub held_percent: Option<f64>,
}

/// Answers a question.
#[must_use]
pub fn forecast(question: &Question<'_>) -> Forecast {
    let world = World::planned(question, question.shares, question.minutes);
    answer(question, &world)
}

fn answer(question: &Question<'_>, world: &World<'_>) -> Forecast {
    let runs = affordable(question.precision.runs, question.minutes);
    let (judged, events) = world.judged();
    let mut found = Forecast {
        minutes: question.minutes,
        judged_minutes: judged,
        events,
        expected: question.rate.map(|rate| super::series::number(events) * rate),
        noise: question.noise,
        seen: Vec::new(),
        false_stop: None,
        smallest: None,
        cleared: None,
        cleared_early: None,
        cleared_minute: None,
        advice: None,
        runs,
        error_points: 98.0 / f64::from(runs).sqrt(),
    };
    if question.rate.is_none() {
        // Without a bad event nothing is random: a release without one, too, is cleared when there were enough events.
        found.cleared_minute = world.cleared_without_bad_events();
        return found;
    }
    found.seen = RATIOS.iter().map(|ratio| world.chance(*ratio, runs)).collect();
    let good = world.good(runs);
    found.false_stop = Some(good.stopped);
    found.cleared = Some(good.cleared);
    found.cleared_early = Some(good.cleared_early);
    found.cleared_minute = good.cleared_minute;
    found.smallest = smallest(world, runs);
    let doubled = found.seen.iter().find(|chance| chance.ratio == 2.0).map_or(1.0, |chance| chance.chance);
    if doubled < SEEN {
        found.advice = Some(advice(question));
    }
    found
}

/// Fewer runs of a long watch, so that an answer takes about a second whatever is asked; what that costs is in [`Forecast::error_points`].
fn affordable(runs: u32, minutes: u32) -> u32 {
    runs.min(MOST_DRAWN / minutes.max(1)).max(1)
}

/// By halving, to a tenth: with the same draws for every ratio a larger one is seen more often.
fn smallest(world: &World<'_>, runs: u32) -> Option<f64> {
    let is_seen = |tenths: u32| world.chance(f64::from(tenths) / 10.0, runs).chance >= SEEN;
    let tenths = least(10, simulate::tenths(LARGEST_RATIO), is_seen)?;
    Some(f64::from(tenths) / 10.0)
}

fn advice(question: &Question<'_>) -> Advice {
    let runs = affordable(question.precision.advice_runs, question.minutes);
    let first = question.shares.first();
    let held = Shares::constant(first);
    let minutes = World::planned(question, &held, LONGEST_ADVICE).minute_by_which(SEEN, 2.0, runs);
    let is_seen = |percent: u32| {
        let shares = Shares::constant(f64::from(percent));
        World::planned(question, &shares, question.minutes).chance(2.0, runs).chance >= SEEN
    };
    let percent = match question.shares.is_constant() {
        true => least(simulate::whole(first), simulate::whole(MOST_ADVISED), is_seen),
        false => None,
    };
    let held_percent = (!question.shares.is_constant()).then_some(first);
    Advice { percent, minutes: minutes.filter(|minutes| *minutes > question.minutes), held_percent }
}

/// The smallest number above `low` and at most `high` for which something holds that holds for all larger ones.
fn least(low: u32, high: u32, holds: impl Fn(u32) -> bool) -> Option<u32> {
    if high <= low || !holds(high) {
        return None;
    }
    let (mut low, mut high) = (low, high);
    while high - low > 1 {
        let middle = u32::midpoint(low, high);
        (low, high) = if holds(middle) { (low, middle) } else { (middle, high) };
    }
    Some(high)
}

#[cfg(test)]
mod tests;
