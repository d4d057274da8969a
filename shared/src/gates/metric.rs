//! Every figure that a condition can name.

use crate::reports::Facts;
use crate::reports::facts::{
    AnalysisFacts, CoverageFacts, FindingFacts, Kind, PerformanceFacts, Ratio, Severity, TestFacts,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A metric by its name in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Metric(usize);

/// One figure that can be measured.
#[derive(Debug)]
pub struct Described {
    /// Name in the policy.
    pub name: &'static str,
    /// Unit for people.
    pub unit: &'static str,
    /// The evidence it comes from.
    pub kind: Kind,
    /// What it is, in a sentence.
    pub what: &'static str,
    /// How it is measured.
    how: How,
}

/// How a figure comes out of facts.
#[derive(Debug)]
enum How {
    Tests(fn(&TestFacts) -> Measured),
    Coverage(fn(&CoverageFacts) -> Ratio),
    /// Needs changed lines too: measured by the gate.
    ChangedLines,
    Findings(Option<Severity>),
    Samples(fn(&crate::reports::facts::Samples) -> Option<Measured>),
    Analysis(fn(&AnalysisFacts) -> u64),
}

macro_rules! metrics {
    ($($name:literal, $unit:literal, $kind:ident, $what:literal, $how:expr;)*) => {
        [$(Described { name: $name, unit: $unit, kind: Kind::$kind, what: $what, how: $how }),*]
    };
}

/// Every metric; the index is the identity.
pub static METRICS: [Described; 33] = metrics! {
    "tests.total", "tests", Tests, "all cases", How::Tests(|tests| count(tests.total()));
    "tests.passed", "tests", Tests, "cases that passed, flaky ones included", How::Tests(|tests| count(tests.passed));
    "tests.failed", "tests", Tests, "cases that failed or could not be run to an end, without quarantined ones",
        How::Tests(|tests| count(tests.failed.saturating_add(tests.errors)));
    "tests.errors", "tests", Tests, "cases that could not be run to an end", How::Tests(|tests| count(tests.errors));
    "tests.skipped", "tests", Tests, "cases that were not run", How::Tests(|tests| count(tests.skipped));
    "tests.skipped_share", "%", Tests, "cases that were not run, of all cases",
        How::Tests(|tests| Measured::Share(Ratio { hit: tests.skipped, total: tests.total() }));
    "tests.flaky", "tests", Tests, "cases that passed after a failed attempt", How::Tests(|tests| count(tests.flaky));
    "tests.duration_s", "s", Tests, "sum of the cases' times", How::Tests(|tests| Measured::Number(seconds(tests.duration_ms)));
    "coverage.lines", "%", Coverage, "distinct (file, line) with a hit, of all", How::Coverage(CoverageFacts::lines);
    "coverage.branches", "%", Coverage, "branches taken, of all", How::Coverage(CoverageFacts::branches);
    "coverage.functions", "%", Coverage, "functions called, of all", How::Coverage(CoverageFacts::functions);
    "coverage.changed_lines", "%", Coverage, "changed lines with a hit, of all changed lines that can be covered; needs `changes`",
        How::ChangedLines;
    "coverage.files", "files", Coverage, "files with at least one line",
        How::Coverage(|coverage| Ratio { hit: coverage.file_count(), total: 0 });
    "findings.critical", "findings", Findings, "critical findings", How::Findings(Some(Severity::Critical));
    "findings.high", "findings", Findings, "high findings", How::Findings(Some(Severity::High));
    "findings.medium", "findings", Findings, "medium findings", How::Findings(Some(Severity::Medium));
    "findings.low", "findings", Findings, "low findings", How::Findings(Some(Severity::Low));
    "findings.info", "findings", Findings, "informational findings", How::Findings(Some(Severity::Info));
    "findings.unknown", "findings", Findings, "findings whose tool gives no severity", How::Findings(Some(Severity::Unknown));
    "findings.total", "findings", Findings, "all findings", How::Findings(None);
    "latency.p50_ms", "ms", Performance, "half of the requests took no longer", How::Samples(|s| s.percentile(50).map(Measured::Number));
    "latency.p90_ms", "ms", Performance, "90 % of the requests took no longer", How::Samples(|s| s.percentile(90).map(Measured::Number));
    "latency.p95_ms", "ms", Performance, "95 % of the requests took no longer", How::Samples(|s| s.percentile(95).map(Measured::Number));
    "latency.p99_ms", "ms", Performance, "99 % of the requests took no longer", How::Samples(|s| s.percentile(99).map(Measured::Number));
    "latency.mean_ms", "ms", Performance, "mean time of a request", How::Samples(|s| s.mean().map(Measured::Number));
    "latency.max_ms", "ms", Performance, "longest request", How::Samples(|s| s.max().map(Measured::Number));
    "requests.total", "requests", Performance, "all requests", How::Samples(|s| Some(count(s.total())));
    "requests.failed", "requests", Performance, "failed requests", How::Samples(|s| s.failed().map(count));
    "requests.error_rate", "%", Performance, "failed requests, of all",
        How::Samples(|s| Some(Measured::Share(Ratio { hit: s.failed()?, total: s.total() })));
    "requests.per_second", "requests/s", Performance, "requests per second, from the first start to the last end",
        How::Samples(|s| s.per_second().map(Measured::Number));
    "analysis.passed", "analyses", Analysis, "analyses whose own gate passed", How::Analysis(|analysis| analysis.passed);
    "analysis.failed", "analyses", Analysis, "analyses whose own gate did not pass", How::Analysis(|analysis| analysis.failed);
    "analysis.broken_conditions", "conditions", Analysis, "conditions of the analysers' own gates that do not hold",
        How::Analysis(AnalysisFacts::broken);
};

/// A measured figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// A plain figure.
    Number(f64),
    /// Part of a whole: compared by integers, so that 79.999 % is below 80 %.
    Share(Ratio),
}

impl Metric {
    /// What it is.
    #[must_use]
    pub fn described(self) -> Option<&'static Described> {
        METRICS.get(self.0)
    }

    /// Name in the policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.described().map_or("", |described| described.name)
    }

    /// Unit for people.
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.described().map_or("", |described| described.unit)
    }

    /// The severity that it counts; none when it counts all or no findings.
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self.described()?.how {
            How::Findings(severity) => severity,
            How::Tests(_) | How::Coverage(_) | How::ChangedLines | How::Samples(_) | How::Analysis(_) => None,
        }
    }

    /// Whether it needs changed lines beside the coverage.
    #[must_use]
    pub fn needs_changes(self) -> bool {
        self.described().is_some_and(|described| matches!(described.how, How::ChangedLines))
    }

    /// Measures; none when the facts are of another kind or nothing was there to measure.
    #[must_use]
    pub fn measure(self, facts: &Facts, label: Option<&str>) -> Option<Measured> {
        match (&self.described()?.how, facts) {
            (How::Tests(how), Facts::Tests(tests)) => {
                Some(how(tests)).filter(|measured| !measured.is_of_nothing())
            }
            (How::Coverage(_), Facts::Coverage(coverage)) => self.of_coverage(coverage),
            (How::Findings(severity), Facts::Findings(findings)) => Some(count(counted(findings, *severity))),
            (How::Samples(how), Facts::Performance(performance)) => of_samples(performance, label, *how),
            (How::Analysis(how), Facts::Analysis(analysis)) => Some(count(how(analysis))),
            (
                How::Tests(_)
                | How::Coverage(_)
                | How::ChangedLines
                | How::Findings(_)
                | How::Samples(_)
                | How::Analysis(_),
                _,
            ) => None,
        }
    }

    fn of_coverage(self, coverage: &CoverageFacts) -> Option<Measured> {
        let How::Coverage(how) = self.described()?.how else { return None };
        let ratio = how(coverage);
        if self.unit() == "files" {
            return Some(count(ratio.hit));
        }
        share(ratio)
    }
}

fn counted(findings: &FindingFacts, severity: Option<Severity>) -> u64 {
    severity.map_or_else(|| findings.total(), |severity| findings.count(severity))
}

fn of_samples(
    performance: &PerformanceFacts,
    label: Option<&str>,
    how: fn(&crate::reports::facts::Samples) -> Option<Measured>,
) -> Option<Measured> {
    how(&performance.samples(label)?)
}

impl Measured {
    /// As a figure; shares in percent.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52, shown with two digits")]
    pub fn value(self) -> f64 {
        match self {
            Self::Number(value) => value,
            Self::Share(ratio) => ratio.hit as f64 * 100.0 / ratio.total as f64,
        }
    }

    fn is_of_nothing(self) -> bool {
        matches!(self, Self::Share(Ratio { total: 0, .. }))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count(value: u64) -> Measured {
    Measured::Number(value as f64)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2^52")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

/// A share of nothing is no figure.
fn share(ratio: Ratio) -> Option<Measured> {
    (ratio.total > 0).then_some(Measured::Share(ratio))
}

impl TryFrom<String> for Metric {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        METRICS.iter().position(|known| known.name == name).map(Self).ok_or_else(|| {
            let nearest =
                METRICS.iter().map(|known| known.name).min_by_key(|known| strsim::levenshtein(known, &name));
            format!("there is no metric `{name}`; the nearest is `{}`", nearest.unwrap_or_default())
        })
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.name().to_owned()
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
