//! Both shapes of the summary and the traps between them.

use super::*;
use crate::reports::Problem;

fn read(text: &str) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(text.as_bytes())?)
}

fn facts(text: &str) -> (PerformanceFacts, About) {
    let parsed = read(text).unwrap();
    let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
    (facts, parsed.about)
}

const EXPORTED: &str = r#"{"root_group":{"name":"","path":"","groups":{},"checks":{}},"metrics":{
    "http_reqs":{"count":200,"rate":19.5},
    "http_req_failed":{"passes":3,"fails":197,"thresholds":{"rate<0.01":true},"value":0.015},
    "http_req_duration":{"avg":21.5,"min":1.5,"med":20.25,"max":300.5,"p(90)":40,"p(95)":55.5,"p(99.9)":299,"thresholds":{"p(95)<500":false}},
    "http_req_duration{expected_response:true}":{"avg":20,"max":90,"p(95)":50},
    "http_reqs{name:buy}":{"count":50,"rate":5},"http_req_duration{name:buy}":{"avg":30,"max":300.5,"p(95)":88},
    "checks":{"passes":190,"fails":10,"value":0.95},"iteration_duration":{"avg":9000,"p(95)":9500}}}"#;

const HANDLED: &str = r#"{"root_group":{"name":"","path":"","groups":[],"checks":[]},"options":{"summaryTimeUnit":""},"state":{"testRunDurationMs":10256.4},"metrics":{
    "http_reqs":{"type":"counter","contains":"default","values":{"count":200,"rate":19.5}},
    "http_req_failed":{"type":"rate","contains":"default","values":{"rate":0.015,"passes":3,"fails":197},"thresholds":{"rate<0.01":{"ok":false}}},
    "http_req_duration":{"type":"trend","contains":"time","values":{"avg":21.5,"med":20.25,"max":300.5,"p(95)":55.5},"thresholds":{"p(95)<500":{"ok":true}}}}}"#;

#[test]
fn both_shapes_say_the_same() {
    for text in [EXPORTED, HANDLED] {
        let (facts, about) = facts(text);
        let all = facts.samples(None).unwrap();
        assert_eq!((all.total(), all.failed(), all.per_second()), (200, Some(3), Some(19.5)));
        assert_eq!(
            (all.percentile(50), all.percentile(95), all.percentile(99)),
            (Some(20.25), Some(55.5), None)
        );
        assert_eq!((all.mean(), all.max()), (Some(21.5), Some(300.5)));
        assert!(
            about
                .oddities
                .iter()
                .any(|odd| odd == "k6's own threshold `rate<0.01` of `http_req_failed` was crossed")
        );
        assert!(!about.oddities.iter().any(|odd| odd.contains("p(95)<500")), "it was met");
        assert!(recognise(&Sniff::new(text.as_bytes(), text)));
    }
    insta::assert_snapshot!(facts(EXPORTED).1.oddities.join("\n"), @"
    k6's own threshold `rate<0.01` of `http_req_failed` was crossed
    10 of k6's own checks failed
    ");
}

#[test]
fn tags_with_a_count_are_labels_and_others_are_none() {
    let (facts, _) = facts(EXPORTED);
    assert_eq!(facts.labels.keys().map(String::as_str).collect::<Vec<_>>(), ["name:buy"]);
    let buy = facts.samples(Some("name:buy")).unwrap();
    assert_eq!((buy.total(), buy.failed(), buy.percentile(95)), (50, None, Some(88.0)));
}

#[test]
fn passes_of_the_rate_are_the_failures() {
    let all_failed =
        r#"{"metrics":{"http_reqs":{"count":9},"http_req_failed":{"passes":9,"fails":0,"value":1}}}"#;
    assert_eq!(facts(all_failed).0.samples(None).and_then(|all| all.failed()), Some(9));
    let turned =
        r#"{"metrics":{"http_reqs":{"count":9},"http_req_failed":{"passes":9,"fails":0,"value":0}}}"#;
    insta::assert_snapshot!(read(turned).unwrap_err(), @"a rate of 0 is not 9 failed requests of 9, at `/metrics/http_req_failed`");
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    let error = |text: &str| read(text).unwrap_err();
    insta::assert_snapshot!(error(r#"{"metrics":{"iterations":{"count":10},"iteration_duration":{"p(95)":3}}}"#), @"the summary has no HTTP request (`http_reqs`), at `/metrics`");
    insta::assert_snapshot!(error(r#"{"metrics":{"http_reqs":{"count":0}}}"#), @"the summary has no HTTP request (`http_reqs`), at `/metrics`");
    insta::assert_snapshot!(error(r#"{"metrics":{"http_reqs":{"count":1.5}}}"#), @"`count` is 1.5 and counts nothing, at `/metrics/http_reqs`");
    insta::assert_snapshot!(error(r#"{"metrics":{"http_reqs":{"count":5},"http_req_failed":{"passes":1,"fails":1}}}"#), @"1 failed and 1 other requests are not the 5 of `http_reqs`, at `/metrics/http_req_failed`");
    insta::assert_snapshot!(error(r#"{"root_group":{}}"#), @"the JSON has another shape than the format: missing field 'metrics', at `line 1 column 17`");
    assert_eq!(error(&EXPORTED[..EXPORTED.len() - 1]).problem, Problem::Truncated);
}
