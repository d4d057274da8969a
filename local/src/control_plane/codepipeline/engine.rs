//! What moves an execution on: entering stages, running actions in run order, ending.

use super::Held;
use super::definition::Mode;
use super::execution::{Execution, State};
use crate::clock::Millis;
use crate::control_plane::Stack;

/// An action that has to be started.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) pipeline: String,
    pub(super) execution: String,
    pub(super) stage: usize,
    pub(super) action: usize,
}

/// Where an execution stands among the others.
#[derive(Clone, Copy)]
struct Standing {
    state: State,
    stage: usize,
    stage_state: State,
}

impl Held {
    /// Moves every execution as far as it goes now; what has to be started, and whether something moved.
    pub(super) fn advance(&mut self, stack: &Stack) -> (Vec<Start>, bool) {
        let mut starts = Vec::new();
        let mut moved = false;
        for pipeline in self.pipelines.values_mut() {
            for index in 0..pipeline.executions.len() {
                let standings: Vec<Standing> = pipeline.executions.iter().map(standing).collect();
                let mode = pipeline.definition.mode;
                let closed = |stage: &str| pipeline.disabled.iter().any(|disabled| disabled == stage);
                let Some(execution) = pipeline.executions.get_mut(index) else { continue };
                if !execution.state.is_live() {
                    continue;
                }
                let name = execution.definition.stages.get(execution.stage).map(|stage| stage.name.as_str());
                let is_closed = name.is_some_and(closed);
                let may_enter = may_enter(mode, &standings, index).filter(|_| !is_closed);
                if may_enter == Some(false) {
                    execution.supersede(stack);
                    moved = true;
                } else {
                    moved |= execution.advance(stack, may_enter == Some(true), &mut starts);
                }
            }
        }
        (starts, moved)
    }
}

fn standing(execution: &Execution) -> Standing {
    let stage_state = execution.stages.get(execution.stage).map_or(State::Succeeded, |stage| stage.state);
    Standing { state: execution.state, stage: execution.stage, stage_state }
}

/// Whether the execution at `index` may enter its stage: yes, not yet (none), or never (a newer one takes its place).
fn may_enter(mode: Mode, all: &[Standing], index: usize) -> Option<bool> {
    let own = all.get(index)?;
    if own.stage_state != State::NotStarted || mode == Mode::Parallel {
        return Some(true);
    }
    let others = || all.iter().enumerate().filter(|(at, other)| *at != index && other.state.is_live());
    let waits = |other: &Standing| other.stage == own.stage && other.stage_state == State::NotStarted;
    if mode == Mode::Superseded && others().any(|(at, other)| at > index && waits(other)) {
        return Some(false);
    }
    let taken = others().any(|(_, other)| other.stage == own.stage && other.stage_state.is_live());
    let behind = mode == Mode::Queued && others().any(|(at, other)| at < index && waits(other));
    if taken || behind { None } else { Some(true) }
}

impl Execution {
    fn supersede(&mut self, stack: &Stack) {
        self.state = State::Superseded;
        self.updated = stack.now();
        self.tell(stack, "SUPERSEDED");
    }

    fn advance(&mut self, stack: &Stack, may_enter: bool, starts: &mut Vec<Start>) -> bool {
        if self.state == State::Stopping {
            return self.stop_when_idle(stack);
        }
        match self.stages.get(self.stage).map(|stage| stage.state) {
            None => {
                self.end(stack, State::Succeeded, "SUCCEEDED");
                true
            }
            Some(State::NotStarted) if may_enter => {
                self.enter(stack);
                true
            }
            Some(State::InProgress) => self.run_actions(stack, starts),
            Some(State::Succeeded) => {
                self.stage = if self.only.is_some() { self.stages.len() } else { self.stage + 1 };
                true
            }
            Some(State::Failed) => {
                self.end(stack, State::Failed, "FAILED");
                true
            }
            Some(_) => false,
        }
    }

    fn enter(&mut self, stack: &Stack) {
        let now = stack.now();
        if let Some(stage) = self.stages.get_mut(self.stage) {
            stage.state = State::InProgress;
            stage.started = Some(now);
        }
        self.tell_stage(stack, self.stage, if self.attempt > 0 { "RESUMED" } else { "STARTED" });
    }

    fn end(&mut self, stack: &Stack, state: State, word: &str) {
        self.state = state;
        self.updated = stack.now();
        self.tell(stack, word);
    }

    fn stop_when_idle(&mut self, stack: &Stack) -> bool {
        let Some(stage) = self.stages.get_mut(self.stage) else { return false };
        if stage.actions.iter().any(|action| action.state == State::InProgress) {
            return false;
        }
        stage.state = State::Stopped;
        self.tell_stage(stack, self.stage, "STOPPED");
        self.end(stack, State::Stopped, "STOPPED");
        true
    }

    /// Starts what is next in run order, or ends the stage.
    fn run_actions(&mut self, stack: &Stack, starts: &mut Vec<Start>) -> bool {
        let index = self.stage;
        let (Some(def), Some(run)) = (self.definition.stages.get(index), self.stages.get_mut(index)) else {
            return false;
        };
        let any = |state: State| run.actions.iter().any(|action| action.state == state);
        let (failed, running) = (any(State::Failed) || any(State::Abandoned), any(State::InProgress));
        if failed && running {
            return false;
        }
        if failed {
            run.state = State::Failed;
            self.tell_stage(stack, index, "FAILED");
            return true;
        }
        let open = def.actions.iter().zip(&run.actions).filter(|(_, run)| run.state != State::Succeeded);
        let Some(order) = open.map(|(def, _)| def.run_order).min() else {
            run.state = State::Succeeded;
            self.tell_stage(stack, index, "SUCCEEDED");
            return true;
        };
        let due: Vec<usize> = (0..run.actions.len())
            .filter(|at| def.actions.get(*at).is_some_and(|def| def.run_order == order))
            .filter(|at| run.actions.get(*at).is_some_and(|run| run.state == State::NotStarted))
            .collect();
        for action in &due {
            self.begin_action(stack, index, *action, stack.now());
            starts.push(Start {
                pipeline: self.definition.name.clone(),
                execution: self.id.clone(),
                stage: index,
                action: *action,
            });
        }
        !due.is_empty()
    }

    fn begin_action(&mut self, stack: &Stack, stage: usize, action: usize, now: Millis) {
        if let Some(run) = self.action_run(stage, action) {
            run.state = State::InProgress;
            run.started = Some(now);
        }
        self.tell_action(stack, stage, action);
    }

    /// Ends an action; `code` is empty when it succeeded.
    pub(super) fn end_action(&mut self, stack: &Stack, stage: usize, action: usize, code: &str, words: &str) {
        let now = stack.now();
        let Some(run) = self.action_run(stage, action) else { return };
        if run.state != State::InProgress {
            return;
        }
        run.state = if code.is_empty() { State::Succeeded } else { State::Failed };
        run.ended = Some(now);
        code.clone_into(&mut run.error_code);
        if !words.is_empty() {
            words.clone_into(&mut run.summary);
        }
        self.updated = now;
        self.tell_action(stack, stage, action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: usize, stage_state: State) -> Standing {
        Standing { state: State::InProgress, stage, stage_state }
    }

    #[test]
    fn a_queued_execution_waits_for_the_one_before_it() {
        let all = [at(1, State::InProgress), at(1, State::NotStarted), at(1, State::NotStarted)];
        assert_eq!(may_enter(Mode::Queued, &all, 1), None);
        let free = [at(2, State::InProgress), at(1, State::NotStarted), at(1, State::NotStarted)];
        assert_eq!(may_enter(Mode::Queued, &free, 1), Some(true));
        assert_eq!(may_enter(Mode::Queued, &free, 2), None);
    }

    #[test]
    fn a_waiting_execution_is_superseded_by_a_newer_one() {
        let all = [at(1, State::InProgress), at(1, State::NotStarted), at(1, State::NotStarted)];
        assert_eq!(may_enter(Mode::Superseded, &all, 1), Some(false));
        assert_eq!(may_enter(Mode::Superseded, &all, 2), None);
        assert_eq!(may_enter(Mode::Parallel, &all, 2), Some(true));
    }
}
