//! What is told of a build in each of its states, as a person reads it.

use super::*;
use crate::feedback::build::News;
use crate::feedback::build::event::{Phase as BuildPhase, Seen};
use crate::gates::notice::Line;
use crate::model::Timestamp;
use crate::source::reference::Reference;
use crate::source::routes::{BUILD_ENVIRONMENT, Runner};

pub(crate) fn origin() -> Origin {
    Origin {
        repository_id: 1001,
        repository: "acme/shop".to_owned(),
        sha: "a".repeat(40).parse().unwrap(),
        reference: Reference::Pull(7),
        runner: Runner::Build,
        pipeline: "shop-checks".to_owned(),
        environment: BUILD_ENVIRONMENT.to_owned(),
        release_id: "r1".to_owned(),
        sequence: 1,
    }
}

fn phase(name: &str, state: &str, seconds: u64, words: &str) -> BuildPhase {
    BuildPhase { name: name.to_owned(), state: state.to_owned(), seconds, words: words.to_owned() }
}

pub(crate) fn ended(status: Status, state: &str) -> News {
    let phases = vec![
        phase("SUBMITTED", "SUCCEEDED", 0, ""),
        phase("INSTALL", "SUCCEEDED", 73, ""),
        phase(
            "BUILD",
            state,
            61,
            "COMMAND_EXECUTION_ERROR: Error while executing command: npm test | tee <log>. Reason: exit status 1, ask @acme/qa",
        ),
        phase("COMPLETED", "", 0, ""),
    ];
    News::Seen(Seen { build: "shop-checks:1".to_owned(), status, phases })
}

pub(crate) fn running() -> News {
    News::Seen(Seen { build: "shop-checks:1".to_owned(), status: Status::Running, phases: vec![] })
}

fn line(id: &str, outcome: Outcome, actual: Option<&str>, offenders: u64, sentence: &str) -> Line {
    Line {
        id: id.to_owned(),
        actual: actual.map(ToOwned::to_owned),
        threshold: ">= 80 %".to_owned(),
        outcome,
        offenders,
        sentence: sentence.to_owned(),
    }
}

pub(crate) fn gate() -> Gate {
    let conditions = vec![
        line(
            "line-coverage",
            Outcome::Fail,
            Some("78.40 %"),
            2,
            "`coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more would pass",
        ),
        line("no-high", Outcome::Error, None, 0, "0 file(s) match `**/npm-audit.json`, at least 1 must"),
        line("unit-tests", Outcome::Pass, Some("0"), 0, ""),
    ];
    Gate {
        decided_at: Timestamp::from_millis(1),
        policy: "pull-request".to_owned(),
        outcome: Outcome::Error,
        holding: 1,
        count: 3,
        conditions,
        notes: vec!["the waiver of `GHSA-1` is not used".to_owned()],
    }
}

pub(crate) fn build(news: &[News]) -> Build {
    let mut build = Build::default();
    for one in news {
        build.add(one);
    }
    build
}

/// Everything that is written of `build`, as a person reads it.
fn told(build: &Build, mode: Mode) -> String {
    let mut build = build.clone();
    let mut lines = Vec::new();
    while let Some((part, write)) = next(&origin(), &build, mode) {
        lines.push(match &write {
            Write::CheckRun { run, .. } => {
                let end = run.conclusion.unwrap_or("-");
                format!(
                    "{} {} {} {end}: {}\n{}",
                    run.name, run.external_id, run.status, run.title, run.summary
                )
            }
            Write::CommitStatus { context, state, description, .. } => {
                format!("{context} {state}: {description}")
            }
            other => panic!("{other:?}"),
        });
        build.note(part, &write, 5, None);
        assert!(lines.len() < 9, "there is always something to write");
    }
    lines.join("\n\n").replace('\u{200b}', "⎵")
}

#[test]
fn a_failed_build_is_shown_with_its_phases_and_why() {
    insta::assert_snapshot!(told(&build(&[running(), ended(Status::Failed, "FAILED")]), Mode::App), @r"
    build/shop-checks r1@refs/pull/7/head completed failure: failed in BUILD
    Commit aaaaaaaaaaaa of pull request 7 in project shop-checks, release r1.

    | phase | state | seconds |
    |---|---|---:|
    | SUBMITTED | succeeded | 0 |
    | INSTALL | succeeded | 73 |
    | BUILD | **failed** | 61 |

    **BUILD**: COMMAND\_EXECUTION\_ERROR: Error while executing command: npm test \| tee &lt;log&gt;. Reason: exit status 1, ask @⎵acme/qa
    ");
}

#[test]
fn a_build_that_runs_waits_for_nobody() {
    insta::assert_snapshot!(told(&build(&[running()]), Mode::App), @"
    build/shop-checks r1@refs/pull/7/head in_progress -: is being built
    Commit aaaaaaaaaaaa of pull request 7 in project shop-checks, release r1.
    ");
    assert_eq!(
        told(&Build::default(), Mode::App),
        "",
        "nothing is told of a build that nothing was heard of"
    );
}

#[test]
fn a_gate_is_shown_with_what_would_make_it_pass() {
    insta::assert_snapshot!(told(&build(&[News::Judged(gate())]), Mode::App), @r"
    gate/shop-checks r1@refs/pull/7/head completed failure: error, 1 of 3 conditions hold
    Policy pull-request on the reports of commit aaaaaaaaaaaa, project shop-checks.

    | condition | actual | threshold | outcome | offenders |
    |---|---:|---:|---|---:|
    | line-coverage | 78.40 % | &gt;= 80 % | **fail** | 2 |
    | no-high | – | &gt;= 80 % | **error** |  |
    | unit-tests | 0 | &gt;= 80 % | pass |  |

    - fail: \`coverage.lines\` is 78.40 % \(98 of 125\), \`line-coverage\` asks for &gt;= 80 %: 2 more would pass
    - error: 0 file\(s\) match \`\*\*/npm-audit.json\`, at least 1 must
    - note: the waiver of \`GHSA-1\` is not used
    ");
}

#[test]
fn a_build_that_waits_says_for_whom_and_is_never_told_once_it_runs() {
    insta::assert_snapshot!(told(&build(&[News::Withheld]), Mode::App), @"
    build/shop-checks withheld@refs/pull/7/head completed action_required: waits for a review of this commit
    The commit comes from a fork, so nothing of it is run before somebody has looked at it. To have it built, a person who may write to this repository reviews commit aaaaaaaaaaaa: an approval, or a review that begins with `/build`.
    ");
    insta::assert_snapshot!(told(&build(&[News::Withheld]), Mode::PersonalToken), @"tidegate/shop-checks pending: waits for a review of this commit");
    let begun = told(&build(&[running(), News::Withheld]), Mode::App);
    assert!(!begun.contains("withheld") && begun.contains("in_progress"), "{begun}");
}

#[test]
fn a_personal_token_writes_a_status_for_the_build_and_one_for_its_gate() {
    let all = [running(), ended(Status::TimedOut, "TIMED_OUT"), News::Judged(gate())];
    insta::assert_snapshot!(told(&build(&all), Mode::PersonalToken), @"
    tidegate/shop-checks failure: took too long in BUILD

    tidegate/shop-checks/gate error: error, 1 of 3 conditions hold
    ");
}

#[test]
fn an_app_that_takes_over_from_a_token_makes_its_own_check_run() {
    let mut build = build(&[running()]);
    let (part, write) = next(&origin(), &build, Mode::PersonalToken).unwrap();
    build.note(part, &write, 5, None);
    let (_, write) = next(&origin(), &build, Mode::App).unwrap();
    assert!(matches!(write, Write::CheckRun { id: None, .. }), "{write:?}");
}

#[test]
fn every_end_has_its_own_words() {
    let first = |status, state: &str, mode| {
        let text = told(&build(&[ended(status, state)]), mode);
        text.lines().next().unwrap_or_default().replace("r1@refs/pull/7/head ", "")
    };
    let all = [
        (Status::Succeeded, "SUCCEEDED"),
        (Status::Failed, "FAILED"),
        (Status::TimedOut, "TIMED_OUT"),
        (Status::Stopped, "STOPPED"),
        (Status::Fault, "FAULT"),
    ];
    let lines = all.map(|(status, state)| {
        format!("{} | {}", first(status, state, Mode::App), first(status, state, Mode::PersonalToken))
    });
    insta::assert_snapshot!(lines.join("\n"), @"
    build/shop-checks completed success: built in 2 min 14 s | tidegate/shop-checks success: built in 2 min 14 s
    build/shop-checks completed failure: failed in BUILD | tidegate/shop-checks failure: failed in BUILD
    build/shop-checks completed timed_out: took too long in BUILD | tidegate/shop-checks failure: took too long in BUILD
    build/shop-checks completed cancelled: stopped | tidegate/shop-checks error: stopped
    build/shop-checks completed failure: CodeBuild itself failed | tidegate/shop-checks error: CodeBuild itself failed
    ");
}

#[test]
fn no_words_of_a_build_or_a_report_are_longer_than_github_takes() {
    let long = "@`<ö|".repeat(400);
    let mut build = build(&[ended(Status::Failed, "FAILED")]);
    let phases = (0..20).map(|_| phase(&"ö".repeat(40), "FAILED", 1, &long)).collect();
    build.progress = Some(super::super::Progress { status: Status::Failed, phases });
    let conditions = (0..100).map(|_| line(&long, Outcome::Fail, Some(&long), 1, &long)).collect();
    let gate = Gate { conditions, count: 5_000, ..gate() };
    for text in [render::summary(&origin(), &build), render::gate_summary(&origin(), &gate)] {
        assert!(text.len() <= 65_535 && text.len() > 30_000, "{} bytes", text.len());
        assert!(
            text.lines().last().unwrap().ends_with("more lines, which are too long for GitHub."),
            "{text}"
        );
    }
    assert!(render::title(&build).chars().count() <= 140);
}
