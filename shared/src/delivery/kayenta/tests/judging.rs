use super::super::{Classification, Config, Judgement, MetricResult, Outcome, Series, Thresholds, judge};
use super::config;
use crate::delivery::stats::random::Random;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

const BASELINE: [f64; 15] =
    [127.8, 111.9, 113.6, 113.1, 96.7, 76.4, 104.3, 94.7, 74.4, 89.8, 83.9, 59.0, 108.4, 101.9, 88.8];
const SLOWER: [f64; 15] =
    [125.3, 172.4, 128.9, 110.7, 139.0, 121.4, 112.7, 147.5, 137.5, 121.4, 100.9, 121.6, 121.2, 142.3, 128.5];

fn judged(config: &Config, baseline: &[f64], canary: &[f64]) -> Judgement {
    let series = Series { name: "errors".to_owned(), baseline: baseline.to_vec(), canary: canary.to_vec() };
    judge(config, None, &[series]).unwrap()
}

fn metric(config: &Config, baseline: &[f64], canary: &[f64]) -> MetricResult {
    judged(config, baseline, canary).metrics.remove(0)
}

fn reason(config: &Config, baseline: &[f64], canary: &[f64]) -> String {
    metric(config, baseline, canary).reason
}

#[test]
fn a_clear_difference_is_high_or_low_and_says_by_how_much() {
    let either = config(&json!({}));
    insta::assert_snapshot!(reason(&either, &BASELINE, &SLOWER), @"`errors` is high: mean 128.8 in the canary against 96.31 in the baseline (15 and 15 points), shifted by 31.4, with 98 % confidence by 15.3 to 47.2, all above 7.85; the ratio of the means, 1.337, is at least 1");
    insta::assert_snapshot!(reason(&either, &SLOWER, &BASELINE), @"`errors` is low: mean 96.31 in the canary against 128.8 in the baseline (15 and 15 points), shifted by -31.4, with 98 % confidence by -47.2 to -15.3, all below -7.85; the ratio of the means, 0.748, is at most 1");
    insta::assert_snapshot!(judged(&either, &BASELINE, &SLOWER).score.reason, @"fail: the score of 0 is below the 75 that are marginal; `errors` is high");
    assert_eq!(metric(&either, &BASELINE, &SLOWER).classification, Classification::High);
    assert_eq!(metric(&either, &SLOWER, &BASELINE).classification, Classification::Low);
}

#[test]
fn a_difference_in_the_harmless_direction_passes() {
    insta::assert_snapshot!(reason(&config(&json!({"direction": "decrease"})), &BASELINE, &SLOWER), @"`errors` passes: mean 128.8 in the canary against 96.31 in the baseline (15 and 15 points), shifted by 31.4, with 98 % confidence by 15.3 to 47.2, all above 7.85, which `direction: decrease` lets pass");
    insta::assert_snapshot!(reason(&config(&json!({"direction": "increase"})), &SLOWER, &BASELINE), @"`errors` passes: mean 96.31 in the canary against 128.8 in the baseline (15 and 15 points), shifted by -31.4, with 98 % confidence by -47.2 to -15.3, all below -7.85, which `direction: increase` lets pass");
}

#[test]
fn no_clear_difference_passes_with_the_interval() {
    let shuffled: Vec<f64> =
        BASELINE.iter().map(|value| value + 0.5 * f64::from(u8::from(*value > 100.0))).collect();
    insta::assert_snapshot!(reason(&config(&json!({})), &BASELINE, &shuffled), @"`errors` passes: mean 96.55 in the canary against 96.31 in the baseline (15 and 15 points), shifted by 0, with 98 % confidence by -16.9 to 17.4, not all beyond 0 either way");
    let reversed: Vec<f64> = BASELINE.iter().rev().copied().collect();
    insta::assert_snapshot!(reason(&config(&json!({})), &BASELINE, &reversed), @"`errors` passes: both arms have the same 15 values");
    insta::assert_snapshot!(reason(&config(&json!({})), &[0.0; 15], &[0.0; 9]), @"`errors` passes: every point of both arms is 0");
}

#[test]
fn an_effect_that_is_too_small_passes_and_one_without_ratio_does_not_matter() {
    let ratio = config(&json!({"effectSize": {"allowedIncrease": 1.5}}));
    insta::assert_snapshot!(reason(&ratio, &BASELINE, &SLOWER), @"`errors` passes: mean 128.8 in the canary against 96.31 in the baseline (15 and 15 points), shifted by 31.4, with 98 % confidence by 15.3 to 47.2, all above 7.85; the ratio of the means, 1.337, is below 1.5");
    let pairs = config(&json!({"effectSize": {"measure": "cles", "allowedIncrease": 0.9}}));
    insta::assert_snapshot!(reason(&pairs, &BASELINE, &SLOWER), @"`errors` is high: mean 128.8 in the canary against 96.31 in the baseline (15 and 15 points), shifted by 31.4, with 98 % confidence by 15.3 to 47.2, all above 7.85; the share of pairs in which the canary is higher, 0.9156, is at least 0.9");
    insta::assert_snapshot!(reason(&ratio, &[0.0; 15], &[2.0; 15]), @"`errors` is high: mean 2 in the canary against 0 in the baseline (15 and 15 points), shifted by 2, with 98 % confidence by 2 to 2, all above 0.5; a mean of 0 has no ratio, so the size does not matter");
}

#[test]
fn a_critical_metric_fails_the_canary_only_beyond_its_own_limit() {
    let critical = config(&json!({"critical": true}));
    insta::assert_snapshot!(judged(&critical, &BASELINE, &SLOWER).score.reason, @"fail: critical, so the score is 0: `errors` is high");
    assert!(metric(&critical, &BASELINE, &SLOWER).critical);
    let far = config(&json!({"critical": true, "effectSize": {"criticalIncrease": 5}}));
    insta::assert_snapshot!(reason(&far, &BASELINE, &SLOWER), @"`errors` is high: mean 128.8 in the canary against 96.31 in the baseline (15 and 15 points), shifted by 31.4, with 98 % confidence by 15.3 to 47.2, all above 7.85; the ratio of the means, 1.337, is at least 1; not far enough to fail the canary as critical");
    assert!(!metric(&far, &BASELINE, &SLOWER).critical);
}

#[test]
fn no_data_is_a_state_of_its_own_and_never_passes() {
    let nan = [f64::NAN; 15];
    let plain = config(&json!({}));
    insta::assert_snapshot!(reason(&plain, &BASELINE, &nan), @"`errors` has no data: 0 points in the canary, 15 in the baseline; it is left out of the score");
    insta::assert_snapshot!(judged(&plain, &BASELINE, &nan).score.reason, @"fail: 1 of 1 metrics have no data, 50 % or more, so the score is 0");
    let must = config(&json!({"mustHaveData": true}));
    insta::assert_snapshot!(reason(&must, &[], &SLOWER), @"`errors` has no data: 15 points in the canary, 0 in the baseline; `mustHaveData` makes that a failure");
    let critical = config(&json!({"critical": true, "mustHaveData": true}));
    insta::assert_snapshot!(reason(&critical, &[], &SLOWER), @"`errors` has no data: 15 points in the canary, 0 in the baseline; it is critical, so the canary fails");
    insta::assert_snapshot!(judged(&critical, &[], &SLOWER).score.reason, @"fail: critical, so the score is 0: `errors` has no data");
    let replace = config(&json!({"nanStrategy": "replace"}));
    insta::assert_snapshot!(reason(&replace, &[], &SLOWER), @"`errors` counts as passed without data: 15 points in the canary, 0 in the baseline, because `nanStrategy` is `replace`");
    insta::assert_snapshot!(judged(&replace, &[], &SLOWER).score.reason, @"no verdict: the score of 100 rests on metrics without data: `errors`");
    for config in [plain, must, critical, replace] {
        let outcomes =
            [judged(&config, &[], &SLOWER), judged(&config, &BASELINE, &[]), judged(&config, &[], &[])];
        assert!(
            outcomes.iter().all(|judged| matches!(judged.score.outcome, Outcome::Fail | Outcome::Nodata))
        );
        assert_ne!(judge(&config, None, &[]).unwrap().score.outcome, Outcome::Pass, "no series at all");
    }
}

#[test]
fn missing_points_are_left_out_or_counted_as_zero() {
    let half = [f64::NAN, 4.0, f64::NAN, 4.0, f64::NAN, 4.0, f64::NAN, 4.0];
    let count = |strategy| {
        let found = metric(&config(&json!({"nanStrategy": strategy})), &[1.0, 2.0, 3.0], &half);
        found.comparison.map(|found| (found.canary.count, found.canary.mean))
    };
    assert_eq!(count("remove"), Some((4, 4.0)));
    assert_eq!(count("replace"), Some((8, 2.0)));
}

#[test]
fn outliers_are_removed_only_where_asked_and_only_beyond_both_fences() {
    let mut burst = BASELINE.to_vec();
    burst.push(1e6);
    let count = |outliers| {
        let found = metric(&config(&json!({"outliers": outliers})), &SLOWER, &burst);
        found.comparison.map(|found| found.canary.count)
    };
    assert_eq!(count(json!({"strategy": "keep"})), Some(16));
    assert_eq!(count(json!({"strategy": "remove"})), Some(15));
    // The fence is never inside the 1st and the 99th percentile.
    assert_eq!(count(json!({"strategy": "remove", "outlierFactor": 1e9})), Some(16));
}

#[test]
fn rare_errors_pass_because_the_median_of_all_differences_is_zero() {
    let rare = |every: usize| (0..60).map(|n| f64::from(u8::from(n % every == 0))).collect::<Vec<f64>>();
    let found = metric(&config(&json!({})), &rare(12), &rare(3));
    assert_eq!(found.classification, Classification::Pass);
    insta::assert_snapshot!(found.reason, @"`errors` passes: mean 0.3333 in the canary against 0.08333 in the baseline (60 and 60 points), shifted by 0, with 98 % confidence by 0 to 0, not all beyond 0 either way");
}

#[test]
fn too_few_points_are_said_to_be_too_few() {
    insta::assert_snapshot!(reason(&config(&json!({})), &[1.0, 1.5], &[9.0, 8.0]), @"`errors` is high: mean 8.5 in the canary against 1.25 in the baseline (2 and 2 points), shifted by 7.25, with 98 % confidence by 6.5 to 8, all above 1.812; the ratio of the means, 6.8, is at least 1; these are too few points for 98 %");
}

#[test]
fn what_cannot_be_judged_is_an_error_that_says_why() {
    let config = config(&json!({}));
    let series =
        |name: &str, value| Series { name: name.to_owned(), baseline: vec![1.0], canary: vec![2.0, value] };
    insta::assert_snapshot!(judge(&config, None, &[series("errors", f64::INFINITY)]).unwrap_err(), @"`errors`, canary: value 2 of 2 is `inf`, which is not between -1e300 and 1e300");
    insta::assert_snapshot!(judge(&config, None, &[series("error", 1.0)]).unwrap_err(), @"no metric of the configuration is called `error`; the nearest is `errors`");
    let without = Config { thresholds: None, ..config };
    insta::assert_snapshot!(judge(&without, None, &[]).unwrap_err(), @"the configuration has no `scoreThresholds`; say from which score on the canary passes and from which it is marginal");
    let given = Some(Thresholds { pass: 90.0, marginal: 50.0 });
    assert!(judge(&without, given, &[series("errors", 1.0)]).is_ok());
}

#[test]
fn a_judgement_is_json_without_surprises() {
    let judged = judged(&config(&json!({})), &BASELINE, &SLOWER);
    let mut value = serde_json::to_value(judged).unwrap();
    value["metrics"][0]["reason"] = json!("…");
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap(), @r#"
    {
      "groups": [
        {
          "name": "Errors",
          "passed": 0,
          "score": 0.0,
          "scored": 1,
          "weight": 100.0
        }
      ],
      "metrics": [
        {
          "classification": "high",
          "comparison": {
            "baseline": {
              "count": 15,
              "mean": 96.31333333333333,
              "median": 96.7
            },
            "bound": 7.850000000000001,
            "canary": {
              "count": 15,
              "mean": 128.75333333333333,
              "median": 125.3
            },
            "effect": 1.3368173323181283,
            "lower": 15.300000000000011,
            "reached": true,
            "shift": 31.400000000000006,
            "upper": 47.19999999999999
          },
          "critical": false,
          "groups": [
            "Errors"
          ],
          "muted": false,
          "name": "errors",
          "reason": "…"
        }
      ],
      "outcome": "fail",
      "reason": "fail: the score of 0 is below the 75 that are marginal; `errors` is high",
      "score": 0.0
    }
    "#);
}

/// Classifications of 400 drawn pairs of 30 points each.
fn drawn(mut arms: impl FnMut(&mut Random) -> (f64, f64), factor: f64) -> Vec<Classification> {
    let config = config(&json!({"direction": "increase"}));
    let mut random = Random::new(7);
    let mut one = || {
        let points: Vec<(f64, f64)> = (0..30).map(|_| arms(&mut random)).collect();
        let arm =
            |of: fn(&(f64, f64)) -> f64| points.iter().map(|point| of(point) * factor).collect::<Vec<_>>();
        metric(&config, &arm(|point| point.0), &arm(|point| point.1)).classification
    };
    (0..400).map(|_| one()).collect()
}

fn high(found: &[Classification]) -> usize {
    found.iter().filter(|one| **one == Classification::High).count()
}

#[test]
fn error_rates_are_judged_alike_as_a_fraction_and_in_ppm() {
    // Kayenta's root search calls 27 of 400 equal pairs high as a fraction and none in ppm, and differs in 150 of 400 with ×1.25.
    for (ratio, least, most) in [(1.0, 0, 8), (1.25, 200, 400)] {
        let arms = |random: &mut Random| {
            (2e-4 * (1.0 + 0.2 * random.normal()), 2e-4 * ratio * (1.0 + 0.2 * random.normal()))
        };
        let (fraction, ppm) = (drawn(arms, 1.0), drawn(arms, 1e6));
        assert_eq!(fraction, ppm);
        assert!((least..=most).contains(&high(&fraction)), "×{ratio}: {}", high(&fraction));
    }
}

#[test]
fn a_trivial_but_certain_shift_is_high_without_effect_sizes_as_the_rules_say() {
    // +2 % on 45 ms with a spread of 0.4 ms.
    let arms = |random: &mut Random| (45.0 + 0.4 * random.normal(), 45.9 + 0.4 * random.normal());
    assert_eq!(high(&drawn(arms, 1.0)), 400);
}

proptest! {
    #[test]
    fn units_change_no_verdict(
        baseline in vec(0_u32..40, 1..30),
        canary in vec(0_u32..60, 1..30),
        power in -12_i32..12,
        ratio in 1.0..2.0,
    ) {
        let config = config(&json!({"effectSize": {"allowedIncrease": ratio, "allowedDecrease": 1.0 / ratio}}));
        let scaled = |values: &[u32], factor: f64| values.iter().map(|value| f64::from(*value) * factor).collect::<Vec<_>>();
        let verdict = |factor| metric(&config, &scaled(&baseline, factor), &scaled(&canary, factor)).classification;
        // Powers of two are exact, so even a tie with a limit stays one.
        prop_assert_eq!(verdict(1.0), verdict(2_f64.powi(power)));
        prop_assert_eq!(verdict(1.0), verdict(2_f64.powi(power * 10)));
    }

    #[test]
    fn swapping_the_arms_swaps_high_and_low(baseline in vec(-20_i32..40, 1..30), canary in vec(-20_i32..60, 1..30)) {
        let config = config(&json!({}));
        let values = |values: &[i32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
        let (one, other) = (values(&baseline), values(&canary));
        // Without effect sizes: those are ratios, which turn differently.
        let shift = |one: &[f64], other: &[f64]| metric(&config, one, other).comparison.map(|found| (found.lower, found.upper));
        let turned = shift(&other, &one).map(|(lower, upper)| (0.0 - upper, 0.0 - lower));
        prop_assert_eq!(shift(&one, &other), turned);
    }
}
