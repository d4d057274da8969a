//! A stack beside a very small data plane, for unit tests: functions answer what a test wrote down, invocations are kept.

use super::{ApiError, Options, Stack};
use crate::clock::{Clock, MINUTE, SECOND};
use crate::emulator::Emulator;
use crate::protocol::Protocol;
use crate::values::lock;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Plane {
    /// Answers by function; the last one stays. A text is a function's error.
    answers: Mutex<BTreeMap<String, VecDeque<Value>>>,
    invocations: Mutex<Vec<(String, Value)>>,
}

async fn invoke(State(plane): State<Arc<Plane>>, Path(name): Path<String>, body: Bytes) -> Response {
    lock(&plane.invocations).push((name.clone(), serde_json::from_slice(&body).unwrap()));
    let mut answers = lock(&plane.answers);
    let scripted = answers.entry(name).or_default();
    let answer = if scripted.len() > 1 { scripted.pop_front() } else { scripted.front().cloned() };
    match answer.unwrap_or(Value::Null) {
        Value::String(error) => {
            ([("x-amz-function-error", "Unhandled")], Json(json!({"errorMessage": error}))).into_response()
        }
        answer => Json(answer).into_response(),
    }
}

/// Operations that the admin interface calls.
const OPERATIONS: [(&str, &[&str]); 7] = [
    ("codepipeline", &[]),
    ("codedeploy", &["GetDeploymentGroup", "CreateDeployment", "StopDeployment"]),
    ("codebuild", &[]),
    (
        "ecs",
        &[
            "CreateCluster",
            "CreateService",
            "DescribeServices",
            "DescribeTaskDefinition",
            "RegisterTaskDefinition",
            "StopServiceDeployment",
            "UpdateService",
        ],
    ),
    ("ecr", &[]),
    (
        "elbv2",
        &["CreateLoadBalancer", "CreateListener", "CreateRule", "CreateTargetGroup", "DescribeLoadBalancers"],
    ),
    ("cloudwatch", &[]),
];

/// Models that know some operations and check nothing of their requests: what pipeline actions and the admin interface ask for is checked by the
/// real models on a whole stack.
fn lenient_models() -> Protocol {
    let folder = tempfile::tempdir().unwrap();
    for (service, operations) in OPERATIONS {
        let version = folder.path().join(service).join("1");
        std::fs::create_dir_all(&version).unwrap();
        let known: serde_json::Map<String, Value> =
            operations.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        std::fs::write(version.join("service-2.json"), json!({"operations": known}).to_string()).unwrap();
    }
    Protocol::read(folder.path()).unwrap()
}

/// Everything a unit test needs.
pub(crate) struct World {
    pub(crate) stack: Arc<Stack>,
    plane: Arc<Plane>,
}

impl World {
    /// An empty account whose clock stands at a full minute.
    pub(crate) async fn new() -> Self {
        let plane = Arc::new(Plane::default());
        let app = Router::new()
            .route("/2015-03-31/functions/{function}/invocations", post(invoke))
            .with_state(Arc::clone(&plane));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let options = Options { platform: concat!(env!("CARGO_MANIFEST_DIR"), "/platform").into() };
        let clock = Clock::at(1_000_000 * MINUTE);
        let stack = Stack::new(clock, options, lenient_models(), Emulator::new(&url));
        Self { stack: Arc::new(stack), plane }
    }

    pub(crate) fn answers(&self, function: &str, answers: &[Value]) {
        lock(&self.plane.answers).insert(function.to_owned(), answers.iter().cloned().collect());
    }

    /// Payloads that a function got, in order.
    pub(crate) fn invoked(&self, function: &str) -> Vec<Value> {
        let all = lock(&self.plane.invocations);
        all.iter().filter(|(name, _)| name == function).map(|(_, payload)| payload.clone()).collect()
    }

    pub(crate) async fn ok(&self, service: &str, operation: &str, input: Value) -> Value {
        self.stack.call(service, operation, &input).await.unwrap()
    }

    pub(crate) async fn error(&self, service: &str, operation: &str, input: Value) -> ApiError {
        self.stack.call(service, operation, &input).await.unwrap_err()
    }

    pub(crate) async fn minutes(&self, minutes: i64) {
        self.stack.advance(minutes * MINUTE).await;
    }

    pub(crate) async fn seconds(&self, seconds: i64) {
        self.stack.advance(seconds * SECOND).await;
    }

    /// Entries of the journal of a kind.
    pub(crate) fn journal(&self, kind: &str) -> Vec<Value> {
        let all = self.stack.journal.since(0);
        let entries = all["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["kind"] == kind).cloned().collect()
    }

    /// Names of events of a kind, in order.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let all = self.stack.events.since(0);
        let events = all["events"].as_array().unwrap().iter().filter(|event| event["detail-type"] == kind);
        events.map(|event| event["detail"].clone()).collect()
    }

    /// Two target groups `api-blue` and `api-green` behind a production and a test listener; ARNs of groups and rules.
    pub(crate) async fn balancer(&self) -> [String; 4] {
        let tag = |id: &str| json!([{"Key": "tidegate.local/id", "Value": id}]);
        self.ok("elb", "CreateLoadBalancer", json!({"Name": "lb", "Tags": tag("lb")})).await;
        let balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/lb/lb";
        let mut arns = Vec::new();
        for name in ["api-blue", "api-green"] {
            let made = self.ok("elb", "CreateTargetGroup", json!({"Name": name, "Tags": tag(name)})).await;
            arns.push(made["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap().to_owned());
        }
        for id in ["production", "test"] {
            let listener =
                json!({"LoadBalancerArn": balancer, "Port": 443, "Tags": tag(id), "DefaultActions": []});
            let made = self.ok("elb", "CreateListener", listener).await;
            let actions = super::elb::rules::forward(&[(&arns[0], 100), (&arns[1], 0)]);
            let rule = json!({"ListenerArn": made["Listeners"][0]["ListenerArn"], "Priority": 1, "Actions": actions});
            let made = self.ok("elb", "CreateRule", rule).await;
            arns.push(made["Rules"][0]["RuleArn"].as_str().unwrap().to_owned());
        }
        arns.try_into().unwrap()
    }
}
