//! What happened, in order: every AWS call that came in, every function that was invoked, every fault that was injected.
//!
//! Requests are kept as they came, but for the members that carry secrets. It keeps the newest 20,000 entries.

use crate::clock::Clock;
use crate::values::{lock, rfc3339_millis};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Mutex;

/// Entries that are kept.
const KEPT: usize = 20_000;

/// The journal of one stack.
pub struct Journal {
    clock: Clock,
    entries: Mutex<(u64, VecDeque<Value>)>,
}

impl Journal {
    /// An empty journal that stamps entries with `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    /// Adds an entry of a kind with its members.
    pub fn add(&self, kind: &str, members: Value) {
        let mut held = lock(&self.entries);
        let (count, entries) = &mut *held;
        let mut entry = json!({"n": *count, "at": rfc3339_millis(self.clock.now()), "kind": kind});
        if let (Some(entry), Value::Object(members)) = (entry.as_object_mut(), members) {
            entry.extend(members);
        }
        *count += 1;
        entries.push_back(entry);
        if entries.len() > KEPT {
            entries.pop_front();
        }
    }

    /// Entries from number `since` on, and the number of the next one.
    #[must_use]
    pub fn since(&self, since: u64) -> Value {
        let held = lock(&self.entries);
        let newer = |entry: &&Value| entry.get("n").and_then(Value::as_u64).is_some_and(|n| n >= since);
        json!({"entries": held.1.iter().filter(newer).collect::<Vec<_>>(), "next": held.0})
    }
}
