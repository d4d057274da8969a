//! One service deployment: stage after stage, each with its hooks, a shift of traffic in steps, and the way back
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>).
//!
//! At a shift's stage the weights move first and the hooks are asked then; on a rollback traffic goes back first, then the hooks of the shifts
//! that had taken place are asked again, production before test. A first deployment has nothing to go back to: it ends `STOPPED`. Not
//! imitated: the circuit breaker, limits of 24 hours for a stage and 30 days for a deployment, waiting for healthy targets, the ten minutes
//! that a network load balancer adds, steps of a first deployment (it shifts all at once).

use super::definitions::Definitions;
use super::hooks::{Run, RunStatus};
use super::service::{Service, TaskSet};
use super::settings::{Settings, Strategy, TimeoutAction};
use super::stage::Stage;
use super::tell;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::control_plane::Stack;

/// From the order for green's tasks to their steady state.
const SCALE_UP: Millis = MINUTE;
/// The same of a rolling deployment, which stops the old tasks meanwhile.
const ROLLING: Millis = 90 * SECOND;
/// To turn a rule of the load balancer.
const REROUTE: Millis = 5 * SECOND;

/// State of a service deployment, in the API's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    InProgress,
    Successful,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        match self {
            Self::InProgress | Self::RollbackRequested | Self::RollbackInProgress => false,
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed => true,
        }
    }
}

/// Where a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Enter,
    Asking,
    Working { until: Millis },
}

/// Why and when a deployment turned back.
#[derive(Debug, Clone)]
pub(crate) struct Rollback {
    pub(crate) reason: String,
    pub(crate) started: Millis,
    pub(crate) revision: String,
}

/// One service deployment.
#[derive(Debug, Clone)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    /// `ecs-svc/…`, as events and `DescribeServices` name it.
    pub(crate) id: String,
    pub(crate) settings: Settings,
    /// The revision that had the traffic; none at a first deployment.
    pub(crate) source: Option<String>,
    pub(crate) target: String,
    pub(crate) task_definition: String,
    pub(crate) target_group: String,
    pub(crate) status: Status,
    pub(crate) reason: String,
    pub(crate) stage: Stage,
    pub(crate) phase: Phase,
    /// Shifts whose hooks are still to be asked on the way back.
    pub(crate) back: Vec<Stage>,
    pub(crate) runs: Vec<Run>,
    /// The run that the current stage began with.
    pub(crate) from: usize,
    /// Alarms that rang at the start: they are ignored.
    pub(crate) ignored: Vec<String>,
    pub(crate) rung: Vec<String>,
    pub(crate) rollback: Option<Rollback>,
    /// Weights of green as they are, or were at the end.
    pub(crate) production: f64,
    pub(crate) test: f64,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) ended: Option<Millis>,
}

/// What a step may touch beside the service.
pub(crate) struct World<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) definitions: &'a Definitions,
}

impl ServiceDeployment {
    /// Runs of the current stage.
    pub(crate) fn current(&self) -> &[Run] {
        self.runs.get(self.from..).unwrap_or_default()
    }

    /// When something happens next by itself.
    pub(crate) fn next_due(&self) -> Option<Millis> {
        let work = match self.phase {
            Phase::Working { until } => Some(until),
            Phase::Enter | Phase::Asking => None,
        };
        let open = self.current().iter().filter(|run| run.status.is_open());
        let runs = open.flat_map(|run| [Some(run.expires()), run.due].into_iter().flatten());
        runs.chain(work).min()
    }

    /// One step at the stack's time; whether something moved.
    pub(crate) fn step(&mut self, service: &mut Service, world: &World<'_>) -> bool {
        if self.status.is_over() {
            return false;
        }
        if self.status == Status::RollbackRequested {
            let words = self.reason.clone();
            self.roll_back(service, world, &words);
            return true;
        }
        if self.alarmed(service, world) {
            return true;
        }
        let mut moved = self.expire(service, world.stack);
        moved |= self.ask(service, world.stack);
        let failed = self.current().iter().find(|run| match run.status {
            RunStatus::Failed => true,
            RunStatus::TimedOut => run.hook.action == TimeoutAction::Rollback,
            RunStatus::AwaitingAction | RunStatus::InProgress | RunStatus::Succeeded => false,
        });
        if let Some(run) = failed {
            let words = format!("the hook {} at {} failed: {}", run.id, run.stage.word(), run.reason);
            self.roll_back(service, world, &words);
            return true;
        }
        self.progress(service, world) || moved
    }

    fn progress(&mut self, service: &mut Service, world: &World<'_>) -> bool {
        let now = world.stack.now();
        match self.phase {
            Phase::Enter => {
                self.updated = now;
                self.enter(service, world);
                self.phase = Phase::Asking;
                true
            }
            Phase::Asking if self.current().iter().any(|run| run.status.is_open()) => false,
            Phase::Asking => {
                self.phase = Phase::Working { until: now + self.work() };
                true
            }
            Phase::Working { until } if now < until => false,
            Phase::Working { .. } => {
                self.leave(service, world);
                true
            }
        }
    }

    /// What a stage does at its beginning.
    fn enter(&mut self, service: &mut Service, world: &World<'_>) {
        let is_back = self.rollback.is_some();
        match self.stage {
            Stage::ReconcileService => {
                service.green = None;
                (service.production, service.test) = (0.0, 0.0);
                service.route(world.stack, world.definitions);
            }
            Stage::ScaleUp => self.set_target(service, world, false),
            Stage::TestTrafficShift if !is_back => self.test = 100.0,
            Stage::ProductionTrafficShift if !is_back && self.source.is_none() => self.production = 100.0,
            Stage::ProductionTrafficShift if !is_back => {
                self.production = self.settings.strategy.next(self.production).0;
            }
            Stage::TestTrafficShift | Stage::ProductionTrafficShift => {}
            Stage::PreScaleUp
            | Stage::PostScaleUp
            | Stage::PostTestTrafficShift
            | Stage::PreProductionTrafficShift
            | Stage::PostProductionTrafficShift
            | Stage::BakeTime
            | Stage::CleanUp => {}
        }
        self.route(service, world);
        self.from = self.runs.len();
        if self.settings.strategy != Strategy::Rolling {
            let word = self.stage.word();
            let hooks =
                self.settings.hooks.iter().filter(|hook| hook.stages.iter().any(|stage| stage == word));
            let now = world.stack.now();
            let runs: Vec<Run> = hooks.map(|hook| Run::new(hook, self.stage, now)).collect();
            for run in &runs {
                tell::hook(world.stack, service, self, run);
            }
            self.runs.extend(runs);
        }
    }

    /// How long a stage works after its hooks.
    fn work(&self) -> Millis {
        let rolling = self.settings.strategy == Strategy::Rolling;
        match self.stage {
            Stage::ScaleUp => {
                if rolling {
                    ROLLING
                } else {
                    SCALE_UP
                }
            }
            Stage::TestTrafficShift => REROUTE,
            Stage::ProductionTrafficShift if self.production >= 100.0 || self.rollback.is_some() => REROUTE,
            Stage::ProductionTrafficShift => self.bake_of_step(),
            Stage::BakeTime => self.settings.bake,
            Stage::CleanUp if self.rollback.is_some() => REROUTE,
            Stage::ReconcileService
            | Stage::PreScaleUp
            | Stage::PostScaleUp
            | Stage::PostTestTrafficShift
            | Stage::PreProductionTrafficShift
            | Stage::PostProductionTrafficShift
            | Stage::CleanUp => 0,
        }
    }

    fn bake_of_step(&self) -> Millis {
        match self.settings.strategy {
            Strategy::Rolling | Strategy::BlueGreen => 0,
            Strategy::Linear { bake, .. } | Strategy::Canary { bake, .. } => bake,
        }
    }

    /// What a stage does at its end, and what comes next.
    fn leave(&mut self, service: &mut Service, world: &World<'_>) {
        if self.stage == Stage::CleanUp {
            return self.finish(service, world);
        }
        if self.stage == Stage::ScaleUp {
            self.set_target(service, world, true);
        }
        self.phase = Phase::Enter;
        self.stage = if self.rollback.is_some() {
            self.back.pop().unwrap_or(Stage::CleanUp)
        } else if self.settings.strategy == Strategy::Rolling {
            Stage::CleanUp
        } else {
            self.stage.next(self.production)
        };
    }

    /// Makes the task set of the target revision, or sets its tasks running. A rolling deployment changes the one it has, at its end.
    fn set_target(&self, service: &mut Service, world: &World<'_>, running: bool) {
        if self.settings.strategy == Strategy::Rolling {
            if running {
                service.blue.task_definition.clone_from(&self.task_definition);
                service.register(world.stack, world.definitions, &service.blue);
            }
            return;
        }
        if self.source.is_none() {
            service.blue.running = running;
            service.register(world.stack, world.definitions, &service.blue);
            return;
        }
        let green = TaskSet {
            id: self.id.clone(),
            task_definition: self.task_definition.clone(),
            target_group: self.target_group.clone(),
            running,
        };
        service.register(world.stack, world.definitions, &green);
        service.green = Some(green);
    }

    pub(super) fn route(&self, service: &mut Service, world: &World<'_>) {
        if self.settings.strategy == Strategy::Rolling || self.source.is_none() {
            // The one task set has all there is; before its time it has nothing.
            if self.production >= 100.0 {
                service.route(world.stack, world.definitions);
            }
            return;
        }
        let moved = (service.production - self.production).abs() + (service.test - self.test).abs() > 0.0;
        (service.production, service.test) = (self.production, self.test);
        if moved {
            service.route(world.stack, world.definitions);
        }
    }

    fn finish(&mut self, service: &mut Service, world: &World<'_>) {
        if self.rollback.is_some() {
            if let Some(mut green) = service.green.take() {
                green.running = false;
                service.register(world.stack, world.definitions, &green);
            }
            return self.end(service, world.stack, Status::RollbackSuccessful);
        }
        service.promote(world.stack, world.definitions);
        self.production = 100.0;
        self.end(service, world.stack, Status::Successful);
    }

    pub(crate) fn end(&mut self, service: &Service, stack: &Stack, status: Status) {
        self.status = status;
        self.ended = Some(stack.now());
        self.updated = stack.now();
        tell::deployment(stack, service, self);
    }
}
