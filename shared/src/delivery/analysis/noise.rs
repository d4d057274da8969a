//! How much an arm's rate wanders from minute to minute by itself, learned from the running version before the shift.
//!
//! Counts of a steady rate scatter as Poisson counts do; a service whose rate itself wanders scatters more. What is more is its squared
//! coefficient of variation. It is taken from the steps between neighbouring minutes (von Neumann, "Distribution of the ratio of the mean square
//! successive difference to the variance", 1941), CV² = Σ((r' − r)² − p/n' − p/n) / Σ 2p², without the largest tenth of them: neither a version
//! that was worse for a while nor an incident counts as noise. Must not: judge green.

use crate::delivery::series::{Arm, number};

/// Fewest minutes with events from which it is learned.
pub const FEWEST_MINUTES: usize = 10;
/// Most that is believed: above it the rate says nothing any more.
const MOST: f64 = 2.0;

/// Share of the steps from one minute to the next, the largest ones, that are left out: an incident in the hour before is no noise.
const LEFT_OUT: usize = 10;
/// Variance of a normal sample without its farthest tenth, of the whole one's.
const KEPT_VARIANCE: f64 = 0.623;

/// Coefficient of variation of the rate of the `minutes` of one arm, in their order; none when there are too few minutes or no bad event.
#[must_use]
pub fn learned(minutes: impl Iterator<Item = Arm>) -> Option<f64> {
    let used: Vec<Arm> = minutes.filter(|arm| arm.total > 0).collect();
    if used.len() < FEWEST_MINUTES {
        return None;
    }
    let mut steps: Vec<Step> = used.windows(2).filter_map(Step::of).collect();
    steps.sort_by(|one, other| one.relative().total_cmp(&other.relative()));
    steps.truncate(steps.len() - steps.len() / LEFT_OUT);
    let sum = |of: fn(&Step) -> f64| steps.iter().map(of).sum::<f64>();
    let scale = sum(|step| 2.0 * step.rate * step.rate);
    if scale <= 0.0 {
        return None;
    }
    let above = sum(|step| step.squared) / KEPT_VARIANCE - sum(|step| step.chance);
    let cv = (above / scale).max(0.0).sqrt().min(MOST);
    // Four digits: more are not known, and so few are read from a record as they were written, to the last bit.
    Some((cv * 1e4).round() / 1e4)
}

/// From one minute to the next.
struct Step {
    /// Square of the difference of the rates.
    squared: f64,
    /// What of it chance alone would make: p/n of both minutes.
    chance: f64,
    /// Rate of both minutes together.
    rate: f64,
}

impl Step {
    fn of(pair: &[Arm]) -> Option<Self> {
        let [one, next] = pair else { return None };
        let difference = one.rate()? - next.rate()?;
        let rate = one.plus(*next).rate()?;
        let chance = rate / number(one.total) + rate / number(next.total);
        Some(Self { squared: difference * difference, chance, rate })
    }

    /// How large it is beside what chance alone would make.
    fn relative(&self) -> f64 {
        if self.chance > 0.0 { self.squared / self.chance } else { 0.0 }
    }
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
        // Up and down by half of itself, in no order.
        let wandering = arms([50, 150, 150, 50, 150, 50, 50, 50, 150, 150].into_iter().cycle().take(60));
        let cv = learned(wandering.iter().copied()).unwrap();
        assert!((0.35..0.75).contains(&cv), "{cv}");
    }

    #[test]
    fn a_version_that_was_worse_for_half_an_hour_is_no_noise() {
        let calm = [9, 11, 10, 8, 12, 10, 13, 7, 10, 10];
        let worse = calm.map(|bad| bad * 5);
        let hour = arms(worse.into_iter().cycle().take(30).chain(calm.into_iter().cycle().take(30)));
        assert!(learned(hour.iter().copied()).unwrap() < 0.15);
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
