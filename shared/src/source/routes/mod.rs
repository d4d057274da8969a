//! Which branch of which repository feeds which pipeline: the YAML text of the routes parameter.
//!
//! Must not: match anything but exact names, or take a pipeline's name from a payload.
//!
//! ```yaml
//! version: 1
//! repositories:
//!   - id: 1001                     # GitHub's numeric id
//!     name: acme/shop
//!     branches:
//!       - { branch: main, pipeline: shop-production, environment: production, mode: queued }
//!       - { branch: develop, pipeline: shop-staging, environment: staging, mode: superseded }
//! ```

use crate::errors::Rejection;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest pipeline name (CodePipeline API reference, `PipelineName`).
const MAX_PIPELINE_NAME: usize = 100;
/// Longest branch name that is accepted, in characters; keeps keys and metadata short.
const MAX_BRANCH_NAME: usize = 200;

/// Every route.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routes {
    version: u32,
    repositories: Vec<Repository>,
}

/// A repository whose branches are released.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repository {
    id: u64,
    name: String,
    branches: Vec<Branch>,
}

/// A branch and the pipeline that it feeds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Branch {
    branch: String,
    pipeline: String,
    environment: String,
    mode: Mode,
}

/// How the pipeline treats a second execution while one runs. The pipeline's own `ExecutionMode` does it; here it is
/// written down so that the two can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every started head is released, in order.
    Queued,
    /// A newer head overtakes an older one.
    Superseded,
}

/// One way from a branch to a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// GitHub's numeric id.
    pub repository_id: u64,
    /// `owner/name`, the only name that calls to GitHub use.
    pub repository: String,
    /// Exact branch name.
    pub branch: String,
    /// CodePipeline pipeline name.
    pub pipeline: String,
    /// Environment that the pipeline releases to.
    pub environment: String,
    /// What the pipeline does with a second execution.
    pub mode: Mode,
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

    /// Every route, in the order of the text: what the poll looks at.
    #[must_use]
    pub fn all(&self) -> Vec<Route> {
        self.repositories
            .iter()
            .flat_map(|repository| repository.branches.iter().map(|branch| route(repository, branch)))
            .collect()
    }

    /// The routes that start at `branch` of the repository with this id.
    #[must_use]
    pub fn of(&self, repository_id: u64, branch: &str) -> Vec<Route> {
        self.all()
            .into_iter()
            .filter(|route| route.repository_id == repository_id && route.branch == branch)
            .collect()
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.version != 1 {
            problems.push(format!("`version` is {}, this Tidegate reads version 1", self.version));
        }
        if self.repositories.is_empty() {
            problems.push("`repositories` is empty, nothing can ever start".to_owned());
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
            for branch in &repository.branches {
                branch.check(&mut problems);
            }
        }
        self.check_pipelines(&mut problems);
        problems
    }

    fn check_pipelines(&self, problems: &mut Vec<String>) {
        let mut fed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for route in self.all() {
            fed.entry(route.pipeline)
                .or_default()
                .push(format!("`{}` of `{}`", route.branch, route.repository));
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

impl Branch {
    fn check(&self, problems: &mut Vec<String>) {
        if !is_branch_name(&self.branch) {
            problems.push(format!(
                "branch `{}` is not an exact branch name of letters, digits, `/`, `.`, `_`, `-`",
                self.branch
            ));
        }
        let name = self.pipeline.as_str();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
        if name.is_empty() || name.len() > MAX_PIPELINE_NAME || !name.bytes().all(known) {
            problems.push(format!("pipeline `{name}` is not a name of 1 to {MAX_PIPELINE_NAME} letters, digits, `.`, `@`, `-`, `_`"));
        }
        if self.environment.is_empty() {
            problems.push(format!("branch `{}` names no `environment`", self.branch));
        }
    }
}

fn route(repository: &Repository, branch: &Branch) -> Route {
    Route {
        repository_id: repository.id,
        repository: repository.name.clone(),
        branch: branch.branch.clone(),
        pipeline: branch.pipeline.clone(),
        environment: branch.environment.clone(),
        mode: branch.mode,
    }
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

fn is_branch_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    name.len() <= MAX_BRANCH_NAME
        && name.bytes().all(known)
        && !name.contains("..")
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && !name.starts_with("gh-readonly-queue/")
}

fn yaml_words(error: &serde_saphyr::Error) -> String {
    let words = error.without_snippet().to_string();
    let words =
        words.replace("invalid u32", "not a whole number").replace("invalid u64", "not a whole number");
    format!("the routes cannot be read: {}", words.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
version: 1
repositories:
  - id: 1001
    name: acme/shop
    branches:
      - { branch: main, pipeline: shop-production, environment: production, mode: queued }
      - { branch: develop, pipeline: shop-staging, environment: staging, mode: superseded }
";

    fn refused(text: &str) -> String {
        Routes::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_branch_leads_to_its_pipeline_by_exact_name_and_numeric_id() {
        let routes = Routes::parse(GOOD).unwrap();
        let found = routes.of(1001, "main");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pipeline, "shop-production");
        assert_eq!(found[0].mode, Mode::Queued);
        assert!(routes.of(1001, "main2").is_empty());
        assert!(routes.of(1001, "feature/main").is_empty());
        assert!(routes.of(1002, "main").is_empty());
        assert_eq!(routes.all().len(), 2);
    }

    #[test]
    fn what_is_not_understood_is_named_with_line_and_column() {
        insta::assert_snapshot!(refused(&GOOD.replace("mode: queued", "mode: quoued")), @"the routes cannot be read: unknown variant `quoued`, expected one of queued, superseded at line 7, column 83");
        insta::assert_snapshot!(refused(&GOOD.replace("pipeline: shop-staging", "pipline: shop-staging")), @"the routes cannot be read: unknown field `pipline`, expected one of branch, pipeline, environment, mode at line 8, column 28");
        insta::assert_snapshot!(refused(&GOOD.replace("1001", "acme")), @"the routes cannot be read: not a whole number at line 4, column 9");
        insta::assert_snapshot!(refused("version: 1\nrepositories: {"), @"the routes cannot be read: expected sequence start at line 2, column 15");
        insta::assert_snapshot!(refused(""), @"the routes cannot be read: unexpected end of input at line 1, column 1");
    }

    #[test]
    fn every_broken_rule_is_listed() {
        let text = GOOD
            .replace("version: 1", "version: 2")
            .replace("acme/shop", "shop")
            .replace("branch: develop", "branch: release/*")
            .replace("shop-staging", "shop-production")
            .replace("environment: staging", "environment: ''");
        insta::assert_snapshot!(refused(&text), @"5 problem(s) in the routes: `version` is 2, this Tidegate reads version 1; repository name `shop` is not `owner/name`; branch `release/*` is not an exact branch name of letters, digits, `/`, `.`, `_`, `-`; branch `release/*` names no `environment`; pipeline `shop-production` is fed by 2 branches, at most 1 may: `main` of `shop`, `release/*` of `shop`");
        insta::assert_snapshot!(refused("version: 1\nrepositories: []"), @"1 problem(s) in the routes: `repositories` is empty, nothing can ever start");
    }
}
