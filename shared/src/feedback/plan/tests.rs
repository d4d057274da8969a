//! Any order and any duplication of events ends in the same state on GitHub, and no write on the way goes back.

use super::*;
use crate::feedback::event::{Change, Seen};
use crate::model::{MINUTE, Timestamp};
use crate::source::reference::Reference;
use crate::source::routes::Runner;
use proptest::prelude::*;

pub(crate) fn origin() -> Origin {
    Origin {
        repository_id: 1001,
        repository: "acme/shop".to_owned(),
        sha: "a".repeat(40).parse().unwrap(),
        reference: Reference::Branch("fix/#12-<b>".to_owned()),
        runner: Runner::Pipeline,
        pipeline: "shop-production".to_owned(),
        environment: "production".to_owned(),
        release_id: "r1".to_owned(),
        sequence: 1,
    }
}

fn seen(attempt: u64, minute: i64, change: Change) -> Seen {
    Seen { execution: "e-1".to_owned(), attempt, at: Timestamp::from_millis(minute * MINUTE), change }
}

pub(crate) fn execution(attempt: u64, minute: i64, state: &str) -> Seen {
    seen(attempt, minute, Change::Execution { state: state.to_owned() })
}

pub(crate) fn stage(attempt: u64, minute: i64, stage: &str, state: &str) -> Seen {
    seen(attempt, minute, Change::Stage { stage: stage.to_owned(), state: state.to_owned() })
}

pub(crate) fn action(attempt: u64, minute: i64, stage: &str, category: &str, reason: Option<&str>) -> Seen {
    let change = Change::Action {
        stage: stage.to_owned(),
        action: "Act".to_owned(),
        deploys: category == "Deploy",
        reason: reason.map(ToOwned::to_owned),
    };
    seen(attempt, minute, change)
}

pub(crate) fn progress(events: &[Seen]) -> Progress {
    let mut progress = Progress::default();
    for event in events {
        progress.add(event);
    }
    progress
}

/// GitHub as far as it matters: what it shows, and everything that it was told.
#[derive(Default)]
struct Told {
    progress: Progress,
    written: Written,
    log: Vec<Write>,
}

impl Told {
    fn take(&mut self, event: &Seen, mode: Mode) {
        self.progress.add(event);
        for _ in 0..100 {
            let Some(write) = next(&origin(), &self.progress, &self.written, mode) else { return };
            let id = match &write {
                Write::CheckRun { id, .. } => id.unwrap_or(100 + self.log.len() as u64),
                Write::Deployment { .. }
                | Write::DeploymentStatus { .. }
                | Write::CommitStatus { .. }
                | Write::Comment { .. } => self.log.len() as u64,
            };
            self.written.note(&write, id);
            self.log.push(write);
        }
        panic!("there is always something to write");
    }

    fn all(events: &[&Seen], mode: Mode) -> Self {
        let mut told = Self::default();
        for event in events {
            told.take(event, mode);
        }
        told
    }

    /// What GitHub shows in the end: the newest check run, the commit status and the last status of each deployment.
    fn shown(&self) -> Vec<String> {
        let mut shown = BTreeMap::new();
        for write in &self.log {
            match write {
                Write::CheckRun { run, .. } => shown.insert("check run".to_owned(), format!("{run:?}")),
                Write::CommitStatus { state, description, .. } => {
                    shown.insert("status".to_owned(), format!("{state} {description}"))
                }
                Write::Deployment { stage, environment } => {
                    shown.insert(format!("environment of {stage}"), environment.clone())
                }
                Write::DeploymentStatus { stage, state, .. } => {
                    shown.insert(format!("deployment of {stage}"), (*state).to_owned())
                }
                Write::Comment { body, .. } => shown.insert("comment".to_owned(), body.clone()),
            };
        }
        shown.into_iter().map(|(what, text)| format!("{what}: {text}")).collect()
    }

    fn assert_forward(&self) {
        let mut standing = None;
        let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
        for write in &self.log {
            match write {
                Write::CheckRun { standing: now, .. } | Write::CommitStatus { standing: now, .. } => {
                    assert!(Some(*now) >= standing, "{now:?} after {standing:?}");
                    standing = Some(*now);
                }
                Write::DeploymentStatus { stage, mark, .. } => {
                    let before = marks.insert(stage, *mark);
                    assert!(Some(*mark) > before, "{mark:?} after {before:?}");
                }
                Write::Deployment { .. } | Write::Comment { .. } => {}
            }
        }
    }
}

/// A release that fails in production, is retried and succeeds.
fn release() -> Vec<Seen> {
    vec![
        execution(1, 0, "STARTED"),
        stage(1, 0, "Source", "STARTED"),
        stage(1, 1, "Source", "SUCCEEDED"),
        stage(1, 1, "DeployStaging", "STARTED"),
        action(1, 1, "DeployStaging", "Deploy", None),
        stage(1, 3, "DeployStaging", "SUCCEEDED"),
        stage(1, 3, "DeployProduction", "STARTED"),
        action(1, 3, "DeployProduction", "Deploy", None),
        action(1, 5, "DeployProduction", "Deploy", Some("the deployment was rolled back")),
        stage(1, 5, "DeployProduction", "FAILED"),
        execution(1, 5, "FAILED"),
        execution(2, 9, "RESUMED"),
        stage(2, 9, "DeployProduction", "RESUMED"),
        stage(2, 12, "DeployProduction", "SUCCEEDED"),
        execution(2, 12, "SUCCEEDED"),
    ]
}

fn lines(told: &Told) -> String {
    let line = |write: &Write| match write {
        Write::CheckRun { id, run, .. } => {
            let verb = id.map_or("make".to_owned(), |id| format!("change {id}"));
            let end = run.conclusion.unwrap_or("-");
            format!("{verb} {} {}: {} {end}, {}", run.name, run.external_id, run.status, run.title)
        }
        Write::Deployment { stage, environment } => format!("deployment of {stage} to {environment}"),
        Write::DeploymentStatus { stage, state, .. } => format!("deployment of {stage} is {state}"),
        Write::CommitStatus { context, state, description, .. } => {
            format!("{context}: {state}, {description}")
        }
        Write::Comment { body, .. } => body.clone(),
    };
    told.log.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_release_in_order_is_told_step_by_step() {
    let told = Told::all(&release().iter().collect::<Vec<_>>(), Mode::App);
    told.assert_forward();
    insta::assert_snapshot!(lines(&told), @"
    make release/shop-production r1: queued -, queued
    change 100 release/shop-production r1: in_progress -, Source is running
    change 100 release/shop-production r1: in_progress -, Source has succeeded
    change 100 release/shop-production r1: in_progress -, DeployStaging is running
    deployment of DeployStaging to staging
    deployment of DeployStaging is in_progress
    change 100 release/shop-production r1: in_progress -, DeployStaging has succeeded
    deployment of DeployStaging is success
    change 100 release/shop-production r1: in_progress -, DeployProduction is running
    deployment of DeployProduction to production
    deployment of DeployProduction is in_progress
    change 100 release/shop-production r1: in_progress -, DeployProduction has failed
    deployment of DeployProduction is failure
    change 100 release/shop-production r1: completed failure, failed in DeployProduction
    make release/shop-production r1#2: in_progress -, attempt 2: DeployProduction begins again
    change 114 release/shop-production r1#2: in_progress -, attempt 2: DeployProduction is running
    deployment of DeployProduction is in_progress
    change 114 release/shop-production r1#2: in_progress -, attempt 2: DeployProduction has succeeded
    deployment of DeployProduction is success
    change 114 release/shop-production r1#2: completed success, attempt 2: released to production
    ");
}

#[test]
fn a_personal_token_writes_commit_statuses_and_nothing_else() {
    let told = Told::all(&release().iter().collect::<Vec<_>>(), Mode::PersonalToken);
    told.assert_forward();
    insta::assert_snapshot!(lines(&told), @"
    tidegate/shop-production: pending, queued
    tidegate/shop-production: pending, Source is running
    tidegate/shop-production: pending, Source has succeeded
    tidegate/shop-production: pending, DeployStaging is running
    tidegate/shop-production: pending, DeployStaging has succeeded
    tidegate/shop-production: pending, DeployProduction is running
    tidegate/shop-production: pending, DeployProduction has failed
    tidegate/shop-production: failure, failed in DeployProduction
    tidegate/shop-production: pending, attempt 2: DeployProduction begins again
    tidegate/shop-production: pending, attempt 2: DeployProduction is running
    tidegate/shop-production: pending, attempt 2: DeployProduction has succeeded
    tidegate/shop-production: success, attempt 2: released to production
    ");
}

#[test]
fn an_end_that_comes_first_is_told_once_and_nothing_opens_it_again() {
    let events = release();
    let told = Told::all(&[&events[10], &events[0], &events[1]], Mode::App);
    assert!(
        told.log
            .iter()
            .all(|write| matches!(write, Write::CheckRun { run, .. } if run.conclusion == Some("failure")))
    );
}

#[test]
fn an_end_that_is_no_success_has_its_own_conclusion() {
    let ended = |state: &str| {
        let events =
            [execution(1, 0, state), action(1, 0, "Deploy", "Deploy", None), stage(1, 0, "Deploy", state)];
        Told::all(&events.iter().collect::<Vec<_>>(), Mode::App)
    };
    for (state, conclusion, deployment) in [
        ("SUCCEEDED", "success", "success"),
        ("FAILED", "failure", "failure"),
        ("STOPPED", "cancelled", "inactive"),
        ("CANCELED", "cancelled", "inactive"),
        ("SUPERSEDED", "neutral", "inactive"),
    ] {
        let shown = ended(state).shown().join("\n");
        assert!(shown.contains(&format!("conclusion: Some(\"{conclusion}\")")), "{state}: {shown}");
        assert!(shown.contains(&format!("deployment of Deploy: {deployment}")), "{state}: {shown}");
    }
}

#[test]
fn a_stage_names_its_environment() {
    for (stage, expected) in [
        ("DeployStaging", "staging"),
        ("DeployProduction", "production"),
        ("deploy-to-eu-west", "eu-west"),
        ("Deploy", "production"),
        ("Deployment", "production"),
        ("Canary", "canary"),
        ("Deploy_EU", "eu"),
        ("@", "production"),
    ] {
        assert_eq!(environment(stage, "production"), expected, "{stage}");
    }
}

proptest! {
    #[test]
    fn any_order_with_duplicates_ends_in_the_same_state_and_no_write_goes_back(
        order in proptest::collection::vec(0..15_usize, 0..30),
        seed in proptest::collection::vec(any::<u32>(), 15),
        app in any::<bool>(),
    ) {
        let events = release();
        let mode = if app { Mode::App } else { Mode::PersonalToken };
        // Some events first, doubled and in any order, then each of them once in an order of its own.
        let mut shuffled: Vec<&Seen> = order.iter().map(|place| &events[*place]).collect();
        let mut rest: Vec<(u32, &Seen)> = seed.into_iter().zip(&events).collect();
        rest.sort_by_key(|(key, _)| *key);
        shuffled.extend(rest.into_iter().map(|(_, event)| event));
        let told = Told::all(&shuffled, mode);
        told.assert_forward();
        let expected = Told::all(&events.iter().collect::<Vec<_>>(), mode);
        prop_assert_eq!(&told.progress, &expected.progress);
        prop_assert_eq!(told.shown(), expected.shown());
    }

    #[test]
    fn the_standing_only_grows(order in proptest::collection::vec(0..15_usize, 1..40)) {
        let events = release();
        let mut progress = Progress::default();
        let mut before = None;
        for place in order {
            progress.add(&events[place]);
            prop_assert!(Some(progress.standing()) >= before);
            before = Some(progress.standing());
        }
    }
}
