//! `tidegate report`: what the gate sees in a file. Must not decide anything itself: the core's own readers do.

use crate::progress::say;
use crate::release::line::{Look, Mood};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::gates::evidence::remarks;
use shared::gates::metric::METRICS;
use shared::gates::metric::{Measured, Metric};
use shared::gates::render::amount;
use shared::reports::facts::{Facts, Finding};
use shared::reports::{Input, Report, ReportError, read};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Names shown for each kind of offender.
const SHOWN: usize = 10;

/// Reads each file and says what is in it; whether all are evidence.
pub(crate) fn run(files: &[PathBuf], as_json: bool) -> Result<bool> {
    let look = Look::of_stdout();
    let mut all_good = true;
    let mut list = Vec::new();
    for path in files {
        let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
        let report = Input::of_stream(file).and_then(read);
        all_good &= report.is_ok();
        if as_json {
            list.push(as_value(path, &report));
        } else {
            say(&lines(path, &report, look).join("\n"));
        }
    }
    if as_json {
        say(&serde_json::to_string_pretty(&list)?);
    }
    Ok(all_good)
}

fn as_value(path: &Path, report: &Result<Report, ReportError>) -> Value {
    let path = path.display().to_string();
    match report {
        Ok(report) => json!({
            "path": path, "format": report.format.name, "kind": report.format.kind, "about": report.parsed.about,
            "metrics": metrics(&report.parsed.facts, None).into_iter().map(|(name, measured)| (name, measured.value())).collect::<std::collections::BTreeMap<_, _>>(),
            "labels": labels(&report.parsed.facts).into_iter().map(|label| {
                let metrics: std::collections::BTreeMap<_, _> =
                    metrics(&report.parsed.facts, Some(&label)).into_iter().map(|(name, measured)| (name, measured.value())).collect();
                (label, metrics)
            }).collect::<std::collections::BTreeMap<_, _>>(),
            "remarks": remarks(&report.parsed.about), "offenders": offenders(&report.parsed.facts),
        }),
        Err(error) => {
            json!({"path": path, "error": {"problem": error.problem, "at": error.path, "message": error.message}})
        }
    }
}

/// Every metric that the report has a figure for.
fn metrics(facts: &Facts, label: Option<&str>) -> Vec<(&'static str, Measured)> {
    let measure = |name: &'static str| {
        let metric = Metric::try_from(name.to_owned()).ok()?;
        Some((name, metric.measure(facts, label)?))
    };
    METRICS.iter().filter_map(|described| measure(described.name)).collect()
}

fn labels(facts: &Facts) -> Vec<String> {
    match facts {
        Facts::Performance(performance) => performance.labels.keys().cloned().collect(),
        Facts::Tests(_)
        | Facts::Coverage(_)
        | Facts::Findings(_)
        | Facts::Analysis(_)
        | Facts::Vex(_)
        | Facts::Changes(_) => Vec::new(),
    }
}

fn lines(path: &Path, report: &Result<Report, ReportError>, look: Look) -> Vec<String> {
    let name = path.display();
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            return vec![format!("{name}: {}", look.paint(&format!("no evidence: {error}"), Mood::Bad))];
        }
    };
    let about = &report.parsed.about;
    let mut lines = vec![format!(
        "{name}: {}, {}",
        look.paint(report.format.title, Mood::Good),
        report.format.kind.word()
    )];
    lines.extend(about.tool.as_ref().map(|tool| format!("  made by {tool}")));
    lines.extend(about.created.map(|created| format!("  made at {created}")));
    lines.extend(about.commit.as_ref().map(|commit| format!("  of commit {commit}")));
    let facts = &report.parsed.facts;
    lines.extend(
        metrics(facts, None)
            .into_iter()
            .map(|(name, measured)| format!("  {name:<22} {}", figure(name, measured))),
    );
    for label in labels(facts).iter().take(SHOWN) {
        let of = |name: &str| metrics(facts, Some(label)).into_iter().find(|(known, _)| *known == name);
        let shown =
            ["requests.total", "requests.error_rate", "latency.p50_ms", "latency.p95_ms", "latency.p99_ms"];
        let figures: Vec<String> = shown
            .into_iter()
            .filter_map(of)
            .map(|(name, m)| {
                format!("{} {}", name.rsplit('.').next().unwrap_or_default(), amount(name, m.value()))
            })
            .collect();
        lines.push(format!("  `{}`: {}", shared::gates::render::plain(label), figures.join(", ")));
    }
    lines.extend(more(labels(facts).len()));
    let offenders = offenders(facts);
    lines.extend(
        offenders.iter().take(SHOWN).map(|name| format!("  - {}", shared::gates::render::plain(name))),
    );
    lines.extend(more(offenders.len()));
    lines.extend(
        remarks(about)
            .iter()
            .map(|remark| format!("  {}", look.paint(&format!("note: {remark}"), Mood::Plain))),
    );
    lines
}

fn more(count: usize) -> Option<String> {
    (count > SHOWN).then(|| format!("  and {} more", count - SHOWN))
}

fn figure(name: &str, measured: Measured) -> String {
    match measured {
        Measured::Share(ratio) => {
            format!("{} ({} of {})", amount(name, measured.value()), ratio.hit, ratio.total)
        }
        Measured::Number(value) => amount(name, value),
    }
}

fn offenders(facts: &Facts) -> Vec<String> {
    let finding = |finding: &Finding| {
        let version =
            if finding.version.is_empty() { String::new() } else { format!(" {}", finding.version) };
        format!("{} ({}) in {}{version}", finding.id, finding.severity.word(), finding.component)
    };
    match facts {
        Facts::Tests(tests) => tests.broken.iter().map(|case| case.name.clone()).collect(),
        Facts::Findings(findings) => findings.findings.iter().map(finding).collect(),
        Facts::Analysis(analysis) => {
            analysis.checks.iter().filter(|c| !c.holds).map(|c| c.metric.clone()).collect()
        }
        Facts::Vex(vex) => vex.statements.iter().map(|s| s.ids.join(", ")).collect(),
        Facts::Changes(changes) => changes.files.keys().cloned().collect(),
        Facts::Coverage(_) | Facts::Performance(_) => Vec::new(),
    }
}
