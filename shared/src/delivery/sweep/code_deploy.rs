//! CodeDeploy, blue/green to ECS: lifecycle events in order, an hour's patience for a hook, a shift by schedule, a rollback as a deployment
//! of its own (<https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html>).

use super::state::{Cause, Engine, State};
use super::story::{Shift, Story, at};
use crate::delivery::ports::{Deployment, LifecycleEvent, ROLLBACK_CREATOR, TaskSet};
use crate::errors::Fault;
use crate::model::{MINUTE, Timestamp};

const EVENTS: [&str; 5] =
    ["Install", "AfterInstall", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"];
const PATIENCE_MINUTES: i64 = 60;
pub(super) const FIRST: &str = "d-1";
const SECOND: &str = "d-2";

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    status: &'static str,
    /// Which event is in progress; all of them are done at the length of the list.
    index: usize,
    started: Timestamp,
    /// Whether the hook of the running event was answered, and how.
    answer: Option<bool>,
}

/// CodeDeploy with the one deployment that is watched and, perhaps, the one that takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeDeploy {
    run: Run,
    back: Option<Run>,
}

impl Run {
    const fn new(now: Timestamp) -> Self {
        Self { status: "InProgress", index: 0, started: now, answer: None }
    }
    fn is_over(&self) -> bool {
        self.status != "InProgress"
    }
    fn event(&self) -> Option<&'static str> {
        EVENTS.get(self.index).copied()
    }
}

fn has_hook(story: &Story, event: &str) -> bool {
    let Shift::CodeDeploy { has_hook_after, .. } = story.shift else { return false };
    matches!(event, "AfterInstall" | "BeforeAllowTraffic") || event == "AfterAllowTraffic" && has_hook_after
}

impl CodeDeploy {
    pub(super) fn new(_: &Story) -> Self {
        Self { run: Run::new(at(0)), back: None }
    }

    pub(super) fn status(&self) -> &'static str {
        self.run.status
    }

    pub(super) fn is_settled(&self) -> bool {
        self.run.is_over() && self.back.as_ref().is_none_or(Run::is_over)
    }

    pub(super) fn back_status(&self) -> Option<&'static str> {
        self.back.as_ref().map(|run| run.status)
    }

    fn of(&mut self, id: &str) -> Option<&mut Run> {
        if id == FIRST { Some(&mut self.run) } else { self.back.as_mut() }
    }

    pub(super) fn describe(&self, id: &str, state: &State, story: &Story) -> Result<Deployment, Fault> {
        let run = if id == FIRST { Some(&self.run) } else { self.back.as_ref() };
        let run = run.ok_or_else(|| missing("GetDeployment"))?;
        let lifecycle = EVENTS.iter().enumerate().map(|(index, name)| LifecycleEvent {
            name: (*name).to_owned(),
            status: if index == run.index && !run.is_over() { "InProgress" } else { "Pending" }.to_owned(),
            started_at: (index == run.index).then_some(run.started),
        });
        Ok(Deployment {
            id: id.to_owned(),
            application: "b2b".to_owned(),
            group: "catalog".to_owned(),
            cluster: "b2b".to_owned(),
            service: "catalog".to_owned(),
            status: run.status.to_owned(),
            creator: if id == FIRST { "user" } else { ROLLBACK_CREATOR }.to_owned(),
            created_at: at(0),
            lifecycle: lifecycle.collect(),
            task_sets: task_sets(state.weight(), story.is_first),
            pauses: Vec::new(),
            next_percent: None,
            rollback: self.back.as_ref().filter(|_| id == FIRST).map(|_| SECOND.to_owned()),
            message: None,
        })
    }
}

pub(super) fn task_sets(green: u32, is_first: bool) -> Vec<TaskSet> {
    let set = |is_green: bool| TaskSet {
        is_green,
        target_group: if is_green { "green" } else { "blue" }.to_owned(),
        task_definition: format!("arn:task-definition/catalog:{}", if is_green { 8 } else { 7 }),
        weight_percent: if is_green { green } else { 100 - green },
        desired: 2,
        running: 2,
        pending: 0,
    };
    let blue = (!is_first).then(|| set(false));
    [set(true)].into_iter().chain(blue).collect()
}

fn missing(operation: &'static str) -> Fault {
    Fault::Missing { service: "CodeDeploy", operation, detail: "it is over".to_owned() }
}

fn engine(state: &mut State) -> Option<&mut CodeDeploy> {
    match &mut state.engine {
        Engine::CodeDeploy(engine) => Some(engine),
        Engine::Ecs(_) => None,
    }
}

/// Half a minute passes.
pub(super) fn advance(state: &mut State, story: &Story) {
    for id in [FIRST, SECOND] {
        let now = state.now;
        let weight = state.weight();
        let Some(run) = engine(state).and_then(|engine| engine.of(id)).filter(|run| !run.is_over()) else {
            continue;
        };
        let held = now.since(run.started) / MINUTE;
        let Some(event) = run.event() else {
            let Shift::CodeDeploy { termination_minutes, .. } = story.shift else { continue };
            if held >= termination_minutes {
                run.status = "Succeeded";
                state.event(id, false);
            }
            continue;
        };
        match (run.answer, has_hook(story, event)) {
            (Some(true), true) => go_on(state, story, id),
            (Some(false), true) => end(state, id, "Failed", true),
            (None, true) if held >= PATIENCE_MINUTES => {
                state.patience = Some(event);
                end(state, id, "Failed", true);
            }
            (None, true) => {}
            (_, false) if event == "AllowTraffic" => {
                let is_done = shift(state, story, id, held);
                if is_done {
                    go_on(state, story, id);
                }
            }
            (_, false) if held >= 1 || weight > 0 => go_on(state, story, id),
            (_, false) => {}
        }
    }
}

/// Moves the traffic to where the schedule has it; whether all of it has moved.
fn shift(state: &mut State, story: &Story, id: &str, held: i64) -> bool {
    if id == SECOND {
        state.shift_to(0);
        return true;
    }
    let Shift::CodeDeploy { steps, .. } = story.shift else { return true };
    let due = steps.iter().rev().find(|(minute, _)| *minute <= held).map_or(0, |(_, percent)| *percent);
    state.shift_to(due);
    due == 100
}

fn go_on(state: &mut State, story: &Story, id: &str) {
    let now = state.now;
    let Some(run) = engine(state).and_then(|engine| engine.of(id)) else { return };
    (run.index, run.started, run.answer) = (run.index + 1, now, None);
    if let Some(event) = run.event().filter(|event| has_hook(story, event)) {
        let (deployment, execution) = (id.to_owned(), format!("{id}/{event}"));
        state.later(0, Cause::Hook { deployment, execution, begun: now });
    }
}

/// Ends a deployment; the group rolls failures back, and a stop that asks for it.
fn end(state: &mut State, id: &str, status: &'static str, roll_back: bool) {
    let now = state.now;
    let Some(engine) = engine(state) else { return };
    let Some(run) = engine.of(id) else { return };
    run.status = status;
    if id == FIRST && roll_back {
        engine.back = Some(Run::new(now));
    }
    state.event(id, false);
}

pub(super) fn stop(state: &mut State, id: &str, roll_back: bool) -> Result<(), Fault> {
    if id != FIRST {
        state.broken.push("a rollback was stopped".to_owned());
    }
    let is_over = engine(state).and_then(|engine| engine.of(id)).is_none_or(|run| run.is_over());
    if is_over {
        return Err(missing("StopDeployment"));
    }
    state.stops.push(roll_back);
    end(state, id, "Stopped", roll_back);
    Ok(())
}

pub(super) fn answer(state: &mut State, id: &str, execution: &str, succeeded: bool) -> Result<(), Fault> {
    let run = engine(state).and_then(|engine| engine.of(id)).filter(|run| !run.is_over());
    let is_current = |run: &&mut Run| {
        run.answer.is_none() && run.event().is_some_and(|event| execution == format!("{id}/{event}"))
    };
    let run = run.filter(is_current).ok_or_else(|| missing("PutLifecycleEventHookExecutionStatus"))?;
    run.answer = Some(succeeded);
    Ok(())
}
