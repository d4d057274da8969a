//! Listeners and rules with their weights (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html>).
//!
//! A deployment turns the rules, or the default actions, that forward to one of its target groups. Weights are whole numbers, as on AWS: a part
//! of a percent is rounded. Not imitated: conditions, certificates, other actions than to forward.

use super::{State, id, unknown};
use crate::control_plane::ApiError;
use crate::values::{text, texts};
use serde_json::{Value, json};

/// What forwards traffic: a rule, or a listener by default.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) arn: String,
    pub(super) listener: String,
    pub(super) priority: String,
    pub(super) conditions: Value,
    pub(super) actions: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) balancer: String,
    pub(super) port: Value,
    pub(super) protocol: Value,
}

impl Rule {
    /// Target groups, by ARN.
    fn groups(&self) -> Vec<String> {
        let actions = self.actions.as_array().into_iter().flatten();
        actions
            .flat_map(|action| {
                let many = action.pointer("/ForwardConfig/TargetGroups").and_then(Value::as_array);
                let one = Some(text(action, "TargetGroupArn")).filter(|arn| !arn.is_empty());
                many.into_iter().flatten().map(|group| text(group, "TargetGroupArn")).chain(one)
            })
            .collect()
    }

    fn describe(&self) -> Value {
        json!({"RuleArn": self.arn, "Priority": self.priority, "Conditions": self.conditions,
            "Actions": self.actions, "IsDefault": self.priority == "default"})
    }
}

impl State {
    /// A listener with its default rule puts the target groups of its action behind a load balancer.
    pub(super) fn create_listener(&mut self, input: &Value) -> Result<Value, ApiError> {
        let balancer = text(input, "LoadBalancerArn");
        if !self.balancers.values().any(|arn| *arn == balancer) {
            return Err(unknown("LoadBalancerNotFound", "Load balancer", &balancer));
        }
        let arn = format!("{}/{}", balancer.replace(":loadbalancer/", ":listener/"), id(input));
        let member = |key: &str| input.get(key).cloned().unwrap_or(Value::Null);
        let listener =
            Listener { arn: arn.clone(), balancer, port: member("Port"), protocol: member("Protocol") };
        let rule = Rule {
            arn: format!("{}/default", arn.replace(":listener/", ":listener-rule/")),
            listener: arn,
            priority: "default".to_owned(),
            conditions: json!([]),
            actions: member("DefaultActions"),
        };
        let described = self.describe_listener(&listener, Some(&rule));
        self.attach(&listener.balancer, &rule)?;
        self.listeners.push(listener);
        self.rules.push(rule);
        Ok(json!({"Listeners": [described]}))
    }

    pub(super) fn create_rule(&mut self, input: &Value) -> Result<Value, ApiError> {
        let listener = self.listener(&text(input, "ListenerArn"))?.clone();
        let member = |key: &str| input.get(key).cloned().unwrap_or_else(|| json!([]));
        let rule = Rule {
            arn: format!("{}/{}", listener.arn.replace(":listener/", ":listener-rule/"), id(input)),
            listener: listener.arn,
            priority: input.get("Priority").map(ToString::to_string).unwrap_or_default(),
            conditions: member("Conditions"),
            actions: member("Actions"),
        };
        self.attach(&listener.balancer, &rule)?;
        let described = rule.describe();
        self.rules.push(rule);
        Ok(json!({"Rules": [described]}))
    }

    /// Somebody else's hand at a rule: what makes weights stale.
    pub(super) fn modify_rule(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = text(input, "RuleArn");
        let rule = self.rules.iter_mut().find(|rule| rule.arn == arn);
        let rule = rule.ok_or_else(|| unknown("RuleNotFound", "Rule", &arn))?;
        if let Some(actions) = input.get("Actions") {
            rule.actions = actions.clone();
        }
        Ok(json!({"Rules": [rule.describe()]}))
    }

    fn listener(&self, arn: &str) -> Result<&Listener, ApiError> {
        let found = self.listeners.iter().find(|listener| listener.arn == arn);
        found.ok_or_else(|| unknown("ListenerNotFound", "Listener", arn))
    }

    fn attach(&mut self, balancer: &str, rule: &Rule) -> Result<(), ApiError> {
        for arn in rule.groups() {
            let group = self.groups.values_mut().find(|group| group.arn == arn);
            let group = group.ok_or_else(|| unknown("TargetGroupNotFound", "Target group", &arn))?;
            group.balancers = vec![balancer.to_owned()];
        }
        Ok(())
    }

    fn describe_listener(&self, listener: &Listener, rule: Option<&Rule>) -> Value {
        json!({"ListenerArn": listener.arn, "LoadBalancerArn": listener.balancer, "Port": listener.port,
            "Protocol": listener.protocol, "DefaultActions": rule.map(|rule| &rule.actions)})
    }

    pub(super) fn describe_listeners(&self, input: &Value) -> Result<Value, ApiError> {
        let (arns, balancer) = (texts(input, "ListenerArns"), text(input, "LoadBalancerArn"));
        for arn in &arns {
            self.listener(arn)?;
        }
        let wanted = |listener: &&Listener| {
            if arns.is_empty() { listener.balancer == balancer } else { arns.contains(&listener.arn) }
        };
        let default = |listener: &Listener| {
            self.rules.iter().find(|rule| rule.listener == listener.arn && rule.priority == "default")
        };
        let found = self.listeners.iter().filter(wanted);
        Ok(
            json!({"Listeners": found.map(|one| self.describe_listener(one, default(one))).collect::<Vec<_>>()}),
        )
    }

    pub(super) fn describe_rules(&self, input: &Value) -> Result<Value, ApiError> {
        let (arns, listener) = (texts(input, "RuleArns"), text(input, "ListenerArn"));
        if let Some(arn) = arns.iter().find(|arn| !self.rules.iter().any(|rule| rule.arn == **arn)) {
            return Err(unknown("RuleNotFound", "Rule", arn));
        }
        if arns.is_empty() {
            self.listener(&listener)?;
        }
        let wanted = |rule: &&Rule| {
            if arns.is_empty() { rule.listener == listener } else { arns.contains(&rule.arn) }
        };
        Ok(json!({"Rules": self.rules.iter().filter(wanted).map(Rule::describe).collect::<Vec<_>>()}))
    }

    /// Sets the weights of target groups, by name and percent, at these rules and listeners where they forward to one of them.
    pub(super) fn weigh(&mut self, arns: &[String], weights: &[(&str, f64)]) {
        let mut tuples = Vec::new();
        for (name, percent) in weights {
            let Some(group) = self.groups.get(*name) else { continue };
            #[expect(clippy::cast_possible_truncation, reason = "a percentage")]
            let weight = percent.round() as i64;
            tuples.push(json!({"TargetGroupArn": group.arn, "Weight": weight}));
        }
        let ours = |rule: &&mut Rule| arns.contains(&rule.arn) || arns.contains(&rule.listener);
        for rule in self.rules.iter_mut().filter(ours) {
            let known = rule.groups();
            if !tuples.iter().any(|tuple| known.contains(&text(tuple, "TargetGroupArn"))) {
                continue;
            }
            // A group that has no more part in it stays, at nothing.
            let mut all = tuples.clone();
            for arn in
                known.iter().filter(|arn| !tuples.iter().any(|tuple| text(tuple, "TargetGroupArn") == **arn))
            {
                all.push(json!({"TargetGroupArn": arn, "Weight": 0}));
            }
            all.sort_by_key(|tuple| text(tuple, "TargetGroupArn"));
            rule.actions = json!([{"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": all}}]);
        }
    }

    /// ARN of the first listener of a balancer on a port; empty when there is none.
    pub(super) fn listener_on(&self, port: u64) -> String {
        let found = self.listeners.iter().find(|listener| listener.port.as_u64() == Some(port));
        found.map(|listener| listener.arn.clone()).unwrap_or_default()
    }

    /// Priority for one more rule.
    pub(super) fn free_priority(&self, listener: &str) -> usize {
        self.rules.iter().filter(|rule| rule.listener == listener && rule.priority != "default").count() + 1
    }
}

/// An action that forwards everything to `groups`, by ARN and weight.
pub(crate) fn forward(groups: &[(&str, u64)]) -> Value {
    let tuples: Vec<Value> =
        groups.iter().map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight})).collect();
    json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}])
}
