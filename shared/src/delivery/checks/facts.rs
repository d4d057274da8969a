//! What several checks look at, read once for all of them: the service, the deployment group, green's task definition and tasks.

use super::app_spec::{self, AppSpec};
use super::ports::{Group, Groups, Service, Services, TaskDefinition, Tasks};
use crate::delivery::check::{Check, State};
use crate::delivery::ports::Deployment;
use crate::delivery::watch::Engine;
use crate::errors::{Fault, chain};

/// Why something is not known.
#[derive(Debug, Clone)]
pub(super) enum Unknown {
    /// A service would not say.
    Fault(Fault),
    /// It is nowhere to be read.
    Words(String),
}

impl Unknown {
    /// In words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Fault(fault) => chain(fault),
            Self::Words(words) => words.clone(),
        }
    }

    /// The check that depended on it: asked again where waiting helps, open otherwise.
    pub(super) fn check(&self, id: &str) -> Check {
        let state = match self {
            Self::Fault(Fault::Transient { .. } | Fault::Conflict { .. }) => State::NotYet,
            Self::Fault(Fault::Denied { .. } | Fault::Missing { .. } | Fault::Unreadable { .. })
            | Self::Words(_) => State::Inconclusive,
        };
        Check::new(id, state, format!("{id}: {}", self.words()))
    }
}

impl From<Fault> for Unknown {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What is known of a deployment.
pub(super) struct Facts {
    /// Cluster and service.
    pub(super) place: Option<(String, String)>,
    /// The deployment group (`CodeDeploy`).
    pub(super) group: Option<Result<Group, Unknown>>,
    /// The `AppSpec` (`CodeDeploy`); none when it lies in a bucket.
    pub(super) spec: Option<Result<Option<AppSpec>, Unknown>>,
    /// The service.
    pub(super) service: Result<Service, Unknown>,
    /// Green's task definition.
    pub(super) definition: Result<TaskDefinition, Unknown>,
}

impl Facts {
    /// Reads them. What cannot be read is kept as such: each check says what that means to it.
    pub(super) async fn read(
        deployment: &Deployment,
        services: &impl Services,
        groups: &impl Groups,
    ) -> Self {
        let (mut group, mut spec) = (None, None);
        if deployment.engine() == Engine::CodeDeploy {
            group = Some(groups.group(deployment).await.map_err(Unknown::from));
            spec = Some(match groups.app_spec(&deployment.id).await {
                Ok(Some(text)) => app_spec::read(&text).map(Some).map_err(|words| {
                    Unknown::Words(format!("the AppSpec of the deployment cannot be read: {words}"))
                }),
                Ok(None) => Ok(None),
                Err(fault) => Err(fault.into()),
            });
        }
        let place = place(deployment, group.as_ref());
        let service = match &place {
            Some((cluster, service)) => services.service(cluster, service).await.map_err(Unknown::from),
            None => Err(Unknown::Words("neither the deployment nor its group names the service".to_owned())),
        };
        let definition = match definition_id(deployment, spec.as_ref(), &service) {
            Ok(id) => services.task_definition(&id).await.map_err(Unknown::from),
            Err(unknown) => Err(unknown),
        };
        Self { place, group, spec, service, definition }
    }

    /// Running and lately stopped tasks of the service.
    pub(super) async fn tasks(&self, services: &impl Services) -> Result<Tasks, Unknown> {
        match &self.place {
            Some((cluster, service)) => Ok(services.tasks(cluster, service).await?),
            None => Err(Unknown::Words("neither the deployment nor its group names the service".to_owned())),
        }
    }
}

fn place(deployment: &Deployment, group: Option<&Result<Group, Unknown>>) -> Option<(String, String)> {
    if !deployment.cluster.is_empty() && !deployment.service.is_empty() {
        return Some((deployment.cluster.clone(), deployment.service.clone()));
    }
    group?.as_ref().ok()?.services.first().cloned()
}

/// Which task definition green runs: as ECS says, as the `AppSpec` asks for, or that of the task set that `CodeDeploy` made.
fn definition_id(
    deployment: &Deployment,
    spec: Option<&Result<Option<AppSpec>, Unknown>>,
    service: &Result<Service, Unknown>,
) -> Result<String, Unknown> {
    let green = deployment.green().map(|green| green.task_definition.as_str()).filter(|arn| !arn.is_empty());
    if let Some(green) = green {
        return Ok(green.to_owned());
    }
    if let Some(Ok(Some(AppSpec { task_definition: Some(id), .. }))) = spec {
        return Ok(id.clone());
    }
    let own = |set: &&(String, String)| set.0 == deployment.id && !set.1.is_empty();
    if let Some((_, definition)) =
        service.as_ref().ok().and_then(|service| service.task_sets.iter().find(own))
    {
        return Ok(definition.clone());
    }
    Err(match (spec, service) {
        (Some(Err(unknown)), _) => unknown.clone(),
        (_, Err(unknown)) => unknown.clone(),
        (Some(Ok(_)) | None, Ok(_)) => {
            Unknown::Words("neither the AppSpec nor a task set names green's task definition".to_owned())
        }
    })
}
