//! The vectors of Kayenta's own scorer tests.

use super::super::Classification::{self, High, Low, Nodata, NodataFail, Pass, PassWithoutData};
use super::super::score::{Score, score};
use super::super::{MetricResult, Outcome, Thresholds};
use std::collections::BTreeMap;

fn result(index: usize, (group, classification, critical): (&str, Classification, bool)) -> MetricResult {
    MetricResult {
        name: format!("m{index}"),
        groups: vec![group.to_owned()],
        muted: false,
        classification,
        critical,
        reason: String::new(),
        comparison: None,
    }
}

fn scored(weights: &[(&str, f64)], metrics: &[(&str, Classification, bool)]) -> Score {
    let results: Vec<MetricResult> =
        metrics.iter().enumerate().map(|(index, metric)| result(index, *metric)).collect();
    let weights: BTreeMap<String, f64> =
        weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
    score(&results, &weights, Thresholds { pass: 95.0, marginal: 75.0 })
}

/// `metrics`: group and classification, none critical.
fn total(weights: &[(&str, f64)], metrics: &[(&str, Classification)]) -> f64 {
    let metrics: Vec<_> = metrics.iter().map(|(group, found)| (*group, *found, false)).collect();
    scored(weights, &metrics).score
}

#[test]
fn groups_without_weights_share_the_total() {
    assert_eq!(total(&[], &[("a", Pass)]), 100.0);
    assert_eq!(total(&[], &[("a", High)]), 0.0);
    assert_eq!(total(&[], &[("a", Nodata)]), 0.0);
    assert_eq!(total(&[], &[("a", Pass), ("a", Pass), ("b", Nodata)]), 100.0);
    assert_eq!(total(&[], &[("a", Pass), ("a", High)]), 50.0);
    assert_eq!(total(&[], &[("a", Pass), ("a", High), ("a", Low)]), 33.33);
}

#[test]
fn weights_count_as_they_are_given() {
    let (uneven, even) = ([("a", 75.0), ("b", 25.0)], [("a", 50.0), ("b", 50.0)]);
    assert_eq!(total(&uneven, &[("a", Pass), ("a", Pass), ("b", High)]), 75.0);
    assert_eq!(total(&even, &[("a", Pass), ("a", High), ("b", High)]), 25.0);
    assert_eq!(total(&even, &[("a", Pass), ("a", Nodata), ("b", High)]), 50.0);
    assert_eq!(total(&[("a", 15.0), ("b", 85.0)], &[("a", High), ("a", Low), ("a", Pass), ("b", High)]), 5.0);
    assert_eq!(total(&[("a", 60.0)], &[("a", Pass), ("b", High), ("c", Pass)]), 80.0);
}

#[test]
fn a_critical_failure_makes_the_score_zero_and_another_does_not() {
    assert_eq!(scored(&[], &[("a", Pass, false), ("a", High, true)]).score, 0.0);
    assert_eq!(scored(&[], &[("a", Low, false), ("a", Pass, false)]).score, 50.0);
    let nodata = scored(&[], &[("a", Pass, false), ("a", Pass, false), ("a", Nodata, true)]);
    assert_eq!((nodata.score, nodata.outcome), (0.0, Outcome::Fail));
}

#[test]
fn missing_data_that_must_be_there_is_a_failure_in_its_group() {
    assert_eq!(total(&[], &[("a", Pass), ("a", NodataFail)]), 50.0);
    assert_eq!(total(&[], &[("a", Pass), ("a", Pass), ("a", Pass), ("a", Nodata)]), 100.0);
}

#[test]
fn half_of_the_metrics_without_data_make_the_score_zero() {
    assert_eq!(total(&[], &[("a", Pass), ("a", Nodata)]), 0.0);
    let found = scored(&[], &[("a", Pass, false), ("a", Nodata, false), ("b", Nodata, false)]);
    insta::assert_snapshot!(found.reason, @"fail: 2 of 3 metrics have no data, 50 % or more, so the score is 0");
    assert_eq!(found.groups[1].score, None);
}

#[test]
fn the_thresholds_belong_to_the_better_side() {
    let share = |passed: usize| {
        let metrics: Vec<_> = (0..20).map(|n| ("a", if n < passed { Pass } else { Low }, false)).collect();
        scored(&[], &metrics)
    };
    assert_eq!((share(19).score, share(19).outcome), (95.0, Outcome::Pass));
    assert_eq!((share(18).score, share(18).outcome), (90.0, Outcome::Marginal));
    assert_eq!((share(15).score, share(15).outcome), (75.0, Outcome::Marginal));
    assert_eq!((share(14).score, share(14).outcome), (70.0, Outcome::Fail));
    insta::assert_snapshot!(share(19).reason, @"pass: the score of 95 is at least 95; `m19` is low");
    insta::assert_snapshot!(share(18).reason, @"marginal: the score of 90 is below the 95 that pass; `m18` is low, `m19` is low");
    insta::assert_snapshot!(share(17).reason, @"marginal: the score of 85 is below the 95 that pass; `m17` is low, `m18` is low, `m19` is low");
    insta::assert_snapshot!(share(20).reason, @"pass: the score of 100 is at least 95");
}

#[test]
fn a_pass_that_rests_on_no_data_is_no_pass() {
    let found = scored(&[], &[("a", Pass, false), ("a", PassWithoutData, false)]);
    assert_eq!((found.score, found.outcome), (100.0, Outcome::Nodata));
    insta::assert_snapshot!(found.reason, @"no verdict: the score of 100 rests on metrics without data: `m1`");
    let failed = scored(&[], &[("a", High, false), ("a", High, false), ("a", PassWithoutData, false)]);
    assert_eq!((failed.score, failed.outcome), (33.33, Outcome::Fail));
}

#[test]
fn a_muted_metric_is_reported_and_not_scored() {
    let mut results = vec![result(0, ("a", Pass, false)), result(1, ("a", High, true))];
    results[1].muted = true;
    let found = score(&results, &BTreeMap::new(), Thresholds { pass: 95.0, marginal: 75.0 });
    assert_eq!((found.score, found.outcome), (100.0, Outcome::Pass));
}
