//! Who is to blame for a figure, by name.

use super::KEPT_NAMES;
use crate::gates::excuse::Excuses;
use crate::gates::metric::Metric;
use crate::gates::patch::Patch;
use crate::gates::policy::Condition;
use crate::reports::Facts;
use crate::reports::facts::{CoverageFacts, Finding};

/// Names that explain a figure: failed tests, findings, uncovered lines or files.
pub(super) fn offenders(
    condition: &Condition,
    facts: &Facts,
    change: Option<&Patch>,
    excuses: &Excuses<'_>,
) -> Vec<String> {
    match facts {
        Facts::Tests(tests) => tests.broken.iter().take(KEPT_NAMES).map(|case| case.name.clone()).collect(),
        Facts::Findings(findings) => {
            let severity = condition.metric.and_then(Metric::severity);
            let counts = |finding: &&Finding| severity.is_none_or(|severity| severity == finding.severity);
            let names = findings.findings.iter().filter(counts).take(KEPT_NAMES);
            names.map(|finding| named(finding, excuses)).collect()
        }
        Facts::Coverage(coverage) => match change {
            Some(patch) => patch.missed.clone(),
            None => least_covered(coverage),
        },
        Facts::Analysis(analysis) => {
            let broken = analysis.checks.iter().filter(|check| !check.holds).take(KEPT_NAMES);
            broken
                .map(|check| format!("{}: {}, asked {}", check.metric, check.actual, check.threshold))
                .collect()
        }
        Facts::Performance(_) | Facts::Vex(_) | Facts::Changes(_) => Vec::new(),
    }
}

fn named(finding: &Finding, excuses: &Excuses<'_>) -> String {
    let version = if finding.version.is_empty() { String::new() } else { format!(" {}", finding.version) };
    let place = if finding.location.is_empty() { String::new() } else { format!(", {}", finding.location) };
    let refusal = excuses.refusal(finding).map(|words| format!(" ({words})")).unwrap_or_default();
    format!("{} in {}{version}{place}{refusal}", finding.id, finding.component)
}

/// Files with the most uncovered lines.
fn least_covered(coverage: &CoverageFacts) -> Vec<String> {
    let mut files: Vec<(u64, String)> = coverage
        .files
        .iter()
        .map(|file| (file.lines.ratio(), &file.path))
        .filter(|(ratio, _)| ratio.hit < ratio.total)
        .map(|(ratio, path)| {
            (ratio.total - ratio.hit, format!("{path} ({} of {} lines)", ratio.hit, ratio.total))
        })
        .collect();
    files.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    files.into_iter().take(KEPT_NAMES / 2).map(|(_, words)| words).collect()
}
