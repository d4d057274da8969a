//! How much an arm's rate wanders from minute to minute by itself, learned from the running version before the shift.
//!
//! Counts of a steady rate scatter as Poisson counts do; a service whose rate itself wanders scatters more. What is more is its squared
//! coefficient of variation, by the method of moments: CV² = Σ((e − n·p)² − n·p) / Σ(n·p)². Must not: judge green.

use crate::delivery::series::{Arm, number};

/// Fewest minutes with events from which it is learned.
pub const FEWEST_MINUTES: usize = 10;
/// Most that is believed: above it the rate says nothing any more.
const MOST: f64 = 2.0;

/// Coefficient of variation of the rate of `minutes` of one arm; none when there are too few minutes or no bad event in them.
#[must_use]
pub fn learned(minutes: impl Iterator<Item = Arm> + Clone) -> Option<f64> {
    let all = minutes.clone().fold(Arm::default(), Arm::plus);
    let used = minutes.clone().filter(|arm| arm.total > 0).count();
    let rate = all.rate().filter(|_| used >= FEWEST_MINUTES && all.bad > 0)?;
    let (above, scale) = minutes.fold((0.0, 0.0), |(above, scale), arm| {
        let expected = number(arm.total) * rate;
        let off = number(arm.bad) - expected;
        (above + off * off - expected, scale + expected * expected)
    });
    Some((above / scale).max(0.0).sqrt().min(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms(bad: impl IntoIterator<Item = u64>) -> Vec<Arm> {
        bad.into_iter().map(|bad| Arm { total: 1000, bad }).collect()
    }

    #[test]
    fn a_steady_rate_has_no_noise_and_a_wandering_one_has_its_own() {
        let steady = arms([9, 11, 10, 8, 12, 10, 13, 7, 10, 10]);
        assert_eq!(learned(steady.iter().copied()), Some(0.0));
        // 50 and 150 in turn: the rate wanders by half of itself.
        let wandering = arms([50, 150].into_iter().cycle().take(60));
        let cv = learned(wandering.iter().copied()).unwrap();
        assert!((cv - 0.49).abs() < 0.02, "{cv}");
    }

    #[test]
    fn too_little_is_not_learned_from() {
        assert_eq!(learned(arms([5; 9]).iter().copied()), None);
        assert_eq!(learned(arms([0; 60]).iter().copied()), None);
        assert_eq!(learned(std::iter::empty()), None);
    }
}
