//! The published vectors, and the laws that hold for all values.

mod drawn;
mod laws;
mod vectors;

use super::Sample;

pub(super) fn sample(values: &[f64]) -> Sample {
    Sample::new(values).unwrap()
}

/// Equal to `digits` digits.
pub(super) fn assert_close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * expected.abs().max(f64::MIN_POSITIVE);
    assert!((actual - expected).abs() <= allowed, "{what}: {actual:e} is not {expected:e}");
}
