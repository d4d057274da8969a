//! Hooks of a service deployment while they are asked: invocations and their answers, people's answers, and hooks that nobody answers.

use super::deployment::ServiceDeployment;
use super::hooks::{Answer, Run, RunStatus};
use super::service::Service;
use super::settings::Target;
use super::stage::Stage;
use super::tell;
use crate::clock::MINUTE;
use crate::control_plane::Stack;
use crate::control_plane::lambda::Asker;
use serde_json::{Value, json};

impl ServiceDeployment {
    /// What is still asked is not asked any more.
    pub(super) fn close_runs(&mut self, service: &Service, stack: &Stack) {
        for index in self.from..self.runs.len() {
            let Some(run) = self.runs.get_mut(index).filter(|run| run.status.is_open()) else { continue };
            run.status = RunStatus::Failed;
            "the deployment turned back".clone_into(&mut run.reason);
            let run = run.clone();
            tell::hook(stack, service, self, &run);
        }
        self.from = self.runs.len();
    }

    /// Ends the hooks whose time is over; whether there was one.
    pub(super) fn expire(&mut self, service: &Service, stack: &Stack) -> bool {
        let now = stack.now();
        let mut any = false;
        for index in self.from..self.runs.len() {
            let due = |run: &&mut Run| run.status.is_open() && now >= run.expires();
            let Some(run) = self.runs.get_mut(index).filter(due) else { continue };
            run.status = RunStatus::TimedOut;
            run.reason = format!("it was not answered within {} minutes", run.hook.timeout / MINUTE);
            let run = run.clone();
            stack.journal.add(
                "unanswered-hook",
                json!({"serviceDeployment": self.arn, "hook": run.id, "stage": run.stage.word(),
                    "function": function(&run), "calls": run.calls, "action": run.hook.action.word()}),
            );
            tell::hook(stack, service, self, &run);
            any = true;
        }
        any
    }

    /// Invokes the functions whose time has come; whether there was one.
    pub(super) fn ask(&mut self, service: &Service, stack: &Stack) -> bool {
        let (now, weights, arn) = (stack.now(), self.weights(), service.arn());
        let mut any = false;
        for run in self.runs.get_mut(self.from..).unwrap_or_default() {
            let (Target::Lambda(function), Some(_)) = (&run.hook.target, run.due.filter(|due| *due <= now))
            else {
                continue;
            };
            let function = function.clone();
            if !run.status.is_open() {
                continue;
            }
            run.due = None;
            run.calls += 1;
            let shift = matches!(run.stage, Stage::TestTrafficShift | Stage::ProductionTrafficShift);
            let weights = if shift { weights.clone() } else { [json!({}), json!({})] };
            let request = run.request([&self.arn, &arn, &self.target], weights);
            let asker = Asker {
                cluster: service.cluster.clone(),
                service: service.name.clone(),
                hook: run.id.clone(),
            };
            stack.lambda.ask(&function, request, asker);
            any = true;
        }
        any
    }

    /// Weights of test and production, by revision.
    fn weights(&self) -> [Value; 2] {
        [self.test, self.production].map(|green| match &self.source {
            Some(source) => json!({source: 100.0 - green, self.target.as_str(): green}),
            None => json!({self.target.as_str(): green}),
        })
    }

    /// Takes the answer of a function; whether somebody was waiting for it.
    pub(super) fn answered(&mut self, service: &Service, stack: &Stack, hook: &str, answer: Answer) -> bool {
        let Some(run) = self.runs.iter_mut().find(|run| run.id == hook) else { return false };
        stack.journal.add(
            "hook-call",
            json!({"serviceDeployment": self.arn, "hook": hook, "stage": run.stage.word(), "call": run.calls,
                "function": function(run), "answer": format!("{answer:?}"), "late": !run.status.is_open()}),
        );
        if !run.status.is_open() {
            return false;
        }
        run.take(answer, stack.now());
        let run = run.clone();
        if !run.status.is_open() {
            tell::hook(stack, service, self, &run);
        }
        true
    }

    /// Takes a person's answer to a pause; whether it waits under this id.
    pub(super) fn continued(&mut self, service: &Service, stack: &Stack, hook: &str, go_on: bool) -> bool {
        let waits = |run: &&mut Run| run.id == hook && run.status == RunStatus::AwaitingAction;
        let Some(run) = self.runs.iter_mut().find(waits) else { return false };
        let answer =
            if go_on { Answer::Succeeded } else { Answer::Failed("ROLLBACK was asked for".to_owned()) };
        run.take(answer, stack.now());
        let run = run.clone();
        tell::hook(stack, service, self, &run);
        true
    }
}

impl Service {
    /// Takes the answer of a hook's function, if somebody waits for it.
    pub(super) fn answered(&mut self, stack: &Stack, hook: &str, answer: Answer) {
        let Some(mut active) = self.active.take() else { return };
        active.answered(self, stack, hook, answer);
        self.active = Some(active);
    }
}

/// The function of a run; null for a pause.
pub(super) fn function(run: &Run) -> Value {
    match &run.hook.target {
        Target::Lambda(function) => function.rsplit(':').next().unwrap_or_default().into(),
        Target::Pause => Value::Null,
    }
}
