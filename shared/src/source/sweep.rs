//! Deliveries that never got through, found in GitHub's own log and asked for again: GitHub itself never repeats one.
//!
//! Level-triggered: every sweep decides anew from the attempts that the log shows and from the tick's time; nothing is remembered
//! between sweeps, so none can be forgotten by a recycled environment, doubled by an overtaken one, or said twice. Must not: read a
//! clock, touch a network, or look into a payload.
//! Specification: <https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries>

use crate::model::{MINUTE, Timestamp};
use std::collections::BTreeMap;

mod run;

pub use run::{DeliveryLog, Failure, MAX_PAGES, Order, Page, Report, Stop, Trouble, sweep};

/// Time between two sweeps (the schedule in template.yaml).
pub const EVERY_MS: i64 = 5 * MINUTE;
/// How long after its first attempt a delivery is asked for again. The poll has found the heads long before; what only a delivery can tell
/// (a re-run, a button) is of no use to anybody after that. GitHub keeps its log for 3 to 30 days.
pub const WINDOW_MS: i64 = 180 * MINUTE;
/// Most attempts of a delivery, GitHub's own first one among them. With the pauses and a sweep every five minutes the last is made
/// between 127 and 162 minutes after the first: within the window.
pub const MAX_ATTEMPTS: usize = 8;
/// Pause after the first attempt; each later one is twice as long. An attempt younger than this may be still under way: GitHub waits 10 s
/// for an answer, an Enterprise Server 30 s.
pub const PAUSE_MS: i64 = MINUTE;
/// How far back the log is read: far enough for the sweep that gives a delivery up to see its first attempt.
pub const LOOK_BACK_MS: i64 = WINDOW_MS + EVERY_MS + PAUSE_MS;

/// One attempt to deliver, as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// GitHub's id of the attempt.
    pub id: u64,
    /// `X-GitHub-Delivery`: the same for every attempt of a delivery.
    pub guid: String,
    /// Name of the event.
    pub event: String,
    /// When, by GitHub's clock.
    pub at: Timestamp,
    /// Whether somebody asked for it.
    pub redelivery: bool,
    /// HTTP status of the receiver's answer; 0 when there was none.
    pub status: u16,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Taken,
    /// On purpose, so that the same bytes would be refused again: a wrong signature, something unreadable, too much of it.
    Refused,
    Failed,
}

impl Attempt {
    fn outcome(&self) -> Outcome {
        match self.status {
            200..=299 => Outcome::Taken,
            408 | 429 => Outcome::Failed,
            400..=499 => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }
}

/// A delivery that nobody has taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untaken {
    /// `X-GitHub-Delivery`.
    pub guid: String,
    /// Name of the event.
    pub event: String,
    /// Its first attempt.
    pub since: Timestamp,
    /// Attempts so far.
    pub attempts: usize,
    /// The newest attempt: it is the one that is repeated.
    pub newest: u64,
    /// What that one was answered with; 0 when there was no answer.
    pub status: u16,
}

/// What a log asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// To be delivered again, the oldest first.
    pub due: Vec<Untaken>,
    /// Given up since the sweep before this one, the oldest first.
    pub given_up: Vec<Untaken>,
    /// Deliveries of the window that were refused on purpose.
    pub refused: usize,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Taken, or nothing that is ever asked for again.
    Settled,
    Refused,
    /// Its pause is not over, or an attempt may be under way.
    Waiting,
    Due,
    /// Just now: this sweep says it.
    GivenUp,
    /// An earlier sweep has said it.
    Past,
}

/// Decides what `log`, the attempts of one webhook since [`LOOK_BACK_MS`] in any order, asks for at `tick`, the time of the schedule.
///
/// The ticks divide time without a gap, which is what "once" rests on: whoever ran out of attempts after the tick before this one is given
/// up by this one.
#[must_use]
pub fn decide(log: &[Attempt], tick: Timestamp) -> Plan {
    let mut deliveries: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for attempt in log {
        deliveries.entry(&attempt.guid).or_default().push(attempt);
    }
    let mut plan = Plan::default();
    for mut attempts in deliveries.into_values() {
        attempts.sort_by_key(|attempt| (attempt.at, attempt.id));
        let (Some(first), Some(newest)) = (attempts.first(), attempts.last()) else { continue };
        let untaken = || Untaken {
            guid: first.guid.clone(),
            event: first.event.clone(),
            since: first.at,
            attempts: attempts.len(),
            newest: newest.id,
            status: newest.status,
        };
        match standing(&attempts, first, newest, tick) {
            Standing::Due => plan.due.push(untaken()),
            Standing::GivenUp => plan.given_up.push(untaken()),
            Standing::Refused => plan.refused += 1,
            Standing::Settled | Standing::Waiting | Standing::Past => {}
        }
    }
    let age = |one: &Untaken| (one.since, one.newest);
    plan.due.sort_by_key(age);
    plan.given_up.sort_by_key(age);
    plan
}

fn standing(attempts: &[&Attempt], first: &Attempt, newest: &Attempt, tick: Timestamp) -> Standing {
    let all = |outcome: Outcome| attempts.iter().all(|attempt| attempt.outcome() == outcome);
    let taken = attempts.iter().any(|attempt| attempt.outcome() == Outcome::Taken);
    // A ping says nothing that is worth repeating. A delivery whose first attempt lies before what was read is older than the window: it was
    // given up, or a person looks after it.
    if taken || first.event == "ping" || first.redelivery {
        return Standing::Settled;
    }
    if all(Outcome::Refused) {
        return Standing::Refused;
    }
    let over = over(attempts.len(), first, newest);
    if tick >= over {
        return if tick.since(over) < EVERY_MS { Standing::GivenUp } else { Standing::Past };
    }
    let exhausted = attempts.len() >= MAX_ATTEMPTS || tick.since(first.at) >= WINDOW_MS;
    if exhausted || tick.since(newest.at) < pause_after(attempts.len()) {
        Standing::Waiting
    } else {
        Standing::Due
    }
}

/// The moment from which nothing more is tried: the outcome of the last attempt is known then.
fn over(attempts: usize, first: &Attempt, newest: &Attempt) -> Timestamp {
    let settled = newest.at.plus(PAUSE_MS);
    if attempts >= MAX_ATTEMPTS { settled } else { settled.max(first.at.plus(WINDOW_MS)) }
}

/// The pause after `attempts` of them, in milliseconds.
fn pause_after(attempts: usize) -> i64 {
    (1..attempts).fold(PAUSE_MS, |pause, _| pause.saturating_mul(2))
}

#[cfg(test)]
mod tests;
