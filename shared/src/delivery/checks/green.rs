//! Green's tasks and targets: as many as wanted, all of them healthy, at least one.

use crate::delivery::check::{Check, State};
use crate::delivery::policy::Policy;
use crate::delivery::ports::{CheckedStage, Checker, Deployment, Health, TargetGroups};
use crate::delivery::stage::Stage;
use crate::delivery::watch::Watch;
use crate::errors::Fault;

/// Whether the new task set runs as many tasks as it should, and at least one.
#[must_use]
pub fn is_steady(deployment: &Deployment) -> Check {
    let id = "green-steady";
    let Some(green) = deployment.green() else {
        return Check::new(id, State::Fail, "the deployment has no green task set");
    };
    let words =
        format!("green runs {} of {} task(s), {} starting", green.running, green.desired, green.pending);
    let state = if green.desired == 0 {
        State::Fail
    } else if green.running == green.desired && green.pending == 0 {
        State::Pass
    } else {
        State::NotYet
    };
    Check::new(id, state, words)
}

/// Whether every target of the new target group is healthy, and there is at least one.
#[must_use]
pub fn is_healthy(group: &str, health: Health) -> Check {
    let words = format!("{} of {} target(s) of `{group}` are healthy", health.healthy, health.total);
    let state = if health.total > 0 && health.healthy == health.total { State::Pass } else { State::NotYet };
    Check::new("green-healthy", state, words)
}

/// Only these two checks, at every moment at which green is there.
pub struct GreenOnly<T>(pub T);

impl<T: TargetGroups> Checker for GreenOnly<T> {
    async fn check(
        &self,
        stage: Stage,
        deployment: &Deployment,
        _policy: &Policy,
        _known: Option<&Watch>,
    ) -> Result<CheckedStage, Fault> {
        let mut checks = Vec::new();
        match stage {
            Stage::Preflight | Stage::Shifting | Stage::AfterTraffic => {}
            Stage::Installed | Stage::Tested | Stage::BeforeTraffic => {
                checks.push(is_steady(deployment));
                if let Some(green) = deployment.green().filter(|green| !green.target_group.is_empty()) {
                    let health = self.0.health(&green.target_group).await?;
                    checks.push(is_healthy(&green.target_group, health));
                }
            }
        }
        Ok(CheckedStage { checks, freeze: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_target_is_not_healthy() {
        let empty = is_healthy("green", Health { healthy: 0, total: 0 });
        assert_eq!(empty.state, State::NotYet);
        insta::assert_snapshot!(empty.sentence, @"0 of 0 target(s) of `green` are healthy");
    }
}
