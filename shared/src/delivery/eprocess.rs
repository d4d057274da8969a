//! An always-valid test on counts: does green fail more often than blue in the same minutes?
//!
//! Mixture likelihood-ratio e-process (Lindon et al., "Rapid Regression Detection in Software Deployments through Sequential
//! Testing", KDD 2022; Lindon and Malek, "Anytime-Valid Inference for Multinomial Count Data", 2022). For the null "the rate ratio is at
//! most θ₀", the chance that E ever reaches 1/α is at most α, however often one looks. Weights that change, unequal traffic and
//! outages that hit both arms drop out, because only the split of a minute's errors counts.

/// Alternatives that are mixed: rate ratios green to blue.
pub const RATIOS: [f64; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];

/// Counts of one settled minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Requests that green answered.
    pub green_requests: u64,
    /// Of those, with 5XX.
    pub green_errors: u64,
    /// Requests that blue answered.
    pub blue_requests: u64,
    /// Of those, with 5XX.
    pub blue_errors: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            green_requests: self.green_requests + other.green_requests,
            green_errors: self.green_errors + other.green_errors,
            blue_requests: self.blue_requests + other.blue_requests,
            blue_errors: self.blue_errors + other.blue_errors,
        }
    }

    /// Whether the split of errors in this minute says anything: both arms had traffic.
    #[must_use]
    pub const fn compares(self) -> bool {
        self.green_requests > 0 && self.blue_requests > 0
    }
}

/// ln E that green's error rate is more than `tolerated` times blue's; `noise_cv` is the coefficient of variation of each arm's rate from
/// minute to minute (0: pure binomial).
#[must_use]
pub fn harm(minutes: &[Counts], tolerated: f64, noise_cv: f64) -> f64 {
    let null = log_likelihood(minutes, tolerated, noise_cv);
    let ratios: Vec<f64> = RATIOS.into_iter().filter(|ratio| *ratio > tolerated).collect();
    let terms: Vec<f64> =
        ratios.iter().map(|ratio| log_likelihood(minutes, *ratio, noise_cv) - null).collect();
    log_mean_exp(&terms)
}

/// ln E that green's error rate is not `excluded` times blue's, against the same rate: evidence for promotion.
#[must_use]
pub fn promotion(minutes: &[Counts], excluded: f64, noise_cv: f64) -> f64 {
    log_likelihood(minutes, 1.0, noise_cv) - log_likelihood(minutes, excluded, noise_cv)
}

/// Expected errors of green so far if it were as good as blue: what the test can see with.
#[must_use]
pub fn expected_errors(minutes: &[Counts]) -> f64 {
    let all = minutes
        .iter()
        .filter(|minute| minute.compares())
        .fold(Counts::default(), |sum, minute| sum.plus(*minute));
    if all.blue_requests == 0 {
        0.0
    } else {
        number(all.green_requests) * number(all.blue_errors) / number(all.blue_requests)
    }
}

fn log_likelihood(minutes: &[Counts], ratio: f64, noise_cv: f64) -> f64 {
    minutes
        .iter()
        .filter(|minute| minute.compares())
        .map(|minute| minute_likelihood(*minute, ratio, noise_cv))
        .sum()
}

/// Binomial split of the minute's errors, or beta-binomial with per-arm gamma noise (delta method: Var(p) ≈ 2·CV²·p²(1−p)²). Constants in
/// the ratio drop out.
fn minute_likelihood(minute: Counts, ratio: f64, noise_cv: f64) -> f64 {
    let (green, blue) = (number(minute.green_errors), number(minute.blue_errors));
    let weighted = ratio * number(minute.green_requests);
    let p = weighted / (weighted + number(minute.blue_requests));
    if noise_cv <= 0.0 {
        return green * p.ln() + blue * (1.0 - p).ln();
    }
    let spread = (1.0 / (2.0 * noise_cv * noise_cv * p * (1.0 - p)) - 1.0).max(0.1);
    let (a, b) = (p * spread, (1.0 - p) * spread);
    log_beta(a + green, b + blue) - log_beta(a, b)
}

fn log_beta(a: f64, b: f64) -> f64 {
    log_gamma(a) + log_gamma(b) - log_gamma(a + b)
}

/// ln Γ(x) for x > 0 (Lanczos, g = 7, n = 9; relative error below 1e-13).
fn log_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - log_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    let mut index = 1.0;
    for coefficient in COEFFICIENTS {
        sum += coefficient / (x + index);
        index += 1.0;
    }
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

fn log_mean_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return 0.0;
    }
    let sum: f64 = terms.iter().map(|term| (term - largest).exp()).sum();
    largest + (sum / number(terms.len() as u64)).ln()
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(
        green_requests: &[u64],
        blue_requests: &[u64],
        green_errors: &[u64],
        blue_errors: &[u64],
    ) -> Vec<Counts> {
        (0..green_errors.len())
            .map(|i| Counts {
                green_requests: green_requests[i],
                green_errors: green_errors[i],
                blue_requests: blue_requests[i],
                blue_errors: blue_errors[i],
            })
            .collect()
    }

    fn path(minutes: &[Counts], tolerated: f64) -> Vec<f64> {
        (1..=minutes.len()).map(|end| harm(&minutes[..end], tolerated, 0.0)).collect()
    }

    fn assert_path(minutes: &[Counts], tolerated: f64, expected: &[f64]) {
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
        assert!(harm(&doubled, 1.0, 0.3) < harm(&doubled, 1.0, 0.0));
        assert!(
            (harm(&doubled, 1.0, 1e-4) - harm(&doubled, 1.0, 0.0)).abs() < 1e-3,
            "no noise is the binomial limit"
        );
    }

    #[test]
    fn log_gamma_equals_factorials() {
        let mut factorial = 1.0_f64;
        for n in 1..20_u32 {
            factorial *= f64::from(n);
            assert!((log_gamma(f64::from(n) + 1.0) - factorial.ln()).abs() < 1e-10);
        }
    }
}
