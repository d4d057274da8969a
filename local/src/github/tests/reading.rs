//! Questions about repositories, refs, commits, ranges, trees and archives.

use super::*;
use std::io::{Cursor, Read};

#[tokio::test]
async fn the_repository_has_its_id_under_both_addresses() {
    let world = World::new().await;
    let named = world.get(REPO).await.json();
    assert_eq!((named["id"].as_u64(), named["default_branch"].as_str()), (Some(1001), Some("main")));
    assert_eq!(world.get("/repositories/1001").await.json(), named);
    assert_eq!(world.get("/repos/ACME/B2B-Ecommerce-Platform").await.json(), named);
    let other = world.get("/repos/acme/other").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    insta::assert_snapshot!(other.json(), @r#"{"documentation_url":"https://docs.github.com/rest","message":"Not Found","status":"404"}"#);
}

#[tokio::test]
async fn the_history_ends_a_few_hours_before_now_and_develop_begins_there() {
    let world = World::new().await;
    assert_eq!(world.head("main").await, world.head("develop").await);
    let commits = world.get(&format!("{REPO}/commits?sha=develop")).await.json();
    let lines: Vec<String> = commits
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {}", one["commit"]["committer"]["date"].as_str().unwrap(), one["commit"]["message"])
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    2026-11-24T05:00:00Z "orders: take orders\n\nmore words"
    2026-11-24T00:00:00Z "begin"
    "#);
}

#[tokio::test]
async fn a_branch_with_a_slash_resolves_and_its_beginning_does_not() {
    let world = World::new().await;
    let sha = world.push("feature/orders/limits", "good").await;
    assert_eq!(world.head("feature/orders/limits").await, sha);
    let found = world.get(&format!("{REPO}/git/ref/heads/feature/orders/limits")).await.json();
    assert_eq!(found["ref"], "refs/heads/feature/orders/limits");
    assert_eq!(
        world.get(&format!("{REPO}/git/ref/heads/feature/orders")).await.status,
        StatusCode::NOT_FOUND
    );
    let matching = world.get(&format!("{REPO}/git/matching-refs/heads/feature")).await.json();
    assert_eq!(matching.as_array().map(Vec::len), Some(1));
    assert_eq!(world.get(&format!("{REPO}/git/matching-refs/heads/none")).await.json(), json!([]));
    let commit = world.get(&format!("{REPO}/commits/feature/orders/limits")).await.json();
    assert_eq!(commit["sha"].as_str(), Some(sha.as_str()));
    assert_eq!(world.get(&format!("{REPO}/branches")).await.json().as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn an_unchanged_ref_answers_304_and_a_moved_one_200() {
    let world = World::new().await;
    let path = format!("{REPO}/git/ref/heads/main");
    let first = world.get(&path).await;
    let validator = first.header("etag").to_owned();
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-used")), ("5000", "1"));
    let again = world.send(Method::GET, &path, &[("if-none-match", &validator)], "").await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!((again.header("etag"), again.header("x-ratelimit-used")), (validator.as_str(), "1"));
    world.push("main", "good").await;
    let moved = world.send(Method::GET, &path, &[("if-none-match", &validator)], "").await;
    assert_eq!(moved.status, StatusCode::OK);
    assert_ne!(moved.header("etag"), validator);
}

#[tokio::test]
async fn a_comparison_lists_the_range_oldest_first() {
    let world = World::new().await;
    let before = world.head("main").await;
    let one = world.push("main", "good").await;
    let two = world.push("main", "low-coverage").await;
    let range = world.get(&format!("{REPO}/compare/{before}...{two}?per_page=100&page=1")).await.json();
    let shas: Vec<&str> =
        range["commits"].as_array().unwrap().iter().map(|one| one["sha"].as_str().unwrap()).collect();
    assert_eq!(shas, [one.as_str(), two.as_str()]);
    assert_eq!((range["status"].as_str(), range["total_commits"].as_u64()), (Some("ahead"), Some(2)));
    assert_eq!((range["ahead_by"].as_u64(), range["behind_by"].as_u64()), (Some(2), Some(0)));
    let files: Vec<String> = range["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| format!("{} {} +{}", file["status"], file["filename"], file["additions"]))
        .collect();
    insta::assert_snapshot!(files.join("\n"), @r#"
    "added" ".recorded.json" +1
    "added" "CHANGES.md" +4
    "modified" "services/api/orders.ts" +1
    "#);
    let page = world.get(&format!("{REPO}/compare/{before}...{two}?per_page=1&page=2")).await;
    assert_eq!(page.json()["commits"][0]["sha"].as_str(), Some(two.as_str()));
    assert_eq!(page.json()["files"], json!([]));
    let back = world.get(&format!("{REPO}/compare/main...develop")).await.json();
    assert_eq!((back["status"].as_str(), back["behind_by"].as_u64()), (Some("behind"), Some(2)));
    let missing = world.get(&format!("{REPO}/compare/main...{}", "a".repeat(40))).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_zipball_is_a_redirect_to_an_archive_that_holds_the_pushed_files() {
    let world = World::new().await;
    let sha = world.push("main", "good").await;
    let redirect = world.get(&format!("{REPO}/zipball/{sha}")).await;
    assert_eq!(redirect.status, StatusCode::FOUND);
    let path = redirect.header("location").strip_prefix(&world.url).unwrap().to_owned();
    let archive = world.get(&path).await;
    assert_eq!((archive.status, archive.header("content-type")), (StatusCode::OK, "application/zip"));
    let mut zip = zip::ZipArchive::new(Cursor::new(archive.body.to_vec())).unwrap();
    let top = format!("acme-b2b-ecommerce-platform-{}", &sha[..7]);
    let mut text = String::new();
    zip.by_name(&format!("{top}/services/api/orders.ts")).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "1\n2\n3\n");
    assert!(zip.by_name(&format!("{top}/README.md")).is_ok());
    assert_eq!(world.get(&format!("{REPO}/zipball/no-such-branch")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_redirect_stays_with_the_name_that_the_stand_in_was_asked_by() {
    let world = World::new().await;
    let path = format!("{REPO}/zipball/main");
    let redirect = world.send(Method::GET, &path, &[("host", "github.local:17200")], "").await;
    let to = redirect.header("location");
    assert!(
        to.starts_with("http://github.local:17200/_codeload/acme/b2b-ecommerce-platform/legacy.zip/"),
        "{to}"
    );
    let direct = world.get("/_codeload/acme/b2b-ecommerce-platform/legacy.zip/main").await;
    assert_eq!((direct.status, direct.header("content-type")), (StatusCode::OK, "application/zip"));
}

#[tokio::test]
async fn a_tree_goes_into_its_folders_when_asked() {
    let world = World::new().await;
    let paths = async |query: &str| {
        let tree = world.get(&format!("{REPO}/git/trees/main{query}")).await.json();
        let entries = tree["tree"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(paths("").await, @"README.md services");
    insta::assert_snapshot!(paths("?recursive=1").await, @"README.md services services/api services/api/orders.ts services/api/run.sh");
}

#[tokio::test]
async fn what_is_unknown_is_refused_in_githubs_words() {
    let world = World::new().await;
    let commit = world.get(&format!("{REPO}/commits/{}", "b".repeat(40))).await;
    assert_eq!(commit.status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_snapshot!(commit.json()["message"], @r#""No commit found for SHA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#);
    let bad = world.send(Method::GET, REPO, &[("authorization", "Bearer bad-token")], "").await;
    assert_eq!(bad.status, StatusCode::UNAUTHORIZED);
    insta::assert_snapshot!(bad.json()["message"], @r#""Bad credentials""#);
    assert_eq!(
        world.send(Method::GET, REPO, &[("authorization", "Bearer t")], "").await.status,
        StatusCode::OK
    );
    for odd in ["--all", "-h", "%00", "%2e%2e", "main~1", "heads/main%0a"] {
        assert_eq!(
            world.get(&format!("{REPO}/commits/{odd}")).await.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{odd}"
        );
    }
    assert_eq!(world.get("/user").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.post(REPO, json!({})).await.status, StatusCode::NOT_FOUND);
}
