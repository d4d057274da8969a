//! What a policy may say, and how every mistake is told.

use super::*;

const POLICY: &str = "version: 1
sources:
  unit: { path: \"**/junit*.xml\", required: true, min_tests: 1 }
conditions:
  - { id: unit-tests, source: unit, metric: tests.failed, operator: \"<=\", fail: 0 }
";

fn problems(text: &str) -> String {
    Policy::parse(text).unwrap_err().problems.join("\n")
}

#[test]
fn wrong_words_are_told_with_their_place_and_the_nearest_known_one() {
    insta::assert_snapshot!(problems(&POLICY.replace("tests.failed", "tests.faild")), @"line 5, column 45: there is no metric `tests.faild`; the nearest is `tests.failed`");
    insta::assert_snapshot!(problems(&POLICY.replace("required", "requird")), @"line 3, column 34: there is no key `requird`; the nearest is `required`");
}

#[test]
fn every_mistake_is_told_at_once_in_the_order_of_the_text() {
    let text = r#"
version: 3
sources:
  unit: { path: [], requird: true, min_tests: "many" }
  image: { ecr: { image: "**/imageDetail.json" }, path: "x" }
  coverage: { path: "**/lcov.info", format: lcow, max_age: soon, per: service }
conditions:
  - { id: a, source: unti, metric: tests.failed, operator: "=<", fail: 0 }
  - { id: b, source: coverage, metric: coverage.line, operator: ">=", fail: eighty }
  - { id: c, source: coverage, metric: coverage.lines, operator: ">=", fail: 80, warn: 70, label: x, min_changed_lines: 20 }
  - { id: c, source: coverage, metric: coverage.changed_lines, operator: ">=" }
  - { source: coverage, metric: coverage.lines, operator: ">=", fail: 80 }
  - { id: d, expr: "true" }
waivers:
  - { finding: X, reason: "", owner: o, expires: soon }
  - { finding: Y, owner: o }
wavers: []
"#;
    insta::assert_snapshot!(problems(text), @"
    line 2, column 10: `version` is 3, this release reads 1
    line 4, column 17: the list of globs is empty
    line 4, column 21: there is no key `requird`; the nearest is `required`
    line 4, column 47: the text `many` stands where a whole number belongs
    line 5, column 10: source `image` must say one of `path`, `ecr` and `sonar`
    line 6, column 45: there is no format `lcow`; the nearest is `lcov`
    line 6, column 60: `soon` is no span of time, as `30m`, `24h` or `7d` are
    line 6, column 71: `service` is no word that is known here; known are `gate`, `artifact`
    line 8, column 22: condition `a` names source `unti`, which does not exist; the nearest is `unit`
    line 8, column 60: `=<` is no word that is known here; known are `<=`, `>=`, `<`, `>`
    line 9, column 40: there is no metric `coverage.line`; the nearest is `coverage.lines`
    line 9, column 77: the text `eighty` stands where a number belongs
    line 10, column 88: condition `c` would fail before it warns: `warn` must be stricter than `fail`
    line 10, column 99: condition `c`: `label` means nothing for `coverage.lines`
    line 10, column 121: condition `c`: `min_changed_lines` needs `changes` or a `baseline` to tell what has changed
    line 11, column 5: condition `c` has no threshold: say `fail`, or compare with a `baseline`
    line 11, column 5: condition `c`: `coverage.changed_lines` needs `changes`, a source of changed lines
    line 11, column 11: condition `c` exists twice
    line 12, column 5: the key `id` is missing
    line 13, column 5: condition `d` must say `source`, `metric` and `operator`, or else `expr` and `message`
    line 15, column 50: `soon` is no day, as `2027-01-31` is
    line 16, column 5: the key `reason` is missing
    line 17, column 1: there is no key `wavers`; the nearest is `waivers`
    ");
}

#[test]
fn a_policy_without_conditions_is_refused() {
    insta::assert_snapshot!(problems("version: 1\nsources: {}\nconditions: []\n"), @"line 3, column 13: there is no condition: such a gate would pass anything");
    insta::assert_snapshot!(problems("version: 1\nsources: {}\n"), @"line 1, column 1: the key `conditions` is missing");
    insta::assert_snapshot!(problems(""), @"line 1, column 1: nothing stands where a map of keys and values belongs");
    insta::assert_snapshot!(problems("a: [1"), @"line 1, column 4: unclosed bracket '['");
    insta::assert_snapshot!(problems("version: 1\nversion: 1\n"), @"line 2, column 1: the key `version` is there twice");
}

#[test]
fn the_same_policy_in_toml_is_the_same_policy() {
    let toml = r#"
version = 1
[sources.unit]
path = "**/junit*.xml"
required = true
min_tests = 1
[[conditions]]
id = "unit-tests"
source = "unit"
metric = "tests.failed"
operator = "<="
fail = 0
[[waivers]]
finding = "X"
reason = "r"
owner = "o"
expires = 2027-01-31
"#;
    let policy = Policy::parse(toml).unwrap();
    assert_eq!((policy.sources.len(), policy.conditions.len()), (1, 1));
    assert_eq!(policy.waivers[0].expires.to_string(), "2027-01-31");
    insta::assert_snapshot!(problems(&toml.replace("required", "requird").replace("fail = 0", "fail = \"0\"")), @"
    line 5, column 1: there is no key `requird`; the nearest is `required`
    line 12, column 8: the text `0` stands where a number belongs
    ");
    insta::assert_snapshot!(problems("version = \n"), @"line 1, column 11: string values must be quoted, expected literal string");
}

#[test]
fn a_repository_may_be_stricter_and_never_looser() {
    let organisation = Policy::parse(&format!("{POLICY}own: {{ path: \"**/gate.yaml\" }}\n")).unwrap();
    let own = |text: &str| tightened(&organisation, &Policy::parse(text).unwrap());
    let more = POLICY.replace("min_tests: 1", "min_tests: 50")
        + "  - { id: skipped, source: unit, metric: tests.skipped, operator: \"<=\", fail: 3 }\n";
    let policy = own(&more).unwrap();
    assert_eq!((policy.sources["unit"].min_tests, policy.conditions.len()), (50, 2));
    let looser = POLICY.replace("fail: 0", "fail: 5").replace("**/junit*.xml", "**/other.xml")
        + "waivers: [{ finding: X, reason: r, owner: o, expires: 2027-01-31 }]\nprotected: develop\n";
    insta::assert_snapshot!(own(&looser).unwrap_err().problems.join("\n"), @"
    source `unit` is the organisation's: its place is not to be changed, nor its limits to be loosened
    condition `unit-tests` has `fail: 5`, the organisation asks for <= 0
    `waivers` is the organisation's to say
    `protected` is the organisation's to say
    ");
    let warns = POLICY.replace("fail: 0", "fail: 0, on: warn");
    insta::assert_snapshot!(own(&warns).unwrap_err().problems.join("\n"), @"condition `unit-tests` is the organisation's: only its thresholds may be made stricter");
}

#[test]
fn a_policy_is_explained_in_sentences() {
    let text = r#"
version: 1
sources:
  unit: { path: "**/junit*.xml", required: true, min_tests: 20, per: artifact }
  image: { ecr: { image: "**/imageDetail.json" }, must_match_commit: true }
  coverage: { path: ["**/lcov.info"], max_age: 36h }
conditions:
  - { id: a, source: unit, metric: tests.failed, operator: "<=", fail: 0, missing: warn, when: { branch: ["main", "release/*"] } }
  - { id: b, source: coverage, metric: coverage.lines, operator: ">=", fail: 80, warn: 85, baseline: { compare: best, tolerance: 0.5, tolerance_lines: 5 } }
  - { id: c, source: image, metric: findings.high, operator: "<=", fail: 0, fix: available, grace: { high: 7d, critical: 24h }, on: warn }
waivers:
  - { finding: CVE-1, component: "lib*", reason: not reachable, owner: ann, expires: 2026-11-27 }
quarantine:
  - { test: "K: slow*", reason: a race, owner: bob, expires: 2026-12-24 }
own: { path: "**/gate.yaml", waivers: true }
"#;
    let policy = Policy::parse(text).unwrap();
    insta::assert_snapshot!(explain(&policy, "2026-11-28T00:00:00Z".parse().unwrap()).join("\n"), @"
    Evidence
      `coverage`: files `**/lcov.info`, not older than 36h
      `image`: the scan of the image in `**/imageDetail.json`, asked for at ECR, of the commit under judgement
      `unit`: files `**/junit*.xml`, at least 20 tests that were run, in each artifact for itself, never absent
    Conditions
      `a`: `tests.failed` of `unit` (cases that failed or could not be run to an end, without quarantined ones) on branch `main`, `release/*` must be <= 0; without evidence it only warns
      `b`: `coverage.lines` of `coverage` (distinct (file, line) with a hit, of all) must be >= 80 %, warns unless >= 85 %, not worse than the best pass of `main` by more than 0.50 % or 5 line(s) (before there is one it warns); without evidence the gate cannot pass
      `c`: `findings.high` of `image` (high findings) where a fix may exist, critical findings from 1d after they were first seen, high findings from 7d after they were first seen must be <= 0; without evidence the gate cannot pass; it only ever warns
    Excuses
      `CVE-1` in `lib*` was waived until 2026-11-27, which is over: not reachable (ann)
      `K: slow*` is in quarantine until 2026-12-24: a race (bob)
    Repository
      its own policy in `**/gate.yaml` may be stricter and waive findings
    ");
}

#[test]
fn words_of_several_lines_are_told_on_one() {
    insta::assert_snapshot!(problems("version\n\n\nconditions: x\n"), @"line 4, column 11: mapping values are not allowed in this context");
    insta::assert_snapshot!(problems("\"version\\n\\u202etxet\""), @"line 1, column 1: the text `version  txet` stands where a map of keys and values belongs");
    let long = problems(&"word ".repeat(1_000));
    assert!(long.len() < 500, "{long}");
}
