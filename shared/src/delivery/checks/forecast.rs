//! What the shift will be able to see, said before it begins: a canary that sees nothing is a decision, and not an accident.
//!
//! Must not: hold traffic back. A canary that is too small is told, and so is a forecast that could not be made.

use crate::delivery::check::{Check, State};
use crate::delivery::gate::arms;
use crate::delivery::policy::{LEARNING_MINUTES, Policy};
use crate::delivery::ports::{CheckedStage, Checker, Deployment, Minutes, TargetGroups};
use crate::delivery::power::{Forecast, Precision, Shares, of_release};
use crate::delivery::stage::Stage;
use crate::delivery::watch::Watch;
use crate::errors::{Fault, chain};
use crate::model::MINUTE;
use serde_json::json;

/// Name of the check.
pub const ID: &str = "forecast";
/// Share of the traffic that the first step is taken to have where the engine does not say it, in percent.
const FIRST_STEP: f64 = 10.0;
/// Minutes that the first step is taken to last.
const MINUTES: u32 = 15;

/// Other checks, and a forecast at the last moment before traffic.
pub struct Forecasting<C, T, M> {
    /// The other checks.
    pub checks: C,
    /// The load balancer.
    pub groups: T,
    /// CloudWatch.
    pub minutes: M,
}

impl<C: Checker, T: TargetGroups, M: Minutes> Checker for Forecasting<C, T, M> {
    async fn check(
        &self,
        stage: Stage,
        deployment: &Deployment,
        policy: &Policy,
        known: Option<&Watch>,
    ) -> Result<CheckedStage, Fault> {
        let mut checked = self.checks.check(stage, deployment, policy, known).await?;
        let waits = checked.checks.iter().any(|check| check.state == State::NotYet);
        if stage == Stage::BeforeTraffic && !waits {
            let made = self.forecasts(deployment, policy).await;
            checked.checks.extend(made.unwrap_or_else(|fault| vec![unmade(&chain(&fault))]));
        }
        Ok(checked)
    }
}

impl<C, T: TargetGroups, M: Minutes> Forecasting<C, T, M> {
    async fn forecasts(&self, deployment: &Deployment, policy: &Policy) -> Result<Vec<Check>, Fault> {
        let arms = match arms(deployment, &self.groups).await? {
            Ok(arms) if arms.blue.is_some() => arms,
            Ok(_) => return Ok(Vec::new()),
            Err(words) => return Ok(vec![unmade(&words)]),
        };
        let event = deployment.current_event().and_then(|event| event.started_at);
        let end = event.unwrap_or(deployment.created_at).minute();
        let before = self.minutes.read(policy, &arms, end.plus(-LEARNING_MINUTES * MINUTE), end).await?;
        let share = deployment.next_percent.map_or(FIRST_STEP, f64::from);
        let shares = Shares::constant(share);
        let made = of_release(policy, &before, &shares, MINUTES, Precision::HOOK);
        Ok(made.iter().map(|(metric, forecast)| told(metric, forecast, share)).collect())
    }
}

fn told(metric: &str, forecast: &Forecast, share: f64) -> Check {
    let state = if forecast.smallest.is_some() { State::Pass } else { State::Warn };
    let words = format!("`{metric}` at {share} % for {MINUTES} minutes: {}", forecast.sentence());
    let evidence =
        json!({"metric": metric, "expected": forecast.expected, "share": share, "minutes": MINUTES});
    Check { evidence, ..Check::new(ID, state, words) }
}

fn unmade(words: &str) -> Check {
    Check::new(ID, State::Warn, format!("what the shift can see is not known: {words}"))
}
