//! Asynchronous invocations as Lambda makes them: the caller does not wait; an invocation that fails is tried again after one and after two
//! minutes, then given up (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
//!
//! Payloads of jobs hold credentials: the journal gets the function, the attempt and the answer, not the payload.

use super::Stack;
use crate::clock::{MINUTE, Millis};
use crate::emulator::Invoked;
use crate::values::lock;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Waits before the second and the third attempt.
const RETRIES: [Millis; 2] = [MINUTE, 2 * MINUTE];

struct Waiting {
    due: Millis,
    function: String,
    payload: Value,
    attempt: usize,
}

/// Invocations that run or wait.
#[derive(Default)]
pub struct Invocations {
    waiting: Mutex<Vec<Waiting>>,
    running: AtomicUsize,
}

impl Invocations {
    /// Invokes `function` asynchronously, as soon as the driver steps.
    pub fn invoke(&self, function: &str, payload: Value) {
        lock(&self.waiting).push(Waiting { due: 0, function: function.to_owned(), payload, attempt: 0 });
    }

    /// Invocations that run now.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        lock(&self.waiting).iter().map(|waiting| waiting.due).min()
    }

    /// Starts what is due; whether there was something.
    pub(crate) fn step(&self, stack: &Arc<Stack>) -> bool {
        let now = stack.now();
        let due: Vec<Waiting> = lock(&self.waiting).extract_if(.., |waiting| waiting.due <= now).collect();
        let any = !due.is_empty();
        for waiting in due {
            self.running.fetch_add(1, Ordering::SeqCst);
            let stack = Arc::clone(stack);
            tokio::spawn(async move {
                run(&stack, waiting).await;
                stack.lambda.running.fetch_sub(1, Ordering::SeqCst);
            });
        }
        any
    }
}

async fn run(stack: &Stack, waiting: Waiting) {
    let Waiting { function, payload, attempt, .. } = waiting;
    let result = stack.emulator.invoke(&function, &payload).await;
    let failure = match &result {
        Ok(Invoked { error: None, .. }) => None,
        Ok(Invoked { error: Some(error), payload }) => Some(format!("{error}: {payload}")),
        Err(words) => Some(words.clone()),
    };
    let answer = result.map(|invoked| invoked.payload).unwrap_or(Value::Null);
    stack.journal.add(
        "invocation",
        json!({"function": function, "attempt": attempt + 1, "answer": answer, "failure": failure}),
    );
    if failure.is_none() {
        return;
    }
    match RETRIES.get(attempt) {
        Some(wait) => {
            let due = stack.now() + wait;
            lock(&stack.lambda.waiting).push(Waiting { due, function, payload, attempt: attempt + 1 });
        }
        None => stack.journal.add("given-up", json!({"function": function, "failure": failure})),
    }
}
