//! Targets with the reasons of their state, and how a listener's rule shares its requests, for the checks before traffic
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::checks::describe::ListenerWeights;
use crate::delivery::checks::ports::{Balancers, Target};
use crate::errors::Fault;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{Action, TargetHealthDescription};

const SERVICE: &str = "Elastic Load Balancing";

/// The load balancer through its API.
pub struct BalancerChecks {
    client: Lazy<Client>,
}

impl BalancerChecks {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("ELASTIC_LOAD_BALANCING_V2", Client::new) }
    }

    async fn arn(&self, group: &str) -> Result<String, Fault> {
        if group.starts_with("arn:") {
            return Ok(group.to_owned());
        }
        let operation = "DescribeTargetGroups";
        let answer = self.client.describe_target_groups().names(group).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, operation, &error))?;
        let arn = answer.target_groups().first().and_then(|group| group.target_group_arn());
        arn.map(ToOwned::to_owned).ok_or_else(|| missing(operation, group))
    }
}

impl Balancers for BalancerChecks {
    async fn targets(&self, group: &str) -> Result<Vec<Target>, Fault> {
        let arn = self.arn(group).await?;
        let answer = self.client.describe_target_health().target_group_arn(arn).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "DescribeTargetHealth", &error))?;
        Ok(answer.target_health_descriptions().iter().map(target).collect())
    }

    async fn weights(&self, rule: &str) -> Result<ListenerWeights, Fault> {
        let actions = if rule.contains(":listener-rule/") {
            let answer = self.client.describe_rules().rule_arns(rule).send().await;
            let answer = answer.map_err(|error| classify(SERVICE, "DescribeRules", &error))?;
            answer.rules().first().ok_or_else(|| missing("DescribeRules", rule))?.actions().to_vec()
        } else {
            let answer = self.client.describe_listeners().listener_arns(rule).send().await;
            let answer = answer.map_err(|error| classify(SERVICE, "DescribeListeners", &error))?;
            let listener = answer.listeners().first().ok_or_else(|| missing("DescribeListeners", rule))?;
            listener.default_actions().to_vec()
        };
        Ok(ListenerWeights { rule: rule.to_owned(), weights: actions.iter().flat_map(shares).collect() })
    }
}

fn missing(operation: &'static str, name: &str) -> Fault {
    Fault::Missing { service: SERVICE, operation, detail: format!("`{name}` is not there") }
}

fn target(found: &TargetHealthDescription) -> Target {
    let (target, health) = (found.target(), found.target_health());
    let id = target.and_then(|target| target.id()).unwrap_or_default();
    let port = target.and_then(|target| target.port()).map(|port| format!(":{port}")).unwrap_or_default();
    let reason = health.and_then(|health| health.reason()).map(|reason| reason.as_str());
    let words = health.and_then(|health| health.description());
    let state = health.and_then(|health| health.state()).map_or("unknown", |state| state.as_str());
    Target {
        id: format!("{id}{port}"),
        state: state.to_owned(),
        reason: reason.into_iter().chain(words).collect::<Vec<_>>().join(": "),
    }
}

/// Shares of a forward action; a plain one sends everything to its one group.
fn shares(action: &Action) -> Vec<(String, u32)> {
    let several = action.forward_config().map(|config| config.target_groups()).unwrap_or_default();
    if several.is_empty() {
        return action.target_group_arn().map(|arn| (arn.to_owned(), 100)).into_iter().collect();
    }
    let share = |group: &aws_sdk_elasticloadbalancingv2::types::TargetGroupTuple| {
        let weight = group.weight().and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1);
        Some((group.target_group_arn()?.to_owned(), weight))
    };
    several.iter().filter_map(share).collect()
}
