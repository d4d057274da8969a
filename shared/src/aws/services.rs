//! ECS services, their task definitions and tasks, for the checks before traffic
//! (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html>).
//!
//! ECS keeps a stopped task for an hour at least. Its clock is the `Date` of its answer: how old an end is must not depend on ours.

use super::{Aws, Lazy, classify};
use crate::delivery::checks::describe::{Balancer, LifecycleHook, Service, ServiceAlarms};
use crate::delivery::checks::ports::{Container, LogPlace, Services, Task, TaskDefinition, Tasks};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecs::error::BoxError;
use aws_sdk_ecs::primitives::{DateTime, DateTimeFormat};
use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentConfiguration, DesiredStatus, LoadBalancer, LogDriver,
    Service as Described, Task as Listed, TaskDefinitionField, TaskStopCode,
};
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use std::sync::{Arc, Mutex, PoisonError};

const SERVICE: &str = "ECS";
/// Most tasks of one `DescribeTasks`.
const MAX_TASKS: usize = 100;
/// Most pages of tasks.
const MAX_PAGES: usize = 50;

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

    async fn arns(&self, cluster: &str, service: &str, status: DesiredStatus) -> Result<Vec<String>, Fault> {
        let (mut arns, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let call = self.client.list_tasks().cluster(cluster).service_name(service);
            let call = call.desired_status(status.clone()).set_next_token(token);
            let answer = call.send().await.map_err(|error| classify(SERVICE, "ListTasks", &error))?;
            arns.extend(answer.task_arns().iter().cloned());
            token = answer.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                return Ok(arns);
            }
        }
        Err(unreadable("ListTasks", format!("more than {MAX_PAGES} pages")))
    }
}

impl Services for EcsServices {
    async fn service(&self, cluster: &str, service: &str) -> Result<Service, Fault> {
        let operation = "DescribeServices";
        let answer = self.client.describe_services().cluster(cluster).services(service).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, operation, &error))?;
        let found = answer.services().first().ok_or_else(|| Fault::Missing {
            service: SERVICE,
            operation,
            detail: format!("service `{service}` of cluster `{cluster}`"),
        })?;
        Ok(described(found, service))
    }

    async fn task_definition(&self, id: &str) -> Result<TaskDefinition, Fault> {
        let operation = "DescribeTaskDefinition";
        let call =
            self.client.describe_task_definition().task_definition(id).include(TaskDefinitionField::Tags);
        let answer = call.send().await.map_err(|error| classify(SERVICE, operation, &error))?;
        let found = answer
            .task_definition()
            .ok_or_else(|| unreadable(operation, format!("`{id}` has no taskDefinition")))?;
        let tags = answer.tags().iter();
        let tags =
            tags.filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())));
        Ok(TaskDefinition {
            arn: found.task_definition_arn().unwrap_or(id).to_owned(),
            containers: found.container_definitions().iter().map(container).collect(),
            tags: tags.collect(),
        })
    }

    async fn tasks(&self, cluster: &str, service: &str) -> Result<Tasks, Fault> {
        let mut arns = self.arns(cluster, service, DesiredStatus::Running).await?;
        arns.extend(self.arns(cluster, service, DesiredStatus::Stopped).await?);
        let mut tasks = Tasks::default();
        for some in arns.chunks(MAX_TASKS) {
            let date = Date::default();
            let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec()));
            let answer = call.customize().interceptor(date.clone()).send().await;
            let answer = answer.map_err(|error| classify(SERVICE, "DescribeTasks", &error))?;
            // A task that is gone meanwhile is a failure of reason `MISSING`: it is not there any more, and that is all.
            if let Some(failure) =
                answer.failures().iter().find(|failure| failure.reason() != Some("MISSING"))
            {
                let detail = format!("`{}`", failure.reason().unwrap_or_default());
                return Err(unreadable("DescribeTasks", detail));
            }
            tasks.at = date.take().or(tasks.at);
            tasks.tasks.extend(answer.tasks().iter().map(task));
        }
        Ok(tasks)
    }
}

fn unreadable(operation: &'static str, detail: String) -> Fault {
    Fault::Unreadable { service: SERVICE, operation, detail }
}

fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    time.and_then(|time| time.to_millis().ok()).map(Timestamp::from_millis)
}

fn described(found: &Described, name: &str) -> Service {
    let config = found.deployment_configuration();
    let controller = found.deployment_controller().map(|controller| controller.r#type().as_str());
    let strategy = config.and_then(|config| config.strategy()).map(|strategy| strategy.as_str());
    let bake = config.and_then(DeploymentConfiguration::bake_time_in_minutes);
    let sets = found.task_sets().iter().map(|set| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (text(set.external_id()), text(set.task_definition()))
    });
    Service {
        name: found.service_name().unwrap_or(name).to_owned(),
        // Both are ECS's defaults.
        controller: controller.unwrap_or("ECS").to_owned(),
        strategy: strategy.unwrap_or("ROLLING").to_owned(),
        bake_minutes: bake.and_then(|minutes| u32::try_from(minutes).ok()),
        shift_minutes: config.and_then(shift_minutes),
        alarms: config.and_then(|config| config.alarms()).map(alarms).unwrap_or_default(),
        hooks: config.map(hooks).unwrap_or_default(),
        balancers: found.load_balancers().iter().map(balancer).collect(),
        task_sets: sets.collect(),
    }
}

fn alarms(alarms: &aws_sdk_ecs::types::DeploymentAlarms) -> ServiceAlarms {
    ServiceAlarms {
        enabled: alarms.enable(),
        rollback: alarms.rollback(),
        names: alarms.alarm_names().to_vec(),
    }
}

fn hooks(config: &DeploymentConfiguration) -> Vec<LifecycleHook> {
    let hook = |hook: &aws_sdk_ecs::types::DeploymentLifecycleHook| LifecycleHook {
        kind: hook.target_type().map_or("AWS_LAMBDA", |kind| kind.as_str()).to_owned(),
        stages: hook.lifecycle_stages().iter().map(|stage| stage.as_str().to_owned()).collect(),
        on_timeout: hook
            .timeout_configuration()
            .and_then(|config| config.action())
            .map(|action| action.as_str().to_owned()),
    };
    config.lifecycle_hooks().iter().map(hook).collect()
}

fn balancer(known: &LoadBalancer) -> Balancer {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let advanced = known.advanced_configuration();
    Balancer {
        target_group: known.target_group_arn().unwrap_or_default().to_owned(),
        alternate: advanced.and_then(|advanced| text(advanced.alternate_target_group_arn())),
        production_rule: advanced.and_then(|advanced| text(advanced.production_listener_rule())),
        test_rule: advanced.and_then(|advanced| text(advanced.test_listener_rule())),
    }
}

/// From the first shifted traffic to the last; the defaults are ECS's own.
fn shift_minutes(config: &DeploymentConfiguration) -> Option<f64> {
    match config.strategy()?.as_str() {
        "BLUE_GREEN" => Some(0.0),
        "LINEAR" => {
            let linear = config.linear_configuration();
            let step = linear.and_then(|linear| linear.step_percent()).unwrap_or(10.0).max(0.1);
            let bake = linear.and_then(|linear| linear.step_bake_time_in_minutes()).unwrap_or(6);
            Some(((100.0 / step).ceil() - 1.0) * f64::from(bake))
        }
        "CANARY" => {
            let canary = config.canary_configuration();
            Some(f64::from(canary.and_then(|canary| canary.canary_bake_time_in_minutes()).unwrap_or(10)))
        }
        _ => None,
    }
}

fn container(found: &ContainerDefinition) -> Container {
    let labels = found.docker_labels().into_iter().flatten();
    let logs = found.log_configuration().filter(|config| config.log_driver() == &LogDriver::Awslogs);
    let option = |name: &str| logs?.options()?.get(name).cloned();
    let place = |(group, prefix)| LogPlace { group, prefix };
    Container {
        name: found.name().unwrap_or_default().to_owned(),
        image: found.image().unwrap_or_default().to_owned(),
        labels: labels.map(|(name, value)| (name.clone(), value.clone())).collect(),
        logs: option("awslogs-group").zip(option("awslogs-stream-prefix")).map(place),
    }
}

fn task(found: &Listed) -> Task {
    let digests = found.containers().iter().filter_map(|container| {
        let image = container.image().unwrap_or_default().to_owned();
        Some((container.name()?.to_owned(), (image, container.image_digest()?.to_owned())))
    });
    let reason = found.containers().iter().find_map(|container| container.reason());
    let reason = found.stopped_reason().or(reason).filter(|reason| !reason.is_empty());
    let is_wanted = matches!(
        found.stop_code(),
        Some(TaskStopCode::UserInitiated | TaskStopCode::SpotInterruption | TaskStopCode::TerminationNotice)
    );
    Task {
        id: found.task_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default().to_owned(),
        definition: found.task_definition_arn().unwrap_or_default().to_owned(),
        created_at: time(found.created_at()),
        stopped_at: time(found.stopped_at().or(found.stopping_at())),
        is_running: found.last_status() == Some("RUNNING"),
        is_wanted_stop: is_wanted,
        stopped_reason: reason.map(ToOwned::to_owned),
        digests: digests.collect(),
    }
}

/// Keeps the `Date` of an answer.
#[derive(Debug, Clone, Default)]
struct Date(Arc<Mutex<Option<Timestamp>>>);

impl Date {
    fn take(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "KeepDate"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let text = context.response().headers().get("date");
        let date = text.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time(date.as_ref());
        Ok(())
    }
}
