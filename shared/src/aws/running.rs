//! What an ECS service runs: `DescribeServices` and `DescribeTaskDefinition`
//! (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::revision::{Running, Services};
use crate::errors::Fault;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::Service;

const SERVICE: &str = "ECS";
const DESCRIBE: &str = "DescribeServices";

/// ECS through its API.
pub struct EcsServices {
    client: Lazy<Client>,
}

impl EcsServices {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("ECS", Client::new) }
    }

    async fn images(&self, definition: &str) -> Result<Vec<(String, String)>, Fault> {
        let answer = self.client.describe_task_definition().task_definition(definition).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "DescribeTaskDefinition", &error))?;
        let containers =
            answer.task_definition().map(|found| found.container_definitions()).unwrap_or_default();
        let pair = |container: &aws_sdk_ecs::types::ContainerDefinition| {
            Some((container.name()?.to_owned(), container.image()?.to_owned()))
        };
        Ok(containers.iter().filter_map(pair).collect())
    }
}

impl Services for EcsServices {
    async fn running(&self, cluster: &str, service: &str) -> Result<Running, Fault> {
        let answer = self.client.describe_services().cluster(cluster).services(service).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, DESCRIBE, &error))?;
        let found = answer.services().iter().find(|found| found.status() == Some("ACTIVE"));
        let missing = || Fault::Missing {
            service: SERVICE,
            operation: DESCRIBE,
            detail: format!("no active service `{service}` in cluster `{cluster}`"),
        };
        let primary = primary(found.ok_or_else(missing)?).ok_or_else(missing)?;
        let images = self.images(&primary.task_definition).await?;
        let short = primary.task_definition.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Running { task_definition: short, images, ..primary })
    }
}

/// The primary task set of a service that CodeDeploy moves, otherwise the primary deployment.
fn primary(service: &Service) -> Option<Running> {
    let count = |count: i32| u64::try_from(count).unwrap_or(0);
    if let Some(set) = service.task_sets().iter().find(|set| set.status() == Some("PRIMARY")) {
        return Some(Running {
            task_definition: set.task_definition()?.to_owned(),
            images: Vec::new(),
            desired: count(set.computed_desired_count()),
            running: count(set.running_count()),
            is_settled: service.task_sets().len() == 1,
            message: None,
        });
    }
    let deployment = service.deployments().iter().find(|found| found.status() == Some("PRIMARY"))?;
    let state = deployment.rollout_state().map_or("", |state| state.as_str());
    Some(Running {
        task_definition: deployment.task_definition()?.to_owned(),
        images: Vec::new(),
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        // A state that is not known is not settled.
        is_settled: matches!(state, "COMPLETED" | "FAILED") && service.deployments().len() == 1,
        message: deployment.rollout_state_reason().filter(|words| !words.is_empty()).map(ToOwned::to_owned),
    })
}
