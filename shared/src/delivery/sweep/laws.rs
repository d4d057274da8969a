//! What holds for any weights, counts, gaps, orders of ticks and askers.

use super::stories::{CANARY, HELD, LINEAR, good, promoted, story};
use super::story::{Publishing, Row, Shift, Story, at};
use super::world::{World, now};
use crate::delivery::policy::Policies;
use crate::delivery::ports::Watches as _;
use crate::delivery::series::shifted;
use crate::delivery::tick;
use crate::delivery::verdict::Kind;
use crate::delivery::watch::Watch;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;

const SHIFTS: [(Shift, &str); 4] = [
    (CANARY, ""),
    (
        Shift::CodeDeploy {
            steps: &[(0, 20), (3, 40), (6, 60), (9, 80), (12, 100)],
            has_hook_after: true,
            termination_minutes: 3,
        },
        "",
    ),
    (Shift::CodeDeploy { steps: &[(0, 100)], has_hook_after: true, termination_minutes: 0 }, ""),
    (LINEAR, HELD),
];

fn row() -> impl Strategy<Value = Row> {
    let requests = prop_oneof![Just(0_u64), 1_u64..50, 500_u64..8000];
    let rate = || prop_oneof![Just(0_u64), 20_u64..80, 100_u64..600, Just(9000_u64)];
    let is_shown = || prop::bool::weighted(0.85);
    (requests, rate(), rate(), is_shown(), is_shown()).prop_map(|(requests, green, blue, g, b)| Row {
        requests,
        green,
        blue,
        shown: (g, b),
    })
}

fn any_story() -> impl Strategy<Value = Story> {
    // Some tick is in time again and again: a watcher that never runs closes no record (`a_shift_that_is_never_looked_at_…`).
    let ticks = vec(prop_oneof![4 => Just(0_i64), 2 => 1_i64..5, 1 => Just(-1_i64)], 0..11)
        .prop_map(|ticks| [ticks, vec![0]].concat());
    (0..SHIFTS.len(), vec(row(), 1..12), ticks, vec(0_i64..40, 0..4), 1_i64..5).prop_map(
        |(shift, rows, ticks, askers, delay)| {
            let (shift, settings) = SHIFTS[shift].clone();
            let askers = if let Shift::Ecs { .. } = shift { Vec::new() } else { askers };
            let publishing = Publishing { delay, missing: 0..0, partial: 0..0, is_corrected: false };
            Story { settings, rows, ticks, askers, publishing, ..story("drawn", shift, good(), promoted()) }
        },
    )
}

/// Whether every metric that decides had, after the warm-up, a minute with events in both arms.
fn has_data(watch: &Watch) -> bool {
    let policy = watch.policy().unwrap();
    let warm_up = usize::try_from(policy.warm_up_minutes).unwrap();
    policy.deciding().all(|metric| {
        let pairs =
            shifted(&watch.minutes).skip(warm_up).filter_map(|(_, minute)| minute.counts.get(&metric.id));
        pairs.into_iter().any(|pair| pair.compares())
    })
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(150) })]

    /// Green keeps all the traffic only with a verdict of promotion, and that only with data of both versions after the warm-up. Every run
    /// comes to rest with its record closed; a verdict is written once; no rollback is stopped, and nothing after its record was closed.
    #[test]
    fn nothing_is_promoted_without_data_of_both_versions(story in any_story()) {
        let world = World::new(&story, Vec::new());
        world.run();
        let end = world.end();
        prop_assert!(end.is_clean(), "{:?}", end);
        // With a watcher that runs, if late, nobody is left to their patience.
        if !story.ticks.contains(&-1) {
            prop_assert_eq!(end.patience, None, "{:?}", end);
        }
        let record = world.record();
        if end.verdict == Some(Kind::Promote) {
            prop_assert!(record.as_ref().is_some_and(has_data), "{:?}", end);
        }
        if matches!(end.status, "Succeeded" | "SUCCESSFUL") {
            prop_assert_eq!((end.verdict, end.green), (Some(Kind::Promote), 100), "{:?}", end);
        } else {
            prop_assert_eq!(end.green, 0, "{:?}", end);
        }
        if let Some(verdict) = record.and_then(|watch| watch.verdict) {
            prop_assert_eq!(end.action.is_some(), verdict.kind == Kind::Harm, "{:?}", end);
        }
    }

    /// Ticks in any order, any of them twice, and the last one: the same minutes, the same noise, and the same kind of verdict as of the
    /// last one alone. (A verdict of harm ends the reading, so after one the minutes are those up to it.)
    #[test]
    fn the_order_of_ticks_changes_nothing(
        rows in vec(row(), 1..12),
        ticks in vec(-3_i64..30, 0..24),
    ) {
        let story = Story {
            rows,
            ticks: vec![-1],
            ..story(
                "drawn",
                Shift::CodeDeploy { steps: &[(0, 10), (60, 100)], has_hook_after: false, termination_minutes: 0 },
                good(),
                promoted(),
            )
        };
        let after = |ticks: &[i64]| {
            let world = World::new(&story, Vec::new());
            while world.state.borrow().now < at(31) {
                world.step();
            }
            // The stop is out of the question here: what is looked at is the record.
            for minute in ticks.iter().chain(&[30]) {
                for stored in now(world.active()).unwrap() {
                    let watch = tick::World {
                        deployments: &world, minutes: &world, groups: &world, watches: &world, notifier: &world,
                    };
                    now(watch.tick(stored, at(*minute))).unwrap();
                }
            }
            world.record().unwrap()
        };
        let (alone, drawn) = (after(&[]), after(&ticks));
        prop_assert_eq!(
            alone.verdict.as_ref().map(|verdict| verdict.kind),
            drawn.verdict.as_ref().map(|verdict| verdict.kind)
        );
        if alone.verdict.is_none() {
            prop_assert_eq!(&alone.minutes, &drawn.minutes);
            prop_assert_eq!(&alone.noise, &drawn.noise);
            prop_assert_eq!(alone.ticked, drawn.ticked);
        }
    }
}

#[test]
fn what_is_drawn_can_be_read_as_settings() {
    for (_, settings) in SHIFTS {
        assert!(Policies::parse(&format!("version: 1\n{settings}")).is_ok(), "{settings}");
    }
}

/// The hook asks for 23 hours and then fails (`ecs_hook`); until then green has its first share and no more.
#[test]
fn a_shift_that_is_never_looked_at_is_held_at_its_first_step() {
    let (shift, settings) = SHIFTS[3].clone();
    let story = Story { settings, ticks: vec![-1], ..story("unwatched", shift, good(), promoted()) };
    let world = World::new(&story, Vec::new());
    world.run();
    let end = world.end();
    assert_eq!((end.status, end.green, end.verdict), ("IN_PROGRESS", 10, None));
    assert_eq!(end.why, "no minute of this step has been looked at yet");
}
