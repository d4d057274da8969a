//! Everything that changes in the world, in one value: it is copied to begin again in the middle, and compared to see that a broken run has
//! come back to the unbroken one.

use super::code_deploy::CodeDeploy;
use super::ecs::Ecs;
use super::story::{Shift, Story, at};
use crate::delivery::ports::Stored;
use crate::errors::Fault;
use crate::model::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What invokes a function of ours.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cause {
    /// The schedule's minute.
    Tick { now: Timestamp },
    /// A state change of a deployment.
    Event { now: Timestamp, id: String, is_paused: bool },
    /// A CodeDeploy hook; `begun` when the running attempt began.
    Hook { deployment: String, execution: String, begun: Timestamp },
    /// An ECS hook; `visit` is which stage of the plan asks.
    Stage { stage: &'static str, details: Value, visit: usize },
}

/// An invocation that is due.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Invocation {
    pub(super) due: Timestamp,
    pub(super) cause: Cause,
    pub(super) attempt: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Engine {
    CodeDeploy(CodeDeploy),
    Ecs(Ecs),
}

/// The world at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) engine: Engine,
    pub(super) active: BTreeMap<String, Stored>,
    pub(super) closed: BTreeMap<String, Stored>,
    pub(super) queue: Vec<Invocation>,
    /// Green's share of the traffic from moments on.
    pub(super) weights: Vec<(Timestamp, u32)>,
    pub(super) told: BTreeSet<String>,
    /// Stops that had an effect.
    pub(super) stops: Vec<bool>,
    /// The last words of a hook or of the watch about how it goes, and whether a hook failed with them.
    pub(super) said: String,
    pub(super) has_failed: bool,
    /// The event or stage whose patience ended.
    pub(super) patience: Option<&'static str>,
    /// Whether ECS took the deployment back because a hook of ours died.
    pub(super) hook_died: bool,
    /// Laws that were broken.
    pub(super) broken: Vec<String>,
    pub(super) hooks_killed: u32,
}

impl State {
    pub(super) fn new(story: &Story) -> Self {
        let engine = match &story.shift {
            Shift::CodeDeploy { .. } => Engine::CodeDeploy(CodeDeploy::new(story)),
            Shift::Ecs { .. } => Engine::Ecs(Ecs::new(story)),
        };
        Self {
            now: at(0),
            engine,
            active: BTreeMap::new(),
            closed: BTreeMap::new(),
            queue: Vec::new(),
            weights: vec![(at(-1000), 0)],
            told: BTreeSet::new(),
            stops: Vec::new(),
            said: String::new(),
            has_failed: false,
            patience: None,
            hook_died: false,
            broken: Vec::new(),
            hooks_killed: 0,
        }
    }

    /// The same but for versions: nothing that runs holds one from minute to minute.
    pub(super) fn has_come_back_to(&self, other: &Self) -> bool {
        let same = |a: &BTreeMap<String, Stored>, b: &BTreeMap<String, Stored>| {
            a.len() == b.len() && a.values().zip(b.values()).all(|(a, b)| a.watch == b.watch)
        };
        self.now == other.now
            && self.queue == other.queue
            && self.engine == other.engine
            && self.weights == other.weights
            && self.told == other.told
            && self.stops == other.stops
            && (&self.said, self.has_failed) == (&other.said, other.has_failed)
            && (self.patience, self.hook_died) == (other.patience, other.hook_died)
            && self.hooks_killed == other.hooks_killed
            && self.broken == other.broken
            && same(&self.active, &other.active)
            && same(&self.closed, &other.closed)
    }

    pub(super) fn is_going_back(&self) -> bool {
        match &self.engine {
            Engine::CodeDeploy(engine) => engine.back_status().is_some(),
            Engine::Ecs(engine) => engine.is_going_back(),
        }
    }

    pub(super) fn weight(&self) -> u32 {
        self.weights.last().map_or(0, |(_, percent)| *percent)
    }

    pub(super) fn weight_at(&self, minute: Timestamp) -> u32 {
        self.weights.iter().rev().find(|(from, _)| *from <= minute).map_or(0, |(_, percent)| *percent)
    }

    pub(super) fn shift_to(&mut self, percent: u32) {
        if self.weight() != percent {
            self.weights.push((self.now, percent));
        }
    }

    /// When green had its first traffic.
    pub(super) fn first_shift(&self) -> Option<Timestamp> {
        self.weights.iter().find(|(_, percent)| *percent > 0).map(|(from, _)| *from)
    }

    pub(super) fn later(&mut self, minutes: i64, cause: Cause) {
        self.queue.push(Invocation { due: self.now.plus(minutes * 60_000), cause, attempt: 0 });
    }

    pub(super) fn event(&mut self, id: &str, is_paused: bool) {
        let cause = Cause::Event { now: self.now, id: id.to_owned(), is_paused };
        self.later(0, cause);
    }

    /// The table's write on condition of the version that was read; a verdict that is there stays as it is.
    pub(super) fn save(&mut self, stored: &Stored) -> Result<u64, Fault> {
        let conflict = || Fault::Conflict { service: "DynamoDB", operation: "PutItem" };
        let known = self.active.get_mut(&stored.watch.deployment_id).ok_or_else(conflict)?;
        if known.version != stored.version {
            return Err(conflict());
        }
        if known.watch.verdict.is_some() && known.watch.verdict != stored.watch.verdict {
            self.broken.push("a verdict was written twice".to_owned());
        }
        *known = Stored { watch: stored.watch.clone(), version: stored.version + 1 };
        Ok(known.version)
    }
}
