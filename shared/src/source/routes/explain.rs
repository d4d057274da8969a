//! Why a push would start what it starts: the routes asked by hand.
//!
//! Must not: look anywhere but at the routes; whether the head is new is the ledger's word.

use super::{Mode, Route, Routes};
use crate::source::message::branch_of;
use std::fmt;

/// What the routes say about one ref of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The ref, as it was asked for.
    pub reference: String,
    /// What happens, or why nothing does, one sentence each.
    pub lines: Vec<String>,
    /// The routes that would start.
    pub starts: Vec<Route>,
}

impl Routes {
    /// Explains what a push to `reference` of `repository` (`owner/name` or numeric id) starts. A text that does not begin with `refs/` is
    /// taken for a branch.
    #[must_use]
    pub fn explain(&self, repository: &str, reference: &str) -> Explanation {
        let full = if reference.starts_with("refs/") {
            reference.to_owned()
        } else {
            format!("refs/heads/{reference}")
        };
        let mut explanation = Explanation { reference: full, lines: Vec::new(), starts: Vec::new() };
        let entries: Vec<_> = self
            .entries()
            .into_iter()
            .filter(|entry| {
                let route = entry.repository();
                route.repository == repository || route.repository_id.to_string() == repository
            })
            .collect();
        if entries.is_empty() {
            explanation.lines.push(format!("nothing: no route has repository `{repository}`"));
            return explanation;
        }
        let Some(branch) = branch_of(&explanation.reference).map(ToOwned::to_owned) else {
            let line = format!(
                "nothing: `{}` is no branch (tags, pull requests and the merge queue start no pipeline)",
                explanation.reference
            );
            explanation.lines.push(line);
            return explanation;
        };
        for entry in entries {
            let pipeline = &entry.repository().pipeline;
            match entry.route(&branch) {
                Some(route) => {
                    explanation.lines.push(starts(&route, &entry.pattern.to_string()));
                    explanation.starts.push(route);
                }
                None => {
                    explanation.lines.push(format!("not `{pipeline}`: `{branch}` is not `{}`", entry.pattern))
                }
            }
        }
        explanation
    }
}

fn starts(route: &Route, pattern: &str) -> String {
    let mode = match route.mode {
        Mode::Queued => "every head, in order",
        Mode::Superseded => "the newest head overtakes",
    };
    let change = match route.paths.as_slice() {
        [] => "its head is new".to_owned(),
        paths => format!("its head is new and {} differ(s) from the head started before", quoted(paths)),
    };
    format!(
        "starts `{}` (environment `{}`, {mode}) by `{pattern}`, when {change}",
        route.pipeline, route.environment
    )
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(" or ")
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reference)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "
version: 1
repositories:
  - id: 1001
    name: acme/shop
    services:
      - { name: orders, paths: [services/orders, libraries] }
    branches:
      - { branch: main, pipeline: shop-production, environment: production, mode: queued }
      - { branch: main, pipeline: orders-production, environment: production, mode: superseded, service: orders }
      - { branch: 'release/*', pipeline: shop-candidate, environment: staging, mode: queued }
";

    fn explain(repository: &str, reference: &str) -> String {
        Routes::parse(ROUTES).unwrap().explain(repository, reference).to_string()
    }

    #[test]
    fn what_starts_and_what_does_not_is_said_with_its_reason() {
        insta::assert_snapshot!(explain("acme/shop", "main"), @"
        refs/heads/main
          starts `shop-production` (environment `production`, every head, in order) by `main`, when its head is new
          starts `orders-production` (environment `production`, the newest head overtakes) by `main`, when its head is new and `services/orders` or `libraries` differ(s) from the head started before
          not `shop-candidate`: `main` is not `release/*`
        ");
        insta::assert_snapshot!(explain("1001", "refs/heads/release/1.2"), @"
        refs/heads/release/1.2
          not `shop-production`: `release/1.2` is not `main`
          not `orders-production`: `release/1.2` is not `main`
          starts `shop-candidate` (environment `staging`, every head, in order) by `release/*`, when its head is new
        ");
        insta::assert_snapshot!(explain("acme/shop", "refs/tags/v1"), @"
        refs/tags/v1
          nothing: `refs/tags/v1` is no branch (tags, pull requests and the merge queue start no pipeline)
        ");
        insta::assert_snapshot!(explain("acme/shop", "refs/pull/7/head"), @"
        refs/pull/7/head
          nothing: `refs/pull/7/head` is no branch (tags, pull requests and the merge queue start no pipeline)
        ");
        insta::assert_snapshot!(explain("acme/other", "main"), @"
        refs/heads/main
          nothing: no route has repository `acme/other`
        ");
    }
}
