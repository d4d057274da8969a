//! What is different in one story: the traffic and its metrics, the settings, what breaks when, and the end that it must come to.

use crate::delivery::series::Arm;
use crate::delivery::verdict::{Action, Kind};
use crate::model::{MINUTE, Timestamp};

/// Minutes since the deployment was made.
pub(super) type Minutes = std::ops::Range<i64>;

pub(super) const NEVER: Minutes = 0..0;

pub(super) const fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute.saturating_mul(MINUTE))
}

/// Who moves the traffic, and how.
#[derive(Debug, Clone)]
pub(super) enum Shift {
    /// Green's share in percent at minutes after `AllowTraffic` began; the hooks at `AfterInstall`, `BeforeAllowTraffic` and, if it is set,
    /// `AfterAllowTraffic`.
    CodeDeploy { steps: &'static [(i64, u32)], has_hook_after: bool, termination_minutes: i64 },
    /// `LINEAR`: green's shares, each held for `bake` minutes; Lambda hooks and pauses by stage.
    Ecs { steps: &'static [u32], bake: i64, lambda: &'static [&'static str], pauses: &'static [&'static str] },
}

/// Who may break in from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    /// Stops the deployment; with rollback or without.
    Stops { roll_back: bool },
    /// Lets a pause go on, or takes it back.
    Decides { go_on: bool },
}

/// Requests and bad ones per ten thousand.
#[derive(Debug, Clone)]
pub(super) struct Traffic {
    pub(super) requests: u64,
    pub(super) blue: u64,
    pub(super) green: u64,
    /// Green's rate in the first two minutes of traffic.
    pub(super) cold: u64,
    /// Minutes in which both arms fail ten times as often.
    pub(super) outage: Minutes,
    /// Rates of slow requests, blue and green; none when there is no such metric.
    pub(super) slow: Option<(u64, u64)>,
    /// From which minute of traffic on green's rate holds; blue's before.
    pub(super) turns: i64,
}

impl Traffic {
    /// 6,000 requests a minute with 0.5 % errors, and green's rate per ten thousand.
    pub(super) const fn with(green: u64) -> Self {
        Self { requests: 6000, blue: 50, green, cold: green, outage: NEVER, slow: None, turns: 0 }
    }

    /// Both arms of a minute: `weight` percent on green, `shifted` minutes after its first.
    pub(super) fn arms(&self, minute: i64, weight: u32, shifted: i64, is_slow: bool) -> (Arm, Arm) {
        let green_total = self.requests * u64::from(weight) / 100;
        let factor = if self.outage.contains(&minute) { 10 } else { 1 };
        let (blue, green) = match self.slow {
            Some(rates) if is_slow => rates,
            _ if shifted < self.turns => (self.blue, self.blue),
            _ if shifted < 2 => (self.blue, self.cold),
            _ => (self.blue, self.green),
        };
        let arm = |total: u64, rate: u64| Arm { total, bad: (total * rate * factor / 10_000).min(total) };
        (arm(green_total, green), arm(self.requests - green_total, blue))
    }
}

/// How CloudWatch behaves.
#[derive(Debug, Clone)]
pub(super) struct Publishing {
    /// Minutes from a minute's end until it can be read.
    pub(super) delay: i64,
    /// Minutes that are never published.
    pub(super) missing: Minutes,
    /// While these last, every answer is partial.
    pub(super) partial: Minutes,
    /// Whether a minute first shows half of what it will.
    pub(super) is_corrected: bool,
}

/// A story.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) shift: Shift,
    pub(super) traffic: Traffic,
    pub(super) publishing: Publishing,
    /// Settings beside `version: 1`.
    pub(super) settings: &'static str,
    pub(super) is_first: bool,
    pub(super) freeze: Option<&'static str>,
    /// Whether green's targets ever become healthy.
    pub(super) is_healthy: bool,
    /// While these last, no tick and no event runs.
    pub(super) dead: Minutes,
    /// Every tick and every event twice, and some of them minutes late.
    pub(super) is_disordered: bool,
    /// Calls by the name of their operation that are throttled in those minutes.
    pub(super) throttled: (&'static str, Minutes),
    /// How many first attempts of a hook die before they do anything.
    pub(super) hooks_killed: u32,
    pub(super) person: &'static [(i64, Person)],
    /// From which minute on the engine does not know the deployment any more.
    pub(super) gone: i64,
    /// Minutes at which Lambda invokes the hooks before traffic once more.
    pub(super) askers: Vec<i64>,
    /// How late each minute's tick is, over and over; below zero it is lost. Empty: all in time.
    pub(super) ticks: Vec<i64>,
    /// What each minute shows, over and over, instead of the traffic's rates. Empty: the rates.
    pub(super) rows: Vec<Row>,
    pub(super) end: Stated,
}

/// One drawn minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) requests: u64,
    /// Bad ones per ten thousand.
    pub(super) green: u64,
    pub(super) blue: u64,
    /// Which arms were published.
    pub(super) shown: (bool, bool),
}

impl Row {
    /// Both arms with `weight` percent on green; none when nothing was published.
    pub(super) fn arms(self, weight: u32) -> (Arm, Arm) {
        let total = self.requests * u64::from(weight) / 100;
        let arm = |is_shown: bool, total: u64, rate: u64| {
            if is_shown { Arm { total, bad: total * rate / 10_000 } } else { Arm::default() }
        };
        (arm(self.shown.0, total, self.green), arm(self.shown.1, self.requests - total, self.blue))
    }
}

/// The end that a story must come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) status: &'static str,
    /// Green's share of the traffic.
    pub(super) green: u32,
    pub(super) verdict: Option<Kind>,
    pub(super) action: Option<Action>,
    /// What people were told, each at least once.
    pub(super) told: &'static [&'static str],
    /// The lifecycle event or stage whose patience ended, if one's did.
    pub(super) patience: Option<&'static str>,
}

pub(super) const fn stated(status: &'static str, green: u32, verdict: Option<Kind>) -> Stated {
    Stated { status, green, verdict, action: None, told: &[], patience: None }
}
