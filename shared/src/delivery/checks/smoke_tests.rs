use super::super::observe::Answer;
use super::super::ports::Container;
use super::super::probe::{Layer, Times};
use super::*;
use crate::delivery::policy::Policies;

fn smoke(extra: &str) -> Smoke {
    let text = format!(
        "version: 1\nchecks: {{smoke: {{base_url: 'https://green.internal:8443/', headers: {{X-Amzn-Ecs-Blue-Green-Test: yes}}, requests: [{{path: '/health?token=planted', expect: {{{extra}}}}}, {{path: /orders, method: POST, body: '{{}}', headers: {{x-amzn-ecs-blue-green-test: own}}}}]}}}}\n"
    );
    Policies::parse(&text).unwrap().of("api").checks.smoke.clone().unwrap()
}

fn definition(labels: &[(&str, &str)]) -> TaskDefinition {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    TaskDefinition {
        containers: vec![Container { labels, ..Container::default() }],
        ..TaskDefinition::default()
    }
}

fn shot(attempts: u32, outcome: Outcome) -> Shot {
    Shot { attempts, outcome, times: Times { total: 12, ..Times::default() } }
}

fn answered(faults: &[&str]) -> Outcome {
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    Outcome::Answered {
        answer: Answer { status: 200, length: 2, sha256: String::new(), is_cut: false, faults },
    }
}

fn words(first: Shot, second: Shot) -> String {
    let check = judge(&smoke(""), &Report { shots: vec![first, second] });
    assert!(!serde_json::to_string(&check).unwrap().contains("planted"), "a query may hold a secret");
    format!("{}: {}", check.state.word(), check.sentence)
}

#[test]
fn requests_go_to_the_configured_target_with_common_and_own_headers() {
    let job = job(&smoke(""), &definition(&[])).unwrap();
    let sent: Vec<String> =
        job.asks.iter().map(|ask| format!("{} {} {:?}", ask.method, ask.url, ask.headers)).collect();
    insta::assert_snapshot!(sent.join("\n"), @r#"
    GET https://green.internal:8443/health?token=planted {"x-amzn-ecs-blue-green-test": "yes"}
    POST https://green.internal:8443/orders {"x-amzn-ecs-blue-green-test": "own"}
    "#);
}

#[test]
fn a_version_that_the_task_definition_does_not_name_is_inconclusive() {
    let smoke = smoke("version_header: x-version");
    let check = job(&smoke, &definition(&[])).err().unwrap();
    insta::assert_snapshot!(check.sentence, @"a version header is expected, and `org.opencontainers.image.revision` of the task definition has 0 values, it needs 1");
    assert_eq!(check.state, State::Inconclusive);
    let named = job(&smoke, &definition(&[("org.opencontainers.image.revision", "4f2a91c")])).ok().unwrap();
    assert_eq!(named.asks[0].version.as_deref(), Some("4f2a91c"));
}

#[test]
fn all_that_hold_pass_and_one_that_does_not_fails() {
    insta::assert_snapshot!(words(shot(2, answered(&[])), shot(1, answered(&[]))), @"pass: 2 of 2 smoke request(s) hold, in 3 tries");
    insta::assert_snapshot!(words(shot(3, answered(&["status 500, expected 200"])), shot(1, answered(&[]))), @"fail: `GET /health` had status 500, expected 200 (try 3 of 3)");
}

#[test]
fn a_green_that_does_not_answer_fails_and_a_way_that_is_not_there_is_inconclusive() {
    let no_answer = |layer, words: &str| Outcome::Unanswered { layer, words: words.to_owned() };
    insta::assert_snapshot!(words(shot(3, no_answer(Layer::TimeOut, "no answer within 5000 ms")), shot(1, answered(&[]))), @"fail: `GET /health` got no answer: time-out: no answer within 5000 ms (try 3 of 3)");
    insta::assert_snapshot!(words(shot(3, no_answer(Layer::Tcp, "connection refused")), shot(1, answered(&[]))), @"inconclusive: `GET /health` did not reach green: TCP: connection refused (try 3 of 3)");
    insta::assert_snapshot!(words(shot(0, Outcome::Refused { words: "it is a link-local address".to_owned() }), shot(0, Outcome::NotTried)), @"fail: `GET /health` was not sent: it is a link-local address");
    insta::assert_snapshot!(words(shot(1, answered(&[])), shot(0, Outcome::NotTried)), @"inconclusive: there was no time left for `POST /orders`");
}

#[test]
fn a_report_of_other_requests_is_inconclusive() {
    assert_eq!(judge(&smoke(""), &Report { shots: Vec::new() }).state, State::Inconclusive);
}
