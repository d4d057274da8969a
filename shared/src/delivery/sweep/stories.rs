//! The stories, each to its stated end and with the sentence that explains it.

use super::story::{Minutes, NEVER, Person, Publishing, Shift, Stated, Story, Traffic, stated};
use super::world::{End, World};
use crate::delivery::verdict::{Action, Kind};
use crate::model::{MINUTE, Timestamp};

/// 10 % for a quarter of an hour, then all of it.
pub(super) const CANARY: Shift =
    Shift::CodeDeploy { steps: &[(0, 10), (15, 100)], has_hook_after: true, termination_minutes: 5 };
/// 10 %, then in thirds; our hook holds each step.
pub(super) const LINEAR: Shift = Shift::Ecs {
    steps: &[10, 40, 70, 100],
    bake: 1,
    lambda: &[
        "PRE_SCALE_UP",
        "POST_SCALE_UP",
        "PRE_PRODUCTION_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
    ],
    pauses: &[],
};
pub(super) const HELD: &str = "schedule: {first_step_minutes: 10, step_minutes: 2}";
const FOREVER: Minutes = -1000..1000;
const ROLLED_BACK: &[&str] = &["catalog is rolled back"];
const INCONCLUSIVE: &[&str] = &["the watch of catalog is inconclusive"];
const FOR_A_PERSON: &[&str] = &["catalog waits for a person"];

pub(super) fn story(name: &'static str, shift: Shift, traffic: Traffic, end: Stated) -> Story {
    Story {
        name,
        shift,
        traffic,
        publishing: Publishing { delay: 1, missing: NEVER, partial: NEVER, is_corrected: false },
        settings: "",
        is_first: false,
        freeze: None,
        is_healthy: true,
        dead: NEVER,
        is_disordered: false,
        throttled: ("", NEVER),
        hooks_killed: 0,
        person: &[],
        gone: i64::MAX,
        askers: Vec::new(),
        ticks: Vec::new(),
        rows: Vec::new(),
        end,
    }
}

pub(super) fn good() -> Traffic {
    Traffic::with(50)
}

pub(super) fn promoted() -> Stated {
    stated("Succeeded", 100, Some(Kind::Promote))
}

fn stopped() -> Stated {
    Stated { action: Some(Action::Stopped), told: ROLLED_BACK, ..stated("Stopped", 0, Some(Kind::Harm)) }
}

fn undecided() -> Stated {
    Stated { told: INCONCLUSIVE, ..stated("Failed", 0, Some(Kind::Inconclusive)) }
}

fn linear(name: &'static str, traffic: Traffic, end: Stated) -> Story {
    Story { settings: HELD, ..story(name, LINEAR, traffic, end) }
}

fn completed() -> Stated {
    stated("SUCCESSFUL", 100, Some(Kind::Promote))
}

fn taken_back() -> Stated {
    Stated {
        action: Some(Action::Stopped),
        told: ROLLED_BACK,
        ..stated("ROLLBACK_SUCCESSFUL", 0, Some(Kind::Harm))
    }
}

/// Plays a story; the sentence that explains its end.
fn plays(story: &Story) -> String {
    let world = World::new(story, Vec::new());
    world.run();
    let end: End = world.end();
    assert!(end.is(&story.end), "`{}` ended as {end:#?}\ninstead of {:#?}", story.name, story.end);
    end.why
}

/// All of them.
pub(super) fn all() -> Vec<Story> {
    vec![
        healthy(),
        doubled(),
        fivefold(),
        slow(),
        cold(),
        outage(),
        idle(),
        unmeasured(),
        late(),
        partial(),
        unreadable(),
        corrected(),
        unhealthy(),
        unhealthy_ecs(),
        killed(),
        dying(),
        asked_again(),
        throttled(),
        throttled_stop(),
        untold(),
        dead_ten(),
        disordered(),
        disordered_good(),
        too_late(),
        by_hand(),
        by_hand_idle(),
        by_hand_early(),
        by_hand_kept(),
        linear_good(),
        linear_bad(),
        linear_turns(),
        linear_quick(),
        linear_idle(),
        linear_thin(),
        linear_throttled(),
        pause_approved(),
        pause_refused(),
        pause_idle(),
        pause_person(),
        pause_with_hooks(),
        pause_then_checks(),
        gone(),
        first(),
        first_linear(),
        freeze(),
        freeze_ecs(),
        trial(),
        trial_ecs(),
        dead_two_hours(),
        dead_two_hours_ecs(),
    ]
}

fn healthy() -> Story {
    story("healthy", CANARY, good(), promoted())
}

fn doubled() -> Story {
    story("doubled", CANARY, Traffic::with(100), stopped())
}

fn fivefold() -> Story {
    story("fivefold", CANARY, Traffic::with(250), stopped())
}

fn slow() -> Story {
    Story {
        settings: "metrics: [{id: errors, kind: errors}, {id: slow, kind: latency, objective_ms: 400}]",
        ..story("slow", CANARY, Traffic { slow: Some((100, 400)), ..good() }, stopped())
    }
}

fn cold() -> Story {
    story("cold", CANARY, Traffic { cold: 500, ..good() }, promoted())
}

fn outage() -> Story {
    story("outage", CANARY, Traffic { outage: 6..9, ..good() }, promoted())
}

fn idle() -> Story {
    story("idle", CANARY, Traffic { requests: 0, ..good() }, undecided())
}

fn unmeasured() -> Story {
    Story {
        publishing: Publishing { delay: 1, missing: FOREVER, partial: NEVER, is_corrected: false },
        ..story("unmeasured", CANARY, good(), undecided())
    }
}

fn late() -> Story {
    Story {
        publishing: Publishing { delay: 6, missing: NEVER, partial: NEVER, is_corrected: false },
        ..story("late", CANARY, good(), promoted())
    }
}

fn partial() -> Story {
    Story {
        publishing: Publishing { delay: 1, missing: NEVER, partial: 5..14, is_corrected: false },
        ..story("partial", CANARY, good(), promoted())
    }
}

fn unreadable() -> Story {
    Story {
        publishing: Publishing { delay: 1, missing: NEVER, partial: FOREVER, is_corrected: false },
        ..story("unreadable", CANARY, good(), undecided())
    }
}

fn corrected() -> Story {
    Story {
        publishing: Publishing { delay: 1, missing: NEVER, partial: NEVER, is_corrected: true },
        ..story("corrected", CANARY, Traffic::with(250), stopped())
    }
}

fn unhealthy() -> Story {
    Story { is_healthy: false, ..story("unhealthy", CANARY, good(), stated("Failed", 0, None)) }
}

fn unhealthy_ecs() -> Story {
    Story {
        is_healthy: false,
        person: &[(30, Person::Stops { roll_back: true })],
        ..linear("unhealthy_ecs", good(), stated("ROLLBACK_SUCCESSFUL", 0, None))
    }
}

fn killed() -> Story {
    Story { hooks_killed: 1, ..story("killed", CANARY, good(), promoted()) }
}

fn dying() -> Story {
    Story {
        hooks_killed: 3,
        ..story(
            "dying",
            CANARY,
            good(),
            Stated { patience: Some("AfterInstall"), ..stated("Failed", 0, None) },
        )
    }
}

fn asked_again() -> Story {
    Story {
        askers: (0..30).collect(),
        ..story(
            "asked_again",
            Shift::CodeDeploy { steps: &[(0, 10), (15, 100)], has_hook_after: true, termination_minutes: 5 },
            good(),
            promoted(),
        )
    }
}

fn throttled() -> Story {
    Story { throttled: ("GetItem", 0..9), ..story("throttled", CANARY, good(), promoted()) }
}

fn throttled_stop() -> Story {
    Story { throttled: ("Stop", 0..14), ..story("throttled_stop", CANARY, Traffic::with(250), stopped()) }
}

fn untold() -> Story {
    Story { throttled: ("Publish", 0..40), ..story("untold", CANARY, Traffic::with(250), stopped()) }
}

fn dead_ten() -> Story {
    Story { dead: 5..15, ..story("dead_ten", CANARY, Traffic::with(250), stopped()) }
}

fn disordered() -> Story {
    Story { is_disordered: true, ..story("disordered", CANARY, Traffic::with(100), stopped()) }
}

fn disordered_good() -> Story {
    Story { is_disordered: true, ..story("disordered_good", CANARY, good(), promoted()) }
}

fn too_late() -> Story {
    Story {
        throttled: ("Stop", 0..40),
        ..story(
            "too_late",
            Shift::CodeDeploy { steps: &[(0, 10), (15, 100)], has_hook_after: false, termination_minutes: 0 },
            Traffic::with(250),
            Stated {
                action: Some(Action::TooLate),
                told: &["catalog does harm and the deployment is over: go back by hand"],
                ..stated("Succeeded", 100, Some(Kind::Harm))
            },
        )
    }
}

fn by_hand() -> Story {
    Story {
        person: &[(8, Person::Stops { roll_back: true })],
        ..story("by_hand", CANARY, good(), stated("Stopped", 0, None))
    }
}

fn by_hand_idle() -> Story {
    Story {
        person: &[(12, Person::Stops { roll_back: true })],
        ..story("by_hand_idle", CANARY, Traffic { requests: 0, ..good() }, stated("Stopped", 0, None))
    }
}

fn by_hand_early() -> Story {
    Story {
        is_healthy: false,
        person: &[(3, Person::Stops { roll_back: true })],
        ..story("by_hand_early", CANARY, good(), stated("Stopped", 0, None))
    }
}

fn by_hand_kept() -> Story {
    Story {
        throttled: ("Stop", 0..14),
        person: &[(13, Person::Stops { roll_back: false })],
        ..story(
            "by_hand_kept",
            CANARY,
            Traffic::with(250),
            Stated {
                action: Some(Action::TooLate),
                told: &["catalog does harm and the deployment is over: go back by hand"],
                ..stated("Stopped", 10, Some(Kind::Harm))
            },
        )
    }
}

fn linear_good() -> Story {
    linear("linear_good", good(), completed())
}

fn linear_bad() -> Story {
    linear("linear_bad", Traffic::with(250), taken_back())
}

fn linear_turns() -> Story {
    linear("linear_turns", Traffic { turns: 11, ..Traffic::with(250) }, taken_back())
}

fn linear_quick() -> Story {
    Story {
        dead: 15..18,
        settings: "schedule: {first_step_minutes: 10, step_minutes: 3}",
        ..story(
            "linear_quick",
            Shift::Ecs {
                steps: &[10, 40, 70, 100],
                bake: 0,
                lambda: &[
                    "PRE_PRODUCTION_TRAFFIC_SHIFT",
                    "PRODUCTION_TRAFFIC_SHIFT",
                    "POST_PRODUCTION_TRAFFIC_SHIFT",
                ],
                pauses: &[],
            },
            good(),
            completed(),
        )
    }
}

fn linear_idle() -> Story {
    linear("linear_idle", Traffic { requests: 0, ..good() }, stated("ROLLBACK_SUCCESSFUL", 0, None))
}

fn linear_thin() -> Story {
    Story {
        settings: "schedule: {first_step_minutes: 3, step_minutes: 2}",
        ..linear("linear_thin", Traffic { requests: 1000, ..good() }, completed())
    }
}

fn linear_throttled() -> Story {
    Story { throttled: ("Stop", 0..60), ..linear("linear_throttled", Traffic::with(250), taken_back()) }
}

fn pause_approved() -> Story {
    Story {
        settings: "schedule: {pauses: {PRE_PRODUCTION_TRAFFIC_SHIFT: verdict}}",
        ..story(
            "pause_approved",
            Shift::Ecs { steps: &[10, 100], bake: 1, lambda: &[], pauses: &["PRE_PRODUCTION_TRAFFIC_SHIFT"] },
            good(),
            stated("SUCCESSFUL", 100, None),
        )
    }
}

fn pause_refused() -> Story {
    Story { name: "pause_refused", traffic: Traffic::with(250), end: taken_back(), ..pause_approved() }
}

fn pause_idle() -> Story {
    Story {
        name: "pause_idle",
        traffic: Traffic { requests: 0, ..good() },
        end: stated("ROLLBACK_SUCCESSFUL", 0, None),
        ..pause_approved()
    }
}

fn pause_person() -> Story {
    story(
        "pause_person",
        Shift::Ecs { steps: &[100], bake: 0, lambda: &[], pauses: &["POST_TEST_TRAFFIC_SHIFT"] },
        good(),
        Stated {
            told: FOR_A_PERSON,
            patience: Some("POST_TEST_TRAFFIC_SHIFT"),
            ..stated("ROLLBACK_SUCCESSFUL", 0, None)
        },
    )
}

fn pause_with_hooks() -> Story {
    Story {
        settings: HELD,
        person: &[(20, Person::Decides { go_on: true })],
        ..story(
            "pause_with_hooks",
            Shift::Ecs {
                steps: &[10, 100],
                bake: 1,
                lambda: &[
                    "PRE_SCALE_UP",
                    "PRE_PRODUCTION_TRAFFIC_SHIFT",
                    "PRODUCTION_TRAFFIC_SHIFT",
                    "POST_PRODUCTION_TRAFFIC_SHIFT",
                ],
                pauses: &["POST_TEST_TRAFFIC_SHIFT"],
            },
            good(),
            Stated { told: FOR_A_PERSON, ..completed() },
        )
    }
}

fn pause_then_checks() -> Story {
    Story {
        is_healthy: false,
        person: &[(10, Person::Decides { go_on: true }), (30, Person::Stops { roll_back: true })],
        settings: HELD,
        ..story(
            "pause_then_checks",
            Shift::Ecs {
                steps: &[10, 100],
                bake: 1,
                lambda: &["PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"],
                pauses: &["POST_SCALE_UP"],
            },
            good(),
            Stated { told: FOR_A_PERSON, ..stated("ROLLBACK_SUCCESSFUL", 0, None) },
        )
    }
}

fn gone() -> Story {
    Story { gone: 12, ..linear("gone", good(), stated("IN_PROGRESS", 10, None)) }
}

fn first() -> Story {
    Story {
        is_first: true,
        ..story(
            "first",
            Shift::Ecs {
                steps: &[100],
                bake: 1,
                lambda: &["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"],
                pauses: &[],
            },
            good(),
            completed(),
        )
    }
}

fn first_linear() -> Story {
    Story { is_first: true, ..linear("first_linear", good(), completed()) }
}

fn freeze() -> Story {
    Story {
        freeze: Some("migration `0042` is a contraction"),
        ..story(
            "freeze",
            CANARY,
            Traffic::with(250),
            Stated {
                action: Some(Action::Frozen),
                told: &["catalog does harm and is NOT rolled back"],
                ..stated("Stopped", 10, Some(Kind::Harm))
            },
        )
    }
}

fn freeze_ecs() -> Story {
    Story {
        freeze: Some("migration `0042` is a contraction"),
        person: &[(45, Person::Stops { roll_back: true })],
        ..linear(
            "freeze_ecs",
            Traffic::with(250),
            Stated {
                action: Some(Action::Frozen),
                told: &["catalog does harm and is NOT rolled back"],
                ..stated("ROLLBACK_SUCCESSFUL", 0, Some(Kind::Harm))
            },
        )
    }
}

fn trial() -> Story {
    Story {
        settings: "dry_run: true",
        ..story(
            "trial",
            CANARY,
            Traffic::with(250),
            Stated {
                action: Some(Action::Advised),
                told: &["catalog would have been rolled back (trial)"],
                ..stated("Succeeded", 100, Some(Kind::Harm))
            },
        )
    }
}

fn trial_ecs() -> Story {
    Story {
        settings: "dry_run: true\nschedule: {first_step_minutes: 10, step_minutes: 2}",
        ..linear(
            "trial_ecs",
            Traffic::with(250),
            Stated {
                action: Some(Action::Advised),
                told: &["catalog would have been rolled back (trial)"],
                ..stated("SUCCESSFUL", 100, Some(Kind::Harm))
            },
        )
    }
}

fn dead_two_hours() -> Story {
    Story {
        dead: 5..125,
        ..story(
            "dead_two_hours",
            CANARY,
            good(),
            Stated { patience: Some("AfterAllowTraffic"), ..stated("Failed", 0, None) },
        )
    }
}

fn dead_two_hours_ecs() -> Story {
    Story { dead: 5..125, ..linear("dead_two_hours_ecs", good(), completed()) }
}

#[test]
fn a_healthy_release_is_promoted_on_evidence() {
    insta::assert_snapshot!(plays(&healthy()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn a_doubled_error_rate_is_stopped_while_green_has_a_tenth() {
    insta::assert_snapshot!(plays(&doubled()), @"green answered 36 of 3600 requests with 5XX (1.00 %) against 162 of 32400 requests with 5XX (0.50 %) on blue in 6 minute(s); evidence 122:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn five_times_the_errors_are_stopped_sooner() {
    insta::assert_snapshot!(plays(&fivefold()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_slow_green_without_errors_is_stopped() {
    insta::assert_snapshot!(plays(&slow()), @"green answered 24 of 600 requests slower than 400 ms (4.00 %) against 54 of 5400 requests slower than 400 ms (1.00 %) on blue in 1 minute(s); evidence 87425:1 passes the bound 200:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_cold_start_is_forgiven() {
    insta::assert_snapshot!(plays(&cold()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn an_outage_of_both_versions_is_nobodys_fault() {
    insta::assert_snapshot!(plays(&outage()), @"green answered 111 of 6000 requests with 5XX (1.85 %) against 999 of 54000 requests with 5XX (1.85 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence more than 1000000:1 (bound 20:1)");
}

#[test]
fn without_traffic_nothing_is_promoted() {
    insta::assert_snapshot!(plays(&idle()), @"green had no traffic that was measured: nothing was compared");
}

#[test]
fn without_metrics_nothing_is_promoted() {
    insta::assert_snapshot!(plays(&unmeasured()), @"green had no traffic that was measured: nothing was compared");
}

#[test]
fn late_metrics_are_waited_for() {
    insta::assert_snapshot!(plays(&late()), @"green answered 18 of 3600 requests with 5XX (0.50 %) against 162 of 32400 requests with 5XX (0.50 %) on blue in 6 minute(s); 2 times that rate is excluded by evidence 108:1 (bound 20:1)");
}

#[test]
fn partial_answers_are_read_again() {
    insta::assert_snapshot!(plays(&partial()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn metrics_that_can_never_be_read_leave_no_hook_unanswered() {
    insta::assert_snapshot!(plays(&unreadable()), @"green had no traffic that was measured: nothing was compared");
}

#[test]
fn counts_that_are_corrected_later_are_taken_as_corrected() {
    insta::assert_snapshot!(plays(&corrected()), @"green answered 22 of 1200 requests with 5XX (1.83 %) against 40 of 10800 requests with 5XX (0.37 %) on blue in 2 minute(s); evidence 505497:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_green_that_never_becomes_healthy_gets_no_traffic() {
    insta::assert_snapshot!(plays(&unhealthy()), @"not ready in time: 1 of 2 target(s) of `green` are healthy: 1 unhealthy");
}

#[test]
fn ecs_asks_again_about_an_unhealthy_green_until_a_person_stops_it() {
    insta::assert_snapshot!(plays(&unhealthy_ecs()), @"0 settled minute(s), green had at most 0 % of the traffic, no verdict yet; the deployment is over: ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_hook_that_died_is_invoked_again_by_lambda() {
    insta::assert_snapshot!(plays(&killed()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn a_hook_that_always_dies_is_failed_by_its_hour() {
    insta::assert_snapshot!(plays(&dying()), @"");
}

#[test]
fn a_hook_that_is_invoked_again_later_takes_nobodys_place() {
    insta::assert_snapshot!(plays(&asked_again()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn a_throttled_hook_looks_again() {
    insta::assert_snapshot!(plays(&throttled()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn a_throttled_stop_is_tried_again_each_minute() {
    insta::assert_snapshot!(plays(&throttled_stop()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_verdict_that_nobody_could_be_told_of_is_told_later() {
    insta::assert_snapshot!(plays(&untold()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_watcher_that_was_dead_for_ten_minutes_reads_what_it_missed() {
    insta::assert_snapshot!(plays(&dead_ten()), @"green answered 120 of 4800 requests with 5XX (2.50 %) against 216 of 43200 requests with 5XX (0.50 %) on blue in 8 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn ticks_and_events_twice_and_late_change_nothing() {
    insta::assert_snapshot!(plays(&disordered()), @"green answered 36 of 3600 requests with 5XX (1.00 %) against 162 of 32400 requests with 5XX (0.50 %) on blue in 6 minute(s); evidence 122:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_good_release_passes_through_disorder() {
    insta::assert_snapshot!(plays(&disordered_good()), @"green answered 30 of 6000 requests with 5XX (0.50 %) against 270 of 54000 requests with 5XX (0.50 %) on blue in 10 minute(s); 2 times that rate is excluded by evidence 2437:1 (bound 20:1)");
}

#[test]
fn a_stop_that_comes_too_late_is_said_to_a_person() {
    insta::assert_snapshot!(plays(&too_late()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_person_who_stops_is_not_contradicted() {
    insta::assert_snapshot!(plays(&by_hand()), @"5 settled minute(s), green had at most 10 % of the traffic, no verdict yet; the deployment is over: Stopped");
}

#[test]
fn a_shift_without_traffic_that_is_stopped_by_hand_is_closed() {
    insta::assert_snapshot!(plays(&by_hand_idle()), @"0 settled minute(s), green had at most 10 % of the traffic, no verdict yet; the deployment is over: Stopped");
}

#[test]
fn a_deployment_that_is_stopped_before_traffic_is_closed() {
    insta::assert_snapshot!(plays(&by_hand_early()), @"the deployment is over: Stopped");
}

#[test]
fn a_stop_by_hand_that_keeps_the_traffic_is_not_called_a_rollback() {
    insta::assert_snapshot!(plays(&by_hand_kept()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn ecs_linear_holds_its_first_step_and_goes_on_to_the_end() {
    insta::assert_snapshot!(plays(&linear_good()), @"green answered 105 of 21000 requests with 5XX (0.50 %) against 315 of 63000 requests with 5XX (0.50 %) on blue in 14 minute(s); 2 times that rate is excluded by evidence more than 1000000:1 (bound 20:1)");
}

#[test]
fn ecs_linear_takes_harm_back_at_the_first_step() {
    insta::assert_snapshot!(plays(&linear_bad()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn ecs_linear_takes_back_harm_that_begins_at_a_later_step() {
    insta::assert_snapshot!(plays(&linear_turns()), @"green answered 87 of 7800 requests with 5XX (1.12 %) against 261 of 52200 requests with 5XX (0.50 %) on blue in 10 minute(s); evidence 1355:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_step_that_no_tick_has_seen_is_not_left() {
    insta::assert_snapshot!(plays(&linear_quick()), @"green answered 174 of 34800 requests with 5XX (0.50 %) against 396 of 79200 requests with 5XX (0.50 %) on blue in 19 minute(s); 2 times that rate is excluded by evidence more than 1000000:1 (bound 20:1)");
}

#[test]
fn ecs_linear_without_traffic_promotes_nothing() {
    insta::assert_snapshot!(plays(&linear_idle()), @"green had no traffic that was measured: nothing was compared");
}

#[test]
fn thin_traffic_waits_at_the_last_step_for_its_evidence() {
    insta::assert_snapshot!(plays(&linear_thin()), @"green answered 89 of 20700 requests with 5XX (0.43 %) against 47 of 12300 requests with 5XX (0.38 %) on blue in 33 minute(s); 2 times that rate is excluded by evidence 22:1 (bound 20:1)");
}

#[test]
fn a_hook_is_failed_on_harm_although_the_stop_is_throttled() {
    insta::assert_snapshot!(plays(&linear_throttled()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_pause_that_waits_for_the_verdict_goes_on_with_it() {
    insta::assert_snapshot!(plays(&pause_approved()), @"paused at `PRE_PRODUCTION_TRAFFIC_SHIFT`, let it go on: green answered 12 of 2400 requests with 5XX (0.50 %) against 108 of 21600 requests with 5XX (0.50 %) on blue in 4 minute(s); 2 times that rate is excluded by evidence 23:1 (bound 20:1)");
}

#[test]
fn a_pause_that_waits_for_the_verdict_is_taken_back_on_harm() {
    insta::assert_snapshot!(plays(&pause_refused()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_pause_that_waits_for_the_verdict_never_goes_on_without_one() {
    insta::assert_snapshot!(plays(&pause_idle()), @"paused at `PRE_PRODUCTION_TRAFFIC_SHIFT`, took it back: green had no traffic that was measured: nothing was compared");
}

#[test]
fn a_pause_for_a_person_is_told_and_left_to_time() {
    insta::assert_snapshot!(plays(&pause_person()), @"61 settled minute(s), green had at most 0 % of the traffic, no verdict yet; the deployment is over: ROLLBACK_SUCCESSFUL");
}

#[test]
fn a_pause_before_traffic_is_told_although_nothing_is_watched_yet() {
    insta::assert_snapshot!(plays(&pause_with_hooks()), @"green answered 24 of 4800 requests with 5XX (0.50 %) against 216 of 43200 requests with 5XX (0.50 %) on blue in 8 minute(s); 2 times that rate is excluded by evidence 512:1 (bound 20:1)");
}

#[test]
fn a_person_who_lets_a_pause_go_on_does_not_excuse_the_checks() {
    insta::assert_snapshot!(plays(&pause_then_checks()), @"29 settled minute(s), green had at most 0 % of the traffic, no verdict yet; the deployment is over: ROLLBACK_SUCCESSFUL");
}

#[test]
fn the_record_of_a_deployment_that_is_gone_is_closed() {
    insta::assert_snapshot!(plays(&gone()), @"the deployment is not there any more");
}

#[test]
fn a_first_deployment_has_only_its_checks() {
    insta::assert_snapshot!(plays(&first()), @"a first deployment has nothing to be compared with: only its checks were made");
}

#[test]
fn a_first_deployment_in_steps_is_not_held_for_what_cannot_be_compared() {
    insta::assert_snapshot!(plays(&first_linear()), @"a first deployment has nothing to be compared with: only its checks were made");
}

#[test]
fn harm_that_may_not_be_rolled_back_stops_where_it_is() {
    insta::assert_snapshot!(plays(&freeze()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn harm_that_may_not_be_rolled_back_is_held_at_its_step_on_ecs() {
    insta::assert_snapshot!(plays(&freeze_ecs()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn settings_on_trial_say_what_they_would_have_done() {
    insta::assert_snapshot!(plays(&trial()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn settings_on_trial_hold_the_steps_as_long_as_they_say() {
    insta::assert_snapshot!(plays(&trial_ecs()), @"green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_watcher_that_is_dead_for_two_hours_promotes_nothing() {
    insta::assert_snapshot!(plays(&dead_two_hours()), @"122 settled minute(s), green had at most 10 % of the traffic, no verdict yet; the deployment is over: Failed");
}

#[test]
fn ecs_waits_for_a_watcher_that_is_dead_for_two_hours() {
    insta::assert_snapshot!(plays(&dead_two_hours_ecs()), @"green answered 438 of 87600 requests with 5XX (0.50 %) against 3312 of 662400 requests with 5XX (0.50 %) on blue in 125 minute(s); 2 times that rate is excluded by evidence more than 1000000:1 (bound 20:1)");
}

/// How long green had each share but the last, in minutes.
fn held(story: &Story) -> Vec<(u32, i64)> {
    let world = World::new(story, Vec::new());
    world.run();
    let weights = world.state.borrow().weights.clone();
    let of = |pair: &[(Timestamp, u32)]| (pair[0].1, pair[1].0.since(pair[0].0) / MINUTE);
    weights.windows(2).skip(1).map(of).collect()
}

#[test]
fn every_step_is_held_as_long_as_the_settings_say() {
    insta::assert_snapshot!(format!("{:?}", held(&linear_good())), @"[(10, 11), (40, 3), (70, 3)]");
    insta::assert_snapshot!(format!("{:?}", held(&linear_quick())), @"[(10, 11), (40, 7), (70, 4)]");
    insta::assert_snapshot!(format!("{:?}", held(&trial_ecs())), @"[(10, 11), (40, 3), (70, 3)]");
}

/// The first words of a hook or the watch that have `part` in them.
fn first_said(story: &Story, part: &str) -> String {
    let world = World::new(story, Vec::new());
    while !world.is_at_rest() && !world.is_too_long() {
        world.step();
        let said = world.state.borrow().said.clone();
        if said.contains(part) {
            return said;
        }
    }
    "it was never said".to_owned()
}

#[test]
fn a_step_that_is_held_says_why() {
    insta::assert_snapshot!(first_said(&freeze_ecs(), "held"), @"harm, and not rolled back (migration `0042` is a contraction): held at 10 % until a person decides: green answered 15 of 600 requests with 5XX (2.50 %) against 27 of 5400 requests with 5XX (0.50 %) on blue in 1 minute(s); evidence 6327:1 passes the bound 100:1 (false-stop rate at most 1 %)");
    insta::assert_snapshot!(first_said(&linear_quick(), "looked at yet, only"), @"40 % has not been looked at yet, only 10 %");
    insta::assert_snapshot!(first_said(&linear_good(), "of 10 minute"), @"10 % for 0 of 10 minute(s)");
    insta::assert_snapshot!(first_said(&linear_thin(), "show no harm"), @"1 minute(s) at 10 % show no harm");
    insta::assert_snapshot!(first_said(&linear_thin(), "needs more"), @"1 minute(s) at 70 %; 100 % needs more evidence");
    insta::assert_snapshot!(first_said(&linear_idle(), "was measured"), @"no minute at 10 % was measured yet");
    insta::assert_snapshot!(first_said(&first_linear(), "first deployment"), @"green runs 2 of 2 task(s), 0 starting; 2 of 2 target(s) of `green` are healthy; a first deployment has nothing to be compared with");
    insta::assert_snapshot!(first_said(&pause_approved(), "no traffic has moved"), @"paused at `PRE_PRODUCTION_TRAFFIC_SHIFT`, let it go on: no traffic has moved yet; the shift is watched");
    insta::assert_snapshot!(first_said(&gone(), "not there"), @"the deployment is not there any more");
}
