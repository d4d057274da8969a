use super::*;
use crate::delivery::checks::describe::{Balancer, Group, LifecycleHook, ListenerWeights, ServiceAlarms};

fn group() -> Group {
    Group {
        name: "api-gateway".to_owned(),
        services: vec![("b2b".to_owned(), "api-gateway".to_owned())],
        rollback_on: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
            .map(str::to_owned)
            .to_vec(),
        alarms_enabled: true,
        alarms: vec!["api-5xx".to_owned()],
        ignores_unreadable_alarms: false,
        termination_wait_minutes: Some(30),
        target_groups: vec!["blue".to_owned(), "green".to_owned()],
        production_listeners: 1,
        test_listeners: 1,
        config: "Linear25PercentEvery5Minutes".to_owned(),
        shift_minutes: Some(15),
    }
}

fn service(controller: &str) -> Service {
    Service { name: "api-gateway".to_owned(), controller: controller.to_owned(), ..Service::default() }
}

fn hooks() -> Vec<(String, String)> {
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:CodeDeployHook_tidegate_post-traffic:3";
    vec![
        ("BeforeAllowTraffic".to_owned(), "CodeDeployHook_tidegate_pre-traffic".to_owned()),
        ("AfterAllowTraffic".to_owned(), arn.to_owned()),
    ]
}

fn code_deploy() -> SetUp {
    SetUp {
        service: Some(service("CODE_DEPLOY")),
        group: Some(group()),
        hooks: Some(hooks()),
        ..SetUp::default()
    }
}

fn words(engine: Engine, set_up: &SetUp) -> String {
    let check = check(&judge(engine, set_up));
    format!("{}: {}", check.state.word(), check.sentence)
}

#[test]
fn a_good_group_passes_and_names_its_shift() {
    insta::assert_snapshot!(words(Engine::CodeDeploy, &code_deploy()), @"pass: `Linear25PercentEvery5Minutes` moves the traffic within 15 min");
}

#[test]
fn a_group_that_does_not_roll_back_fails() {
    let group = Group { rollback_on: Vec::new(), ..group() };
    insta::assert_snapshot!(words(Engine::CodeDeploy, &SetUp { group: Some(group), ..code_deploy() }), @"fail: group `api-gateway` does not roll back on `DEPLOYMENT_FAILURE`: a failed hook would leave green where it is; group `api-gateway` has 1 alarm(s) and does not roll back on `DEPLOYMENT_STOP_ON_ALARM`: one that rings would stop the shift half-way");
}

#[test]
fn what_is_only_likely_to_go_wrong_is_told() {
    let group = Group {
        termination_wait_minutes: Some(5),
        ignores_unreadable_alarms: true,
        test_listeners: 0,
        shift_minutes: Some(0),
        ..group()
    };
    let hooks = vec![("BeforeAllowTraffic".to_owned(), "check".to_owned())];
    let set_up = SetUp { group: Some(group), hooks: Some(hooks), ..code_deploy() };
    insta::assert_snapshot!(words(Engine::CodeDeploy, &set_up), @"warn: group `api-gateway` keeps blue for 5 min after the shift, 30 are advised: after that going back is a new deployment; group `api-gateway` goes on when its 1 alarm(s) cannot be read (`ignorePollAlarmFailure`); group `api-gateway` names no test listener: green has no requests before production sends them; `Linear25PercentEvery5Minutes` moves all the traffic at once: nothing is seen before everybody has green; hook `BeforeAllowTraffic` names function `check`: the managed roles of CodeDeploy invoke only names that begin with `CodeDeployHook_`; the AppSpec has no hook at `AfterAllowTraffic`: nobody demands the watch's verdict");
}

#[test]
fn a_missing_alarm_a_missing_target_group_and_a_missing_listener_fail() {
    let group = Group { target_groups: vec!["blue".to_owned()], production_listeners: 0, ..group() };
    let set_up = SetUp { group: Some(group), missing_alarms: vec!["api-5xx".to_owned()], ..code_deploy() };
    insta::assert_snapshot!(words(Engine::CodeDeploy, &set_up), @"fail: group `api-gateway` names 1 target group(s), blue/green needs 2; group `api-gateway` names 0 production listener(s), CodeDeploy moves exactly 1; alarm `api-5xx` does not exist: make it, or take its name out");
}

#[test]
fn what_could_not_be_seen_is_no_pass() {
    let set_up = SetUp { unseen: vec!["the service could not be read".to_owned()], ..code_deploy() };
    insta::assert_snapshot!(words(Engine::CodeDeploy, &set_up), @"inconclusive: the service could not be read");
    insta::assert_snapshot!(words(Engine::CodeDeploy, &SetUp::default()), @"inconclusive: nothing of the set-up was seen");
}

#[test]
fn a_service_of_codedeploy_behind_an_action_of_ecs_is_named_with_the_remedy() {
    let action = |provider: &str| PipelineAction {
        name: "DeployToProduction".to_owned(),
        provider: provider.to_owned(),
        service: Some("api-gateway".to_owned()),
        group: None,
    };
    let with = |action: PipelineAction, set_up: SetUp| SetUp {
        pipeline: Some(("b2b-production".to_owned(), vec![action])),
        ..set_up
    };
    insta::assert_snapshot!(words(Engine::CodeDeploy, &with(action("ECS"), code_deploy())), @"fail: pipeline `b2b-production` deploys `api-gateway` by action `DeployToProduction` of provider `ECS`, but the service's deployment controller is `CODE_DEPLOY`: use provider `CodeDeployToECS`, or the controller `ECS`");
    let native = SetUp { service: Some(native()), ..SetUp::default() };
    insta::assert_snapshot!(words(Engine::Ecs, &with(action("CodeDeployToECS"), native)), @"fail: pipeline `b2b-production` deploys `api-gateway` by action `DeployToProduction` of provider `CodeDeployToECS`, but the service's deployment controller is `ECS`: use provider `ECS`, or the controller `CODE_DEPLOY`");
    insta::assert_snapshot!(words(Engine::CodeDeploy, &with(action("CodeDeployToECS"), code_deploy())), @"pass: `Linear25PercentEvery5Minutes` moves the traffic within 15 min");
    let other = PipelineAction { service: Some("billing".to_owned()), ..action("ECS") };
    insta::assert_snapshot!(words(Engine::CodeDeploy, &with(other, code_deploy())), @"warn: pipeline `b2b-production` has no action that deploys `api-gateway`: is it the right one?");
}

#[test]
fn a_service_of_ecs_under_a_deployment_group_fails() {
    insta::assert_snapshot!(words(Engine::CodeDeploy, &SetUp { service: Some(service("ECS")), ..code_deploy() }), @"fail: service `api-gateway` has the deployment controller `ECS`, CodeDeploy deploys only to `CODE_DEPLOY`: change the controller, or use a strategy of ECS");
}

fn native() -> Service {
    let hook = |stage: &str| LifecycleHook {
        kind: "AWS_LAMBDA".to_owned(),
        stages: vec![stage.to_owned()],
        on_timeout: None,
    };
    Service {
        strategy: "LINEAR".to_owned(),
        bake_minutes: Some(15),
        shift_minutes: Some(15.0),
        alarms: ServiceAlarms { enabled: true, rollback: true, names: vec!["api-5xx".to_owned()] },
        hooks: vec![hook("PRE_PRODUCTION_TRAFFIC_SHIFT"), hook("POST_PRODUCTION_TRAFFIC_SHIFT")],
        balancers: vec![Balancer {
            target_group: "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/blue/1".to_owned(),
            alternate: Some("green".to_owned()),
            production_rule: Some("rule".to_owned()),
            test_rule: Some("test".to_owned()),
        }],
        ..service("ECS")
    }
}

fn weights(blue: u32, green: u32) -> Option<ListenerWeights> {
    let rule =
        "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener-rule/app/b2b/1/2/f5a1".to_owned();
    Some(ListenerWeights { rule, weights: vec![("blue".to_owned(), blue), ("green".to_owned(), green)] })
}

#[test]
fn a_good_service_of_ecs_passes() {
    let set_up = SetUp {
        service: Some(native()),
        production: weights(100, 0),
        green_target_group: Some("green".to_owned()),
        ..SetUp::default()
    };
    insta::assert_snapshot!(words(Engine::Ecs, &set_up), @"pass: service `api-gateway` keeps blue for 15 min after the shift; `LINEAR` moves the traffic within 15 min, hooks apart");
}

#[test]
fn stale_weights_before_the_shift_fail() {
    let with = |production| SetUp {
        service: Some(native()),
        production,
        green_target_group: Some("green".to_owned()),
        ..SetUp::default()
    };
    insta::assert_snapshot!(words(Engine::Ecs, &with(weights(75, 25))), @"fail: the production rule `f5a1` shares its requests 75 and 25 of 100 between 2 target groups before the shift, 100 to 0 is expected: its weights are stale");
    insta::assert_snapshot!(words(Engine::Ecs, &with(weights(0, 100))), @"fail: the production rule `f5a1` sends all requests to green before the shift: its weights are stale");
    insta::assert_snapshot!(words(Engine::Ecs, &with(weights(0, 0))), @"fail: the production rule `f5a1` sends requests to no target group");
}

#[test]
fn a_service_without_hooks_rules_and_bake_time_is_named_in_full() {
    let bare =
        Service { strategy: "ROLLING".to_owned(), balancers: vec![Balancer::default()], ..service("ECS") };
    insta::assert_snapshot!(words(Engine::Ecs, &SetUp { service: Some(bare), ..SetUp::default() }), @"fail: service `api-gateway` deploys `ROLLING`, which has no green to check: use `BLUE_GREEN`, `LINEAR` or `CANARY`; target group `` of `api-gateway` has no alternate target group: blue/green needs 2; target group `` of `api-gateway` has no production listener rule: no traffic can be moved");
    let open = LifecycleHook {
        kind: "AWS_LAMBDA".to_owned(),
        stages: vec!["POST_PRODUCTION_TRAFFIC_SHIFT".to_owned()],
        on_timeout: Some("CONTINUE".to_owned()),
    };
    let alarms = ServiceAlarms { enabled: false, ..native().alarms };
    let loose = Service { hooks: vec![open], bake_minutes: None, shift_minutes: None, alarms, ..native() };
    insta::assert_snapshot!(words(Engine::Ecs, &SetUp { service: Some(loose), ..SetUp::default() }), @"warn: service `api-gateway` names no bake time: blue may end with the shift; `LINEAR` moves all the traffic at once: nothing is seen before everybody has green; service `api-gateway` names 1 alarm(s) and looks at none: they are not enabled; service `api-gateway` has no hook at `PRE_PRODUCTION_TRAFFIC_SHIFT`: its shift is not watched; the hook at `POST_PRODUCTION_TRAFFIC_SHIFT` lets the traffic on when nobody answers (`CONTINUE`)");
}
