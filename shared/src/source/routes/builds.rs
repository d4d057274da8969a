//! What is built without being released: pull requests, the merge queue, and branches that feed no pipeline.
//!
//! Must not: name a project that a pipeline's branch could be released by, or take anything but whole names.

use super::pattern::{BranchPattern, is_branch_name};
use super::{Mode, Repository, Route, SourceMode, source_action};
use crate::source::reference::Reference;
use serde::Deserialize;

/// What the environment of a build is called, wherever a release would name its own.
pub const BUILD_ENVIRONMENT: &str = "pull-request";
/// Longest name of a project (CodeBuild API reference, `CreateProject`).
const MAX_PROJECT_NAME: usize = 150;

/// What carries a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runner {
    /// An execution of a CodePipeline pipeline.
    #[default]
    Pipeline,
    /// One build of a CodeBuild project, which releases nothing.
    Build,
}

impl Runner {
    /// The word in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pipeline => "pipeline",
            Self::Build => "build",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Pipeline, Self::Build].into_iter().find(|runner| runner.as_str() == word)
    }
}

/// When the code of somebody who may not write to the repository is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Forks {
    /// After somebody who may write has reviewed that very commit: approved it, or said `/build`.
    #[default]
    Approved,
    /// Never.
    Never,
}

/// A project that builds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Build {
    /// CodeBuild project, whose role and environment hold no secret.
    pub(super) project: String,
    /// Branches whose pull requests are built, and whose merge queue.
    #[serde(default)]
    pull_requests_into: Vec<BranchPattern>,
    /// Builds every branch that feeds no pipeline and has no open pull request of these.
    #[serde(default)]
    other_branches: bool,
    /// When pull requests from forks are built.
    #[serde(default)]
    forks: Forks,
    /// Builds only when this service has changed since the head that was built before.
    #[serde(default)]
    service: Option<String>,
}

/// A project that builds, of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildEntry {
    bases: Vec<BranchPattern>,
    other_branches: bool,
    route: Route,
}

impl Build {
    pub(super) fn check(&self, repository: &Repository, problems: &mut Vec<String>) {
        let name = self.project.as_str();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.len() < 2 || name.len() > MAX_PROJECT_NAME || !name.bytes().all(known) {
            problems.push(format!(
                "project `{name}` is not a name of 2 to {MAX_PROJECT_NAME} letters, digits, `-`, `_`"
            ));
        }
        if self.pull_requests_into.is_empty() && !self.other_branches {
            problems.push(format!(
                "project `{name}` builds nothing: give `pull_requests_into` or `other_branches: true`"
            ));
        }
        for base in &self.pull_requests_into {
            if let Some(words) = base.problem() {
                problems.push(format!("branch `{base}` of project `{name}` {words}"));
            }
        }
        if repository.builds.iter().filter(|other| other.project == self.project).count() > 1 {
            problems.push(format!("project `{name}` is there twice"));
        }
        repository.check_service(self.service.as_ref(), &format!("project `{name}`"), problems);
    }

    pub(super) fn entry(&self, repository: &Repository) -> BuildEntry {
        let route = Route {
            repository_id: repository.id,
            repository: repository.name.clone(),
            reference: Reference::Branch(String::new()),
            runner: Runner::Build,
            pipeline: self.project.clone(),
            environment: BUILD_ENVIRONMENT.to_owned(),
            mode: Mode::Superseded,
            paths: repository.paths_of(self.service.as_ref()),
            source: SourceMode::Zip,
            source_action: source_action(),
            forks: self.forks,
        };
        BuildEntry { bases: self.pull_requests_into.clone(), other_branches: self.other_branches, route }
    }
}

impl BuildEntry {
    /// The route of a pull request into `base`.
    #[must_use]
    pub fn pull(&self, number: u64, base: &str) -> Option<Route> {
        self.is_into(base).then(|| self.at(Reference::Pull(number)))
    }

    /// The route of a branch of the merge queue, or of a branch that feeds no pipeline.
    #[must_use]
    pub fn branch(&self, reference: &Reference) -> Option<Route> {
        let is_meant = match reference.merge_queue_base() {
            Some(base) => self.is_into(base),
            None => self.other_branches && reference.branch().is_some_and(is_branch_name),
        };
        is_meant.then(|| self.at(reference.clone()))
    }

    /// Whether pull requests into `base` are built here.
    #[must_use]
    pub fn is_into(&self, base: &str) -> bool {
        self.bases.iter().any(|pattern| pattern.matches(base))
    }

    /// The branches whose pull requests are built here.
    #[must_use]
    pub fn bases(&self) -> &[BranchPattern] {
        &self.bases
    }

    /// Whether any pull request is.
    #[must_use]
    pub fn takes_pulls(&self) -> bool {
        !self.bases.is_empty()
    }

    /// Whether branches that feed no pipeline are built here.
    #[must_use]
    pub fn takes_other_branches(&self) -> bool {
        self.other_branches
    }

    /// The route for whatever concerns no reference: its repository and project.
    #[must_use]
    pub fn repository(&self) -> &Route {
        &self.route
    }

    fn at(&self, reference: Reference) -> Route {
        Route { reference, ..self.route.clone() }
    }
}
