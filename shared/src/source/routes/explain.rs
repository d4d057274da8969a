//! Why a push would start what it starts: the routes asked by hand.
//!
//! Must not: look anywhere but at the routes; whether the head is new is the ledger's word.

use super::{BuildEntry, Entry, Forks, Mode, Route, Routes};
use crate::source::reference::Reference;
use std::fmt;

/// What the routes say about one ref of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The ref, as it was asked for.
    pub reference: String,
    /// What happens, or why nothing does, one sentence each.
    pub lines: Vec<String>,
    /// The routes that would start; of a pull request those that do if it goes into one of their branches.
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
        let is_meant =
            |route: &Route| route.repository == repository || route.repository_id.to_string() == repository;
        let entries: Vec<Entry> =
            self.entries().into_iter().filter(|entry| is_meant(entry.repository())).collect();
        let builds: Vec<BuildEntry> =
            self.builds().into_iter().filter(|entry| is_meant(entry.repository())).collect();
        if entries.is_empty() && builds.is_empty() {
            explanation.lines.push(format!("nothing: no route has repository `{repository}`"));
            return explanation;
        }
        match Reference::parse(&explanation.reference) {
            None => {
                let line = format!(
                    "nothing: `{}` is neither a branch nor the head of a pull request",
                    explanation.reference
                );
                explanation.lines.push(line);
            }
            Some(Reference::Pull(number)) => explanation.pull(&builds, number),
            Some(Reference::Branch(branch)) => {
                explanation.pipelines(&entries, &branch);
                if explanation.starts.is_empty() {
                    explanation.builds(&builds, &Reference::Branch(branch));
                }
            }
        }
        explanation
    }
}

impl Explanation {
    fn pipelines(&mut self, entries: &[Entry], branch: &str) {
        for entry in entries {
            let pipeline = &entry.repository().pipeline;
            match entry.route(branch) {
                Some(route) => {
                    self.lines.push(starts(&route, &entry.pattern.to_string()));
                    self.starts.push(route);
                }
                None => self.lines.push(format!("not `{pipeline}`: `{branch}` is not `{}`", entry.pattern)),
            }
        }
    }

    fn builds(&mut self, builds: &[BuildEntry], reference: &Reference) {
        for entry in builds {
            let project = &entry.repository().pipeline;
            let Some(route) = entry.branch(reference) else {
                self.lines.push(format!("not `{project}`: it does not build this branch"));
                continue;
            };
            let unless = if reference.is_merge_queue() {
                ""
            } else {
                ", unless it is the head of an open pull request that is built"
            };
            self.lines.push(format!("builds by `{project}`, when {}{unless}", change(&route)));
            self.starts.push(route);
        }
    }

    fn pull(&mut self, builds: &[BuildEntry], number: u64) {
        for entry in builds {
            let route = entry.repository();
            let project = &route.pipeline;
            if !entry.takes_pulls() {
                self.lines.push(format!("not `{project}`: it builds no pull requests"));
                continue;
            }
            self.starts.push(Route { reference: Reference::Pull(number), ..route.clone() });
            let bases: Vec<String> = entry.bases().iter().map(ToString::to_string).collect();
            let forks = match route.forks {
                Forks::Approved => "from a fork after somebody who may write has reviewed that very commit",
                Forks::Never => "never from a fork",
            };
            self.lines.push(format!(
                "builds pull request {number} by `{project}` when it goes into {} and {}; {forks}",
                quoted(&bases),
                change(route)
            ));
        }
        if builds.is_empty() {
            self.lines.push("nothing: the repository has no `builds`".to_owned());
        }
    }
}

fn starts(route: &Route, pattern: &str) -> String {
    let mode = match route.mode {
        Mode::Queued => "every head, in order",
        Mode::Superseded => "the newest head overtakes",
    };
    format!(
        "starts `{}` (environment `{}`, {mode}) by `{pattern}`, when {}",
        route.pipeline,
        route.environment,
        change(route)
    )
}

fn change(route: &Route) -> String {
    match route.paths.as_slice() {
        [] => "its head is new".to_owned(),
        paths => format!("its head is new and {} differ(s) from the head started before", quoted(paths)),
    }
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
    builds:
      - { project: shop-checks, pull_requests_into: [main, 'release/*'] }
      - { project: orders-checks, other_branches: true, service: orders }
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
          nothing: `refs/tags/v1` is neither a branch nor the head of a pull request
        ");
        insta::assert_snapshot!(explain("acme/shop", "refs/pull/7/head"), @"
        refs/pull/7/head
          builds pull request 7 by `shop-checks` when it goes into `main` or `release/*` and its head is new; from a fork after somebody who may write has reviewed that very commit
          not `orders-checks`: it builds no pull requests
        ");
        insta::assert_snapshot!(explain("acme/shop", "fix/x"), @"
        refs/heads/fix/x
          not `shop-production`: `fix/x` is not `main`
          not `orders-production`: `fix/x` is not `main`
          not `shop-candidate`: `fix/x` is not `release/*`
          not `shop-checks`: it does not build this branch
          builds by `orders-checks`, when its head is new and `services/orders` or `libraries` differ(s) from the head started before, unless it is the head of an open pull request that is built
        ");
        insta::assert_snapshot!(explain("acme/shop", &format!("gh-readonly-queue/main/pr-7-{}", "a".repeat(40))), @"
        refs/heads/gh-readonly-queue/main/pr-7-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
          not `shop-production`: `gh-readonly-queue/main/pr-7-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not `main`
          not `orders-production`: `gh-readonly-queue/main/pr-7-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not `main`
          not `shop-candidate`: `gh-readonly-queue/main/pr-7-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not `release/*`
          builds by `shop-checks`, when its head is new
          not `orders-checks`: it does not build this branch
        ");
        insta::assert_snapshot!(explain("acme/other", "main"), @"
        refs/heads/main
          nothing: no route has repository `acme/other`
        ");
    }
}
