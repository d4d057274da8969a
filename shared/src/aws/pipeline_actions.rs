//! The deploy actions of a pipeline (<https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipeline.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::{PipelineAction, PipelineActions};
use crate::errors::Fault;
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ActionCategory, ActionDeclaration};

const SERVICE: &str = "CodePipeline";
const OPERATION: &str = "GetPipeline";

/// Pipelines through their API.
pub struct DeployActions {
    client: Lazy<Client>,
}

impl DeployActions {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CODEPIPELINE", Client::new) }
    }
}

impl PipelineActions for DeployActions {
    async fn deploys(&self, pipeline: &str) -> Result<Vec<PipelineAction>, Fault> {
        let answer = self.client.get_pipeline().name(pipeline).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, OPERATION, &error))?;
        let found = answer.pipeline().ok_or_else(|| Fault::Unreadable {
            service: SERVICE,
            operation: OPERATION,
            detail: format!("`{pipeline}` has no definition"),
        })?;
        Ok(found.stages().iter().flat_map(|stage| stage.actions()).filter_map(deploy).collect())
    }
}

fn deploy(action: &ActionDeclaration) -> Option<PipelineAction> {
    let kind = action.action_type_id().filter(|kind| kind.category() == &ActionCategory::Deploy)?;
    let setting = |name: &str| action.configuration()?.get(name).cloned();
    Some(PipelineAction {
        name: action.name().to_owned(),
        provider: kind.provider().to_owned(),
        service: setting("ServiceName"),
        group: setting("DeploymentGroupName"),
    })
}
