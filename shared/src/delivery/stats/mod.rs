//! The statistics below the canary analysis: ranks, Mann-Whitney, the Hodges-Lehmann shift, the normal and the gamma function.
//!
//! Own code and no dependency: the crates that were tried answer wrongly for small samples, or find the shift by a root finder with an
//! absolute tolerance, so that an error rate as a fraction and the same rate in ppm get different verdicts. Everything here is exact order
//! statistics or stated to twelve digits, and equal to SciPy's (`tests/oracle`). Must not: decide, read a clock, or draw from a generator
//! that was not handed in.

pub mod gamma;
pub mod normal;
pub mod percentile;
pub mod random;
pub mod rank_sum;
pub mod ranks;
pub mod shift;

pub use percentile::{mean, percentile, sum};
pub use rank_sum::{Alternative, Method, RankSum, RankTest};
pub use shift::{Shift, mean_ratio, shift};

/// Largest magnitude of a value: differences and sums of such values stay finite.
pub const LARGEST: f64 = 1e300;

/// Why values cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Nothing was measured: a state of its own, never "no difference".
    #[error("there are no values")]
    Empty,
    /// Infinite, no number, or out of range.
    #[error("value {place} of {count} is `{value}`, which is not between -1e300 and 1e300")]
    Value {
        /// From 1.
        place: usize,
        /// How many there are.
        count: usize,
        /// What it is.
        value: f64,
    },
    /// The exact distribution was asked for, and some values are equal.
    #[error("the exact distribution holds only where no two values are equal; take the normal approximation")]
    Tied,
    /// The exact distribution was asked for, and takes too long.
    #[error(
        "{first} and {second} values are too many for the exact distribution; take the normal approximation"
    )]
    Exact {
        /// Values of the first sample.
        first: usize,
        /// Values of the second.
        second: usize,
    },
    /// All pairs were asked for, and they are too many.
    #[error("{pairs} pairs of values are more than the {limit} that are compared")]
    Pairs {
        /// How many there are.
        pairs: usize,
        /// How many may be.
        limit: usize,
    },
}

/// Measured values: at least one, each a number of at most [`LARGEST`], in the order in which they were measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Takes the values.
    ///
    /// # Errors
    /// [`Unfit::Empty`], or [`Unfit::Value`] for the first value that is none.
    pub fn new(values: impl Into<Vec<f64>>) -> Result<Self, Unfit> {
        let mut values = values.into();
        if values.is_empty() {
            return Err(Unfit::Empty);
        }
        let count = values.len();
        for (index, value) in values.iter_mut().enumerate() {
            if value.is_nan() || value.abs() > LARGEST {
                return Err(Unfit::Value { place: index + 1, count, value: *value });
            }
            // The negative zero is the same measurement as the other one.
            *value += 0.0;
        }
        Ok(Self(values))
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// How many there are: at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// In ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    /// Whether all values are equal.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.0.iter().all(|value| self.0.first() == Some(value))
    }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// A number's whole part as a place in a list: 0 for what is below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast stops at both ends")]
pub(crate) fn place(number: f64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests;
