//! GitHub that fails before or after its effect, workers that die, events in any order: in the end each thing is there once, and right.

mod builds;

use super::*;
use crate::feedback::plan::{Write, tests::origin};
use crate::memory::{MemoryKept, MemoryLedger};
use crate::source::ports::{Ledger, Origin};
use proptest::prelude::*;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// When GitHub fails next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    None,
    BeforeItsEffect,
    AfterItsEffect,
}

/// GitHub as the adapter leaves it: everything under our own ids.
#[derive(Default)]
struct Host {
    check_runs: RefCell<BTreeMap<String, String>>,
    deployments: RefCell<BTreeMap<String, Vec<&'static str>>>,
    failure: Cell<Option<Failure>>,
}

impl FeedbackHost for &Host {
    async fn write(&self, _: &Origin, write: &Write) -> Result<Made, HostFault> {
        let failure = self.failure.take().unwrap_or(Failure::None);
        let lost = HostFault::Wait { operation: "a write", seconds: 60 };
        if failure == Failure::BeforeItsEffect {
            return Err(lost);
        }
        match write {
            Write::CheckRun { run, .. } => {
                let shown = format!("{:?} {} {}", run.conclusion, run.title, run.summary);
                self.check_runs.borrow_mut().insert(run.external_id.clone(), shown);
            }
            Write::Deployment { stage, .. } => {
                self.deployments.borrow_mut().entry(stage.clone()).or_default();
            }
            Write::DeploymentStatus { stage, state, .. } => {
                self.deployments.borrow_mut().entry(stage.clone()).or_default().push(state);
            }
            Write::CommitStatus { .. } | Write::Comment { .. } => {}
        }
        if failure == Failure::AfterItsEffect { Err(lost) } else { Ok(Made { id: 7, link: None }) }
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing in memory waits"),
    }
}

#[derive(Default)]
struct World {
    ledger: MemoryLedger,
    kept: MemoryKept,
    host: Host,
}

impl World {
    fn new() -> Self {
        let world = Self::default();
        run((&world.ledger).record_origin("e-1", &origin())).unwrap();
        world
    }

    fn take(&self, event: &Value) -> Result<Outcome, FeedbackError> {
        let ports = Ports {
            origins: &self.ledger,
            kept: &self.kept,
            host: &self.host,
            nonce: || Ok("4711".to_owned()),
        };
        run(take(&ports, Mode::App, event))
    }

    /// What developers see: check runs, and the last status of each deployment.
    fn shown(&self) -> String {
        let last: Vec<String> = self
            .host
            .deployments
            .borrow()
            .iter()
            .map(|(stage, states)| format!("{stage}: {:?}", states.last()))
            .collect();
        // A first attempt that ended before anything was heard of it has no check run of its own.
        let newest = self.host.check_runs.borrow().last_key_value().map(|(id, run)| format!("{id}: {run}"));
        format!("{newest:?} {last:?}")
    }
}

fn event(kind: &str, attempt: u64, minute: u32, members: &Value) -> Value {
    let mut detail =
        json!({"pipeline": "shop-production", "execution-id": "e-1", "pipeline-execution-attempt": attempt});
    detail.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({"detail-type": format!("CodePipeline {kind} Execution State Change"), "time": format!("2026-11-23T21:{minute:02}:00Z"), "detail": detail})
}

fn release() -> Vec<Value> {
    let stage = |attempt, minute, stage: &str, state: &str| {
        event("Stage", attempt, minute, &json!({"stage": stage, "state": state}))
    };
    let deploy = |minute, state: &str, words: &str| {
        event(
            "Action",
            1,
            minute,
            &json!({"stage": "Deploy", "action": "Api", "state": state, "type": {"category": "Deploy"},
            "execution-result": {"external-execution-summary": words}}),
        )
    };
    vec![
        event("Pipeline", 1, 0, &json!({"state": "STARTED"})),
        stage(1, 1, "Build", "STARTED"),
        stage(1, 4, "Build", "SUCCEEDED"),
        stage(1, 5, "Deploy", "STARTED"),
        deploy(5, "STARTED", ""),
        deploy(9, "FAILED", "rolled back"),
        stage(1, 9, "Deploy", "FAILED"),
        event("Pipeline", 1, 9, &json!({"state": "FAILED"})),
        event("Pipeline", 2, 20, &json!({"state": "RESUMED"})),
        stage(2, 20, "Deploy", "RESUMED"),
        stage(2, 25, "Deploy", "SUCCEEDED"),
        event("Pipeline", 2, 25, &json!({"state": "SUCCEEDED"})),
    ]
}

#[test]
fn a_release_is_told_and_its_events_again_tell_nothing() {
    let world = World::new();
    for event in release() {
        world.take(&event).unwrap();
    }
    assert_eq!(world.host.check_runs.borrow().len(), 2, "one for each attempt");
    assert_eq!(
        world.host.deployments.borrow()["Deploy"],
        ["in_progress", "failure", "in_progress", "success"]
    );
    for event in release() {
        insta::allow_duplicates! {
            insta::assert_snapshot!(world.take(&event).unwrap(), @"nothing to tell, GitHub knows this already");
        }
    }
}

#[test]
fn what_is_not_ours_is_passed_over() {
    let world = World::new();
    let mut foreign = release().remove(0);
    foreign["detail"]["execution-id"] = json!("e-2");
    insta::assert_snapshot!(world.take(&foreign).unwrap(), @"nothing to tell, no release of ours started this execution or build");
    let other = json!({"detail-type": "Something New", "time": "2026-11-23T21:40:00Z"});
    insta::assert_snapshot!(world.take(&other).unwrap(), @"nothing to tell, the message is about no execution and no build");
}

#[test]
fn what_github_refused_is_told_by_the_next_event() {
    let world = World::new();
    let events = release();
    world.host.failure.set(Some(Failure::BeforeItsEffect));
    insta::assert_snapshot!(world.take(&events[1]).unwrap_err(), @"GitHub wants `a write` to wait 60 s");
    assert!(world.host.check_runs.borrow().is_empty());
    insta::assert_snapshot!(world.take(&events[0]).unwrap(), @"told GitHub one thing");
    assert!(world.shown().contains("Build is running"), "{}", world.shown());
}

proptest! {
    #[test]
    fn failures_at_any_write_and_any_order_show_the_same_in_the_end(
        seed in proptest::collection::vec(any::<u32>(), 12),
        failures in proptest::collection::vec(prop_oneof![Just(Failure::BeforeItsEffect), Just(Failure::AfterItsEffect), Just(Failure::None)], 12),
    ) {
        let events = release();
        let expected = World::new();
        for event in &events {
            expected.take(event).unwrap();
        }
        let world = World::new();
        let mut order: Vec<(u32, &Value)> = seed.into_iter().zip(&events).collect();
        order.sort_by_key(|(key, _)| *key);
        for ((_, event), failure) in order.into_iter().zip(failures) {
            world.host.failure.set(Some(failure));
            // The queue gives the same event again until it is told.
            if world.take(event).is_err() {
                world.host.failure.set(None);
                world.take(event).unwrap();
            }
        }
        prop_assert_eq!(world.shown(), expected.shown());
    }
}
