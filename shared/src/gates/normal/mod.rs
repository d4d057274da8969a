//! Reports in one normal form, as JSON: kept beside the verdict, so that another policy can be tried on what was measured then
//! (`tidegate gate backtest`), and so that other engines can judge it too.
//!
//! Counts, names and percentiles are kept; lines, single samples and what a test printed are not. Must not: decide anything.

mod shapes;

use crate::gates::evidence::Report;
use crate::gates::record::Record;
use crate::model::Timestamp;
use crate::reports::facts::{
    About, AnalysisFacts, ChangeFacts, Check, CoverageFacts, Facts, FindingFacts, Parsed, PerformanceFacts,
    Severity, VexFacts,
};
use crate::reports::{FORMATS, Problem, Report as Read, ReportError};
use serde::{Deserialize, Serialize};
use shapes::{Claim, File, Found, Summed, Tests};
use std::collections::BTreeMap;

/// Version of this form.
pub const VERSION: u32 = 1;

/// What a gate measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Normal {
    /// Version of this form.
    pub version: u32,
    /// Names of the input artifacts.
    pub artifacts: Vec<String>,
    /// Branch, stage and commit, as far as the gate was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Every report.
    pub reports: Vec<Entry>,
}

/// One report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    artifact: String,
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_for: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    format: String,
    size: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    oddities: Vec<String>,
    #[serde(flatten)]
    said: Said,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Error { problem: Problem, path: String, message: String },
    Tests(Tests),
    Coverage(Vec<File>),
    Findings { list: Vec<Found>, counted: BTreeMap<Severity, u64> },
    Performance(BTreeMap<String, Summed>),
    Analysis { passed: u64, failed: u64, checks: Vec<(String, bool, String, String)> },
    Vex(Vec<Claim>),
    Changes(BTreeMap<String, Vec<(u32, u32)>>),
}

/// Key of the samples of all labels together.
const ALL: &str = "";

impl Normal {
    /// What was measured for a verdict.
    #[must_use]
    pub fn of(record: &Record, artifacts: &[&str], reports: Vec<Entry>) -> Self {
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            version: VERSION,
            artifacts: artifacts.iter().map(|name| (*name).to_owned()).collect(),
            branch: told(&record.branch),
            stage: told(&record.stage),
            commit: told(&record.commit_id),
            decided_at: record.decided_at,
            reports,
        }
    }
}

impl Entry {
    /// `<artifact>/<path>`.
    #[must_use]
    pub fn full_path(&self) -> String {
        format!("{}/{}", self.artifact, self.path)
    }

    /// Of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let about = report.read.as_ref().map(|read| read.parsed.about.clone()).unwrap_or_default();
        Self {
            artifact: report.artifact.clone(),
            path: report.path.clone(),
            asked_for: report.asked_for.clone(),
            format: report.read.as_ref().map(|read| read.format.name.to_owned()).unwrap_or_default(),
            size: report.size,
            sha256: report.sha256.clone(),
            modified: report.modified,
            oddities: crate::gates::evidence::remarks(&about),
            commit: about.commit,
            created: about.created,
            said: match &report.read {
                Ok(read) => Said::of(&read.parsed.facts),
                Err(error) => Said::Error {
                    problem: error.problem,
                    path: error.path.clone(),
                    message: error.message.clone(),
                },
            },
        }
    }

    /// As a report again. One of a format that this release does not know is no evidence.
    #[must_use]
    pub fn report(self) -> Report {
        let about =
            About { commit: self.commit, created: self.created, oddities: self.oddities, ..About::default() };
        let format = FORMATS.iter().find(|format| format.name == self.format).copied();
        let read = match (self.said.facts(), format) {
            (Err(error), _) => Err(error),
            (Ok(facts), Some(format)) => Ok(Read { format, parsed: Parsed { facts, about } }),
            (Ok(_), None) => {
                let words = format!("the format `{}` is not known", self.format);
                Err(ReportError::new(Problem::Unknown, "/", words))
            }
        };
        Report {
            artifact: self.artifact,
            path: self.path,
            asked_for: self.asked_for,
            size: self.size,
            sha256: self.sha256,
            modified: self.modified,
            read,
        }
    }
}

impl Said {
    fn of(facts: &Facts) -> Self {
        match facts {
            Facts::Tests(tests) => Self::Tests(Tests::of(tests)),
            Facts::Coverage(coverage) => Self::Coverage(coverage.files.iter().map(File::of).collect()),
            Facts::Findings(findings) => {
                let list = findings.findings.iter().chain(&findings.suppressed).map(Found::of).collect();
                Self::Findings { list, counted: findings.counted.clone() }
            }
            Facts::Performance(performance) => {
                let mut labels: BTreeMap<String, Summed> = performance
                    .labels
                    .iter()
                    .map(|(label, samples)| (label.clone(), Summed::of(samples)))
                    .collect();
                labels.extend(performance.samples(None).map(|all| (ALL.to_owned(), Summed::of(&all))));
                Self::Performance(labels)
            }
            Facts::Analysis(analysis) => Self::Analysis {
                passed: analysis.passed,
                failed: analysis.failed,
                checks: analysis
                    .checks
                    .iter()
                    .map(|c| (c.metric.clone(), c.holds, c.actual.clone(), c.threshold.clone()))
                    .collect(),
            },
            Facts::Vex(vex) => Self::Vex(vex.statements.iter().map(Claim::of).collect()),
            Facts::Changes(changes) => Self::Changes(
                changes
                    .files
                    .iter()
                    .map(|(path, ranges)| {
                        (path.clone(), ranges.iter().map(|r| (*r.start(), *r.end())).collect())
                    })
                    .collect(),
            ),
        }
    }

    fn facts(self) -> Result<Facts, ReportError> {
        Ok(match self {
            Self::Error { problem, path, message } => return Err(ReportError::new(problem, path, message)),
            Self::Tests(tests) => Facts::Tests(tests.facts()),
            Self::Coverage(files) => {
                Facts::Coverage(CoverageFacts { files: files.into_iter().map(File::facts).collect() })
            }
            Self::Findings { list, counted } => {
                let mut facts = FindingFacts::of_counts(counted);
                list.into_iter().map(Found::facts).for_each(|finding| facts.add(finding));
                Facts::Findings(facts)
            }
            Self::Performance(mut labels) => {
                let all = labels.remove(ALL).map(Summed::facts);
                let labels = labels.into_iter().map(|(label, summed)| (label, summed.facts())).collect();
                Facts::Performance(PerformanceFacts { labels, others: None, all })
            }
            Self::Analysis { passed, failed, checks } => Facts::Analysis(AnalysisFacts {
                passed,
                failed,
                checks: checks
                    .into_iter()
                    .map(|(metric, holds, actual, threshold)| Check { metric, holds, actual, threshold })
                    .collect(),
            }),
            Self::Vex(claims) => {
                Facts::Vex(VexFacts { statements: claims.into_iter().map(Claim::facts).collect() })
            }
            Self::Changes(files) => Facts::Changes(ChangeFacts {
                files: files
                    .into_iter()
                    .map(|(path, ranges)| (path, ranges.into_iter().map(|(from, to)| from..=to).collect()))
                    .collect(),
            }),
        })
    }
}
