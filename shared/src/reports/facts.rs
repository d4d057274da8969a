//! The normal form of every report: tests, coverage, findings, performance.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;

/// Names kept per report for the message; more are only counted.
pub const KEPT_NAMES: usize = 20;
/// Longest kept name, in characters.
const NAME_LENGTH: usize = 160;
/// Longest sample that is told apart, in milliseconds (one hour).
const LONGEST_MS: u64 = 3_600_000;

/// What one report says.
#[derive(Debug, Clone)]
pub enum Facts {
    /// Test cases.
    Tests(TestFacts),
    /// Covered code.
    Coverage(CoverageFacts),
    /// Vulnerabilities and rule violations.
    Findings(FindingFacts),
    /// Response times.
    Performance(PerformanceFacts),
}

impl Facts {
    /// The kind in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tests(_) => "tests",
            Self::Coverage(_) => "coverage",
            Self::Findings(_) => "findings",
            Self::Performance(_) => "performance",
        }
    }

    /// These facts and `other` as one; none when they are of different kinds.
    #[must_use]
    pub fn merge(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Tests(a), Self::Tests(b)) => Some(Self::Tests(a.merge(b))),
            (Self::Coverage(a), Self::Coverage(b)) => Some(Self::Coverage(a.merge(b))),
            (Self::Findings(a), Self::Findings(b)) => Some(Self::Findings(a.merge(b))),
            (Self::Performance(a), Self::Performance(b)) => Some(Self::Performance(a.merge(b))),
            (Self::Tests(_) | Self::Coverage(_) | Self::Findings(_) | Self::Performance(_), _) => None,
        }
    }
}

/// Test cases by outcome; one case has one outcome: error before failure before skipped before passed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TestFacts {
    /// Cases that passed, flaky ones included.
    pub passed: u64,
    /// Cases that failed.
    pub failed: u64,
    /// Cases that could not be run to an end.
    pub errors: u64,
    /// Cases that were not run.
    pub skipped: u64,
    /// Cases that passed after a failed attempt.
    pub flaky: u64,
    /// Sum of the cases' times, in milliseconds.
    pub duration_ms: u64,
    /// What the file itself claims as number of tests.
    pub declared: Option<u64>,
    /// Names of failed and broken cases, at most [`KEPT_NAMES`].
    pub broken: Vec<String>,
}

impl TestFacts {
    /// All cases.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.passed + self.failed + self.errors + self.skipped
    }

    fn merge(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.flaky += other.flaky;
        self.duration_ms += other.duration_ms;
        self.declared = self.declared.zip(other.declared).map(|(a, b)| a + b);
        other.broken.into_iter().for_each(|name| keep(&mut self.broken, &name));
        self
    }
}

/// Covered out of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ratio {
    /// Covered.
    pub hit: u64,
    /// All.
    pub total: u64,
}

impl Ratio {
    /// Sum of two ratios' counts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { hit: self.hit + other.hit, total: self.total + other.total }
    }
}

/// Covered code, summed over files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CoverageFacts {
    /// Distinct (file, line) with a hit, out of all.
    pub lines: Ratio,
    /// Branches.
    pub branches: Ratio,
    /// Functions.
    pub functions: Ratio,
    /// Files with at least one line.
    pub files: u64,
}

impl CoverageFacts {
    fn merge(self, other: Self) -> Self {
        Self {
            lines: self.lines.plus(other.lines),
            branches: self.branches.plus(other.branches),
            functions: self.functions.plus(other.functions),
            files: self.files + other.files,
        }
    }
}

/// One scale for every scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The tool gave none.
    Unknown,
    /// Informational.
    Info,
    /// Low.
    Low,
    /// Medium; npm's `moderate`, SARIF's `warning`.
    Medium,
    /// High; SARIF's `error`.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// A scanner's word on our scale; a word nobody knows is `Unknown`, never harmless.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "error" => Self::High,
            "moderate" | "medium" | "warning" => Self::Medium,
            "low" | "note" => Self::Low,
            "info" | "informational" | "none" | "negligible" => Self::Info,
            _ => Self::Unknown,
        }
    }

    /// A CVSS base score (0 to 10) on our scale (FIRST, CVSS v3.1 §5).
    #[must_use]
    pub fn from_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Info,
        }
    }
}

/// One finding, after duplicates of (id, component) were joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Advisory or rule id.
    pub id: String,
    /// Package or path.
    pub component: String,
    /// On our scale.
    pub severity: Severity,
    /// One line from the tool: data.
    pub title: String,
}

/// Findings of one or more scans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FindingFacts {
    /// Every finding once.
    pub findings: Vec<Finding>,
}

impl FindingFacts {
    /// Adds a finding unless (id, component) is there; the graver severity stays.
    pub fn add(&mut self, finding: Finding) {
        let same = self
            .findings
            .iter_mut()
            .find(|known| known.id == finding.id && known.component == finding.component);
        match same {
            Some(known) => known.severity = known.severity.max(finding.severity),
            None => self.findings.push(finding),
        }
    }

    /// Findings of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        self.findings.iter().filter(|finding| finding.severity == severity).count() as u64
    }

    fn merge(mut self, other: Self) -> Self {
        other.findings.into_iter().for_each(|finding| self.add(finding));
        self
    }
}

/// Samples of one label.
#[derive(Debug, Clone)]
pub struct Samples {
    /// All samples.
    pub total: u64,
    /// Failed samples; they count in the latency too.
    pub failed: u64,
    /// Elapsed times in milliseconds, three significant digits.
    pub elapsed: Histogram<u64>,
    /// First start, milliseconds since 1970.
    pub first: i64,
    /// Last end, milliseconds since 1970.
    pub last: i64,
}

impl Samples {
    /// No sample yet; none when the histogram's bounds are refused, which they are not.
    #[must_use]
    pub fn new() -> Option<Self> {
        let elapsed = Histogram::new_with_bounds(1, LONGEST_MS, 3).ok()?;
        Some(Self { total: 0, failed: 0, elapsed, first: i64::MAX, last: i64::MIN })
    }

    /// Adds one sample; longer ones than an hour count as an hour.
    pub fn add(&mut self, start: i64, elapsed_ms: u64, success: bool) {
        self.total += 1;
        self.failed += u64::from(!success);
        self.elapsed.saturating_record(elapsed_ms);
        self.first = self.first.min(start);
        self.last = self.last.max(start.saturating_add(i64::try_from(elapsed_ms).unwrap_or(i64::MAX)));
    }

    /// These and `other` together.
    pub fn join(&mut self, other: &Self) {
        self.total += other.total;
        self.failed += other.failed;
        if self.elapsed.add(&other.elapsed).is_err() {
            // Both have the same bounds; kept so that a count can never vanish.
            other
                .elapsed
                .iter_recorded()
                .for_each(|value| self.elapsed.saturating_record(value.value_iterated_to()));
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Response times by label.
#[derive(Debug, Clone, Default)]
pub struct PerformanceFacts {
    /// Samples of each label.
    pub labels: BTreeMap<String, Samples>,
}

impl PerformanceFacts {
    /// The samples of one label, or of all labels together; none when there is no sample.
    #[must_use]
    pub fn samples(&self, label: Option<&str>) -> Option<Samples> {
        match label {
            Some(label) => self.labels.get(label).cloned(),
            None => {
                let mut all = Samples::new()?;
                self.labels.values().for_each(|samples| all.join(samples));
                (all.total > 0).then_some(all)
            }
        }
    }

    fn merge(mut self, other: Self) -> Self {
        for (label, samples) in other.labels {
            match self.labels.get_mut(&label) {
                Some(known) => known.join(&samples),
                None => {
                    self.labels.insert(label, samples);
                }
            }
        }
        self
    }
}

/// Keeps a name for the message: cut, and at most [`KEPT_NAMES`] of them.
pub(crate) fn keep(names: &mut Vec<String>, name: &str) {
    if names.len() < KEPT_NAMES {
        names.push(name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_LENGTH).collect());
    }
}
