//! Which branch of which repository feeds which pipeline: the YAML text of the routes parameter.
//!
//! Must not: match part of a name, or take a pipeline's name from a payload.
//!
//! ```yaml
//! version: 1
//! repositories:
//!   - id: 1001                     # GitHub's numeric id
//!     name: acme/shop
//!     services:                    # only where a pipeline releases one service of many
//!       - { name: orders, paths: [services/orders, libraries] }
//!     branches:
//!       - { branch: main, pipeline: shop-production, environment: production, mode: queued }
//!       - { branch: develop, pipeline: orders-staging, environment: staging, mode: superseded, service: orders }
//!       - { branch: "release/*", pipeline: shop-candidate, environment: staging, mode: queued }
//!     builds:                      # what is built without being released
//!       - { project: shop-checks, pull_requests_into: [main, develop], other_branches: true, forks: approved }
//! ```

mod builds;
mod explain;
mod pattern;
#[cfg(feature = "schema")]
mod schema;

pub use builds::{BUILD_ENVIRONMENT, BuildEntry, Forks, Runner};
pub use explain::Explanation;
pub use pattern::BranchPattern;

use crate::errors::Rejection;
use crate::source::reference::Reference;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest pipeline name (CodePipeline API reference, `PipelineName`).
const MAX_PIPELINE_NAME: usize = 100;
/// Every route.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Routes {
    version: u32,
    repositories: Vec<Repository>,
}

/// A repository whose branches are released.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Repository {
    id: u64,
    name: String,
    #[serde(default)]
    services: Vec<Service>,
    branches: Vec<Branch>,
    /// Pull requests, merge queue and branches that feed no pipeline.
    #[serde(default)]
    builds: Vec<builds::Build>,
}

/// A part of a repository that is released on its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    /// Folders and files, from the root.
    paths: Vec<String>,
}

/// A branch and the pipeline that it feeds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Branch {
    branch: BranchPattern,
    pipeline: String,
    environment: String,
    mode: Mode,
    /// Starts only when this service has changed since the head that was started before.
    #[serde(default)]
    service: Option<String>,
    /// Where the pipeline's source action takes the commit from.
    #[serde(default)]
    source: SourceMode,
    /// Name of that action.
    #[serde(default = "source_action")]
    source_action: String,
}

fn source_action() -> String {
    "Source".to_owned()
}

/// Where a pipeline's source action takes the commit from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourceMode {
    /// From the source bucket: the zip that was published under the commit's id (S3 action with `AllowOverrideForS3ObjectKey`).
    #[default]
    Zip,
    /// From GitHub through a connection of the account (`CodeStarSourceConnection` with change detection off), by commit id.
    Connection,
}

/// How the pipeline treats a second execution while one runs. The pipeline's own `ExecutionMode` does it; here it is
/// written down so that the two can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every started head is released, in order.
    Queued,
    /// A newer head overtakes an older one.
    Superseded,
}

/// One way from a branch to a pipeline, or from a branch or pull request to a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// GitHub's numeric id.
    pub repository_id: u64,
    /// `owner/name`, the only name that calls to GitHub use.
    pub repository: String,
    /// Branch or pull request.
    pub reference: Reference,
    /// What carries its releases.
    pub runner: Runner,
    /// CodePipeline pipeline, or CodeBuild project of a build.
    pub pipeline: String,
    /// Environment that the pipeline releases to; [`BUILD_ENVIRONMENT`] for a build.
    pub environment: String,
    /// What the pipeline does with a second execution.
    pub mode: Mode,
    /// Folders and files that have to differ from the head started before; empty when everything counts.
    pub paths: Vec<String>,
    /// Where the pipeline's source action takes the commit from.
    pub source: SourceMode,
    /// Name of that action.
    pub source_action: String,
    /// When the head of a pull request from a fork is built.
    pub forks: Forks,
}

/// A route before it is known which branch it is: what the poll looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which branches it means.
    pub pattern: BranchPattern,
    route: Route,
}

impl Entry {
    /// The route of `branch`, when the pattern means it.
    #[must_use]
    pub fn route(&self, branch: &str) -> Option<Route> {
        let reference = || Reference::Branch(branch.to_owned());
        self.pattern.matches(branch).then(|| Route { reference: reference(), ..self.route.clone() })
    }

    /// The route for whatever concerns no branch: its repository.
    #[must_use]
    pub fn repository(&self) -> &Route {
        &self.route
    }
}

impl Routes {
    /// Reads the YAML text.
    ///
    /// # Errors
    /// With the line and column of what is not understood, or every rule that is broken.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let routes: Self =
            serde_saphyr::from_str(text).map_err(|error| Rejection::new(yaml_words(&error)))?;
        let problems = routes.problems();
        if problems.is_empty() {
            return Ok(routes);
        }
        Err(Rejection::new(format!("{} problem(s) in the routes: {}", problems.len(), problems.join("; "))))
    }

    /// Every entry, in the order of the text.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.repositories
            .iter()
            .flat_map(|repository| repository.branches.iter().map(|branch| entry(repository, branch)))
            .collect()
    }

    /// The routes that start at `branch` of the repository with this id.
    #[must_use]
    pub fn of(&self, repository_id: u64, branch: &str) -> Vec<Route> {
        let ours = |entry: &Entry| entry.route.repository_id == repository_id;
        self.entries().iter().filter(|entry| ours(entry)).filter_map(|entry| entry.route(branch)).collect()
    }

    /// Every project that builds, in the order of the text.
    #[must_use]
    pub fn builds(&self) -> Vec<BuildEntry> {
        self.repositories
            .iter()
            .flat_map(|repository| repository.builds.iter().map(|build| build.entry(repository)))
            .collect()
    }

    /// The projects that build in the repository with this id.
    #[must_use]
    pub fn builds_of(&self, repository_id: u64) -> Vec<BuildEntry> {
        let ours = |entry: &BuildEntry| entry.repository().repository_id == repository_id;
        self.builds().into_iter().filter(ours).collect()
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.version != 1 {
            problems.push(format!("`version` is {}, this Tidegate reads version 1", self.version));
        }
        let mut ids = BTreeMap::new();
        for repository in &self.repositories {
            if let Some(first) = ids.insert(repository.id, &repository.name) {
                problems.push(format!(
                    "repository id {} is given to `{first}` and to `{}`",
                    repository.id, repository.name
                ));
            }
            if !is_full_name(&repository.name) {
                problems.push(format!("repository name `{}` is not `owner/name`", repository.name));
            }
            for service in &repository.services {
                service.check(repository, &mut problems);
            }
            for branch in &repository.branches {
                branch.check(repository, &mut problems);
            }
            for build in &repository.builds {
                build.check(repository, &mut problems);
            }
        }
        self.check_pipelines(&mut problems);
        problems
    }

    fn check_pipelines(&self, problems: &mut Vec<String>) {
        let mut fed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Entry { pattern, route } in self.entries() {
            fed.entry(route.pipeline).or_default().push(format!("`{pattern}` of `{}`", route.repository));
        }
        for (pipeline, branches) in fed.into_iter().filter(|(_, branches)| branches.len() > 1) {
            let count = branches.len();
            problems.push(format!(
                "pipeline `{pipeline}` is fed by {count} branches, at most 1 may: {}",
                branches.join(", ")
            ));
        }
    }
}

impl Repository {
    /// The paths of a service; empty, which is everything, without one.
    fn paths_of(&self, service: Option<&String>) -> Vec<String> {
        let found = self.services.iter().find(|known| service == Some(&known.name));
        found.map(|service| service.paths.clone()).unwrap_or_default()
    }

    fn check_service(&self, service: Option<&String>, who: &str, problems: &mut Vec<String>) {
        let Some(service) = service else { return };
        if self.services.iter().any(|known| known.name == *service) {
            return;
        }
        let known: Vec<String> = self.services.iter().map(|known| format!("`{}`", known.name)).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        problems.push(format!("{who} names service `{service}`, the repository has {known}"));
    }
}

impl Service {
    fn check(&self, repository: &Repository, problems: &mut Vec<String>) {
        let name = &self.name;
        if repository.services.iter().filter(|other| other.name == *name).count() > 1 {
            problems.push(format!("service `{name}` is there twice"));
        }
        if self.paths.is_empty() {
            problems.push(format!("service `{name}` has no `paths`: nothing would ever start it"));
        }
        for path in self.paths.iter().filter(|path| !is_path(path)) {
            problems.push(format!(
                "path `{path}` of service `{name}` is no folder or file from the root (no leading or trailing `/`, no `..`, no `*`)"
            ));
        }
    }
}

impl Branch {
    fn check(&self, repository: &Repository, problems: &mut Vec<String>) {
        if let Some(words) = self.branch.problem() {
            problems.push(format!("branch `{}` {words}", self.branch));
        }
        repository.check_service(self.service.as_ref(), &format!("branch `{}`", self.branch), problems);
        let name = self.pipeline.as_str();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
        if name.is_empty() || name.len() > MAX_PIPELINE_NAME || !name.bytes().all(known) {
            problems.push(format!("pipeline `{name}` is not a name of 1 to {MAX_PIPELINE_NAME} letters, digits, `.`, `@`, `-`, `_`"));
        }
        let action = self.source_action.as_str();
        if action.is_empty() || action.len() > MAX_PIPELINE_NAME || !action.bytes().all(known) {
            problems.push(format!("source action `{action}` is not a name of 1 to {MAX_PIPELINE_NAME} letters, digits, `.`, `@`, `-`, `_`"));
        }
        if self.environment.is_empty() {
            problems.push(format!("branch `{}` names no `environment`", self.branch));
        }
    }
}

fn entry(repository: &Repository, branch: &Branch) -> Entry {
    let route = Route {
        repository_id: repository.id,
        repository: repository.name.clone(),
        reference: Reference::Branch(branch.branch.to_string()),
        runner: Runner::Pipeline,
        pipeline: branch.pipeline.clone(),
        environment: branch.environment.clone(),
        mode: branch.mode,
        paths: repository.paths_of(branch.service.as_ref()),
        source: branch.source,
        source_action: branch.source_action.clone(),
        forks: Forks::default(),
    };
    Entry { pattern: branch.branch.clone(), route }
}

/// A folder or file from the root, as Git writes it.
fn is_path(path: &str) -> bool {
    !path.contains(['*', '\\', '\0'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn is_full_name(name: &str) -> bool {
    let part = |text: &str| {
        !text.is_empty()
            && text != "."
            && text != ".."
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    name.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

fn yaml_words(error: &serde_saphyr::Error) -> String {
    let words = error.without_snippet().to_string();
    let words =
        words.replace("invalid u32", "not a whole number").replace("invalid u64", "not a whole number");
    format!("the routes cannot be read: {}", words.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests;
