//! From minutes to verdicts: what stops a release, what promotes it, and what does neither.

use super::*;
use crate::delivery::policy::Policies;
use crate::delivery::verdict::Kind;
use crate::model::MINUTE;

type Row = (u64, u64, u64, u64);

fn series(minutes: &[Row]) -> Series {
    let at = |minute: usize| Timestamp::from_millis(i64::try_from(minute).unwrap() * MINUTE);
    let pair = |(gr, ge, br, be): &Row| Minute::of("errors", Pair::of((*gr, *ge), (*br, *be)));
    minutes.iter().enumerate().map(|(index, row)| (at(index), pair(row))).collect()
}

fn policy(more: &str) -> Policy {
    Policies::parse(&format!("version: 1\nnoise: 0.1\n{more}")).unwrap().of("api").clone()
}

fn decide(minutes: &[Row], is_asked: bool, is_late: bool) -> Option<(Kind, String)> {
    let policy = policy("");
    let analysis = analyse(&policy, &NoiseOf::new(), &series(minutes));
    conclude(&policy, &analysis, Situation { is_asked, is_late })
}

#[test]
fn five_times_the_errors_is_harm_within_minutes_and_says_why() {
    let (kind, reason) = decide(&[(600, 15, 5400, 27); 4], false, false).unwrap();
    assert_eq!(kind, Kind::Harm);
    insta::assert_snapshot!(reason, @"green answered 30 of 1200 requests with 5XX (2.50 %) against 54 of 10800 requests with 5XX (0.50 %) on blue in 2 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)");
}

#[test]
fn a_cold_start_is_forgiven_and_a_catastrophe_is_not() {
    let cold = [(600, 9, 5400, 27), (600, 9, 5400, 27), (600, 3, 5400, 27)];
    assert_eq!(decide(&cold, false, false), None);
    let (_, reason) = decide(&[(600, 400, 5400, 27)], false, false).unwrap();
    insta::assert_snapshot!(reason, @"green answered 400 of 600 requests with 5XX (66.67 %) while it warmed up; a catastrophe is 50 %");
}

#[test]
fn an_outage_of_both_versions_is_nobodys_fault() {
    assert_eq!(decide(&[(600, 300, 5400, 2700); 6], false, false), None);
}

#[test]
fn a_good_release_is_promoted_when_somebody_asks_and_not_before() {
    let good = [(600, 3, 5400, 27); 10];
    assert_eq!(decide(&good, false, false), None);
    let (kind, reason) = decide(&good, true, false).unwrap();
    assert_eq!(kind, Kind::Promote);
    insta::assert_snapshot!(reason, @"green answered 24 of 4800 requests with 5XX (0.50 %) against 216 of 43200 requests with 5XX (0.50 %) on blue in 8 minute(s); 2 times that rate is excluded by evidence 332:1 (bound 20:1)");
}

#[test]
fn a_service_that_never_fails_is_promoted_by_enough_requests() {
    let (kind, reason) = decide(&[(600, 0, 5400, 0); 12], true, false).unwrap();
    assert_eq!(kind, Kind::Promote);
    insta::assert_snapshot!(reason, @"green answered 0 of 6000 requests with 5XX (0.00 %) against 0 of 54000 requests with 5XX (0.00 %) on blue in 10 minute(s); a rate above 0.1 % is excluded by evidence 90:1 (bound 20:1)");
}

#[test]
fn no_data_in_any_form_never_promotes() {
    let forms: [&[Row]; 6] = [
        &[],
        &[(0, 0, 6000, 30); 10],
        &[(6000, 30, 0, 0); 10],
        &[(6, 0, 54, 0); 10],
        &[(0, 0, 0, 0); 10],
        &[(600, 0, 5400, 0); 2],
    ];
    for minutes in forms {
        for (is_asked, is_late) in [(true, false), (true, true), (false, true)] {
            let found = decide(minutes, is_asked, is_late);
            assert_ne!(found.map(|(kind, _)| kind), Some(Kind::Promote), "{minutes:?}");
        }
    }
    insta::assert_snapshot!(decide(&[], true, true).unwrap().1, @"green had no traffic that was measured: nothing was compared");
    insta::assert_snapshot!(decide(&[(6, 0, 54, 0); 10], true, true).unwrap().1, @"neither harm nor its absence is shown: blue had no bad event of `errors` in 432 requests, so nothing is known of the usual rate in 8 minute(s), about 30 are needed to see a doubled rate");
    insta::assert_snapshot!(decide(&[(60, 1, 540, 3); 4], true, true).unwrap().1, @"neither harm nor its absence is shown: 0.7 bad events of `errors` were expected of green in 2 minute(s), about 30 are needed to see a doubled rate");
    insta::assert_snapshot!(decide(&[(6000, 30, 0, 0); 10], true, false).unwrap().1, @"no minute after the warm-up had `errors` of both versions: nothing was compared");
}

#[test]
fn a_version_between_good_and_bad_is_said_to_be_there() {
    let (kind, reason) = decide(&[(600, 4, 5400, 27); 14], true, true).unwrap();
    assert_eq!(kind, Kind::Inconclusive);
    insta::assert_snapshot!(reason, @"green answered 48 of 7200 requests with 5XX (0.67 %) against 324 of 64800 requests with 5XX (0.50 %) on blue in 12 minute(s): between the bounds, evidence for harm 1:1 of 100:1, for its absence 7:1 of 20:1");
}

#[test]
fn a_metric_that_is_missing_keeps_the_others_from_promoting() {
    let policy =
        policy("metrics: [{id: errors, kind: errors}, {id: slow, kind: latency, objective_ms: 400}]");
    let analysis = analyse(&policy, &NoiseOf::new(), &series(&[(600, 3, 5400, 27); 12]));
    let late = Situation { is_asked: true, is_late: true };
    let (kind, reason) = conclude(&policy, &analysis, late).unwrap();
    assert_eq!(kind, Kind::Inconclusive);
    insta::assert_snapshot!(reason, @"no minute after the warm-up had `slow` of both versions: nothing was compared");
}

#[test]
fn orders_that_become_fewer_are_harm() {
    let text = "metrics: [{id: orders, kind: counts, worse: fewer, total: {namespace: Shop, metric: Visits}, bad: {namespace: Shop, metric: Orders}}]";
    let policy = policy(text);
    let minute = |orders| Minute::of("orders", Pair::of((600, orders), (5400, 540)));
    let of = |orders| -> Series {
        (0..9).map(|index| (Timestamp::from_millis(index * MINUTE), minute(orders))).collect()
    };
    let asked = Situation { is_asked: true, is_late: false };
    let found = |orders| {
        conclude(&policy, &analyse(&policy, &NoiseOf::new(), &of(orders)), asked).map(|(kind, _)| kind)
    };
    assert_eq!(found(20), Some(Kind::Harm));
    assert_eq!(found(60), Some(Kind::Promote));
}

#[test]
fn a_limit_counts_minutes_in_its_window_and_says_when_it_has_no_data() {
    let with =
        |limit: &str| policy(&format!("thresholds: [{{id: errors-of-green, metric: errors, {limit}}}]"));
    let sentence = |policy: &Policy, rows: &[Row]| {
        let analysis = analyse(policy, &NoiseOf::new(), &series(rows));
        format!("{:?}: {}", analysis.limits[0].state, analysis.limits[0].sentence)
    };
    let bad = [(60, 0, 540, 3), (60, 0, 540, 3), (60, 2, 540, 3), (60, 0, 540, 3), (60, 2, 540, 3)];
    insta::assert_snapshot!(sentence(&with("above: 1, minutes: 2, of: 3"), &bad), @"Breached: green had 2 of 60 requests with 5XX (3.33 %) against `errors-of-green` (at most 1) in 2 of 3 minute(s), 2 are too many");
    insta::assert_snapshot!(sentence(&with("above: 1, minutes: 2, of: 2"), &bad), @"Held: `errors-of-green` (at most 1) held in 1 of 3 minute(s)");
    insta::assert_snapshot!(sentence(&with("above: 1, minutes: 3, failure_limit: 1"), &bad), @"Breached: green had 2 of 60 requests with 5XX (3.33 %) against `errors-of-green` (at most 1) in 2 minute(s) of the shift, at most 1 may be");
    let silent = [(60, 0, 540, 3), (60, 0, 540, 3), (60, 0, 540, 3), (0, 0, 540, 3), (0, 0, 540, 3)];
    insta::assert_snapshot!(sentence(&with("above: 1, error_limit: 2"), &silent), @"NoData: `errors-of-green` (at most 1) had no data in 2 minute(s) in a row, 2 make it inconclusive");
}

#[test]
fn advice_decides_nothing_and_lowers_the_score() {
    let text =
        "metrics: [{id: errors, kind: errors, dry_run: true}, {id: slow, kind: latency, objective_ms: 400}]";
    let policy = policy(text);
    let analysis = analyse(&policy, &NoiseOf::new(), &series(&[(600, 30, 5400, 27); 8]));
    assert_eq!(analysis.evidence[0].state, EvidenceState::Harm);
    assert!((analysis.score - 50.0).abs() < 1e-9, "{}", analysis.score);
    assert_eq!(conclude(&policy, &analysis, Situation { is_asked: false, is_late: true }), None);
}

#[test]
fn the_same_minutes_give_the_same_analysis_to_the_last_bit() {
    let policy = policy("");
    let rows: Vec<Row> = (0..60).map(|i| (600 + i, 3 + i % 4, 5400 - i, 27 + i % 5)).collect();
    let one = serde_json::to_string(&analyse(&policy, &NoiseOf::new(), &series(&rows))).unwrap();
    let again: Series = serde_json::from_str(&serde_json::to_string(&series(&rows)).unwrap()).unwrap();
    assert_eq!(serde_json::to_string(&analyse(&policy, &NoiseOf::new(), &again)).unwrap(), one);
}
