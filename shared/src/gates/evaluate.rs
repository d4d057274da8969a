//! Policy and evidence in, verdict out.

use super::metric::Measured;
use super::policy::{Condition, Missing, Operator, Per, Policy, Source};
use super::verdict::{Judged, Outcome, Verdict, Waived};
use crate::model::Timestamp;
use crate::reports::facts::{FindingFacts, Parsed};
use crate::reports::{Facts, ReportError};

/// A report file of the artifacts, read.
#[derive(Debug)]
pub struct Report {
    /// Path, with the artifact's name before it.
    pub path: String,
    /// What it says, or why it is no evidence.
    pub facts: Result<Parsed, ReportError>,
}

/// Names kept for a condition's message.
const KEPT_NAMES: usize = 20;

/// The facts of one source, or why there are none.
type Found = Result<Facts, String>;

/// The evidence of one source, of one artifact if it is judged by artifact.
struct Evidence<'a> {
    source: &'a str,
    artifact: Option<&'a str>,
    facts: Found,
}

/// Judges every condition on the reports of `artifacts`; `now` is for the expiry of waivers.
#[must_use]
pub fn evaluate(policy: &Policy, artifacts: &[&str], reports: &[Report], now: Timestamp) -> Verdict {
    let mut notes = Vec::new();
    let mut waived = Vec::new();
    let mut evidence = Vec::new();
    for (name, source) in &policy.sources {
        for artifact in parts(source, artifacts) {
            let facts = gather(name, source, artifact, reports, &mut notes)
                .map(|facts| waive(policy, facts, now, &mut waived, &mut notes));
            evidence.push(Evidence { source: name, artifact, facts });
        }
    }
    let mut conditions: Vec<Judged> =
        policy.conditions.iter().flat_map(|condition| judge_all(condition, &evidence)).collect();
    // A required source that no condition names still has to be there.
    for part in &evidence {
        let named = policy.conditions.iter().any(|condition| condition.source == part.source);
        let required = policy.sources.get(part.source).filter(|source| source.required && !named);
        if let (Some(source), Err(why)) = (required, &part.facts) {
            conditions.push(no_evidence(part.source, &source.path, why));
        }
    }
    note_unused(policy, &waived, &mut notes);
    let outcome = conditions.iter().map(|condition| condition.outcome).max().unwrap_or(Outcome::Error);
    Verdict { outcome, conditions, waived, notes }
}

/// What a source is judged by: everything at once, or artifact by artifact.
fn parts<'a>(source: &Source, artifacts: &[&'a str]) -> Vec<Option<&'a str>> {
    match source.per {
        Per::Gate => vec![None],
        Per::Artifact => artifacts.iter().copied().map(Some).collect(),
    }
}

fn judge_all(condition: &Condition, evidence: &[Evidence<'_>]) -> Vec<Judged> {
    let ours = || evidence.iter().filter(|part| part.source == condition.source);
    if ours().next().is_none() {
        return vec![absent(condition, "the source has no evidence")];
    }
    ours()
        .map(|part| {
            let judged = judge(condition, &part.facts);
            match part.artifact {
                Some(artifact) => Judged { message: format!("{artifact}: {}", judged.message), ..judged },
                None => judged,
            }
        })
        .collect()
}

fn gather(
    name: &str,
    source: &Source,
    artifact: Option<&str>,
    reports: &[Report],
    notes: &mut Vec<String>,
) -> Found {
    let Some(matcher) = source.matcher() else { return Err(format!("`{}` is no glob", source.path)) };
    let is_ours = |report: &&Report| {
        let inside =
            |artifact: &str| report.path.strip_prefix(artifact).is_some_and(|rest| rest.starts_with('/'));
        artifact.is_none_or(inside) && matcher.is_match(&report.path)
    };
    let files: Vec<&Report> = reports.iter().filter(is_ours).collect();
    let found = files.len() as u64;
    if found < source.min_files.max(1) {
        return Err(format!(
            "{found} file(s) match `{}`, at least {} must",
            source.path,
            source.min_files.max(1)
        ));
    }
    let mut all: Option<Facts> = None;
    for report in files {
        let parsed =
            report.facts.as_ref().map_err(|error| format!("`{}` is no evidence: {error}", report.path))?;
        for declared in parsed.about.declared.iter().filter(|declared| declared.declared != declared.counted)
        {
            notes.push(format!(
                "source `{name}` declares {} {}, {} were counted",
                declared.declared, declared.what, declared.counted
            ));
        }
        let facts = parsed.facts.clone();
        all = Some(match all {
            None => facts,
            Some(known) => known
                .merge(facts)
                .ok_or_else(|| format!("`{}` is of another kind than the files before it", report.path))?,
        });
    }
    let facts = all.ok_or_else(|| format!("no file matches `{}`", source.path))?;
    if let Facts::Tests(tests) = &facts {
        let least = source.min_tests.max(1);
        if tests.total() < least {
            return Err(format!("{} test(s) were run, at least {least} must be", tests.total()));
        }
    }
    Ok(facts)
}

fn waive(
    policy: &Policy,
    facts: Facts,
    now: Timestamp,
    waived: &mut Vec<Waived>,
    notes: &mut Vec<String>,
) -> Facts {
    let Facts::Findings(findings) = facts else { return facts };
    // What is only counted has no name that a waiver could give: it stays.
    let mut left = FindingFacts::of_counts(findings.counted);
    left.suppressed = findings.suppressed;
    for finding in findings.findings {
        let waiver = policy.waivers.iter().find(|waiver| waiver.names(&finding.id, &finding.component));
        match waiver {
            Some(waiver) if waiver.expiry().is_some_and(|end| now < end) => waived.push(Waived {
                finding: finding.id,
                component: finding.component,
                reason: format!("{} ({})", waiver.reason, waiver.owner),
                expires: waiver.expires.clone(),
            }),
            Some(waiver) => {
                notes.push(format!("the waiver of `{}` expired on {}", waiver.finding, waiver.expires));
                left.add(finding);
            }
            None => left.add(finding),
        }
    }
    Facts::Findings(left)
}

fn note_unused(policy: &Policy, waived: &[Waived], notes: &mut Vec<String>) {
    for waiver in &policy.waivers {
        let mentioned = notes.iter().any(|note| note.contains(&format!("`{}` expired", waiver.finding)));
        if !mentioned && !waived.iter().any(|used| used.finding == waiver.finding) {
            notes.push(format!("the waiver of `{}` is not used", waiver.finding));
        }
    }
}

fn judge(condition: &Condition, evidence: &Found) -> Judged {
    let facts = match evidence {
        Ok(facts) => facts,
        Err(why) => return absent(condition, why),
    };
    let Some(measured) = condition.metric.measure(facts, condition.label.as_deref()) else {
        let label = condition.label.as_ref().map(|label| format!(" for label `{label}`")).unwrap_or_default();
        return absent(
            condition,
            &format!("`{}` cannot be measured{label} in a {} report", condition.metric, facts.kind().word()),
        );
    };
    let outcome = if !holds(condition.operator, measured, condition.fail) {
        Outcome::Fail
    } else if condition.warn.is_some_and(|warn| !holds(condition.operator, measured, warn)) {
        Outcome::Warn
    } else {
        Outcome::Pass
    };
    Judged {
        message: super::render::sentence(condition, measured, outcome),
        offenders: if outcome == Outcome::Pass { Vec::new() } else { offenders(condition, facts) },
        ..blank(condition, outcome, Some(measured.value()))
    }
}

fn blank(condition: &Condition, outcome: Outcome, actual: Option<f64>) -> Judged {
    Judged {
        id: condition.id.clone(),
        outcome,
        metric: condition.metric.name().to_owned(),
        operator: condition.operator.symbol().to_owned(),
        threshold: condition.fail,
        actual,
        message: String::new(),
        offenders: Vec::new(),
    }
}

fn absent(condition: &Condition, why: &str) -> Judged {
    let outcome = match condition.missing {
        Missing::Fail => Outcome::Error,
        Missing::Warn => Outcome::Warn,
    };
    Judged {
        message: format!("`{}` cannot be judged: {why}", condition.id),
        ..blank(condition, outcome, None)
    }
}

fn no_evidence(name: &str, path: &str, why: &str) -> Judged {
    Judged {
        id: format!("source {name}"),
        outcome: Outcome::Error,
        metric: String::new(),
        operator: String::new(),
        threshold: 0.0,
        actual: None,
        message: format!("required source `{name}` (`{path}`) has no evidence: {why}"),
        offenders: Vec::new(),
    }
}

/// Shares are compared by integers: hit × 100 against threshold × total, so that rounding decides nothing.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn holds(operator: Operator, measured: Measured, threshold: f64) -> bool {
    let (left, right) = match measured {
        Measured::Number(value) => (value, threshold),
        Measured::Share(ratio) => (ratio.hit as f64 * 100.0, threshold * ratio.total as f64),
    };
    match operator {
        Operator::AtMost => left <= right,
        Operator::AtLeast => left >= right,
        Operator::Less => left < right,
        Operator::More => left > right,
    }
}

fn offenders(condition: &Condition, facts: &Facts) -> Vec<String> {
    match facts {
        Facts::Tests(tests) => tests.broken.iter().take(KEPT_NAMES).map(|case| case.name.clone()).collect(),
        Facts::Findings(findings) => findings
            .findings
            .iter()
            .filter(|finding| {
                condition.metric.name() == "findings.total"
                    || condition.metric.name() == format!("findings.{:?}", finding.severity).to_lowercase()
            })
            .take(KEPT_NAMES)
            .map(|finding| format!("{} in {}", finding.id, finding.component))
            .collect(),
        Facts::Coverage(_)
        | Facts::Performance(_)
        | Facts::Analysis(_)
        | Facts::Vex(_)
        | Facts::Changes(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
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
        let reports: Vec<Report> = files
            .iter()
            .map(|(path, text)| Report {
                path: (*path).to_owned(),
                facts: Input::of_bytes(text.as_bytes()).and_then(read).map(|report| report.parsed),
            })
            .collect();
        evaluate(
            &Policy::parse(policy).unwrap(),
            &["reports", "Api"],
            &reports,
            "2026-11-23T00:00:00Z".parse().unwrap(),
        )
    }

    fn with(path: &str, text: &str) -> Verdict {
        let files: Vec<(&str, &str)> =
            GOOD.iter().map(|(p, t)| if *p == path { (*p, text) } else { (*p, *t) }).collect();
        verdict(POLICY, &files)
    }

    fn lcov(hit: u32, total: u32) -> String {
        let lines: String =
            (1..=total).map(|line| format!("DA:{line},{}\n", u32::from(line <= hit))).collect();
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
        insta::assert_snapshot!(failed.conditions[1].message, @"`coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more would pass");
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
            let files: Vec<(&str, &str)> = GOOD
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != missing)
                .map(|(_, file)| *file)
                .collect();
            assert_eq!(verdict(POLICY, &files).outcome, Outcome::Error, "without {name}");
        }
    }

    #[test]
    fn each_kind_of_missing_evidence_has_its_own_words() {
        insta::assert_snapshot!(verdict(POLICY, &GOOD[1..]).conditions[0].message, @"`unit-tests` cannot be judged: 0 file(s) match `**/junit*.xml`, at least 1 must");
        insta::assert_snapshot!(with("reports/junit.xml", "<testsuite></testsuite>").conditions[0].message, @"`unit-tests` cannot be judged: 0 test(s) were run, at least 1 must be");
        insta::assert_snapshot!(with("reports/lcov.info", "x").conditions[1].message, @"`line-coverage` cannot be judged: `reports/lcov.info` is no evidence: the content is of no known report format, at `/`");
    }

    #[test]
    fn findings_that_are_only_counted_fail_the_gate_whatever_is_waived() {
        let event = r#"{"detail-type":"ECR Image Scan","source":"aws.ecr","detail":{"scan-status":"COMPLETE","finding-severity-counts":{"CRITICAL":1}}}"#;
        let waiver =
            "waivers:\n  - { finding: GHSA-1, reason: not reachable, owner: ann, expires: 2026-11-23 }\n";
        let files = [GOOD[0], GOOD[1], ("reports/npm-audit.json", event)];
        let failed = verdict(&format!("{POLICY}{waiver}"), &files);
        assert_eq!(failed.outcome, Outcome::Fail);
        insta::assert_snapshot!(failed.conditions[2].message, @"`findings.critical` is 1, `no-critical` asks for <= 0: 1 fewer would pass");
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
        Api: `coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more would pass
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
}
