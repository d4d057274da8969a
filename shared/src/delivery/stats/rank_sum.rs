//! Mann-Whitney's test: does one sample tend to larger values than the other?
//!
//! As `scipy.stats.mannwhitneyu` 1.17, alternative by alternative and method by method, so that a figure can be checked there:
//! <https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.mannwhitneyu.html>. It differs in two places, both in the name of
//! "never NaN": constant data without continuity correction has p = 1, and the exact distribution of equal values is an error, not a guess.

use super::ranks::Ranks;
use super::{Sample, Unfit, normal, number, place};

/// What is held against "no difference".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    /// Different either way.
    TwoSided,
    /// The first tends to smaller values.
    Less,
    /// The first tends to larger values.
    Greater,
}

/// How p is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Exact when one sample has at most eight values and no two are equal; else approximate, with continuity correction.
    Auto,
    /// By counting all orders. Only where no two values are equal.
    Exact,
    /// Normal approximation with tie correction.
    Approximate {
        /// Half a rank towards the middle.
        continuity: bool,
    },
}

/// The test's answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTest {
    /// U of the first sample.
    pub u: f64,
    /// Chance of such a U or one further out when nothing differs: 0 to 1.
    pub p: f64,
    /// Whether all orders were counted.
    pub exact: bool,
}

/// Up to this many values in the smaller sample, `Auto` counts.
const SMALL: usize = 8;
/// Most additions of the exact distribution; SciPy has no limit. 60 against 60 values take 26 million.
const MOST_ADDITIONS: usize = 100_000_000;

/// What two samples have in common: everything that does not depend on what is asked of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankSum {
    first: usize,
    second: usize,
    u: f64,
    sigma: f64,
    tied: bool,
}

impl RankSum {
    /// Ranks both samples together.
    #[must_use]
    pub fn of(x: &Sample, y: &Sample) -> Self {
        let (first, second) = (x.count(), y.count());
        let Ranks { ranks, ties } = Ranks::of(&[x.values(), y.values()].concat());
        let (m, n) = (number(first), number(second));
        let u = ranks.iter().take(first).sum::<f64>() - m * (m + 1.0) / 2.0;
        let all = m + n;
        // Rounding may leave a hair below zero where all values are equal.
        let variance = m * n / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
        Self { first, second, u, sigma: variance.max(0.0).sqrt(), tied: ties > 0.0 }
    }

    /// U of the first sample: pairs in which it is larger, half of those in which both are equal.
    #[must_use]
    pub fn u(&self) -> f64 {
        self.u
    }

    /// Standard deviation of U when nothing differs, corrected for ties; 0 when all values are equal.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Common language effect size: the share of pairs in which the first is larger, equal ones counted half (0.5: no difference).
    /// Vargha and Delaney, 2000: <https://doi.org/10.3102/10769986025002101>.
    #[must_use]
    pub fn superiority(&self) -> f64 {
        self.u / (number(self.first) * number(self.second))
    }

    /// The test.
    ///
    /// # Errors
    /// [`Unfit::Tied`] and [`Unfit::Exact`], only when [`Method::Exact`] is asked for.
    pub fn test(&self, alternative: Alternative, method: Method) -> Result<RankTest, Unfit> {
        let answer = |p: f64, exact| RankTest { u: self.u, p: p.clamp(0.0, 1.0), exact };
        let counted = || answer(self.sides(alternative, |u| self.counted(u)), true);
        let approximate =
            |continuity| answer(self.sides(alternative, |u| self.approximate(u, continuity)), false);
        match method {
            Method::Exact if self.tied => Err(Unfit::Tied),
            Method::Exact if !self.countable() => {
                Err(Unfit::Exact { first: self.first, second: self.second })
            }
            Method::Exact => Ok(counted()),
            Method::Auto if self.first.min(self.second) <= SMALL && !self.tied && self.countable() => {
                Ok(counted())
            }
            Method::Auto => Ok(approximate(true)),
            Method::Approximate { continuity } => Ok(approximate(continuity)),
        }
    }

    /// The tail that the alternative asks for; both tails are twice the smaller one.
    fn sides(&self, alternative: Alternative, tail: impl Fn(f64) -> f64) -> f64 {
        let other = number(self.first) * number(self.second) - self.u;
        match alternative {
            Alternative::Greater => tail(self.u),
            Alternative::Less => tail(other),
            Alternative::TwoSided => 2.0 * tail(self.u.max(other)),
        }
    }

    fn approximate(&self, u: f64, continuity: bool) -> f64 {
        if self.sigma == 0.0 {
            return 1.0;
        }
        let middle = number(self.first) * number(self.second) / 2.0;
        let correction = if continuity { 0.5 } else { 0.0 };
        normal::above((u - middle - correction) / self.sigma)
    }

    fn countable(&self) -> bool {
        let all = self.first.checked_add(self.second);
        let rows = self.first.min(self.second);
        let work =
            all.and_then(|all| self.first.checked_mul(self.second)?.checked_mul(rows)?.checked_mul(all));
        work.is_some_and(|work| work <= MOST_ADDITIONS)
    }

    /// P(U ≥ u) by counting in how many orders each U comes about. Only sums of positive numbers, so nothing cancels.
    ///
    /// Mann and Whitney, 1947: <https://doi.org/10.1214/aoms/1177730491>.
    fn counted(&self, u: f64) -> f64 {
        let (rows, columns) = (self.first.min(self.second), self.first.max(self.second));
        // `ways[k]`: orders of the ranks so far in which k of them are the smaller sample's, by the U that these have.
        let mut ways = vec![vec![0.0_f64; rows * columns + 1]; rows + 1];
        if let Some(none) = ways.first_mut().and_then(|none| none.first_mut()) {
            *none = 1.0;
        }
        for rank in 1..=rows + columns {
            for k in (1..=rows.min(rank)).rev() {
                // Of the values below this one, so many are the larger sample's.
                let below = rank - k;
                let (before, after) = ways.split_at_mut(k);
                if let (true, Some(from), Some(into)) = (below <= columns, before.last(), after.first_mut()) {
                    from.iter().zip(into.iter_mut().skip(below)).for_each(|(from, into)| *into += from);
                }
            }
        }
        let Some(orders) = ways.last() else { return 1.0 };
        // The distribution is symmetric: from the far end inwards, small numbers are added first.
        let outside = place(number(rows) * number(columns) - u);
        orders.iter().take(outside + 1).sum::<f64>() / orders.iter().sum::<f64>()
    }
}
