//! Pull requests, merge groups and branches without a pipeline: which project builds what, and what the poll looks at.

use super::*;

const BUILDS: &str = "
    builds:
      - { project: shop-checks, pull_requests_into: [main, 'release/*'], other_branches: true }
      - { project: shop-audit, pull_requests_into: [main], forks: never }
";

fn pull(number: u64, digit: char, base: &str, from: Option<u64>) -> Pull {
    let head = digit.to_string().repeat(40).parse().unwrap();
    let branch = format!("fix-{number}");
    Pull { number, is_open: true, head, branch, head_repository: from, base: base.to_owned() }
}

fn with_builds(pulls: Vec<Pull>) -> Outside {
    let outside = Outside::new();
    outside.routes.replace(format!("{}{BUILDS}", ROUTES.trim_end()));
    outside.pulls.replace(pulls);
    outside
}

fn looks(reference: &str) -> String {
    json!({"repositoryId": 1001, "ref": reference, "reason": "manual"}).to_string()
}

#[tokio::test]
async fn a_pull_request_is_built_by_the_projects_of_its_base() {
    let outside = with_builds(vec![
        pull(7, 'c', "main", Some(1001)),
        pull(8, 'd', "release/1", Some(1001)),
        pull(9, 'e', "develop", Some(1001)),
    ]);
    for number in 7..=9 {
        outside.invoke(&looks(&format!("refs/pull/{number}/head"))).await.unwrap();
    }
    let zip = |digit: &str| format!("builds/1001/{}.zip", digit.repeat(40));
    let expected = [
        format!("shop-checks {}", zip("c")),
        format!("shop-audit {}", zip("c")),
        format!("shop-checks {}", zip("d")),
    ];
    assert_eq!(outside.started(), expected);
    assert_eq!(outside.orders.borrow()[0].pull_request, Some(7));
    assert!(outside.orders.borrow().iter().all(|order| order.runner == Runner::Build));
}

#[tokio::test]
async fn a_branch_is_built_when_it_feeds_no_pipeline_and_is_the_head_of_no_pull_request_that_is_built() {
    let mut outside = with_builds(vec![pull(7, 'c', "main", Some(1001)), pull(8, 'd', "main", Some(2002))]);
    outside.heads = BTreeMap::from([("main", 'a'), ("fix-7", 'c'), ("fix-8", 'f'), ("odd#name", 'f')]);
    for branch in ["main", "fix-7", "fix-8", "odd#name"] {
        outside.invoke(&looks(&format!("refs/heads/{branch}"))).await.unwrap();
    }
    let projects: Vec<String> = outside.orders.borrow().iter().map(|order| order.pipeline.clone()).collect();
    assert_eq!(
        projects,
        ["b2b-production", "shop-checks"],
        "main by its pipeline, and fix-8, whose namesake is in a fork"
    );
}

#[tokio::test]
async fn a_merge_group_is_built_by_the_projects_of_its_base_and_stopped_when_it_is_gone() {
    let group = format!("gh-readonly-queue/main/pr-7-{}", "9".repeat(40));
    let mut outside = with_builds(Vec::new());
    outside.heads = BTreeMap::from([(group.clone().leak() as &'static str, 'c')]);
    let look = looks(&format!("refs/heads/{group}"));
    outside.invoke(&look).await.unwrap();
    assert_eq!(outside.orders.borrow().len(), 2);
    outside.heads.clear();
    outside.invoke(&look).await.unwrap();
    assert_eq!(*outside.stopped.borrow(), ["execution-1", "execution-2"]);
}

#[tokio::test]
async fn the_poll_finds_pull_requests_that_no_webhook_announced_and_asks_about_none_that_rests() {
    let outside = with_builds(vec![pull(7, 'c', "main", Some(1001)), pull(8, 'd', "main", Some(2002))]);
    let first = outside.invoke(POLL).await.unwrap();
    let words: Vec<&str> =
        first["outcomes"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    insta::assert_snapshot!(words.join("\n"), @"
    started aaaaaaaaaaaa as execution execution-1
    started bbbbbbbbbbbb as execution execution-2
    started cccccccccccc as execution execution-3
    started cccccccccccc as execution execution-4
    head dddddddddddd of a fork waits for a review by somebody who may write
    nothing to do, head dddddddddddd is of a fork and `forks` is `never`
    ");
    let second = outside.invoke(POLL).await.unwrap();
    let branches: Vec<&str> =
        second["outcomes"].as_array().unwrap().iter().map(|one| one["branch"].as_str().unwrap()).collect();
    assert_eq!(
        branches,
        ["main", "develop", "pull request 8", "pull request 8"],
        "7 rests, 8 may be reviewed by now"
    );
    assert_eq!(
        outside.told.borrow().len(),
        1,
        "that it waits is told once, and not where a review changes nothing"
    );
}

#[tokio::test]
async fn a_poll_builds_a_branch_only_when_it_was_built_before() {
    let mut outside = with_builds(Vec::new());
    outside.heads = BTreeMap::from([("old", 'c'), ("known", 'd')]);
    outside.invoke(&looks("refs/heads/known")).await.unwrap();
    outside.heads.insert("known", 'e');
    outside.invoke(POLL).await.unwrap();
    let shas: String =
        outside.orders.borrow().iter().map(|order| order.sha.as_str()[..1].to_owned()).collect();
    assert_eq!(shas, "de", "every old branch would be built on the day of an installation");
}

#[tokio::test]
async fn a_review_that_nobody_could_be_told_to_write_is_told_of_again() {
    let outside = with_builds(vec![pull(8, 'd', "release/1", Some(2002))]);
    outside.queue_is_down.set(true);
    let refused = outside.invoke(&looks("refs/pull/8/head")).await.unwrap_err();
    insta::assert_snapshot!(refused, @"1 of 1 look(s) failed: pull request 8 of `acme/b2b-ecommerce-platform`: SQS could not answer `SendMessage` now: status 503");
    outside.queue_is_down.set(false);
    outside.invoke(&looks("refs/pull/8/head")).await.unwrap();
    assert_eq!(outside.told.borrow().len(), 1);
    outside.reviews.borrow_mut().push(Review::new(
        Some("d".repeat(40).parse().unwrap()),
        Opinion::Other,
        "/build",
        "ann",
    ));
    outside.invoke(&looks("refs/pull/8/head")).await.unwrap();
    assert_eq!(outside.orders.borrow().len(), 1);
}
