//! The gate's edge with ports in memory: what the job hears in each case.

use super::*;
use lambda_runtime::Context;
use shared::gates::history::History;
use shared::gates::job::{Artifact, Credentials};
use shared::gates::normal::Normal;
use shared::gates::ports::{Analysis, Record, Scan, Tail, Version};
use shared::gates::scan::Image;
use std::cell::{Cell, RefCell};
use std::ops::Range;

const POLICY: &str = "version: 1\nsources: {u: {path: \"**/junit.xml\"}}\nconditions: [{id: unit, source: u, metric: tests.failed, operator: \"<=\", fail: 0}]";
/// A policy that asks for a scan.
const SCANNED: &str = "version: 1\nsources: {image: {ecr: {image: \"**/imageDetail.json\"}}}\nconditions: [{id: no-critical, source: image, metric: findings.critical, operator: \"<=\", fail: 0}]";
const IMAGE: &str = r#"{"ImageURI":"000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#;
const EVENT: &str = include_str!("../../../events/quality-gate/job.json");

#[derive(Default)]
struct Memory {
    answers: RefCell<Vec<(String, Answer)>>,
    policy: Option<&'static str>,
    junit: Option<&'static str>,
    panics: bool,
    /// Its artifacts never come.
    hangs: bool,
    answered_before: bool,
    unsendable: bool,
    feedback: bool,
    /// A file that names an image, in place of the tests.
    image: bool,
    /// States of its scan, one for each question; the last one stays.
    scans: RefCell<Vec<&'static str>>,
    history: RefCell<Option<History>>,
    /// How often another gate writes the history meanwhile.
    conflicts: Cell<usize>,
    stored: RefCell<Vec<Record>>,
    kept: RefCell<Vec<(String, Answer)>>,
    told: RefCell<Vec<GateNotice>>,
}

impl Jobs for &Memory {
    async fn answer(&self, job: &str, answer: &Answer) -> Result<(), Fault> {
        if self.answered_before {
            return Err(Fault::Missing {
                service: "CodePipeline",
                operation: "PutJobSuccessResult",
                detail: "`InvalidJobStateException`".to_owned(),
            });
        }
        if self.unsendable {
            return Err(Fault::Transient {
                service: "CodePipeline",
                operation: "PutJobSuccessResult",
                detail: "`ThrottlingException`: slow down".to_owned(),
            });
        }
        self.answers.borrow_mut().push((job.to_owned(), answer.clone()));
        Ok(())
    }
}

impl Artifacts for &Memory {
    async fn tail(&self, artifact: &Artifact, _: Option<&Credentials>, _: u64) -> Result<Tail, Fault> {
        assert!(!self.panics, "broken invariant");
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let bytes = match self.junit {
            Some(text) => stored_zip("reports/junit.xml", text.as_bytes()),
            None if self.image => stored_zip("imageDetail.json", IMAGE.as_bytes()),
            None => {
                return Err(Fault::Missing {
                    service: "S3",
                    operation: "GetObject",
                    detail: format!("`NoSuchKey`: {}", artifact.key),
                });
            }
        };
        Ok(Tail { length: bytes.len() as u64, version: "v1".to_owned(), bytes })
    }

    async fn range(
        &self,
        _: &Artifact,
        _: Option<&Credentials>,
        _: &str,
        range: &Range<u64>,
    ) -> Result<Vec<u8>, Fault> {
        panic!("{range:?} of an artifact that was read whole")
    }
}

impl Histories for &Memory {
    async fn load(&self, _: &str) -> Result<Option<(History, Version)>, Fault> {
        Ok(self.history.borrow().clone().map(|history| (history, Version("v".to_owned()))))
    }

    async fn store(&self, _: &str, history: &History, before: Option<&Version>) -> Result<(), Fault> {
        assert_eq!(before.is_some(), self.history.borrow().is_some());
        if self.conflicts.get() > 0 {
            self.conflicts.set(self.conflicts.get() - 1);
            return Err(Fault::Conflict { service: "S3", operation: "PutObject" });
        }
        *self.history.borrow_mut() = Some(history.clone());
        Ok(())
    }
}

impl Scans for &Memory {
    async fn scan(&self, image: &Image) -> Result<Scan, Fault> {
        assert_eq!(image.repository, "b2b/api-gateway");
        let mut states = self.scans.borrow_mut();
        let state = if states.len() > 1 { states.remove(0) } else { states[0] };
        Ok(Scan::Answer(serde_json::json!({"imageScanStatus": {"status": state}})))
    }
}

impl Analyses for &Memory {
    async fn analysis(&self, task: &str) -> Result<Analysis, Fault> {
        panic!("no policy here asks for task {task}")
    }
}

impl Policies for &Memory {
    async fn policy(&self, name: &str) -> Result<String, Fault> {
        let missing = || Fault::Missing {
            service: "Parameter Store",
            operation: "GetParameter",
            detail: format!("parameter `/p/{name}`"),
        };
        self.policy.map(ToOwned::to_owned).ok_or_else(missing)
    }
}

impl Verdicts for &Memory {
    async fn answered(&self, _: &str, _: &str, job: &str) -> Result<Option<Answer>, Fault> {
        Ok(self.kept.borrow().iter().find(|(known, _)| known == job).map(|(_, answer)| answer.clone()))
    }

    fn place(&self, key: &str) -> String {
        format!("s3://tidegate-reports/{key}")
    }

    async fn store(&self, record: &Record, _: &Normal, answer: Option<&Answer>) -> Result<(), Fault> {
        self.stored.borrow_mut().push(record.clone());
        self.kept.borrow_mut().extend(answer.map(|answer| (record.job_id.clone(), answer.clone())));
        Ok(())
    }
}

impl Developers for &Memory {
    async fn tell(&self, notice: &GateNotice) -> Result<(), Fault> {
        if self.unsendable {
            return Err(Fault::Transient {
                service: "SQS",
                operation: "SendMessage",
                detail: "`ThrottlingException`: slow down".to_owned(),
            });
        }
        self.told.borrow_mut().push(notice.clone());
        Ok(())
    }
}

impl Notifier for &Memory {
    async fn publish(&self, _: &Alert) -> Result<(), Fault> {
        Err(Fault::Transient { service: "SNS", operation: "Publish", detail: "down".to_owned() })
    }
}

/// A zip with one stored entry (APPNOTE 4.3.7, 4.3.12, 4.3.16), so that this test needs no zip library.
fn stored_zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let (crc, size, length) = (
        (!crc).to_le_bytes(),
        u32::try_from(bytes.len()).unwrap().to_le_bytes(),
        u16::try_from(name.len()).unwrap().to_le_bytes(),
    );
    let common = [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc, &size, &size, &length, &[0, 0]].concat();
    let local = [b"PK\x03\x04", &common[..], name.as_bytes(), bytes].concat();
    let central = [b"PK\x01\x02", &[20, 0][..], &common, &[0; 14], name.as_bytes()].concat();
    let (count, offset) = (
        u32::try_from(central.len()).unwrap().to_le_bytes(),
        u32::try_from(local.len()).unwrap().to_le_bytes(),
    );
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &count, &offset, &[0, 0]].concat();
    [local, central, end].concat()
}

async fn run(memory: &Memory, payload: Value) -> Result<Value, Diagnostic> {
    run_with(memory, payload, Ok(())).await
}

async fn run_with(
    memory: &Memory,
    payload: Value,
    settings: Result<(), SettingsError>,
) -> Result<Value, Diagnostic> {
    let gate = Gate {
        settings,
        jobs: memory,
        notifier: memory,
        developers: memory.feedback.then_some(memory),
        artifact_bucket: "tidegate-artifacts".to_owned(),
        world: World {
            artifacts: memory,
            policies: memory,
            verdicts: memory,
            histories: memory,
            scans: memory,
            analyses: Some(memory),
        },
    };
    let mut context = Context::default();
    context.request_id = "req-1".to_owned();
    let left = if memory.hangs { 5_100 } else { 60_000 };
    context.deadline = u64::try_from(local_clock().millis()).unwrap() + left;
    gate.handle(LambdaEvent::new(payload, context)).await
}

fn event() -> Value {
    serde_json::from_str(EVENT).unwrap()
}

fn words(memory: &Memory) -> String {
    match memory.answers.borrow().as_slice() {
        [(_, Answer::Fail { kind, message })] => format!("{kind:?}: {message}"),
        [(_, Answer::Succeed { summary, variables })] => format!("success: {summary} {variables:?}"),
        [(_, Answer::Wait { token, percent, summary })] => format!("wait: {token} {percent} % {summary}"),
        other => panic!("{} answers", other.len()),
    }
}

#[tokio::test]
async fn good_evidence_is_a_success_with_output_variables() {
    let memory = Memory {
        policy: Some(POLICY),
        junit: Some("<testsuite><testcase name='a'/></testsuite>"),
        ..Memory::default()
    };
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @r#"success: gate `build`: pass, 1 of 1 condition(s) hold [("verdict", "pass"), ("summary", "gate `build`: pass, 1 of 1 condition(s) hold"), ("reportKey", "gates/e-1/11111111-abcd-1111-abcd-111111abcdef.json"), ("conditionsFailed", "0"), ("conditionsTotal", "1")]"#);
}

#[tokio::test]
async fn a_failed_test_fails_the_job_with_its_name_even_when_nobody_can_be_told() {
    let memory = Memory {
        policy: Some(POLICY),
        junit: Some("<testsuite><testcase name='adds'><failure/></testcase></testsuite>"),
        ..Memory::default()
    };
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"
    JobFailed: gate `build`: fail, 0 of 1 condition(s) hold
    [fail] `tests.failed` is 1, `unit` asks for <= 0: 1 fewer would pass
        adds
    report: s3://tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.html
    ");
}

#[tokio::test]
async fn whatever_is_wrong_the_job_is_answered_with_words_for_whoever_must_act() {
    let memory = Memory::default();
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"ConfigurationError: the policy `build` cannot be read: Parameter Store has no such thing for `GetParameter`: parameter `/p/build`");

    let memory = Memory { policy: Some("version: 1\nsources: []"), ..Memory::default() };
    run(&memory, event()).await.unwrap();
    assert!(
        words(&memory).starts_with("ConfigurationError: policy `build`: the policy cannot be used:"),
        "{}",
        words(&memory)
    );

    let memory = Memory { policy: Some(POLICY), ..Memory::default() };
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"ConfigurationError: artifact `BuildApiGateway` cannot be read: S3 has no such thing for `GetObject`: `NoSuchKey`: b2b-production/BuildApiG/abc1234");

    let memory = Memory { policy: Some(POLICY), panics: true, ..Memory::default() };
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"SystemUnavailable: the gate has a fault of its own; its log has request req-1");

    let memory = Memory { policy: Some(POLICY), hangs: true, ..Memory::default() };
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"SystemUnavailable: the gate could not decide within 0 s");

    let memory = Memory::default();
    run(&memory, serde_json::json!({"CodePipeline.job": {"id": "j"}})).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"ConfigurationError: the job has no text at `.data.actionConfiguration.configuration.UserParameters`");

    let memory = Memory::default();
    let settings = Settings::read(|_| None).map(|_| ());
    run_with(&memory, event(), settings).await.unwrap();
    assert!(
        words(&memory).starts_with("ConfigurationError: 5 wrong setting(s): `TABLE_NAME` is not set"),
        "{}",
        words(&memory)
    );
}

fn scanned(states: &[&'static str]) -> Memory {
    Memory { policy: Some(SCANNED), image: true, scans: RefCell::new(states.to_vec()), ..Memory::default() }
}

/// The event of a job that is continued, `minutes` after its first look.
fn continued(minutes: i64) -> Value {
    let first = local_clock().plus(-minutes * 60_000);
    let mut event = event();
    event["CodePipeline.job"]["data"]["continuationToken"] =
        serde_json::json!({"first": first.to_string(), "attempt": 2}).to_string().into();
    event
}

#[tokio::test]
async fn a_scan_that_is_not_finished_is_waited_for_and_nothing_is_kept_meanwhile() {
    let memory = scanned(&["IN_PROGRESS"]);
    run(&memory, event()).await.unwrap();
    let told = words(&memory);
    assert!(
        told.starts_with("wait: {\"first\":\"")
            && told.contains("\"attempt\":1} 0 % gate `build`: pending until "),
        "{told}"
    );
    insta::assert_snapshot!(told.lines().last().unwrap(), @"`no-critical` waits: `BuildApiGateway/imageDetail.json#b2b/api-gateway` is not finished: the scan of `b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` is `IN_PROGRESS`");
    assert!(memory.stored.borrow().is_empty() && memory.kept.borrow().is_empty());

    let memory = scanned(&["PENDING"]);
    run(&memory, continued(15)).await.unwrap();
    assert!(words(&memory).contains("\"attempt\":3} 50 % "), "{}", words(&memory));
}

#[tokio::test]
async fn after_its_deadline_or_when_it_has_failed_a_scan_is_no_evidence() {
    let memory = scanned(&["IN_PROGRESS"]);
    run(&memory, continued(31)).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"
    JobFailed: gate `build`: error, 0 of 1 condition(s) hold
    [error] `no-critical` cannot be judged: `BuildApiGateway/imageDetail.json#b2b/api-gateway` is no evidence: the scan of `b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` is `IN_PROGRESS`, at `/imageScanStatus`
    report: s3://tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.html
    ");
    let memory = scanned(&["UNSUPPORTED_IMAGE"]);
    run(&memory, event()).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"
    JobFailed: gate `build`: error, 0 of 1 condition(s) hold
    [error] `no-critical` cannot be judged: `BuildApiGateway/imageDetail.json#b2b/api-gateway` is no evidence: the scan of `b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` is `UNSUPPORTED_IMAGE`, at `/imageScanStatus`
    report: s3://tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.html
    ");
    assert_eq!(memory.stored.borrow().len(), 1);
}

#[tokio::test]
async fn a_job_that_comes_again_hears_the_same_and_is_not_judged_anew() {
    let memory = Memory { policy: Some(POLICY), junit: Some(GREEN), ..Memory::default() };
    run(&memory, event()).await.unwrap();
    let again = Memory { kept: memory.kept.clone(), ..Memory::default() };
    run(&again, event()).await.unwrap();
    assert_eq!(words(&again), words(&memory));
    assert!(again.stored.borrow().is_empty());
}

#[tokio::test]
async fn a_gate_that_writes_the_history_meanwhile_is_taken_into_account_three_times() {
    let policy = POLICY.replace("\nconditions", "\nprotected: main\nconditions").leak();
    let mut event = event();
    let parameters = r#"{"policy":"build","executionId":"e-1","branch":"main"}"#;
    event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"]["UserParameters"] =
        parameters.into();
    let busy = |conflicts| Memory {
        policy: Some(policy),
        junit: Some(GREEN),
        conflicts: Cell::new(conflicts),
        ..Memory::default()
    };
    let memory = busy(2);
    run(&memory, event.clone()).await.unwrap();
    assert!(words(&memory).starts_with("success: "), "{}", words(&memory));
    assert!(memory.history.borrow().as_ref().is_some_and(|history| history.files.contains_key("u")));
    let memory = busy(3);
    run(&memory, event).await.unwrap();
    insta::assert_snapshot!(words(&memory), @"SystemUnavailable: the history `build` cannot be kept: the store could not answer `write` now: other gates wrote it 3 times meanwhile");
    assert!(memory.stored.borrow().is_empty());
}

#[tokio::test]
async fn only_a_missing_id_or_an_unsendable_answer_is_an_error() {
    let error = run(&Memory::default(), serde_json::json!({})).await.unwrap_err();
    insta::assert_snapshot!(error.error_message, @"the event has no `CodePipeline.job` with an `id`: there is nobody to answer");
    let error = run(&Memory { unsendable: true, ..Memory::default() }, event()).await.unwrap_err();
    insta::assert_snapshot!(error.error_message, @"CodePipeline could not answer `PutJobSuccessResult` now: `ThrottlingException`: slow down");
    assert!(run(&Memory { answered_before: true, ..Memory::default() }, event()).await.is_ok());
}

const BUILD: &str = include_str!("../../../events/quality-gate/build-succeeded.json");
const GREEN: &str = r#"<testsuite name="api" tests="1" failures="0"><testcase name="a"/></testsuite>"#;

/// What became of a finished build: the stored verdict with its notes, and how many were told.
async fn judged(memory: &Memory, payload: Value) -> String {
    let answer = run(memory, payload).await;
    let stored = memory.stored.borrow();
    let verdicts: Vec<String> = stored
        .iter()
        .map(|record| {
            let Record { execution_id, job_id, policy, verdict, .. } = record;
            let lines: Vec<&str> = verdict.conditions.iter().map(|judged| judged.message.as_str()).collect();
            format!("{policy} {execution_id} {job_id}: {:?} {lines:?} {:?}", verdict.outcome, verdict.notes)
        })
        .collect();
    let answer = answer.map_or_else(
        |error| format!("{}: {}", error.error_type, error.error_message),
        |value| value.to_string(),
    );
    format!("{answer}\nstored {verdicts:?}\ntold {}", memory.told.borrow().len())
}

fn build() -> Value {
    serde_json::from_str(BUILD).unwrap()
}

#[tokio::test]
async fn a_build_is_judged_stored_and_told() {
    let memory = Memory { policy: Some(POLICY), junit: Some(GREEN), feedback: true, ..Memory::default() };
    insta::assert_snapshot!(judged(&memory, build()).await, @r#"
    null
    stored ["pull-request shop-checks:4b1c9d2e-0000-4000-8000-000000000001 4b1c9d2e-0000-4000-8000-000000000001: Pass [\"`tests.failed` is 0, `unit` asks for <= 0\"] []"]
    told 1
    "#);
    assert!(memory.answers.borrow().is_empty(), "there is no job to answer");
    let off = Memory {
        feedback: false,
        ..Memory { policy: Some(POLICY), junit: Some(GREEN), ..Memory::default() }
    };
    assert!(
        judged(&off, build()).await.ends_with("told 0"),
        "without feedback the verdict is stored and nobody is told"
    );
}

#[tokio::test]
async fn a_build_without_an_artifact_is_an_error_and_never_passes() {
    let missing = Memory { policy: Some(POLICY), feedback: true, ..Memory::default() };
    insta::assert_snapshot!(judged(&missing, build()).await, @r#"
    null
    stored ["pull-request shop-checks:4b1c9d2e-0000-4000-8000-000000000001 4b1c9d2e-0000-4000-8000-000000000001: Error [\"`unit` cannot be judged: no file matches `**/junit.xml`, at least 1 must\"] [\"there is no object `builds/1001/4b1c9d2e-0000-4000-8000-000000000001/reports.zip`, the build has written no artifact\"]"]
    told 1
    "#);
    let mut none = build();
    none["detail"]["additional-information"]["artifact"]["location"] = Value::Null;
    let lenient = POLICY.replace("fail: 0", "fail: 0, missing: warn").leak();
    let memory = Memory { policy: Some(lenient), junit: Some(GREEN), feedback: true, ..Memory::default() };
    insta::assert_snapshot!(judged(&memory, none).await, @r#"
    null
    stored ["pull-request shop-checks:4b1c9d2e-0000-4000-8000-000000000001 4b1c9d2e-0000-4000-8000-000000000001: Error [\"`unit` cannot be judged: no file matches `**/junit.xml`, at least 1 must\"] [\"the build has written no artifact\"]"]
    told 1
    "#);
}

#[tokio::test]
async fn a_build_that_cannot_be_judged_fails_its_invocation() {
    let without_policy = Memory { junit: Some(GREEN), feedback: true, ..Memory::default() };
    insta::assert_snapshot!(judged(&without_policy, build()).await, @"
    Unjudged: the policy `pull-request` cannot be read: Parameter Store has no such thing for `GetParameter`: parameter `/p/pull-request`
    stored []
    told 0
    ");
    let unreadable = Memory { policy: Some("version: 1\n"), junit: Some(GREEN), ..Memory::default() };
    insta::assert_snapshot!(judged(&unreadable, build()).await, @"
    Unjudged: policy `pull-request`: the policy cannot be used: line 1, column 1: the key `sources` is missing
    stored []
    told 0
    ");
    let elsewhere = Memory { policy: Some(POLICY), junit: Some(GREEN), ..Memory::default() };
    let mut foreign = build();
    foreign["detail"]["additional-information"]["artifact"]["location"] =
        "arn:aws:s3:::another/builds/x".into();
    insta::assert_snapshot!(judged(&elsewhere, foreign).await, @"
    Rejection: the build's artifact is not in `builds/` of the stack's artifact bucket
    stored []
    told 0
    ");
    let untold = Memory {
        policy: Some(POLICY),
        junit: Some(GREEN),
        feedback: true,
        unsendable: true,
        ..Memory::default()
    };
    insta::assert_snapshot!(judged(&untold, build()).await, @r#"
    Untold: SQS could not answer `SendMessage` now: `ThrottlingException`: slow down
    stored ["pull-request shop-checks:4b1c9d2e-0000-4000-8000-000000000001 4b1c9d2e-0000-4000-8000-000000000001: Pass [\"`tests.failed` is 0, `unit` asks for <= 0\"] []"]
    told 0
    "#);
    let panics = Memory { policy: Some(POLICY), panics: true, ..Memory::default() };
    insta::assert_snapshot!(judged(&panics, build()).await, @"
    Panic: the gate panicked: broken invariant
    stored []
    told 0
    ");
}
