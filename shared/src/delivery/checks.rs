//! Checks of the new version before traffic: pass, fail or not yet, each with a sentence. Pure.

use super::ports::{Deployment, Health};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It holds.
    Pass,
    /// It may hold in a while.
    NotYet,
    /// It does not hold.
    Fail,
}

/// One check's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it came to.
    pub state: State,
    /// One line with both numbers.
    pub sentence: String,
}

/// Whether the new task set runs as many tasks as it should, and at least one.
#[must_use]
pub fn green_is_steady(deployment: &Deployment) -> Check {
    let Some(green) = deployment.green() else {
        return check(State::Fail, "the deployment has no green task set".to_owned());
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
    check(state, words)
}

/// Whether every target of the new target group is healthy, and there is at least one.
#[must_use]
pub fn green_is_healthy(group: &str, health: Health) -> Check {
    let words = format!("{} of {} target(s) of `{group}` are healthy", health.healthy, health.total);
    let state = if health.total > 0 && health.healthy == health.total { State::Pass } else { State::NotYet };
    check(state, words)
}

/// The worst of several checks and all their sentences.
#[must_use]
pub fn together(checks: &[Check]) -> Check {
    let state = checks.iter().map(|check| check.state).max().unwrap_or(State::Fail);
    check(state, checks.iter().map(|check| check.sentence.as_str()).collect::<Vec<_>>().join("; "))
}

fn check(state: State, sentence: String) -> Check {
    Check { state, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_target_is_not_healthy_and_no_check_is_not_a_pass() {
        let empty = green_is_healthy("green", Health { healthy: 0, total: 0 });
        assert_eq!(empty.state, State::NotYet);
        insta::assert_snapshot!(empty.sentence, @"0 of 0 target(s) of `green` are healthy");
        assert_eq!(together(&[]).state, State::Fail);
    }
}
