use super::*;

fn read(json: &str) -> Result<Parsed, ReportError> {
    Input::of_bytes(json.as_bytes()).and_then(super::read)
}

fn facts(tests: &str, summary: &str) -> (TestFacts, About) {
    let json = format!(
        r#"{{"reportFormat":"CTRF","specVersion":"0.0.0","results":{{"tool":{{"name":"jest","version":"30.0.0"}},"summary":{summary},"tests":[{tests}],
           "environment":{{"commit":"0123abc"}}}}}}"#
    );
    match read(&json) {
        Ok(Parsed { facts: Facts::Tests(facts), about }) => (facts, about),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_status_is_counted_and_what_nobody_knows_is_an_error() {
    let (facts, about) = facts(
        r#"{"name":"a","status":"passed","duration":1.5,"suite":["s","t"]},{"name":"b","status":"failed","duration":2,"suite":"s","message":"boom\nat x"},
           {"name":"c","status":"skipped","duration":0},{"name":"d","status":"pending","duration":0,"suite":null},
           {"name":"e","status":"other","rawStatus":"interrupted","duration":0},{"name":"f","status":"wobbly","duration":0},
           {"name":"g","status":"other","rawStatus":"todo","duration":0}"#,
        r#"{"tests":7,"passed":1,"failed":3,"skipped":1,"pending":1,"other":1,"start":1700000000000,"stop":1700000001000}"#,
    );
    assert_eq!((facts.passed, facts.failed, facts.errors, facts.skipped), (1, 1, 2, 3));
    assert_eq!(facts.duration_ms, 4);
    let broken: Vec<_> =
        facts.broken.iter().map(|case| (case.name.as_str(), case.message.as_str())).collect();
    assert_eq!(
        broken,
        [("s: b", "boom"), ("e", "its status is `interrupted`"), ("f", "its status is `wobbly`")]
    );
    assert_eq!((about.tool.as_deref(), about.commit.as_deref()), (Some("jest 30.0.0"), Some("0123abc")));
    assert_eq!(about.created.map(|at| at.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
    insta::assert_snapshot!(about.oddities.join("\n"), @"3 failures are declared and 1 found");
    let declared: Vec<_> = about.declared.iter().map(|d| (d.what, d.declared, d.counted)).collect();
    assert_eq!(declared[0], ("tests.total", 7, 7));
    assert_eq!(declared[2], ("tests.failed", 3, 1));
}

#[test]
fn a_test_that_passed_after_retries_is_flaky_and_one_that_failed_is_not() {
    let (facts, _) = facts(
        r#"{"name":"a","status":"passed","duration":1,"flaky":true},{"name":"b","status":"passed","duration":1,"retries":2},
           {"name":"c","status":"failed","duration":1,"flaky":true,"retries":2},{"name":"d","status":"passed","duration":1,"flaky":false,"retries":0}"#,
        "{}",
    );
    assert_eq!((facts.passed, facts.flaky, facts.failed), (3, 2, 1));
}

#[test]
fn what_is_no_evidence_is_refused_with_its_place() {
    let refused = |json: &str| read(json).unwrap_err();
    insta::assert_snapshot!(refused(r#"{"results":{"tests":[]}}"#), @"no test is there, at `/results/tests`");
    insta::assert_snapshot!(refused(r#"{"results":{"summary":{"tests":4},"tests":[]}}"#), @"4 tests are declared, but none is there, at `/results/tests`");
    insta::assert_snapshot!(refused(r#"{"results":{"summary":{"tests":4}}}"#), @"the JSON has another shape than the format: missing field 'tests', at `line 1 column 34`");
    insta::assert_snapshot!(refused(r#"{"results":{"tests":[{"name":"a"}]}}"#), @"the JSON has another shape than the format: missing field 'status', at `line 1 column 33`");
    insta::assert_snapshot!(refused(r#"{"results":{"tests":[{"name":"a","status":"passed"}"#), @"the JSON ends too early: it is truncated, at `line 1 column 51`");
}
