//! The evaluation as its users meet it: whole policies and whole reports.

use super::*;
use crate::reports::{Input, read};
use proptest::prelude::*;

const POLICY: &str = r#"
version: 1
sources:
  unit: { path: "**/junit*.xml", required: true, min_tests: 1 }
  coverage: { path: "**/lcov.info" }
  audit: { path: "**/npm-audit.json" }
conditions:
  - { id: unit-tests, source: unit, metric: tests.failed, operator: "<=", fail: 0 }
  - { id: line-coverage, source: coverage, metric: coverage.lines, operator: ">=", fail: 80, warn: 85 }
  - { id: no-critical, source: audit, metric: findings.critical, operator: "<=", fail: 0 }
"#;
const GOOD: [(&str, &str); 3] = [
    ("reports/junit.xml", "<testsuite tests='1'><testcase name='a'/></testsuite>"),
    ("reports/lcov.info", "SF:a\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,1\nDA:5,1\nend_of_record\n"),
    ("reports/npm-audit.json", r#"{"auditReportVersion":2,"vulnerabilities":{}}"#),
];

fn verdict(policy: &str, files: &[(&str, &str)]) -> Verdict {
    evaluate(&Policy::parse(policy).unwrap(), &asked(), &reports(files), &History::default()).verdict
}

fn reports(files: &[(&str, &str)]) -> Vec<Report> {
    let report = |(path, text): &(&str, &str)| {
        let (artifact, path) = path.split_once('/').unwrap();
        Report {
            artifact: artifact.to_owned(),
            path: path.to_owned(),
            asked_for: None,
            size: text.len() as u64,
            sha256: String::new(),
            modified: None,
            read: Input::of_bytes(text.as_bytes()).and_then(read),
        }
    };
    files.iter().map(report).collect()
}

fn asked() -> Asked<'static> {
    Asked {
        artifacts: &["reports", "Api"],
        branch: Some("main"),
        stage: Some("Build"),
        commit: Some("0123456789012345678901234567890123456789"),
        now: "2026-11-23T00:00:00Z".parse().unwrap(),
        may_wait: true,
    }
}

fn with(path: &str, text: &str) -> Verdict {
    let files: Vec<(&str, &str)> =
        GOOD.iter().map(|(p, t)| if *p == path { (*p, text) } else { (*p, *t) }).collect();
    verdict(POLICY, &files)
}

fn lcov(hit: u32, total: u32) -> String {
    let lines: String = (1..=total).map(|line| format!("DA:{line},{}\n", u32::from(line <= hit))).collect();
    format!("SF:a\n{lines}end_of_record\n")
}

#[test]
fn good_evidence_passes() {
    assert_eq!(verdict(POLICY, &GOOD).outcome, Outcome::Pass);
}

#[test]
fn coverage_equal_to_the_minimum_passes_with_a_warning_and_one_line_less_fails() {
    assert_eq!(with("reports/lcov.info", &lcov(100, 125)).outcome, Outcome::Warn);
    let failed = with("reports/lcov.info", &lcov(98, 125));
    assert_eq!(failed.outcome, Outcome::Fail);
    insta::assert_snapshot!(failed.conditions[1].message, @"`coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more covered lines would pass");
}

#[test]
fn no_broken_evidence_passes() {
    let broken = [
        ("reports/junit.xml", ""),
        ("reports/junit.xml", "<testsuite tests='0'></testsuite>"),
        ("reports/junit.xml", "<testsuite><testcase name='a'/>"),
        ("reports/junit.xml", "<testsuite tests='4'/>"),
        ("reports/junit.xml", "hello"),
        ("reports/lcov.info", "SF:a\nDA:1,1\n"),
        ("reports/lcov.info", "SF:a\nend_of_record\n"),
        ("reports/npm-audit.json", r#"{"message":"x","statusCode":403,"error":{}}"#),
        ("reports/npm-audit.json", r#"{"auditReportVersion":2}"#),
    ];
    for (path, text) in broken {
        assert_eq!(with(path, text).outcome, Outcome::Error, "{path}: {text}");
    }
    for (missing, (name, _)) in GOOD.iter().enumerate() {
        let files: Vec<(&str, &str)> =
            GOOD.iter().enumerate().filter(|(index, _)| *index != missing).map(|(_, file)| *file).collect();
        assert_eq!(verdict(POLICY, &files).outcome, Outcome::Error, "without {name}");
    }
}

#[test]
fn each_kind_of_missing_evidence_has_its_own_words() {
    insta::assert_snapshot!(verdict(POLICY, &GOOD[1..]).conditions[0].message, @"`unit-tests` cannot be judged: no file matches `**/junit*.xml`, at least 1 must");
    insta::assert_snapshot!(with("reports/junit.xml", "<testsuite></testsuite>").conditions[0].message, @"`unit-tests` cannot be judged: `reports/junit.xml` is no evidence: no `testcase` is there, at `testsuites`");
    insta::assert_snapshot!(with("reports/lcov.info", "x").conditions[1].message, @"`line-coverage` cannot be judged: `reports/lcov.info` is no evidence: the content is of no known report format, at `/`");
}

#[test]
fn a_waived_finding_is_shown_and_an_expired_waiver_fails_with_its_own_words() {
    let audit = r#"{"auditReportVersion":2,"vulnerabilities":{"qs":{"via":[{"name":"qs","url":"https://x/GHSA-1","severity":"critical"}]}}}"#;
    let files = [GOOD[0], GOOD[1], ("reports/npm-audit.json", audit)];
    let waiver = |day: &str| {
        format!(
            "{POLICY}waivers:\n  - {{ finding: GHSA-1, reason: not reachable, owner: ann, expires: {day} }}\n"
        )
    };
    assert_eq!(verdict(POLICY, &files).outcome, Outcome::Fail);
    let valid = verdict(&waiver("2026-11-23"), &files);
    assert_eq!((valid.outcome, valid.waived.len()), (Outcome::Pass, 1));
    let expired = verdict(&waiver("2026-11-22"), &files);
    assert_eq!(expired.outcome, Outcome::Fail);
    assert_eq!(expired.notes, ["the waiver of `GHSA-1` expired on 2026-11-22"]);
    assert_eq!(verdict(&waiver("2026-11-23"), &GOOD).notes, ["the waiver of `GHSA-1` is not used"]);
}

#[test]
fn judged_by_artifact_no_service_lends_its_coverage_to_another() {
    let policy = POLICY.replace("lcov.info\" }", "lcov.info\", per: artifact }");
    let (good, bad) = (lcov(500, 500), lcov(98, 125));
    let mut files = GOOD.to_vec();
    files[1] = ("reports/lcov.info", good.as_str());
    files.push(("Api/lcov.info", bad.as_str()));
    let verdict = super::tests::verdict(&policy, &files);
    assert_eq!(verdict.outcome, Outcome::Fail);
    let words: Vec<&str> =
        verdict.conditions.iter().map(|c| c.message.as_str()).filter(|m| m.contains("lines")).collect();
    insta::assert_snapshot!(words.join("\n"), @"
    reports: `coverage.lines` is 100.00 % (500 of 500), `line-coverage` asks for >= 80 %
    Api: `coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more covered lines would pass
    ");
    files.pop();
    assert_eq!(
        super::tests::verdict(&policy, &files).outcome,
        Outcome::Error,
        "an artifact without coverage"
    );
}

/// A policy on one source with `conditions`, and what comes after them.
fn on(source: &str, rest: &str) -> String {
    format!("version: 1\nsources:\n  {source}\n{rest}")
}

fn judged(policy: &str, files: &[(&str, &str)], asked: &Asked<'_>, history: &History) -> Evaluated {
    evaluate(&Policy::parse(policy).unwrap(), asked, &reports(files), history)
}

fn words(verdict: &Verdict) -> String {
    let conditions = verdict.conditions.iter().map(|c| format!("[{}] {}", c.outcome.word(), c.message));
    let skipped = verdict.not_judged.iter().map(|n| format!("[not judged] {}: {}", n.id, n.reason));
    let notes = verdict.notes.iter().map(|note| format!("note: {note}"));
    conditions.chain(skipped).chain(notes).collect::<Vec<_>>().join("\n")
}

const UNIT: &str = "unit: { path: \"**/junit*.xml\" }";
const NO_FAILURE: &str =
    "conditions:\n  - { id: unit-tests, source: unit, metric: tests.failed, operator: \"<=\", fail: 0 }\n";

/// Every way in which evidence can be broken has words of its own, and none passes.
#[test]
fn no_broken_evidence_passes_and_each_kind_has_its_own_words() {
    let good = "<testsuite timestamp='2026-11-22T10:00:00'><testcase name='a'/></testsuite>";
    let source = |keys: &str| on(&format!("unit: {{ path: \"**/junit*.xml\"{keys} }}"), NO_FAILURE);
    let latin = b"<?xml version='1.0' encoding='Shift_JIS'?><testsuite/>";
    type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>);
    let cases: [Case<'_>; 13] = [
        ("missing", "", vec![]),
        ("empty", "", vec![("reports/junit.xml", " \n")]),
        ("zero tests", "", vec![("reports/junit.xml", "<testsuite tests='0'></testsuite>")]),
        (
            "only skipped",
            "",
            vec![("reports/junit.xml", "<testsuite><testcase name='a'><skipped/></testcase></testsuite>")],
        ),
        ("truncated", "", vec![("reports/junit.xml", "<testsuite><testcase name='a'/><testca")]),
        ("closing tag lost", "", vec![("reports/junit.xml", "<testsuite><testcase name='a'/>")]),
        ("wrong encoding", "", vec![("reports/junit.xml", std::str::from_utf8(latin).unwrap())]),
        (
            "error object",
            "",
            vec![("reports/junit.xml", r#"{"message":"x","statusCode":403,"error":{"summary":""}}"#)],
        ),
        ("no report", "", vec![("reports/junit.xml", "hello")]),
        ("another format", ", format: lcov", vec![("reports/junit.xml", good)]),
        ("wrong commit", ", must_match_commit: true", vec![("reports/junit.xml", good)]),
        ("too old", ", max_age: 2h", vec![("reports/junit.xml", good)]),
        ("one of two files", ", min_files: 2", vec![("reports/junit.xml", good)]),
    ];
    let mut all = String::new();
    for (name, keys, files) in cases {
        let policy = source(keys);
        let verdict = judged(&policy, &files, &asked(), &History::default()).verdict;
        assert_eq!(verdict.outcome, Outcome::Error, "{name}");
        all.push_str(&format!("{name}: {}\n", verdict.conditions[0].message));
    }
    insta::assert_snapshot!(all, @"
    missing: `unit-tests` cannot be judged: no file matches `**/junit*.xml`, at least 1 must
    empty: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: the file is empty, at `/`
    zero tests: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: no `testcase` is there, at `testsuites`
    only skipped: `unit-tests` cannot be judged: 0 test(s) were run, at least 1 must be
    truncated: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: the XML ends too early: syntax error: tag not closed: `>` not found before end of input, at `testsuite[0]`
    closing tag lost: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: the file ends inside an element: it is truncated, at `testsuite[0]`
    wrong encoding: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: the file declares the encoding `shift_jis`; UTF-8 is read, at `/`
    error object: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: npm wrote an error instead of an audit: `x`, at `/error`
    no report: `unit-tests` cannot be judged: `reports/junit.xml` is no evidence: the content is of no known report format, at `/`
    another format: `unit-tests` cannot be judged: `reports/junit.xml` is JUnit XML, the source takes `lcov` only
    wrong commit: `unit-tests` cannot be judged: `reports/junit.xml` does not say of which commit it is
    too old: `unit-tests` cannot be judged: `reports/junit.xml` was made at 2026-11-22T10:00:00Z, which is longer ago than 2h
    one of two files: `unit-tests` cannot be judged: only 1 of at least 2 files match `**/junit*.xml`
    ");
}

#[test]
fn missing_evidence_may_be_a_warning_and_broken_evidence_never() {
    let policy = on(UNIT, &NO_FAILURE.replace("fail: 0", "fail: 0, missing: warn"));
    assert_eq!(verdict(&policy, &[]).outcome, Outcome::Warn);
    assert_eq!(verdict(&policy, &[("reports/junit.xml", "")]).outcome, Outcome::Error);
}

#[test]
fn a_condition_elsewhere_is_not_judged_and_a_gate_without_any_is_no_pass() {
    let policy = on(UNIT, &NO_FAILURE.replace("fail: 0", "fail: 0, when: { branch: \"release/*\" }"));
    let verdict = verdict(&policy, &[GOOD[0]]);
    assert_eq!(verdict.outcome, Outcome::Error);
    insta::assert_snapshot!(words(&verdict), @"
    [not judged] unit-tests: only on branch `release/*`, this is `main`
    note: no condition was judged: that is no pass
    ");
    let untold = Asked { branch: None, ..asked() };
    let verdict = judged(&policy, &[GOOD[0]], &untold, &History::default()).verdict;
    assert_eq!(verdict.outcome, Outcome::Pass, "a gate that was not told its branch judges");
}

fn suite(cases: &[(&str, bool)]) -> String {
    let case = |(name, failed): &(&str, bool)| {
        format!(
            "<testcase classname='K' name='{name}'>{}</testcase>",
            if *failed { "<failure/>" } else { "" }
        )
    };
    format!("<testsuite>{}</testsuite>", cases.iter().map(case).collect::<String>())
}

#[test]
fn a_test_in_quarantine_fails_in_sight_until_the_day_is_over() {
    let quarantine = |day: &str| {
        format!(
            "{NO_FAILURE}quarantine:\n  - {{ test: \"K: slow*\", reason: a race, owner: ann, expires: {day} }}\n"
        )
    };
    let report = suite(&[("fast", false), ("slow one", true)]);
    let files = [("reports/junit.xml", report.as_str())];
    let held = verdict(&on(UNIT, &quarantine("2026-11-23")), &files);
    assert_eq!((held.outcome, held.quarantined.len()), (Outcome::Pass, 1));
    let over = verdict(&on(UNIT, &quarantine("2026-11-22")), &files);
    insta::assert_snapshot!(words(&over), @"
    [fail] `tests.failed` is 1, `unit-tests` asks for <= 0: 1 fewer would pass
    note: the quarantine of `K: slow*` expired on 2026-11-22
    ");
    let other = suite(&[("fast", true), ("slow one", true)]);
    let both = verdict(&on(UNIT, &quarantine("2026-11-23")), &[("reports/junit.xml", other.as_str())]);
    assert_eq!((both.outcome, both.conditions[0].actual), (Outcome::Fail, Some(1.0)));
}

#[test]
fn attempts_are_flaky_only_where_the_policy_says_so_and_have_a_budget() {
    let report = suite(&[("a", true), ("a", false), ("b", false)]);
    let files = [("reports/junit.xml", report.as_str())];
    assert_eq!(verdict(&on(UNIT, NO_FAILURE), &files).outcome, Outcome::Fail);
    let source = "unit: { path: \"**/junit*.xml\", duplicates: any-pass }";
    let budget = |most: u32| {
        let flaky = format!(
            "  - {{ id: flaky, source: unit, metric: tests.flaky, operator: \"<=\", fail: {most} }}\n"
        );
        verdict(&on(source, &format!("{NO_FAILURE}{flaky}")), &files).outcome
    };
    assert_eq!((budget(1), budget(0)), (Outcome::Pass, Outcome::Fail));
}

fn audit(findings: &[(&str, &str, &str)]) -> String {
    let via = |(id, package, severity): &(&str, &str, &str)| {
        format!(
            r#""{package}":{{"via":[{{"name":"{package}","url":"https://x/{id}","severity":"{severity}"}}]}}"#
        )
    };
    let all: Vec<String> = findings.iter().map(via).collect();
    format!(r#"{{"auditReportVersion":2,"vulnerabilities":{{{}}}}}"#, all.join(","))
}

const AUDIT: &str = "audit: { path: \"**/npm-audit.json\" }";
const NO_HIGH: &str =
    "conditions:\n  - { id: no-high, source: audit, metric: findings.high, operator: \"<=\", fail: 0KEYS }\n";

fn at(day: u32) -> Asked<'static> {
    Asked { now: format!("2026-11-{day:02}T00:00:00Z").parse().unwrap(), ..asked() }
}

#[test]
fn a_finding_has_grace_from_the_day_it_was_first_seen() {
    let policy = on(AUDIT, &NO_HIGH.replace("KEYS", ", grace: { high: 7d }"));
    let report = audit(&[("GHSA-1", "qs", "high")]);
    let files = [("reports/npm-audit.json", report.as_str())];
    let first = judged(&policy, &files, &at(1), &History::default());
    assert_eq!((first.verdict.outcome, first.verdict.in_grace.len()), (Outcome::Pass, 1));
    let last = judged(&policy, &files, &at(7), &first.history);
    assert_eq!(last.verdict.outcome, Outcome::Pass);
    let over = judged(&policy, &files, &at(8), &last.history);
    assert_eq!((over.verdict.outcome, over.verdict.in_grace.len()), (Outcome::Fail, 0));
}

#[test]
fn only_new_findings_count_where_the_policy_says_so() {
    let policy = on(AUDIT, &NO_HIGH.replace("KEYS", ", new: true"));
    let old = audit(&[("GHSA-1", "qs", "high")]);
    let both = audit(&[("GHSA-1", "qs", "high"), ("GHSA-2", "ms", "high")]);
    let run = |report: &str, history: &History| {
        judged(&policy, &[("reports/npm-audit.json", report)], &asked(), history)
    };
    let first = run(&old, &History::default());
    assert_eq!(first.verdict.outcome, Outcome::Fail, "before the first pass all are new");
    let mut history = first.history;
    history.known.insert("audit".to_owned(), ["GHSA-1|qs".to_owned()].into());
    assert_eq!(run(&old, &history).verdict.outcome, Outcome::Pass);
    insta::assert_snapshot!(run(&both, &history).verdict.conditions[0].offenders.join(", "), @"GHSA-2 in ms");
}

const COVERAGE: &str = "coverage: { path: \"**/lcov.info\" }";

fn ratchet(keys: &str) -> String {
    on(
        COVERAGE,
        &format!(
            "conditions:\n  - {{ id: ratchet, source: coverage, metric: coverage.lines, operator: \">=\", baseline: {{ compare: best{keys} }} }}\n"
        ),
    )
}

#[test]
fn a_ratchet_raises_itself_and_neither_goes_slack_nor_locks_up() {
    let policy = ratchet("");
    let run = |report: &str, history: &History| {
        judged(&policy, &[("reports/lcov.info", report)], &asked(), history)
    };
    let first = run(&lcov(80, 100), &History::default());
    assert_eq!(first.verdict.outcome, Outcome::Warn);
    insta::assert_snapshot!(words(&first.verdict), @"[warn] `coverage.lines` is 80.00 % (80 of 100): `ratchet` has no baseline yet, a pass of the protected branch makes one");
    let raised = run(&lcov(90, 100), &first.history);
    assert_eq!(raised.verdict.outcome, Outcome::Pass);
    let worse = run(&lcov(89, 100), &raised.history);
    assert_eq!(worse.verdict.outcome, Outcome::Fail);
    insta::assert_snapshot!(words(&worse.verdict), @"[fail] `coverage.lines` is 89.00 % (89 of 100), `ratchet` asks for the baseline's 90 % or more: 1 more covered line would pass");
    assert_eq!(worse.history.marks, raised.history.marks, "what does not pass is no baseline");
    assert_eq!(run(&lcov(90, 100), &worse.history).verdict.outcome, Outcome::Pass);
    let elsewhere = Asked { branch: Some("feature"), ..asked() };
    let other = judged(&policy, &[("reports/lcov.info", &lcov(99, 100))], &elsewhere, &raised.history);
    assert_eq!(other.history.marks, raised.history.marks, "only the protected branch makes a baseline");
    // 50 covered lines are deleted: 40 of 50 is less than 90 %, and nothing that is left was covered and is not.
    assert_eq!(run(&lcov(40, 50), &raised.history).verdict.outcome, Outcome::Pass);
}

#[test]
fn a_baseline_is_tolerant_in_points_and_in_lines() {
    let marked =
        judged(&ratchet(""), &[("reports/lcov.info", &lcov(900, 1000))], &asked(), &History::default())
            .history;
    let run = |keys: &str, hit: u32| {
        judged(&ratchet(keys), &[("reports/lcov.info", &lcov(hit, 1000))], &asked(), &marked).verdict.outcome
    };
    assert_eq!(
        [run("", 899), run(", tolerance: 0.1", 899), run(", tolerance: 0.1", 898)],
        [Outcome::Fail, Outcome::Pass, Outcome::Fail]
    );
    assert_eq!(
        [run(", tolerance_lines: 5", 895), run(", tolerance_lines: 5", 894)],
        [Outcome::Pass, Outcome::Fail]
    );
    assert_eq!(
        [run(", first: fail", 900), run(", tolerance_percent: 10", 810)],
        [Outcome::Pass, Outcome::Pass]
    );
}

#[test]
fn a_small_change_is_not_judged_against_the_baseline() {
    let marked =
        judged(&ratchet(""), &[("reports/lcov.info", &lcov(90, 100))], &asked(), &History::default()).history;
    let small = ratchet("").replace("compare: best } }", "compare: best }, min_changed_lines: 5 }");
    let verdict = judged(&small, &[("reports/lcov.info", &lcov(88, 100))], &asked(), &marked).verdict;
    insta::assert_snapshot!(words(&verdict), @"
    [not judged] ratchet: 2 changed line(s) can be covered, it is judged from 5
    note: no condition was judged: that is no pass
    ");
    let verdict = judged(&small, &[("reports/lcov.info", &lcov(85, 100))], &asked(), &marked).verdict;
    assert_eq!(verdict.outcome, Outcome::Fail);
}

#[test]
fn fewer_files_than_at_the_last_pass_are_told() {
    let both = [GOOD[0], ("Api/junit.xml", GOOD[0].1)];
    let policy = on(UNIT, NO_FAILURE);
    let history = judged(&policy, &both, &asked(), &History::default()).history;
    let verdict = judged(&policy, &both[..1], &asked(), &history).verdict;
    assert_eq!(verdict.outcome, Outcome::Warn);
    insta::assert_snapshot!(words(&verdict), @"
    [pass] `tests.failed` is 0, `unit-tests` asks for <= 0
    [warn] `Api/junit.xml` of source `unit` was there at the last pass and is not there now
    ");
    let strict = policy.replace("junit*.xml\" }", "junit*.xml\", fewer_files: fail }");
    assert_eq!(judged(&strict, &both[..1], &asked(), &history).verdict.outcome, Outcome::Error);
}

#[test]
fn a_component_is_judged_by_its_own_code() {
    let policy = on(
        COVERAGE,
        "conditions:\n  - { id: api, source: coverage, component: \"services/api/**\", metric: coverage.lines, operator: \">=\", fail: 80 }\n",
    );
    let file = |path: &str, hit: u32| lcov(hit, 10).replace("SF:a", &format!("SF:{path}"));
    let report = file("services/api/a.js", 5) + &file("services/web/b.js", 10);
    let verdict = verdict(&policy, &[("reports/lcov.info", &report)]);
    insta::assert_snapshot!(words(&verdict), @"[fail] `coverage.lines` of `services/api/**` is 50.00 % (5 of 10), `api` asks for >= 80 %: 3 more covered lines would pass");
    let nothing = super::tests::verdict(&policy, &[("reports/lcov.info", &file("other.js", 10))]);
    insta::assert_snapshot!(words(&nothing), @"[error] `api` cannot be judged: source `coverage` has nothing of component `services/api/**`");
}

proptest! {
    #[test]
    fn removing_evidence_never_improves_a_verdict(which in 0..3_usize, cut in 0.0..1.0_f64, hit in 0..126_u32, failed: bool, critical: bool) {
        let unit = suite(&[("a", failed), ("b", false)]);
        let coverage = lcov(hit, 125);
        let audit = audit(&[("GHSA-1", "qs", if critical { "critical" } else { "low" })]);
        let whole = [("reports/junit.xml", unit.as_str()), ("reports/lcov.info", &coverage), ("reports/npm-audit.json", &audit)];
        let before = verdict(POLICY, &whole).outcome;
        let without: Vec<(&str, &str)> = whole.iter().enumerate().filter(|(index, _)| *index != which).map(|(_, file)| *file).collect();
        prop_assert!(verdict(POLICY, &without).outcome >= before);
        let mut shorter = whole;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let place = (shorter[which].1.len() as f64 * cut) as usize;
        shorter[which].1 = &shorter[which].1[..place];
        prop_assert!(verdict(POLICY, &shorter).outcome >= before);
    }

    #[test]
    fn a_waiver_changes_only_what_it_names(named in 0..4_usize, severities in proptest::collection::vec(0..3_usize, 3)) {
        let words = ["critical", "high", "low"];
        let findings: Vec<(String, String, &str)> =
            severities.iter().enumerate().map(|(i, s)| (format!("GHSA-{i}"), format!("p{i}"), words[*s])).collect();
        let borrowed: Vec<(&str, &str, &str)> = findings.iter().map(|(id, package, s)| (id.as_str(), package.as_str(), *s)).collect();
        let report = audit(&borrowed);
        let files = [("reports/npm-audit.json", report.as_str())];
        let conditions: String = words.iter().map(|s| format!("  - {{ id: no-{s}, source: audit, metric: findings.{s}, operator: \"<=\", fail: 0 }}\n")).collect();
        let policy = on(AUDIT, &format!("conditions:\n{conditions}"));
        let waiver = format!("waivers:\n  - {{ finding: GHSA-{named}, reason: r, owner: o, expires: 2026-12-31 }}\n");
        let (before, after) = (verdict(&policy, &files), verdict(&format!("{policy}{waiver}"), &files));
        for ((word, then), now) in words.iter().zip(&before.conditions).zip(&after.conditions) {
            let waived = f64::from(u32::from(severities.get(named).is_some_and(|s| words[*s] == *word)));
            prop_assert_eq!(then.actual.unwrap() - waived, now.actual.unwrap());
        }
        prop_assert_eq!(after.waived.len(), usize::from(named < 3));
    }


    #[test]
    fn raising_a_threshold_never_turns_fail_into_pass(hit in 0..200_u32, more in 0..200_u32, low in 0..100_u32, step in 0..50_u32) {
        let report = lcov(hit, hit + more + 1);
        let outcome = |minimum: u32| {
            let policy = POLICY.replace("fail: 80, warn: 85", &format!("fail: {minimum}"));
            verdict(&policy, &[GOOD[0], ("reports/lcov.info", &report), GOOD[2]]).outcome
        };
        prop_assert!(outcome(low) <= outcome(low + step));
    }
}

#[test]
fn what_was_measured_is_kept_in_a_form_that_gives_the_same_verdict() {
    use crate::gates::normal::Entry;
    let failing = suite(&[("a", true), ("b", false)]);
    let found = audit(&[("GHSA-1", "qs", "critical")]);
    let files = [
        ("reports/junit.xml", failing.as_str()),
        ("reports/lcov.info", &lcov(98, 125)),
        ("reports/npm-audit.json", found.as_str()),
        ("Api/junit.xml", "<testsuite>"),
    ];
    let policy = Policy::parse(POLICY).unwrap();
    for count in 1..=files.len() {
        let reports = reports(&files[..count]);
        let json = serde_json::to_string(&reports.iter().map(Entry::of).collect::<Vec<_>>()).unwrap();
        let again: Vec<Entry> = serde_json::from_str(&json).unwrap();
        let again: Vec<Report> = again.into_iter().map(Entry::report).collect();
        let verdict = |reports: &[Report]| evaluate(&policy, &asked(), reports, &History::default()).verdict;
        assert_eq!(verdict(&reports), verdict(&again));
    }
}

#[cfg(feature = "cel")]
#[test]
fn an_expression_passes_only_when_it_is_true_and_any_error_is_one() {
    let policy = |expr: &str| {
        let condition = format!("conditions:\n  - {{ id: e, expr: '{expr}', message: too many }}\n");
        on(&format!("{UNIT}\n  {COVERAGE}"), &condition)
    };
    let run = |expr: &str| verdict(&policy(expr), &GOOD[..1]);
    assert_eq!(run("sources.unit.tests.failed == 0.0 && branch == \"main\"").outcome, Outcome::Pass);
    let all: Vec<String> = [
        "sources.unit.tests.total > 5.0",
        "sources.coverage.coverage.lines >= 80.0",
        "sources.unit.tests.faild == 0.0",
        "sources.unit.tests.total",
        "sources.unit.tests.total && true",
        "nobody == 1",
    ]
    .iter()
    .map(|expr| words(&run(expr)))
    .collect();
    insta::assert_snapshot!(all.join("\n"), @"
    [fail] `e` does not hold: too many
    [error] `e` cannot be judged: No such key: coverage
    [error] `e` cannot be judged: No such key: faild
    [error] `e` cannot be judged: the expression is a Float and neither true nor false
    [error] `e` cannot be judged: found no matching overload for '_&&_' applied to '(double, bool)'
    [error] `e` cannot be judged: Undeclared reference to 'nobody'
    ");
    let refused = Policy::parse(&policy("sources.unit.tests.total >")).unwrap_err();
    insta::assert_snapshot!(refused, @"the policy cannot be used: line 6, column 20: condition `e` has no expression: ERROR: <input>:1:27: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER} | sources.unit.tests.total > | ..........................^");
}

#[cfg(not(feature = "cel"))]
#[test]
fn a_gate_without_expressions_refuses_a_policy_that_has_one() {
    let policy = on(UNIT, "conditions:\n  - { id: e, expr: \"true\", message: m }\n");
    insta::assert_snapshot!(Policy::parse(&policy).unwrap_err(), @"the policy cannot be used: line 5, column 20: condition `e`: `expr` is not built into this gate (cargo feature `cel`)");
}

#[test]
fn what_is_required_may_not_be_missing_whatever_a_condition_says() {
    let policy = on(
        &UNIT.replace(" }", ", required: true }"),
        &NO_FAILURE.replace("fail: 0", "fail: 0, missing: warn"),
    );
    assert_eq!(verdict(&policy, &[]).outcome, Outcome::Error);
}

#[test]
fn a_source_that_no_condition_asks_about_is_told() {
    let verdict = verdict(&on(&format!("{UNIT}\n  {AUDIT}"), NO_FAILURE), &GOOD);
    insta::assert_snapshot!(words(&verdict), @"
    [pass] `tests.failed` is 0, `unit-tests` asks for <= 0
    note: no condition asks about source `audit`
    ");
}

#[test]
fn findings_that_are_only_counted_fail_the_gate_whatever_is_waived() {
    let event = r#"{"detail-type":"ECR Image Scan","source":"aws.ecr","detail":{"scan-status":"COMPLETE","finding-severity-counts":{"CRITICAL":1}}}"#;
    let waiver =
        "waivers:\n  - { finding: GHSA-1, reason: not reachable, owner: ann, expires: 2026-11-23 }\n";
    let files = [GOOD[0], GOOD[1], ("reports/npm-audit.json", event)];
    let failed = verdict(&format!("{POLICY}{waiver}"), &files);
    assert_eq!((failed.outcome, failed.conditions[2].actual), (Outcome::Fail, Some(1.0)));
    let component =
        POLICY.replace("metric: findings.critical", "metric: findings.critical, component: \"qs\"");
    insta::assert_snapshot!(verdict(&component, &files).conditions[2].message, @"`no-critical` cannot be judged: source `audit` has nothing of component `qs`");
}

/// A statement excuses what it names, with a reason, until its owner's day; what is wrong about the document is an error of its own.
#[test]
fn a_vex_document_excuses_what_it_names_and_nothing_else() {
    let document = |status: &str, more: &str| {
        format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"sec","timestamp":"2026-11-01T00:00:00Z","version":1,"statements":[{{"vulnerability":{{"name":"GHSA-1"}},"products":[{{"@id":"pkg:npm/qs@6.0.0"}}],"status":"{status}"{more}}}]}}"#
        )
    };
    let justified = r#","justification":"vulnerable_code_not_in_execute_path""#;
    let found = audit(&[("GHSA-1", "qs", "critical"), ("GHSA-2", "ms", "low")]);
    let vex = |day: &str| format!("vex:\n  - {{ source: vex, owner: ann, expires: {day} }}\n");
    let run = |text: &str, day: &str| {
        let policy =
            POLICY.replace("conditions:", "  vex: { path: \"**/vex.json\" }\nconditions:") + &vex(day);
        verdict(&policy, &[GOOD[0], GOOD[1], ("reports/npm-audit.json", &found), ("reports/vex.json", text)])
    };
    let excused = run(&document("not_affected", justified), "2026-12-31");
    assert_eq!((excused.outcome, excused.waived.len()), (Outcome::Pass, 1), "{}", words(&excused));
    insta::assert_snapshot!(excused.waived[0].reason, @"VEX: vulnerable_code_not_in_execute_path (ann)");
    assert_eq!(run(&document("affected", ""), "2026-12-31").outcome, Outcome::Fail);
    assert_eq!(run(&document("not_affected", ""), "2026-12-31").outcome, Outcome::Fail, "without a reason");
    insta::assert_snapshot!(words(&run(&document("not_affected", justified), "2026-11-20")), @"
    [pass] `tests.failed` is 0, `unit-tests` asks for <= 0
    [pass] `coverage.lines` is 100.00 % (5 of 5), `line-coverage` asks for >= 80 %
    [fail] `findings.critical` is 1, `no-critical` asks for <= 0: 1 fewer would pass
    note: the VEX statement on `GHSA-1` expired on 2026-11-20
    ");
    insta::assert_snapshot!(words(&run("{\"@context\":\"https://openvex.dev/ns\",\"statements\":[", "2026-12-31")), @"
    [pass] `tests.failed` is 0, `unit-tests` asks for <= 0
    [pass] `coverage.lines` is 100.00 % (5 of 5), `line-coverage` asks for >= 80 %
    [fail] `findings.critical` is 1, `no-critical` asks for <= 0: 1 fewer would pass
    [error] source `vex` has no evidence: `reports/vex.json` is no evidence: the JSON ends too early: it is truncated, at `line 1 column 51`
    ");
}

/// The wrong kind of report, or changes that are split by artifact, are not "nothing changed".
#[test]
fn changed_lines_that_cannot_be_compared_are_no_evidence() {
    let diff = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n";
    let run = |source: &str, changes: &str| {
        let condition = "conditions:\n  - { id: patch, source: S, changes: changes, metric: coverage.changed_lines, operator: \">=\", fail: 80 }\n";
        let policy = on(
            &format!("{UNIT}\n  {COVERAGE}\n  {changes}"),
            &condition.replace("source: S", &format!("source: {source}")),
        );
        verdict(&policy, &[GOOD[0], GOOD[1], ("reports/c.diff", diff)])
    };
    let whole = "changes: { path: \"**/c.diff\" }";
    assert_eq!(run("coverage", whole).outcome, Outcome::Pass);
    let wrong = run("unit", whole);
    assert_eq!((wrong.outcome, wrong.not_judged.len()), (Outcome::Error, 0));
    insta::assert_snapshot!(wrong.conditions[0].message, @"`patch` cannot be judged: `coverage.changed_lines` cannot be measured in a tests report");
    let split = run("coverage", "changes: { path: \"**/c.diff\", per: artifact }");
    assert_eq!(split.outcome, Outcome::Error);
    insta::assert_snapshot!(split.conditions[0].message, @"`patch` cannot be judged: `changes` takes one source as a whole, and `changes` is none");
}
