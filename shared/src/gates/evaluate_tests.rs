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
    insta::assert_snapshot!(with("reports/junit.xml", "<testsuite></testsuite>").conditions[0].message, @"`unit-tests` cannot be judged: `reports/junit.xml` has no test");
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

proptest! {
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
