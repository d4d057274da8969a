//! Green's share of the traffic from minute to minute: constant, or the steps of a CodeDeploy or ECS configuration.
//!
//! CodeDeploy: <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html>; ECS:
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html>. Must not: move traffic.

use crate::delivery::policy::Schedule;

/// ECS's own values where none are given (`linearConfiguration`, `canaryConfiguration`).
const ECS_LINEAR: (f64, u32) = (10.0, 6);
const ECS_CANARY: (f64, u32) = (5.0, 10);
/// Longest time between two steps, in minutes (ECS; CodeDeploy allows more than anyone watches).
const LONGEST_STEP: u32 = 1440;

/// Shares in order: percent, and for how many minutes. The last one stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares(Vec<(f64, u32)>);

/// A schedule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SharesError {
    /// No such name or form.
    #[error(
        "`{0}` is no schedule: write `linear:25/5` (25 % more every 5 minutes), `canary:10/10` (10 % for 10 minutes, then all), the same \
         with `ecs-` before it, `LINEAR`, `CANARY`, or the name of a CodeDeploy configuration as `CodeDeployDefault.ECSLinear10PercentEvery1Minutes`"
    )]
    Unknown(String),
    /// A percentage out of range.
    #[error("`{text}`: the share is {percent} %, it must be above 0 and below 100")]
    Percent {
        /// The schedule.
        text: String,
        /// The share.
        percent: String,
    },
    /// Minutes out of range.
    #[error("`{text}`: the step takes {minutes} minute(s), it must take from 1 to 1440")]
    Minutes {
        /// The schedule.
        text: String,
        /// The minutes.
        minutes: u32,
    },
}

impl Shares {
    /// The same share all the time, in percent.
    #[must_use]
    pub fn constant(percent: f64) -> Self {
        Self(vec![(percent, 0)])
    }

    /// Reads a schedule; ECS's steps are held as long as the policy holds them.
    ///
    /// # Errors
    /// [`SharesError`], with the forms that are read.
    pub fn parse(text: &str, held: &Schedule) -> Result<Self, SharesError> {
        let name = text.strip_prefix("CodeDeployDefault.").unwrap_or(text);
        let (percent, minutes, is_linear, is_ecs) = match name {
            "ECSLinear10PercentEvery1Minutes" => (10.0, 1, true, false),
            "ECSLinear10PercentEvery3Minutes" => (10.0, 3, true, false),
            "ECSCanary10Percent5Minutes" => (10.0, 5, false, false),
            "ECSCanary10Percent15Minutes" => (10.0, 15, false, false),
            "LINEAR" => (ECS_LINEAR.0, ECS_LINEAR.1, true, true),
            "CANARY" => (ECS_CANARY.0, ECS_CANARY.1, false, true),
            _ => written(text)?,
        };
        if !(percent > 0.0 && percent < 100.0) {
            return Err(SharesError::Percent { text: text.to_owned(), percent: percent.to_string() });
        }
        if !(1..=LONGEST_STEP).contains(&minutes) {
            return Err(SharesError::Minutes { text: text.to_owned(), minutes });
        }
        let hold = |index: u32| match (is_ecs, index) {
            (false, _) => minutes,
            (true, 0) => minutes.max(held.first_step_minutes),
            (true, _) => minutes.max(held.step_minutes),
        };
        if !is_linear {
            return Ok(Self(vec![(percent, hold(0)), (100.0, 0)]));
        }
        let mut steps = Vec::new();
        let (mut share, mut index) = (percent, 0);
        while share < 100.0 {
            steps.push((share, hold(index)));
            index += 1;
            share = percent * f64::from(index + 1);
        }
        steps.push((100.0, 0));
        Ok(Self(steps))
    }

    /// Green's share in a minute of the shift, from 0, in percent.
    #[must_use]
    pub fn at(&self, minute: u32) -> f64 {
        let mut end = 0_u32;
        for (percent, minutes) in &self.0 {
            end = end.saturating_add(*minutes);
            if minute < end {
                return *percent;
            }
        }
        self.0.last().map_or(0.0, |(percent, _)| *percent)
    }

    /// The first share, in percent.
    #[must_use]
    pub fn first(&self) -> f64 {
        self.at(0)
    }

    /// Whether it never changes.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.0.len() <= 1
    }

    /// Minutes until all traffic is on green; none when that never happens.
    #[must_use]
    pub fn minutes(&self) -> Option<u32> {
        let whole = self.0.last().is_some_and(|(percent, _)| *percent >= 100.0);
        whole.then(|| self.0.iter().map(|(_, minutes)| minutes).sum())
    }

    /// The steps, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let step = |(percent, minutes): &(f64, u32)| match minutes {
            0 => format!("{percent} %"),
            minutes => format!("{percent} % for {minutes} min"),
        };
        let all: Vec<String> = self.0.iter().map(step).collect();
        match all.as_slice() {
            [first, second, .., last] if all.len() > 4 => {
                format!("{first}, {second}, … {last} ({} steps)", all.len())
            }
            _ => all.join(", then "),
        }
    }
}

/// `linear:25/5`, `ecs-canary:10/10`.
fn written(text: &str) -> Result<(f64, u32, bool, bool), SharesError> {
    let unknown = || SharesError::Unknown(text.to_owned());
    let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
    let (percent, minutes) = rest.split_once('/').ok_or_else(unknown)?;
    let (is_linear, is_ecs) = match kind {
        "linear" => (true, false),
        "canary" => (false, false),
        "ecs-linear" => (true, true),
        "ecs-canary" => (false, true),
        _ => return Err(unknown()),
    };
    let percent: f64 = percent.trim().trim_end_matches('%').trim_end().parse().map_err(|_| unknown())?;
    let minutes = minutes.trim().parse().map_err(|_| unknown())?;
    Ok((percent, minutes, is_linear, is_ecs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Shares, SharesError> {
        Shares::parse(text, &Schedule::default())
    }

    #[test]
    fn a_schedule_is_its_steps() {
        let linear = parse("linear:25/5").unwrap();
        assert_eq!(
            [0, 4, 5, 14, 15, 99].map(|minute| linear.at(minute)),
            [25.0, 25.0, 50.0, 75.0, 100.0, 100.0]
        );
        assert_eq!(linear.minutes(), Some(15));
        let canary = parse("CodeDeployDefault.ECSCanary10Percent15Minutes").unwrap();
        assert_eq!((canary.at(14), canary.at(15), canary.minutes()), (10.0, 100.0, Some(15)));
        assert_eq!(Shares::constant(7.5).minutes(), None);
        insta::assert_snapshot!(linear.words(), @"25 % for 5 min, then 50 % for 5 min, then 75 % for 5 min, then 100 %");
        insta::assert_snapshot!(parse("LINEAR").unwrap().words(), @"10 % for 6 min, 20 % for 6 min, … 100 % (10 steps)");
    }

    #[test]
    fn steps_of_ecs_are_held_by_the_policy_and_those_of_codedeploy_are_not() {
        let held = Schedule { first_step_minutes: 10, step_minutes: 2, ..Schedule::default() };
        assert_eq!(Shares::parse("ecs-linear:10/1", &held).unwrap().minutes(), Some(10 + 8 * 2));
        assert_eq!(Shares::parse("linear:10/1", &held).unwrap().minutes(), Some(9));
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_what_is_one() {
        let refused = |text: &str| parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused("slowly"), @"`slowly` is no schedule: write `linear:25/5` (25 % more every 5 minutes), `canary:10/10` (10 % for 10 minutes, then all), the same with `ecs-` before it, `LINEAR`, `CANARY`, or the name of a CodeDeploy configuration as `CodeDeployDefault.ECSLinear10PercentEvery1Minutes`");
        insta::assert_snapshot!(refused("linear:0/5"), @"`linear:0/5`: the share is 0 %, it must be above 0 and below 100");
        insta::assert_snapshot!(refused("canary:10/0"), @"`canary:10/0`: the step takes 0 minute(s), it must take from 1 to 1440");
        assert!(refused("linear:ten/5").contains("is no schedule"));
    }
}
