//! What releases are carried by: pipelines of CodePipeline, projects of CodeBuild.
//!
//! Must not: decide; an order says what it is for.

use crate::aws::builds::CodeBuilds;
use crate::aws::pipelines::CodePipelines;
use crate::errors::Fault;
use crate::source::ports::{Runners, StartOrder};
use crate::source::routes::Runner;

/// The account's pipelines and projects.
pub struct AccountRunners {
    /// Pipelines.
    pub pipelines: CodePipelines,
    /// Projects.
    pub builds: CodeBuilds,
}

impl Runners for AccountRunners {
    async fn find_release(
        &self,
        runner: Runner,
        name: &str,
        release_id: &str,
    ) -> Result<Option<String>, Fault> {
        match runner {
            Runner::Pipeline => self.pipelines.find_release(name, release_id).await,
            Runner::Build => self.builds.find_release(name, release_id).await,
        }
    }

    async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        match order.runner {
            Runner::Pipeline => self.pipelines.start(order).await,
            Runner::Build => self.builds.start(order).await,
        }
    }

    async fn stop_build(&self, build_id: &str) -> Result<(), Fault> {
        self.builds.stop(build_id).await
    }
}
