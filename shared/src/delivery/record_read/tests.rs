//! Records computed again and tried under other policies.

use super::calibrate::{Rate, outcome, same_against_same, trial};
use super::replay::replay;
use super::*;
use crate::delivery::policy::{Policies, Policy};
use crate::delivery::report::sample;
use crate::delivery::verdict::Kind;

fn policy(more: &str) -> Policy {
    Policies::parse(&format!("version: 1\n{more}")).unwrap().of("api-gateway").clone()
}

fn written(watch: &Watch) -> Watch {
    read(&serde_json::to_string(watch).unwrap()).unwrap()
}

#[test]
fn a_record_is_read_as_its_body_and_as_the_tables_item() {
    let watch = sample::harm();
    assert_eq!(written(&watch), watch);
    let body = serde_json::to_string(&watch).unwrap();
    let item = serde_json::json!({"Item": {"pk": {"S": "W#d-1"}, "body": {"S": body}}});
    assert_eq!(read(&item.to_string()).unwrap(), watch);
    insta::assert_snapshot!(read("{").unwrap_err(), @"this is no record of a watch: EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(read("{}").unwrap_err(), @"this is no record of a watch: it has no `record`, the version of its format");
    insta::assert_snapshot!(read(r#"{"record": 1}"#).unwrap_err(), @"the record has version 1, this release reads 2");
    insta::assert_snapshot!(read(r#"{"record": 2}"#).unwrap_err(), @"this is no record of a watch: missing field `deploymentId`");
}

#[test]
fn every_kind_of_verdict_is_computed_again_to_the_last_bit() {
    for (watch, kind) in
        [(sample::harm(), Kind::Harm), (sample::good(), Kind::Promote), (sample::quiet(), Kind::Inconclusive)]
    {
        let found = replay(&written(&watch)).unwrap();
        assert_eq!((found.difference, found.remarks), (None, Vec::<String>::new()), "{kind:?}");
        assert_eq!(found.verdict.map(|(kind, _)| kind), Some(kind));
        assert!(found.compared > 6 && found.ticks > 3, "{} {}", found.compared, found.ticks);
    }
}

#[test]
fn numbers_are_read_to_the_last_bit_however_long_they_are() {
    let mut watch = sample::harm();
    let long = 0.287_456_123_984_765_47_f64;
    for step in 0..2000_u64 {
        let noise = f64::from_bits(long.to_bits() + step * 7919);
        watch.noise = Some([("errors".to_owned(), noise)].into());
        assert_eq!(written(&watch).noise.unwrap()["errors"].to_bits(), noise.to_bits());
    }
}

#[test]
fn the_first_difference_is_said() {
    let changed = |change: fn(&mut Watch)| {
        let mut watch = sample::harm();
        change(&mut watch);
        replay(&watch).unwrap().difference.unwrap_or_default()
    };
    let far = changed(|watch| watch.evidence[0].path[1].1 += 1e-6);
    let place = "`errors`, evidence for harm at 2026-11-23T21:43:00Z: recorded ";
    assert!(far.starts_with(place) && far.ends_with(')'), "{far}");
    let near = changed(|watch| {
        let value = &mut watch.evidence[0].path[1].2;
        *value = f64::from_bits(value.to_bits() + 1);
    });
    let why = "; 1 unit(s) in the last place, as the logarithm of another kind of machine may give";
    assert!(near.ends_with(why), "{near}");

    insta::assert_snapshot!(changed(|watch| watch.verdict.as_mut().unwrap().kind = Kind::Promote), @"the verdict `promote` is recorded, `harm` comes out: green answered 46 of 4515 requests with 5XX (1.02 %) against 32 of 7459 requests with 5XX (0.43 %) on blue in 4 minute(s); evidence 1101:1 passes the bound 100:1 (false-stop rate at most 1 %)");
    insta::assert_snapshot!(changed(|watch| watch.evidence[0].metric = "latency".to_owned()), @"the evidence of `latency` is recorded, that of `errors` comes out");
    let last = |watch: &mut Watch| {
        watch.minutes.pop_last();
    };
    insta::assert_snapshot!(changed(last), @"`errors`: 4 minute(s) are recorded, 3 come out");
    insta::assert_snapshot!(changed(|watch| watch.verdict.as_mut().unwrap().reason = "because".to_owned()), @"the reason is recorded as `because`, `green answered 46 of 4515 requests with 5XX (1.02 %) against 32 of 7459 requests with 5XX (0.43 %) on blue in 4 minute(s); evidence 1101:1 passes the bound 100:1 (false-stop rate at most 1 %)` comes out");
}

#[test]
fn a_record_without_evidence_and_a_first_deployment_say_what_is_not_compared() {
    let mut watch = sample::harm();
    watch.evidence.clear();
    let found = replay(&watch).unwrap();
    assert_eq!(found.difference, None);
    insta::assert_snapshot!(found.remarks.join("; "), @"the record holds no evidence values: only its verdict could be compared");
    watch.arms.as_mut().unwrap().blue = None;
    insta::assert_snapshot!(replay(&watch).unwrap().remarks.join("; "), @"a first deployment is compared with nothing: its verdict is not computed");
}

#[test]
fn a_policy_is_tried_on_what_was() {
    let found = trial(&policy(""), &sample::harm());
    assert_eq!((found.then, found.now.kind, found.is_good), (Some(Kind::Harm), Kind::Harm, false));
    assert!(found.now.minute.is_some_and(|minute| (3..=8).contains(&minute)), "{:?}", found.now.minute);
    let found = trial(&policy(""), &sample::good());
    assert_eq!((found.now.kind, found.is_good, found.now.minute), (Kind::Promote, true, None));
    let blind = trial(&policy("tolerated_ratio: 9\nexcluded_ratio: 20"), &sample::harm());
    assert_ne!(blind.now.kind, Kind::Harm);
    let nothing = outcome(&policy(""), &[].into(), &[].into());
    assert_eq!(nothing.kind, Kind::Inconclusive);
}

#[test]
fn a_version_against_itself_is_hardly_ever_stopped() {
    let (rate, _) = same_against_same(&policy("noise: 0"), &sample::harm(), 300);
    assert!(rate.of == 300 && rate.rate.unwrap() <= 0.01, "{rate:?}");
    assert_eq!(same_against_same(&policy("noise: 0"), &sample::harm(), 300).0, rate, "seeded");
    let (hasty, first) =
        same_against_same(&policy("noise: 0\nalpha: 0.5\nwarm_up_minutes: 0"), &sample::harm(), 300);
    assert!(hasty.stopped > rate.stopped && first.is_some(), "{hasty:?}");
}

#[test]
fn an_interval_holds_the_rate_and_nothing_is_known_of_nothing() {
    let rate = Rate::of(2, 400);
    assert!((rate.low - 0.001_372).abs() < 1e-5 && (rate.high - 0.018_045).abs() < 1e-5, "{rate:?}");
    assert_eq!((Rate::of(0, 50).low, Rate::of(50, 50).high), (0.0, 1.0));
    let none = Rate::of(0, 0);
    assert_eq!((none.rate, none.low, none.high), (None, 0.0, 1.0));
}
