//! Forecasts from what was measured: before a shift from the running version's minutes, after it from the shift's own.

use super::{Forecast, Precision, Question, Shares, World, answer, forecast};
use crate::delivery::analysis::{NoiseOf, is_counted, noise, noise_of};
use crate::delivery::policy::{Metric, Noise, Policy};
use crate::delivery::series::{Arm, Pair, Series, number, shifted};
use crate::delivery::watch::Watch;

/// What a shift will be able to see of each metric that decides, by the running version's minutes before it.
#[must_use]
pub fn of_release(
    policy: &Policy,
    before: &Series,
    shares: &Shares,
    minutes: u32,
    precision: Precision,
) -> Vec<(String, Forecast)> {
    let of = |metric: &Metric| {
        let blue: Vec<Arm> =
            before.values().filter_map(|minute| Some(minute.counts.get(&metric.id)?.blue)).collect();
        let all = blue.iter().fold(Arm::default(), |all, arm| all.plus(*arm));
        let learned = noise::learned(blue.iter().copied()).map(|cv| (metric.id.clone(), cv));
        let question = Question {
            policy,
            worse: metric.worse,
            per_minute: number(all.total) / number(u64::try_from(blue.len().max(1)).unwrap_or(u64::MAX)),
            rate: all.rate().filter(|_| all.bad > 0),
            noise: noise_of(policy, &learned.into_iter().collect::<NoiseOf>(), &metric.id),
            shares,
            minutes,
            precision,
        };
        (metric.id.clone(), forecast(&question))
    };
    policy.deciding().filter(|metric| is_counted(metric)).map(of).collect()
}

/// What a recorded shift was able to see of each metric that decides: its own minutes' traffic, blue's rate in the record, the recorded noise.
#[must_use]
pub fn of_record(watch: &Watch, policy: &Policy, precision: Precision) -> Vec<(String, Forecast)> {
    let none = NoiseOf::new();
    let recorded = watch.noise.as_ref().unwrap_or(&none);
    let of = |metric: &Metric| {
        let pair = |minute: &crate::delivery::series::Minute| minute.counts.get(&metric.id).copied();
        let minutes: Vec<Pair> =
            shifted(&watch.minutes).map(|(_, minute)| pair(minute).unwrap_or_default()).collect();
        let blue =
            watch.minutes.values().filter_map(pair).fold(Arm::default(), |all, pair| all.plus(pair.blue));
        let shares = Shares::constant(first_percent(&minutes));
        let count = u32::try_from(minutes.len()).unwrap_or(u32::MAX);
        let all = minutes
            .iter()
            .fold(0_u64, |all, pair| all.saturating_add(pair.green.total).saturating_add(pair.blue.total));
        let question = Question {
            policy,
            worse: metric.worse,
            per_minute: number(all) / f64::from(count.max(1)),
            rate: blue.rate().filter(|_| blue.bad > 0),
            noise: noise_of(policy, recorded, &metric.id),
            shares: &shares,
            minutes: count,
            precision,
        };
        let totals = minutes.iter().map(|pair| (pair.green.total, pair.blue.total)).collect();
        (metric.id.clone(), answer(&question, &World::of(&question, totals)))
    };
    policy.deciding().filter(|metric| is_counted(metric)).map(of).collect()
}

fn first_percent(minutes: &[Pair]) -> f64 {
    let compared = minutes.iter().find(|pair| pair.compares());
    compared.map_or(0.0, |pair| {
        number(pair.green.total) / number(pair.green.total.saturating_add(pair.blue.total)) * 100.0
    })
}

/// Noise that a question without a history reckons with: the policy's, or a steady rate.
#[must_use]
pub fn assumed_noise(policy: &Policy) -> f64 {
    match policy.noise {
        Noise::Fixed(cv) => cv,
        Noise::Learned(_) => 0.0,
    }
}
