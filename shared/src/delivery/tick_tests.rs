//! The watch and both hooks over a world in memory, with a crash after each step.

use super::*;
use crate::delivery::eprocess::Counts;
use crate::delivery::hooks::{Hook, after_traffic, before_traffic};
use crate::delivery::ports::{Health, LifecycleEvent, TargetGroups, TaskSet};
use crate::delivery::watch::TargetGroup;
use crate::memory::MemoryWatches;
use std::cell::{Cell, RefCell};

struct Memory {
    deployment: RefCell<Deployment>,
    minutes: Vec<(Timestamp, Counts)>,
    watches: MemoryWatches,
    answers: RefCell<Vec<bool>>,
    stops: Cell<u32>,
    stop_fails_once: Cell<bool>,
    health: Health,
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE)
}

fn memory(counts: Counts) -> Memory {
    let set = |is_green: bool| TaskSet {
        is_green,
        target_group: if is_green { "green" } else { "blue" }.to_owned(),
        weight_percent: if is_green { 10 } else { 90 },
        desired: 2,
        running: 2,
        pending: 0,
    };
    Memory {
        deployment: RefCell::new(Deployment {
            id: "d-1".to_owned(),
            application: "b2b".to_owned(),
            group: "api-gateway".to_owned(),
            status: "InProgress".to_owned(),
            creator: "user".to_owned(),
            lifecycle: vec![LifecycleEvent {
                name: "BeforeAllowTraffic".to_owned(),
                status: "InProgress".to_owned(),
                started_at: Some(at(0)),
            }],
            task_sets: vec![set(true), set(false)],
        }),
        minutes: (1..12).map(|minute| (at(minute), counts)).collect(),
        watches: MemoryWatches::default(),
        answers: RefCell::default(),
        stops: Cell::new(0),
        stop_fails_once: Cell::new(false),
        health: Health { healthy: 2, total: 2 },
    }
}

impl Deployments for Memory {
    async fn describe(&self, _: &str) -> Result<Deployment, Fault> {
        Ok(self.deployment.borrow().clone())
    }
    async fn answer_hook(&self, _: &str, _: &str, succeeded: bool) -> Result<(), Fault> {
        self.answers.borrow_mut().push(succeeded);
        Ok(())
    }
    async fn stop(&self, _: &str) -> Result<(), Fault> {
        if self.stop_fails_once.take() {
            return Err(Fault::Transient {
                service: "CodeDeploy",
                operation: "StopDeployment",
                detail: "throttled".to_owned(),
            });
        }
        self.stops.set(self.stops.get() + 1);
        Ok(())
    }
}

impl TargetGroups for Memory {
    async fn find(&self, name: &str) -> Result<TargetGroup, Fault> {
        Ok(TargetGroup {
            name: name.to_owned(),
            dimension: format!("targetgroup/{name}/1"),
            load_balancer: "app/b/1".to_owned(),
        })
    }
    async fn health(&self, _: &str) -> Result<Health, Fault> {
        Ok(self.health)
    }
}

impl Minutes for Memory {
    async fn counts(
        &self,
        _: &Watch,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Counts)>, Fault> {
        Ok(self.minutes.iter().filter(|(minute, _)| *minute >= from && *minute < to).copied().collect())
    }
}

impl Notifier for Memory {
    async fn publish(&self, _: &str, _: &str) -> Result<(), Fault> {
        Err(Fault::Transient { service: "SNS", operation: "Publish", detail: "down".to_owned() })
    }
}

fn config() -> WatchConfig {
    WatchConfig::parse("version: 1\non_inconclusive: fail").unwrap()
}

fn hook() -> Hook {
    Hook { deployment: "d-1".to_owned(), execution: "h-1".to_owned() }
}

async fn tick(memory: &Memory, minute: i64) -> Result<Seen, Fault> {
    let stored = memory.watches.get("d-1").await.unwrap().unwrap();
    World { deployments: memory, minutes: memory, watches: &memory.watches, notifier: memory }
        .tick(stored, &config(), at(minute))
        .await
}

const GOOD: Counts = Counts { green_requests: 600, green_errors: 3, blue_requests: 5400, blue_errors: 27 };
const BAD: Counts = Counts { green_requests: 600, green_errors: 15, blue_requests: 5400, blue_errors: 27 };

#[tokio::test]
async fn a_bad_version_is_stopped_once_decided_even_when_the_first_stop_fails() {
    let memory = memory(BAD);
    assert!(matches!(
        before_traffic(&hook(), &memory, &memory, &memory.watches).await,
        Ok(Reply::Succeeded(_))
    ));
    for minute in 1..5 {
        tick(&memory, minute).await.unwrap();
    }
    assert_eq!(memory.stops.get(), 0, "warm-up and unsettled minutes stop nothing");
    memory.stop_fails_once.set(true);
    let mut failures = 0;
    for minute in 5..9 {
        failures += u32::from(tick(&memory, minute).await.is_err());
    }
    assert_eq!(failures, 1);
    assert!(memory.stops.get() >= 1);
    let stored = memory.watches.get("d-1").await.unwrap().unwrap();
    assert_eq!((stored.watch.verdict.map(|v| v.kind), stored.watch.exposure_percent), (Some(Kind::Harm), 10));
    memory.deployment.borrow_mut().status = "Stopped".to_owned();
    let seen = tick(&memory, 10).await.unwrap();
    let active = memory.watches.active().await.unwrap();
    assert!(active.is_empty() && seen.what.ends_with("the deployment is over: Stopped"), "{}", seen.what);
}

#[tokio::test]
async fn the_hook_after_traffic_waits_for_the_watch_and_the_watch_answers_it() {
    let memory = memory(GOOD);
    before_traffic(&hook(), &memory, &memory, &memory.watches).await.unwrap();
    memory.deployment.borrow_mut().lifecycle[0] = LifecycleEvent {
        name: "AfterAllowTraffic".to_owned(),
        status: "InProgress".to_owned(),
        started_at: Some(at(11)),
    };
    let reply = after_traffic(&hook(), &config(), &memory, &memory.watches).await.unwrap();
    insta::assert_snapshot!(format!("{reply:?}"), @r#"Later("the watch has no verdict yet and will answer")"#);
    tick(&memory, 13).await.unwrap();
    assert_eq!(*memory.answers.borrow(), [true]);
    assert!(
        matches!(after_traffic(&hook(), &config(), &memory, &memory.watches).await, Ok(Reply::Succeeded(_))),
        "a redelivered hook hears the same"
    );
}

#[tokio::test]
async fn without_traffic_the_waiting_hook_is_answered_by_policy_before_its_hour() {
    let memory = memory(Counts::default());
    before_traffic(&hook(), &memory, &memory, &memory.watches).await.unwrap();
    memory.deployment.borrow_mut().lifecycle[0] = LifecycleEvent {
        name: "AfterAllowTraffic".to_owned(),
        status: "InProgress".to_owned(),
        started_at: Some(at(11)),
    };
    after_traffic(&hook(), &config(), &memory, &memory.watches).await.unwrap();
    for minute in 12..26 {
        tick(&memory, minute).await.unwrap();
    }
    assert!(memory.answers.borrow().is_empty());
    tick(&memory, 26).await.unwrap();
    assert_eq!(*memory.answers.borrow(), [false], "inconclusive is a failure under this policy");
}

#[tokio::test]
async fn an_unwatched_shift_an_unhealthy_green_and_a_rollback_each_have_their_reply() {
    let mut memory = memory(GOOD);
    let reply = after_traffic(&hook(), &config(), &memory, &memory.watches).await.unwrap();
    insta::assert_snapshot!(format!("{reply:?}"), @r#"Failed("the shift was not watched: no record (is the pre-traffic hook set at `BeforeAllowTraffic`?)")"#);
    memory.health = Health { healthy: 1, total: 2 };
    let reply = before_traffic(&hook(), &memory, &memory, &memory.watches).await.unwrap();
    insta::assert_snapshot!(format!("{reply:?}"), @r#"Again("green runs 2 of 2 task(s), 0 starting; 1 of 2 target(s) of `green` are healthy")"#);
    assert!(memory.watches.active().await.unwrap().is_empty(), "no traffic, no record");
    memory.deployment.borrow_mut().creator = "codeDeployRollback".to_owned();
    let reply = before_traffic(&hook(), &memory, &memory, &memory.watches).await.unwrap();
    insta::assert_snapshot!(format!("{reply:?}"), @r#"Succeeded("a rollback is never held up")"#);
}

#[tokio::test]
async fn a_tick_from_the_past_changes_nothing() {
    let memory = memory(BAD);
    before_traffic(&hook(), &memory, &memory, &memory.watches).await.unwrap();
    tick(&memory, -300).await.unwrap();
    let watch = memory.watches.get("d-1").await.unwrap().unwrap().watch;
    assert!(watch.minutes.is_empty() && watch.verdict.is_none());
}
