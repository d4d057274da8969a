//! When a step of an ECS-native shift may go on, and what a pause of it waits for.
//!
//! "10 % for 10 minutes, then gradually" is no strategy of either engine; ECS `LINEAR` with its steps held by our hook is
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html>).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long the steps of a shift are held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Shortest time at the first step, in minutes.
    pub first_step_minutes: u32,
    /// Shortest time at each later step, in minutes.
    pub step_minutes: u32,
    /// Whether a step goes on before its time when harm is excluded.
    pub early: bool,
    /// What a `PAUSE` hook waits for, by lifecycle stage; a person where none is named.
    pub pauses: BTreeMap<String, Pause>,
}

/// What a `PAUSE` hook waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// A person: harm still rolls back.
    Person,
    /// The watch's verdict.
    Verdict,
}
