//! Elastic Load Balancing: load balancers, target groups, the health of their targets, listeners and rules with weights.
//!
//! Targets are the tasks that a task set registers; their health is what the version's label says. Not imitated: health checks that really ask,
//! deregistration delay, network load balancers.

pub(crate) mod rules;
#[cfg(test)]
mod tests;

use super::{ApiError, arn};
use crate::clock::Millis;
use crate::values::{hex_id, list, lock, text, texts};
use rules::{Listener, Rule};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What the load balancer finds at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Healthy,
    Unhealthy,
    /// Not checked often enough yet; for ever unless there is an end.
    Starting {
        until: Option<Millis>,
    },
}

impl Health {
    fn describe(self, now: Millis) -> Value {
        match self {
            Self::Healthy => json!({"State": "healthy"}),
            Self::Starting { until: Some(until) } if now >= until => json!({"State": "healthy"}),
            Self::Starting { .. } => json!({"State": "initial", "Reason": "Elb.InitialHealthChecking",
                "Description": "Initial health checks in progress"}),
            Self::Unhealthy => json!({"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch",
                "Description": "Health checks failed with these codes: [500]"}),
        }
    }
}

#[derive(Debug, Clone)]
struct TargetGroup {
    arn: String,
    balancers: Vec<String>,
    targets: Vec<String>,
    health: Health,
}

#[derive(Default)]
struct State {
    balancers: BTreeMap<String, String>,
    groups: BTreeMap<String, TargetGroup>,
    listeners: Vec<Listener>,
    rules: Vec<Rule>,
}

fn unknown(code: &str, what: &str, name: &str) -> ApiError {
    ApiError::new(code, &format!("{what} '{name}' not found"))
}

/// The account's load balancers.
#[derive(Default)]
pub struct Elb {
    state: Mutex<State>,
}

impl Elb {
    pub(crate) fn call(&self, now: Millis, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
            "CreateLoadBalancer" => Ok(state.create_balancer(input)),
            "CreateTargetGroup" => Ok(state.create_group(input)),
            "CreateListener" => state.create_listener(input),
            "DescribeLoadBalancers" => Ok(json!({"LoadBalancers": state.balancers.iter().map(|(name, arn)| {
                json!({"LoadBalancerName": name, "LoadBalancerArn": arn, "Type": "application", "State": {"Code": "active"}})
            }).collect::<Vec<_>>()})),
            "DescribeTargetGroups" => state.describe(input),
            "DescribeTargetHealth" => state.health(now, &text(input, "TargetGroupArn")),
            "CreateRule" => state.create_rule(input),
            "ModifyRule" => state.modify_rule(input),
            "DescribeListeners" => state.describe_listeners(input),
            "DescribeRules" => state.describe_rules(input),
            other => Err(ApiError::not_imitated(other)),
        }
    }

    /// Whether CloudWatch would have metrics of this pair of dimensions.
    #[must_use]
    pub fn has(&self, group: &str, balancer: &str) -> bool {
        let state = lock(&self.state);
        let found = state.groups.values().find(|found| found.arn.ends_with(&format!(":{group}")));
        found.is_some_and(|found| {
            found.balancers.iter().any(|arn| arn.ends_with(&format!(":loadbalancer/{balancer}")))
        })
    }

    /// The targets that are registered with a group from now on.
    pub(crate) fn register(&self, group: &str, targets: Vec<String>, health: Health) {
        if let Some(group) = lock(&self.state).groups.get_mut(group) {
            group.targets = targets;
            group.health = health;
        }
    }

    /// Sets the weights of target groups, by name and percent, at rules and listeners that forward to one of them.
    pub(crate) fn weigh(&self, arns: &[String], weights: &[(&str, f64)]) {
        lock(&self.state).weigh(arns, weights);
    }

    /// ARN of the listener on a port, and the priority of its next rule; an empty ARN when there is none.
    pub(crate) fn listener_on(&self, port: u64) -> (String, usize) {
        let state = lock(&self.state);
        let arn = state.listener_on(port);
        let priority = state.free_priority(&arn);
        (arn, priority)
    }
}

impl State {
    fn create_balancer(&mut self, input: &Value) -> Value {
        let name = text(input, "Name");
        let arn = arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/{}", id(input)));
        self.balancers.insert(name.clone(), arn.clone());
        json!({"LoadBalancers": [{"LoadBalancerName": name, "LoadBalancerArn": arn, "Type": "application"}]})
    }

    fn create_group(&mut self, input: &Value) -> Value {
        let name = text(input, "Name");
        let arn = arn("elasticloadbalancing", &format!("targetgroup/{name}/{}", id(input)));
        let group = TargetGroup { arn, balancers: Vec::new(), targets: Vec::new(), health: Health::Healthy };
        let described = describe(&name, &group);
        self.groups.insert(name, group);
        json!({"TargetGroups": [described]})
    }

    fn describe(&self, input: &Value) -> Result<Value, ApiError> {
        let names = texts(input, "Names");
        let arns = texts(input, "TargetGroupArns");
        let all = names.is_empty() && arns.is_empty();
        let wanted = |name: &str, group: &TargetGroup| {
            all || names.iter().any(|n| n == name) || arns.contains(&group.arn)
        };
        let found: Vec<Value> = self
            .groups
            .iter()
            .filter(|(name, group)| wanted(name, group))
            .map(|(name, group)| describe(name, group))
            .collect();
        if found.is_empty() && !all {
            return Err(ApiError::new("TargetGroupNotFound", "One or more target groups not found"));
        }
        Ok(json!({"TargetGroups": found}))
    }

    fn health(&self, now: Millis, arn: &str) -> Result<Value, ApiError> {
        let group = self.groups.values().find(|group| group.arn == arn);
        let group = group.ok_or_else(|| {
            ApiError::new("TargetGroupNotFound", &format!("Target groups '{arn}' not found"))
        })?;
        let targets = group.targets.iter().map(|id| {
            json!({"Target": {"Id": id, "Port": 8080}, "HealthCheckPort": "8080",
                "TargetHealth": group.health.describe(now)})
        });
        Ok(json!({"TargetHealthDescriptions": targets.collect::<Vec<_>>()}))
    }
}

/// Seeds name the id of what they make, so that examples and ARNs can be written down.
fn id(input: &Value) -> String {
    let tag = list(input, "Tags").iter().find(|tag| text(tag, "Key") == "tidegate.local/id");
    tag.map_or_else(|| hex_id(16), |tag| text(tag, "Value"))
}

fn describe(name: &str, group: &TargetGroup) -> Value {
    json!({"TargetGroupName": name, "TargetGroupArn": group.arn, "LoadBalancerArns": group.balancers,
           "Protocol": "HTTP", "Port": 8080, "TargetType": "ip"})
}
