//! One sweep over all webhooks: read every log, decide, ask for what is due, the oldest first. One webhook that fails does not stop the
//! others; a rate limit or the end of the time stops the sweep, and the next one goes on from the log.
#![expect(
    async_fn_in_trait,
    reason = "one worker per process, nothing is spawned: futures need not be `Send`"
)]

use super::{Attempt, LOOK_BACK_MS, Plan, Untaken, decide};
use crate::errors::{Fault, chain};
use crate::model::Timestamp;
use crate::source::rotation::HookId;

/// Most redeliveries of one sweep. GitHub allows 500 writes an hour to whoever makes content; twelve sweeps ask for 360 at most.
pub(super) const MAX_REDELIVERIES: usize = 30;
/// Most pages of one log that a sweep reads, 100 attempts each: twelve sweeps an hour are at most 600 of the 5000 requests.
pub const MAX_PAGES: usize = 50;

/// A page of a delivery log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Its attempts, the newest first.
    pub attempts: Vec<Attempt>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

/// Why GitHub did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It wants to be left alone for so many seconds.
    #[error("GitHub asks for a pause of {seconds} s")]
    Wait {
        /// Seconds.
        seconds: u64,
    },
    /// It could not or would not.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// GitHub's logs of deliveries.
pub trait DeliveryLog {
    /// The page of `hook`'s log that begins at `from`, the first one without it.
    ///
    /// # Errors
    /// When it cannot be read now, or may not be.
    async fn page(&self, hook: &HookId, from: Option<&str>) -> Result<Page, Trouble>;

    /// Asks for the same bytes again, under the same GUID.
    ///
    /// # Errors
    /// When it is not known to be accepted.
    async fn redeliver(&self, hook: &HookId, attempt: u64) -> Result<(), Trouble>;
}

/// A delivery of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The webhook.
    pub hook: HookId,
    /// Its delivery.
    pub delivery: Untaken,
}

/// A webhook that was not swept to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The webhook.
    pub hook: HookId,
    /// Why.
    pub words: String,
    /// The next sweep may find it healed.
    pub passing: bool,
}

/// Why a sweep ended before it had done everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// GitHub wants to be left alone for so many seconds.
    Wait(u64),
    /// The function's own time is almost up.
    NoTime,
}

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Asked for again.
    pub redelivered: Vec<Order>,
    /// Given up since the sweep before.
    pub given_up: Vec<Order>,
    /// Refused by our receiver on purpose, in the window.
    pub refused: usize,
    /// Due, and not asked for by this sweep.
    pub left: usize,
    /// Webhooks whose log has more than [`MAX_PAGES`] pages of the window: the oldest were not looked at.
    pub cut: Vec<HookId>,
    /// Webhooks that failed, in the order of the settings.
    pub failed: Vec<Failure>,
    /// Why it ended early.
    pub stopped: Option<Stop>,
}

/// Sweeps `hooks` once; `tick` is the time of the schedule, `has_time` says whether there is time for one call more.
pub async fn sweep(
    hooks: &[HookId],
    log: &impl DeliveryLog,
    tick: Timestamp,
    has_time: impl Fn() -> bool,
) -> Report {
    let mut report = Report::default();
    let mut due = Vec::new();
    for hook in hooks {
        match read(hook, log, tick, &has_time).await {
            Ok(Read { attempts, cut }) => {
                due.extend(take(&mut report, hook, decide(&attempts, tick)));
                if cut {
                    report.cut.push(hook.clone());
                }
            }
            Err(End::Failed(fault)) => report.failed.push(failure(hook, &fault)),
            Err(End::Stopped(stop)) => {
                report.stopped = Some(stop);
                break;
            }
        }
    }
    due.sort_by_key(|order| (order.delivery.since, order.delivery.newest));
    ask(&mut report, log, due, &has_time).await;
    report
}

/// Why a webhook was not looked at to the end.
enum End {
    Failed(Fault),
    Stopped(Stop),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Wait { seconds } => Self::Stopped(Stop::Wait(seconds)),
            Trouble::Fault(fault) => Self::Failed(fault),
        }
    }
}

struct Read {
    attempts: Vec<Attempt>,
    cut: bool,
}

/// The log of `hook` as far back as a decision needs it.
async fn read(
    hook: &HookId,
    log: &impl DeliveryLog,
    tick: Timestamp,
    has_time: &impl Fn() -> bool,
) -> Result<Read, End> {
    let from = tick.plus(-LOOK_BACK_MS);
    let mut attempts = Vec::new();
    let mut next = None;
    for _ in 0..MAX_PAGES {
        if !has_time() {
            return Err(End::Stopped(Stop::NoTime));
        }
        let page = log.page(hook, next.as_deref()).await?;
        let reached = page.attempts.iter().any(|attempt| attempt.at < from);
        attempts.extend(page.attempts.into_iter().filter(|attempt| attempt.at >= from));
        next = page.next;
        if reached || next.is_none() {
            return Ok(Read { attempts, cut: false });
        }
    }
    Ok(Read { attempts, cut: true })
}

/// Takes `plan` into the report; returns what is due.
fn take(report: &mut Report, hook: &HookId, plan: Plan) -> impl Iterator<Item = Order> {
    let order = |delivery| Order { hook: hook.clone(), delivery };
    report.refused += plan.refused;
    report.given_up.extend(plan.given_up.into_iter().map(order));
    let hook = hook.clone();
    plan.due.into_iter().map(move |delivery| Order { hook: hook.clone(), delivery })
}

/// Asks for what is due. A webhook that fails once is not asked of again.
async fn ask(report: &mut Report, log: &impl DeliveryLog, due: Vec<Order>, has_time: &impl Fn() -> bool) {
    for order in due {
        let failed = report.failed.iter().any(|failure| failure.hook == order.hook);
        if failed || report.stopped.is_some() || report.redelivered.len() >= MAX_REDELIVERIES {
            report.left += 1;
            continue;
        }
        let done = if has_time() {
            log.redeliver(&order.hook, order.delivery.newest).await.map_err(End::from)
        } else {
            Err(End::Stopped(Stop::NoTime))
        };
        match done {
            Ok(()) => {
                report.redelivered.push(order);
                continue;
            }
            Err(End::Failed(fault)) => report.failed.push(failure(&order.hook, &fault)),
            Err(End::Stopped(stop)) => report.stopped = Some(stop),
        }
        report.left += 1;
    }
}

fn failure(hook: &HookId, fault: &Fault) -> Failure {
    Failure { hook: hook.clone(), words: chain(fault), passing: fault.is_transient() }
}
