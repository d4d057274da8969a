//! Where a release stands, folded from events: every mark only grows, by attempt and then by rank.
//!
//! Growing is all there is: a fold of maxima and minima gives the same value for any order and any duplication (DESIGN, law 5).
//! Must not: read a clock, or keep what an event does not say.

use crate::feedback::event::{Change, Seen};
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far something is, in the order in which it may move within one attempt. Of two ends of one attempt, which no pipeline reports,
/// the graver one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Started, resumed, or a state word that is not known.
    Running,
    /// Being stopped by a person.
    Stopping,
    /// Ended: overtaken by a newer release.
    Superseded,
    /// Ended: cancelled before it began.
    Cancelled,
    /// Ended: stopped by a person.
    Stopped,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
}

impl Rank {
    fn of(state: &str) -> Self {
        match state {
            "STOPPING" => Self::Stopping,
            "SUPERSEDED" => Self::Superseded,
            "CANCELED" => Self::Cancelled,
            "STOPPED" => Self::Stopped,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            _ => Self::Running,
        }
    }

    /// Whether nothing more comes in this attempt.
    #[must_use]
    pub fn is_end(self) -> bool {
        self >= Self::Superseded
    }
}

/// Attempt first, then rank: a later attempt is further than any end of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// Attempt, from 1.
    pub attempt: u64,
    /// How far.
    pub rank: Rank,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// First moment that anything was heard of it: what the table is ordered by.
    pub since: Timestamp,
    /// How far; none while only its actions were heard of.
    pub mark: Option<Mark>,
    /// Whether one of its actions deploys.
    pub deploys: bool,
    /// Why actions failed: attempt and words, by action.
    pub reasons: BTreeMap<String, (u64, String)>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// How far the execution is; none while only its stages were heard of.
    pub mark: Option<Mark>,
    /// Stages by name.
    pub stages: BTreeMap<String, Stage>,
}

/// Where the whole release stands, in an order that no write may go back in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Standing {
    /// Attempt, from 1.
    pub attempt: u64,
    /// How far in it.
    pub phase: Phase,
}

/// How far a release is in its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Started, no stage yet.
    Queued,
    /// Some stage has begun.
    InProgress,
    /// Ended, and how.
    Ended(Rank),
}

impl Progress {
    /// Folds one event in.
    pub fn add(&mut self, seen: &Seen) {
        match &seen.change {
            Change::Execution { state } => {
                self.mark = self.mark.max(Some(Mark { attempt: seen.attempt, rank: Rank::of(state) }));
            }
            Change::Stage { stage, state } => {
                let mark = Mark { attempt: seen.attempt, rank: Rank::of(state) };
                let stage = self.stage(stage, seen.at);
                stage.mark = stage.mark.max(Some(mark));
            }
            Change::Action { stage, action, deploys, reason } => {
                let stage = self.stage(stage, seen.at);
                stage.deploys |= deploys;
                if let Some(words) = reason {
                    let reason = (seen.attempt, words.clone());
                    let known = stage.reasons.entry(action.clone()).or_insert_with(|| reason.clone());
                    if *known < reason {
                        *known = reason;
                    }
                }
            }
        }
    }

    fn stage(&mut self, name: &str, at: Timestamp) -> &mut Stage {
        let new = Stage { since: at, mark: None, deploys: false, reasons: BTreeMap::new() };
        let stage = self.stages.entry(name.to_owned()).or_insert(new);
        stage.since = stage.since.min(at);
        stage
    }

    /// Where the release stands. Only events of the execution itself end it or begin another attempt.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let mark = self.mark.unwrap_or(Mark { attempt: 1, rank: Rank::Running });
        let phase = if mark.rank.is_end() {
            Phase::Ended(mark.rank)
        } else if self.stages.is_empty() {
            Phase::Queued
        } else {
            Phase::InProgress
        };
        Standing { attempt: mark.attempt, phase }
    }

    /// The stages in the order in which they were first heard of.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&str, &Stage)> {
        let mut stages: Vec<(&str, &Stage)> =
            self.stages.iter().map(|(name, stage)| (name.as_str(), stage)).collect();
        stages.sort_by_key(|(name, stage)| (stage.since, *name));
        stages
    }
}

impl Stage {
    /// How far it is.
    #[must_use]
    pub fn rank(&self) -> Rank {
        self.mark.map_or(Rank::Running, |mark| mark.rank)
    }

    /// Why it failed, by action; empty when it did not, or its failure is of an earlier attempt.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        let attempt = self.mark.filter(|mark| mark.rank == Rank::Failed).map(|mark| mark.attempt);
        self.reasons
            .iter()
            .filter(move |(_, (of, _))| Some(*of) == attempt)
            .map(|(action, (_, words))| (action.as_str(), words.as_str()))
    }
}
