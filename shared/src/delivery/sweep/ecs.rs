//! ECS's own deployments: stages in order, `LINEAR` steps with their bake, Lambda hooks that are asked again, pauses with an id for each
//! step (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>).

use super::code_deploy::task_sets;
use super::state::{Cause, Engine, State};
use super::story::{Shift, Story, at};
use crate::delivery::ports::{Deployment, PauseHook};
use crate::errors::Fault;
use crate::model::{MINUTE, Timestamp};
use serde_json::{Value, json};

pub(super) const ARN: &str = "arn:aws:ecs:us-east-1:000000000000:service-deployment/b2b/catalog/x";
/// Time that a pause waits before ECS takes the deployment back.
const PAUSE_MINUTES: i64 = 60;
/// Where ECS asks again while it takes a deployment back.
const BACK: &str = "PRODUCTION_TRAFFIC_SHIFT";

/// A stage on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Leg {
    stage: &'static str,
    /// Green's share from here on, where it changes.
    weight: Option<u32>,
    minutes: i64,
}

/// The one deployment of ECS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ecs {
    status: &'static str,
    plan: Vec<Leg>,
    index: usize,
    entered: Timestamp,
    /// Whether a Lambda hook of this stage has not answered yet.
    is_asking: bool,
    pause: Option<PauseHook>,
}

impl Ecs {
    pub(super) fn new(story: &Story) -> Self {
        let leg = |stage, minutes| Leg { stage, weight: None, minutes };
        let mut plan = vec![
            leg("PRE_SCALE_UP", 0),
            leg("SCALE_UP", 1),
            leg("POST_SCALE_UP", 0),
            leg("TEST_TRAFFIC_SHIFT", 0),
            leg("POST_TEST_TRAFFIC_SHIFT", 0),
        ];
        if let Shift::Ecs { steps, bake, .. } = story.shift {
            for percent in steps {
                plan.push(leg("PRE_PRODUCTION_TRAFFIC_SHIFT", 0));
                let minutes = if *percent == 100 { 0 } else { bake };
                plan.push(Leg { stage: BACK, weight: Some(*percent), minutes });
            }
        }
        plan.extend([leg("POST_PRODUCTION_TRAFFIC_SHIFT", 0), leg("BAKE_TIME", 1), leg("CLEAN_UP", 0)]);
        Self { status: "PENDING", plan, index: 0, entered: at(0), is_asking: false, pause: None }
    }

    pub(super) fn status(&self) -> &'static str {
        self.status
    }

    pub(super) fn is_settled(&self) -> bool {
        !matches!(self.status, "PENDING" | "IN_PROGRESS" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_REQUESTED")
    }

    pub(super) fn is_going_back(&self) -> bool {
        matches!(self.status, "ROLLBACK_IN_PROGRESS" | "ROLLBACK_REQUESTED")
    }

    pub(super) fn describe(&self, state: &State, story: &Story) -> Deployment {
        let later = self.plan.iter().skip(self.index).filter_map(|leg| leg.weight);
        let next = later.into_iter().find(|percent| *percent != state.weight());
        let is_back = self.status.starts_with("ROLLBACK");
        Deployment {
            id: ARN.to_owned(),
            application: "b2b".to_owned(),
            group: "catalog".to_owned(),
            cluster: "b2b".to_owned(),
            service: "catalog".to_owned(),
            status: self.status.to_owned(),
            creator: String::new(),
            created_at: at(0),
            lifecycle: Vec::new(),
            task_sets: task_sets(state.weight(), story.is_first),
            pauses: self.pause.iter().cloned().collect(),
            next_percent: Some(next.unwrap_or(100)),
            rollback: is_back.then(|| "service-revision/7".to_owned()),
            message: None,
        }
    }
}

fn engine(state: &mut State) -> Option<&mut Ecs> {
    match &mut state.engine {
        Engine::CodeDeploy(_) => None,
        Engine::Ecs(engine) => Some(engine),
    }
}

/// Half a minute passes.
pub(super) fn advance(state: &mut State, story: &Story) {
    let now = state.now;
    let Some(ecs) = engine(state) else { return };
    if ecs.is_settled() {
        return;
    }
    if ecs.is_going_back() {
        let is_done = !ecs.is_asking && now.since(ecs.entered) >= MINUTE;
        if is_done {
            ecs.status = "ROLLBACK_SUCCESSFUL";
            state.event(ARN, false);
        }
        return;
    }
    if ecs.status == "PENDING" {
        ecs.status = "IN_PROGRESS";
        enter(state, story);
        return;
    }
    if ecs.pause.as_ref().is_some_and(|pause| pause.expires_at.is_some_and(|end| now >= end)) {
        let stage = ecs.plan.get(ecs.index).map(|leg| leg.stage);
        state.patience = stage;
        go_back(state);
        return;
    }
    let waited = now.since(ecs.entered) / MINUTE;
    let is_open = ecs.is_asking || ecs.pause.is_some();
    let is_long_enough = ecs.plan.get(ecs.index).is_none_or(|leg| waited >= leg.minutes);
    if !is_open && is_long_enough {
        ecs.index += 1;
        enter(state, story);
    }
}

/// Begins a stage: its traffic, its hooks, its pauses.
fn enter(state: &mut State, story: &Story) {
    let now = state.now;
    let Some(ecs) = engine(state) else { return };
    ecs.entered = now;
    let visit = ecs.index;
    let Some(leg) = ecs.plan.get(visit).copied() else {
        ecs.status = "SUCCESSFUL";
        state.event(ARN, false);
        return;
    };
    let Shift::Ecs { lambda, pauses, .. } = story.shift else { return };
    if lambda.contains(&leg.stage) {
        ecs.is_asking = true;
    }
    let is_paused = pauses.contains(&leg.stage);
    if is_paused {
        let expires_at = Some(now.plus(PAUSE_MINUTES * MINUTE));
        ecs.pause = Some(PauseHook { id: format!("p-{visit}"), stage: leg.stage.to_owned(), expires_at });
    }
    if lambda.contains(&leg.stage) {
        state.later(0, Cause::Stage { stage: leg.stage, details: json!({"team": "shop"}), visit });
    }
    if is_paused {
        state.event(ARN, true);
    }
    if let Some(percent) = leg.weight {
        state.shift_to(percent);
    }
}

/// Traffic goes back at once; the hook of the shift is asked again, with green still as its target.
fn go_back(state: &mut State) {
    let now = state.now;
    let Some(ecs) = engine(state) else { return };
    (ecs.status, ecs.entered, ecs.is_asking, ecs.pause) = ("ROLLBACK_IN_PROGRESS", now, true, None);
    state.queue.retain(|due| !matches!(due.cause, Cause::Stage { .. }));
    state.later(0, Cause::Stage { stage: BACK, details: Value::Null, visit: usize::MAX });
    state.shift_to(0);
    state.event(ARN, false);
}

/// A hook's answer; a function that died or said nothing known takes the deployment back.
pub(super) fn answered(state: &mut State, stage: &'static str, visit: usize, answer: Option<Value>) {
    let Some(ecs) = engine(state).filter(|ecs| !ecs.is_settled()) else { return };
    if visit != usize::MAX && (ecs.index != visit || ecs.is_going_back()) {
        return;
    }
    let word = answer.as_ref().and_then(|answer| answer["hookStatus"].as_str()).unwrap_or("none");
    match word {
        "SUCCEEDED" => ecs.is_asking = false,
        "IN_PROGRESS" => {
            let details = answer.map(|answer| answer["hookDetails"].clone()).unwrap_or_default();
            let due = state.now.plus(MINUTE / 2);
            let cause = Cause::Stage { stage, details, visit };
            state.queue.push(super::state::Invocation { due, cause, attempt: 0 });
        }
        _ => {
            let is_going_back = ecs.is_going_back();
            if is_going_back {
                ecs.status = "ROLLBACK_FAILED";
            }
            state.hook_died |= word == "none";
            if !is_going_back {
                go_back(state);
            }
        }
    }
}

fn missing(operation: &'static str) -> Fault {
    Fault::Missing { service: "ECS", operation, detail: "it is over".to_owned() }
}

pub(super) fn stop(state: &mut State, roll_back: bool) -> Result<(), Fault> {
    if !roll_back {
        return Ok(());
    }
    let ecs = engine(state).ok_or_else(|| missing("StopServiceDeployment"))?;
    if ecs.is_settled() {
        return Err(missing("StopServiceDeployment"));
    }
    if ecs.is_going_back() {
        state.broken.push("a rollback was stopped".to_owned());
        return Ok(());
    }
    state.stops.push(roll_back);
    go_back(state);
    Ok(())
}

pub(super) fn resume(state: &mut State, hook: &str, go_on: bool) -> Result<(), Fault> {
    let ecs = engine(state).ok_or_else(|| missing("ContinueServiceDeployment"))?;
    if ecs.pause.as_ref().is_none_or(|pause| pause.id != hook) {
        return Err(missing("ContinueServiceDeployment"));
    }
    ecs.pause = None;
    if !go_on {
        go_back(state);
    }
    Ok(())
}
