//! The real dashboard binary behind the Runtime API: each caller gets its own answer, and a fault is an error in words.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::Reply;
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_dashboard");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const SETTINGS: [(&str, &str); 3] = [
    ("TABLE_NAME", "tidegate"),
    ("REPORT_BUCKET", "tidegate-reports"),
    ("SERVICES_PARAMETER", "/tidegate/tidegate/services"),
];
const DESCRIBE: &str = include_str!("../../../events/dashboard/describe.json");
const SERVICES: &str = "version: 1\nservices: [{service: api-gateway, environment: production, codedeploy: {application: b2b, group: api-gateway}}]";

fn started() -> FunctionUnderTest {
    let function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    let services = json!({"Parameter": {"Name": "/tidegate/tidegate/services", "Value": SERVICES}});
    function
        .aws
        .answer("GetParameter", Reply::json(&services))
        .answer("Query", Reply::json(&json!({"Items": [], "Count": 0, "ScannedCount": 0})));
    function
}

fn error(answer: Answer) -> String {
    let Answer::Error(error) = answer else { panic!("an error is expected, not {answer:?}") };
    format!("{}: {}", error["errorType"].as_str().unwrap(), error["errorMessage"].as_str().unwrap())
}

#[test]
fn it_asks_for_events_with_the_settings_of_the_template() {
    let function = started();
    assert!(function.asks_for_an_event());
    assert!(function.aws.requests().is_empty(), "nothing is asked of AWS before the first event");
    function.stop(&[]).unwrap();
}

#[test]
fn without_settings_it_does_not_start_and_the_log_names_all_of_them() {
    let mut function = FunctionUnderTest::start_without_settings(BINARY).unwrap();
    assert_eq!(function.exit_code(), Some(1));
    let log = function.stop(&[]).unwrap();
    insta::assert_snapshot!(log.messages(), @"ERROR the function cannot start: 3 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `REPORT_BUCKET` is not set (template.yaml sets it); `SERVICES_PARAMETER` is not set (template.yaml sets it)");
    insta::assert_snapshot!(log.err, @r#"Error: "3 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `REPORT_BUCKET` is not set (template.yaml sets it); `SERVICES_PARAMETER` is not set (template.yaml sets it)""#);
}

#[test]
fn it_describes_itself_without_aws() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    let event: Value = serde_json::from_str(DESCRIBE).unwrap();
    let Answer::Response(answer) = function.invoke(&event, 10) else { panic!("an answer") };
    insta::assert_snapshot!(answer["markdown"].as_str().unwrap(), @r"
    ### Tidegate
    Releases, deployments and DORA figures of production, 30 days.

    ```yaml
    {}
    ```
    ");
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"");
}

#[test]
fn a_widget_is_html_even_before_the_first_release() {
    let mut function = started();
    let Answer::Response(Value::String(html)) = function.invoke(&json!({"widgetContext": {}}), 10) else {
        panic!("HTML")
    };
    assert!(html.contains("no event has come yet") && html.contains("No deployment yet"), "{html}");
    function.stop(&[]).unwrap();
}

#[test]
fn a_report_is_published_as_a_page_and_as_data() {
    let mut function = started();
    for key in ["reports/index.html", "reports/latest.json"] {
        function.aws.answer(&format!("PUT /tidegate-reports/{key}"), Reply::new(200, "text/plain", ""));
    }
    assert!(matches!(function.invoke(&json!({"action": "publish"}), 10), Answer::Response(Value::Object(_))));
    assert_eq!(
        function.aws.requests().iter().filter(|request| request.operation.starts_with("PUT ")).count(),
        2
    );
    insta::assert_snapshot!(function.stop(&[]).unwrap().messages(), @"INFO report published");
}

#[test]
fn a_bucket_that_may_not_be_written_is_an_error_that_names_it() {
    let mut function = started();
    function.aws.answer(
        "PUT /tidegate-reports/reports/index.html",
        Reply::xml_error(403, "AccessDenied", "Access Denied"),
    );
    insta::assert_snapshot!(error(function.invoke(&json!({"action": "publish"}), 10)), @"Fault: S3 refused `PutObject`: `AccessDenied`: Access Denied");
    function.stop(&[]).unwrap();
}

#[test]
fn services_that_cannot_be_read_are_an_error_that_names_the_parameter() {
    let mut function = FunctionUnderTest::start(BINARY, TEMPLATE, &SETTINGS).unwrap();
    function.aws.answer("GetParameter", Reply::error(400, "ParameterNotFound", ""));
    insta::assert_snapshot!(error(function.invoke(&json!({"widgetContext": {}}), 10)), @"Fault: Parameter Store has no such thing for `GetParameter`: parameter `/tidegate/tidegate/services`: `ParameterNotFound`:");
    function.stop(&[]).unwrap();
}

#[test]
fn without_aws_a_widget_is_an_error_and_never_an_empty_report() {
    let mut function = FunctionUnderTest::start_without_aws(BINARY, TEMPLATE, &SETTINGS).unwrap();
    insta::assert_snapshot!(error(function.invoke(&json!({"widgetContext": {}}), 20)), @"Fault: Parameter Store could not answer `GetParameter` now: io error: client error (Connect): tcp connect error: Connection refused (os error 111)");
    function.stop(&[]).unwrap();
}

#[test]
fn a_caller_of_no_known_kind_is_told_which_kinds_there_are() {
    let mut function = started();
    insta::assert_snapshot!(error(function.invoke(&json!({"action": "delete"}), 10)), @r#"Rejection: the event is no widget call, no schedule and no `{"action": "publish"}`"#);
    function.stop(&[]).unwrap();
}
