//! Pull requests: from a branch and from a fork, pushed to, closed, told to the webhook, listed.

use super::*;

const PULLS: &str = "/repos/acme/b2b-ecommerce-platform/pulls";

async fn order(world: &World, order: Value) -> Value {
    let answer = world.post("/_github/pull-request", order).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
    answer.json()
}

#[tokio::test]
async fn a_pull_request_is_opened_pushed_to_and_closed_and_each_is_told() {
    let world = World::new().await;
    let (url, got) = receiver().await;
    world.post("/_github/hooks", json!({"url": url, "secret": SECRET})).await;
    let opened = order(&world, json!({"action": "opened", "branch": "feature/a", "change": "good"})).await;
    assert_eq!(opened["number"], 1);
    assert_eq!(opened["sha"], world.head("feature/a").await);
    let pushed = order(&world, json!({"action": "synchronize", "number": 1, "change": "low-coverage"})).await;
    assert_eq!(world.get(&format!("{PULLS}/1")).await.json()["head"]["sha"], pushed["sha"]);
    order(&world, json!({"action": "closed", "number": 1})).await;
    assert_eq!(world.get(PULLS).await.json(), json!([]));
    assert_eq!(world.get(&format!("{PULLS}?state=all")).await.json()[0]["state"], "closed");
    let told: Vec<Value> =
        got.lock().unwrap().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    let actions: Vec<_> = told.iter().map(|payload| payload["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["opened", "synchronize", "closed"]);
    assert_eq!((&told[1]["before"], &told[1]["after"]), (&opened["sha"], &pushed["sha"]));
    assert!(got.lock().unwrap().iter().all(|(headers, _)| headers["x-github-event"] == "pull_request"));
}

#[tokio::test]
async fn one_from_a_fork_has_no_branch_here_and_its_head_is_a_commit_all_the_same() {
    let world = World::new().await;
    let head = json!({"action": "opened", "branch": "main", "change": "good", "fork": "mallory/shop", "deliveries": 0});
    let before = world.head("main").await;
    let opened = order(&world, head).await;
    assert_eq!(world.head("main").await, before);
    let shown = world.get(&format!("{PULLS}/1")).await.json();
    assert_eq!(shown["head"]["repo"]["full_name"], "mallory/shop");
    assert_ne!(shown["head"]["repo"]["id"], shown["base"]["repo"]["id"]);
    assert_eq!((&shown["base"]["sha"], &shown["head"]["sha"]), (&json!(before), &opened["sha"]));
    let commit = world.get(&format!("{REPO}/commits/{}", opened["sha"].as_str().unwrap())).await;
    assert_eq!(commit.status, StatusCode::OK);
}

#[tokio::test]
async fn an_order_that_cannot_be_carried_out_is_refused_in_words() {
    let world = World::new().await;
    let words = async |order: Value| {
        let order = json!({"deliveries": 0})
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .chain(order.as_object().unwrap().clone())
            .collect::<serde_json::Map<_, _>>();
        world.post("/_github/pull-request", Value::Object(order)).await.json()["message"].to_string()
    };
    insta::assert_snapshot!(words(json!({"action": "closed", "number": 7})).await, @r#""there is no pull request 7""#);
    insta::assert_snapshot!(words(json!({"action": "opened", "change": "good"})).await, @r#""`branch` names the head""#);
    insta::assert_snapshot!(words(json!({"action": "opened", "branch": "a b", "change": "good"})).await, @r#""`a b` cannot be the name of a branch""#);
    insta::assert_snapshot!(words(json!({"action": "merged", "number": 1})).await, @r#""Invalid request.\n\nunknown variant `merged`, expected one of `opened`, `synchronize`, `closed`, `reopened`, `ready_for_review` at line 1 column 18""#);
}
