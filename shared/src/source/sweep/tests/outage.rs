//! Whole outages: a GitHub that keeps a log and a receiver that is down for a while, swept every five minutes.

use super::*;
use crate::errors::Fault;
use crate::source::rotation::HookId;
use crate::source::sweep::run::MAX_REDELIVERIES;
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// Attempts on a page; small, so that logs have several.
const PAGE: usize = 7;

/// Which calls fail.
#[derive(Clone, Copy, Default)]
struct Broken {
    /// Number of the webhook whose log cannot be read.
    unreadable: Option<u64>,
    /// Number of the webhook that is not delivered again.
    refused: Option<u64>,
    /// So many calls are answered before GitHub asks for a pause.
    calls: Option<usize>,
}

/// GitHub and the receiver. Minutes since the story began.
struct World {
    now: Cell<Timestamp>,
    /// Oldest first, with the webhook's id.
    log: RefCell<Vec<(u64, Attempt)>>,
    /// When the receiver answers with `answer`.
    down: Range<i64>,
    answer: u16,
    broken: Cell<Broken>,
    calls: Cell<usize>,
}

fn hooks(count: u64) -> Vec<HookId> {
    (1..=count).map(|id| HookId { repository: "acme/shop".to_owned(), id }).collect()
}

impl World {
    fn new(down: Range<i64>, answer: u16) -> Self {
        Self {
            now: Cell::default(),
            log: RefCell::default(),
            down,
            answer,
            broken: Cell::default(),
            calls: Cell::default(),
        }
    }

    fn deliver(&self, hook: u64, guid: &str, redelivery: bool) {
        let now = self.now.get();
        let status = if self.down.contains(&(now.millis() / MINUTE)) { self.answer } else { 202 };
        let mut log = self.log.borrow_mut();
        let id = log.len() as u64 + 1;
        let event = "push".to_owned();
        log.push((hook, Attempt { id, guid: guid.to_owned(), event, at: now, redelivery, status }));
    }

    fn call(&self) -> Result<(), Trouble> {
        self.calls.set(self.calls.get() + 1);
        match self.broken.get().calls {
            Some(calls) if self.calls.get() > calls => Err(Trouble::Wait { seconds: 60 }),
            _ => Ok(()),
        }
    }

    fn sweep(&self, hooks: &[HookId], minute: i64) -> Report {
        self.now.set(at(minute).plus(7000));
        self.calls.set(0);
        pollster(sweep(hooks, self, at(minute), || true))
    }

    fn attempts(&self, guid: &str) -> Vec<Attempt> {
        self.log.borrow().iter().filter(|(_, one)| one.guid == guid).map(|(_, one)| one.clone()).collect()
    }
}

/// None of the futures here waits for anything.
fn pollster<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the model never waits"),
    }
}

fn denied(operation: &'static str) -> Trouble {
    Fault::Denied { service: "GitHub", operation, detail: "status 403".to_owned() }.into()
}

impl DeliveryLog for World {
    async fn page(&self, hook: &HookId, from: Option<&str>) -> Result<Page, Trouble> {
        self.call()?;
        if self.broken.get().unreadable == Some(hook.id) {
            return Err(denied("list"));
        }
        let from = from.map_or(u64::MAX, |text| text.parse().unwrap());
        let log = self.log.borrow();
        let mut left = log.iter().rev().filter(|(of, one)| *of == hook.id && one.id <= from);
        let attempts = left.by_ref().take(PAGE).map(|(_, one)| one.clone()).collect();
        Ok(Page { attempts, next: left.next().map(|(_, one)| one.id.to_string()) })
    }

    async fn redeliver(&self, hook: &HookId, attempt: u64) -> Result<(), Trouble> {
        self.call()?;
        if self.broken.get().refused == Some(hook.id) {
            return Err(denied("redeliver"));
        }
        let guid = self.log.borrow().iter().find(|(_, one)| one.id == attempt).unwrap().1.guid.clone();
        self.deliver(hook.id, &guid, true);
        Ok(())
    }
}

/// Deliveries at random minutes during an outage, swept every five minutes for six hours; everything that was given up.
fn story(world: &World, pushes: &[i64], phase: i64) -> Vec<String> {
    let hooks = hooks(2);
    let mut given_up = Vec::new();
    for minute in 0..360 {
        world.now.set(at(minute));
        for (number, push) in pushes.iter().enumerate() {
            if *push == minute {
                world.deliver(number as u64 % 2 + 1, &format!("g-{number}"), false);
            }
        }
        if minute % 5 == phase {
            let report = world.sweep(&hooks, minute);
            assert!(report.redelivered.len() <= MAX_REDELIVERIES && report.failed.is_empty());
            given_up.extend(report.given_up.into_iter().map(|order| order.delivery.guid));
        }
    }
    given_up
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_an_outage_of_two_hours_lost_gets_through_in_few_attempts(
        pushes in proptest::collection::vec(0_i64..120, 0..40),
        length in 0_i64..120,
        answer in prop_oneof![Just(0_u16), Just(503), Just(429)],
        phase in 0_i64..5,
    ) {
        let world = World::new(0..length, answer);
        let given_up = story(&world, &pushes, phase);
        prop_assert!(given_up.is_empty(), "{given_up:?}");
        for number in 0..pushes.len() {
            let attempts = world.attempts(&format!("g-{number}"));
            let taken = attempts.iter().filter(|attempt| attempt.status == 202).count();
            prop_assert_eq!(taken, 1, "taken once, and not asked for again: {:?}", attempts);
            prop_assert!(attempts.len() <= MAX_ATTEMPTS, "{attempts:?}");
        }
    }

    #[test]
    fn an_outage_that_does_not_end_costs_few_attempts_and_is_said_once_for_each_delivery(
        pushes in proptest::collection::vec(0_i64..100, 0..30),
        phase in 0_i64..5,
    ) {
        let world = World::new(0..10_000, 503);
        let mut given_up = story(&world, &pushes, phase);
        given_up.sort();
        let mut all: Vec<String> = (0..pushes.len()).map(|number| format!("g-{number}")).collect();
        all.sort();
        prop_assert_eq!(given_up, all);
        for number in 0..pushes.len() {
            let attempts = world.attempts(&format!("g-{number}"));
            prop_assert!(attempts.len() <= MAX_ATTEMPTS);
        }
    }
}

#[test]
fn a_webhook_that_fails_is_named_and_the_others_are_swept() {
    let world = World::new(0..5, 503);
    for hook in 1..=3 {
        world.deliver(hook, &format!("g-{hook}"), false);
    }
    world.broken.set(Broken { unreadable: Some(1), refused: Some(2), calls: None });
    let report = world.sweep(&hooks(3), 5);
    let failed: Vec<String> =
        report.failed.iter().map(|failure| format!("{} {}", failure.hook.id, failure.words)).collect();
    insta::assert_snapshot!(failed.join("\n"), @"
    1 GitHub refused `list`: status 403
    2 GitHub refused `redeliver`: status 403
    ");
    assert_eq!((report.redelivered.len(), report.left), (1, 1));
    assert_eq!(world.attempts("g-3").last().map(|attempt| attempt.status), Some(202));
}

#[test]
fn a_rate_limit_stops_the_sweep_and_the_next_one_goes_on() {
    let world = World::new(0..5, 503);
    for number in 0..4 {
        world.deliver(1, &format!("g-{number}"), false);
    }
    world.broken.set(Broken { calls: Some(3), ..Broken::default() });
    let report = world.sweep(&hooks(1), 5);
    assert_eq!((report.redelivered.len(), report.left, report.stopped), (2, 2, Some(Stop::Wait(60))));
    world.broken.set(Broken::default());
    let report = world.sweep(&hooks(1), 10);
    assert_eq!((report.redelivered.len(), report.left, report.stopped), (2, 0, None));
}

#[test]
fn a_rate_limit_on_reading_leaves_everything_to_the_next_sweep() {
    let world = World::new(0..5, 503);
    world.deliver(1, "g-1", false);
    world.broken.set(Broken { calls: Some(1), ..Broken::default() });
    let report = world.sweep(&hooks(2), 5);
    assert_eq!((report.redelivered.len(), report.left, report.stopped), (0, 1, Some(Stop::Wait(60))));
}

#[test]
fn a_function_whose_time_is_almost_up_asks_for_nothing_more() {
    let world = World::new(0..5, 503);
    for number in 0..4 {
        world.deliver(1, &format!("g-{number}"), false);
    }
    let calls = Cell::new(0);
    let has_time = || {
        calls.set(calls.get() + 1);
        calls.get() <= 3
    };
    let report = pollster(sweep(&hooks(1), &world, at(5), has_time));
    assert_eq!((report.redelivered.len(), report.left, report.stopped), (2, 2, Some(Stop::NoTime)));
}

#[test]
fn a_sweep_asks_for_so_many_and_the_oldest_of_all_webhooks_come_first() {
    let world = World::new(0..100, 503);
    for number in 0..40 {
        world.now.set(at(number));
        world.deliver(u64::try_from(number % 2).unwrap() + 1, &format!("g-{number}"), false);
    }
    let report = world.sweep(&hooks(2), 60);
    let asked: Vec<String> = report.redelivered.iter().map(|order| order.delivery.guid.clone()).collect();
    let oldest: Vec<String> = (0..30).map(|number| format!("g-{number}")).collect();
    assert_eq!((asked, report.left), (oldest, 10));
}

#[test]
fn a_log_is_read_page_by_page_back_to_the_window_and_no_further() {
    let world = World::new(0..1, 503);
    world.deliver(1, "lost", false);
    for minute in 1..=60 {
        world.now.set(at(minute));
        world.deliver(1, &format!("taken-{minute}"), false);
    }
    assert_eq!(world.sweep(&hooks(1), 65).redelivered.len(), 1);
    assert_eq!(world.calls.get(), 10, "nine pages of seven, one redelivery");
    assert!(world.sweep(&hooks(1), 240).redelivered.is_empty());
    assert_eq!(world.calls.get(), 2, "the second page begins before the window");
}

#[test]
fn a_log_that_is_longer_than_a_sweep_reads_is_named() {
    let world = World::new(0..1, 503);
    for number in 0..=MAX_PAGES * PAGE {
        world.deliver(1, &format!("g-{number}"), false);
    }
    let report = world.sweep(&hooks(1), 5);
    assert_eq!((report.cut, report.redelivered.len()), (hooks(1), MAX_REDELIVERIES));
}
