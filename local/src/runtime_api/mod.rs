//! A small Lambda Runtime API host: runs one real function binary and hands it events, one at a time.
//!
//! For tests and benchmarks in which the emulator is too coarse. It imitates the HTTP surface of
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html> (`next`, `response`, `error`, `init/error`).
//! It does not imitate: memory and time limits, freezing between invocations, retries, extensions, IAM.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::path::Path as FilePath;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, mpsc, oneshot};

/// What a function answered to one invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The function's response body.
    Response(Value),
    /// The function reported an error: `errorType` and `errorMessage`.
    Error(Value),
    /// The process ended, or the time ran out, before an answer came.
    None,
}

impl std::fmt::Display for Answer {
    /// The document as it was sent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Response(value) | Self::Error(value) => value.fmt(f),
            Self::None => f.write_str("no answer"),
        }
    }
}

struct Work {
    id: String,
    event: Vec<u8>,
    deadline_ms: u128,
}

#[derive(Default)]
struct Waiting {
    id: String,
    answer: Option<oneshot::Sender<Answer>>,
}

struct Shared {
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Work>>,
    waiting: Mutex<Waiting>,
    first_next: Notify,
    init_error: Mutex<Option<Value>>,
}

/// A running function process and its Runtime API.
pub struct Host {
    runtime: tokio::runtime::Runtime,
    shared: Arc<Shared>,
    send: mpsc::UnboundedSender<Work>,
    child: Child,
    started: Instant,
    count: u32,
    output: Output,
}

/// What the process wrote so far; read all the time, so that a talkative process never waits for us.
#[derive(Default)]
struct Output {
    out: Capture,
    err: Capture,
}

#[derive(Default)]
struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Capture {
    fn of(pipe: Option<impl std::io::Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = pipe.map(|mut pipe| {
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = pipe.read(&mut chunk) {
                    if let (Ok(mut sink), Some(new)) = (sink.lock(), chunk.get(..read)) {
                        sink.extend_from_slice(new);
                    }
                }
            })
        });
        Self { bytes, reader }
    }

    fn text(&self) -> String {
        self.bytes.lock().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Everything, once the other end is closed.
    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ended = reader.join();
        }
        self.text()
    }
}

impl Host {
    /// Starts `program` with `arguments` (the function binary, perhaps behind a profiler) and `environment`
    /// only; nothing is inherited but `PATH`.
    ///
    /// # Errors
    /// When the port cannot be bound or the process cannot be started.
    pub fn start(
        program: &FilePath,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (send, receive) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            queue: tokio::sync::Mutex::new(receive),
            waiting: Mutex::default(),
            first_next: Notify::new(),
            init_error: Mutex::default(),
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?.to_string();
        let router = router(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, router).await });
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "local")
            .env("AWS_REGION", "us-east-1")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = Output { out: Capture::of(child.stdout.take()), err: Capture::of(child.stderr.take()) };
        Ok(Self { runtime, shared, send, child, started, count: 0, output })
    }

    /// Waits until the process asks for its first event; false when it did not within `limit`.
    pub fn wait_for_first_next(&self, limit: Duration) -> bool {
        let asked = self.shared.first_next.notified();
        self.runtime.block_on(async { tokio::time::timeout(limit, asked).await.is_ok() })
    }

    /// Hands `event` over and waits at most `limit` for the answer. The function sees the same time as deadline.
    pub fn invoke(&mut self, event: &Value, limit: Duration) -> Answer {
        self.invoke_written(event.to_string().into_bytes(), limit)
    }

    /// The same with an event that is written already, for when the time counts.
    pub fn invoke_written(&mut self, event: Vec<u8>, limit: Duration) -> Answer {
        self.count += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.count);
        let (answer, received) = oneshot::channel();
        if let Ok(mut waiting) = self.shared.waiting.lock() {
            *waiting = Waiting { id: id.clone(), answer: Some(answer) };
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let work = Work { id, event, deadline_ms: (now + limit).as_millis() };
        if self.send.send(work).is_err() {
            return Answer::None;
        }
        self.runtime.block_on(async {
            tokio::time::timeout(limit, received).await.ok().and_then(Result::ok).unwrap_or(Answer::None)
        })
    }

    /// How long ago the process was started.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The process's id, to look at its memory and CPU time.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the process reported to `init/error`, if it did.
    #[must_use]
    pub fn init_error(&self) -> Option<Value> {
        self.shared.init_error.lock().ok().and_then(|error| error.clone())
    }

    /// Ends the process and returns what it wrote: standard output, then standard error.
    ///
    /// # Errors
    /// When the process cannot be signalled or waited for.
    pub fn stop(mut self) -> std::io::Result<(String, String)> {
        if self.child.try_wait()?.is_none() {
            let _asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        }
        self.wait()
    }

    /// Waits for the process to end by itself and returns what it wrote.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn wait(&mut self) -> std::io::Result<(String, String)> {
        let _status = self.child.wait()?;
        Ok((self.output.out.whole(), self.output.err.whole()))
    }

    /// What the process wrote until now: standard output, then standard error.
    #[must_use]
    pub fn output(&self) -> (String, String) {
        (self.output.out.text(), self.output.err.text())
    }

    /// Waits at most `limit` for the process to end by itself; its exit code, when it did (-1 for a signal).
    pub fn exit_code(&mut self, limit: Duration) -> Option<i32> {
        let end = Instant::now() + limit;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status.code().unwrap_or(-1));
            }
            if Instant::now() >= end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.first_next.notify_one();
    let Some(work) = shared.queue.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let mut headers = HeaderMap::new();
    let fields = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", work.id),
        ("lambda-runtime-deadline-ms", work.deadline_ms.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:under-test".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    (headers, work.event).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&shared, &id, Answer::Response(json(&body)))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    settle(&shared, &id, Answer::Error(json(&body)))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    if let Ok(mut slot) = shared.init_error.lock() {
        *slot = Some(json(&body));
    }
    StatusCode::ACCEPTED
}

fn settle(shared: &Shared, id: &str, answer: Answer) -> StatusCode {
    let Ok(mut waiting) = shared.waiting.lock() else { return StatusCode::INTERNAL_SERVER_ERROR };
    if waiting.id != id {
        return StatusCode::BAD_REQUEST;
    }
    match waiting.answer.take().map(|sender| sender.send(answer)) {
        Some(Ok(())) => StatusCode::ACCEPTED,
        Some(Err(_)) | None => StatusCode::BAD_REQUEST,
    }
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}
