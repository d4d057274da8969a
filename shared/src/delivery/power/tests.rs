//! Forecasts against the table of the reference, and in words.

use super::*;
use crate::delivery::policy::Policies;
use crate::delivery::series::{Minute, Pair, Series};
use crate::model::{MINUTE, Timestamp};

fn policy(more: &str) -> Policy {
    Policies::parse(&format!("version: 1\n{more}")).unwrap().of("api").clone()
}

fn asked<'a>(policy: &'a Policy, shares: &'a Shares, per_minute: f64, minutes: u32) -> Question<'a> {
    let precision = Precision { runs: 1000, advice_runs: 200 };
    Question {
        policy,
        worse: Direction::More,
        per_minute,
        rate: Some(0.005),
        noise: assumed_noise(policy),
        shares,
        minutes,
        precision,
    }
}

/// Percent of runs in which ×1.5, ×2, ×3 and ×5 are caught, by expected bad events of green: 20,000 runs each, α = 0.01, 15 minutes without
/// warm-up (Lindon and Malek's test as in `eprocess`; the figures come from an implementation in NumPy).
const PUBLISHED: [(f64, [f64; 4]); 7] = [
    (2.0, [1.0, 4.0, 19.0, 66.0]),
    (5.0, [3.0, 12.0, 55.0, 98.0]),
    (10.0, [5.0, 30.0, 90.0, 100.0]),
    (20.0, [12.0, 65.0, 100.0, 100.0]),
    (30.0, [21.0, 86.0, 100.0, 100.0]),
    (45.0, [37.0, 97.0, 100.0, 100.0]),
    (90.0, [76.0, 100.0, 100.0, 100.0]),
];

#[test]
fn the_published_power_table_is_reproduced() {
    let policy = policy("warm_up_minutes: 0\nnoise: 0");
    let shares = Shares::constant(10.0);
    for (expected, published) in PUBLISHED {
        let question = asked(&policy, &shares, expected / 15.0 / 0.005 * 10.0, 15);
        let world = World::planned(&question, &shares, 15);
        let found = RATIOS.map(|ratio| world.chance(ratio, 1000).chance * 100.0);
        let is_near = found.iter().zip(published).all(|(found, published)| (found - published).abs() <= 4.0);
        assert!(is_near, "{expected} expected: {found:?}, published {published:?}");
    }
}

#[test]
fn good_releases_are_cleared_as_published_and_hardly_ever_stopped() {
    let policy = policy("warm_up_minutes: 0\nnoise: 0\nnegligible_percent: 0");
    let shares = Shares::constant(10.0);
    for (per_minute, cleared, minute) in [(2_000.0, 73.0, 11), (6_000.0, 98.6, 4), (12_000.0, 100.0, 2)] {
        let question = asked(&policy, &shares, per_minute, 15);
        let good = World::planned(&question, &shares, 15).good(1000);
        assert!((good.cleared_early * 100.0 - cleared).abs() <= 4.0, "{per_minute}: {}", good.cleared_early);
        assert!(good.cleared <= good.cleared_early, "evidence for promotion may be lost again");
        assert!(good.stopped <= 0.007, "{per_minute}: {}", good.stopped);
        // The published medians count cleared releases only; the first row's is 8 there.
        assert!(good.cleared_minute.unwrap().abs_diff(minute) <= 1, "{:?}", good.cleared_minute);
    }
}

#[test]
fn a_canary_that_sees_nothing_says_what_would_help() {
    let policy = policy("warm_up_minutes: 0\nnoise: 0");
    let shares = Shares::constant(10.0);
    let small = forecast(&asked(&policy, &shares, 600.0, 15));
    insta::assert_snapshot!(small.sentence(), @"4.5 bad events of green are expected in 15 judged minute(s); a doubled rate is seen in 11 % of cases: give it 104 minutes");
    let large = forecast(&asked(&policy, &shares, 6_000.0, 15));
    insta::assert_snapshot!(large.sentence(), @"45 bad events of green are expected in 15 judged minute(s); a doubled rate is seen in 98 % of cases, in half of them by minute 6");
    assert_eq!(forecast(&asked(&policy, &shares, 600.0, 15)), small, "to the last bit");
    let smallest = large.smallest.unwrap();
    assert!((1.6..=2.0).contains(&smallest), "{smallest}");
}

#[test]
fn a_linear_shift_drains_its_baseline_and_the_forecast_knows() {
    let policy = policy("warm_up_minutes: 0\nnoise: 0");
    let linear = Shares::parse("linear:10/1", &policy.schedule).unwrap();
    let found = forecast(&asked(&policy, &linear, 600.0, 15));
    assert_eq!(found.judged_minutes, 9, "at 100 % there is nothing to compare with");
    let even = Shares::constant(45.0);
    let held = World::planned(&asked(&policy, &even, 600.0, 9), &even, 9).chance(2.0, 1000).chance;
    assert!(found.seen[1].chance < held, "the same share of all requests, held: {held}");
    assert_eq!(found.advice.unwrap().percent, None);
}

#[test]
fn without_a_bad_event_before_the_release_nothing_is_made_up() {
    let policy = policy("");
    let series = |bad: u64| -> Series {
        let pair = Pair::of((0, 0), (6000, bad));
        (0..60).map(|minute| (Timestamp::from_millis(minute * MINUTE), Minute::of("errors", pair))).collect()
    };
    let shares = Shares::constant(10.0);
    let of = |bad, minutes| of_release(&policy, &series(bad), &shares, minutes, Precision::HOOK);
    insta::assert_snapshot!(of(0, 15)[0].1.sentence(), @"blue had no bad event, so nothing is known of its usual rate and no ratio can be forecast; a release without one is cleared by minute 9");
    insta::assert_snapshot!(of(0, 4)[0].1.sentence(), @"blue had no bad event, so nothing is known of its usual rate and no ratio can be forecast; 1200 requests in 2 minute(s) are too few to clear a release without one");
    insta::assert_snapshot!(of(30, 15)[0].1.sentence(), @"39 bad events of green are expected in 13 judged minute(s); a doubled rate is seen in 95 % of cases, in half of them by minute 8");
    insta::assert_snapshot!(of(30, 2)[0].1.sentence(), @"no minute after the warm-up has traffic on both versions: nothing can be seen");
    let nothing = of_release(&policy, &Series::new(), &shares, 15, Precision::HOOK);
    insta::assert_snapshot!(nothing[0].1.sentence(), @"no minute after the warm-up has traffic on both versions: nothing can be seen");
}

#[test]
fn noise_costs_sight() {
    let (steady, noisy) = (policy("noise: 0"), policy("noise: 0.5"));
    let shares = Shares::constant(10.0);
    let of =
        |policy: &Policy| World::planned(&asked(policy, &shares, 6_000.0, 15), &shares, 15).chance(2.0, 300);
    assert!(of(&steady).chance > of(&noisy).chance + 0.1);
}

#[test]
fn a_long_watch_is_thought_through_less_often_and_says_so() {
    let policy = policy("");
    let shares = Shares::constant(10.0);
    let question = Question { precision: Precision::REPORT, ..asked(&policy, &shares, 60.0, 1000) };
    let found = forecast(&question);
    assert_eq!(found.runs, 200);
    assert!(found.error_points > 6.9, "{}", found.error_points);
}
