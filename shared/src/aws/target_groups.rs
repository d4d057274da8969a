//! Target groups of an Application Load Balancer: their CloudWatch dimensions and the health of their targets.

use super::{Aws, Lazy, classify};
use crate::delivery::ports::{Health, TargetGroups};
use crate::delivery::watch::TargetGroup;
use crate::errors::Fault;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;

const SERVICE: &str = "Elastic Load Balancing";

/// The load balancer through its API.
pub struct LoadBalancers {
    client: Lazy<Client>,
}

impl LoadBalancers {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("ELASTIC_LOAD_BALANCING_V2", Client::new) }
    }

    /// ARN of the group and of its first load balancer.
    async fn arns(&self, name: &str) -> Result<(String, String), Fault> {
        let operation = "DescribeTargetGroups";
        let call = self.client.describe_target_groups();
        let call = if name.starts_with("arn:") { call.target_group_arns(name) } else { call.names(name) };
        let answer = call.send().await;
        let answer = answer.map_err(|error| classify(SERVICE, operation, &error))?;
        let missing = |what: &str| Fault::Missing {
            service: SERVICE,
            operation,
            detail: format!("target group `{name}` has no {what}"),
        };
        let group = answer.target_groups().first().ok_or_else(|| missing("description"))?;
        let arn = group.target_group_arn().ok_or_else(|| missing("ARN"))?;
        let balancer = group.load_balancer_arns().first().ok_or_else(|| missing("load balancer"))?;
        Ok((arn.to_owned(), balancer.clone()))
    }
}

impl TargetGroups for LoadBalancers {
    async fn find(&self, name: &str) -> Result<TargetGroup, Fault> {
        let (group, balancer) = self.arns(name).await?;
        let wrong = |arn: &str| Fault::Unreadable {
            service: SERVICE,
            operation: "DescribeTargetGroups",
            detail: format!("`{arn}` is no ARN of its kind"),
        };
        let dimension = group
            .rsplit(':')
            .next()
            .filter(|text| text.starts_with("targetgroup/"))
            .ok_or_else(|| wrong(&group))?;
        let load_balancer =
            balancer.split_once(":loadbalancer/").map(|(_, rest)| rest).ok_or_else(|| wrong(&balancer))?;
        let short = dimension.split('/').nth(1).ok_or_else(|| wrong(&group))?;
        Ok(TargetGroup {
            name: short.to_owned(),
            dimension: dimension.to_owned(),
            load_balancer: load_balancer.to_owned(),
            task_definition: String::new(),
        })
    }

    async fn health(&self, name: &str) -> Result<Health, Fault> {
        let (arn, _) = self.arns(name).await?;
        let answer = self.client.describe_target_health().target_group_arn(arn).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "DescribeTargetHealth", &error))?;
        let all = answer.target_health_descriptions();
        let healthy = all.iter().filter(|target| {
            target.target_health().and_then(|health| health.state()) == Some(&TargetHealthStateEnum::Healthy)
        });
        Ok(Health { healthy: healthy.count() as u64, total: all.len() as u64 })
    }
}
