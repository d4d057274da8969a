//! Events on their way to the bus, in their live shapes: `version` as a float, `type.version` as a text.
//!
//! They are put on the emulator's bus under a source of our own, because nobody may put `aws.*` there. On request they are late, doubled or
//! out of order, as EventBridge allows itself to be.

use crate::clock::Millis;
use crate::control_plane::Stack;
use crate::values::{lock, rfc3339, sha256};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// How events are delivered.
#[derive(Debug, Clone, Default)]
pub struct Mode {
    /// Virtual delay.
    pub delay: Millis,
    /// Each event comes twice.
    pub duplicate: bool,
    /// The order within one step is not the order of events.
    pub shuffle: bool,
}

struct Pending {
    due: Millis,
    entry: Value,
}

#[derive(Default)]
struct State {
    mode: Mode,
    pending: Vec<Pending>,
    sent: Vec<Value>,
}

/// The way to the bus.
pub struct Events {
    source: String,
    state: Mutex<State>,
}

impl Events {
    /// Events are put under `source`.
    #[must_use]
    pub fn new(source: &str) -> Self {
        Self { source: source.to_owned(), state: Mutex::default() }
    }

    /// Hands over an event of an AWS service that happened at `at`.
    pub fn put(&self, kind: &str, resources: &[String], detail: &Value, at: Millis) {
        let entry = json!({"Source": self.source, "DetailType": kind, "Resources": resources,
            "Detail": detail.to_string(), "Time": at.div_euclid(1000)});
        let shown = json!({"detail-type": kind, "time": rfc3339(at), "resources": resources, "detail": detail});
        let mut state = lock(&self.state);
        let due = at + state.mode.delay;
        if state.mode.duplicate {
            state.pending.push(Pending { due, entry: entry.clone() });
        }
        state.pending.push(Pending { due, entry });
        state.sent.push(shown);
    }

    /// Sets how events are delivered from now on.
    pub fn set_mode(&self, mode: Mode) {
        lock(&self.state).mode = mode;
    }

    /// Events from number `since` on, and the number of the next one.
    #[must_use]
    pub fn since(&self, since: usize) -> Value {
        let state = lock(&self.state);
        json!({"events": state.sent.get(since..).unwrap_or_default(), "next": state.sent.len()})
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        lock(&self.state).pending.iter().map(|pending| pending.due).min()
    }

    /// Puts what is due on the bus; whether there was something.
    pub(crate) async fn step(&self, stack: &Arc<Stack>) -> bool {
        let now = stack.now();
        let (mut due, shuffle) = {
            let mut state = lock(&self.state);
            let due: Vec<Value> =
                state.pending.extract_if(.., |pending| pending.due <= now).map(|pending| pending.entry).collect();
            (due, state.mode.shuffle)
        };
        if shuffle {
            due.sort_by_key(|entry| sha256(entry.to_string().as_bytes()));
        }
        // PutEvents takes ten entries.
        for entries in due.chunks(10) {
            let body = json!({"Entries": entries});
            let answer = stack.emulator.json("events", "AWSEvents.PutEvents", "1.1", &body).await;
            let failed = answer.as_ref().ok().and_then(|a| a.get("FailedEntryCount")).and_then(Value::as_u64);
            if failed != Some(0) {
                stack.journal.add("event-lost", json!({"unexpected": true, "answer": format!("{answer:?}")}));
            }
        }
        !due.is_empty()
    }
}
