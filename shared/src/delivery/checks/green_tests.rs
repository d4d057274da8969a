use super::*;
use crate::delivery::policy::Policy;
use crate::delivery::ports::{CheckedStage, Checker, TargetGroups, TaskSet};
use crate::delivery::stage::Stage;
use crate::delivery::watch::Watch;
use crate::errors::Fault;

/// Tasks and healthy targets by their numbers alone: enough for tests of the gate and the watch.
pub(crate) struct GreenOnly<T>(pub(crate) T);

impl<T: TargetGroups> Checker for GreenOnly<T> {
    async fn check(
        &self,
        stage: Stage,
        deployment: &Deployment,
        _policy: &Policy,
        _known: Option<&Watch>,
    ) -> Result<CheckedStage, Fault> {
        let mut checks = Vec::new();
        match stage {
            Stage::Preflight => checks.push(Check::new("set-up", State::Pass, "the set-up is complete")),
            Stage::Shifting | Stage::AfterTraffic => {}
            Stage::Installed | Stage::Tested | Stage::BeforeTraffic => {
                checks.push(is_steady(deployment, &Ended::default()));
                if let Some(green) = deployment.green().filter(|green| !green.target_group.is_empty()) {
                    let health = self.0.health(&green.target_group).await?;
                    let target = |index: u64| Target {
                        id: index.to_string(),
                        state: if index < health.healthy { "healthy" } else { "unhealthy" }.to_owned(),
                        reason: String::new(),
                    };
                    let targets: Vec<Target> = (0..health.total).map(target).collect();
                    checks.push(is_healthy(&green.target_group, &targets));
                }
            }
        }
        Ok(CheckedStage { checks, freeze: None })
    }
}

const DEFINITION: &str = "arn:aws:ecs:us-east-1:000000000000:task-definition/api:7";

pub(crate) fn deployment(running: u64, pending: u64) -> Deployment {
    let set = |is_green: bool| TaskSet {
        is_green,
        target_group: if is_green { "api-green" } else { "api-blue" }.to_owned(),
        task_definition: DEFINITION.to_owned(),
        weight_percent: 0,
        desired: 2,
        running,
        pending,
    };
    Deployment {
        id: "d-1".to_owned(),
        application: "b2b".to_owned(),
        group: "api".to_owned(),
        cluster: "b2b".to_owned(),
        service: "api".to_owned(),
        status: "InProgress".to_owned(),
        creator: "user".to_owned(),
        created_at: Timestamp::from_millis(1_000_000),
        lifecycle: Vec::new(),
        task_sets: vec![set(false), set(true)],
        pauses: Vec::new(),
        next_percent: None,
        rollback: None,
        message: None,
    }
}

fn ended(created: i64, stopped: i64, is_wanted_stop: bool) -> Task {
    Task {
        definition: "api:7".to_owned(),
        created_at: Some(Timestamp::from_millis(created)),
        stopped_at: Some(Timestamp::from_millis(stopped)),
        is_wanted_stop,
        stopped_reason: Some("Essential container in task exited".to_owned()),
        ..Task::default()
    }
}

fn words(tasks: Vec<Task>, now: Option<i64>) -> String {
    let deployment = deployment(2, 0);
    let tasks = Tasks { at: now.map(Timestamp::from_millis), tasks };
    let check = is_steady(&deployment, &Ended::of(&deployment, DEFINITION, &tasks));
    format!("{}: {}", check.state.word(), check.sentence)
}

#[test]
fn as_many_tasks_as_wanted_and_none_that_ended_is_steady() {
    insta::assert_snapshot!(words(Vec::new(), None), @"pass: green runs 2 of 2 task(s), 0 starting");
    let before = ended(900_000, 1_050_000, false);
    let scaled = ended(1_001_000, 1_050_000, true);
    insta::assert_snapshot!(words(vec![before, scaled], Some(1_060_000)), @"pass: green runs 2 of 2 task(s), 0 starting");
}

#[test]
fn a_task_that_ended_within_the_last_minute_is_waited_for_and_an_older_one_is_told() {
    let task = ended(1_001_000, 1_050_000, false);
    insta::assert_snapshot!(words(vec![task.clone()], Some(1_109_000)), @"not yet: green runs 2 of 2 task(s), 0 starting, 1 ended, last because `Essential container in task exited` within the last 60 s");
    insta::assert_snapshot!(words(vec![task.clone()], Some(1_110_000)), @"pass: green runs 2 of 2 task(s), 0 starting, 1 ended, last because `Essential container in task exited`");
    assert!(words(vec![task], None).starts_with("not yet"), "without a clock an end is a recent one");
}

#[test]
fn starting_tasks_are_waited_for_and_a_green_that_wants_none_fails() {
    let none = Ended::default();
    insta::assert_snapshot!(is_steady(&deployment(1, 1), &none).sentence, @"green runs 1 of 2 task(s), 1 starting");
    assert_eq!(is_steady(&deployment(1, 1), &none).state, State::NotYet);
    let mut empty = deployment(0, 0);
    empty.task_sets.iter_mut().for_each(|set| set.desired = 0);
    assert_eq!(is_steady(&empty, &none).state, State::Fail);
}

#[test]
fn no_target_is_not_healthy_and_the_others_say_why() {
    let empty = is_healthy("green", &[]);
    assert_eq!(empty.state, State::NotYet);
    insta::assert_snapshot!(empty.sentence, @"0 of 0 target(s) of `green` are healthy");
    let target = |state: &str, reason: &str| Target {
        id: "10.0.0.1:8080".to_owned(),
        state: state.to_owned(),
        reason: reason.to_owned(),
    };
    let some = [
        target("healthy", ""),
        target("unhealthy", "Target.ResponseCodeMismatch: Health checks failed with these codes: [500]"),
        target("initial", "Elb.RegistrationInProgress"),
    ];
    insta::assert_snapshot!(is_healthy("green", &some).sentence, @"1 of 3 target(s) of `green` are healthy: 1 initial (Elb.RegistrationInProgress), 1 unhealthy (Target.ResponseCodeMismatch: Health checks failed with these codes: [500])");
    assert_eq!(is_healthy("green", &some[..1]).state, State::Pass);
}
