//! An always-valid test on counts: does green fail more often than blue in the same minutes?
//!
//! Mixture likelihood-ratio e-process (Lindon et al., "Rapid Regression Detection in Software Deployments through Sequential
//! Testing", KDD 2022; Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", 2022). For the null "the rate ratio is at
//! most θ₀", the chance that E ever reaches 1/α is at most α, however often one looks. Weights that change, unequal traffic and
//! outages that hit both arms drop out, because only the split of a minute's errors counts.

use crate::delivery::series::{Arm, Pair, number};
use crate::delivery::stats::gamma::log_rising;

/// Alternatives that are mixed: rate ratios green to blue.
pub const RATIOS: [f64; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];
/// Noise below this is none: the beta-binomial is the binomial then to the last digits.
const LEAST_NOISE: f64 = 1e-6;

/// ln E that an arm's rate is below `limit` (0 < limit < 1), against a quarter of it. For the null "the rate is at least `limit`" the chance
/// that E ever reaches 1/β is at most β: the likelihood ratio is monotone in the rate.
#[must_use]
pub fn below(arm: Arm, limit: f64) -> f64 {
    let better = limit / 4.0;
    let good = number(arm.total.saturating_sub(arm.bad));
    number(arm.bad) * (better / limit).ln() + good * ((1.0 - better) / (1.0 - limit)).ln()
}

/// What the minutes seen so far say about one metric; each minute is pushed once, in any order.
#[derive(Debug, Clone)]
pub struct EProcess {
    tolerated: f64,
    excluded: f64,
    noise_cv: f64,
    null: f64,
    same: f64,
    ruled_out: f64,
    alternatives: [f64; RATIOS.len()],
    /// Both arms of every minute that compares.
    pub seen: Pair,
    /// How many minutes compare.
    pub minutes: u32,
}

impl EProcess {
    /// Nothing seen yet. `tolerated` is the ratio of rates that is accepted (≥ 1), `excluded` the one that promotion must rule out (> 1),
    /// `noise_cv` the coefficient of variation of each arm's rate from minute to minute (0: pure binomial).
    #[must_use]
    pub const fn new(tolerated: f64, excluded: f64, noise_cv: f64) -> Self {
        Self {
            tolerated,
            excluded,
            noise_cv,
            null: 0.0,
            same: 0.0,
            ruled_out: 0.0,
            alternatives: [0.0; RATIOS.len()],
            seen: Pair { green: Arm { total: 0, bad: 0 }, blue: Arm { total: 0, bad: 0 } },
            minutes: 0,
        }
    }

    /// Takes a minute; one without events in both arms says nothing and changes nothing.
    pub fn push(&mut self, minute: Pair) {
        if !minute.compares() {
            return;
        }
        self.seen = self.seen.plus(minute);
        self.minutes += 1;
        let split = Split::of(minute, self.noise_cv);
        self.null += split.likelihood(self.tolerated);
        self.same += split.likelihood(1.0);
        self.ruled_out += split.likelihood(self.excluded);
        for (sum, ratio) in self.alternatives.iter_mut().zip(RATIOS) {
            *sum += split.likelihood(ratio);
        }
    }

    /// ln E that green's rate is more than `tolerated` times blue's.
    #[must_use]
    pub fn harm(&self) -> f64 {
        let terms = self.alternatives.iter().zip(RATIOS).filter(|(_, ratio)| *ratio > self.tolerated);
        log_mean_exp(terms.map(|(sum, _)| sum - self.null))
    }

    /// ln E that green's rate is not `excluded` times blue's, against the same rate: evidence for promotion.
    #[must_use]
    pub fn promotion(&self) -> f64 {
        self.same - self.ruled_out
    }

    /// Bad events that were expected of green if it were as good as blue: what the test can see with. None where blue had none: then nothing
    /// is known of the rate.
    #[must_use]
    pub fn expected(&self) -> Option<f64> {
        let rate = self.seen.blue.rate().filter(|_| self.seen.blue.bad > 0)?;
        Some(number(self.seen.green.total) * rate)
    }
}

/// A minute's bad events, by which arm they fell on.
struct Split {
    green: f64,
    blue: f64,
    green_total: f64,
    blue_total: f64,
    noise_cv: f64,
}

impl Split {
    fn of(minute: Pair, noise_cv: f64) -> Self {
        Self {
            green: number(minute.green.bad),
            blue: number(minute.blue.bad),
            green_total: number(minute.green.total),
            blue_total: number(minute.blue.total),
            noise_cv,
        }
    }

    /// Binomial split, or beta-binomial with per-arm gamma noise (delta method: Var(p) ≈ 2·CV²·p²(1−p)²). Constants in the ratio drop out.
    fn likelihood(&self, ratio: f64) -> f64 {
        let weighted = ratio * self.green_total;
        let p = weighted / (weighted + self.blue_total);
        if self.noise_cv <= LEAST_NOISE {
            return self.green * p.ln() + self.blue * (1.0 - p).ln();
        }
        let spread = (1.0 / (2.0 * self.noise_cv * self.noise_cv * p * (1.0 - p)) - 1.0).max(0.1);
        let (a, b) = (p * spread, (1.0 - p) * spread);
        log_rising(a, self.green) + log_rising(b, self.blue) - log_rising(spread, self.green + self.blue)
    }
}

fn log_mean_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return 0.0;
    }
    let (count, sum) =
        terms.fold((0_u64, 0.0), |(count, sum), term| (count + 1, sum + (term - largest).exp()));
    largest + (sum / number(count)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(
        green_requests: &[u64],
        blue_requests: &[u64],
        green_errors: &[u64],
        blue_errors: &[u64],
    ) -> Vec<Pair> {
        (0..green_errors.len())
            .map(|i| Pair::of((green_requests[i], green_errors[i]), (blue_requests[i], blue_errors[i])))
            .collect()
    }

    fn evidence(minutes: &[Pair], tolerated: f64, noise_cv: f64) -> f64 {
        let mut process = EProcess::new(tolerated, 2.0, noise_cv);
        minutes.iter().for_each(|minute| process.push(*minute));
        process.harm()
    }

    fn path(minutes: &[Pair], tolerated: f64) -> Vec<f64> {
        (1..=minutes.len()).map(|end| evidence(&minutes[..end], tolerated, 0.0)).collect()
    }

    fn assert_path(minutes: &[Pair], tolerated: f64, expected: &[f64]) {
        for (actual, expected) in path(minutes, tolerated).iter().zip(expected) {
            assert!((actual - expected).abs() < 1e-6, "{actual} is not {expected}");
        }
    }

    #[test]
    fn the_published_paths_are_reproduced() {
        let (g, b) = ([600; 6], [5400; 6]);
        assert_path(&minutes(&g, &b, &[0; 5], &[0; 5]), 1.0, &[0.0; 5]);
        assert_path(
            &minutes(&g, &b, &[3; 5], &[27; 5]),
            1.0,
            &[-1.303_219, -1.792_207, -2.164_506, -2.486_007, -2.778_495],
        );
        assert_path(
            &minutes(&g, &b, &[6; 6], &[27; 6]),
            1.0,
            &[0.342_946, 1.162_569, 2.037_371, 2.939_238, 3.861_952, 4.801_753],
        );
        assert_path(
            &minutes(&g, &b, &[6; 6], &[27; 6]),
            1.2,
            &[-0.097_496, 0.281_684, 0.716_043, 1.177_467, 1.659_739, 2.159_097],
        );
        let small = minutes(&[60; 6], &[540; 6], &[2, 1, 2, 0, 3, 1], &[3, 2, 4, 3, 2, 3]);
        assert_path(&small, 1.0, &[1.196_978, 1.673_495, 2.664_818, 1.877_033, 4.545_31, 4.774_553]);
        let linear = minutes(
            &[600, 1200, 1800, 2400, 3000, 3600],
            &[5400, 4800, 4200, 3600, 3000, 2400],
            &[4, 9, 12, 20, 22, 31],
            &[26, 22, 20, 18, 15, 12],
        );
        assert_path(&linear, 1.0, &[-0.711_155, -0.176_02, 0.006_327, 1.151_998, 1.713_177, 2.998_682]);
        assert_path(&minutes(&[6000; 3], &[0; 3], &[60; 3], &[0; 3]), 1.0, &[0.0; 3]);
        assert_path(
            &minutes(&[0, 600, 600], &[5400; 3], &[0, 6, 7], &[27; 3]),
            1.0,
            &[0.0, 0.342_946, 1.768_327],
        );
        assert_path(
            &minutes(&g, &b, &[1; 5], &[27; 5]),
            1.0,
            &[-2.225_751, -3.405_331, -4.444_799, -5.434_961, -6.4065],
        );
    }

    #[test]
    fn noise_makes_the_test_slower_and_never_quicker_on_a_doubled_rate() {
        let doubled = minutes(&[600; 6], &[5400; 6], &[6; 6], &[27; 6]);
        assert!(evidence(&doubled, 1.0, 0.3) < evidence(&doubled, 1.0, 0.0));
        let (little, none) = (evidence(&doubled, 1.0, 0.002), evidence(&doubled, 1.0, 0.0));
        assert!((little - none).abs() < 0.01, "little noise is the binomial limit: {little} {none}");
        let (least, none) = (evidence(&doubled, 1.0, 2e-6), evidence(&doubled, 1.0, 0.0));
        assert!((least - none).abs() < 1e-7, "and no digits are lost on the way to it: {least} {none}");
    }

    #[test]
    fn a_negligible_rate_is_shown_by_enough_events_and_not_by_few() {
        let without = |total| below(Arm { total, bad: 0 }, 0.001);
        assert!(without(100) < 0.1 && without(4_100) > 20_f64.ln(), "{} {}", without(100), without(4_100));
        assert!(below(Arm { total: 4_100, bad: 4 }, 0.001) < 0.0, "at the limit there is nothing for it");
    }
}
