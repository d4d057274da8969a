//! The normal distribution, to at least twelve digits, in the far tails too.
//!
//! Power series and continued fraction of the error function: <https://dlmf.nist.gov/7.6.E2>, <https://dlmf.nist.gov/7.9.E1>.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// From here on the continued fraction is used, which converges the better the larger x is.
const SERIES_BELOW: f64 = 2.0;
/// Depth of the continued fraction: enough for the last digit at [`SERIES_BELOW`].
const DEPTH: u32 = 100;

/// P(Z ≤ z).
#[must_use]
pub fn below(z: f64) -> f64 {
    above(-z)
}

/// P(Z > z), without the loss of digits of `1 - below(z)`.
#[must_use]
pub fn above(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

/// Complementary error function. The relative error grows with x² times the machine's precision and stays below 1e-12 where the value is a
/// normal number.
#[must_use]
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < SERIES_BELOW { 1.0 - series(x) } else { fraction(x) }
}

/// erf(x) = 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)): all terms are positive.
fn series(x: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term > sum * 1e-17 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// erfc(x) = exp(−x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), from the depth upwards.
fn fraction(x: f64) -> f64 {
    let depth = (1..=DEPTH).rev().fold(x, |below, level| x + f64::from(level) / 2.0 / below);
    (-x * x).exp() / (PI.sqrt() * depth)
}

/// The z with P(Z ≤ z) = `p`; the infinities at 0 and 1, and at whatever lies beyond them.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    if p <= 0.0 || p.is_nan() {
        return f64::NEG_INFINITY;
    }
    // Abramowitz and Stegun 26.2.23, good to 4.5e-4; each step of Halley's method triples the digits.
    let t = (-2.0 * p.ln()).sqrt();
    let start = (2.515_517 + t * (0.802_853 + t * 0.010_328))
        / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
        - t;
    (0..3).fold(start, |z, _| {
        let density = (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
        let step = (below(z) - p) / density;
        // Where the density is nothing any more, the start has to do.
        if step.is_finite() { z - step / (1.0 + z * step / 2.0) } else { z }
    })
}
