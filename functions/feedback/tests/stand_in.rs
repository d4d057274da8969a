//! The real binary against the GitHub stand-in: what it asks is answered, and what it wrote is found again by the next worker.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::github::{GitHub, Settings};
use local::recorder::Reply;
use local::under_test::FunctionUnderTest;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const BINARY: &str = env!("CARGO_BIN_EXE_feedback");
const TEMPLATE: &str = include_str!("../../../template.yaml");
const STARTED: &str = include_str!("../../../events/feedback/pipeline-started.json");
const FAILED: &str = include_str!("../../../events/feedback/pipeline-failed.json");
const DEPLOY_STARTED: &str = include_str!("../../../events/feedback/deploy-started.json");
const BUILD_STARTED: &str = include_str!("../../../events/feedback/build-started.json");
const BUILD_FAILED: &str = include_str!("../../../events/feedback/build-failed.json");
const VERDICT: &str = include_str!("../../../events/feedback/gate-verdict.json");
const REPOSITORY: &str = "/repos/acme/b2b-ecommerce-platform";

struct World {
    url: String,
    sha: String,
    function: FunctionUnderTest,
    _state: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

fn get(url: &str) -> Value {
    ureq::get(url).call().unwrap().body_mut().read_json().unwrap()
}

impl World {
    /// With a token in place of an App when `token` says so.
    fn new(token: bool) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let state = tempfile::tempdir().unwrap();
        let platform = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../local/platform");
        let settings = Settings {
            port: 0,
            state: state.path().to_owned(),
            platform,
            now: Arc::new(|| 1_795_470_000_000),
        };
        let github = runtime.block_on(GitHub::open(settings)).unwrap();
        let url = github.url();
        runtime.spawn(github.serve());
        let head = get(&format!("{url}{REPOSITORY}/git/ref/heads/main"));
        let sha = head.pointer("/object/sha").and_then(Value::as_str).unwrap().to_owned();
        let (app, token) = if token { ("", "tidegate/token") } else { ("12", "") };
        let values = [
            ("TABLE_NAME", "tidegate"),
            ("FEEDBACK_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/000000000000/feedback.fifo"),
            ("GITHUB_API_URL", url.as_str()),
            ("GITHUB_TOKEN_SECRET_ID", token),
            ("GITHUB_APP_ID", app),
            ("GITHUB_APP_INSTALLATION_ID", app),
            ("GITHUB_APP_KEY_SECRET_ID", app),
        ];
        let function = FunctionUnderTest::start(BINARY, TEMPLATE, &values).unwrap();
        Self { url, sha, function, _state: state, _runtime: runtime }
    }

    /// Hands over events, each to a worker that remembers nothing of those before.
    fn tell(&mut self, events: &[&str]) {
        let origin = self.origin();
        self.tell_of(&origin, events);
    }

    fn origin(&self) -> Value {
        json!({"Item": {"pk": {"S": "O#e"}, "sk": {"S": "ORIGIN"}, "repository_id": {"N": "1001"},
            "repository": {"S": "acme/b2b-ecommerce-platform"}, "sha": {"S": self.sha}, "reference": {"S": "refs/heads/main"}, "runner": {"S": "pipeline"},
            "pipeline": {"S": "b2b-production"}, "environment": {"S": "production"}, "release_id": {"S": "r-1"}, "sequence": {"N": "1"}}})
    }

    fn tell_of(&mut self, origin: &Value, events: &[&str]) {
        self.function.aws.answer("PutItem", Reply::json(&json!({})));
        for _ in events {
            self.function
                .aws
                .answer("GetItem", Reply::json(origin))
                .answer("GetItem", Reply::json(&json!({})));
        }
        for event in events {
            let answer = self.function.invoke(&serde_json::from_str(event).unwrap(), 30).to_string();
            assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
        }
    }

    fn state(&self) -> Value {
        get(&format!("{}/_github/state", self.url)).pointer("/repositories/0").unwrap().clone()
    }
}

#[test]
fn a_check_run_is_found_again_and_completed() {
    let mut world = World::new(false);
    world.tell(&[STARTED, FAILED, FAILED]);
    let runs = world.state()["checkRuns"].clone();
    assert_eq!(runs.as_array().map(Vec::len), Some(1));
    let run = &runs[0];
    insta::assert_snapshot!(format!("{} {} {} {} {}", run["name"], run["external_id"], run["status"], run["conclusion"], run["output"]["title"]), @r#""release/b2b-production" "r-1" "completed" "failure" "failed""#);
    world.function.stop(&[]).unwrap();
}

#[test]
fn a_deployment_is_found_again_and_not_made_twice() {
    let mut world = World::new(false);
    world.tell(&[DEPLOY_STARTED, DEPLOY_STARTED]);
    let deployments = world.state()["deployments"].clone();
    assert_eq!(deployments.as_array().map(Vec::len), Some(1));
    let made = &deployments[0];
    insta::assert_snapshot!(format!("{} {} {}", made["deployment"]["environment"], made["deployment"]["payload"], made["statuses"][0]["state"]), @r#""production" {"releaseId":"r-1","stage":"DeployProduction"} "in_progress""#);
    world.function.stop(&[]).unwrap();
}

#[test]
fn a_commit_status_is_taken() {
    let mut world = World::new(true);
    world.tell(&[STARTED, FAILED]);
    let statuses = world.state()["commitStatuses"].clone();
    let shown =
        |status: &Value| format!("{} {} {}", status["context"], status["state"], status["description"]);
    insta::assert_snapshot!(statuses.as_array().unwrap().iter().map(shown).collect::<Vec<_>>().join("\n"), @r#"
    "tidegate/b2b-production" "pending" "queued"
    "tidegate/b2b-production" "failure" "failed"
    "#);
    world.function.stop(&[]).unwrap();
}

/// The marker is kept with the pull request before the first comment: a worker that remembers it finds the comment that another one made.
#[test]
fn a_comment_is_found_again_by_its_marker_and_not_made_twice() {
    let mut world = World::new(false);
    let mut origin = world.origin();
    let pull = [("reference", "refs/pull/7/head"), ("runner", "build"), ("pipeline", "shop-checks")];
    for (name, value) in pull {
        origin["Item"][name] = json!({"S": value});
    }
    let board = json!({"marker": "0123456789abcdef0123456789abcdef", "rows": {}, "written": null});
    let board = json!({"Item": {"version": {"N": "1"}, "body": {"S": board.to_string()}}});
    let events = [BUILD_STARTED, BUILD_FAILED, VERDICT];
    world.function.aws.answer("PutItem", Reply::json(&json!({})));
    for _ in events {
        world
            .function
            .aws
            .answer("GetItem", Reply::json(&origin))
            .answer("GetItem", Reply::json(&json!({})))
            .answer("GetItem", Reply::json(&board));
    }
    for event in events {
        let answer = world.function.invoke(&serde_json::from_str(event).unwrap(), 30).to_string();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
    }
    let state = world.state();
    let runs = state["checkRuns"].as_array().unwrap();
    let names: Vec<String> =
        runs.iter().map(|run| format!("{} {}", run["name"], run["conclusion"])).collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    "build/shop-checks" "failure"
    "gate/shop-checks" "failure"
    "#);
    let comments = state["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 1, "{comments:#?}");
    let body = comments[0]["comment"]["body"].as_str().unwrap();
    insta::assert_snapshot!(format!("{}: {}", comments[0]["issue"], body.lines().last().unwrap()), @r#""7": - fail: \`coverage.lines\` is 78.40 % \(98 of 125\), \`line-coverage\` asks for &gt;= 80 %: 2 more would pass"#);
    world.function.stop(&[]).unwrap();
}
