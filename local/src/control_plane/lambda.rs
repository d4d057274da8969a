//! Asynchronous invocations as Lambda makes them: the caller does not wait; an invocation that fails is tried again after one and after two
//! minutes, then given up (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>). ECS waits for the answer of a
//! lifecycle hook instead: a failed one is its failure at once. An invocation that is throttled (a fault of service `lambda`, operation
//! `Invoke`) is tried again after one second, then after twice as long each time; whether ECS does so is not documented.
//!
//! Payloads of jobs hold credentials: the journal gets the function, the attempt and the answer, not the payload.

use super::Stack;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::emulator::Invoked;
use crate::faults::Kind;
use crate::values::lock;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Waits before the second and the third attempt.
const RETRIES: [Millis; 2] = [MINUTE, 2 * MINUTE];

/// Longest wait after a throttled invocation.
const LONGEST: Millis = 5 * MINUTE;

/// A lifecycle hook that waits for an answer.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Cluster.
    pub cluster: String,
    /// Service.
    pub service: String,
    /// Id of the hook's run.
    pub hook: String,
}

struct Waiting {
    due: Millis,
    function: String,
    payload: Value,
    attempt: usize,
    throttled: u32,
    asker: Option<Asker>,
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
        self.push(function, payload, None);
    }

    /// Invokes `function` for a lifecycle hook that waits for its answer.
    pub fn ask(&self, function: &str, payload: Value, asker: Asker) {
        self.push(function, payload, Some(asker));
    }

    fn push(&self, function: &str, payload: Value, asker: Option<Asker>) {
        let function = function.to_owned();
        lock(&self.waiting).push(Waiting { due: 0, function, payload, attempt: 0, throttled: 0, asker });
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

async fn run(stack: &Stack, mut waiting: Waiting) {
    let name = waiting.function.rsplit(':').next().unwrap_or_default();
    if stack.faults.take("lambda", "Invoke", Some(name)) == Some(Kind::Throttle) {
        stack.journal.add("throttled", json!({"function": name, "throttled": waiting.throttled + 1}));
        waiting.due = stack.now() + (SECOND << waiting.throttled.min(16)).min(LONGEST);
        waiting.throttled += 1;
        lock(&stack.lambda.waiting).push(waiting);
        return;
    }
    let result = stack.emulator.invoke(&waiting.function, &waiting.payload).await;
    let failure = match &result {
        Ok(Invoked { error: None, .. }) => None,
        Ok(Invoked { error: Some(error), payload }) => Some(format!("{error}: {payload}")),
        Err(words) => Some(words.clone()),
    };
    let answer = result.as_ref().map_or(&Value::Null, |invoked| &invoked.payload);
    stack.journal.add(
        "invocation",
        json!({"function": waiting.function, "attempt": waiting.attempt + 1, "answer": answer, "failure": failure}),
    );
    if let Some(asker) = &waiting.asker {
        stack.ecs.answered(stack, asker, &result);
    } else if let Some(failure) = failure {
        again(stack, waiting, &failure);
    }
}

fn again(stack: &Stack, waiting: Waiting, failure: &str) {
    match RETRIES.get(waiting.attempt) {
        Some(wait) => {
            let due = stack.now() + wait;
            lock(&stack.lambda.waiting).push(Waiting { due, attempt: waiting.attempt + 1, ..waiting });
        }
        None => stack.journal.add("given-up", json!({"function": waiting.function, "failure": failure})),
    }
}
