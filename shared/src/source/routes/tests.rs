//! What a routes text means, and what is said about one that cannot be meant.

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
    assert_eq!(routes.entries().len(), 2);
}

#[test]
fn what_is_not_understood_is_named_with_line_and_column() {
    insta::assert_snapshot!(refused(&GOOD.replace("mode: queued", "mode: quoued")), @"the routes cannot be read: unknown variant `quoued`, expected one of queued, superseded at line 7, column 83");
    insta::assert_snapshot!(refused(&GOOD.replace("pipeline: shop-staging", "pipline: shop-staging")), @"the routes cannot be read: unknown field `pipline`, expected one of branch, pipeline, environment, mode, service, source, source_action at line 8, column 28");
    insta::assert_snapshot!(refused(&GOOD.replace("1001", "acme")), @"the routes cannot be read: not a whole number at line 4, column 9");
    insta::assert_snapshot!(refused("version: 1\nrepositories: {"), @"the routes cannot be read: expected sequence start at line 2, column 15");
    insta::assert_snapshot!(refused(""), @"the routes cannot be read: unexpected end of input at line 1, column 1");
}

#[test]
fn every_broken_rule_is_listed() {
    let text = GOOD
        .replace("version: 1", "version: 2")
        .replace("acme/shop", "shop")
        .replace("branch: develop", "branch: '*'")
        .replace("shop-staging", "shop-production")
        .replace("environment: staging", "environment: ''");
    insta::assert_snapshot!(refused(&text), @"5 problem(s) in the routes: `version` is 2, this Tidegate reads version 1; repository name `shop` is not `owner/name`; branch `*` begins with `*`: a pattern begins with what all its branches have in common, as in `release/*`; branch `*` names no `environment`; pipeline `shop-production` is fed by 2 branches, at most 1 may: `main` of `shop`, `*` of `shop`");
    assert!(
        Routes::parse("version: 1\nrepositories: []").unwrap().entries().is_empty(),
        "a new installation"
    );
}

const SERVICES: &str = "
version: 1
repositories:
  - id: 1001
    name: acme/shop
    services:
      - { name: orders, paths: [services/orders, libraries] }
      - { name: search, paths: [services/search] }
    branches:
      - { branch: main, pipeline: orders-production, environment: production, mode: queued, service: orders }
      - { branch: main, pipeline: search-production, environment: production, mode: queued, service: search }
      - { branch: 'release/*', pipeline: shop-candidate, environment: staging, mode: queued }
";

#[test]
fn one_branch_can_feed_a_pipeline_for_each_service_and_a_pattern_its_own() {
    let routes = Routes::parse(SERVICES).unwrap();
    let main = routes.of(1001, "main");
    assert_eq!(
        main.iter().map(|route| route.pipeline.as_str()).collect::<Vec<_>>(),
        ["orders-production", "search-production"]
    );
    assert_eq!(main[0].paths, ["services/orders", "libraries"]);
    let release = routes.of(1001, "release/1.2");
    assert_eq!(
        (release[0].reference.branch().unwrap_or_default(), release[0].paths.len()),
        ("release/1.2", 0)
    );
    assert!(routes.of(1001, "release/1.2/fix").is_empty());
}

#[test]
fn services_and_patterns_that_cannot_be_meant_are_listed() {
    let text = SERVICES
        .replace("service: search }", "service: serch }")
        .replace("[services/search]", "[]")
        .replace("libraries]", "/libraries, 'lib/*', ../x]")
        .replace("'release/*'", "'{release,hotfix}/*'");
    insta::assert_snapshot!(refused(&text), @"6 problem(s) in the routes: path `/libraries` of service `orders` is no folder or file from the root (no leading or trailing `/`, no `..`, no `*`); path `lib/*` of service `orders` is no folder or file from the root (no leading or trailing `/`, no `..`, no `*`); path `../x` of service `orders` is no folder or file from the root (no leading or trailing `/`, no `..`, no `*`); service `search` has no `paths`: nothing would ever start it; branch `main` names service `serch`, the repository has `orders`, `search`; branch `{release,hotfix}/*` is no branch name or pattern of letters, digits, `/`, `.`, `_`, `-` and `*`");
}
