//! What a service's `deploymentConfiguration` and load balancer ask for, read once and checked as ECS checks it
//! (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>).
//!
//! Not imitated: the circuit breaker, `earlySuccessCriteria`, percentages of healthy tasks, hooks of a rolling deployment.

use super::stage::Stage;
use crate::clock::{MINUTE, Millis};
use crate::control_plane::ApiError;
use crate::values::{at, list, text, texts};
use serde_json::Value;

/// Hooks of one kind that a service may have.
const MOST_HOOKS: usize = 10;
/// Unless the hook says otherwise (minutes).
const TIMEOUT: i64 = 1440;

/// How a new revision takes over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Strategy {
    Rolling,
    BlueGreen,
    Linear { percent: f64, bake: Millis },
    Canary { percent: f64, bake: Millis },
}

impl Strategy {
    fn read(configuration: &Value) -> Result<Self, ApiError> {
        Ok(match text(configuration, "strategy").as_str() {
            "" | "ROLLING" => Strategy::Rolling,
            "BLUE_GREEN" => Strategy::BlueGreen,
            "LINEAR" => Strategy::Linear {
                percent: number(configuration, "/linearConfiguration/stepPercent", 10.0, 3.0, 100.0)?,
                bake: minutes(configuration, "/linearConfiguration/stepBakeTimeInMinutes", 6.0)?,
            },
            "CANARY" => Strategy::Canary {
                percent: number(configuration, "/canaryConfiguration/canaryPercent", 5.0, 0.1, 100.0)?,
                bake: minutes(configuration, "/canaryConfiguration/canaryBakeTimeInMinutes", 10.0)?,
            },
            other => return Err(invalid(&format!("strategy `{other}` is unknown"))),
        })
    }

    /// The next weight of green above `weight`, and how long it bakes; nothing bakes at 100 %.
    pub(crate) fn next(self, weight: f64) -> (f64, Millis) {
        let (next, bake) = match self {
            Self::Rolling | Self::BlueGreen => (100.0, 0),
            Self::Linear { percent, bake } => (weight + percent, bake),
            Self::Canary { percent, bake } if weight < percent => (percent, bake),
            Self::Canary { .. } => (100.0, 0),
        };
        // The last step takes what a step of rounding left.
        if next > 99.999 { (100.0, 0) } else { (next, bake) }
    }
}

/// What ends a hook whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeoutAction {
    Rollback,
    Continue,
}

impl TimeoutAction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Rollback => "ROLLBACK",
            Self::Continue => "CONTINUE",
        }
    }
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Lambda(String),
    Pause,
}

/// One lifecycle hook.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) target: Target,
    pub(crate) stages: Vec<String>,
    pub(crate) details: Value,
    pub(crate) timeout: Millis,
    pub(crate) action: TimeoutAction,
}

/// Alarms of a service's deployments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alarms {
    pub(crate) names: Vec<String>,
    pub(crate) rollback: bool,
    pub(crate) enabled: bool,
}

/// What a service's deployments do.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) strategy: Strategy,
    pub(crate) bake: Millis,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) alarms: Alarms,
    /// As it came, for descriptions.
    pub(crate) configuration: Value,
    /// `loadBalancers`, as they came.
    pub(crate) balancers: Value,
}

fn invalid(words: &str) -> ApiError {
    ApiError::new("InvalidParameterException", words)
}

fn number(value: &Value, pointer: &str, default: f64, least: f64, most: f64) -> Result<f64, ApiError> {
    let number = value.pointer(pointer).and_then(Value::as_f64).unwrap_or(default);
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let words = || invalid(&format!("{name} is {number}, it must be between {least} and {most}"));
    if (least..=most).contains(&number) { Ok(number) } else { Err(words()) }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be at most 1440 minutes")]
fn minutes(value: &Value, pointer: &str, default: f64) -> Result<Millis, ApiError> {
    Ok(number(value, pointer, default, 0.0, 1440.0)? as Millis * MINUTE)
}

impl Settings {
    /// Reads a request of `CreateService` or `UpdateService`.
    ///
    /// # Errors
    /// `InvalidParameterException` when a number is out of range, a hook is incomplete, or the plumbing of blue/green is missing.
    pub(crate) fn read(configuration: &Value, balancers: &Value) -> Result<Self, ApiError> {
        let strategy = Strategy::read(configuration)?;
        let hooks: Result<Vec<Hook>, ApiError> =
            list(configuration, "lifecycleHooks").iter().map(hook).collect();
        let hooks = hooks?;
        let pauses = hooks.iter().filter(|hook| hook.target == Target::Pause).count();
        if pauses > MOST_HOOKS || hooks.len() - pauses > MOST_HOOKS {
            return Err(invalid(&format!(
                "{} hooks, at most {MOST_HOOKS} of each kind are allowed",
                hooks.len()
            )));
        }
        let plumbed = !at(balancers, "/0/advancedConfiguration/alternateTargetGroupArn").is_empty();
        if strategy != Strategy::Rolling && balancers.get(0).is_some() && !plumbed {
            return Err(invalid(
                "this strategy needs loadBalancers[0].advancedConfiguration.alternateTargetGroupArn",
            ));
        }
        let alarms = configuration.get("alarms").unwrap_or(&Value::Null);
        let flag = |key: &str| alarms.get(key).and_then(Value::as_bool).unwrap_or(false);
        Ok(Self {
            strategy,
            bake: minutes(configuration, "/bakeTimeInMinutes", 0.0)?,
            hooks,
            alarms: Alarms {
                names: texts(alarms, "alarmNames"),
                rollback: flag("rollback"),
                enabled: flag("enable"),
            },
            configuration: configuration.clone(),
            balancers: balancers.clone(),
        })
    }

    /// Names of the service's target groups: its own and the alternate one; empty where there is none.
    pub(crate) fn groups(&self) -> [String; 2] {
        ["/0/targetGroupArn", "/0/advancedConfiguration/alternateTargetGroupArn"]
            .map(|pointer| at(&self.balancers, pointer).split('/').nth(1).unwrap_or_default().to_owned())
    }

    /// ARN of the production or the test rule; empty when there is none.
    pub(crate) fn rule(&self, kind: &str) -> String {
        at(&self.balancers, &format!("/0/advancedConfiguration/{kind}ListenerRule"))
    }
}

fn hook(value: &Value) -> Result<Hook, ApiError> {
    let target = match text(value, "targetType").as_str() {
        "PAUSE" => Target::Pause,
        _ => Target::Lambda(text(value, "hookTargetArn")),
    };
    if target == Target::Lambda(String::new()) {
        return Err(invalid("a hook of type AWS_LAMBDA needs hookTargetArn"));
    }
    let stages = texts(value, "lifecycleStages");
    let shifting = [Stage::TestTrafficShift, Stage::ProductionTrafficShift].map(Stage::word);
    if let Some(stage) = stages.iter().find(|s| target == Target::Pause && shifting.contains(&s.as_str())) {
        return Err(invalid(&format!("a hook of type PAUSE is not allowed at {stage}")));
    }
    if stages.is_empty() {
        return Err(invalid("a hook needs lifecycleStages"));
    }
    let timeout = value.pointer("/timeoutConfiguration/timeoutInMinutes").and_then(Value::as_i64);
    let action = match at(value, "/timeoutConfiguration/action").as_str() {
        "CONTINUE" => TimeoutAction::Continue,
        _ => TimeoutAction::Rollback,
    };
    Ok(Hook {
        target,
        stages,
        details: value.get("hookDetails").cloned().unwrap_or(Value::Null),
        timeout: timeout.unwrap_or(TIMEOUT) * MINUTE,
        action,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn steps(configuration: &Value) -> Vec<f64> {
        let strategy = Settings::read(configuration, &json!([])).unwrap().strategy;
        let mut weights = vec![0.0];
        while *weights.last().unwrap() < 100.0 {
            weights.push(strategy.next(*weights.last().unwrap()).0);
        }
        weights
    }

    #[test]
    fn a_linear_shift_ends_at_a_hundred_whatever_the_step() {
        assert_eq!(
            steps(&json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30}})),
            [0.0, 30.0, 60.0, 90.0, 100.0]
        );
        assert_eq!(steps(&json!({"strategy": "CANARY"})), [0.0, 5.0, 100.0]);
        assert_eq!(steps(&json!({"strategy": "BLUE_GREEN"})), [0.0, 100.0]);
    }

    #[test]
    fn what_ecs_refuses_is_refused_with_the_limit() {
        let words = |configuration: Value| Settings::read(&configuration, &json!([{}])).unwrap_err().message;
        insta::assert_snapshot!(words(json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 1}})), @"stepPercent is 1, it must be between 3 and 100");
        insta::assert_snapshot!(words(json!({"strategy": "BLUE_GREEN"})), @"this strategy needs loadBalancers[0].advancedConfiguration.alternateTargetGroupArn");
        let pause =
            json!({"lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["TEST_TRAFFIC_SHIFT"]}]});
        insta::assert_snapshot!(words(pause), @"a hook of type PAUSE is not allowed at TEST_TRAFFIC_SHIFT");
    }
}
