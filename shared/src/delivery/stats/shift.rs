//! By how much one sample lies above the other: the Hodges-Lehmann shift with its confidence interval, and the ratio of the means.
//!
//! Both ends of the interval and the estimate are order statistics of all pairwise differences (Hollander, Wolfe and Chicken,
//! *Nonparametric Statistical Methods*, 4.3; Lehmann, 1963: <https://doi.org/10.1214/aoms/1177703882>). No root is searched, so no
//! tolerance has a unit: values times a factor give the shift times that factor.

use super::{RankSum, Sample, Unfit, mean, normal, number, place};

/// Most pairs whose differences are sorted: two days of minutes against each other, twice (64 MB).
const MOST_PAIRS: usize = 8_388_608;

/// Location shift of the first sample against the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Median of all differences.
    pub estimate: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Whether there are enough values for the confidence that was asked for. If not, the ends are the smallest and the largest difference,
    /// and the confidence is lower.
    pub reached: bool,
}

/// The shift of `x` against `y` with an interval of the given `confidence` (0 to 1).
///
/// # Errors
/// [`Unfit::Pairs`] for more than eight million pairs.
pub fn shift(x: &Sample, y: &Sample, confidence: f64) -> Result<Shift, Unfit> {
    shift_of(x, y, &RankSum::of(x, y), confidence)
}

/// The same for samples that were ranked already.
pub(crate) fn shift_of(x: &Sample, y: &Sample, ranked: &RankSum, confidence: f64) -> Result<Shift, Unfit> {
    let pairs = x.count().saturating_mul(y.count());
    if pairs > MOST_PAIRS {
        return Err(Unfit::Pairs { pairs, limit: MOST_PAIRS });
    }
    let mut differences: Vec<f64> =
        x.values().iter().flat_map(|x| y.values().iter().map(move |y| x - y)).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let at = |index: usize| differences.get(index).copied().unwrap_or(0.0);
    let z = normal::quantile(0.5 + confidence.clamp(0.0, 1.0) / 2.0);
    let outside = (number(pairs) / 2.0 - z * ranked.sigma()).floor();
    let first = place(outside).min((pairs - 1) / 2);
    Ok(Shift {
        estimate: f64::midpoint(at((pairs - 1) / 2), at(pairs / 2)),
        lower: at(first),
        upper: at(pairs - 1 - first),
        reached: outside >= 0.0,
    })
}

/// Mean of `x` over mean of `y`; none when one of them is 0, or when the ratio is out of range.
#[must_use]
pub fn mean_ratio(x: &Sample, y: &Sample) -> Option<f64> {
    let (x, y) = (mean(x), mean(y));
    let ratio = x / y;
    (x != 0.0 && y != 0.0 && ratio.is_finite()).then_some(ratio)
}
