//! Sums, means and percentiles.
//!
//! Percentiles are Hyndman and Fan's seventh kind, as in R, NumPy and Kayenta: <https://doi.org/10.2307/2684934>.

use super::{Sample, number, place};

/// Sum with the rounding errors carried along (Neumaier, 1974: <https://doi.org/10.1002/zamm.19740540106>).
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

/// Arithmetic mean.
#[must_use]
pub fn mean(sample: &Sample) -> f64 {
    sum(sample.values()) / number(sample.count())
}

/// The value below which `share` (0 to 1) of the values lie, between two of them where it falls between.
#[must_use]
pub fn percentile(sample: &Sample, share: f64) -> f64 {
    let sorted = sample.sorted();
    let position = number(sorted.len() - 1) * share.clamp(0.0, 1.0);
    let mut from = sorted.iter().skip(place(position));
    let Some(low) = from.next() else { return 0.0 };
    let high = from.next().unwrap_or(low);
    low + position.fract() * (high - low)
}
