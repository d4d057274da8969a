//! What is to be said of a `CodeDeploy` deployment group, its service and its hooks
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-groups-create-ecs.html>).

use super::describe::{Group, SetUp};
use super::preflight::Finding;

/// What the names of hook functions begin with: the managed role policies invoke no other.
const HOOK_PREFIX: &str = "CodeDeployHook_";
/// How long blue should be kept, so that a late verdict is still a reroute.
const KEPT_MINUTES: u32 = 30;
/// Shortest shift in which the watch sees a judged minute: warm-up, one minute, its settling.
const SEEN_MINUTES: u32 = 5;

pub(super) fn judge(set_up: &SetUp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(service) = set_up.service.as_ref().filter(|service| service.controller != "CODE_DEPLOY") {
        let words = format!(
            "service `{}` has the deployment controller `{}`, CodeDeploy deploys only to `CODE_DEPLOY`: change the controller, or use a \
             strategy of ECS",
            service.name, service.controller
        );
        findings.push(Finding::certain("controller", words));
    }
    if let Some(group) = &set_up.group {
        rollback(group, &mut findings);
        alarms(group, &mut findings);
        traffic(group, &mut findings);
        shift(group, &mut findings);
    }
    if let Some(hooks) = &set_up.hooks {
        functions(hooks, &mut findings);
    }
    findings
}

fn rollback(group: &Group, findings: &mut Vec<Finding>) {
    let rolls_back_on = |event: &str| group.rollback_on.iter().any(|known| known == event);
    let name = &group.name;
    if !rolls_back_on("DEPLOYMENT_FAILURE") {
        let words = format!(
            "group `{name}` does not roll back on `DEPLOYMENT_FAILURE`: a failed hook would leave green where it is"
        );
        findings.push(Finding::certain("rollback-off", words));
    }
    if !group.alarms.is_empty() && !rolls_back_on("DEPLOYMENT_STOP_ON_ALARM") {
        let words = format!(
            "group `{name}` has {} alarm(s) and does not roll back on `DEPLOYMENT_STOP_ON_ALARM`: one that rings would stop the shift half-way",
            group.alarms.len()
        );
        findings.push(Finding::certain("rollback-on-alarm", words));
    }
    if !rolls_back_on("DEPLOYMENT_STOP_ON_REQUEST") {
        let words = format!(
            "group `{name}` does not roll back on `DEPLOYMENT_STOP_ON_REQUEST`: a stop by hand leaves the traffic where it is"
        );
        findings.push(Finding::note("rollback-on-request", words));
    }
    if let Some(minutes) = group.termination_wait_minutes.filter(|minutes| *minutes < KEPT_MINUTES) {
        let words = format!(
            "group `{name}` keeps blue for {minutes} min after the shift, {KEPT_MINUTES} are advised: after that going back is a new deployment"
        );
        findings.push(Finding::likely("termination-wait", words));
    }
}

fn alarms(group: &Group, findings: &mut Vec<Finding>) {
    let (name, count) = (&group.name, group.alarms.len());
    if count > 0 && !group.alarms_enabled {
        let words = format!(
            "group `{name}` names {count} alarm(s) and looks at none: its alarm configuration is not enabled"
        );
        findings.push(Finding::likely("alarms-off", words));
    }
    if group.ignores_unreadable_alarms && count > 0 {
        let words = format!(
            "group `{name}` goes on when its {count} alarm(s) cannot be read (`ignorePollAlarmFailure`)"
        );
        findings.push(Finding::likely("alarms-ignored", words));
    }
}

fn traffic(group: &Group, findings: &mut Vec<Finding>) {
    let (name, groups) = (&group.name, group.target_groups.len());
    if groups != 2 {
        let words = format!("group `{name}` names {groups} target group(s), blue/green needs 2");
        findings.push(Finding::certain("target-groups", words));
    }
    if group.production_listeners != 1 {
        let words = format!(
            "group `{name}` names {} production listener(s), CodeDeploy moves exactly 1",
            group.production_listeners
        );
        findings.push(Finding::certain("production-listener", words));
    }
    if group.test_listeners == 0 {
        let words = format!(
            "group `{name}` names no test listener: green has no requests before production sends them"
        );
        findings.push(Finding::likely("test-listener", words));
    }
}

fn shift(group: &Group, findings: &mut Vec<Finding>) {
    let config = &group.config;
    findings.push(match group.shift_minutes {
        None => Finding::likely("shift", format!("how long `{config}` takes to move the traffic was not seen")),
        Some(0) => Finding::likely("shift", format!("`{config}` moves all the traffic at once: nothing is seen before everybody has green")),
        Some(minutes) if minutes < SEEN_MINUTES => Finding::likely(
            "shift",
            format!("`{config}` moves the traffic within {minutes} min: fewer than {SEEN_MINUTES} leave no judged minute"),
        ),
        Some(minutes) => Finding::note("shift", format!("`{config}` moves the traffic within {minutes} min")),
    });
}

fn functions(hooks: &[(String, String)], findings: &mut Vec<Finding>) {
    for (event, function) in hooks {
        // A name, or an ARN with an optional version at its end.
        let name = function.split_once(":function:").map_or(function.as_str(), |(_, rest)| rest);
        if !name.starts_with(HOOK_PREFIX) {
            let words = format!(
                "hook `{event}` names function `{name}`: the managed roles of CodeDeploy invoke only names that begin with `{HOOK_PREFIX}`"
            );
            findings.push(Finding::likely("hook-name", words));
        }
    }
    for (event, why) in [
        ("BeforeAllowTraffic", "the shift is not watched"),
        ("AfterAllowTraffic", "nobody demands the watch's verdict"),
    ] {
        if !hooks.iter().any(|(known, _)| known == event) {
            findings.push(Finding::likely(
                "hook-missing",
                format!("the AppSpec has no hook at `{event}`: {why}"),
            ));
        }
    }
}
