//! Events on their way to the rules, in their live shapes: `version` as a float, `type.version` as a text, the service's own source and time.
//!
//! Nobody may put `aws.*` events on a bus, and the emulator stamps what is put there with its own time: so they go to the targets of its rules
//! directly ([`crate::rules`]). On request they are late, doubled or out of order, as `EventBridge` allows itself to be.

use crate::clock::Millis;
use crate::control_plane::{ACCOUNT, REGION, Stack};
use crate::values::{lock, rfc3339, sha256, uuid};
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

/// How often a replay sends each event: at-least-once delivery made visible.
const REPLAYED: usize = 2;

struct Pending {
    due: Millis,
    event: Value,
}

#[derive(Default)]
struct State {
    mode: Mode,
    pending: Vec<Pending>,
    sent: Vec<Value>,
}

/// The way to the rules.
#[derive(Default)]
pub struct Events {
    state: Mutex<State>,
}

impl Events {
    /// Hands over an event of an AWS service (`codepipeline`) that happened at `at`.
    pub fn put(&self, service: &str, kind: &str, resources: &[String], detail: &Value, at: Millis) {
        let event = json!({"version": "0", "id": uuid(), "detail-type": kind, "source": format!("aws.{service}"),
            "account": ACCOUNT, "time": rfc3339(at), "region": REGION, "resources": resources, "detail": detail});
        let mut state = lock(&self.state);
        let due = at + state.mode.delay;
        if state.mode.duplicate {
            state.pending.push(Pending { due, event: event.clone() });
        }
        state.sent.push(event.clone());
        state.pending.push(Pending { due, event });
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

    /// Sends everything again that was ever sent, each event twice, in an order of its own for each `seed`; how many that makes.
    pub fn replay(&self, seed: &str, now: Millis) -> usize {
        let mut state = lock(&self.state);
        let mut again: Vec<(String, Value)> = Vec::new();
        for (place, event) in state.sent.iter().enumerate() {
            for copy in 0..REPLAYED {
                let rank = sha256(format!("{seed} {place} {copy}").as_bytes());
                again.push((rank, event.clone()));
            }
        }
        again.sort_by(|a, b| a.0.cmp(&b.0));
        let count = again.len();
        state.pending.extend(again.into_iter().map(|(_, event)| Pending { due: now, event }));
        count
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        lock(&self.state).pending.iter().map(|pending| pending.due).min()
    }

    /// Delivers what is due; whether there was something.
    pub(crate) async fn step(&self, stack: &Arc<Stack>) -> bool {
        let now = stack.now();
        let (mut due, shuffle) = {
            let mut state = lock(&self.state);
            let due: Vec<Value> = state
                .pending
                .extract_if(.., |pending| pending.due <= now)
                .map(|pending| pending.event)
                .collect();
            (due, state.mode.shuffle)
        };
        if shuffle {
            due.sort_by_key(|event| sha256(event.to_string().as_bytes()));
        }
        for event in &due {
            if let Err(words) = stack.rules.deliver(stack, event).await {
                stack.journal.add("event-lost", json!({"unexpected": true, "words": words}));
            }
        }
        !due.is_empty()
    }
}
