//! The deliveries: signed pushes to a branch, each as large as one of the published examples, and one as large as an event can be.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::source::signature::sign;

/// What the deliveries are signed with.
pub(crate) const SECRET: &str = "It's a Secret to Everybody";
/// The repository they come from.
pub(crate) const REPOSITORY: &str = "1001";
/// Size of the largest event, in bytes: just below what a synchronous invocation takes (6 MiB).
pub(crate) const LARGEST: usize = 5_900_000;
const SHA: &str = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192";

/// One push for each example in `index` (`@octokit/webhooks-examples`), with a body of the same size.
pub(crate) fn as_large_as_the_examples(index: &[u8]) -> Result<Vec<Value>> {
    let events: Vec<Value> = serde_json::from_slice(index)?;
    let examples = events.iter().filter_map(|event| event.get("examples")?.as_array()).flatten();
    let pushes: Vec<Value> = examples.map(|example| event(&body(example.to_string().len()))).collect();
    ensure!(!pushes.is_empty(), "there are no examples");
    Ok(pushes)
}

/// A push whose event has [`LARGEST`] bytes.
pub(crate) fn largest() -> Result<Value> {
    let mut size = LARGEST;
    // Quotes are escaped in an event: the body is smaller than the event by what they take.
    for _ in 0..20 {
        let event = event(&body(size));
        let length = event.to_string().len();
        if length.abs_diff(LARGEST) < 1000 {
            return Ok(event);
        }
        size = (size + LARGEST).checked_sub(length).context("the event cannot be made so small")?;
    }
    anyhow::bail!("no push makes an event of {LARGEST} bytes")
}

/// A push with as many commits as `size` bytes take.
fn body(size: usize) -> String {
    let commit = json!({
        "id": SHA, "tree_id": SHA, "distinct": true, "message": "orders: refuse negative quantities", "timestamp": "2026-11-23T21:40:00Z",
        "author": {"name": "Ann", "email": "ann@example.com"}, "added": [], "removed": [],
        "modified": ["src/orders/quantity.rs", "src/orders/tests.rs", "docs/orders.md"],
    });
    let push = |commits: usize| {
        let commits: Vec<&Value> = std::iter::repeat_n(&commit, commits).collect();
        json!({"ref": "refs/heads/main", "before": SHA, "after": SHA, "created": false, "deleted": false, "forced": false,
               "commits": commits, "repository": {"id": 1001, "full_name": "acme/shop", "private": true}})
        .to_string()
    };
    push(size.saturating_sub(push(0).len()) / (commit.to_string().len() + 1))
}

fn event(body: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/",
        "headers": {
            "content-type": "application/json", "x-github-event": "push", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "x-hub-signature-256": sign(SECRET, body.as_bytes()),
        },
        "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "192.30.252.44"}},
        "isBase64Encoded": false, "body": body,
    })
}
