//! The real gate binary behind the Runtime API: whatever happens, the job that it holds is answered, in words.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::{Recorder, Reply};
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};
use std::io::Write as _;

const BINARY: &str = env!("CARGO_BIN_EXE_quality-gate");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 8] = [
    ("TABLE_NAME", "tidegate"),
    ("REPORT_BUCKET", "tidegate-reports"),
    ("POLICY_PREFIX", "/tidegate/tidegate/policies"),
    ("ALERTS_TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:tidegate-alerts"),
    ("ARTIFACT_BUCKET", "tidegate-artifacts"),
    ("FEEDBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/feedback.fifo"),
    ("SONAR_URL", ""),
    ("SONAR_TOKEN_SECRET_ID", ""),
];
const BUILD: &str = include_str!("../../../events/quality-gate/build-succeeded.json");
const BUILD_ARTIFACT: &str =
    "GET /tidegate-artifacts/builds/1001/4b1c9d2e-0000-4000-8000-000000000001/reports.zip";
const BUILD_REPORT: &str = "PUT /tidegate-reports/gates/shop-checks/4b1c9d2e-0000-4000-8000-000000000001/4b1c9d2e-0000-4000-8000-000000000001.json";
const JOB: &str = include_str!("../../../events/quality-gate/job.json");
/// The artifact credentials of the sample job.
const SECRETS: [&str; 2] = ["planted-secret-key", "planted-secret-token"];
const ARTIFACT: &str = "GET /tidegate-artifacts/b2b-production/BuildApiG/abc1234";
const REPORT: &str = "PUT /tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.json";
/// What is put before the record itself.
const PAGES: [&str; 3] = [
    "PUT /tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.facts.json",
    "PUT /tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.html",
    "PUT /tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.md",
];
const HISTORY: &str = "GET /tidegate-reports/history/b2b-production.json";
const BUILD_HISTORY: &str = "GET /tidegate-reports/history/build.3ashop-checks.json";
const POLICY: &str = "version: 1\nsources: {u: {path: \"**/junit.xml\"}}\nconditions: [{id: unit, source: u, metric: tests.failed, operator: \"<=\", fail: 0}]";
const GREEN: &str =
    r#"<testsuite name="api" tests="2" failures="0"><testcase name="a"/><testcase name="b"/></testsuite>"#;
const RED: &str = r#"<testsuite name="api" tests="2" failures="1"><testcase name="a"/><testcase name="b"><failure>planted-test-output</failure></testcase></testsuite>"#;

fn job() -> Value {
    serde_json::from_str(JOB).unwrap()
}

fn zip(name: &str, text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A gate whose policy and artifact can be read, whose record can be kept and whose answers are taken.
fn started(junit: &str) -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    let policy = json!({"Parameter": {"Name": "/tidegate/tidegate/policies/build", "Type": "String", "Value": POLICY}});
    function
        .aws
        .answer("GetParameter", Reply::json(&policy))
        .answer(ARTIFACT, Reply::new(200, "application/zip", zip("reports/junit.xml", junit)))
        .answer(REPORT, Reply::new(200, "text/plain", ""))
        .answer(PAGES[0], Reply::new(200, "text/plain", ""))
        .answer(PAGES[1], Reply::new(200, "text/plain", ""))
        .answer(PAGES[2], Reply::new(200, "text/plain", ""))
        .answer(HISTORY, Reply::xml_error(404, "NoSuchKey", "The specified key does not exist."))
        .answer("PutItem", Reply::json(&json!({})));
    takes_answers(&function.aws);
    function
}

/// A gate behind an AWS that takes answers and refuses everything else.
fn started_refused() -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    takes_answers(&function.aws);
    function
}

fn takes_answers(aws: &Recorder) {
    aws.answer("GetItem", Reply::json(&json!({})));
    aws.answer("PutJobSuccessResult", Reply::json(&json!({})))
        .answer("PutJobFailureResult", Reply::json(&json!({})))
        .answer("Publish", Reply::xml("<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"));
}

/// The one failure that the job was answered with.
fn failure(aws: &Recorder) -> String {
    let answers = aws.requests_of("PutJobFailureResult");
    assert_eq!((answers.len(), aws.requests_of("PutJobSuccessResult").len()), (1, 0));
    let body = answers[0].json();
    assert_eq!(body["jobId"], job()["CodePipeline.job"]["id"]);
    let details = &body["failureDetails"];
    format!("{}: {}", details["type"].as_str().unwrap(), details["message"].as_str().unwrap())
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let function = started(GREEN);
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty(), "nothing is asked of AWS before the first event");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"");
}

#[test]
fn without_settings_the_job_is_failed_with_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    takes_answers(&function.aws);
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"ConfigurationError: 5 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `REPORT_BUCKET` is not set (template.yaml sets it); `POLICY_PREFIX` is not set (template.yaml sets it); `ALERTS_TOPIC_ARN` is not set (template.yaml sets it); `ARTIFACT_BUCKET` is not set (template.yaml sets it)");
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR 5 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `REPORT_BUCKET` is not set (template.yaml sets it); `POLICY_PREFIX` is not set (template.yaml sets it); `ALERTS_TOPIC_ARN` is not set (template.yaml sets it); `ARTIFACT_BUCKET` is not set (template.yaml sets it)");
}

#[test]
fn good_reports_pass_and_the_record_is_kept_before_the_answer() {
    let mut function = started(GREEN);
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    let asked: Vec<String> = function.aws.requests().into_iter().map(|request| request.operation).collect();
    let order = [
        "GetItem",
        "GetParameter",
        ARTIFACT,
        HISTORY,
        PAGES[0],
        PAGES[1],
        PAGES[2],
        REPORT,
        "PutItem",
        "PutJobSuccessResult",
    ];
    assert_eq!(asked, order);
    insta::assert_snapshot!(function.aws.requests_of("PutJobSuccessResult")[0].json(), @r#"{"executionDetails":{"percentComplete":100,"summary":"gate `build`: pass, 1 of 1 condition(s) hold"},"jobId":"11111111-abcd-1111-abcd-111111abcdef","outputVariables":{"conditionsFailed":"0","conditionsTotal":"1","reportKey":"gates/e-1/11111111-abcd-1111-abcd-111111abcdef.json","summary":"gate `build`: pass, 1 of 1 condition(s) hold","verdict":"pass"}}"#);
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"INFO gate `build`: pass, 1 of 1 condition(s) hold");
}

#[test]
fn the_artifact_is_read_with_the_credentials_of_the_job_only() {
    let mut function = started(GREEN);
    function.invoke(&job(), 20);
    for request in function.aws.requests() {
        let token = request.headers.iter().find(|(name, _)| name == "x-amz-security-token");
        let expected = if request.operation == ARTIFACT { SECRETS[1] } else { "planted-own-session-token" };
        assert_eq!(token.map(|(_, value)| value.as_str()), Some(expected), "{}", request.operation);
    }
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_failed_test_fails_the_job_and_people_are_told() {
    let mut function = started(RED);
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"
    JobFailed: gate `build`: fail, 0 of 1 condition(s) hold
    [fail] `tests.failed` is 1, `unit` asks for <= 0: 1 fewer would pass
        b
    report: s3://tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.html
    ");
    insta::assert_snapshot!(function.aws.requests_of("Publish")[0].field("Subject").unwrap(), @"Tidegate: a gate did not pass");
    let secrets = [SECRETS[0], SECRETS[1], "planted-test-output"];
    insta::assert_snapshot!(function.stop(&secrets).unwrap().messages(), @"INFO gate `build`: fail, 0 of 1 condition(s) hold");
}

#[test]
fn an_artifact_that_may_not_be_read_fails_the_job_and_names_the_permission() {
    let mut function = started_refused();
    let policy = json!({"Parameter": {"Name": "build", "Value": POLICY}});
    function
        .aws
        .answer("GetParameter", Reply::json(&policy))
        .answer(ARTIFACT, Reply::xml_error(403, "AccessDenied", "Access Denied"));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"PermissionError: artifact `BuildApiGateway` cannot be read: S3 refused `GetObject`: `AccessDenied`: Access Denied");
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR artifact `BuildApiGateway` cannot be read: S3 refused `GetObject`: `AccessDenied`: Access Denied");
}

#[test]
fn a_parameter_store_that_is_down_fails_the_job_as_unavailable() {
    let mut function = started_refused();
    function.aws.answer("GetParameter", Reply::error(500, "InternalServerError", "try again"));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"SystemUnavailable: the policy `build` cannot be read: Parameter Store could not answer `GetParameter` now: `InternalServerError`: try again");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_record_that_cannot_be_kept_never_passes() {
    let mut function = started_refused();
    let policy = json!({"Parameter": {"Name": "build", "Value": POLICY}});
    function
        .aws
        .answer("GetParameter", Reply::json(&policy))
        .answer(ARTIFACT, Reply::new(200, "application/zip", zip("junit.xml", GREEN)))
        .answer(HISTORY, Reply::xml_error(404, "NoSuchKey", "The specified key does not exist."))
        .answer(PAGES[0], Reply::new(200, "text/plain", ""))
        .answer(PAGES[1], Reply::new(200, "text/plain", ""))
        .answer(PAGES[2], Reply::new(200, "text/plain", ""))
        .answer(REPORT, Reply::xml_error(503, "SlowDown", "Please reduce your request rate."));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"SystemUnavailable: the verdict cannot be stored: S3 could not answer `PutObject` now: `SlowDown`: Please reduce your request rate.");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_malformed_job_is_answered_with_the_place_of_the_mistake() {
    let mut function = started_refused();
    let mut event = job();
    event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"]["UserParameters"] =
        json!("policy=build");
    assert_eq!(function.invoke(&event, 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"ConfigurationError: `UserParameters` cannot be used: expected value at line 1 column 1");
    insta::assert_snapshot!(function.stop(&SECRETS).unwrap().messages(), @"ERROR `UserParameters` cannot be used: expected value at line 1 column 1");
}

#[test]
fn without_a_job_there_is_nobody_to_answer() {
    let mut function = started_refused();
    let Answer::Error(error) = function.invoke(&json!({"CodePipeline.job": {}}), 20) else {
        panic!("an error")
    };
    insta::assert_snapshot!(error, @r#"{"errorMessage":"the event has no `CodePipeline.job` with an `id`: there is nobody to answer","errorType":"Rejection"}"#);
    assert!(function.aws.requests().is_empty());
    function.stop(&[]).unwrap();
}

#[test]
fn when_the_answer_cannot_be_sent_the_invocation_fails_so_that_it_comes_again() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    let Answer::Error(error) = function.invoke(&job(), 30) else { panic!("an error") };
    insta::assert_snapshot!(error, @r#"{"errorMessage":"CodePipeline could not answer `PutJobFailureResult` now: io error: client error (Connect): tcp connect error: Connection refused (os error 111)","errorType":"Unanswered"}"#);
    function.stop(&SECRETS).unwrap();
}

fn build() -> Value {
    serde_json::from_str(BUILD).unwrap()
}

/// A gate that knows the policy of builds and keeps records, in front of `artifact`.
fn started_for_builds(artifact: Reply) -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    function
        .aws
        .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "pull-request", "Value": POLICY}})))
        .answer(BUILD_ARTIFACT, artifact)
        .answer(BUILD_REPORT, Reply::new(200, "text/plain", ""))
        .answer(&BUILD_REPORT.replace(".json", ".facts.json"), Reply::new(200, "text/plain", ""))
        .answer(&BUILD_REPORT.replace(".json", ".html"), Reply::new(200, "text/plain", ""))
        .answer(&BUILD_REPORT.replace(".json", ".md"), Reply::new(200, "text/plain", ""))
        .answer(BUILD_HISTORY, Reply::xml_error(404, "NoSuchKey", "The specified key does not exist."))
        .answer("PutItem", Reply::json(&json!({})))
        .answer("SendMessage", Reply::json(&json!({"MessageId": "m", "MD5OfMessageBody": "0"})));
    function
}

#[test]
fn a_build_is_judged_with_the_functions_own_credentials_and_its_developers_are_told() {
    let mut function = started_for_builds(Reply::new(200, "application/zip", zip("reports/junit.xml", RED)));
    assert_eq!(function.invoke(&build(), 20), Answer::Response(Value::Null));
    let asked: Vec<String> = function.aws.requests().into_iter().map(|request| request.operation).collect();
    let pages = [".facts.json", ".html", ".md"].map(|ending| BUILD_REPORT.replace(".json", ending));
    let order = [
        "GetParameter",
        BUILD_ARTIFACT,
        BUILD_HISTORY,
        &pages[0],
        &pages[1],
        &pages[2],
        BUILD_REPORT,
        "PutItem",
        "SendMessage",
    ];
    assert_eq!(asked, order);
    for request in function.aws.requests() {
        let token = request.headers.iter().find(|(name, _)| name == "x-amz-security-token");
        assert_eq!(token.map(|(_, value)| value.as_str()), Some("planted-own-session-token"));
    }
    let message = function.aws.requests_of("SendMessage")[0].json();
    let mut body: Value = serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap();
    body["detail"]["gate"]["decidedAt"] = json!("NOW");
    insta::assert_snapshot!(format!("{} {}\n{body}", message["MessageGroupId"], message["MessageDeduplicationId"]), @r#"
    "github" null
    {"detail":{"buildId":"shop-checks:4b1c9d2e-0000-4000-8000-000000000001","gate":{"conditions":[{"actual":"1","id":"unit","offenders":1,"outcome":"fail","sentence":"`tests.failed` is 1, `unit` asks for <= 0: 1 fewer would pass","threshold":"<= 0"}],"count":1,"decidedAt":"NOW","holding":0,"notes":[],"outcome":"fail","policy":"pull-request"}},"detail-type":"Tidegate Gate Verdict"}
    "#);
    let item = function.aws.requests_of("PutItem")[0].json();
    insta::assert_snapshot!(format!("{} {} {}", item["Item"]["pk"]["S"], item["Item"]["sk"]["S"], item["Item"]["report_key"]["S"]), @r#""G#shop-checks:4b1c9d2e-0000-4000-8000-000000000001" "build#4b1c9d2e-0000-4000-8000-000000000001" "gates/shop-checks/4b1c9d2e-0000-4000-8000-000000000001/4b1c9d2e-0000-4000-8000-000000000001.json""#);
    insta::assert_snapshot!(function.stop(&["planted-variable", "planted-test-output"]).unwrap().messages(), @"INFO gate `pull-request`: fail, 0 of 1 condition(s) hold");
}

#[test]
fn a_build_whose_artifact_is_not_there_has_an_error_for_a_verdict() {
    let missing = Reply::xml_error(404, "NoSuchKey", "The specified key does not exist.");
    let mut function = started_for_builds(missing);
    assert_eq!(function.invoke(&build(), 20), Answer::Response(Value::Null));
    let message = function.aws.requests_of("SendMessage")[0].json();
    let body: Value = serde_json::from_str(message["MessageBody"].as_str().unwrap()).unwrap();
    let gate = &body["detail"]["gate"];
    insta::assert_snapshot!(format!("{} {} {}", gate["outcome"], gate["conditions"][0]["sentence"], gate["notes"]), @r#""error" "`unit` cannot be judged: no file matches `**/junit.xml`, at least 1 must" ["there is no object `builds/1001/4b1c9d2e-0000-4000-8000-000000000001/reports.zip`, the build has written no artifact"]"#);
    function.stop(&[]).unwrap();
}

#[test]
fn a_build_whose_artifact_may_not_be_read_fails_its_invocation() {
    let mut function = started_for_builds(Reply::xml_error(403, "AccessDenied", "Access Denied"));
    let Answer::Error(error) = function.invoke(&build(), 20) else { panic!("an error") };
    insta::assert_snapshot!(error, @r#"{"errorMessage":"artifact `build` cannot be read: S3 refused `GetObject`: `AccessDenied`: Access Denied","errorType":"Unjudged"}"#);
    assert!(
        function.aws.requests_of("PutItem").is_empty() && function.aws.requests_of("SendMessage").is_empty()
    );
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"ERROR artifact `build` cannot be read: S3 refused `GetObject`: `AccessDenied`: Access Denied");
}

const CONTINUED: &str = include_str!("../../../events/quality-gate/job-continued.json");
const SCANNED: &str = "version: 1\nsources: {image: {ecr: {image: \"**/imageDetail.json\"}}}\nconditions: [{id: no-critical, source: image, metric: findings.critical, operator: \"<=\", fail: 0}]";
const IMAGE: &str = r#"{"ImageURI":"000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#;

/// A gate whose policy asks for the scan of one image.
fn started_for_a_scan(scan: Reply) -> FunctionUnderTest {
    let function = started_refused();
    function
        .aws
        .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "build", "Value": SCANNED}})))
        .answer(ARTIFACT, Reply::new(200, "application/zip", zip("imageDetail.json", IMAGE)))
        .answer(HISTORY, Reply::xml_error(404, "NoSuchKey", "The specified key does not exist."))
        .answer("DescribeImageScanFindings", scan);
    function
}

#[test]
fn a_scan_in_progress_makes_the_job_come_again_and_nothing_is_kept() {
    let mut function =
        started_for_a_scan(Reply::json(&json!({"imageScanStatus": {"status": "IN_PROGRESS"}})));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(function.aws.requests_of("DescribeImageScanFindings")[0].json(), @r#"{"imageId":{"imageDigest":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},"maxResults":1000,"registryId":"000000000000","repositoryName":"b2b/api-gateway"}"#);
    let answer = function.aws.requests_of("PutJobSuccessResult")[0].json();
    let token: Value = serde_json::from_str(answer["continuationToken"].as_str().unwrap()).unwrap();
    assert_eq!((&token["attempt"], answer.get("outputVariables")), (&json!(1), None));
    let summary = answer["executionDetails"]["summary"].as_str().unwrap();
    insta::assert_snapshot!(format!("{} {}", answer["executionDetails"]["percentComplete"], summary.lines().last().unwrap()), @"0 `no-critical` waits: `BuildApiGateway/imageDetail.json#b2b/api-gateway` is not finished: the scan of `b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` is `IN_PROGRESS`");
    assert!(function.aws.requests_of("PutItem").is_empty());
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_job_that_comes_back_after_its_deadline_is_failed_with_what_is_missing() {
    let mut function = started_for_a_scan(Reply::error(400, "ScanNotFoundException", "no scan"));
    let put = || Reply::new(200, "text/plain", "");
    for ending in [".facts.json", ".html", ".md", ".json"] {
        let key = format!("PUT /tidegate-reports/gates/e-1/22222222-abcd-2222-abcd-222222abcdef{ending}");
        function.aws.answer(&key, put());
    }
    function.aws.answer("PutItem", Reply::json(&json!({})));
    let event: Value = serde_json::from_str(CONTINUED).unwrap();
    assert_eq!(function.invoke(&event, 20), Answer::Response(Value::Null));
    let details = function.aws.requests_of("PutJobFailureResult")[0].json()["failureDetails"].clone();
    insta::assert_snapshot!(details["message"].as_str().unwrap(), @"
    gate `build`: error, 0 of 1 condition(s) hold
    [error] `no-critical` cannot be judged: `BuildApiGateway/imageDetail.json#b2b/api-gateway` is no evidence: `b2b/api-gateway@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` has not been scanned, at `/imageScanStatus`
    report: s3://tidegate-reports/gates/e-1/22222222-abcd-2222-abcd-222222abcdef.html
    ");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_scanner_that_may_not_be_asked_is_named_with_its_permission() {
    let mut function =
        started_for_a_scan(Reply::error(400, "AccessDeniedException", "no ecr:DescribeImageScanFindings"));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"PermissionError: the scan of image `b2b/api-gateway` cannot be read: ECR refused `DescribeImageScanFindings`: `AccessDeniedException`: no ecr:DescribeImageScanFindings");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn of_a_large_artifact_only_its_end_and_its_reports_are_read_of_one_object() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("reports/junit.xml", stored).unwrap();
    writer.write_all(GREEN.as_bytes()).unwrap();
    writer.start_file("bin/service", stored).unwrap();
    writer.write_all(&vec![7; 9 << 20]).unwrap();
    let whole = writer.finish().unwrap().into_inner();
    let (length, tail) = (whole.len(), whole.len() - (4 << 20));
    let mut function = started_refused();
    let piece = |range: std::ops::Range<usize>| {
        let header = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        Reply::new(206, "application/zip", whole[range].to_vec())
            .with_header("content-range", &header)
            .with_header("etag", "\"one\"")
    };
    // "PK", 30 bytes of header, the name, the report.
    let report = 0..30 + "reports/junit.xml".len() + GREEN.len();
    function
        .aws
        .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "build", "Value": POLICY}})))
        .answer(ARTIFACT, piece(tail..length))
        .answer(ARTIFACT, piece(report.clone()))
        .answer(HISTORY, Reply::xml_error(404, "NoSuchKey", "The specified key does not exist."))
        .answer(PAGES[0], Reply::new(200, "text/plain", ""))
        .answer(PAGES[1], Reply::new(200, "text/plain", ""))
        .answer(PAGES[2], Reply::new(200, "text/plain", ""))
        .answer(REPORT, Reply::new(200, "text/plain", ""))
        .answer("PutItem", Reply::json(&json!({})));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    assert_eq!(function.aws.requests_of("PutJobSuccessResult").len(), 1);
    let read = function.aws.requests_of(ARTIFACT);
    let header = |index: usize, wanted: &str| {
        read[index].headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
    };
    assert_eq!((header(0, "range").as_deref(), header(0, "if-match")), (Some("bytes=-4194304"), None));
    assert_eq!(header(1, "range"), Some(format!("bytes=0-{}", report.end - 1)));
    assert_eq!(header(1, "if-match").as_deref(), Some("\"one\""));
    function.stop(&SECRETS).unwrap();
}

#[test]
fn a_history_that_cannot_be_read_is_never_taken_for_none() {
    let mut function = started_refused();
    function
        .aws
        .answer("GetParameter", Reply::json(&json!({"Parameter": {"Name": "build", "Value": POLICY}})))
        .answer(ARTIFACT, Reply::new(200, "application/zip", zip("junit.xml", GREEN)))
        .answer(HISTORY, Reply::new(200, "application/json", "{\"seen\": 1").with_header("etag", "\"h\""));
    assert_eq!(function.invoke(&job(), 20), Answer::Response(Value::Null));
    insta::assert_snapshot!(failure(&function.aws), @"ConfigurationError: the history `b2b-production` cannot be read: S3 answered `GetObject` with something unreadable: `history/b2b-production.json`: it is no history: invalid type: integer `1`, expected a map at line 1 column 10");
    function.stop(&SECRETS).unwrap();
}

#[test]
fn people_hear_of_a_failure_in_the_words_of_their_channel() {
    let mut function = started(RED);
    function.invoke(&job(), 20);
    let publish = &function.aws.requests_of("Publish")[0];
    assert_eq!(publish.field("MessageStructure").as_deref(), Some("json"));
    let told: Value = serde_json::from_str(&publish.field("Message").unwrap()).unwrap();
    let chat: Value = serde_json::from_str(told["https"].as_str().unwrap()).unwrap();
    insta::assert_snapshot!(chat, @r#"{"content":{"description":"[fail] `tests.failed` is 1, `unit` asks for &lt;= 0: 1 fewer would pass\n    b\nreport: s3://tidegate-reports/gates/e-1/11111111-abcd-1111-abcd-111111abcdef.html","textType":"client-markdown","title":"gate `build`: fail, 0 of 1 condition(s) hold"},"metadata":{"summary":"gate `build`: fail, 0 of 1 condition(s) hold","threadId":"e-1"},"source":"custom","version":"1.0"}"#);
    assert!(told["email"].as_str().unwrap().starts_with("gate `build`: fail"), "{told}");
    function.stop(&SECRETS).unwrap();
}
