//! The control plane: CodePipeline, CodeBuild, CodeDeploy, ECS, Elastic Load Balancing, CloudWatch minutes and ECR as state machines on one
//! clock that is advanced by hand.
//!
//! Every service is a state behind a lock, a `call` (one API operation) and a `step` (what is due now). [`Stack::settle`] steps everything until
//! nothing moves and no function runs; [`Stack::advance`] moves the clock from one due moment to the next. Nothing here decides about a
//! release: it stores, replays and breaks things.

pub mod cloudwatch;
pub mod codebuild;
pub mod codedeploy;
pub mod codepipeline;
pub mod credentials;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod lambda;
#[cfg(test)]
pub(crate) mod test_world;
pub mod traffic;

use crate::clock::{Clock, MINUTE, Millis};
use crate::emulator::Emulator;
use crate::events::Events;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::protocol::Protocol;
use crate::rules::Rules;
use axum::http::StatusCode;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Account of the local stack, as the emulator has it.
pub const ACCOUNT: &str = "000000000000";
/// Its region.
pub const REGION: &str = "us-east-1";
/// How often a waiting driver looks whether functions have ended, in real time.
const GLANCE: Duration = Duration::from_millis(4);

/// An error of an API, with the code that the service's model gives it.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// Error code.
    pub code: String,
    /// Words.
    pub message: String,
    /// HTTP status.
    pub status: StatusCode,
}

impl ApiError {
    /// A client's error (400).
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned(), status: StatusCode::BAD_REQUEST }
    }

    /// A server's error (500).
    #[must_use]
    pub fn internal(message: &str) -> Self {
        Self {
            code: "InternalFailure".to_owned(),
            message: message.to_owned(),
            status: StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// An operation that exists on AWS and not here.
    #[must_use]
    pub fn not_imitated(operation: &str) -> Self {
        Self::new("UnknownOperationException", &format!("{operation} is not imitated here"))
    }
}

/// How the stack is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// The sample platform's folder (recorded artifacts, pipelines).
    pub platform: PathBuf,
}

/// Everything that stands in for the cloud.
pub struct Stack {
    /// The virtual clock.
    pub clock: Clock,
    /// Options.
    pub options: Options,
    /// Wire protocols and models.
    pub protocol: Protocol,
    /// The data plane.
    pub emulator: Emulator,
    /// Events on their way to the rules.
    pub events: Events,
    /// Rules of the bus.
    pub rules: Rules,
    /// What happened.
    pub journal: Journal,
    /// Armed faults.
    pub faults: Faults,
    /// Asynchronous invocations.
    pub lambda: lambda::Invocations,
    /// Temporary credentials of jobs.
    pub credentials: credentials::Credentials,
    /// Requests to the services.
    pub traffic: traffic::Traffic,
    /// CodePipeline.
    pub codepipeline: codepipeline::CodePipeline,
    /// CodeBuild.
    pub codebuild: codebuild::CodeBuild,
    /// CodeDeploy.
    pub codedeploy: codedeploy::CodeDeploy,
    /// ECS.
    pub ecs: ecs::Ecs,
    /// Elastic Load Balancing.
    pub elb: elb::Elb,
    /// CloudWatch.
    pub cloudwatch: cloudwatch::CloudWatch,
    /// ECR.
    pub ecr: ecr::Ecr,
    /// Outputs of the deployed Tidegate stack, since it was seeded.
    pub outputs: std::sync::Mutex<Value>,
    driving: tokio::sync::Mutex<()>,
    advancing: tokio::sync::Mutex<()>,
}

impl Stack {
    /// An empty stack.
    #[must_use]
    pub fn new(clock: Clock, options: Options, protocol: Protocol, emulator: Emulator) -> Self {
        Self {
            events: Events::default(),
            journal: Journal::new(clock.clone()),
            clock,
            options,
            protocol,
            emulator,
            rules: Rules::default(),
            faults: Faults::default(),
            lambda: lambda::Invocations::default(),
            credentials: credentials::Credentials::default(),
            traffic: traffic::Traffic::default(),
            codepipeline: codepipeline::CodePipeline::default(),
            codebuild: codebuild::CodeBuild::default(),
            codedeploy: codedeploy::CodeDeploy::default(),
            ecs: ecs::Ecs::default(),
            elb: elb::Elb::default(),
            cloudwatch: cloudwatch::CloudWatch::default(),
            ecr: ecr::Ecr::default(),
            outputs: std::sync::Mutex::default(),
            driving: tokio::sync::Mutex::default(),
            advancing: tokio::sync::Mutex::default(),
        }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// One API operation of a service.
    ///
    /// # Errors
    /// The service's own errors; `UnknownOperationException` for what is not imitated.
    pub async fn call(
        self: &Arc<Self>,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ApiError> {
        match service {
            "codepipeline" => self.codepipeline.call(self, operation, input),
            "codebuild" => self.codebuild.call(self, operation, input).await,
            "codedeploy" => self.codedeploy.call(self, operation, input),
            "ecs" => self.ecs.call(self, operation, input),
            "elb" => self.elb.call(self.now(), operation, input),
            "cloudwatch" => self.cloudwatch.call(self, operation, input),
            "ecr" => self.ecr.call(operation, input),
            other => Err(ApiError::new("UnknownOperationException", &format!("no service `{other}`"))),
        }
    }

    /// One API operation, checked against its model first: what seeding and pipeline actions use.
    ///
    /// # Errors
    /// As [`Stack::call`], and `ValidationException`.
    pub async fn checked_call(
        self: &Arc<Self>,
        service: &str,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ApiError> {
        self.protocol.check(service, operation, input)?;
        self.call(service, operation, input).await
    }

    /// Steps everything until nothing moves and no function runs. The clock stands still.
    pub async fn settle(self: &Arc<Self>) {
        let _driver = self.driving.lock().await;
        loop {
            let mut moved = self.lambda.step(self);
            moved |= self.codepipeline.step(self).await;
            moved |= self.codebuild.step(self).await;
            moved |= self.codedeploy.step(self);
            moved |= self.ecs.step(self);
            moved |= self.events.step(self).await;
            if moved {
                continue;
            }
            if self.lambda.running() == 0 {
                return;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Moves the clock forward by `by`, stopping at every due moment and every minute.
    pub async fn advance(self: &Arc<Self>, by: Millis) {
        let _turn = self.advancing.lock().await;
        let target = self.now() + by;
        loop {
            self.settle().await;
            let now = self.now();
            if now >= target {
                return;
            }
            let minute = (now.div_euclid(MINUTE) + 1) * MINUTE;
            let due = self.next_due(now).unwrap_or(target);
            let next = target.min(minute).min(due);
            self.traffic.accrue(next);
            self.clock.move_to(next);
            if next == minute {
                self.settle().await;
                self.rules.fire(self);
            }
        }
    }

    fn next_due(&self, now: Millis) -> Option<Millis> {
        [
            self.lambda.next_due(),
            self.codepipeline.next_due(now),
            self.codebuild.next_due(),
            self.codedeploy.next_due(),
            self.ecs.next_due(),
            self.events.next_due(),
        ]
        .into_iter()
        .flatten()
        .filter(|due| *due > now)
        .min()
    }

    /// Keeps things moving while nobody advances the clock: what a function started is carried on.
    pub async fn drive(self: Arc<Self>) {
        loop {
            self.settle().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// An ARN of a service of this account.
#[must_use]
pub fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

/// Without members that are null: the APIs leave them out.
pub(crate) fn strip(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, v)| (k, strip(v)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(strip).collect::<Vec<_>>().into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_null_is_left_out() {
        assert_eq!(strip(json!({"a": null, "b": [{"c": null}]})).to_string(), r#"{"b":[{}]}"#);
    }
}
