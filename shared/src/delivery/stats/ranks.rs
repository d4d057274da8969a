//! Ranks from 1, equal values sharing the mean of theirs.
//!
//! As `scipy.stats.rankdata(method="average")`: <https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.rankdata.html>.

use super::number;

/// Ranks of values.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// In the order of the values; whole or half numbers.
    pub ranks: Vec<f64>,
    /// Σ(t³ − t) over groups of t equal values: 0 when no two are equal.
    pub ties: f64,
}

impl Ranks {
    /// Ranks `values`, which are finite.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
        order.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
        let (mut ranks, mut ties, mut below) = (vec![0.0; values.len()], 0.0, 0);
        for equal in order.chunk_by(|a, b| a.1 == b.1) {
            let count = number(equal.len());
            let shared = number(below) + (count + 1.0) / 2.0;
            for (place, _) in equal {
                if let Some(rank) = ranks.get_mut(*place) {
                    *rank = shared;
                }
            }
            ties += count * count * count - count;
            below += equal.len();
        }
        Self { ranks, ties }
    }
}
