//! The watch and both hooks over a world in memory, with a crash after each step.

use super::*;
use crate::delivery::checks::green::GreenOnly;
use crate::delivery::gate::{Gate, Question};
use crate::delivery::ports::{Health, LifecycleEvent, TaskSet};
use crate::delivery::series::{Minute, Pair};
use crate::delivery::watch::{Arms, TargetGroup};
use crate::memory::MemoryWatches;
use std::cell::{Cell, RefCell};

struct Memory {
    deployment: RefCell<Deployment>,
    minutes: Vec<(Timestamp, Pair)>,
    watches: MemoryWatches,
    answers: RefCell<Vec<bool>>,
    stops: RefCell<Vec<bool>>,
    stop_fails_once: Cell<bool>,
    told: RefCell<Vec<String>>,
    health: Health,
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE)
}

fn memory(pair: Pair) -> Memory {
    let set = |is_green: bool| TaskSet {
        is_green,
        target_group: if is_green { "green" } else { "blue" }.to_owned(),
        task_definition: format!("arn:task-definition/api:{}", if is_green { 8 } else { 7 }),
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
            cluster: "b2b".to_owned(),
            service: "api-gateway".to_owned(),
            status: "InProgress".to_owned(),
            creator: "user".to_owned(),
            created_at: at(-5),
            lifecycle: vec![LifecycleEvent {
                name: "BeforeAllowTraffic".to_owned(),
                status: "InProgress".to_owned(),
                started_at: Some(at(0)),
            }],
            task_sets: vec![set(true), set(false)],
            pauses: Vec::new(),
            next_percent: None,
            rollback: None,
            message: None,
        }),
        minutes: (-60..12)
            .map(|minute| (at(minute), if minute < 1 { Pair::of((0, 0), (6000, 30)) } else { pair }))
            .collect(),
        watches: MemoryWatches::default(),
        answers: RefCell::default(),
        stops: RefCell::default(),
        stop_fails_once: Cell::new(false),
        told: RefCell::default(),
        health: Health { healthy: 2, total: 2 },
    }
}

fn throttled() -> Fault {
    Fault::Transient { service: "CodeDeploy", operation: "StopDeployment", detail: "throttled".to_owned() }
}

impl Deployments for Memory {
    async fn describe(&self, _: &str) -> Result<Deployment, Fault> {
        Ok(self.deployment.borrow().clone())
    }
    async fn stop(&self, _: &str, roll_back: bool) -> Result<(), Fault> {
        if self.stop_fails_once.take() {
            return Err(throttled());
        }
        self.stops.borrow_mut().push(roll_back);
        Ok(())
    }
}

impl Hooks for Memory {
    async fn answer_hook(&self, _: &str, _: &str, succeeded: bool) -> Result<(), Fault> {
        self.answers.borrow_mut().push(succeeded);
        Ok(())
    }
}

impl Pauses for Memory {
    async fn resume(&self, _: &str, hook: &str, go_on: bool) -> Result<(), Fault> {
        let mut deployment = self.deployment.borrow_mut();
        deployment.pauses.retain(|pause| pause.id != hook);
        self.answers.borrow_mut().push(go_on);
        Ok(())
    }
}

impl TargetGroups for Memory {
    async fn find(&self, name: &str) -> Result<TargetGroup, Fault> {
        Ok(TargetGroup {
            name: name.to_owned(),
            dimension: format!("targetgroup/{name}/1"),
            load_balancer: "app/b/1".to_owned(),
            task_definition: String::new(),
        })
    }
    async fn health(&self, _: &str) -> Result<Health, Fault> {
        Ok(self.health)
    }
}

impl Minutes for Memory {
    async fn read(&self, _: &Policy, _: &Arms, from: Timestamp, to: Timestamp) -> Result<Series, Fault> {
        let wanted = self.minutes.iter().filter(|(minute, pair)| {
            *minute >= from && *minute < to && pair.green.total + pair.blue.total > 0
        });
        Ok(wanted.map(|(minute, pair)| (*minute, Minute::of("errors", *pair))).collect())
    }
}

impl Notifier for Memory {
    async fn publish(&self, subject: &str, _: &str) -> Result<(), Fault> {
        self.told.borrow_mut().push(subject.to_owned());
        Ok(())
    }
}

fn policies(more: &str) -> Policies {
    Policies::parse(&format!("version: 1\n{more}")).unwrap()
}

async fn ask(memory: &Memory, more: &str) -> Reply {
    let question = Question {
        deployment: "d-1".to_owned(),
        stage: None,
        asker: Asker::Hook { execution: "h-1".to_owned() },
    };
    let gate =
        Gate { deployments: memory, checker: &GreenOnly(memory), groups: memory, watches: &memory.watches };
    gate.ask(&question, &policies(more)).await.unwrap()
}

fn event(memory: &Memory, name: &str, minute: i64) {
    memory.deployment.borrow_mut().lifecycle[0] = LifecycleEvent {
        name: name.to_owned(),
        status: "InProgress".to_owned(),
        started_at: Some(at(minute)),
    };
}

async fn tick(memory: &Memory, minute: i64) -> Result<Seen, Fault> {
    let stored = memory.watches.get("d-1").await.unwrap().unwrap();
    World { deployments: memory, minutes: memory, groups: memory, watches: &memory.watches, notifier: memory }
        .tick(stored, at(minute))
        .await
}

async fn watch(memory: &Memory) -> Watch {
    memory.watches.get("d-1").await.unwrap().unwrap().watch
}

const GOOD: Pair = Pair::of((600, 3), (5400, 27));
const BAD: Pair = Pair::of((600, 15), (5400, 27));

#[tokio::test]
async fn a_bad_version_is_stopped_once_decided_even_when_the_first_stop_fails() {
    let memory = memory(BAD);
    assert!(matches!(ask(&memory, "").await, Reply::Succeeded(_)));
    for minute in 1..5 {
        tick(&memory, minute).await.unwrap();
    }
    assert!(memory.stops.borrow().is_empty(), "warm-up and unsettled minutes stop nothing");
    memory.stop_fails_once.set(true);
    let mut failures = 0;
    for minute in 5..9 {
        failures += u32::from(tick(&memory, minute).await.is_err());
    }
    assert_eq!((failures, memory.stops.borrow().as_slice()), (1, [true].as_slice()));
    let seen = watch(&memory).await;
    assert_eq!(seen.evidence.len(), 1, "what the verdict came from is written down with it");
    #[cfg(feature = "watch-series")]
    assert_eq!(crate::delivery::record_read::replay::replay(&seen).unwrap().difference, None);
    assert_eq!((seen.verdict.map(|v| v.kind), seen.weights.len()), (Some(Kind::Harm), 1));
    assert_eq!(seen.noise.unwrap()["errors"], 0.0, "the hour before was steady");
    assert_eq!(*memory.told.borrow(), ["Tidegate: api-gateway is rolled back"], "told once");
    memory.deployment.borrow_mut().status = "Stopped".to_owned();
    let seen = tick(&memory, 10).await.unwrap();
    let active = memory.watches.active().await.unwrap();
    assert!(active.is_empty() && seen.what.ends_with("the deployment is over: Stopped"), "{}", seen.what);
}

#[tokio::test]
async fn the_hook_after_traffic_waits_for_the_watch_and_the_watch_answers_it() {
    let memory = memory(GOOD);
    ask(&memory, "").await;
    event(&memory, "AfterAllowTraffic", 11);
    insta::assert_snapshot!(format!("{:?}", ask(&memory, "").await), @r#"Later("the watch has no verdict yet and will answer")"#);
    tick(&memory, 13).await.unwrap();
    assert_eq!(*memory.answers.borrow(), [true]);
    assert!(matches!(ask(&memory, "").await, Reply::Succeeded(_)), "a redelivered hook hears the same");
}

#[tokio::test]
async fn without_traffic_the_waiting_hook_is_answered_by_policy_before_its_hour() {
    let memory = memory(Pair::default());
    ask(&memory, "").await;
    event(&memory, "AfterAllowTraffic", 11);
    ask(&memory, "").await;
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
    event(&memory, "AfterAllowTraffic", 11);
    insta::assert_snapshot!(format!("{:?}", ask(&memory, "").await), @r#"Failed("the shift was not watched: no record (is the pre-traffic hook set at `BeforeAllowTraffic`?)")"#);
    event(&memory, "BeforeAllowTraffic", 0);
    memory.health = Health { healthy: 1, total: 2 };
    insta::assert_snapshot!(format!("{:?}", ask(&memory, "").await), @r#"Again("1 of 2 target(s) of `green` are healthy: 1 unhealthy")"#);
    assert!(memory.watches.active().await.unwrap().is_empty(), "no traffic, no record");
    memory.deployment.borrow_mut().creator = "codeDeployRollback".to_owned();
    insta::assert_snapshot!(format!("{:?}", ask(&memory, "").await), @r#"Succeeded("a rollback is never held up")"#);
}

#[tokio::test]
async fn a_tick_from_the_past_changes_nothing_and_the_same_one_twice_acts_once() {
    let memory = memory(BAD);
    ask(&memory, "").await;
    tick(&memory, 9).await.unwrap();
    let first = watch(&memory).await;
    insta::assert_snapshot!(tick(&memory, 3).await.unwrap().what, @"a later tick has been here");
    tick(&memory, 9).await.unwrap();
    assert_eq!(watch(&memory).await, first);
    assert_eq!((memory.stops.borrow().len(), memory.told.borrow().len()), (1, 1));
}

#[tokio::test]
async fn a_frozen_release_that_does_harm_is_stopped_without_rollback_and_somebody_is_told() {
    let memory = memory(BAD);
    ask(&memory, "").await;
    let mut stored = memory.watches.get("d-1").await.unwrap().unwrap();
    stored.watch.freeze = Some("migration `0042` is a contraction".to_owned());
    memory.watches.save(&stored).await.unwrap();
    tick(&memory, 9).await.unwrap();
    assert_eq!(*memory.stops.borrow(), [false], "the weights stay as they are");
    assert_eq!(*memory.told.borrow(), ["Tidegate: api-gateway does harm and is NOT rolled back"]);
}

#[tokio::test]
async fn settings_on_trial_stop_nothing_and_say_so() {
    let memory = memory(BAD);
    ask(&memory, "dry_run: true").await;
    tick(&memory, 9).await.unwrap();
    assert!(memory.stops.borrow().is_empty());
    assert_eq!(watch(&memory).await.action, Some(Action::Advised));
    event(&memory, "AfterAllowTraffic", 11);
    assert!(
        matches!(ask(&memory, "dry_run: true").await, Reply::Succeeded(words) if words.contains("trial"))
    );
}

#[tokio::test]
async fn a_stop_that_comes_too_late_is_said_to_be() {
    let memory = memory(BAD);
    ask(&memory, "").await;
    memory.stop_fails_once.set(true);
    assert!(tick(&memory, 9).await.is_err());
    memory.deployment.borrow_mut().status = "Succeeded".to_owned();
    tick(&memory, 10).await.unwrap();
    assert_eq!(watch(&memory).await.action, Some(Action::TooLate));
    assert_eq!(
        *memory.told.borrow(),
        ["Tidegate: api-gateway does harm and the deployment is over: go back by hand"]
    );
}

#[tokio::test]
async fn a_pause_waits_for_the_verdict_or_for_a_person() {
    let paused = |waits: &str| {
        let memory = memory(GOOD);
        let pause = PauseHook { id: "p-1".to_owned(), stage: "X".to_owned(), expires_at: Some(at(60)) };
        memory.deployment.borrow_mut().pauses.push(pause);
        (memory, format!("schedule: {{pauses: {{X: {waits}}}}}"))
    };
    let (verdict, text) = paused("verdict");
    ask(&verdict, &text).await;
    tick(&verdict, 4).await.unwrap();
    assert!(verdict.answers.borrow().is_empty(), "nothing is shown yet");
    tick(&verdict, 13).await.unwrap();
    assert_eq!(*verdict.answers.borrow(), [true]);
    assert_eq!(watch(&verdict).await.verdict, None, "a step is not the verdict");
    let (person, text) = paused("person");
    ask(&person, &text).await;
    for minute in [4, 13, 20] {
        tick(&person, minute).await.unwrap();
    }
    assert!(person.answers.borrow().is_empty());
    assert_eq!(*person.told.borrow(), ["Tidegate: api-gateway waits for a person"], "told once");
}
