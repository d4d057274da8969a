//! The real probe behind the Runtime API: what fails has the name of its layer, what may not be asked is not asked, a body is never told.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::{Recorder, Reply};
use local::runtime_api::Answer;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_probe");

const JOB: &str = include_str!("../../../events/probe/job.json");

fn started() -> FunctionUnderTest {
    FunctionUnderTest::start_without_settings(BINARY).unwrap()
}

/// The sample job with one request to `url`, tried twice without a pause.
fn job(url: &str, expect: &Value) -> Value {
    let mut job: Value = serde_json::from_str(JOB).unwrap();
    job["asks"][0]["url"] = url.into();
    job["asks"][0]["expect"] = expect.clone();
    (job["attempts"], job["pauseMs"], job["timeoutMs"]) = (2.into(), 0.into(), 1000.into());
    job
}

/// The only shot of a report, without its times.
fn shot(answer: &Answer) -> String {
    match answer {
        Answer::Response(report) => {
            assert_eq!(report["shots"].as_array().unwrap().len(), 1);
            let shot = &report["shots"][0];
            format!("{} {}", shot["attempts"], shot["outcome"])
        }
        Answer::Error(_) | Answer::None => answer.to_string(),
    }
}

#[test]
fn an_answer_is_measured_and_its_body_stays_where_it_is() {
    let (mut probe, green) = (started(), Recorder::start().unwrap());
    let body = json!({"status": "up", "secret": "planted-body"});
    green.answer("GET /health", Reply::json(&body).with_header("x-version", "4f2a91c"));
    let expect = json!({"status": [200], "headers": {"content-type": "json"}, "version_header": "x-version",
        "body_matches": "\"status\":\"up\"", "json": [{"pointer": "/status", "equals": "up"}, {"pointer": "/debug", "exists": false}]});
    let answer = probe.invoke(&job(&format!("{}/health", green.url()), &expect), 20);
    insta::assert_snapshot!(shot(&answer), @r#"1 {"answer":{"faults":[],"isCut":false,"length":39,"sha256":"29b7462e3bb23236e5aaa9d4914eb1b50bc8aaf23f9df41bc64023bb33f26552","status":200},"kind":"answered"}"#);
    let Answer::Response(report) = &answer else { panic!("{answer}") };
    let times = &report["shots"][0]["times"];
    assert!(times["tcp"].is_u64() && times["head"].is_u64() && times["tls"].is_null(), "{times}");
    let sent = &green.requests()[0];
    assert!(sent.headers.iter().any(|(name, value)| name == "x-amzn-ecs-blue-green-test" && value == "yes"));
    insta::assert_snapshot!(probe.stop(&["planted-body"]).unwrap().messages(), @"INFO 1 of 1 request(s) were answered as expected");
}

#[test]
fn what_does_not_hold_is_tried_again_and_named_and_a_redirect_is_not_followed() {
    let (mut probe, green) = (started(), Recorder::start().unwrap());
    green.answer("GET /late", Reply::new(503, "text/plain", "wait"));
    green.answer("GET /late", Reply::new(200, "text/plain", "up"));
    green.answer("GET /moved", Reply::new(302, "text/plain", "").with_header("location", "/late"));
    let ok = json!({"status": [200]});
    insta::assert_snapshot!(shot(&probe.invoke(&job(&format!("{}/late", green.url()), &ok), 20)), @r#"2 {"answer":{"faults":[],"isCut":false,"length":2,"sha256":"75a288c0d6898c5f7b054590845978a82a3ad79fcce3d43ff68a7501e5a91ee9","status":200},"kind":"answered"}"#);
    insta::assert_snapshot!(shot(&probe.invoke(&job(&format!("{}/moved", green.url()), &ok), 20)), @r#"2 {"answer":{"faults":["status 302, expected 200"],"isCut":false,"length":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","status":302},"kind":"answered"}"#);
    assert_eq!(green.requests_of("GET /late").len(), 2, "the redirect was not followed");
    probe.stop(&[]).unwrap();
}

#[test]
fn a_long_body_is_read_to_its_limit_only() {
    let (mut probe, green) = (started(), Recorder::start().unwrap());
    green.answer("GET /long", Reply::new(200, "text/plain", vec![b'a'; (1 << 20) + 7]));
    let expect = json!({"status": [200], "body_matches": "a"});
    let answer = shot(&probe.invoke(&job(&format!("{}/long", green.url()), &expect), 20));
    insta::assert_snapshot!(answer, @r#"2 {"answer":{"faults":["the body is longer than 1048576 bytes and was not read to its end"],"isCut":true,"length":1048576,"sha256":"9bc1b2a288b26af7257a36277ae3816a7d4f16e89c1e7e77d0a5c48bad62b360","status":200},"kind":"answered"}"#);
    probe.stop(&[]).unwrap();
}

#[test]
fn what_fails_has_the_name_of_its_layer() {
    let (mut probe, green) = (started(), Recorder::start().unwrap());
    let ok = json!({"status": [200]});
    let mut layer = |url: &str| match probe.invoke(&job(url, &ok), 20) {
        Answer::Response(report) => report["shots"][0]["outcome"]["layer"].as_str().unwrap().to_owned(),
        other @ (Answer::Error(_) | Answer::None) => panic!("{other}"),
    };
    assert_eq!(layer("http://no-such-name.invalid/"), "dns");
    assert_eq!(layer("http://127.0.0.1:9/"), "tcp");
    assert_eq!(layer(&green.url().replace("http:", "https:")), "tls");
    green.answer("GET /slow", Reply::json(&json!({})));
    green.answer_after(std::time::Duration::from_secs(3));
    assert_eq!(layer(&format!("{}/slow", green.url())), "timeOut");
    probe.stop(&[]).unwrap();
}

#[test]
fn what_may_not_be_asked_is_not_asked() {
    let mut probe = started();
    let ok = json!({"status": [200]});
    insta::assert_snapshot!(shot(&probe.invoke(&job("http://169.254.169.254/latest/meta-data", &ok), 20)), @r#"1 {"kind":"refused","words":"`169.254.169.254` is a link-local address, where metadata services hand out credentials"}"#);
    insta::assert_snapshot!(shot(&probe.invoke(&job("http://[::ffff:169.254.170.2]/v2/credentials", &ok), 20)), @r#"1 {"kind":"refused","words":"`::ffff:169.254.170.2` is a link-local address, where metadata services hand out credentials"}"#);
    insta::assert_snapshot!(shot(&probe.invoke(&job("https://me:planted-password@green/", &ok), 20)), @r#"1 {"kind":"refused","words":"it has a user or password in it: give a header instead"}"#);
    insta::assert_snapshot!(shot(&probe.invoke(&job("file:///etc/passwd", &ok), 20)), @r#"1 {"kind":"refused","words":"this is no URL"}"#);
    probe.stop(&["planted-password"]).unwrap();
}

#[test]
fn certificates_that_cannot_be_read_are_a_failure_of_tls() {
    let (mut probe, green) = (started(), Recorder::start().unwrap());
    let mut wrong = job(&green.url().replace("http:", "https:"), &json!({"status": [200]}));
    wrong["caPem"] = "no certificate".into();
    insta::assert_snapshot!(shot(&probe.invoke(&wrong, 20)), @r#"2 {"kind":"unanswered","layer":"tls","words":"`ca_pem` holds no certificate"}"#);
    probe.stop(&[]).unwrap();
}

#[test]
fn no_try_begins_that_could_not_end_in_time() {
    let (mut probe, green) = (started(), Recorder::start().unwrap());
    insta::assert_snapshot!(shot(&probe.invoke(&job(green.url(), &json!({"status": [200]})), 2)), @r#"0 {"kind":"notTried"}"#);
    assert!(green.requests().is_empty());
    probe.stop(&[]).unwrap();
}

#[test]
fn an_event_that_is_no_job_is_an_error_that_repeats_nothing_of_it() {
    let mut probe = started();
    insta::assert_snapshot!(probe.invoke(&json!({"asks": "planted-event"}), 20), @r#"{"errorMessage":"the event is no job of requests: the pre-traffic function makes them","errorType":"Rejection"}"#);
    let mut none: Value = serde_json::from_str(JOB).unwrap();
    none["asks"] = json!([]);
    insta::assert_snapshot!(probe.invoke(&none, 20), @r#"{"errorMessage":"the job has 0 requests, 1 to 200 are sent","errorType":"Rejection"}"#);
    probe.stop(&["planted-event"]).unwrap();
}
