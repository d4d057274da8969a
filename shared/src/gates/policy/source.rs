//! Sources: where evidence comes from, and what it must be to count.

use super::words::{Globs, Span};
use crate::reports::facts::Duplicates;
use serde::{Deserialize, Serialize};

/// Evidence: files of the artifacts that match a pattern, or a scan that is asked for.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Globs over paths in the artifacts.
    #[serde(default)]
    pub path: Option<Globs>,
    /// Globs over paths that are left out.
    #[serde(default)]
    pub exclude: Option<Globs>,
    /// The findings of an image's scan, asked for at ECR.
    #[serde(default)]
    pub ecr: Option<EcrScan>,
    /// The verdict of `SonarQube` on this very analysis, asked for at the server.
    #[serde(default)]
    pub sonar: Option<SonarTask>,
    /// The only format that is taken: `junit`. Any known one when absent.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(schema_with = "format_names"))]
    pub format: Option<String>,
    /// Whether its absence is an error even when no condition names it.
    #[serde(default)]
    pub required: bool,
    /// Fewest files.
    #[serde(default = "one")]
    pub min_files: u64,
    /// Fewest test cases; a source of tests needs at least one.
    #[serde(default)]
    pub min_tests: u64,
    /// Oldest report, by its own date, or else by that of the file in the artifact: `24h`.
    #[serde(default)]
    pub max_age: Option<Span>,
    /// Whether each report must name the commit under judgement.
    #[serde(default)]
    pub must_match_commit: bool,
    /// What is judged as one: everything that the gate got, or each input artifact for itself.
    #[serde(default)]
    pub per: Per,
    /// What several results of one test case mean.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// Whether several coverage reports are shards of one run, so that a line that one of them hits is hit.
    #[serde(default)]
    pub shards: bool,
    /// What it means that a file is missing that the last pass of the protected branch had.
    #[serde(default)]
    pub fewer_files: FewerFiles,
}

/// The names that an editor offers.
#[cfg(feature = "schema")]
fn format_names(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names: Vec<&str> = crate::reports::FORMATS.iter().map(|format| format.name).collect();
    schemars::json_schema!({ "enum": names })
}

/// Where a source comes from.
#[derive(Debug, Clone, Copy)]
pub enum From<'a> {
    /// Files in the artifacts.
    Files(&'a Globs),
    /// A scan at ECR.
    Ecr(&'a EcrScan),
    /// An analysis at a server.
    Sonar(&'a SonarTask),
}

impl Source {
    /// Where it comes from; none when the policy says none or several, which [`super::Policy::parse`] refuses.
    #[must_use]
    pub fn from(&self) -> Option<From<'_>> {
        match (&self.path, &self.ecr, &self.sonar) {
            (Some(path), None, None) => Some(From::Files(path)),
            (None, Some(scan), None) => Some(From::Ecr(scan)),
            (None, None, Some(task)) => Some(From::Sonar(task)),
            _ => None,
        }
    }

    /// Globs over the files that it needs from the artifacts.
    #[must_use]
    pub fn files(&self) -> Option<&Globs> {
        self.from().map(|from| match from {
            From::Files(path) => path,
            From::Ecr(scan) => &scan.image,
            From::Sonar(task) => &task.task,
        })
    }

    /// Whether a path in an artifact is one of its files.
    #[must_use]
    pub fn names(&self, path: &str) -> bool {
        let left_out = self.exclude.as_ref().is_some_and(|exclude| exclude.fit(path));
        !left_out && self.files().is_some_and(|globs| globs.fit(path))
    }
}

/// The scan of an image that was pushed to ECR.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EcrScan {
    /// Globs over the file that names the image with its digest: `**/imageDetail.json`.
    pub image: Globs,
}

/// An analysis that a scanner has sent to `SonarQube`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SonarTask {
    /// Globs over the file that the scanner writes: `**/report-task.txt`. Only the task's id is taken from it; the server is a setting.
    pub task: Globs,
}

/// What the evidence of a source is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// All input artifacts together.
    #[default]
    Gate,
    /// Each input artifact: a service with good coverage does not lend it to another, and none may be without.
    Artifact,
}

/// What it means that there are fewer files than at the last pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FewerFiles {
    /// The source has no evidence.
    Fail,
    /// It is said, and the gate is no better than a warning.
    #[default]
    Warn,
    /// Nothing.
    Ignore,
}

fn one() -> u64 {
    1
}
