//! A policy tried on past deployments: what it would have stopped, and how often it stops what was good.
//!
//! A/A: blue's counts of a shift, split at random into two arms with the shares of that shift, are two versions that are the same; whatever is
//! stopped then is stopped wrongly. Splits are seeded. They hold every bad hour that blue had, but not what differs between two sets of
//! tasks (cold caches, noisy neighbours): for that take deployments that ended well. Must not: change a record.

use crate::delivery::analysis::{NoiseOf, Situation, analyse, conclude};
use crate::delivery::policy::Policy;
use crate::delivery::series::{Arm, Minute, Pair, Series, number, shifted};
use crate::delivery::stats::random::Random;
use crate::delivery::verdict::Kind;
use crate::delivery::watch::Watch;
use crate::model::Timestamp;
use serde::Serialize;

/// The seed of the splits.
const SEED: u64 = 0x6361_6c69_6272_6174;

/// What a policy makes of one series.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The verdict.
    pub kind: Kind,
    /// Its sentence.
    pub reason: String,
    /// The minute of the shift after which harm was shown, from 1.
    pub minute: Option<u32>,
}

/// One past deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// Deployment id.
    pub deployment: String,
    /// Deployment group or service.
    pub group: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What the watch said then.
    pub then: Option<Kind>,
    /// How the deployment ended.
    pub ended: Option<String>,
    /// Whether it counts as good: it succeeded, was not rolled back, and the watch found no harm.
    pub is_good: bool,
    /// What the policy says.
    pub now: Outcome,
}

/// A share with its Wilson interval of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// How many were stopped.
    pub stopped: u64,
    /// Of how many.
    pub of: u64,
    /// Share; none of none.
    pub rate: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Rate {
    /// Wilson's score interval (Wilson, 1927: <https://doi.org/10.1080/01621459.1927.10502953>); 0 to 1 of nothing.
    #[must_use]
    pub fn of(stopped: u64, of: u64) -> Self {
        const Z: f64 = 1.959_963_984_540_054;
        if of == 0 {
            return Self { stopped, of, rate: None, low: 0.0, high: 1.0 };
        }
        let (n, p) = (number(of), number(stopped) / number(of));
        let scale = 1.0 + Z * Z / n;
        let middle = (p + Z * Z / (2.0 * n)) / scale;
        let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        // At both ends rounding leaves a hair.
        let low = if stopped == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if stopped == of { 1.0 } else { (middle + half).min(1.0) };
        Self { stopped, of, rate: Some(p), low, high }
    }
}

/// What the policy makes of a recorded shift.
#[must_use]
pub fn trial(policy: &Policy, watch: &Watch) -> Trial {
    let none = NoiseOf::new();
    let then = watch.verdict.as_ref().map(|verdict| verdict.kind);
    let succeeded =
        watch.final_state.as_deref().is_some_and(|state| matches!(state, "Succeeded" | "SUCCESSFUL"));
    Trial {
        deployment: watch.deployment_id.clone(),
        group: watch.group.clone(),
        created_at: watch.created_at,
        then,
        ended: watch.final_state.clone(),
        is_good: succeeded && watch.rollback.is_none() && then != Some(Kind::Harm),
        now: outcome(policy, watch.noise.as_ref().unwrap_or(&none), &watch.minutes),
    }
}

/// What the policy says in the end, and after which minute it would have stopped.
#[must_use]
pub fn outcome(policy: &Policy, noise: &NoiseOf, series: &Series) -> Outcome {
    let asked = Situation { is_asked: true, is_late: true };
    let found = conclude(policy, &analyse(policy, noise, series), asked);
    let (kind, reason) = found.unwrap_or((Kind::Inconclusive, "nothing was concluded".to_owned()));
    match kind {
        Kind::Promote | Kind::Inconclusive => Outcome { kind, reason, minute: None },
        Kind::Harm => first_harm(policy, noise, series).unwrap_or(Outcome { kind, reason, minute: None }),
    }
}

/// Harm once shown stays, so the first minute of it is found by going through them.
fn first_harm(policy: &Policy, noise: &NoiseOf, series: &Series) -> Option<Outcome> {
    let mut seen = Series::new();
    for (index, (at, minute)) in (1_u32..).zip(shifted(series)) {
        seen.insert(at, minute.clone());
        let found =
            conclude(policy, &analyse(policy, noise, &seen), Situation { is_asked: false, is_late: false });
        if let Some((kind, reason)) = found {
            return Some(Outcome { kind, reason, minute: Some(index) });
        }
    }
    None
}

/// How many of `splits` random splits of blue's own counts the policy stops, with the sentence of the first one; nothing of a shift in which blue had no traffic.
#[must_use]
pub fn same_against_same(policy: &Policy, watch: &Watch, splits: u32) -> (Rate, Option<Outcome>) {
    let none = NoiseOf::new();
    let noise = watch.noise.as_ref().unwrap_or(&none);
    let has_blue = shifted(&watch.minutes).any(|(_, minute)| minute.has_blue());
    let splits = if has_blue { splits } else { 0 };
    let (mut stopped, mut first) = (0, None);
    for split in 0..splits {
        let mut random = Random::of_run(SEED ^ mixed(&watch.deployment_id), u64::from(split));
        let series = split_blue(&watch.minutes, &mut random);
        let found = outcome(policy, noise, &series);
        if found.kind == Kind::Harm {
            stopped += 1;
            first = first.or(Some(found));
        }
    }
    (Rate::of(stopped, u64::from(splits)), first)
}

/// Every event of blue falls to one of two arms, with the shift's share of that minute.
fn split_blue(series: &Series, random: &mut Random) -> Series {
    let split = |(at, minute): (Timestamp, &Minute)| {
        let of = |(id, pair): (&String, &Pair)| {
            let all = pair.green.total.saturating_add(pair.blue.total);
            let share = if all == 0 { 0.0 } else { number(pair.green.total) / number(all) };
            let bad = random.binomial(pair.blue.bad, share);
            let good = random.binomial(pair.blue.total.saturating_sub(pair.blue.bad), share);
            let green = Arm { total: bad.saturating_add(good), bad };
            let blue = Arm {
                total: pair.blue.total.saturating_sub(green.total),
                bad: pair.blue.bad.saturating_sub(bad),
            };
            (id.clone(), Pair { green, blue })
        };
        (at, Minute { counts: minute.counts.iter().map(of).collect(), values: minute.values.clone() })
    };
    let mut split = split;
    shifted(series).map(&mut split).collect()
}

/// FNV-1a (<https://www.rfc-editor.org/rfc/rfc9923>), so that two records do not get the same splits.
fn mixed(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
