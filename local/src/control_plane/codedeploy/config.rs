//! How traffic shifts: the stock configurations of ECS and custom linear and canary ones.

use crate::clock::{MINUTE, Millis};
use crate::values::at;
use serde_json::{Value, json};

/// A schedule of weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shift {
    /// All at once.
    AllAtOnce,
    /// A first part, then the rest.
    Canary { percent: f64, after: Millis },
    /// Equal parts.
    Linear { percent: f64, every: Millis },
}

impl Shift {
    /// The next weight of green above `weight`, and when it comes; none at 100 %.
    pub(crate) fn next_after(&self, started: Millis, weight: f64) -> Option<(Millis, f64)> {
        if weight >= 100.0 {
            return None;
        }
        match *self {
            Self::AllAtOnce => Some((started, 100.0)),
            Self::Canary { percent, .. } if weight < percent => Some((started, percent)),
            Self::Canary { after, .. } => Some((started + after, 100.0)),
            Self::Linear { percent, every } => {
                #[expect(clippy::cast_possible_truncation, reason = "at most a hundred steps")]
                let done = (weight / percent).round() as Millis;
                Some((started + done * every, (weight + percent).min(100.0)))
            }
        }
    }

    /// A stock configuration by name.
    pub(crate) fn stock(name: &str) -> Option<Self> {
        let linear = |minutes| Self::Linear { percent: 10.0, every: minutes * MINUTE };
        let canary = |minutes| Self::Canary { percent: 10.0, after: minutes * MINUTE };
        match name.strip_prefix("CodeDeployDefault.ECS")? {
            "AllAtOnce" => Some(Self::AllAtOnce),
            "Linear10PercentEvery1Minutes" => Some(linear(1)),
            "Linear10PercentEvery3Minutes" => Some(linear(3)),
            "Canary10Percent5Minutes" => Some(canary(5)),
            "Canary10Percent15Minutes" => Some(canary(15)),
            _ => None,
        }
    }

    /// A `trafficRoutingConfig`.
    ///
    /// # Errors
    /// When a number is missing or out of range.
    pub(crate) fn read(config: &Value) -> Result<Self, String> {
        let number = |pointer: &str| {
            let number = config.pointer(pointer).and_then(Value::as_i64).filter(|number| *number > 0);
            number.ok_or_else(|| format!("trafficRoutingConfig has no positive {pointer}"))
        };
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        let percent = |number: i64| number.min(100) as f64;
        match at(config, "/type").as_str() {
            "TimeBasedCanary" => Ok(Self::Canary {
                percent: percent(number("/timeBasedCanary/canaryPercentage")?),
                after: number("/timeBasedCanary/canaryInterval")? * MINUTE,
            }),
            "TimeBasedLinear" => Ok(Self::Linear {
                percent: percent(number("/timeBasedLinear/linearPercentage")?),
                every: number("/timeBasedLinear/linearInterval")? * MINUTE,
            }),
            "AllAtOnce" => Ok(Self::AllAtOnce),
            other => Err(format!("trafficRoutingConfig type `{other}` is unknown")),
        }
    }

    /// As `GetDeploymentConfig` describes it.
    pub(crate) fn describe(&self) -> Value {
        match *self {
            Self::AllAtOnce => json!({"type": "AllAtOnce"}),
            Self::Canary { percent, after } => json!({"type": "TimeBasedCanary",
                "timeBasedCanary": {"canaryPercentage": whole(percent), "canaryInterval": after / MINUTE}}),
            Self::Linear { percent, every } => json!({"type": "TimeBasedLinear",
                "timeBasedLinear": {"linearPercentage": whole(percent), "linearInterval": every / MINUTE}}),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a percentage")]
fn whole(percent: f64) -> i64 {
    percent.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(shift: Shift) -> Vec<(Millis, f64)> {
        let mut weight = 0.0;
        let mut steps = Vec::new();
        while let Some((at, next)) = shift.next_after(0, weight) {
            steps.push((at / MINUTE, next));
            weight = next;
        }
        steps
    }

    #[test]
    fn twenty_five_percent_every_five_minutes_takes_fifteen() {
        let linear = Shift::Linear { percent: 25.0, every: 5 * MINUTE };
        assert_eq!(steps(linear), [(0, 25.0), (5, 50.0), (10, 75.0), (15, 100.0)]);
    }

    #[test]
    fn a_canary_has_two_steps() {
        let canary = Shift::Canary { percent: 10.0, after: 10 * MINUTE };
        assert_eq!(steps(canary), [(0, 10.0), (10, 100.0)]);
        assert_eq!(steps(Shift::AllAtOnce), [(0, 100.0)]);
    }
}
