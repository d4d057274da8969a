//! One deployment: its lifecycle, its hooks with their hour, its shift of traffic, its end.

use super::appspec::AppSpec;
use super::config::Shift;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::control_plane::Stack;
use crate::control_plane::ecs::{TaskSet, View};
use crate::values::uuid;
use serde_json::json;

/// A hook's time to answer.
const HOOK_PATIENCE: Millis = 3600 * SECOND;
/// From the order for green's tasks to their steady state.
const INSTALL: Millis = MINUTE;
/// To turn the test listener, or traffic back.
const REROUTE: Millis = 5 * SECOND;
/// Creator of a rollback.
pub(crate) const ROLLBACK: &str = "codeDeployRollback";

/// Lifecycle events of a deployment to ECS, in order; the flag says whether they are hooks.
const EVENTS: [(&str, bool); 8] = [
    ("BeforeInstall", true),
    ("Install", false),
    ("AfterInstall", true),
    ("AllowTestTraffic", false),
    ("AfterAllowTestTraffic", true),
    ("BeforeAllowTraffic", true),
    ("AllowTraffic", false),
    ("AfterAllowTraffic", true),
];

/// State of a lifecycle event, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventState {
    Pending,
    InProgress,
    Succeeded,
    Failed,
    Skipped,
}

impl EventState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        }
    }
}

/// One lifecycle event.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    pub(crate) name: &'static str,
    pub(crate) state: EventState,
    /// Function, for hooks that have one.
    pub(crate) function: Option<String>,
    /// Id under which the hook is answered.
    pub(crate) hook: Option<String>,
    pub(crate) started: Option<Millis>,
    pub(crate) ended: Option<Millis>,
    pub(crate) message: String,
    /// Whether the hook was answered under its id.
    pub(crate) answered: bool,
}

/// Where the service is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) cluster: String,
    pub(crate) service: String,
}

/// One deployment.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) application: String,
    pub(crate) group: String,
    pub(crate) config: String,
    pub(crate) creator: String,
    pub(crate) status: String,
    pub(crate) spec: AppSpec,
    pub(crate) content: String,
    pub(crate) place: Place,
    pub(crate) green_group: String,
    pub(crate) lifecycle: Vec<Lifecycle>,
    pub(crate) shift: Shift,
    pub(crate) weight: f64,
    /// Percent of test traffic on green.
    pub(crate) test: f64,
    /// Alarms that stop it.
    pub(crate) alarms: Vec<String>,
    pub(crate) error: Option<(String, String)>,
    pub(crate) rollback: Option<String>,
    pub(crate) triggered_by: Option<String>,
    pub(crate) termination_wait: Millis,
    pub(crate) created: Millis,
    pub(crate) ended: Option<Millis>,
    /// Task sets as they were last, for descriptions after the end.
    pub(crate) last: Option<View>,
}

impl Deployment {
    /// The events of a new deployment.
    pub(crate) fn events(spec: &AppSpec) -> Vec<Lifecycle> {
        let one = |(name, is_hook): (&'static str, bool)| Lifecycle {
            name,
            state: EventState::Pending,
            function: spec.hooks.get(name).filter(|_| is_hook).cloned(),
            hook: None,
            started: None,
            ended: None,
            message: String::new(),
            answered: false,
        };
        EVENTS.into_iter().map(one).collect()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    fn is_rollback(&self) -> bool {
        self.creator == ROLLBACK
    }

    fn current(&mut self) -> Option<&mut Lifecycle> {
        self.lifecycle
            .iter_mut()
            .find(|event| matches!(event.state, EventState::Pending | EventState::InProgress))
    }

    fn done_at(&self) -> Option<Millis> {
        self.lifecycle.iter().filter_map(|event| event.ended).max()
    }

    /// When something happens next by itself.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        if self.is_over() {
            return None;
        }
        let current = self
            .lifecycle
            .iter()
            .find(|event| matches!(event.state, EventState::Pending | EventState::InProgress));
        match current {
            None => self.done_at().map(|at| at + self.termination_wait),
            Some(event) => {
                let started = event.started?;
                Some(match event.name {
                    "Install" => started + INSTALL,
                    "AllowTestTraffic" => started + REROUTE,
                    "AllowTraffic" => {
                        self.shift.next_after(started, self.weight).map_or(started, |(at, _)| at)
                    }
                    _ => started + HOOK_PATIENCE,
                })
            }
        }
    }

    /// One step at the stack's time; whether something moved.
    pub(crate) fn step(&mut self, stack: &Stack) -> bool {
        if self.is_over() {
            return false;
        }
        if self.is_rollback() {
            return self.step_back(stack);
        }
        let now = stack.now();
        let ringing = stack.cloudwatch.ringing(&self.alarms);
        if !ringing.is_empty() {
            let words = format!("the alarm `{}` is in state ALARM", ringing.join("`, `"));
            self.fail("ALARM_ACTIVE", &words, "Stopped", now);
            return true;
        }
        let Some(event) = self.current() else {
            return self.finish(stack, now);
        };
        match (event.state, event.started) {
            (EventState::Pending, _) => {
                self.begin(stack, now);
                true
            }
            (_, Some(started)) => self.go_on(stack, started, now),
            (_, None) => false,
        }
    }

    fn begin(&mut self, stack: &Stack, now: Millis) {
        let id = self.id.clone();
        let Some(event) = self.current() else { return };
        let is_hook = EVENTS.iter().any(|(name, is_hook)| *name == event.name && *is_hook);
        event.started = Some(now);
        event.state = EventState::InProgress;
        match (&event.function, is_hook) {
            (Some(function), _) => {
                let hook = format!("eyJ{}", uuid().replace('-', ""));
                let payload = json!({"DeploymentId": id, "LifecycleEventHookExecutionId": hook});
                stack.lambda.invoke(function, payload);
                event.hook = Some(hook);
            }
            (None, true) => {
                event.state = EventState::Skipped;
                event.ended = Some(now);
            }
            (None, false) => {
                if event.name == "Install" {
                    self.set_green(stack, false);
                }
            }
        }
    }

    fn go_on(&mut self, stack: &Stack, started: Millis, now: Millis) -> bool {
        let id = self.id.clone();
        let Some(event) = self.current() else { return false };
        match event.name {
            "Install" if now >= started + INSTALL => {
                self.set_green(stack, true);
                self.end_event(EventState::Succeeded, now, "");
                true
            }
            "AllowTestTraffic" if now >= started + REROUTE => {
                self.test = 100.0;
                self.route(stack);
                self.end_event(EventState::Succeeded, now, "");
                true
            }
            "AllowTraffic" => self.shift_on(stack, started, now),
            "Install" | "AllowTestTraffic" => false,
            name if now >= started + HOOK_PATIENCE => {
                stack.journal.add(
                    "unanswered-hook",
                    json!({"deployment": id, "hook": event.hook, "stage": name, "function": event.function}),
                );
                let words = format!("the hook at {name} did not answer within {} s", HOOK_PATIENCE / SECOND);
                self.end_event(EventState::Failed, now, &words);
                self.fail("HOOK_EXECUTION_FAILURE", &words, "Failed", now);
                true
            }
            _ => false,
        }
    }

    fn shift_on(&mut self, stack: &Stack, started: Millis, now: Millis) -> bool {
        match self.shift.next_after(started, self.weight) {
            Some((at, weight)) if at <= now => {
                self.weight = weight;
                self.route(stack);
                true
            }
            Some(_) => false,
            None => {
                self.end_event(EventState::Succeeded, now, "");
                true
            }
        }
    }

    fn end_event(&mut self, state: EventState, now: Millis, message: &str) {
        if let Some(event) = self.current() {
            event.state = state;
            event.ended = Some(now);
            message.clone_into(&mut event.message);
        }
    }

    /// Takes a hook's answer.
    pub(crate) fn answer(&mut self, index: usize, succeeded: bool, now: Millis) {
        let Some(event) = self.lifecycle.get_mut(index) else { return };
        event.answered = true;
        event.state = if succeeded { EventState::Succeeded } else { EventState::Failed };
        event.ended = Some(now);
        if !succeeded {
            let words = format!("the hook at {} answered Failed", event.name);
            event.message.clone_from(&words);
            self.fail("HOOK_EXECUTION_FAILURE", &words, "Failed", now);
        }
    }

    /// Ends the deployment without success.
    pub(crate) fn fail(&mut self, code: &str, words: &str, status: &str, now: Millis) {
        self.error = Some((code.to_owned(), words.to_owned()));
        status.clone_into(&mut self.status);
        self.ended = Some(now);
        for event in &mut self.lifecycle {
            match event.state {
                EventState::Pending => event.state = EventState::Skipped,
                EventState::InProgress => {
                    event.state = EventState::Failed;
                    event.ended = Some(now);
                }
                EventState::Succeeded | EventState::Failed | EventState::Skipped => {}
            }
        }
    }

    fn finish(&mut self, stack: &Stack, now: Millis) -> bool {
        if self.done_at().is_some_and(|at| now < at + self.termination_wait) {
            return false;
        }
        self.last = stack.ecs.view(&self.place.cluster, &self.place.service);
        stack.ecs.promote(stack, &self.place.cluster, &self.place.service);
        "Succeeded".clone_into(&mut self.status);
        self.ended = Some(now);
        self.weight = 100.0;
        self.settle_traffic(stack);
        true
    }

    /// A rollback: traffic goes back at once, then green goes.
    fn step_back(&mut self, stack: &Stack) -> bool {
        let now = stack.now();
        if self.lifecycle.iter().all(|event| event.started.is_none()) {
            for event in &mut self.lifecycle {
                event.started = Some(now);
                event.ended = Some(now);
                let moves = matches!(event.name, "Install" | "AllowTraffic");
                event.state = if moves { EventState::Succeeded } else { EventState::Skipped };
            }
            self.settle_traffic(stack);
            return true;
        }
        if self.done_at().is_some_and(|at| now < at + REROUTE) {
            return false;
        }
        self.last = stack.ecs.view(&self.place.cluster, &self.place.service);
        stack.ecs.set_green(stack, &self.place.cluster, &self.place.service, None);
        "Succeeded".clone_into(&mut self.status);
        self.ended = Some(now);
        true
    }

    fn set_green(&self, stack: &Stack, running: bool) {
        let green = TaskSet {
            id: format!("ecs-svc/{}", self.id.trim_start_matches("d-")),
            task_definition: self.spec.task_definition.clone(),
            target_group: self.green_group.clone(),
            running,
        };
        stack.ecs.set_green(stack, &self.place.cluster, &self.place.service, Some(green));
    }

    fn route(&self, stack: &Stack) {
        stack.ecs.shift(stack, (&self.place.cluster, &self.place.service), self.weight, self.test);
    }

    /// All traffic to the task set that is the service's own.
    fn settle_traffic(&self, stack: &Stack) {
        stack.ecs.shift(stack, (&self.place.cluster, &self.place.service), 0.0, 0.0);
    }

    /// Whether the wait before blue is terminated has begun.
    pub(crate) fn waits_to_terminate(&self) -> bool {
        let shifted = self.lifecycle.iter().all(|event| {
            matches!(event.state, EventState::Succeeded | EventState::Skipped) && event.ended.is_some()
        });
        shifted && !self.is_rollback()
    }

    /// Task sets as they are, or were last.
    pub(crate) fn task_sets(&self, stack: &Stack) -> Option<View> {
        if self.is_over() {
            self.last.clone()
        } else {
            stack.ecs.view(&self.place.cluster, &self.place.service)
        }
    }
}
