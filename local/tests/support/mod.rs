//! A stack beside a very small data plane: objects in memory, invocations written down. It runs no function.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use local::clock::{Clock, MINUTE};
use local::control_plane::{ApiError, Options, Stack};
use local::emulator::Emulator;
use local::protocol::Protocol;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub(crate) struct DataPlane {
    pub(crate) objects: Mutex<BTreeMap<String, Bytes>>,
    pub(crate) invocations: Mutex<Vec<(String, Value)>>,
}

type Shared = State<Arc<DataPlane>>;

async fn put(State(plane): Shared, Path(path): Path<String>, body: Bytes) -> impl IntoResponse {
    plane.objects.lock().unwrap().insert(path, body);
    [("x-amz-version-id", "v1")]
}

async fn object(State(plane): Shared, Path(path): Path<String>) -> Response {
    match plane.objects.lock().unwrap().get(&path) {
        Some(bytes) => ([("x-amz-version-id", "v1")], bytes.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn invoke(State(plane): Shared, Path(function): Path<String>, body: Bytes) -> &'static str {
    plane.invocations.lock().unwrap().push((function, serde_json::from_slice(&body).unwrap()));
    "null"
}

async fn other(headers: HeaderMap, body: Bytes) -> Response {
    if headers.contains_key("x-amz-target") {
        return json!({"Result": false}).to_string().into_response();
    }
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("Action=AssumeRole"), "{text}");
    "<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
        .into_response()
}

/// Operations that actions of a pipeline call.
const OPERATIONS: [(&str, &[&str]); 7] = [
    ("codepipeline", &[]),
    ("codedeploy", &[]),
    ("codebuild", &[]),
    ("ecs", &["DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"]),
    ("ecr", &[]),
    ("elbv2", &[]),
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

pub(crate) struct World {
    pub(crate) stack: Arc<Stack>,
    pub(crate) plane: Arc<DataPlane>,
}

impl World {
    /// An empty account whose clock stands at a full minute.
    pub(crate) async fn new() -> Self {
        let plane = Arc::new(DataPlane::default());
        let app = Router::new()
            .route("/", post(other))
            .route("/2015-03-31/functions/{function}/invocations", post(invoke))
            .route("/{*path}", get(object).put(put))
            .with_state(Arc::clone(&plane));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let options = Options { platform: concat!(env!("CARGO_MANIFEST_DIR"), "/platform").into() };
        let clock = Clock::at(1_000_000 * MINUTE);
        let stack = Stack::new(clock, options, lenient_models(), Emulator::new(&url));
        Self { stack: Arc::new(stack), plane }
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

    /// The newest invocation of a function.
    pub(crate) fn invoked(&self, function: &str) -> Option<Value> {
        let all = self.plane.invocations.lock().unwrap();
        all.iter().rfind(|(name, _)| name == function).map(|(_, payload)| payload.clone())
    }

    pub(crate) fn count(&self, function: &str) -> usize {
        self.plane.invocations.lock().unwrap().iter().filter(|(name, _)| name == function).count()
    }
}
