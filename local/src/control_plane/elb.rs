//! Elastic Load Balancing: load balancers, target groups and the health of their targets.
//!
//! Targets are the tasks that a task set registers. Not imitated: listeners and rules, health checks that really ask, deregistration delay.

use super::{ApiError, arn};
use crate::values::{hex_id, list, lock, text, texts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Debug, Clone)]
struct TargetGroup {
    arn: String,
    balancers: Vec<String>,
    targets: Vec<String>,
}

#[derive(Default)]
struct State {
    balancers: BTreeMap<String, String>,
    groups: BTreeMap<String, TargetGroup>,
}

/// The account's load balancers.
#[derive(Default)]
pub struct Elb {
    state: Mutex<State>,
}

impl Elb {
    pub(crate) fn call(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
            "CreateLoadBalancer" => Ok(state.create_balancer(input)),
            "CreateTargetGroup" => Ok(state.create_group(input)),
            "CreateListener" => state.create_listener(input),
            "DescribeLoadBalancers" => Ok(json!({"LoadBalancers": state.balancers.iter().map(|(name, arn)| {
                json!({"LoadBalancerName": name, "LoadBalancerArn": arn, "Type": "application", "State": {"Code": "active"}})
            }).collect::<Vec<_>>()})),
            "DescribeTargetGroups" => state.describe(input),
            "DescribeTargetHealth" => state.health(&text(input, "TargetGroupArn")),
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
    pub(crate) fn register(&self, group: &str, targets: Vec<String>) {
        if let Some(group) = lock(&self.state).groups.get_mut(group) {
            group.targets = targets;
        }
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
        let group = TargetGroup { arn, balancers: Vec::new(), targets: Vec::new() };
        let described = describe(&name, &group);
        self.groups.insert(name, group);
        json!({"TargetGroups": [described]})
    }

    /// A listener puts the target groups of its default action behind a load balancer.
    fn create_listener(&mut self, input: &Value) -> Result<Value, ApiError> {
        let balancer = text(input, "LoadBalancerArn");
        if !self.balancers.values().any(|arn| *arn == balancer) {
            return Err(ApiError::new(
                "LoadBalancerNotFound",
                &format!("Load balancer '{balancer}' not found"),
            ));
        }
        let groups = list(input, "DefaultActions").iter().flat_map(|action| {
            let config = action.pointer("/ForwardConfig/TargetGroups").and_then(Value::as_array);
            config.into_iter().flatten().map(|group| text(group, "TargetGroupArn"))
        });
        for arn in groups {
            let group = self.groups.values_mut().find(|group| group.arn == arn);
            let missing = || ApiError::new("TargetGroupNotFound", &format!("Target group '{arn}' not found"));
            group.ok_or_else(missing)?.balancers = vec![balancer.clone()];
        }
        Ok(json!({"Listeners": [{"LoadBalancerArn": balancer, "Port": input.get("Port")}]}))
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

    fn health(&self, arn: &str) -> Result<Value, ApiError> {
        let group = self.groups.values().find(|group| group.arn == arn);
        let group = group.ok_or_else(|| {
            ApiError::new("TargetGroupNotFound", &format!("Target groups '{arn}' not found"))
        })?;
        let targets = group.targets.iter().map(|id| {
            json!({"Target": {"Id": id, "Port": 8080}, "HealthCheckPort": "8080", "TargetHealth": {"State": "healthy"}})
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
