//! Pushes, the deliveries they make, and deliveries made again.

use super::*;
use crate::github::deliver::sign;

async fn hooked(world: &World) -> (u64, Got) {
    let (url, got) = receiver().await;
    let order = json!({"url": url, "secret": SECRET, "hostHeader": "abc.lambda-url.local"});
    let hook = world.post("/_github/hooks", order).await;
    assert_eq!(hook.status, StatusCode::OK, "{}", hook.json());
    (hook.json()["id"].as_u64().unwrap(), got)
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap().to_str().unwrap()
}

#[test]
fn the_vector_of_the_documentation_is_reproduced() {
    let digest = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(sign("It's a Secret to Everybody", b"Hello, World!").as_deref(), Some(digest));
    assert_eq!(sign("", b"Hello, World!"), None);
}

#[tokio::test]
async fn a_pushed_commit_is_delivered_signed_over_the_exact_bytes() {
    let world = World::new().await;
    let (hook, got) = hooked(&world).await;
    let before = world.head("main").await;
    let pushed = world.post("/_github/push", json!({"branch": "main", "change": "good"})).await.json();
    assert_eq!(pushed["before"].as_str(), Some(before.as_str()));
    assert_eq!(pushed["sha"].as_str(), Some(world.head("main").await.as_str()));
    assert_eq!(pushed["deliveries"][0]["status"], 202);
    assert_eq!(pushed["deliveries"][0]["body"], json!({"result": "accepted"}));
    let (headers, body) = got.lock().unwrap().pop().unwrap();
    assert_eq!(Some(value(&headers, "x-hub-signature-256")), sign(SECRET, &body).as_deref());
    assert_eq!(value(&headers, "x-github-event"), "push");
    assert_eq!(value(&headers, "x-github-hook-id"), hook.to_string());
    assert_eq!(Some(value(&headers, "x-github-delivery")), pushed["deliveries"][0]["guid"].as_str());
    assert_eq!(value(&headers, "host"), "abc.lambda-url.local");
    assert!(value(&headers, "user-agent").starts_with("GitHub-Hookshot/"));
    let payload: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&payload["ref"], &payload["before"]), (&json!("refs/heads/main"), &pushed["before"]));
    assert_eq!((&payload["after"], &payload["repository"]["id"]), (&pushed["sha"], &json!(1001)));
    assert_eq!(payload["head_commit"], payload["commits"][0]);
    assert_eq!(payload["head_commit"]["modified"], json!(["services/api/orders.ts"]));
    assert_eq!(payload["head_commit"]["added"], json!(["CHANGES.md"]));
    assert_eq!(payload["head_commit"]["timestamp"], "2026-11-24T08:00:00Z");
    assert!(payload.get("installation").is_none());
}

#[tokio::test]
async fn the_same_push_told_three_times_has_one_guid() {
    let world = World::new().await;
    let (_, got) = hooked(&world).await;
    let order = json!({"branch": "hotfix/a", "change": "good", "times": 3});
    let pushed = world.post("/_github/push", order).await.json();
    assert_eq!(pushed["before"], "0".repeat(40));
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 3);
    let guid = value(&got[0].0, "x-github-delivery");
    assert!(
        got.iter().all(|(headers, body)| value(headers, "x-github-delivery") == guid && *body == got[0].1)
    );
    let payload: Value = serde_json::from_slice(&got[0].1).unwrap();
    assert_eq!((&payload["created"], payload["commits"].as_array().map(Vec::len)), (&json!(true), Some(1)));
}

#[tokio::test]
async fn a_replay_repeats_the_bytes_under_another_guid() {
    let world = World::new().await;
    let (_, got) = hooked(&world).await;
    let pushed = world.post("/_github/push", json!({"change": "good"})).await.json();
    let order = json!({"delivery": pushed["deliveries"][0]["id"]});
    let guids = [
        &pushed["deliveries"][0],
        &world.post("/_github/replay", order.clone()).await.json(),
        &world.post("/_github/replay", order).await.json(),
    ]
    .map(|delivery| delivery["guid"].as_str().unwrap().to_owned());
    assert!(guids[0] != guids[1] && guids[1] != guids[2] && guids[0] != guids[2]);
    let unknown = world.post("/_github/replay", json!({"delivery": 4711})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 3);
    for ((headers, body), guid) in got.iter().zip(&guids) {
        assert_eq!((value(headers, "x-github-delivery"), body), (guid.as_str(), &got[0].1));
        assert_eq!(Some(value(headers, "x-hub-signature-256")), sign(SECRET, body).as_deref());
    }
}

#[tokio::test]
async fn a_redelivery_repeats_guid_and_bytes_and_is_signed_anew() {
    let world = World::new().await;
    let (hook, got) = hooked(&world).await;
    world.post("/_github/push", json!({"change": "good"})).await;
    let log = format!("{REPO}/hooks/{hook}/deliveries");
    let first = world.get(&log).await.json();
    let id = first[0]["id"].as_u64().unwrap();
    let (url, newer) = receiver().await;
    world.post("/_github/hooks", json!({"url": url, "secret": "rotated"})).await;
    world.clock.fetch_add(3_600_000, Ordering::SeqCst);
    let answer = world.post(&format!("{log}/{id}/attempts"), json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let (first_headers, first_body) = got.lock().unwrap().pop().unwrap();
    let (headers, body) = newer.lock().unwrap().pop().unwrap();
    assert_eq!(body, first_body);
    assert_eq!(value(&headers, "x-github-delivery"), value(&first_headers, "x-github-delivery"));
    assert_eq!(Some(value(&headers, "x-hub-signature-256")), sign("rotated", &body).as_deref());
    let log = world.get(&log).await.json();
    let lines: Vec<String> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["delivered_at"], one["redelivery"], one["status_code"]))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "2026-11-24T09:00:00Z" true 202
    "2026-11-24T08:00:00Z" false 202
    "#);
    let detail = world.get(&format!("{REPO}/hooks/{hook}/deliveries/{id}")).await.json();
    assert_eq!(detail["request"]["payload"]["ref"], "refs/heads/main");
    assert_eq!(
        world.get(&format!("{REPO}/hooks/{hook}/deliveries/999999")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_next_delivery_is_signed_with_the_secret_that_the_webhook_was_given() {
    let world = World::new().await;
    let (hook, got) = hooked(&world).await;
    let config = format!("{REPO}/hooks/{hook}/config");
    let answer = world.send(Method::PATCH, &config, &[], r#"{"secret":"rotated"}"#).await;
    assert_eq!((answer.status, &answer.json()["secret"]), (StatusCode::OK, &json!("********")));
    world.post("/_github/push", json!({"change": "good"})).await;
    let (headers, body) = got.lock().unwrap().pop().unwrap();
    assert_eq!(Some(value(&headers, "x-hub-signature-256")), sign("rotated", &body).as_deref());
    let other = world.send(Method::PATCH, &format!("{REPO}/hooks/99/config"), &[], "{}").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_the_same_delivery_from_the_log() {
    let world = World::new().await;
    world.post("/_github/hooks", json!({"url": "http://127.0.0.1:1/", "secret": SECRET})).await;
    world.post("/_github/push", json!({"change": "good"})).await;
    let (hook, got) = hooked(&world).await;
    let log = format!("{REPO}/hooks/{hook}/deliveries");
    let lost = world.get(&log).await.json()[0].clone();
    assert_eq!((&lost["status_code"], &lost["event"]), (&json!(0), &json!("push")));
    world.post(&format!("{log}/{}/attempts", lost["id"]), json!({})).await;
    let (headers, _) = got.lock().unwrap().pop().unwrap();
    assert_eq!(Some(value(&headers, "x-github-delivery")), lost["guid"].as_str());
    let first = world.get(&format!("{log}?per_page=1")).await;
    assert_eq!(
        (&first.json()[0]["status_code"], &first.json()[0]["redelivery"]),
        (&json!(202), &json!(true))
    );
    let next = format!("cursor={}>; rel=\"next\"", lost["id"]);
    assert!(first.header("link").ends_with(&next), "{}", first.header("link"));
}

#[tokio::test]
async fn a_form_webhook_carries_the_payload_in_a_field() {
    let world = World::new().await;
    let (url, got) = receiver().await;
    let order = json!({"url": url, "secret": SECRET, "contentType": "form", "ping": true});
    let hook = world.post("/_github/hooks", order).await.json();
    assert_eq!(hook["ping"]["status"], 202);
    let (headers, body) = got.lock().unwrap().pop().unwrap();
    assert_eq!(value(&headers, "content-type"), "application/x-www-form-urlencoded");
    assert_eq!(Some(value(&headers, "x-hub-signature-256")), sign(SECRET, &body).as_deref());
    let (name, text) = form_urlencoded::parse(&body).next().unwrap();
    let payload: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((name.as_ref(), &payload["hook_id"]), ("payload", &hook["id"]));
}

#[tokio::test]
async fn an_order_that_cannot_be_carried_out_moves_no_branch() {
    let world = World::new().await;
    let head = world.head("main").await;
    let words = async |order: Value| {
        let answer = world.post("/_github/push", order).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.json()["message"].as_str().unwrap().to_owned()
    };
    insta::assert_snapshot!(words(json!({"change": "bad"})).await, @"there is no change `bad`, there are: good, low-coverage");
    insta::assert_snapshot!(words(json!({"change": "good"})).await, @"`acme/b2b-ecommerce-platform` has no webhook to tell: set one at /_github/hooks, or push with `deliver` false");
    insta::assert_snapshot!(words(json!({"change": "good", "repo": "a/b"})).await, @"there is no repository `a/b`, there are: acme/b2b-ecommerce-platform");
    insta::assert_snapshot!(words(json!({"change": "good", "times": 0})).await, @"`times` is 0, between 1 and 100 deliveries are made");
    insta::assert_snapshot!(words(json!({"change": "good", "branch": "a..b", "deliver": false})).await, @"`a..b` cannot be the name of a branch");
    assert_eq!(world.head("main").await, head);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_told_and_the_commit_stands() {
    let world = World::new().await;
    world.post("/_github/hooks", json!({"url": "http://127.0.0.1:1/", "secret": SECRET})).await;
    let pushed = world.post("/_github/push", json!({"change": "good"})).await.json();
    assert_eq!(pushed["deliveries"][0]["status"], 0);
    assert!(pushed["deliveries"][0]["body"].as_str().unwrap().starts_with("failed to connect"));
    assert_eq!(pushed["sha"].as_str(), Some(world.head("main").await.as_str()));
}

#[tokio::test]
async fn no_answer_shows_the_secret() {
    let world = World::new().await;
    let (hook, _) = hooked(&world).await;
    world.post("/_github/push", json!({"change": "good"})).await;
    let state = world.get("/_github/state").await;
    let id = state.json()["repositories"][0]["deliveries"][0]["id"].as_u64().unwrap();
    for path in [
        "/_github/state".to_owned(),
        format!("{REPO}/hooks"),
        format!("{REPO}/hooks/{hook}"),
        format!("{REPO}/hooks/{hook}/deliveries"),
        format!("{REPO}/hooks/{hook}/deliveries/{id}"),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(SECRET), "{path}");
    }
}
