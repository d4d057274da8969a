//! The way back: rollbacks, deployments that others take the place of, alarms.
//!
//! Traffic goes back at once; then the hooks of the shifts that had taken place are asked again, production before test.

use super::deployment::{Phase, Rollback, ServiceDeployment, Status, World};
use super::service::Service;
use super::stage::Stage;
use crate::control_plane::Stack;

impl ServiceDeployment {
    /// Turns back, for a reason; what already turns back fails.
    pub(super) fn roll_back(&mut self, service: &mut Service, world: &World<'_>, words: &str) {
        let now = world.stack.now();
        self.reason = words.to_owned();
        self.close_runs(service, world.stack);
        if self.rollback.is_some() {
            return self.end(service, world.stack, Status::RollbackFailed);
        }
        let Some(source) = self.source.clone() else {
            (self.production, self.test) = (0.0, 0.0);
            service.blue.running = false;
            service.register(world.stack, world.definitions, &service.blue);
            service.route(world.stack, world.definitions);
            return self.end(service, world.stack, Status::Stopped);
        };
        // Popped from the end: production first.
        self.back = [(Stage::TestTrafficShift, self.test), (Stage::ProductionTrafficShift, self.production)]
            .into_iter()
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(stage, _)| stage)
            .collect();
        (self.production, self.test) = (0.0, 0.0);
        self.rollback = Some(Rollback { reason: words.to_owned(), started: now, revision: source });
        self.status = Status::RollbackInProgress;
        self.updated = now;
        self.route(service, world);
        self.stage = self.back.pop().unwrap_or(Stage::CleanUp);
        self.phase = Phase::Enter;
    }

    /// Another deployment takes its place. It has not failed: nothing on the bus says so.
    pub(super) fn supersede(&mut self, service: &Service, stack: &Stack) {
        self.close_runs(service, stack);
        "another deployment of the service was started".clone_into(&mut self.reason);
        self.status = Status::Stopped;
        self.ended = Some(stack.now());
        self.updated = stack.now();
    }

    /// An alarm that begins to ring turns the deployment back, or ends it where the service wants no rollback.
    pub(super) fn alarmed(&mut self, service: &mut Service, world: &World<'_>) -> bool {
        if !self.settings.alarms.enabled || self.rollback.is_some() {
            return false;
        }
        let mut ringing = world.stack.cloudwatch.ringing(&self.settings.alarms.names);
        ringing.retain(|name| !self.ignored.contains(name));
        if ringing.is_empty() {
            return false;
        }
        let words = format!("the alarm `{}` went to ALARM", ringing.join("`, `"));
        self.rung = ringing;
        if self.settings.alarms.rollback {
            self.roll_back(service, world, &words);
        } else {
            self.close_runs(service, world.stack);
            self.reason = words;
            self.end(service, world.stack, Status::Stopped);
        }
        true
    }
}
