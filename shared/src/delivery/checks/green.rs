//! Green's tasks and targets: as many as wanted, none that has just ended, all targets healthy, at least one.

use super::observe::shown;
use super::ports::{Target, Task, Tasks};
use crate::delivery::check::{Check, State};
use crate::delivery::ports::Deployment;
use crate::model::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// Name of the check of tasks.
pub const STEADY: &str = "green-steady";
/// Name of the check of targets.
pub const HEALTHY: &str = "green-healthy";
/// How long no task of green may have ended by itself, in milliseconds.
const QUIET: i64 = 60_000;

/// Whether the new task set runs as many tasks as it should, at least one, and none of them has ended within the last minute.
#[must_use]
pub fn is_steady(deployment: &Deployment, ended: &Ended) -> Check {
    let Some(green) = deployment.green() else {
        return Check::new(STEADY, State::Fail, "the deployment has no green task set");
    };
    let mut words =
        format!("green runs {} of {} task(s), {} starting", green.running, green.desired, green.pending);
    let mut state = if green.desired == 0 {
        State::Fail
    } else if green.running == green.desired && green.pending == 0 {
        State::Pass
    } else {
        State::NotYet
    };
    if ended.count > 0 {
        words.push_str(&format!(", {} ended{}", ended.count, ended.last_words()));
    }
    if ended.is_recent && state == State::Pass {
        words.push_str(&format!(" within the last {} s", QUIET / 1000));
        state = State::NotYet;
    }
    let evidence = json!({"running": green.running, "desired": green.desired, "pending": green.pending,
        "ended": ended.count, "reasons": ended.reasons});
    Check { evidence, at: ended.at, ..Check::new(STEADY, state, words) }
}

/// Tasks of green that ended by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ended {
    /// How many.
    pub count: usize,
    /// ECS's words and how often; the newest is [`Self::last`].
    pub reasons: BTreeMap<String, usize>,
    /// ECS's words about the newest.
    pub last: Option<String>,
    /// Whether one ended within the last minute, or when is not known.
    pub is_recent: bool,
    /// ECS's clock.
    pub at: Option<Timestamp>,
}

impl Ended {
    /// Of the tasks of a service, those of green: of its task definition, and made after the deployment was.
    #[must_use]
    pub fn of(deployment: &Deployment, definition: &str, tasks: &Tasks) -> Self {
        let is_own_end = |task: &&Task| task.stopped_at.is_some() && !task.is_wanted_stop;
        let mut own: Vec<&Task> = of_green(deployment, definition, tasks).filter(is_own_end).collect();
        own.sort_by_key(|task| task.stopped_at);
        let words = |task: &Task| shown(task.stopped_reason.as_deref().unwrap_or("no reason given"));
        let mut reasons = BTreeMap::new();
        for task in &own {
            *reasons.entry(words(task)).or_insert(0) += 1;
        }
        let newest = own.last().and_then(|task| task.stopped_at);
        // Without ECS's clock an end is taken for a recent one.
        let is_recent =
            newest.is_some_and(|end| tasks.at.is_none_or(|now| now.millis() - end.millis() < QUIET));
        let last = own.last().map(|task| words(task));
        Self { count: own.len(), reasons, last, is_recent, at: tasks.at }
    }

    fn last_words(&self) -> String {
        self.last.as_ref().map(|words| format!(", last because `{words}`")).unwrap_or_default()
    }
}

/// Green's tasks.
pub fn of_green<'a>(
    deployment: &Deployment,
    definition: &'a str,
    tasks: &'a Tasks,
) -> impl Iterator<Item = &'a Task> {
    let made = deployment.created_at;
    let is_green = move |task: &&Task| {
        super::short(&task.definition) == super::short(definition)
            && task.created_at.is_some_and(|at| at >= made)
    };
    tasks.tasks.iter().filter(is_green)
}

/// Whether every target of the new target group is healthy, and there is at least one.
#[must_use]
pub fn is_healthy(group: &str, targets: &[Target]) -> Check {
    let group = group.rsplit_once(":targetgroup/").map_or(group, |(_, rest)| rest);
    let healthy = targets.iter().filter(|target| target.state == "healthy").count();
    let mut words = format!("{healthy} of {} target(s) of `{group}` are healthy", targets.len());
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for target in targets.iter().filter(|target| target.state != "healthy") {
        let reason =
            if target.reason.is_empty() { String::new() } else { format!(" ({})", shown(&target.reason)) };
        *others.entry(format!("{}{reason}", target.state)).or_insert(0) += 1;
    }
    if !others.is_empty() {
        let each: Vec<String> = others.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        words.push_str(&format!(": {}", each.join(", ")));
    }
    let state = if healthy > 0 && healthy == targets.len() { State::Pass } else { State::NotYet };
    let evidence =
        json!({"targetGroup": group, "healthy": healthy, "total": targets.len(), "others": others});
    Check { evidence, ..Check::new(HEALTHY, state, words) }
}

#[cfg(test)]
pub(crate) use tests::GreenOnly;

#[cfg(test)]
#[path = "green_tests.rs"]
pub(crate) mod tests;
