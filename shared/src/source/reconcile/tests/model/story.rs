//! One story: pushes, deliveries, workers, deaths and polls on three branches, as a seed decides them.

use super::outside::Outside;
use super::{Figures, Rules};
use crate::model::{CommitSha, Timestamp};
use crate::source::reconcile::tests::route;
use crate::source::reconcile::{Outcome, Ports, SourceError, reconcile};
use crate::source::reference::Reference;
use crate::source::routes::Route;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
/// The source function's timeout (template.yaml).
pub(super) const TIMEOUT: i64 = 5 * MINUTE;
/// The source queue's visibility timeout and greatest receive count (template.yaml).
const VISIBILITY: i64 = 360 * SECOND;
const RECEIVES: u32 = 5;
/// The schedule of the poll (template.yaml).
const POLL_EVERY: i64 = 5 * MINUTE;
/// Longer than any lease, and than any worker that holds one.
const UNTIL_EVERY_LEASE_IS_OVER: i64 = 20 * MINUTE + TIMEOUT;
/// Workers of the queue at the same time; the poll's come on top.
const WORKERS: usize = 3;
/// Clocks of two workers differ by at most this.
const SKEW: i64 = 2 * SECOND;

/// A message on the queue: "look at this branch".
struct Message {
    branch: usize,
    visible_at: i64,
    receives: u32,
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<Outcome, SourceError>> + 'a>>;

struct Worker<'a> {
    work: Work<'a>,
    begun: i64,
    /// A call that takes long: until then it stands still.
    slow_until: i64,
    /// What it works on, when the queue called it.
    message: Option<Message>,
}

struct Story<'a> {
    outside: &'a Outside,
    ports: &'a Ports<&'a Outside, &'a Outside, &'a Outside, &'a Outside>,
    routes: &'a [Route],
    now: i64,
    next_poll: i64,
    pushes: u32,
    queue: Vec<Message>,
    workers: Vec<Worker<'a>>,
    figures: Figures,
}

/// Tells the story of `seed` until `deliveries` were made; what was counted.
pub(super) fn tell(seed: u8, rules: Rules, deliveries: u64) -> Figures {
    let outside = Outside::new(seed, rules);
    let ports = Ports { host: &outside, ledger: &outside, store: &outside, runners: &outside };
    let routes: Vec<Route> = ["main", "develop", "hotfix"]
        .map(|name| Route {
            reference: Reference::Branch(name.to_owned()),
            pipeline: name.to_owned(),
            ..route()
        })
        .into();
    let mut story = Story {
        outside: &outside,
        ports: &ports,
        routes: &routes,
        now: 0,
        next_poll: POLL_EVERY,
        pushes: 0,
        queue: Vec::new(),
        workers: Vec::new(),
        figures: Figures::default(),
    };
    while story.figures.deliveries < deliveries {
        story.round(rules.overtaking);
    }
    story.count();
    story.figures
}

impl Story<'_> {
    /// Every branch moves; things happen for a while; then all is quiet for the length of a lease, and one poll comes.
    fn round(&mut self, overtaking: bool) {
        for branch in 0..self.routes.len() {
            self.push(branch);
        }
        let end = self.now + MINUTE + self.outside.below(14 * MINUTE);
        while self.now < end {
            self.now += self.outside.below(SECOND);
            if overtaking && self.outside.now_and_then(5) {
                self.push(self.any_branch());
            }
            if self.outside.now_and_then(10) {
                self.figures.replays += 1;
                let branch = self.any_branch();
                self.deliver(branch, 0);
            }
            if self.now >= self.next_poll {
                self.next_poll += POLL_EVERY;
                self.poll();
            }
            self.tick();
        }
        self.settle();
    }

    fn any_branch(&self) -> usize {
        usize::try_from(self.outside.below(3)).unwrap()
    }

    /// The branch gets a new commit, or is set back to any head it had before; the delivery is lost, or comes once or more often, now or later.
    fn push(&mut self, branch: usize) {
        let mut all = self.outside.heads.borrow_mut();
        let heads = all.entry(self.routes[branch].reference.to_string()).or_default();
        let back = (heads.len() > 1 && self.outside.now_and_then(250)).then(|| {
            heads[usize::try_from(self.outside.below(i64::try_from(heads.len()).unwrap())).unwrap()].clone()
        });
        self.pushes += 1;
        let fresh: CommitSha = format!("{:040x}", self.pushes).parse().unwrap();
        let head = back.filter(|back| heads.last() != Some(back)).unwrap_or(fresh);
        heads.push(head);
        drop(all);
        self.figures.transitions += 1;
        if self.outside.now_and_then(300) {
            self.figures.lost += 1;
            return;
        }
        self.deliver(branch, 0);
        while self.outside.now_and_then(300) {
            self.figures.redelivered += 1;
            self.deliver(branch, self.outside.below(30 * MINUTE));
        }
    }

    fn deliver(&mut self, branch: usize, later: i64) {
        self.figures.deliveries += 1;
        self.queue.push(Message { branch, visible_at: self.now + later, receives: 0 });
    }

    fn worker(&mut self, branch: usize, message: Option<Message>) {
        let now = Timestamp::from_millis(self.now + self.outside.below(SKEW));
        let work = Box::pin(reconcile(self.ports, &self.routes[branch], None, now));
        self.workers.push(Worker { work, begun: self.now, slow_until: self.now, message });
    }

    fn poll(&mut self) {
        for branch in 0..self.routes.len() {
            self.worker(branch, None);
        }
    }

    /// One message is received, out of order; one worker takes one step; those that took too long are killed.
    fn tick(&mut self) {
        let visible: Vec<usize> =
            (0..self.queue.len()).filter(|index| self.queue[*index].visible_at <= self.now).collect();
        let busy = self.workers.iter().filter(|worker| worker.message.is_some()).count();
        if !visible.is_empty() && busy < WORKERS && self.outside.now_and_then(300) {
            let which = self.outside.below(i64::try_from(visible.len()).unwrap());
            let mut message = self.queue.swap_remove(visible[usize::try_from(which).unwrap()]);
            message.receives += 1;
            self.worker(message.branch, Some(message));
        }
        let awake: Vec<usize> =
            (0..self.workers.len()).filter(|index| self.workers[*index].slow_until <= self.now).collect();
        if !awake.is_empty() {
            let which = self.outside.below(i64::try_from(awake.len()).unwrap());
            self.step(awake[usize::try_from(which).unwrap()]);
        }
        while let Some(late) = self.workers.iter().position(|worker| self.now - worker.begun >= TIMEOUT) {
            self.figures.timed_out += 1;
            self.end(late, false);
        }
    }

    fn step(&mut self, index: usize) {
        let work = self.workers[index].work.as_mut();
        match work.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => self.end(index, result.is_ok()),
            Poll::Pending if self.outside.trouble.get() && self.outside.now_and_then(20) => {
                *self.figures.killed.entry(self.outside.point.get()).or_default() += 1;
                self.end(index, false);
            }
            Poll::Pending if self.outside.now_and_then(30) => {
                self.workers[index].slow_until = self.now + self.outside.below(4 * MINUTE);
            }
            Poll::Pending => {}
        }
    }

    /// A worker is no more. What it did not finish comes again, and at last goes to the dead letters.
    fn end(&mut self, index: usize, well: bool) {
        let worker = self.workers.swap_remove(index);
        let Some(message) = worker.message.filter(|_| !well) else { return };
        if message.receives < RECEIVES {
            self.queue.push(Message { visible_at: worker.begun + VISIBILITY, ..message });
        } else {
            self.figures.dead_letters += 1;
        }
    }

    /// Nothing new happens until every lease is over; then one poll that nothing disturbs, and whatever head it leaves unstarted was missed.
    fn settle(&mut self) {
        for worker in (0..self.workers.len()).rev() {
            self.figures.timed_out += 1;
            self.end(worker, false);
        }
        self.now += UNTIL_EVERY_LEASE_IS_OVER;
        self.next_poll = self.now + POLL_EVERY;
        self.outside.trouble.set(false);
        self.poll();
        for mut worker in std::mem::take(&mut self.workers) {
            let mut context = Context::from_waker(Waker::noop());
            while worker.work.as_mut().poll(&mut context).is_pending() {}
        }
        self.outside.trouble.set(true);
        let (heads, executions) = (self.outside.heads.borrow(), self.outside.executions.borrow());
        for (branch, heads) in heads.iter() {
            let last = executions.get(branch).and_then(|all| all.last()).map(|last| &last.sha);
            self.figures.missed += u64::from(last != heads.last());
        }
    }

    /// Counts what was started against what should have been.
    fn count(&mut self) {
        let (heads, executions) = (self.outside.heads.borrow(), self.outside.executions.borrow());
        for (branch, started) in executions.iter() {
            self.figures.starts += u64::try_from(started.len()).unwrap();
            let mut releases: BTreeMap<&str, u64> = BTreeMap::new();
            for (index, one) in started.iter().enumerate() {
                let again = releases.entry(&one.release_id).or_default();
                *again += 1;
                let same_head_twice = index > 0 && started[index - 1].sha == one.sha;
                self.figures.doubles += u64::from(*again > 1 || same_head_twice);
            }
            let mut history = heads[branch].iter();
            let in_order = started.iter().all(|one| history.any(|head| *head == one.sha));
            self.figures.out_of_order += u64::from(!in_order);
        }
    }
}
