//! A first policy out of the reports that are there: what they are, with limits that hold today and that the source of the limit is said of.
//!
//! Must not: write a limit that lets through what is plainly broken. A failing test fails the first policy too.

use super::evidence::Report;
use super::metric::Metric;
use super::policy::Policy;
use crate::reports::facts::Kind;
use crate::reports::{Facts, Format};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Coverage that is asked for where the code has it.
const COVERAGE: f64 = 80.0;
/// How much slower than today a request may become, in percent.
const SLOWER: f64 = 50.0;

/// The text of a policy for these reports, made on `day`; none when none of them is evidence.
#[must_use]
pub fn policy(reports: &[Report], artifacts: usize, day: &str) -> Option<String> {
    let groups = groups(reports);
    if groups.is_empty() {
        return None;
    }
    let (mut sources, mut conditions) = (String::new(), String::new());
    let mut names = BTreeSet::new();
    for (format, files) in groups {
        let name = free_name(format.kind, format, &mut names);
        let _ = writeln!(sources, "  {name}: {{ {} }}", source(format, &files, artifacts));
        let mut all: Option<Facts> = None;
        for facts in files.iter().filter_map(|report| Some(report.read.as_ref().ok()?.parsed.facts.clone())) {
            all = match all {
                None => Some(facts),
                Some(all) => all.merge(facts),
            };
        }
        let Some(facts) = all else { continue };
        conditions.push_str(&of_kind(&name, &facts));
    }
    let text = format!(
        "# Written by `tidegate gate init` on {day} from the reports that were there. Every key: docs/POLICY.md.\nversion: 1\nsources:\n{sources}conditions:\n{conditions}"
    );
    // What we write ourselves is read by the same rules as everybody's.
    Policy::parse(&text).is_ok().then_some(text)
}

fn groups(reports: &[Report]) -> Vec<(&'static Format, Vec<&Report>)> {
    let mut groups: BTreeMap<(Kind, &str), (&'static Format, Vec<&Report>)> = BTreeMap::new();
    for report in reports {
        let Ok(read) = &report.read else { continue };
        let group = groups.entry((read.format.kind, read.format.name)).or_insert((read.format, Vec::new()));
        group.1.push(report);
    }
    groups.into_values().filter(|(format, _)| !matches!(format.kind, Kind::Vex | Kind::Changes)).collect()
}

fn free_name(kind: Kind, format: &Format, names: &mut BTreeSet<String>) -> String {
    let name = if names.contains(kind.word()) { format.name } else { kind.word() };
    names.insert(name.to_owned());
    name.to_owned()
}

fn source(format: &Format, files: &[&Report], artifacts: usize) -> String {
    let names: BTreeSet<&str> = files.iter().filter_map(|report| report.path.rsplit('/').next()).collect();
    let globs: Vec<String> = names
        .iter()
        .map(|name| format!("\"**/{}\"", name.replace(['*', '?', '[', '{', '"', '\\'], "?")))
        .collect();
    let path = match globs.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let with: BTreeSet<&str> = files.iter().map(|report| report.artifact.as_str()).collect();
    let by_artifact = artifacts > 1 && with.len() == artifacts;
    let least = if by_artifact { String::new() } else { format!(", min_files: {}", files.len()) };
    let per = if by_artifact { ", per: artifact" } else { "" };
    let tests = if format.kind == Kind::Tests { ", min_tests: 1" } else { "" };
    format!("path: {path}, format: {}, required: true{least}{tests}{per}", format.name)
}

fn measured(facts: &Facts, metric: &str) -> Option<f64> {
    let metric = Metric::try_from(metric.to_owned()).ok()?;
    metric.measure(facts, None).map(super::metric::Measured::value)
}

fn of_kind(source: &str, facts: &Facts) -> String {
    let line = |id: &str, metric: &str, rest: &str| {
        format!("  - {{ id: {source}-{id}, source: {source}, metric: {metric}, {rest} }}\n")
    };
    match facts {
        Facts::Tests(_) => {
            line("failed", "tests.failed", "operator: \"<=\", fail: 0")
                + &line("flaky", "tests.flaky", "operator: \"<=\", fail: 5, warn: 0")
        }
        Facts::Coverage(_) => {
            let lines = measured(facts, "coverage.lines").unwrap_or(0.0);
            let limit = if lines >= COVERAGE {
                line("lines", "coverage.lines", "operator: \">=\", fail: 80")
            } else {
                format!(
                    "  # Today {:.2} %: raise `fail` to 80 as soon as it holds; the ratchet keeps what is reached until then.\n",
                    (lines * 100.0).floor() / 100.0
                ) + &line("lines", "coverage.lines", &format!("operator: \">=\", fail: {}", lines.floor()))
            };
            limit
                + &line(
                    "ratchet",
                    "coverage.lines",
                    "operator: \">=\", baseline: { compare: best, tolerance: 0.1, tolerance_lines: 5 }",
                )
        }
        Facts::Findings(_) => ["critical", "high", "unknown"]
            .map(|severity| {
                let metric = format!("findings.{severity}");
                let today = measured(facts, &metric).unwrap_or(0.0);
                let grace = if severity == "high" { ", grace: { high: 7d }" } else { "" };
                let note = if today > 0.0 {
                    format!(
                        "  # Today {today}: mend them, or waive each with a reason, an owner and a day.\n"
                    )
                } else {
                    String::new()
                };
                // Tools without severities would always fail here.
                let on = if severity == "unknown" { ", on: warn" } else { "" };
                note + &line(severity, &metric, &format!("operator: \"<=\", fail: 0{grace}{on}"))
            })
            .concat(),
        Facts::Performance(_) => {
            let p95 = measured(facts, "latency.p95_ms").map(|p95| {
                let limit = (p95 * (1.0 + SLOWER / 100.0)).ceil();
                format!("  # Today {p95} ms; this is half as much again.\n")
                    + &line("p95", "latency.p95_ms", &format!("operator: \"<=\", fail: {limit}"))
            });
            let errors = measured(facts, "requests.error_rate")
                .map(|_| line("errors", "requests.error_rate", "operator: \"<=\", fail: 1"));
            p95.unwrap_or_default() + &errors.unwrap_or_default()
        }
        Facts::Analysis(_) => line("gate", "analysis.failed", "operator: \"<=\", fail: 0"),
        Facts::Vex(_) | Facts::Changes(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::evaluate::evaluate;
    use crate::gates::evidence::Asked;
    use crate::gates::history::History;
    use crate::gates::verdict::Outcome;
    use crate::reports::{Input, read};

    fn report(path: &str, text: &str) -> Report {
        Report {
            artifact: "build".to_owned(),
            path: path.to_owned(),
            asked_for: None,
            size: text.len() as u64,
            sha256: String::new(),
            modified: None,
            read: Input::of_bytes(text.as_bytes()).and_then(read),
        }
    }

    #[test]
    fn a_first_policy_asks_for_what_is_there_and_holds_today() {
        let reports = [
            report("a/junit.xml", "<testsuite><testcase name='a'/></testsuite>"),
            report("b/junit.xml", "<testsuite><testcase name='a'/></testsuite>"),
            report("coverage/lcov.info", "SF:a\nDA:1,1\nDA:2,0\nDA:3,1\nend_of_record\n"),
            report("audit.json", r#"{"auditReportVersion":2,"vulnerabilities":{}}"#),
            report("load.jtl", "timeStamp,elapsed,label,success\n1000,12,GET /,true\n1100,20,GET /,true\n"),
            report("broken.xml", "<testsuite>"),
        ];
        let text = policy(&reports, 1, "2026-11-28").unwrap();
        insta::assert_snapshot!(text, @r#"
        # Written by `tidegate gate init` on 2026-11-28 from the reports that were there. Every key: docs/POLICY.md.
        version: 1
        sources:
          tests: { path: "**/junit.xml", format: junit, required: true, min_files: 2, min_tests: 1 }
          coverage: { path: "**/lcov.info", format: lcov, required: true, min_files: 1 }
          findings: { path: "**/audit.json", format: npm-audit, required: true, min_files: 1 }
          performance: { path: "**/load.jtl", format: jtl-csv, required: true, min_files: 1 }
        conditions:
          - { id: tests-failed, source: tests, metric: tests.failed, operator: "<=", fail: 0 }
          - { id: tests-flaky, source: tests, metric: tests.flaky, operator: "<=", fail: 5, warn: 0 }
          # Today 66.66 %: raise `fail` to 80 as soon as it holds; the ratchet keeps what is reached until then.
          - { id: coverage-lines, source: coverage, metric: coverage.lines, operator: ">=", fail: 66 }
          - { id: coverage-ratchet, source: coverage, metric: coverage.lines, operator: ">=", baseline: { compare: best, tolerance: 0.1, tolerance_lines: 5 } }
          - { id: findings-critical, source: findings, metric: findings.critical, operator: "<=", fail: 0 }
          - { id: findings-high, source: findings, metric: findings.high, operator: "<=", fail: 0, grace: { high: 7d } }
          - { id: findings-unknown, source: findings, metric: findings.unknown, operator: "<=", fail: 0, on: warn }
          # Today 20 ms; this is half as much again.
          - { id: performance-p95, source: performance, metric: latency.p95_ms, operator: "<=", fail: 30 }
          - { id: performance-errors, source: performance, metric: requests.error_rate, operator: "<=", fail: 1 }
        "#);
        let asked = Asked {
            artifacts: &["build"],
            branch: None,
            stage: None,
            commit: None,
            now: "2026-11-28T00:00:00Z".parse().unwrap(),
            may_wait: false,
        };
        let parsed = Policy::parse(&text).unwrap();
        assert_eq!(evaluate(&parsed, &asked, &reports, &History::default()).verdict.outcome, Outcome::Warn);
        assert_eq!(policy(&reports[5..], 1, "2026-11-28"), None);
    }
}
