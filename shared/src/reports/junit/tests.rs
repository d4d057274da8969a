use super::*;

fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(bytes)?)
}

fn both(xml: &str) -> (TestFacts, About) {
    match read(xml.as_bytes()) {
        Ok(Parsed { facts: Facts::Tests(facts), about }) => (facts, about),
        other => panic!("{other:?}"),
    }
}

fn facts(xml: &str) -> TestFacts {
    both(xml).0
}

/// The facts of one suite with these cases.
fn cases(xml: &str) -> TestFacts {
    facts(&format!("<testsuite>{xml}</testsuite>"))
}

/// Passed, failed, errors, skipped, flaky.
fn counts(facts: &TestFacts) -> (u64, u64, u64, u64, u64) {
    (facts.passed, facts.failed, facts.errors, facts.skipped, facts.flaky)
}

fn broken(facts: &TestFacts) -> Vec<(&str, &str)> {
    facts.broken.iter().map(|case| (case.name.as_str(), case.message.as_str())).collect()
}

#[test]
fn the_presence_of_an_element_decides_and_the_worst_outcome_wins() {
    let facts = cases(
        r#"<testcase name="a"/><testcase name="b"><failure message="x"/></testcase><testcase name="c"><skipped/></testcase>
           <testcase name="d" classname="K"><skipped/><error/><failure/></testcase><testcase name="e"><failure/></testcase>"#,
    );
    assert_eq!(counts(&facts), (1, 2, 1, 1, 0));
    assert_eq!(broken(&facts), [("b", "x"), ("K: d", ""), ("e", "")]);
}

#[test]
fn only_leaf_cases_are_counted_wherever_they_stand() {
    let nested = r#"<testsuites tests="9"><testsuite tests="2"><testsuite tests="1"><testcase name="a"/></testsuite>
        <testsuite tests="1"><testcase name="b"/></testsuite></testsuite><testcase name="c"/></testsuites>"#;
    assert_eq!(facts(nested).total(), 3);
    assert_eq!(facts(r#"<testsuite><testcase name="a"/></testsuite>"#).total(), 1);
    let inside =
        r#"<testcase name="a"><testcase name="b"/><testcase name="c"><failure/></testcase></testcase>"#;
    assert_eq!(counts(&cases(inside)), (1, 1, 0, 0, 0));
    let both = r#"<testcase name="a"><testcase name="b"/><failure/></testcase>"#;
    assert_eq!(counts(&cases(both)), (1, 1, 0, 0, 0));
}

#[test]
fn a_flaky_child_makes_a_passed_case_flaky_and_never_a_failed_one_pass() {
    let facts = cases(
        r#"<testcase name="surefire"><flakyFailure message="1st"><stackTrace/></flakyFailure></testcase>
           <testcase name="nextest"><flakyError/><flakyFailure/></testcase>
           <testcase name="flaky-result = fail"><flakyFailure/><failure message="flaky"/></testcase>"#,
    );
    assert_eq!(counts(&facts), (2, 1, 0, 0, 2));
    assert_eq!(facts.flaky_cases, ["surefire", "nextest"]);
}

#[test]
fn reruns_beside_a_failure_or_alone_are_a_failed_case() {
    let facts = cases(
        r#"<testcase name="a"><failure message="last"/><rerunFailure message="again"/><rerunFailure/></testcase>
           <testcase name="b"><rerunFailure message="only"/></testcase><testcase name="c"><failure/><rerunError message="worse"/></testcase>"#,
    );
    assert_eq!(counts(&facts), (0, 2, 1, 0, 0));
    assert_eq!(broken(&facts), [("a", "last"), ("b", "only"), ("c", "worse")]);
}

#[test]
fn status_and_result_attributes_count_and_unknown_words_are_errors() {
    let facts = cases(
        r#"<testcase name="run" status="run" result="completed"/><testcase name="off" status="notrun" result="suppressed"/>
           <testcase name="dis" status="disabled"/><testcase name="ign" result="Ignored"/><testcase name="ctest" status="fail"/>
           <testcase name="odd" status="sideways"/><testcase name="lies" status="passed"><failure message="no"/></testcase>"#,
    );
    assert_eq!(counts(&facts), (1, 2, 1, 3, 0));
    insta::assert_snapshot!(facts.broken[1].message, @"its status `sideways` is unknown");
}

#[test]
fn a_case_without_names_or_with_a_strange_time_is_a_case() {
    let facts = cases(
        r#"<testcase time="2,502.1"/><testcase time="&lt;&lt;computed&gt;&gt;"/><testcase time=""/><testcase time="NaN"/>
           <testcase time="-3"/><testcase classname="K"><error/></testcase><testcase time="0.0004"/><testcase time="0.0004"/>"#,
    );
    assert_eq!((facts.total(), facts.duration_ms), (8, 2_502_101));
    assert_eq!(broken(&facts), [("K: a case without a name", "")]);
}

#[test]
fn a_suite_that_could_not_run_counts_as_one_error() {
    let xml = r#"<testsuite name="s" tests="0" errors="1"><error message="Cannot find module"/><failure/></testsuite>"#;
    let facts = facts(xml);
    assert_eq!(counts(&facts), (0, 0, 1, 0, 0));
    assert_eq!(broken(&facts), [("suite s", "Cannot find module")]);
    let beside = r#"<testcase name="a"/><error/>"#;
    assert_eq!(counts(&cases(beside)), (1, 0, 1, 0, 0));
}

#[test]
fn the_message_is_the_attribute_or_the_first_line_of_the_text() {
    let facts = cases(
        "<testcase name='a'><failure type='E'>\n  expected &lt;1&gt; &amp; got 2\n  at x.js:1</failure></testcase>
         <testcase name='b'><error message=''><![CDATA[boom]]> now</error><system-out>noise</system-out></testcase>
         <testcase name='c'><failure message='said'>text</failure></testcase>",
    );
    assert_eq!(broken(&facts), [("a", "expected <1> & got 2"), ("b", "boom now"), ("c", "said")]);
}

#[test]
fn a_repeated_case_is_told_from_one_of_the_same_name_in_another_suite() {
    let suite =
        |name: &str| format!("<testsuite name='{name}'><testcase classname='K' name='a'/></testsuite>");
    let apart = facts(&format!("<testsuites>{}{}</testsuites>", suite("x"), suite("y")));
    assert_eq!((apart.total(), apart.repeated), (2, 0));
    let again = facts(&format!("<testsuites>{}{}</testsuites>", suite("x"), suite("x")));
    assert_eq!((again.total(), again.repeated), (2, 1));
    let files = "<testcase name='a' file='x.py'/><testcase name='a' file='y.py'/>";
    assert_eq!(cases(files).repeated, 0);
}

#[test]
fn counters_are_compared_and_never_believed() {
    let (facts, about) = both(
        r#"<testsuites tests="7"><testsuite name="s" tests="5" failures="2" errors="1" timestamp="2026-11-24T02:52:07"><testcase name="a"/>
           <testcase name="b"><failure/></testcase></testsuite></testsuites>"#,
    );
    assert_eq!(counts(&facts), (1, 1, 0, 0, 0));
    assert_eq!(about.created.map(|at| at.to_string()).as_deref(), Some("2026-11-24T02:52:07Z"));
    let declared: Vec<_> = about.declared.iter().map(|d| (d.what, d.declared, d.counted)).collect();
    assert_eq!(declared, [("tests.total", 7, 2), ("tests.failed", 3, 1)]);
    insta::assert_snapshot!(about.oddities.join("\n"), @"
    `testsuites` declares 7 tests, its suites together 5
    suites that declare another number of tests than they hold: 1, the first is `s`
    3 failures and errors are declared and 1 found
    ");
}

#[test]
fn a_time_with_a_zone_is_taken_with_it() {
    let (_, about) =
        both(r#"<testsuite timestamp="2026-11-24T02:52:07.5+01:00"><testcase name="a"/></testsuite>"#);
    assert_eq!(about.created.map(|at| at.to_string()).as_deref(), Some("2026-11-24T01:52:07.5Z"));
}

#[test]
fn what_real_tools_write_beside_the_rules_is_read() {
    let blank = "\n<?xml version='1.0'?>\n<testsuite><testcase name='a < b'><failure message='1 < 2'/></testcase></testsuite>";
    assert_eq!(broken(&facts(blank)), [("a < b", "1 < 2")]);
    let prefixed = "<j:testsuite xmlns:j='x'><j:testcase name='a'><j:failure/></j:testcase></j:testsuite>";
    assert_eq!(facts(prefixed).failed, 1);
    let properties = "<testcase name='a'><properties><property name='x' value='y'/></properties></testcase>";
    assert_eq!(counts(&cases(properties)), (1, 0, 0, 0, 0));
    let control = "<testcase name='a'><system-out>\u{1b}[31m\u{0}\u{8}</system-out></testcase>";
    assert_eq!(cases(control).passed, 1);
}

#[test]
fn truncated_empty_and_declared_only_files_are_no_evidence() {
    let refused = |xml: &[u8]| read(xml).unwrap_err();
    insta::assert_snapshot!(refused(b"<testsuites><testsuite><testcase name='a'/>"), @"the file ends inside an element: it is truncated, at `testsuites[0]/testsuite[0]`");
    insta::assert_snapshot!(refused(b"<testsuite><testcase name='a'/><system-out><![CDATA[..."), @"the XML ends too early: syntax error: CDATA not closed: `]]>` not found before end of input, at `testsuite[0]/system-out[0]`");
    insta::assert_snapshot!(refused(b""), @"the file holds no `testsuite`, at `/`");
    insta::assert_snapshot!(refused(b"<testsuites/>"), @"no `testcase` is there, at `testsuites`");
    insta::assert_snapshot!(refused(br#"<testsuite tests="6"/>"#), @"6 tests are declared, but no `testcase` is there, at `testsuites`");
    insta::assert_snapshot!(refused(b"<testsuite></testsuites>"), @"the XML is broken: ill-formed document: expected `</testsuite>`, but `</testsuites>` was found, at `testsuite[0]`");
}

#[test]
fn external_entities_are_never_followed() {
    let xml = r#"<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"><failure/></testcase></testsuite>"#;
    assert_eq!(broken(&facts(xml)), [("&x;", "")]);
}
