//! How much an arm's rate wanders from minute to minute by itself, learned from the running version before the shift.
//!
//! Counts of a steady rate scatter as Poisson counts do; a service whose rate itself wanders scatters more. What is more is its squared
//! coefficient of variation, by the method of moments: CV² = Σ((e − n·p)² − n·p) / Σ(n·p)², over the nine tenths of the minutes that are
//! nearest to the middle. Must not: judge green.

use crate::delivery::series::{Arm, number};

/// Fewest minutes with events from which it is learned.
pub const FEWEST_MINUTES: usize = 10;
/// Most that is believed: above it the rate says nothing any more.
const MOST: f64 = 2.0;

/// Share of the minutes, those farthest from the middle, that are left out: an incident in the hour before says nothing about noise.
const LEFT_OUT: usize = 10;
/// Variance of a normal sample without its farthest tenth, of the whole one's.
const KEPT_VARIANCE: f64 = 0.623;

/// Coefficient of variation of the rate of `minutes` of one arm; none when there are too few minutes or no bad event in them.
#[must_use]
pub fn learned(minutes: impl Iterator<Item = Arm>) -> Option<f64> {
    let mut used: Vec<Arm> = minutes.filter(|arm| arm.total > 0).collect();
    if used.len() < FEWEST_MINUTES {
        return None;
    }
    let mut rates: Vec<f64> = used.iter().filter_map(|arm| arm.rate()).collect();
    rates.sort_by(f64::total_cmp);
    let middle = rates.get(rates.len() / 2).copied()?;
    let far = |arm: &Arm| (number(arm.bad) - number(arm.total) * middle).abs() / number(arm.total).sqrt();
    used.sort_by(|one, other| far(one).total_cmp(&far(other)));
    used.truncate(used.len() - used.len() / LEFT_OUT);
    let all = used.iter().copied().fold(Arm::default(), Arm::plus);
    let rate = all.rate().filter(|_| all.bad > 0)?;
    let (spread, chance, scale) = used.iter().fold((0.0, 0.0, 0.0), |(spread, chance, scale), arm| {
        let expected = number(arm.total) * rate;
        let off = number(arm.bad) - expected;
        (spread + off * off, chance + expected, scale + expected * expected)
    });
    let cv = ((spread / KEPT_VARIANCE - chance) / scale).max(0.0).sqrt().min(MOST);
    // Four digits: more are not known, and so few are read from a record as they were written, to the last bit.
    Some((cv * 1e4).round() / 1e4)
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
        assert!((cv - 0.59).abs() < 0.02, "a square wave has no far tenth, so it is taken for more: {cv}");
    }

    #[test]
    fn an_incident_in_the_hour_before_is_no_noise() {
        let calm = [9, 11, 10, 8, 12, 10, 13, 7, 10, 10].into_iter().cycle().take(56);
        let incident = arms(calm.chain([200, 220, 180, 150]));
        assert_eq!(learned(incident.iter().copied()), Some(0.0));
    }

    #[test]
    fn too_little_is_not_learned_from() {
        assert_eq!(learned(arms([5; 9]).iter().copied()), None);
        assert_eq!(learned(arms([0; 60]).iter().copied()), None);
        assert_eq!(learned(std::iter::empty()), None);
    }
}
