//! Ways to decide: the product's own, and two that others use, on the same minutes.

use crate::world::{HORIZON, MINUTES, Shift, metric};
use anyhow::{Context, Result};
use shared::delivery::analysis::eprocess::EProcess;
use shared::delivery::analysis::{NoiseOf, Situation, analyse, conclude, noise, noise_of};
use shared::delivery::policy::{Policies, Policy};
use shared::delivery::series::{Arm, Minute, Series};
use shared::delivery::stats::{Alternative, Method as Rank, RankSum, Sample};
use shared::delivery::verdict::Kind;
use shared::model::{MINUTE, Timestamp};

/// A way to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    /// The product as it is delivered, for 15 minutes of traffic.
    Default,
    /// The same until 15 minutes were judged after the warm-up; minutes count from its end.
    Judged,
    /// Without warm-up.
    NoWarmUp,
    /// The default with the one alternative "twice": what knowing the ratio of a doubled rate would gain.
    Known,
    /// Mann-Whitney's p below 0.05, looked at every minute from the fifth on.
    MannWhitney,
    /// One minute with 1 % or more.
    Alarm,
}

/// All, in the order of the table.
pub(crate) const METHODS: [Method; 6] =
    [Method::Default, Method::Judged, Method::NoWarmUp, Method::Known, Method::MannWhitney, Method::Alarm];

impl Method {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Judged => "15 judged",
            Self::NoWarmUp => "no warm-up",
            Self::Known => "×2 known",
            Self::MannWhitney => "MWU p<.05",
            Self::Alarm => "alarm 1 %",
        }
    }
}

/// Minute from which Mann-Whitney is asked: fewer points can hardly differ.
const FIRST_RANKED: usize = 5;
const ALARM: f64 = 0.01;

/// The policies of one cell: the product's defaults, with so many metrics.
pub(crate) struct Judge {
    default: Policy,
    no_warm_up: Policy,
}

impl Judge {
    pub(crate) fn new(metrics: usize) -> Result<Self> {
        let names: Vec<String> = (0..metrics)
            .map(|index| match index {
                0 => format!("{{id: {}, kind: errors}}", metric(index)),
                _ => format!("{{id: {}, kind: latency, objective_ms: {}}}", metric(index), index * 100),
            })
            .collect();
        let policy = |more: &str| -> Result<Policy> {
            let text = format!("version: 1\nmetrics: [{}]\n{more}", names.join(", "));
            Ok(Policies::parse(&text).context("the policy of the simulation")?.of("").clone())
        };
        Ok(Self { default: policy("")?, no_warm_up: policy("warm_up_minutes: 0\n")? })
    }

    /// In which minute a method stops the shift, from 1; none when it lets it go on.
    pub(crate) fn stops(&self, method: Method, shift: &Shift) -> Option<usize> {
        let first = shift.minutes.get(..HORIZON)?;
        let harm = |policy: &Policy, minutes: &[Minute]| match verdict(policy, shift, minutes, false) {
            Some((Kind::Harm, minute)) => Some(minute),
            Some((Kind::Promote | Kind::Inconclusive, _)) | None => None,
        };
        match method {
            Method::Default => harm(&self.default, first),
            Method::Judged => {
                let warm_up = usize::try_from(self.default.warm_up_minutes).ok()?;
                let minute = harm(&self.default, shift.minutes.get(..MINUTES)?)?;
                // A catastrophe can stop it while it warms up.
                Some(minute.saturating_sub(warm_up).max(1))
            }
            Method::NoWarmUp => harm(&self.no_warm_up, first),
            Method::Known => self.known(shift, first),
            Method::MannWhitney => mann_whitney(first),
            Method::Alarm => alarm(first),
        }
    }

    /// The first verdict when a hook waits from the first minute on.
    pub(crate) fn asked(&self, shift: &Shift) -> Option<(Kind, usize)> {
        verdict(&self.no_warm_up, shift, shift.minutes.get(..HORIZON)?, true)
    }
}

impl Judge {
    /// The likelihood ratio of "twice" against "the same" alone, after the warm-up.
    fn known(&self, shift: &Shift, minutes: &[Minute]) -> Option<usize> {
        let cv = noise_of(&self.default, &learned(shift), &metric(0));
        let mut process = EProcess::new(1.0, 2.0, cv);
        let warm_up = usize::try_from(self.default.warm_up_minutes).ok()?;
        let judged = minutes.iter().enumerate().skip(warm_up);
        let mut pairs =
            judged.filter_map(|(index, minute)| Some((index + 1, *minute.counts.get(&metric(0))?)));
        let found = pairs.find(|(_, pair)| {
            process.push(*pair);
            -process.promotion() >= self.default.harm_bound()
        });
        found.map(|(minute, _)| minute)
    }
}

/// Noise of the minutes before, as the watch learns it.
fn learned(shift: &Shift) -> NoiseOf {
    let of = |(name, arms): (&String, &Vec<Arm>)| {
        noise::learned(arms.iter().copied()).map(|cv| (name.clone(), cv))
    };
    shift.before.iter().filter_map(of).collect()
}

/// The product's decision, tick by tick, as `traffic-watch` makes it: everything is computed again with each settled minute.
fn verdict(policy: &Policy, shift: &Shift, minutes: &[Minute], is_asked: bool) -> Option<(Kind, usize)> {
    let noise = learned(shift);
    let mut series = Series::new();
    let situation = Situation { is_asked, is_late: false };
    (1_i64..).zip(minutes).enumerate().find_map(|(index, (at, minute))| {
        series.insert(Timestamp::from_millis(at * MINUTE), minute.clone());
        let (kind, _) = conclude(policy, &analyse(policy, &noise, &series), situation)?;
        Some((kind, index + 1))
    })
}

/// Rates of the first metric in each minute: green's, then blue's.
fn rates(minutes: &[Minute]) -> impl Iterator<Item = (f64, f64)> {
    minutes.iter().filter_map(|minute| {
        let pair = minute.counts.get(&metric(0))?;
        Some((pair.green.rate()?, pair.blue.rate()?))
    })
}

fn mann_whitney(minutes: &[Minute]) -> Option<usize> {
    let (green, blue): (Vec<f64>, Vec<f64>) = rates(minutes).unzip();
    (FIRST_RANKED..=green.len()).find(|end| {
        let sample = |rates: &[f64]| rates.get(..*end).and_then(|rates| Sample::new(rates).ok());
        let (Some(green), Some(blue)) = (sample(&green), sample(&blue)) else { return false };
        let test = RankSum::of(&green, &blue).test(Alternative::Greater, Rank::Auto);
        test.is_ok_and(|test| test.p < 0.05)
    })
}

fn alarm(minutes: &[Minute]) -> Option<usize> {
    rates(minutes).position(|(green, _)| green >= ALARM).map(|index| index + 1)
}
