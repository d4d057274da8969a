//! `tidegate report` and `tidegate gate` as they are called: files in, words and exit codes out.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: what cannot be run is a failure"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const POLICY: &str = r#"version: 1
sources:
  unit: { path: "**/junit.xml", required: true, min_tests: 1 }
  coverage: { path: "**/lcov.info" }
conditions:
  - { id: unit-tests, source: unit, metric: tests.failed, operator: "<=", fail: 0 }
  - { id: line-coverage, source: coverage, metric: coverage.lines, operator: ">=", fail: 80 }
"#;

fn artifact(variant: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../local/platform/artifacts/b2b-api-gateway-build")
        .join(variant)
        .join("output")
}

fn tidegate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(arguments).current_dir(folder).output().expect("the command runs")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn folder(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.yaml"), policy).unwrap();
    folder
}

fn check(folder: &TempDir, variant: &str, more: &[&str]) -> Output {
    let path = artifact(variant);
    let api = format!("Api={}", path.display());
    tidegate(folder.path(), &[&["gate", "check", &api, "--policy", "policy.yaml"], more].concat())
}

#[test]
fn the_exit_code_says_what_the_gate_says() {
    let gate = folder(POLICY);
    assert_eq!(check(&gate, "good", &[]).status.code(), Some(0));
    assert_eq!(check(&gate, "low-coverage", &[]).status.code(), Some(1));
    let missing = folder(&POLICY.replace("lcov.info", "jacoco.xml"));
    assert_eq!(check(&missing, "good", &[]).status.code(), Some(3));
    let wrong = folder(&POLICY.replace("required", "requird"));
    let output = check(&wrong, "good", &[]);
    assert_eq!(output.status.code(), Some(4));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"
    `policy.yaml` cannot be used, 1 problem(s):
      line 3, column 33: there is no key `requird`; the nearest is `required`
    ");
    assert_eq!(tidegate(gate.path(), &["gate", "check"]).status.code(), Some(2));
    let warns = folder(&POLICY.replace("fail: 80", "fail: 80, warn: 100.5"));
    assert_eq!(check(&warns, "good", &[]).status.code(), Some(0));
    assert_eq!(check(&warns, "good", &["--strict"]).status.code(), Some(1));
}

#[test]
fn the_verdict_is_a_table_on_a_terminal_and_json_and_html_for_others() {
    let gate = folder(POLICY);
    insta::assert_snapshot!(words(&check(&gate, "low-coverage", &[])), @"
    ✗ fail    line-coverage  78.40 %  >= 80 %  −1.60 %
              `coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more covered lines would pass
                src/usage.js (6 of 27 lines)
                src/app.js (35 of 41 lines)
    ✓ pass    unit-tests           0  <= 0     +0

    fail: 1 of 2 conditions hold
    ");
    let output = check(&gate, "low-coverage", &["--json", "--html", "gate.html", "--markdown", "gate.md"]);
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&verdict["outcome"], &verdict["conditions"][1]["margin"]),
        (&"fail".into(), &(-1.599_999_999_999_994_3).into())
    );
    assert!(std::fs::read_to_string(gate.path().join("gate.html")).unwrap().contains("line-coverage"));
    assert!(std::fs::read_to_string(gate.path().join("gate.md")).unwrap().contains("**fail**"));
}

#[test]
fn a_zip_is_judged_as_its_folder_is() {
    let gate = folder(POLICY);
    let zip = gate.path().join("Api.zip");
    let packed = Command::new("python3")
        .args(["-c", "import shutil, sys; shutil.make_archive(sys.argv[1][:-4], 'zip', sys.argv[2])"])
        .args([&zip, &artifact("low-coverage")])
        .status();
    assert!(packed.unwrap().success());
    let output = tidegate(gate.path(), &["gate", "check", "Api.zip", "--policy", "policy.yaml"]);
    assert_eq!(words(&output), words(&check(&gate, "low-coverage", &[])));
}

#[test]
fn a_ratchet_works_on_a_laptop_too() {
    let gate = folder(&POLICY.replace("fail: 80", "baseline: { compare: best }"));
    let history = ["--history", "history.json", "--update-history", "--branch", "main"];
    assert_eq!(check(&gate, "good", &history).status.code(), Some(0));
    let output = check(&gate, "low-coverage", &["--history", "history.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        words(&output).contains("`line-coverage` asks for the baseline's 100 % or more"),
        "{}",
        words(&output)
    );
    std::fs::write(gate.path().join("history.json"), "no").unwrap();
    assert_eq!(check(&gate, "good", &["--history", "history.json"]).status.code(), Some(1));
}

#[test]
fn a_first_policy_is_written_once_and_holds() {
    let gate = tempfile::tempdir().unwrap();
    let api = format!("Api={}", artifact("good").display());
    assert_eq!(tidegate(gate.path(), &["gate", "init", &api, "-o", "policy.yaml"]).status.code(), Some(0));
    assert_eq!(check(&gate, "good", &[]).status.code(), Some(0));
    let again = tidegate(gate.path(), &["gate", "init", &api, "-o", "policy.yaml"]);
    assert_eq!(again.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8_lossy(&again.stderr), @"error: `policy.yaml` cannot be written, is it there already?: File exists (os error 17)");
    let explained = words(&tidegate(gate.path(), &["gate", "explain", "policy.yaml"]));
    assert!(explained.contains("`tests-failed`: `tests.failed` of `tests`"), "{explained}");
}

#[test]
fn a_report_that_is_no_evidence_is_told_and_fails_the_command() {
    let gate = tempfile::tempdir().unwrap();
    std::fs::write(gate.path().join("cut.xml"), "<testsuite><testcase name='a'/>").unwrap();
    let output = tidegate(gate.path(), &["report", "cut.xml"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(words(&output), @"cut.xml: no evidence: the file ends inside an element: it is truncated, at `testsuite[0]`");
    let lcov = artifact("low-coverage").join("coverage/lcov.info");
    let output = tidegate(gate.path(), &["report", "--json", lcov.to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report[0]["format"], &report[0]["metrics"]["coverage.lines"]),
        (&"lcov".into(), &78.4.into())
    );
}

#[test]
fn a_backtest_says_which_releases_would_have_ended_otherwise() {
    let gate = folder(POLICY);
    let facts = |day: u32, hit: u64| {
        format!(
            r#"{{"version":1,"artifacts":["Api"],"branch":"main","stage":"Gate","commit":"0123456789","decided_at":"2026-11-{day:02}T10:00:00Z","reports":[
            {{"artifact":"Api","path":"junit.xml","format":"junit","size":1,"tests":{{"passed":3,"failed":0,"errors":0,"skipped":0,"flaky":0,"duration_ms":1,"broken":[],"flaky_cases":[]}}}},
            {{"artifact":"Api","path":"lcov.info","format":"lcov","size":1,"coverage":[{{"path":"a.js","lines":[{hit},100],"branches":[0,0],"functions":[0,0]}}]}}]}}"#
        )
    };
    let records = gate.path().join("gates/e-1");
    std::fs::create_dir_all(&records).unwrap();
    for (job, day, hit, then) in [("a", 1, 90, "pass"), ("b", 2, 70, "pass"), ("c", 3, 85, "fail")] {
        std::fs::write(records.join(format!("{job}.facts.json")), facts(day, hit)).unwrap();
        std::fs::write(
            records.join(format!("{job}.json")),
            format!(r#"{{"verdict":{{"outcome":"{then}"}}}}"#),
        )
        .unwrap();
    }
    let output = tidegate(gate.path(), &["gate", "backtest", "--policy", "policy.yaml", "gates"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(words(&output), @"
    2026-11-01T10:00:00Z  0123456  Gate                 pass    pass
    2026-11-02T10:00:00Z  0123456  Gate                 pass    fail  <- changes
        `coverage.lines` is 70.00 % (70 of 100), `line-coverage` asks for >= 80 %: 10 more covered lines would pass
    2026-11-03T10:00:00Z  0123456  Gate                 fail    pass  <- changes

    3 gate(s): the policy would stop 1 that passed, and let through 1 that did not
    ");
    let nothing = tidegate(gate.path(), &["gate", "backtest", "--policy", "policy.yaml", "."]);
    assert_eq!(nothing.status.code(), Some(1));
}
