//! Mann-Whitney for people who know it from Kayenta, looked at once: is the canary higher, by how much, and is that too much?
//!
//! One look at a finished series; whoever looks every minute and stops at the first small p stops good releases (11.5 % of them at p < 0.05:
//! Johari et al., "Always Valid Inference", 2022, <https://arxiv.org/abs/1512.04922>). Not significant is no evidence for a release: that takes
//! an interval that leaves out the ratio that matters. Must not: read files.

use super::policy::{Direction, Policy};
use super::series_read::Values;
use super::stats::rank_sum::{Alternative, Method, RankSum};
use super::stats::shift::{mean_ratio, shift};
use super::stats::{Sample, Unfit, percentile};
use super::verdict::Kind;
use serde::Serialize;

/// Fewest minutes that a release is cleared by.
pub const FEWEST_MINUTES: usize = 10;

/// What the values of both arms show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ranked {
    /// What it comes to.
    pub kind: Kind,
    /// One sentence with the figures.
    pub reason: String,
    /// The figures; none when nothing could be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
}

/// Figures of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Compared minutes.
    pub minutes: usize,
    /// Median of the canary.
    pub canary_median: f64,
    /// Median of the baseline.
    pub baseline_median: f64,
    /// U of the canary.
    pub u: f64,
    /// One-sided p of "the canary is worse".
    pub p: f64,
    /// Whether all orders were counted.
    pub exact: bool,
    /// Hodges-Lehmann shift, canary against baseline.
    pub shift: f64,
    /// Lower end of its interval, at confidence 1 − 2α.
    pub lower: f64,
    /// Upper end of its interval, at confidence 1 − 2β.
    pub upper: f64,
    /// Share of pairs in which the canary is higher, equal ones counted half.
    pub superiority: f64,
    /// Mean of the canary over mean of the baseline; none when one is 0.
    pub mean_ratio: Option<f64>,
}

/// Judges values of which more are worse (or fewer) by the policy's α, β and ratios, applied to the baseline's median.
///
/// # Errors
/// [`Unfit`] for values out of range or more than can be compared.
pub fn judge(policy: &Policy, worse: Direction, values: &Values) -> Result<Ranked, Unfit> {
    let warm_up = usize::try_from(policy.warm_up_minutes).unwrap_or(usize::MAX);
    let judged: Vec<&(f64, f64)> = values.both.values().skip(warm_up).collect();
    let count = judged.len();
    if count == 0 {
        return Ok(nothing("no minute after the warm-up has a value of both versions: nothing was compared"));
    }
    let sign = match worse {
        Direction::More => 1.0,
        Direction::Fewer => -1.0,
    };
    let sample = |of: fn(&(f64, f64)) -> f64| {
        Sample::new(judged.iter().map(|pair| sign * of(pair)).collect::<Vec<_>>())
    };
    let (canary, baseline) = (sample(|pair| pair.0)?, sample(|pair| pair.1)?);
    let ranked = RankSum::of(&canary, &baseline);
    let test = ranked.test(Alternative::Greater, Method::Auto)?;
    let (harm, clear) = (
        shift(&canary, &baseline, 1.0 - 2.0 * policy.alpha)?,
        shift(&canary, &baseline, 1.0 - 2.0 * policy.beta)?,
    );
    let median = percentile(&baseline, 0.5);
    let size = median.abs();
    let is_harm =
        test.p <= policy.alpha && harm.reached && harm.lower > (policy.tolerated_ratio - 1.0) * size;
    let is_enough = clear.reached && harm.reached && count >= FEWEST_MINUTES;
    let is_clear = is_enough && size > 0.0 && clear.upper < (policy.excluded_ratio - 1.0) * size;
    let kind = match (is_harm, is_clear) {
        (true, _) => Kind::Harm,
        (false, true) => Kind::Promote,
        (false, false) => Kind::Inconclusive,
    };
    let (lower, upper) = (sign * harm.lower, sign * clear.upper);
    let figures = Figures {
        minutes: count,
        canary_median: sign * percentile(&canary, 0.5),
        baseline_median: sign * median,
        u: test.u,
        p: test.p,
        exact: test.exact,
        shift: sign * harm.estimate,
        lower: lower.min(upper),
        upper: lower.max(upper),
        superiority: match worse {
            Direction::More => ranked.superiority(),
            Direction::Fewer => 1.0 - ranked.superiority(),
        },
        mean_ratio: mean_ratio(&canary, &baseline),
    };
    let reason = words(policy, kind, &figures, is_enough);
    Ok(Ranked { kind, reason, figures: Some(figures) })
}

fn nothing(words: &str) -> Ranked {
    Ranked { kind: Kind::Inconclusive, reason: words.to_owned(), figures: None }
}

fn words(policy: &Policy, kind: Kind, figures: &Figures, is_enough: bool) -> String {
    let Figures { minutes, canary_median, baseline_median, p, shift, lower, upper, .. } = figures;
    let number = |value: &f64| super::kayenta::figure(*value);
    let seen = format!(
        "canary's median is {} against {} in {minutes} minute(s), shifted by {} (from {} to {}), p = {}",
        number(canary_median),
        number(baseline_median),
        number(shift),
        number(lower),
        number(upper),
        number(p)
    );
    match kind {
        Kind::Harm => format!("{seen} against a limit of {}", policy.alpha),
        Kind::Promote => format!("{seen}; {} times the baseline is excluded", policy.excluded_ratio),
        Kind::Inconclusive if !is_enough => {
            format!("{seen}; so few minutes show nothing, at least {FEWEST_MINUTES} are needed")
        }
        Kind::Inconclusive => {
            format!(
                "{seen}; neither harm nor its absence is shown ({} times the baseline is not excluded)",
                policy.excluded_ratio
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn ranked(pairs: impl IntoIterator<Item = (f64, f64)>) -> Ranked {
        let both: BTreeMap<i64, (f64, f64)> = (0..).zip(pairs).collect();
        judge(&Policy::default(), Direction::More, &Values { both, ..Values::default() }).unwrap()
    }

    /// Latencies around 100 with a spread of 8, the canary's times `factor`.
    fn latencies(factor: f64, minutes: u32) -> Ranked {
        let wander = |minute: u32, step: u32| f64::from((minute * step) % 17) - 8.0;
        ranked((0..minutes).map(|m| (factor * (100.0 + wander(m, 5)), 100.0 + wander(m, 7))))
    }

    #[test]
    fn a_shift_is_harm_and_its_absence_takes_an_interval() {
        insta::assert_snapshot!(latencies(1.3, 30).reason, @"canary's median is 130.7 against 100.5 in 28 minute(s), shifted by 30.05 (from 26 to 32.9), p = 6.91e-11 against a limit of 0.01");
        assert_eq!(latencies(1.3, 30).kind, Kind::Harm);
        insta::assert_snapshot!(latencies(1.0, 30).reason, @"canary's median is 100.5 against 100.5 in 28 minute(s), shifted by 0 (from -3 to 2), p = 0.5164; 2 times the baseline is excluded");
        assert_eq!(latencies(1.0, 30).kind, Kind::Promote);
    }

    #[test]
    fn too_little_or_nothing_is_never_a_promotion() {
        insta::assert_snapshot!(latencies(1.0, 3).reason, @"canary's median is 102 against 106 in 1 minute(s), shifted by -4 (from -4 to -4), p = 1; so few minutes show nothing, at least 10 are needed");
        insta::assert_snapshot!(ranked([]).reason, @"no minute after the warm-up has a value of both versions: nothing was compared");
        let zeros = ranked((0..30).map(|_| (0.0, 0.0)));
        insta::assert_snapshot!(zeros.reason, @"canary's median is 0 against 0 in 28 minute(s), shifted by 0 (from 0 to 0), p = 1; neither harm nor its absence is shown (2 times the baseline is not excluded)");
        for found in [latencies(1.0, 3), ranked([]), zeros] {
            assert_eq!(found.kind, Kind::Inconclusive);
        }
    }

    #[test]
    fn units_change_nothing_and_fewer_is_the_mirror() {
        let of = |unit: f64, worse| {
            let both = (0..30)
                .map(|m| (i64::from(m), (unit * f64::from(60 + m % 7), unit * f64::from(100 + m % 5))));
            judge(&Policy::default(), worse, &Values { both: both.collect(), ..Values::default() }).unwrap()
        };
        assert_eq!(of(1.0, Direction::Fewer).kind, Kind::Harm);
        assert_eq!(of(1.0, Direction::More).kind, Kind::Promote);
        assert_eq!(of(1e-9, Direction::Fewer).kind, Kind::Harm);
        assert!(of(1.0, Direction::Fewer).figures.unwrap().shift < -35.0, "the canary is lower");
    }
}
