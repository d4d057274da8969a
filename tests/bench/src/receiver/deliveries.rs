//! The deliveries: signed pushes to a branch, each as large as one of the published examples, one as large as an event can be, and forged ones.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::source::signature::sign;

/// What the deliveries are signed with.
pub(crate) const SECRET: &str = "It's a Secret to Everybody";
/// What forged ones are signed with.
const FORGED: &str = "a secret of somebody else";
/// The repository they come from.
pub(crate) const REPOSITORY: &str = "1001";
/// Size of the largest event, in bytes: just below what a synchronous invocation takes (6 MiB).
pub(crate) const LARGEST: usize = 5_900_000;
const SHA: &str = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192";

/// An event and what it must be answered.
#[derive(Clone)]
pub(crate) struct Delivery {
    /// The event as the Runtime API hands it over.
    pub(crate) event: Vec<u8>,
    /// The HTTP status that it deserves.
    pub(crate) status: u16,
    /// `X-GitHub-Delivery`.
    pub(crate) id: String,
}

/// Bodies of pushes, each of the size of an example in `index` (`@octokit/webhooks-examples`).
pub(crate) fn bodies(index: &[u8]) -> Result<Vec<String>> {
    let events: Vec<Value> = serde_json::from_slice(index)?;
    let examples = events.iter().filter_map(|event| event.get("examples")?.as_array()).flatten();
    let bodies: Vec<String> = examples.map(|example| body(example.to_string().len())).collect();
    ensure!(!bodies.is_empty(), "there are no examples");
    Ok(bodies)
}

/// A good delivery of `body`, the `number`th.
pub(crate) fn good(body: &str, number: usize) -> Delivery {
    delivery(body, SECRET, 202, number)
}

/// A delivery of `body` that somebody else signed.
pub(crate) fn forged(body: &str, number: usize) -> Delivery {
    delivery(body, FORGED, 401, number)
}

/// A good delivery whose event has [`LARGEST`] bytes.
pub(crate) fn largest() -> Result<Delivery> {
    let mut size = LARGEST;
    // Quotes are escaped in an event: the body is smaller than the event by what they take.
    for _ in 0..20 {
        let delivery = good(&body(size), 0);
        let length = delivery.event.len();
        if length.abs_diff(LARGEST) < 1000 {
            return Ok(delivery);
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

fn delivery(body: &str, secret: &str, status: u16, number: usize) -> Delivery {
    let id = format!("72d3162e-cc78-11e3-81ab-{number:012}");
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/",
        "headers": {
            "content-type": "application/json", "x-github-event": "push", "x-github-delivery": id,
            "x-hub-signature-256": sign(secret, body.as_bytes()),
        },
        "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "192.30.252.44"}},
        "isBase64Encoded": false, "body": body,
    });
    Delivery { event: event.to_string().into_bytes(), status, id }
}
