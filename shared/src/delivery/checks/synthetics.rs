//! A canary of `CloudWatch` Synthetics as a check: its run after this moment began, or its last one when that is young enough
//! (<https://docs.aws.amazon.com/AmazonSynthetics/latest/APIReference/API_GetCanaryRuns.html>).

use super::ports::Run;
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::Synthetic;
use crate::model::{MINUTE, Timestamp};
use serde_json::json;

/// Name of the check.
pub const ID: &str = "synthetics";

/// What is to be done about a canary.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Start it, and look again.
    Start(Check),
    /// This is what it came to.
    Known(Check),
}

/// What its newest run means. `since` is when the moment of this check began, by the service's clock.
#[must_use]
pub fn judge(settings: &Synthetic, run: Option<&Run>, since: Timestamp) -> Next {
    let name = &settings.canary;
    let check = |state, words: String| {
        let evidence = json!({"canary": name, "state": run.map(|run| run.state.as_str()),
            "started": run.and_then(|run| run.started)});
        Check { evidence, ..Check::new(ID, state, words) }
    };
    let age = i64::from(if settings.start { 0 } else { settings.max_age_minutes }) * MINUTE;
    let oldest = Timestamp::from_millis(since.millis() - age);
    let young = run.filter(|run| run.started.is_some_and(|started| started >= oldest));
    let Some(run) = young else {
        return match (settings.start, run) {
            // One that was running before is waited for: it cannot be started twice.
            (true, Some(run)) if run.state == "RUNNING" => Next::Known(check(
                State::NotYet,
                format!("canary `{name}` is still in a run from before this moment"),
            )),
            (true, _) => Next::Start(check(State::NotYet, format!("canary `{name}` was started"))),
            (false, Some(_)) => Next::Known(check(
                State::Inconclusive,
                format!(
                    "the last run of canary `{name}` is older than {} min before this moment",
                    settings.max_age_minutes
                ),
            )),
            (false, None) => {
                Next::Known(check(State::Inconclusive, format!("canary `{name}` has never run")))
            }
        };
    };
    Next::Known(match run.state.as_str() {
        "PASSED" => check(State::Pass, format!("canary `{name}` passed")),
        "FAILED" => {
            check(State::Fail, format!("canary `{name}` failed: {}", super::observe::shown(&run.reason)))
        }
        "RUNNING" => check(State::NotYet, format!("canary `{name}` is running")),
        other => check(State::Inconclusive, format!("canary `{name}` is `{other}`, which is not known here")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(start: bool, run: Option<(&str, i64)>) -> String {
        let settings = Synthetic { canary: "shop".to_owned(), start, max_age_minutes: 15 };
        let run = run.map(|(state, minute)| Run {
            state: state.to_owned(),
            reason: "Step checkout failed".to_owned(),
            started: Some(Timestamp::from_millis(minute * MINUTE)),
        });
        match judge(&settings, run.as_ref(), Timestamp::from_millis(100 * MINUTE)) {
            Next::Start(check) => format!("start, {}: {}", check.state.word(), check.sentence),
            Next::Known(check) => format!("{}: {}", check.state.word(), check.sentence),
        }
    }

    #[test]
    fn a_run_that_is_young_enough_counts() {
        insta::assert_snapshot!(words(false, Some(("PASSED", 85))), @"pass: canary `shop` passed");
        insta::assert_snapshot!(words(false, Some(("FAILED", 99))), @"fail: canary `shop` failed: Step checkout failed");
        insta::assert_snapshot!(words(false, Some(("PASSED", 84))), @"inconclusive: the last run of canary `shop` is older than 15 min before this moment");
        insta::assert_snapshot!(words(false, None), @"inconclusive: canary `shop` has never run");
    }

    #[test]
    fn one_that_is_started_counts_only_from_this_moment_on_and_is_started_once() {
        insta::assert_snapshot!(words(true, Some(("PASSED", 99))), @"start, not yet: canary `shop` was started");
        insta::assert_snapshot!(words(true, None), @"start, not yet: canary `shop` was started");
        insta::assert_snapshot!(words(true, Some(("RUNNING", 99))), @"not yet: canary `shop` is still in a run from before this moment");
        insta::assert_snapshot!(words(true, Some(("RUNNING", 100))), @"not yet: canary `shop` is running");
        insta::assert_snapshot!(words(true, Some(("PASSED", 101))), @"pass: canary `shop` passed");
        insta::assert_snapshot!(words(true, Some(("ERROR", 101))), @"inconclusive: canary `shop` is `ERROR`, which is not known here");
    }
}
