//! Builds, gates and the comment under everything that goes wrong: messages doubled and in any order, a GitHub that fails before or after its
//! effect, a worker that dies at any call. In the end each thing is there once, and right, and the comment has never gone back.

use super::*;
use crate::feedback::build::plan::tests::{gate, origin as build_origin};
use crate::feedback::ports::{Made, State};
use crate::gates::notice::{Gate, GateNotice};
use crate::model::Timestamp;
use crate::source::notice::Notice;
use std::sync::OnceLock;

/// GitHub: check runs by name and external id in the order they were made, statuses, comments.
#[derive(Default)]
struct Forge {
    runs: RefCell<Vec<(String, String, String)>>,
    statuses: RefCell<BTreeMap<String, String>>,
    comments: RefCell<Vec<String>>,
    /// Every body that a comment ever had.
    bodies: RefCell<Vec<String>>,
    takes_comments: Cell<bool>,
}

impl Forge {
    fn write(&self, origin: &Origin, write: &Write) -> Result<Made, HostFault> {
        let made =
            |id: usize| Made { id: id as u64, link: Some(format!("https://github.com/acme/shop/runs/{id}")) };
        match write {
            Write::CheckRun { run, .. } => {
                let mut runs = self.runs.borrow_mut();
                let shown = format!(
                    "{} {} {:?} {} {}",
                    origin.sha, run.status, run.conclusion, run.title, run.summary
                );
                let ours =
                    |(name, id, _): &(String, String, String)| *name == run.name && *id == run.external_id;
                let place = runs.iter().position(ours).unwrap_or(runs.len());
                if place == runs.len() {
                    runs.push((run.name.clone(), run.external_id.clone(), shown));
                } else {
                    runs[place].2 = shown;
                }
                Ok(made(place))
            }
            Write::CommitStatus { context, state, description, .. } => {
                self.statuses
                    .borrow_mut()
                    .insert(format!("{context} on {}", origin.sha.short()), format!("{state} {description}"));
                Ok(made(0))
            }
            Write::Comment { .. } if !self.takes_comments.get() => Err(HostFault::Fault(Fault::Denied {
                service: "GitHub",
                operation: "create a comment",
                detail: "status 403".to_owned(),
            })),
            Write::Comment { id, marker, body } => {
                let mut comments = self.comments.borrow_mut();
                self.bodies.borrow_mut().push(body.clone());
                let known = id.and_then(|id| usize::try_from(id).ok()).filter(|id| *id < comments.len());
                let place = known
                    .or_else(|| comments.iter().position(|known| known.starts_with(marker)))
                    .unwrap_or(comments.len());
                if place == comments.len() {
                    comments.push(body.clone());
                } else {
                    comments[place] = body.clone();
                }
                Ok(made(place))
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Counts the calls of every port, and breaks one of them.
#[derive(Default)]
struct Breaker {
    calls: Cell<usize>,
    /// Number of the call that breaks, and whether its effect comes to pass.
    at: Cell<Option<(usize, bool)>>,
    broke: Cell<bool>,
}

impl Breaker {
    /// Makes a call, unless it is the one that breaks.
    fn call<T>(&self, effect: impl FnOnce() -> Result<T, HostFault>) -> Result<T, HostFault> {
        let number = self.calls.get();
        self.calls.set(number + 1);
        let lost = || {
            HostFault::Fault(Fault::Transient {
                service: "any",
                operation: "call",
                detail: "lost".to_owned(),
            })
        };
        match self.at.get() {
            Some((at, has_effect)) if at == number => {
                self.broke.set(true);
                if has_effect {
                    effect()?;
                }
                Err(lost())
            }
            _ => effect(),
        }
    }
}

fn fault(fault: HostFault) -> Fault {
    match fault {
        HostFault::Fault(fault) => fault,
        HostFault::Wait { .. } => panic!("nothing waits here"),
    }
}

#[derive(Default)]
struct Builds {
    ledger: MemoryLedger,
    kept: MemoryKept,
    forge: Forge,
    breaker: Breaker,
}

impl Origins for &Builds {
    async fn origin(&self, id: &str) -> Result<Option<Origin>, Fault> {
        let found = run((&self.ledger).origin(id));
        self.breaker.call(|| Ok(found?)).map_err(fault)
    }
}

impl Kept for &Builds {
    async fn read<T: State>(&self, id: &str) -> Result<(T, u64), Fault> {
        self.breaker.call(|| Ok(run((&self.kept).read(id))?)).map_err(fault)
    }

    async fn save<T: State>(&self, id: &str, state: &T, version: u64) -> Result<(), Fault> {
        self.breaker.call(|| Ok(run((&self.kept).save(id, state, version))?)).map_err(fault)
    }
}

impl FeedbackHost for &Builds {
    async fn write(&self, origin: &Origin, write: &Write) -> Result<Made, HostFault> {
        self.breaker.call(|| self.forge.write(origin, write))
    }
}

impl Builds {
    fn new() -> Self {
        let world = Self::default();
        world.forge.takes_comments.set(true);
        for (id, origin) in [
            ("shop-checks:1", started("shop-checks", 1)),
            ("shop-checks:2", started("shop-checks", 2)),
            ("shop-lint:1", started("shop-lint", 1)),
        ] {
            run((&world.ledger).record_origin(id, &origin)).unwrap();
        }
        world
    }

    fn take(&self, mode: Mode, message: &Value) -> Result<Outcome, FeedbackError> {
        let ports = Ports { origins: self, kept: self, host: self, nonce: || Ok("4711".to_owned()) };
        run(take(&ports, mode, message))
    }

    /// As the queue does: the same message again until it is taken.
    fn deliver(&self, mode: Mode, message: &Value) {
        for _ in 0..5 {
            if self.take(mode, message).is_ok() {
                return;
            }
        }
        panic!("never taken: {message}");
    }

    /// What people see: of each name on a commit the newest check run, the statuses, the comment.
    fn shown(&self) -> String {
        let mut newest = BTreeMap::new();
        for (name, id, shown) in self.forge.runs.borrow().iter() {
            let commit = shown.get(..12).unwrap_or_default();
            newest.insert(format!("{name} on {commit}"), format!("{id} {shown}"));
        }
        // Which number GitHub gave is no matter.
        let comments: Vec<String> =
            self.forge.comments.borrow().iter().map(|body| without_numbers(body)).collect();
        format!("{newest:#?} {:#?} {comments:#?}", self.forge.statuses.borrow())
    }
}

fn without_numbers(body: &str) -> String {
    let mut parts = body.split("/runs/");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "/runs/" + part.trim_start_matches(|digit: char| digit.is_ascii_digit())
    })
}

fn started(project: &str, sequence: u64) -> Origin {
    let digit = if sequence == 1 { "a" } else { "b" };
    Origin {
        pipeline: project.to_owned(),
        release_id: format!("{project}-{sequence}"),
        sequence,
        sha: digit.repeat(40).parse().unwrap(),
        ..build_origin()
    }
}

fn event(build: &str, status: &str) -> Value {
    let phases = if status == "IN_PROGRESS" {
        json!([])
    } else {
        json!([{"phase-type": "BUILD", "phase-status": status, "duration-in-seconds": 61.0, "phase-context": ["why @all"]}])
    };
    json!({"detail-type": "CodeBuild Build State Change", "time": "2026-11-23T21:40:00Z", "detail": {
        "build-id": format!("arn:aws:codebuild:us-east-1:000000000000:build/{build}"), "project-name": "p",
        "build-status": status, "additional-information": {"phases": phases}}})
}

fn verdict(build: &str, minute: i64, holding: u64) -> Value {
    let gate = Gate { decided_at: Timestamp::from_millis(minute), holding, ..gate() };
    serde_json::to_value(GateNotice::Verdict { build_id: build.to_owned(), gate }).unwrap()
}

fn withheld(origin: Origin) -> Value {
    let notice = Notice::Withheld {
        repository_id: origin.repository_id,
        repository: origin.repository,
        reference: origin.reference,
        sha: origin.sha,
        project: origin.pipeline,
        release_id: origin.release_id,
        sequence: origin.sequence,
    };
    serde_json::to_value(notice).unwrap()
}

/// A pull request: one project's first build is stopped by a push, the second waits for a review, fails and is judged twice; another
/// project builds the first commit.
fn story() -> Vec<Value> {
    vec![
        event("shop-checks:1", "IN_PROGRESS"),
        event("shop-lint:1", "IN_PROGRESS"),
        withheld(started("shop-checks", 2)),
        event("shop-checks:1", "STOPPED"),
        event("shop-lint:1", "SUCCEEDED"),
        event("shop-checks:2", "IN_PROGRESS"),
        event("shop-checks:2", "FAILED"),
        verdict("shop-checks:2", 1, 1),
        verdict("shop-checks:2", 2, 2),
    ]
}

/// What is shown in the end when nothing goes wrong, and the comment in it.
fn expected(mode: Mode) -> &'static (String, String) {
    static OF_APP: OnceLock<(String, String)> = OnceLock::new();
    static OF_TOKEN: OnceLock<(String, String)> = OnceLock::new();
    let known = match mode {
        Mode::App => &OF_APP,
        Mode::PersonalToken => &OF_TOKEN,
    };
    known.get_or_init(|| {
        let world = told(mode);
        let comment = without_numbers(&world.forge.comments.borrow()[0]);
        (world.shown(), comment)
    })
}

fn told(mode: Mode) -> Builds {
    let world = Builds::new();
    for message in story() {
        world.deliver(mode, &message);
    }
    world
}

#[test]
fn a_pull_request_has_one_comment_and_a_check_run_for_each_build() {
    let world = told(Mode::App);
    let names: Vec<String> = world
        .forge
        .runs
        .borrow()
        .iter()
        .map(|(name, id, shown)| format!("{name} {id}: {}", shown.lines().next().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    build/shop-checks shop-checks-1@refs/pull/7/head: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa completed Some("cancelled") stopped Commit aaaaaaaaaaaa of pull request 7 in project shop-checks, release shop-checks-1.
    build/shop-lint shop-lint-1@refs/pull/7/head: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa completed Some("success") built in 1 min 1 s Commit aaaaaaaaaaaa of pull request 7 in project shop-lint, release shop-lint-1.
    build/shop-checks withheld@refs/pull/7/head: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb completed Some("action_required") waits for a review of this commit The commit comes from a fork, so nothing of it is run before somebody has looked at it. To have it built, a person who may write to this repository reviews commit bbbbbbbbbbbb: an approval, or a review that begins with `/build`.
    build/shop-checks shop-checks-2@refs/pull/7/head: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb completed Some("failure") failed in BUILD Commit bbbbbbbbbbbb of pull request 7 in project shop-checks, release shop-checks-2.
    gate/shop-checks shop-checks-2@refs/pull/7/head: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb completed Some("failure") error, 2 of 3 conditions hold Policy pull-request on the reports of commit bbbbbbbbbbbb, project shop-checks.
    "#);
    let comments = world.forge.comments.borrow().clone();
    assert_eq!(comments.len(), 1);
    insta::assert_snapshot!(comments[0].lines().take(6).collect::<Vec<_>>().join("\n"), @"
    <!-- tidegate:4711 -->

    | project | state | duration | commit |
    |---|---|---:|---|
    | shop-checks | [**failed**](https://github.com/acme/shop/runs/3), gate **error** | 1 min 1 s | bbbbbbbbbbbb |
    | shop-lint | [succeeded](https://github.com/acme/shop/runs/1) | 1 min 1 s | aaaaaaaaaaaa |
    ");
    let before = world.forge.bodies.borrow().len();
    for message in story() {
        assert_eq!(world.take(Mode::App, &message).unwrap(), Outcome::Told(0), "{message}");
    }
    assert_eq!(world.forge.bodies.borrow().len(), before);
}

#[test]
fn whoever_may_not_comment_still_tells_the_rest() {
    let world = Builds::new();
    world.forge.takes_comments.set(false);
    let outcome = world.take(Mode::PersonalToken, &event("shop-lint:1", "SUCCEEDED")).unwrap();
    assert_eq!(outcome, Outcome::NoComment(1, "GitHub refused `create a comment`: status 403".to_owned()));
    insta::assert_snapshot!(format!("{:?}", world.forge.statuses.borrow()), @r#"{"tidegate/shop-lint on aaaaaaaaaaaa": "success built in 1 min 1 s"}"#);
    world.forge.takes_comments.set(true);
    assert_eq!(
        world.take(Mode::PersonalToken, &event("shop-lint:1", "SUCCEEDED")).unwrap(),
        Outcome::Told(1),
        "once it may"
    );
}

#[test]
fn a_build_of_a_pipeline_and_a_verdict_on_it_are_passed_over() {
    let world = Builds::new();
    for message in [event("b2b-build:9", "SUCCEEDED"), verdict("b2b-build:9", 1, 1)] {
        assert_eq!(world.take(Mode::App, &message).unwrap(), Outcome::NoOrigin);
    }
}

#[test]
fn a_branch_has_its_check_run_and_no_comment() {
    let world = Builds::new();
    let branch = Reference::Branch("gh-readonly-queue/main/pr-7-x".to_owned());
    run((&world.ledger).record_origin("q:1", &Origin { reference: branch, ..started("q", 1) })).unwrap();
    world.deliver(Mode::App, &event("q:1", "SUCCEEDED"));
    let runs = world.forge.runs.borrow();
    insta::assert_snapshot!(format!("{} {}", runs[0].0, runs[0].1), @"build/q q-1@refs/heads/gh-readonly-queue/main/pr-7-x");
    assert!(world.forge.comments.borrow().is_empty());
}

#[test]
fn a_message_that_is_not_what_it_says_is_refused_with_the_field() {
    let world = Builds::new();
    let mut wrong = withheld(started("shop-checks", 2));
    wrong["detail"]["sha"] = json!("main");
    insta::assert_snapshot!(world.take(Mode::App, &wrong).unwrap_err(), @"the message cannot be used: a commit id has 40 or 64 lower-case hexadecimal digits, this has 4 characters");
    let mut wrong = verdict("shop-checks:2", 1, 1);
    wrong["detail"]["gate"]["outcome"] = json!("maybe");
    insta::assert_snapshot!(world.take(Mode::App, &wrong).unwrap_err(), @"the message cannot be used: unknown variant `maybe`, expected one of `pass`, `warn`, `pending`, `fail`, `error`");
}

/// Every call of every port breaks once, before its effect and after it.
#[test]
fn a_worker_that_dies_at_any_call_is_made_good_by_the_same_message() {
    for mode in [Mode::App, Mode::PersonalToken] {
        let (expected, _) = expected(mode);
        let calls = told(mode).breaker.calls.get();
        assert!(calls > 50, "{calls} calls are no sweep");
        for number in 0..calls + 10 {
            for has_effect in [false, true] {
                let world = Builds::new();
                world.breaker.at.set(Some((number, has_effect)));
                for message in story() {
                    world.deliver(mode, &message);
                }
                assert_eq!(world.shown(), *expected, "call {number} broke, with its effect: {has_effect}");
                assert!(world.breaker.broke.get() || number >= calls);
            }
        }
    }
}

/// What a body says of `shop-checks`, as a place that may only grow.
fn place(body: &str) -> (bool, bool, bool) {
    let row = body.lines().find(|line| line.starts_with("| shop-checks")).unwrap_or_default();
    (
        row.contains("bbbb"),
        row.contains("bbbb") && !row.contains("waits"),
        row.contains("bbbb") && row.contains("failed"),
    )
}

proptest! {
    #[test]
    fn any_order_with_duplicates_and_failures_ends_the_same_and_never_goes_back(
        order in proptest::collection::vec(0..9_usize, 0..20),
        seed in proptest::collection::vec(any::<u32>(), 9),
        breaks in 0..120_usize,
        has_effect in any::<bool>(),
        app in any::<bool>(),
    ) {
        let mode = if app { Mode::App } else { Mode::PersonalToken };
        let messages = story();
        let mut rest: Vec<(u32, usize)> = seed.into_iter().zip(0..).collect();
        rest.sort_unstable();
        let world = Builds::new();
        world.breaker.at.set(Some((breaks, has_effect)));
        for place in order.into_iter().chain(rest.into_iter().map(|(_, place)| place)) {
            world.deliver(mode, &messages[place]);
        }
        prop_assert_eq!(world.forge.comments.borrow().len(), 1);
        let comment = without_numbers(&world.forge.comments.borrow()[0]);
        let (shown, expected) = expected(mode);
        prop_assert_eq!(&comment, expected);
        prop_assert_eq!(&world.shown(), shown);
        let places: Vec<_> = world.forge.bodies.borrow().iter().map(|body| place(body)).collect();
        prop_assert!(places.is_sorted(), "{:?}", places);
    }
}
