//! The ledger's promise under crashes at every step, two workers at once, lost answers, forced pushes and replays.

mod interleavings;
mod model;
mod pulls;

use super::*;
use crate::memory::MemoryLedger;
use crate::source::notice::Notice;
use crate::source::ports::{Label, Notices, Origins, Published, StartOrder};
use crate::source::pulls::{Pull, Review};
use crate::source::push_range::{Commit, PushRange};
use crate::source::reference::Reference;
use crate::source::routes::{Forks, Mode, SourceMode};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::{Cursor, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Everything outside, in memory. Every call yields once before its effect and once after it, so that a test that
/// polls by hand can stop a worker at any point or let two workers take turns.
#[derive(Default)]
struct Outside {
    head: RefCell<Option<CommitSha>>,
    ledger: MemoryLedger,
    objects: RefCell<BTreeMap<String, Vec<u8>>>,
    executions: RefCell<Vec<(String, CommitSha)>>,
    downloads: Cell<u32>,
    /// Commits (first digits) whose paths are equal.
    same: RefCell<String>,
    /// The answer of the next start is lost, after its effect.
    lose_start_answer: Cell<bool>,
    pull: RefCell<Option<Pull>>,
    reviews: RefCell<Vec<Review>>,
    stopped: RefCell<BTreeSet<String>>,
    told: RefCell<Vec<Notice>>,
}

/// Not ready once.
struct Pause(bool);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn lost() -> Fault {
    Fault::Transient {
        service: "CodePipeline",
        operation: "StartPipelineExecution",
        detail: "timed out".to_owned(),
    }
}

impl SourceHost for &Outside {
    async fn head(&self, _: &Route) -> Result<Option<CommitSha>, Fault> {
        Pause(false).await;
        let head = self.head.borrow().clone();
        Pause(false).await;
        Ok(head)
    }

    async fn commit(&self, _: &str, sha: &CommitSha) -> Result<Commit, Fault> {
        Ok(Commit::new(sha.clone(), Timestamp::from_millis(0), "somebody", "a change"))
    }

    async fn commits_between(&self, _: &str, _: &CommitSha, after: &CommitSha) -> Result<Vec<Commit>, Fault> {
        Ok(vec![self.commit("", after).await?])
    }

    async fn branches(&self, _: &Route, _: &str) -> Result<Vec<(String, CommitSha)>, Fault> {
        Ok(self.head.borrow().iter().map(|head| ("main".to_owned(), head.clone())).collect())
    }

    async fn pull(&self, _: &Route, _: u64) -> Result<Option<Pull>, Fault> {
        Pause(false).await;
        let pull = self.pull.borrow().clone();
        Pause(false).await;
        Ok(pull)
    }

    async fn open_pulls(&self, _: &Route) -> Result<Vec<Pull>, Fault> {
        Ok(self.pull.borrow().iter().filter(|pull| pull.is_open).cloned().collect())
    }

    async fn reviews(&self, _: &str, _: u64) -> Result<Vec<Review>, Fault> {
        Pause(false).await;
        let reviews = self.reviews.borrow().clone();
        Pause(false).await;
        Ok(reviews)
    }

    async fn may_write(&self, _: &str, name: &str) -> Result<bool, Fault> {
        Ok(name == "maintainer")
    }

    /// The content at every path is the commit's first digit, and the same for the commits of `same`.
    async fn objects(
        &self,
        _: &str,
        sha: &CommitSha,
        paths: &[String],
    ) -> Result<Vec<Option<String>>, Fault> {
        let digit = &sha.as_str()[..1];
        let content = if self.same.borrow().contains(digit) { "same" } else { digit };
        Ok(paths.iter().map(|path| Some(format!("{path} {content}"))).collect())
    }

    async fn archive(&self, _: &str, sha: &CommitSha) -> Result<Vec<u8>, Fault> {
        self.downloads.set(self.downloads.get() + 1);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("top/sha", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(sha.as_str().as_bytes()).unwrap();
        Ok(zip.finish().unwrap().into_inner())
    }
}

impl Ledger for &Outside {
    async fn read(&self, key: &LedgerKey) -> Result<Entry, Fault> {
        Pause(false).await;
        let entry = (&self.ledger).read(key).await;
        Pause(false).await;
        entry
    }

    async fn write(&self, key: &LedgerKey, entry: &Entry) -> Result<(), Fault> {
        Pause(false).await;
        (&self.ledger).write(key, entry).await?;
        Pause(false).await;
        Ok(())
    }

    async fn record_push(&self, range: &PushRange) -> Result<(), Fault> {
        (&self.ledger).record_push(range).await
    }

    async fn record_origin(&self, execution_id: &str, origin: &Origin) -> Result<(), Fault> {
        Pause(false).await;
        (&self.ledger).record_origin(execution_id, origin).await?;
        Pause(false).await;
        Ok(())
    }
}

impl SourceStore for &Outside {
    async fn find(&self, key: &str) -> Result<Option<Published>, Fault> {
        let known = self.objects.borrow().contains_key(key);
        Ok(known.then(|| Published { key: key.to_owned(), version_id: "1".to_owned() }))
    }

    async fn publish(&self, label: &Label, bytes: Vec<u8>, _: [u8; 32]) -> Result<Published, Fault> {
        Pause(false).await;
        self.objects.borrow_mut().entry(label.key.clone()).or_insert(bytes);
        Pause(false).await;
        Ok(Published { key: label.key.clone(), version_id: "1".to_owned() })
    }
}

impl Runners for &Outside {
    async fn find_release(&self, _: Runner, _: &str, release_id: &str) -> Result<Option<String>, Fault> {
        Pause(false).await;
        let place = self.executions.borrow().iter().position(|(id, _)| id == release_id);
        Pause(false).await;
        Ok(place.map(|place| format!("e{place}")))
    }

    async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        Pause(false).await;
        // The idempotency token is ignored here, as nothing promises that it is honoured.
        let place = self.executions.borrow().len();
        self.executions.borrow_mut().push((order.release_id.clone(), order.sha.clone()));
        Pause(false).await;
        if self.lose_start_answer.take() { Err(lost()) } else { Ok(format!("e{place}")) }
    }

    async fn stop_build(&self, build_id: &str) -> Result<(), Fault> {
        Pause(false).await;
        self.stopped.borrow_mut().insert(build_id.to_owned());
        Pause(false).await;
        Ok(())
    }
}

impl Outside {
    fn push(&self, digit: char) -> CommitSha {
        let sha: CommitSha = digit.to_string().repeat(40).parse().unwrap();
        self.head.replace(Some(sha.clone()));
        sha
    }

    fn entry(&self) -> Entry {
        let key = LedgerKey { pipeline: route().pipeline, branch: route().reference.key().into_owned() };
        run((&self.ledger).read(&key), 1).unwrap().unwrap()
    }

    fn started(&self) -> String {
        self.executions.borrow().iter().map(|(_, sha)| &sha.as_str()[..1]).collect()
    }

    fn ports(&self) -> Ports<&Self, &Self, &Self, &Self> {
        Ports { host: self, ledger: self, store: self, runners: self }
    }

    /// Every execution leads back to what it was started for.
    fn assert_origins(&self) {
        for (place, (release_id, sha)) in self.executions.borrow().iter().enumerate() {
            let origin = run((&&self.ledger).origin(&format!("e{place}")), 1).unwrap().unwrap();
            let found = origin.map(|origin| (origin.release_id, origin.sha));
            assert_eq!(found, Some((release_id.clone(), sha.clone())), "execution e{place}");
        }
    }

    fn look(&self, minute: i64) -> Result<Outcome, SourceError> {
        let (ports, route) = (self.ports(), route());
        run(reconcile(&ports, &route, None, at(minute)), usize::MAX).unwrap()
    }

    /// A worker that is killed after `steps` polls; true when it lived to its end.
    fn killed_after(&self, minute: i64, steps: usize) -> bool {
        let (ports, route) = (self.ports(), route());
        run(reconcile(&ports, &route, None, at(minute)), steps).is_some()
    }
}

fn run<T>(future: impl Future<Output = T>, steps: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..steps.min(10_000) {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(value);
        }
    }
    None
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * 60_000)
}

fn route() -> Route {
    Route {
        repository_id: 1001,
        repository: "acme/shop".to_owned(),
        reference: Reference::Branch("main".to_owned()),
        runner: Runner::Pipeline,
        pipeline: "shop-production".to_owned(),
        environment: "production".to_owned(),
        mode: Mode::Queued,
        paths: Vec::new(),
        source: SourceMode::Zip,
        source_action: "Source".to_owned(),
        forks: Forks::default(),
    }
}

#[test]
fn a_head_is_started_once_however_often_somebody_says_look() {
    let outside = Outside::default();
    outside.push('a');
    let first = outside.look(0).unwrap();
    insta::assert_snapshot!(first, @"started aaaaaaaaaaaa as execution e0");
    for minute in 1..5 {
        assert_eq!(outside.look(minute).unwrap(), Outcome::AlreadyStarted(outside.push('a')));
    }
    assert_eq!(outside.started(), "a");
    assert_eq!(outside.downloads.get(), 1);
    assert_eq!(outside.ledger.pushes().len(), 1);
}

#[test]
fn a_start_says_whether_its_call_saw_first_that_the_head_had_moved_on() {
    let outside = Outside::default();
    let moved = |minute| match outside.look(minute).unwrap() {
        Outcome::Started(starts) => starts.iter().map(|start| start.moved).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    outside.push('a');
    assert_eq!(moved(0), [false], "there was nothing to move on from");
    outside.push('b');
    assert_eq!(moved(1), [true]);
    outside.push('c');
    outside.lose_start_answer.set(true);
    outside.look(2).unwrap_err();
    assert_eq!(moved(3), [false], "another call had seen it");
}

#[test]
fn a_branch_that_does_not_exist_starts_nothing() {
    let outside = Outside::default();
    insta::assert_snapshot!(outside.look(0).unwrap(), @"nothing to do, it does not exist or is not open");
}

#[test]
fn going_back_to_an_older_head_starts_it_again_from_the_same_object() {
    let outside = Outside::default();
    for (minute, digit) in [(0, 'a'), (1, 'b'), (2, 'a')] {
        outside.push(digit);
        outside.look(minute).unwrap();
    }
    assert_eq!(outside.started(), "aba");
    assert_eq!(outside.objects.borrow().len(), 2);
    let range = outside.ledger.pushes()[0].clone();
    assert_eq!((range.before.unwrap().short(), range.after.short()), ("bbbbbbbbbbbb", "aaaaaaaaaaaa"));
}

#[test]
fn a_head_that_changes_nothing_under_the_paths_starts_nothing_and_is_compared_with_the_last_started_one() {
    let outside = Outside::default();
    outside.same.replace("abd".to_owned());
    let route = Route { paths: vec!["services/orders".to_owned()], ..route() };
    let look = |digit: char, minute: i64| {
        outside.push(digit);
        run(reconcile(&outside.ports(), &route, None, at(minute)), usize::MAX).unwrap().unwrap().to_string()
    };
    insta::assert_snapshot!(look('a', 0), @"started aaaaaaaaaaaa as execution e0");
    insta::assert_snapshot!(look('b', 1), @"nothing to do, head bbbbbbbbbbbb changes nothing under the paths of this service");
    insta::assert_snapshot!(look('b', 2), @"nothing to do, head bbbbbbbbbbbb changes nothing under the paths of this service");
    insta::assert_snapshot!(look('a', 3), @"nothing to do, head aaaaaaaaaaaa was started before");
    insta::assert_snapshot!(look('c', 4), @"started cccccccccccc as execution e1");
    insta::assert_snapshot!(look('d', 5), @"started dddddddddddd as execution e2");
    assert_eq!(outside.started(), "acd");
}

#[test]
fn that_a_head_brought_nothing_is_worth_nothing_when_the_paths_change() {
    let outside = Outside::default();
    outside.same.replace("ab".to_owned());
    let route = |path: &str| Route { paths: vec![path.to_owned()], ..route() };
    let look = |digit: char, route: &Route| {
        outside.push(digit);
        run(reconcile(&outside.ports(), route, None, at(1)), usize::MAX).unwrap().unwrap().to_string()
    };
    look('a', &route("services/orders"));
    insta::assert_snapshot!(look('b', &route("services/orders")), @"nothing to do, head bbbbbbbbbbbb changes nothing under the paths of this service");
    outside.same.replace(String::new());
    insta::assert_snapshot!(look('b', &route("services/search")), @"started bbbbbbbbbbbb as execution e1");
}

#[test]
fn a_worker_killed_at_any_point_leaves_nothing_started_twice_and_nothing_lost() {
    for steps in 0..200 {
        let outside = Outside::default();
        outside.push('a');
        let finished = outside.killed_after(0, steps);
        let while_leased = outside.look(1).unwrap();
        outside.look(15).unwrap();
        assert_eq!(outside.started(), "a", "killed after {steps} polls, then {while_leased}");
        outside.assert_origins();
        if finished {
            return;
        }
    }
    panic!("the worker never finished");
}

#[test]
fn a_head_that_moves_after_a_kill_is_started_once_and_so_is_what_was_claimed_before_if_it_ran() {
    for steps in 0..200 {
        let outside = Outside::default();
        outside.push('a');
        let finished = outside.killed_after(0, steps);
        outside.push('b');
        outside.look(15).unwrap();
        outside.look(16).unwrap();
        assert!(
            ["b", "ab"].contains(&outside.started().as_str()),
            "killed after {steps} polls: {}",
            outside.started()
        );
        if finished {
            return;
        }
    }
    panic!("the worker never finished");
}

#[test]
fn a_head_that_goes_back_to_what_was_started_is_not_started_again_because_a_claim_was_left_behind() {
    let outside = Outside::default();
    outside.push('a');
    outside.look(0).unwrap();
    outside.push('b');
    let mut steps = 0;
    while outside.entry().claim.is_none() {
        steps += 1;
        assert!(!outside.killed_after(1, steps));
    }
    outside.push('a');
    insta::assert_snapshot!(outside.look(16).unwrap(), @"nothing to do, head aaaaaaaaaaaa was started before");
    assert_eq!(outside.started(), "a");
    assert_eq!(outside.entry().claim, None);
}

#[test]
fn a_lost_answer_is_made_good_by_the_next_look_which_finds_the_execution() {
    let outside = Outside::default();
    outside.push('a');
    outside.lose_start_answer.set(true);
    let error = outside.look(0).unwrap_err();
    assert!(error.is_transient());
    insta::assert_snapshot!(error, @"CodePipeline could not answer `StartPipelineExecution` now: timed out");
    insta::assert_snapshot!(outside.look(1).unwrap(), @"found started aaaaaaaaaaaa as execution e0");
    assert_eq!(outside.started(), "a");
}

#[test]
fn a_worker_that_meets_another_at_work_leaves_the_branch_to_it_and_that_one_starts_the_newer_head_too() {
    let outside = Outside::default();
    outside.push('a');
    let (ports, route) = (outside.ports(), route());
    let mut first = pin!(reconcile(&ports, &route, None, at(0)));
    let mut context = Context::from_waker(Waker::noop());
    while outside.entry().claim.is_none() {
        assert!(first.as_mut().poll(&mut context).is_pending());
    }
    outside.push('b');
    insta::assert_snapshot!(outside.look(1).unwrap(), @"nothing to do here, another worker is starting this branch and will look at it again");
    let outcome = run(first, 1000).unwrap().unwrap();
    insta::assert_snapshot!(outcome, @"started aaaaaaaaaaaa as execution e0, started bbbbbbbbbbbb as execution e1");
}
