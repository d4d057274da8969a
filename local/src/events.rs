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

/// What is sent again.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// Each one gives another order.
    pub seed: String,
    /// Number of the first event ([`Events::since`]).
    pub since: usize,
    /// The one queue that it is for, by name; every target when empty.
    pub queue: String,
}

struct Pending {
    due: Millis,
    event: Value,
    /// The one queue that it is for; every target when empty.
    queue: String,
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
            state.pending.push(Pending { due, event: event.clone(), queue: String::new() });
        }
        state.sent.push(event.clone());
        state.pending.push(Pending { due, event, queue: String::new() });
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

    /// Sends events again, each one twice, in an order of its own for each seed; how many that makes. Each copy carries the name of its
    /// replay, as `EventBridge` gives it, so that no queue takes it for what it had before.
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>)
    pub fn replay(&self, order: &Replay, now: Millis) -> usize {
        let Replay { seed, since, queue } = order;
        let mut state = lock(&self.state);
        let mut again: Vec<(String, Value)> = Vec::new();
        for (place, event) in state.sent.iter().enumerate().skip(*since) {
            for copy in 0..REPLAYED {
                let rank = sha256(format!("{seed} {place} {copy}").as_bytes());
                let mut event = event.clone();
                if let Some(members) = event.as_object_mut() {
                    members.insert("replay-name".to_owned(), format!("{seed}-{copy}").into());
                }
                again.push((rank, event));
            }
        }
        again.sort_by(|a, b| a.0.cmp(&b.0));
        let count = again.len();
        state.pending.extend(again.into_iter().map(|(_, event)| Pending {
            due: now,
            event,
            queue: queue.clone(),
        }));
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
            let due: Vec<Pending> = state.pending.extract_if(.., |pending| pending.due <= now).collect();
            (due, state.mode.shuffle)
        };
        if shuffle {
            due.sort_by_key(|pending| sha256(pending.event.to_string().as_bytes()));
        }
        for Pending { event, queue, .. } in &due {
            if let Err(words) = stack.rules.deliver(stack, event, queue).await {
                stack.journal.add("event-lost", json!({"unexpected": true, "words": words}));
            }
        }
        !due.is_empty()
    }
}
