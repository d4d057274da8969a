//! Checks, deployments, comments, faults and the state.

use super::*;

#[tokio::test]
async fn a_check_run_is_stored_settled_and_listed_under_its_commit() {
    let world = World::new().await;
    let sha = world.head("main").await;
    let runs = format!("{REPO}/check-runs");
    let made = world.post(&runs, json!({"name": "tidegate/build", "head_sha": sha})).await;
    assert_eq!((made.status, made.json()["status"].as_str()), (StatusCode::CREATED, Some("queued")));
    let id = made.json()["id"].as_u64().unwrap();
    let done = world.send(Method::PATCH, &format!("{runs}/{id}"), &[], r#"{"conclusion":"failure"}"#).await;
    assert_eq!(done.json()["status"].as_str(), Some("completed"));
    let listed = world.get(&format!("{REPO}/commits/main/check-runs")).await.json();
    assert_eq!((&listed["total_count"], &listed["check_runs"][0]), (&json!(1), &done.json()));
    let wrong = world.post(&runs, json!({"name": "x", "head_sha": sha, "conclusion": "fine"})).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unnamed = world.post(&runs, json!({"head_sha": sha})).await.json();
    insta::assert_snapshot!(unnamed["message"], @r#""Invalid request.\n\n\"name\" wasn't supplied.""#);
    let no_json = world.send(Method::POST, &runs, &[], "{").await;
    assert_eq!(no_json.status, StatusCode::BAD_REQUEST);
    insta::assert_snapshot!(no_json.json()["message"], @r#""Problems parsing JSON""#);
}

#[tokio::test]
async fn a_deployment_has_statuses_and_an_issue_has_comments() {
    let world = World::new().await;
    let made =
        world.post(&format!("{REPO}/deployments"), json!({"ref": "main", "environment": "staging"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["sha"].as_str(), Some(world.head("main").await.as_str()));
    let statuses = format!("{REPO}/deployments/{}/statuses", made.json()["id"]);
    for state in ["in_progress", "success"] {
        assert_eq!(world.post(&statuses, json!({"state": state})).await.status, StatusCode::CREATED);
    }
    assert_eq!(
        world.post(&statuses, json!({"state": "good"})).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(world.get(&statuses).await.json()[0]["state"], "success");
    let listed = world.get(&format!("{REPO}/deployments?environment=staging")).await.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(world.get(&format!("{REPO}/deployments?environment=other")).await.json(), json!([]));
    let comments = format!("{REPO}/issues/7/comments");
    let comment = world.post(&comments, json!({"body": "one"})).await.json();
    let path = format!("{REPO}/issues/comments/{}", comment["id"]);
    world.send(Method::PATCH, &path, &[], r#"{"body":"two"}"#).await;
    assert_eq!(world.get(&comments).await.json()[0]["body"], "two");
}

#[tokio::test]
async fn a_commit_has_statuses_whose_description_has_a_limit() {
    let world = World::new().await;
    let sha = world.head("main").await;
    let path = format!("{REPO}/statuses/{sha}");
    for state in ["pending", "failure"] {
        let body = json!({"state": state, "context": "tidegate/p", "description": "ö".repeat(140)});
        assert_eq!(world.post(&path, body).await.status, StatusCode::CREATED);
    }
    let listed = world.get(&format!("{REPO}/commits/{sha}/statuses")).await.json();
    assert_eq!((&listed[0]["state"], &listed[1]["state"]), (&json!("failure"), &json!("pending")));
    for wrong in [json!({"state": "good"}), json!({"state": "success", "description": "x".repeat(141)})] {
        assert_eq!(world.post(&path, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn an_installation_token_is_given_for_a_jwt_and_for_nothing_else() {
    let world = World::new().await;
    let path = "/app/installations/34/access_tokens";
    assert_eq!(world.post(path, json!({})).await.status, StatusCode::UNAUTHORIZED);
    let token = world.send(Method::POST, path, &[("authorization", "Bearer ghp_personal")], "{}").await;
    assert_eq!(token.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_list_leads_through_its_pages() {
    let world = World::new().await;
    let comments = format!("{REPO}/issues/7/comments");
    for number in 0..3 {
        world.post(&comments, json!({"body": number.to_string()})).await;
    }
    let page = world.get(&format!("{comments}?per_page=2")).await;
    assert_eq!(page.json().as_array().map(Vec::len), Some(2));
    let link = page.header("link").replace(&world.url, "");
    insta::assert_snapshot!(link, @r#"</repos/acme/b2b-ecommerce-platform/issues/7/comments?page=2&per_page=2>; rel="next", </repos/acme/b2b-ecommerce-platform/issues/7/comments?page=2&per_page=2>; rel="last""#);
    let rest = world.get(&format!("{comments}?per_page=2&page=2")).await;
    assert_eq!(rest.json()[0]["body"], "2");
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_ordered() {
    let world = World::new().await;
    let order = json!({"path": format!("{REPO}/git/"), "status": 403, "times": 2, "rateLimited": true, "retryAfter": 7});
    world.post("/_github/faults", order).await;
    let path = format!("{REPO}/git/ref/heads/main");
    for _ in 0..2 {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!((answer.header("x-ratelimit-remaining"), answer.header("retry-after")), ("0", "7"));
    }
    assert_eq!(world.get(&path).await.status, StatusCode::OK);
    world.post("/_github/faults", json!({"path": "/", "status": 502, "times": 99})).await;
    assert_eq!(world.get(REPO).await.status, StatusCode::BAD_GATEWAY);
    world.post("/_github/faults/reset", json!({})).await;
    assert_eq!(world.get(REPO).await.status, StatusCode::OK);
    let wrong = world.post("/_github/faults", json!({"path": "repos", "status": 500})).await;
    insta::assert_snapshot!(wrong.json()["message"], @r#""a fault has a `path` that begins with `/` and a `status` of 300 or more""#);
}

#[tokio::test]
async fn the_state_has_heads_and_the_changes_have_messages() {
    let world = World::new().await;
    world.push("main", "good").await;
    world.push("main", "good").await;
    let state = world.get("/_github/state").await.json();
    let heads: Vec<String> = state["repositories"][0]["heads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|head| format!("{} {} {}", head["branch"], head["date"], head["message"]))
        .collect();
    insta::assert_snapshot!(heads.join("\n"), @r#"
    "develop" "2026-11-24T05:00:00Z" "orders: take orders"
    "main" "2026-11-24T08:00:00Z" "orders: refuse negative quantities"
    "#);
    let changes = world.get("/_github/changes").await.json();
    assert_eq!(changes["changes"][1]["name"], "low-coverage");
    assert_eq!(changes["changes"][1]["message"], "api: drop tests");
}

#[tokio::test]
async fn a_platform_without_a_history_is_refused() {
    let folders = TempDir::new().unwrap();
    let open = async || {
        let (state, platform) = (folders.path().join("state"), folders.path().join("platform"));
        let settings = Settings { port: 0, state, platform, now: Arc::new(|| NOW) };
        let words = format!("{:#}", GitHub::open(settings).await.err().unwrap());
        words.replace(&folders.path().display().to_string(), "<folder>")
    };
    insta::assert_snapshot!(open().await, @"cannot read <folder>/platform/history: No such file or directory (os error 2)");
    std::fs::create_dir_all(folders.path().join("platform/history")).unwrap();
    insta::assert_snapshot!(open().await, @"the platform's folder `history` holds 0 commits, at least 1 is needed");
    std::fs::create_dir_all(folders.path().join("platform/history/01-x")).unwrap();
    insta::assert_snapshot!(open().await, @"cannot read <folder>/platform/history/01-x/commit.json: No such file or directory (os error 2)");
}

#[tokio::test]
async fn a_state_folder_used_before_begins_anew() {
    let world = World::new().await;
    let first = world.head("main").await;
    world.push("main", "good").await;
    let root = world.folders.path();
    let settings = Settings {
        port: 0,
        state: root.join("state"),
        platform: root.join("platform"),
        now: Arc::new(|| NOW),
    };
    let again = GitHub::open(settings).await.unwrap();
    let head = again.repositories[0].git.commit_named("main").await.unwrap();
    assert_eq!(head.as_deref(), Some(first.as_str()), "the same platform and clock give the same commits");
}
