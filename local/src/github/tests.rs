//! The stand-in over real HTTP: a small platform, a receiver that keeps what it gets.

mod deliveries;
mod pulls;
mod reading;
mod writing;

use super::{GitHub, Settings};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// 2026-11-24T08:00:00Z.
const NOW: i64 = 1_795_507_200_000;
const SECRET: &str = "planted-secret-of-the-webhook";
const REPO: &str = "/repos/acme/b2b-ecommerce-platform";

type Got = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A served stand-in with its folders and clock.
struct World {
    url: String,
    clock: Arc<AtomicI64>,
    folders: TempDir,
}

/// An answer read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    async fn new() -> Self {
        let folders = TempDir::new().unwrap();
        let platform = folders.path().join("platform");
        step(
            &platform,
            "history/01-begin",
            "begin",
            &[("README.md", "one\n"), ("services/api/run.sh", "#!/bin/sh\n")],
        );
        step(
            &platform,
            "history/02-orders",
            "orders: take orders\n\nmore words",
            &[("services/api/orders.ts", "1\n2\n")],
        );
        step(
            &platform,
            "changes/good",
            "orders: refuse negative quantities",
            &[("services/api/orders.ts", "1\n2\n3\n")],
        );
        step(
            &platform,
            "changes/low-coverage",
            "api: drop tests",
            &[(".recorded.json", "{\"variant\":\"low-coverage\"}\n")],
        );
        let clock = Arc::new(AtomicI64::new(NOW));
        let shared = clock.clone();
        let settings = Settings {
            port: 0,
            state: folders.path().join("state"),
            platform,
            now: Arc::new(move || shared.load(Ordering::SeqCst)),
        };
        let github = GitHub::open(settings).await.unwrap();
        let url = github.url();
        tokio::spawn(github.serve());
        Self { url, clock, folders }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let response: Response<_> = client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], &body.to_string()).await
    }

    /// Pushes without telling anybody; the commit.
    async fn push(&self, branch: &str, change: &str) -> String {
        let answer =
            self.post("/_github/push", json!({"branch": branch, "change": change, "deliver": false})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json());
        answer.json()["sha"].as_str().unwrap().to_owned()
    }

    async fn head(&self, branch: &str) -> String {
        let answer = self.get(&format!("{REPO}/git/ref/heads/{branch}")).await;
        answer.json()["object"]["sha"].as_str().unwrap().to_owned()
    }
}

fn step(platform: &Path, folder: &str, message: &str, files: &[(&str, &str)]) {
    let folder = platform.join(folder);
    for (name, text) in files {
        let file = folder.join("tree").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let commit = json!({"message": message, "author": {"name": "Ann Lee", "email": "ann@example.com"}});
    std::fs::write(folder.join("commit.json"), commit.to_string()).unwrap();
}

/// A receiver that answers 202 and keeps what it gets.
async fn receiver() -> (String, Got) {
    async fn take(State(got): State<Got>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
        got.lock().unwrap().push((headers, body));
        (StatusCode::ACCEPTED, json!({"result": "accepted"}).to_string())
    }
    let got = Got::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhook", listener.local_addr().unwrap());
    let router = Router::new().route("/webhook", post(take)).with_state(got.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, got)
}
