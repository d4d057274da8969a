//! The logarithms of the gamma and the beta function, and of the beta-binomial distribution.
//!
//! Stirling's series with its first seven terms from ten upwards, recurrence below: <https://dlmf.nist.gov/5.11.E1>. Log-beta is not the
//! difference of three large log-gammas, which would lose as many digits as these have before the point.

use std::f64::consts::PI;

/// Stirling's series is exact to the last digit from here on.
const STIRLING_FROM: f64 = 10.0;

/// ln Γ(x) for x > 0; infinite at 0, no number below.
#[must_use]
pub fn log_gamma(x: f64) -> f64 {
    if x < 0.0 {
        return f64::NAN;
    }
    let (mut shifted, mut product) = (x, 1.0);
    while shifted < STIRLING_FROM {
        product *= shifted;
        shifted += 1.0;
    }
    (shifted - 0.5) * shifted.ln() - shifted + half_log_two_pi() + correction(shifted) - f64::ln(product)
}

/// ln B(a, b) for a, b > 0.
#[must_use]
pub fn log_beta(a: f64, b: f64) -> f64 {
    let (small, large) = (a.min(b), a.max(b));
    let both = small + large;
    if small >= STIRLING_FROM {
        let corrections = correction(small) + correction(large) - correction(both);
        return -0.5 * large.ln()
            + half_log_two_pi()
            + corrections
            + (small - 0.5) * (small / both).ln()
            + large * (-small / both).ln_1p();
    }
    if large >= STIRLING_FROM {
        // ln Γ(large) − ln Γ(small + large), with what cancels taken out.
        let quotient = correction(large) - correction(both) + small - small * both.ln()
            + (large - 0.5) * (-small / both).ln_1p();
        return log_gamma(small) + quotient;
    }
    log_gamma(small) + log_gamma(large) - log_gamma(both)
}

/// ln P(k of n) when the chance of each is drawn once from Beta(a, b); k ≤ n.
#[must_use]
pub fn log_beta_binomial(k: f64, n: f64, a: f64, b: f64) -> f64 {
    let ways = -(n + 1.0).ln() - log_beta(n - k + 1.0, k + 1.0);
    ways + log_rising(a, k) + log_rising(b, n - k) - log_rising(a + b, n)
}

/// ln Γ(x + k) − ln Γ(x) for x > 0, k ≥ 0: the rising factorial, without the difference of two large numbers.
#[must_use]
pub fn log_rising(x: f64, k: f64) -> f64 {
    let end = x + k;
    if x < STIRLING_FROM {
        return log_gamma(end) - log_gamma(x);
    }
    (x - 0.5) * (k / x).ln_1p() + k * end.ln() - k + correction(end) - correction(x)
}

fn half_log_two_pi() -> f64 {
    0.5 * (2.0 * PI).ln()
}

/// What Stirling's formula lacks, for x ≥ 10: Σ B₂ₖ / (2k(2k−1) x²ᵏ⁻¹).
fn correction(x: f64) -> f64 {
    const TERMS: [f64; 7] = [
        1.0 / 156.0,
        -691.0 / 360_360.0,
        1.0 / 1_188.0,
        -1.0 / 1_680.0,
        1.0 / 1_260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ];
    let square = 1.0 / (x * x);
    TERMS.iter().fold(0.0, |sum, term| sum * square + term) / x
}
