//! Both engines as one: a deployment's id says which of them moves its traffic.

use super::Aws;
use super::deployments::CodeDeploy;
use super::service_deployments::EcsDeployments;
use crate::delivery::ports::{Deployment, Deployments, Hooks, Pauses};
use crate::delivery::watch::Engine;
use crate::errors::Fault;

/// CodeDeploy and ECS.
pub struct Engines {
    code_deploy: CodeDeploy,
    ecs: EcsDeployments,
}

impl Engines {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { code_deploy: CodeDeploy::new(aws), ecs: EcsDeployments::new(aws) }
    }
}

impl Deployments for Engines {
    async fn describe(&self, id: &str) -> Result<Deployment, Fault> {
        match Engine::of(id) {
            Engine::CodeDeploy => self.code_deploy.describe(id).await,
            Engine::Ecs => self.ecs.describe(id).await,
        }
    }

    async fn stop(&self, id: &str, roll_back: bool) -> Result<(), Fault> {
        match Engine::of(id) {
            Engine::CodeDeploy => self.code_deploy.stop(id, roll_back).await,
            Engine::Ecs => self.ecs.stop(id, roll_back).await,
        }
    }
}

impl Hooks for Engines {
    async fn answer_hook(&self, id: &str, hook: &str, succeeded: bool) -> Result<(), Fault> {
        self.code_deploy.answer_hook(id, hook, succeeded).await
    }
}

impl Pauses for Engines {
    async fn resume(&self, id: &str, hook: &str, go_on: bool) -> Result<(), Fault> {
        self.ecs.resume(id, hook, go_on).await
    }
}
