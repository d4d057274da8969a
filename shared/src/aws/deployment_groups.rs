//! `CodeDeploy` deployment groups and what a deployment was asked to do, for the checks before traffic
//! (<https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentGroup.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::checks::describe::Group;
use crate::delivery::checks::ports::Groups;
use crate::delivery::ports::Deployment;
use crate::errors::Fault;
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::types::{
    DeploymentConfigInfo, DeploymentGroupInfo, DeploymentInfo, InstanceAction, TargetGroupPairInfo,
    TrafficRoute, TrafficRoutingType,
};

const SERVICE: &str = "CodeDeploy";

/// `CodeDeploy` through its API.
pub struct DeploymentGroups {
    client: Lazy<Client>,
}

impl DeploymentGroups {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CODEDEPLOY", Client::new) }
    }

    async fn deployment(&self, id: &str) -> Result<DeploymentInfo, Fault> {
        let operation = "GetDeployment";
        let answer = self.client.get_deployment().deployment_id(id).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, operation, &error))?;
        answer.deployment_info.ok_or_else(|| unreadable(operation, id, "deploymentInfo"))
    }

    async fn shift_minutes(&self, config: &str) -> Result<Option<u32>, Fault> {
        let answer = self.client.get_deployment_config().deployment_config_name(config).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "GetDeploymentConfig", &error))?;
        Ok(answer.deployment_config_info().and_then(minutes))
    }
}

impl Groups for DeploymentGroups {
    async fn group(&self, deployment: &Deployment) -> Result<Group, Fault> {
        let operation = "GetDeploymentGroup";
        let call = self.client.get_deployment_group();
        let call = call.application_name(&deployment.application).deployment_group_name(&deployment.group);
        let answer = call.send().await.map_err(|error| classify(SERVICE, operation, &error))?;
        let info = answer
            .deployment_group_info()
            .ok_or_else(|| unreadable(operation, &deployment.group, "deploymentGroupInfo"))?;
        // A deployment may have been made with another configuration than its group's.
        let own = self.deployment(&deployment.id).await?;
        let config = own.deployment_config_name().or(info.deployment_config_name()).unwrap_or_default();
        let shift_minutes = self.shift_minutes(config).await?;
        Ok(Group { config: config.to_owned(), shift_minutes, ..described(info, &deployment.group) })
    }

    async fn app_spec(&self, deployment: &str) -> Result<Option<String>, Fault> {
        let info = self.deployment(deployment).await?;
        let revision = info.revision();
        let content =
            revision.and_then(|revision| revision.app_spec_content()).and_then(|spec| spec.content());
        Ok(content.or(revision.and_then(raw)).map(ToOwned::to_owned))
    }
}

/// Deployments before `appSpecContent` carried the same text as `string`.
fn raw(revision: &aws_sdk_codedeploy::types::RevisionLocation) -> Option<&str> {
    revision.string().and_then(|string| string.content())
}

fn unreadable(operation: &'static str, name: &str, what: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation, detail: format!("`{name}` has no {what}") }
}

fn described(info: &DeploymentGroupInfo, name: &str) -> Group {
    let rollback = info.auto_rollback_configuration().filter(|rollback| rollback.enabled());
    let rollback_on = rollback.map(|rollback| rollback.events()).unwrap_or_default();
    let alarms = info.alarm_configuration();
    let names = alarms.map(|alarms| alarms.alarms()).unwrap_or_default();
    let services = info
        .ecs_services()
        .iter()
        .filter_map(|service| Some((service.cluster_name()?.to_owned(), service.service_name()?.to_owned())));
    let pairs =
        info.load_balancer_info().map(|balancer| balancer.target_group_pair_info_list()).unwrap_or_default();
    let groups = pairs.iter().flat_map(TargetGroupPairInfo::target_groups);
    let listeners = |route: fn(&TargetGroupPairInfo) -> Option<&TrafficRoute>| {
        pairs.iter().filter_map(route).map(|route| route.listener_arns().len()).sum()
    };
    Group {
        name: info.deployment_group_name().unwrap_or(name).to_owned(),
        services: services.collect(),
        rollback_on: rollback_on.iter().map(|event| event.as_str().to_owned()).collect(),
        alarms_enabled: alarms.is_some_and(|alarms| alarms.enabled()),
        alarms: names.iter().filter_map(|alarm| alarm.name()).map(ToOwned::to_owned).collect(),
        ignores_unreadable_alarms: alarms.is_some_and(|alarms| alarms.ignore_poll_alarm_failure()),
        termination_wait_minutes: termination(info),
        target_groups: groups.filter_map(|group| group.name()).map(ToOwned::to_owned).collect(),
        production_listeners: listeners(TargetGroupPairInfo::prod_traffic_route),
        test_listeners: listeners(TargetGroupPairInfo::test_traffic_route),
        config: String::new(),
        shift_minutes: None,
    }
}

/// How long blue is kept; none when it is kept for good. What is not set is no time at all.
fn termination(info: &DeploymentGroupInfo) -> Option<u32> {
    let config = info.blue_green_deployment_configuration();
    let option = config.and_then(|config| config.terminate_blue_instances_on_deployment_success());
    if option.and_then(|option| option.action()) == Some(&InstanceAction::KeepAlive) {
        return None;
    }
    let minutes = option.map_or(0, |option| option.termination_wait_time_in_minutes());
    Some(u32::try_from(minutes).unwrap_or(0))
}

/// From the first shifted traffic to the last.
fn minutes(info: &DeploymentConfigInfo) -> Option<u32> {
    let routing = info.traffic_routing_config()?;
    let number = |value: i32| u32::try_from(value).ok();
    match routing.r#type()? {
        TrafficRoutingType::AllAtOnce => Some(0),
        TrafficRoutingType::TimeBasedCanary => number(routing.time_based_canary()?.canary_interval()),
        TrafficRoutingType::TimeBasedLinear => {
            let linear = routing.time_based_linear()?;
            let steps = 100_u32.div_ceil(number(linear.linear_percentage())?.max(1));
            Some(steps.saturating_sub(1).saturating_mul(number(linear.linear_interval())?))
        }
        _ => None,
    }
}
