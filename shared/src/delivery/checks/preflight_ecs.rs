//! What is to be said of a service whose traffic ECS moves by itself
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>).

use super::describe::{Balancer, ListenerWeights, Service, SetUp};
use super::preflight::Finding;

/// How long blue should run on after the shift, so that a late verdict is still a reroute.
const BAKE_MINUTES: u32 = 5;

pub(super) fn judge(set_up: &SetUp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(service) = &set_up.service {
        strategy(service, &mut findings);
        alarms(service, &mut findings);
        hooks(service, &mut findings);
        traffic(service, &mut findings);
    }
    if let Some(weights) = &set_up.production {
        listener(weights, set_up.green_target_group.as_deref(), &mut findings);
    }
    findings
}

fn strategy(service: &Service, findings: &mut Vec<Finding>) {
    let (name, strategy) = (&service.name, &service.strategy);
    if service.controller != "ECS" {
        let words = format!(
            "service `{name}` has the deployment controller `{}`, ECS moves traffic only with `ECS`",
            service.controller
        );
        findings.push(Finding::certain("controller", words));
    }
    if !matches!(strategy.as_str(), "BLUE_GREEN" | "LINEAR" | "CANARY") {
        let words = format!(
            "service `{name}` deploys `{strategy}`, which has no green to check: use `BLUE_GREEN`, `LINEAR` or `CANARY`"
        );
        findings.push(Finding::certain("strategy", words));
    }
    match service.bake_minutes {
        None => {
            findings.push(Finding::likely(
                "bake-time",
                format!("service `{name}` names no bake time: blue may end with the shift"),
            ));
        }
        Some(minutes) if minutes < BAKE_MINUTES => {
            let words = format!(
                "service `{name}` keeps blue for {minutes} min after the shift, {BAKE_MINUTES} are advised"
            );
            findings.push(Finding::likely("bake-time", words));
        }
        Some(minutes) => {
            findings.push(Finding::note(
                "bake-time",
                format!("service `{name}` keeps blue for {minutes} min after the shift"),
            ));
        }
    }
    match service.shift_minutes {
        Some(minutes) if minutes > 0.0 => {
            findings.push(Finding::note(
                "shift",
                format!("`{strategy}` moves the traffic within {minutes:.0} min, hooks apart"),
            ));
        }
        Some(_) | None => {
            let words = format!(
                "`{strategy}` moves all the traffic at once: nothing is seen before everybody has green"
            );
            findings.push(Finding::likely("shift", words));
        }
    }
}

fn alarms(service: &Service, findings: &mut Vec<Finding>) {
    let (name, count) = (&service.name, service.alarms.names.len());
    if count > 0 && !service.alarms.enabled {
        let words =
            format!("service `{name}` names {count} alarm(s) and looks at none: they are not enabled");
        findings.push(Finding::likely("alarms-off", words));
    }
    if service.alarms.enabled && count > 0 && !service.alarms.rollback {
        let words = format!(
            "service `{name}` has {count} alarm(s) that end a deployment without a rollback (`alarms.rollback`)"
        );
        findings.push(Finding::certain("rollback-on-alarm", words));
    }
}

fn hooks(service: &Service, findings: &mut Vec<Finding>) {
    let name = &service.name;
    for (stage, why) in [
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", "its shift is not watched"),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", "nobody demands the watch's verdict"),
    ] {
        let has = |hook: &super::describe::LifecycleHook| hook.stages.iter().any(|known| known == stage);
        if !service.hooks.iter().any(has) {
            findings.push(Finding::likely(
                "hook-missing",
                format!("service `{name}` has no hook at `{stage}`: {why}"),
            ));
        }
    }
    for hook in service.hooks.iter().filter(|hook| hook.on_timeout.as_deref() == Some("CONTINUE")) {
        let words = format!(
            "the hook at `{}` lets the traffic on when nobody answers (`CONTINUE`)",
            hook.stages.join("`, `")
        );
        findings.push(Finding::likely("hook-timeout", words));
    }
}

fn traffic(service: &Service, findings: &mut Vec<Finding>) {
    let name = &service.name;
    if service.balancers.is_empty() {
        findings.push(Finding::likely(
            "balancer",
            format!("service `{name}` has no load balancer: no target group can be compared"),
        ));
    }
    for Balancer { target_group, alternate, production_rule, test_rule } in &service.balancers {
        let group = target_group.rsplit_once(":targetgroup/").map_or(target_group.as_str(), |(_, rest)| rest);
        let mut must = |is_there: bool, id, what: &str| {
            if !is_there {
                findings
                    .push(Finding::certain(id, format!("target group `{group}` of `{name}` has no {what}")));
            }
        };
        must(alternate.is_some(), "target-groups", "alternate target group: blue/green needs 2");
        must(
            production_rule.is_some(),
            "production-listener",
            "production listener rule: no traffic can be moved",
        );
        if test_rule.is_none() {
            let words = format!(
                "target group `{group}` of `{name}` has no test listener rule: green has no requests before production sends them"
            );
            findings.push(Finding::likely("test-listener", words));
        }
    }
}

/// Before the shift all requests go to blue: anything else is left of an earlier deployment, or of a tool that wrote the rule back.
fn listener(weights: &ListenerWeights, green: Option<&str>, findings: &mut Vec<Finding>) {
    let total: u32 = weights.weights.iter().map(|(_, weight)| *weight).sum();
    let taking: Vec<&(String, u32)> = weights.weights.iter().filter(|(_, weight)| *weight > 0).collect();
    let rule = weights.rule.rsplit('/').next().unwrap_or_default();
    match taking.as_slice() {
        [] => findings.push(Finding::certain(
            "weights",
            format!("the production rule `{rule}` sends requests to no target group"),
        )),
        [(group, _)] if Some(group.as_str()) == green => {
            let words = format!(
                "the production rule `{rule}` sends all requests to green before the shift: its weights are stale"
            );
            findings.push(Finding::certain("weights", words));
        }
        [_] => {}
        several => {
            let shares: Vec<String> = several.iter().map(|(_, weight)| format!("{weight}")).collect();
            let words = format!(
                "the production rule `{rule}` shares its requests {} of {total} between {} target groups before the shift, 100 to 0 is expected: \
                 its weights are stale",
                shares.join(" and "),
                several.len()
            );
            findings.push(Finding::certain("weights", words));
        }
    }
}
