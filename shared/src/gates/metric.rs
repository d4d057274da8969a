//! Every figure that a condition can name.

use crate::reports::{Facts, Ratio, Severity};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A metric by its name in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Metric(usize);

/// Name and unit of every metric; the index is the identity.
pub const METRICS: [(&str, &str); 27] = [
    ("tests.total", "tests"),
    ("tests.passed", "tests"),
    ("tests.failed", "tests"),
    ("tests.errors", "tests"),
    ("tests.skipped", "tests"),
    ("tests.flaky", "tests"),
    ("tests.duration_s", "s"),
    ("coverage.lines", "%"),
    ("coverage.branches", "%"),
    ("coverage.functions", "%"),
    ("findings.critical", "findings"),
    ("findings.high", "findings"),
    ("findings.medium", "findings"),
    ("findings.low", "findings"),
    ("findings.info", "findings"),
    ("findings.unknown", "findings"),
    ("findings.total", "findings"),
    ("latency.p50_ms", "ms"),
    ("latency.p90_ms", "ms"),
    ("latency.p95_ms", "ms"),
    ("latency.p99_ms", "ms"),
    ("latency.mean_ms", "ms"),
    ("latency.max_ms", "ms"),
    ("requests.total", "requests"),
    ("requests.failed", "requests"),
    ("requests.error_rate", "%"),
    ("requests.per_second", "requests/s"),
];

/// A measured figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// A plain figure.
    Number(f64),
    /// Covered out of all: compared by integers, so that 79.999 % is below 80 %.
    Share(Ratio),
}

impl Metric {
    /// Name in the policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        METRICS.get(self.0).map_or("", |(name, _)| name)
    }

    /// Unit for people.
    #[must_use]
    pub fn unit(self) -> &'static str {
        METRICS.get(self.0).map_or("", |(_, unit)| unit)
    }

    /// Measures; none when the facts are of another kind or nothing was there to measure.
    #[must_use]
    pub fn measure(self, facts: &Facts, label: Option<&str>) -> Option<Measured> {
        let name = self.name();
        match facts {
            Facts::Tests(tests) => count(match name {
                "tests.total" => tests.total(),
                "tests.passed" => tests.passed,
                "tests.failed" => tests.failed + tests.errors,
                "tests.errors" => tests.errors,
                "tests.skipped" => tests.skipped,
                "tests.flaky" => tests.flaky,
                "tests.duration_s" => return count(tests.duration_ms).map(|m| scaled(m, 0.001)),
                _ => return None,
            }),
            Facts::Coverage(coverage) => share(match name {
                "coverage.lines" => coverage.lines,
                "coverage.branches" => coverage.branches,
                "coverage.functions" => coverage.functions,
                _ => return None,
            }),
            Facts::Findings(findings) => {
                let severity = match name {
                    "findings.critical" => Severity::Critical,
                    "findings.high" => Severity::High,
                    "findings.medium" => Severity::Medium,
                    "findings.low" => Severity::Low,
                    "findings.info" => Severity::Info,
                    "findings.unknown" => Severity::Unknown,
                    "findings.total" => return count(findings.findings.len() as u64),
                    _ => return None,
                };
                count(findings.count(severity))
            }
            Facts::Performance(performance) => {
                let samples = performance.samples(label).filter(|samples| samples.total > 0)?;
                let quantile = |q: f64| count(samples.elapsed.value_at_quantile(q));
                match name {
                    "latency.p50_ms" => quantile(0.50),
                    "latency.p90_ms" => quantile(0.90),
                    "latency.p95_ms" => quantile(0.95),
                    "latency.p99_ms" => quantile(0.99),
                    "latency.mean_ms" => Some(Measured::Number(samples.elapsed.mean())),
                    "latency.max_ms" => count(samples.elapsed.max()),
                    "requests.total" => count(samples.total),
                    "requests.failed" => count(samples.failed),
                    "requests.error_rate" => share(Ratio { hit: samples.failed, total: samples.total }),
                    "requests.per_second" => {
                        per_second(samples.total, samples.last.saturating_sub(samples.first))
                    }
                    _ => None,
                }
            }
        }
    }
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
}

#[expect(
    clippy::cast_precision_loss,
    clippy::unnecessary_wraps,
    reason = "counts far below 2^52; the option is the caller's type"
)]
fn count(value: u64) -> Option<Measured> {
    Some(Measured::Number(value as f64))
}

fn scaled(measured: Measured, factor: f64) -> Measured {
    Measured::Number(measured.value() * factor)
}

/// A share of nothing is no figure.
fn share(ratio: Ratio) -> Option<Measured> {
    (ratio.total > 0).then_some(Measured::Share(ratio))
}

#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds far below 2^52")]
fn per_second(total: u64, span_ms: i64) -> Option<Measured> {
    (span_ms > 0).then(|| Measured::Number(total as f64 * 1000.0 / span_ms as f64))
}

impl TryFrom<String> for Metric {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        METRICS.iter().position(|(known, _)| *known == name).map(Self).ok_or_else(|| {
            let nearest =
                METRICS.iter().map(|(known, _)| *known).min_by_key(|known| strsim::levenshtein(known, &name));
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
