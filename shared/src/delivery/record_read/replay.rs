//! A recorded watch computed again: every tick's evidence and the verdict, bit for bit.
//!
//! The record holds the newest reading of each minute. A minute that CloudWatch corrected after a tick had read it, or a tick that never
//! came, can make an earlier tick decide now: that is a remark. Evidence or a verdict that comes out otherwise is a difference. Logarithms are
//! the machine's own, so the last bits are promised on the kind of machine that decided; elsewhere a difference of theirs is named as one.

use crate::delivery::analysis::{Analysis, Evidence, NoiseOf, Point, Situation, analyse, conclude};
use crate::delivery::policy::{Policy, PolicyError};
use crate::delivery::series::{Series, shifted};
use crate::delivery::verdict::Kind;
use crate::delivery::watch::{Shown, Watch};
use crate::model::{MINUTE, Timestamp};
use serde::Serialize;

/// Units in the last place that a difference of logarithms between two kinds of machines can add up to.
const LAST_PLACES: u64 = 256;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// How many ticks were computed again.
    pub ticks: u32,
    /// How many numbers were compared by their bits with the recorded ones.
    pub compared: u32,
    /// The verdict that comes out now.
    pub verdict: Option<(Kind, String)>,
    /// The first thing that is not as recorded.
    pub difference: Option<String>,
    /// What is not as expected and changes nothing.
    pub remarks: Vec<String>,
    /// What the minutes show.
    pub analysis: Analysis,
}

/// Computes a record again.
///
/// # Errors
/// When its policy is none of this release.
pub fn replay(watch: &Watch) -> Result<Replay, PolicyError> {
    let policy = watch.policy()?;
    let none = NoiseOf::new();
    let noise = watch.noise.as_ref().unwrap_or(&none);
    let analysis = analyse(&policy, noise, &watch.minutes);
    let mut found =
        Replay { ticks: 0, compared: 0, verdict: None, difference: None, remarks: Vec::new(), analysis };
    ticks(watch, &policy, noise, &mut found);
    let difference = evidence(watch, &mut found);
    found.difference = found.difference.take().or(difference);
    let difference = verdict(watch, &policy, &mut found);
    found.difference = found.difference.take().or(difference);
    Ok(found)
}

/// Minutes that are settled for a tick.
fn settled(series: &Series, policy: &Policy, tick: Timestamp) -> Series {
    let end = tick.plus(-i64::from(policy.settle_minutes) * MINUTE).minute();
    series.range(..end).map(|(at, minute)| (*at, minute.clone())).collect()
}

/// Every tick from the first minute of traffic to the last one: what it saw is the beginning of what was seen in the end.
fn ticks(watch: &Watch, policy: &Policy, noise: &NoiseOf, found: &mut Replay) {
    let last = watch.verdict.as_ref().map(|verdict| verdict.decided_at).or(watch.ticked);
    let (Some((first, _)), Some(last)) = (shifted(&watch.minutes).next(), last) else { return };
    let mut tick = first.plus(i64::from(policy.settle_minutes + 1) * MINUTE);
    let mut is_early = false;
    while tick <= last {
        let seen = analyse(policy, noise, &settled(&watch.minutes, policy, tick));
        found.ticks += 1;
        for (tick_saw, all) in seen.evidence.iter().zip(&found.analysis.evidence) {
            if found.difference.is_none() {
                found.difference = prefix(tick, tick_saw, all);
            }
        }
        let harm = conclude(policy, &seen, Situation { is_asked: false, is_late: false });
        if harm.is_some() && tick.minute() < last.minute() && !is_early && watch.verdict.is_some() {
            is_early = true;
            found.remarks.push(format!(
                "a tick at {tick} would have found harm, the record was decided at {last}: a tick was missing, or a minute was corrected later"
            ));
        }
        tick = tick.plus(MINUTE);
    }
}

fn prefix(tick: Timestamp, saw: &Evidence, all: &Evidence) -> Option<String> {
    let differs = |(saw, all): (&Point, &Point)| {
        let is_same = saw.at == all.at && bits(saw.harm, all.harm) && bits(saw.promotion, all.promotion);
        (!is_same).then_some(saw.at)
    };
    let at = saw.path.iter().zip(&all.path).find_map(differs)?;
    Some(format!(
        "the tick at {tick} saw other evidence of `{}` at {at} than the whole series shows",
        saw.metric
    ))
}

const fn bits(one: f64, other: f64) -> bool {
    one.to_bits() == other.to_bits()
}

/// The recorded evidence against the computed one; the first difference.
fn evidence(watch: &Watch, found: &mut Replay) -> Option<String> {
    watch.verdict.as_ref()?;
    if watch.evidence.is_empty() {
        let is_compared = watch.arms.as_ref().is_some_and(|arms| arms.blue.is_some());
        if is_compared {
            found
                .remarks
                .push("the record holds no evidence values: only its verdict could be compared".to_owned());
        }
        return None;
    }
    let now = Shown::of(&found.analysis);
    if now.len() != watch.evidence.len() {
        return Some(format!("{} metric(s) are recorded, {} come out", watch.evidence.len(), now.len()));
    }
    for (then, now) in watch.evidence.iter().zip(&now) {
        if let Some(difference) = metric(then, now, &mut found.compared) {
            return Some(difference);
        }
    }
    None
}

fn metric(then: &Shown, now: &Shown, compared: &mut u32) -> Option<String> {
    let id = &then.metric;
    if then.metric != now.metric {
        return Some(format!("the evidence of `{id}` is recorded, that of `{}` comes out", now.metric));
    }
    let mut differs = |what: &str, then: f64, now: f64| {
        *compared += 1;
        (!bits(then, now)).then(|| {
            let (recorded, computed) = (then.to_bits(), now.to_bits());
            let last = match recorded.abs_diff(computed) {
                units if units <= LAST_PLACES => {
                    format!("; {units} unit(s) in the last place, as the logarithm of another kind of machine may give")
                }
                _ => String::new(),
            };
            format!("`{id}`, {what}: recorded {then:?} ({recorded:016x}), computed {now:?} ({computed:016x}){last}")
        })
    };
    let bounds =
        [("bound", then.bound, now.bound), ("bound of promotion", then.promotion_bound, now.promotion_bound)];
    if let Some(difference) = bounds.into_iter().find_map(|(what, then, now)| differs(what, then, now)) {
        return Some(difference);
    }
    if then.path.len() != now.path.len() {
        return Some(format!(
            "`{id}`: {} minute(s) are recorded, {} come out",
            then.path.len(),
            now.path.len()
        ));
    }
    then.path.iter().zip(&now.path).find_map(|(then, now)| {
        if then.0 != now.0 {
            return Some(format!("`{id}`: the minute {} is recorded, {} comes out", then.0, now.0));
        }
        differs(&format!("evidence for harm at {}", then.0), then.1, now.1)
            .or_else(|| differs(&format!("evidence for promotion at {}", then.0), then.2, now.2))
    })
}

/// The verdict again, as whoever got it was waiting for it; the difference.
fn verdict(watch: &Watch, policy: &Policy, found: &mut Replay) -> Option<String> {
    let recorded = watch.verdict.as_ref()?;
    if watch.arms.as_ref().is_none_or(|arms| arms.blue.is_none()) {
        found
            .remarks
            .push("a first deployment is compared with nothing: its verdict is not computed".to_owned());
        return None;
    }
    let situation = match recorded.kind {
        Kind::Harm => Situation { is_asked: false, is_late: false },
        Kind::Promote => Situation { is_asked: true, is_late: false },
        Kind::Inconclusive => Situation { is_asked: true, is_late: true },
    };
    let Some((kind, reason)) = conclude(policy, &found.analysis, situation) else {
        return Some(format!("the verdict `{}` is recorded, none comes out", recorded.kind.word()));
    };
    found.verdict = Some((kind, reason.clone()));
    if kind != recorded.kind {
        return Some(format!(
            "the verdict `{}` is recorded, `{}` comes out: {reason}",
            recorded.kind.word(),
            kind.word()
        ));
    }
    (reason != recorded.reason)
        .then(|| format!("the reason is recorded as `{}`, `{reason}` comes out", recorded.reason))
}
