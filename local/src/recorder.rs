//! A recording HTTP server: answers each operation as a test scripted it and keeps every request.
//!
//! Stands behind `AWS_ENDPOINT_URL` (or a GitHub API address) of one real process, where a test must choose the very answer.
//! It does not imitate: signatures, request validation, state, paging, TLS, time. What was not scripted is refused in words
//! (`NotScripted`), so that no call is answered by accident.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One scripted answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// Status 200 with a JSON body (AWS JSON protocols, GitHub).
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::new(200, "application/json", body.to_string())
    }

    /// Status 200 with an XML body (AWS Query and REST-XML protocols).
    #[must_use]
    pub fn xml(body: &str) -> Self {
        Self::new(200, "text/xml", body)
    }

    /// Status 200 with a CBOR body (Smithy RPC v2 CBOR, which CloudWatch speaks); an object `{"epochSeconds": n}` becomes a time.
    #[must_use]
    pub fn cbor(body: &Value) -> Self {
        let mut bytes = Vec::new();
        let _written = ciborium::into_writer(&cbor(body), &mut bytes);
        Self::new(200, "application/cbor", bytes).with_header("smithy-protocol", "rpc-v2-cbor")
    }

    /// Any status, content type and body.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// An error of an AWS JSON protocol: `__type` and `message`.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let reply = Self::json(&json!({"__type": code, "message": message}));
        reply.with_status(status).with_header("x-amzn-errortype", code)
    }

    /// An error of S3 and of the Query protocol.
    #[must_use]
    pub fn xml_error(status: u16, code: &str, message: &str) -> Self {
        let inner = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        Self::new(status, "application/xml", inner)
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with one header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// `PutItem` (from `X-Amz-Target`, `Action` or a `…/operation/PutItem` path), otherwise `GET /path`.
    pub operation: String,
    /// Path and query.
    pub target: String,
    /// Headers, names in lower case; a name that came twice is there twice.
    pub headers: Vec<(String, String)>,
    /// The body, lossily as text.
    pub body: String,
}

impl Request {
    /// The body as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A field of a form body (Query protocol).
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        let mut fields = form_urlencoded::parse(self.body.as_bytes());
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

#[derive(Default)]
struct Shared {
    script: Mutex<HashMap<String, VecDeque<Reply>>>,
    /// Answers to requests of an operation whose body holds a text.
    particular: Mutex<Vec<(String, String, Reply)>>,
    requests: Mutex<Vec<Request>>,
    delay: Mutex<Duration>,
}

/// The running server; it ends when this is dropped.
pub struct Recorder {
    shared: Arc<Shared>,
    url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Recorder {
    /// Starts on a free port of loopback.
    ///
    /// # Errors
    /// When the port cannot be bound.
    pub fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let shared = Arc::new(Shared::default());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = axum::Router::new().fallback(take).with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { shared, url, _runtime: runtime })
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Scripts one more answer of `operation`: they are given in order, the last one again and again.
    pub fn answer(&self, operation: &str, reply: Reply) -> &Self {
        lock(&self.shared.script).entry(operation.to_owned()).or_default().push_back(reply);
        self
    }

    /// Scripts the answer of `operation` to every request whose body holds `part`, whatever [`Self::answer`] says.
    pub fn answer_to(&self, operation: &str, part: &str, reply: Reply) -> &Self {
        lock(&self.shared.particular).push((operation.to_owned(), part.to_owned(), reply));
        self
    }

    /// Every answer from now on takes `delay`, as one over a network does.
    pub fn answer_after(&self, delay: Duration) {
        *lock(&self.shared.delay) = delay;
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// The requests of one operation.
    #[must_use]
    pub fn requests_of(&self, operation: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.operation == operation).collect()
    }
}

fn cbor(value: &Value) -> ciborium::Value {
    match value {
        Value::Object(fields) => match fields.get("epochSeconds") {
            Some(seconds) => ciborium::Value::Tag(1, Box::new(cbor(seconds))),
            None => {
                let fields = fields.iter().map(|(name, value)| (name.as_str().into(), cbor(value)));
                ciborium::Value::Map(fields.collect())
            }
        },
        Value::Array(values) => ciborium::Value::Array(values.iter().map(cbor).collect()),
        Value::String(text) => text.as_str().into(),
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::Null => ciborium::Value::Null,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request {
        operation: operation(&method, &uri, &headers, &body),
        target: uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let particular = particular(&lock(&shared.particular), &request);
    let reply = particular.unwrap_or_else(|| next_reply(&mut lock(&shared.script), &request.operation));
    lock(&shared.requests).push(request);
    let delay = *lock(&shared.delay);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    render(reply)
}

fn particular(scripted: &[(String, String, Reply)], request: &Request) -> Option<Reply> {
    let mut fitting = scripted
        .iter()
        .filter(|(operation, part, _)| *operation == request.operation && request.body.contains(part));
    fitting.next().map(|(_, _, reply)| reply.clone())
}

fn next_reply(script: &mut HashMap<String, VecDeque<Reply>>, operation: &str) -> Reply {
    let scripted = script
        .get_mut(operation)
        .and_then(|replies| if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() });
    scripted.unwrap_or_else(|| {
        Reply::error(400, "NotScripted", &format!("the test scripted no answer of `{operation}`"))
    })
}

fn operation(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> String {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    if let Some((_, operation)) = target.and_then(|target| target.rsplit_once('.')) {
        return operation.to_owned();
    }
    if let Some((_, operation)) = uri.path().split_once("/operation/") {
        return operation.to_owned();
    }
    let mut fields = form_urlencoded::parse(body);
    match fields.find(|(key, _)| key == "Action") {
        Some((_, action)) if method == Method::POST => action.into_owned(),
        _ => format!("{method} {}", uri.path()),
    }
}

fn render(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        let header = axum::http::HeaderName::try_from(name).ok().zip(value.try_into().ok());
        if let Some((name, value)) = header {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn send(recorder: &Recorder, text: &str) -> String {
        let mut stream = std::net::TcpStream::connect(recorder.url().trim_start_matches("http://")).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn post(recorder: &Recorder, path: &str, header: &str, body: &str) -> String {
        let length = body.len();
        send(
            recorder,
            &format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\ncontent-length: {length}\r\n\r\n{body}"
            ),
        )
    }

    #[test]
    fn answers_are_given_in_order_and_the_last_one_again() {
        let recorder = Recorder::start().unwrap();
        recorder.answer("PutItem", Reply::error(400, "ThrottlingException", "slow down"));
        recorder.answer("PutItem", Reply::json(&json!({})));
        let put = || post(&recorder, "/", "x-amz-target: DynamoDB_20120810.PutItem", "{\"TableName\":\"t\"}");
        let answers = [put(), put(), put()];
        assert!(answers[0].starts_with("HTTP/1.1 400"), "{}", answers[0]);
        assert!(answers[1].starts_with("HTTP/1.1 200") && answers[2].starts_with("HTTP/1.1 200"));
        assert_eq!(recorder.requests_of("PutItem").len(), 3);
        assert_eq!(recorder.requests()[0].json()["TableName"], "t");
    }

    #[test]
    fn an_answer_can_be_for_requests_that_hold_a_text_and_take_its_time() {
        let recorder = Recorder::start().unwrap();
        recorder.answer("GetSecretValue", Reply::json(&json!({"SecretString": "one"})));
        recorder.answer_to("GetSecretValue", "AWSPREVIOUS", Reply::json(&json!({"SecretString": "two"})));
        recorder.answer_after(Duration::from_millis(20));
        let start = std::time::Instant::now();
        let get = |body: &str| post(&recorder, "/", "x-amz-target: secretsmanager.GetSecretValue", body);
        assert!(get("{\"VersionStage\":\"AWSCURRENT\"}").contains("one"));
        assert!(get("{\"VersionStage\":\"AWSPREVIOUS\"}").contains("two"));
        assert!(start.elapsed() >= Duration::from_millis(40));
    }

    #[test]
    fn operations_are_known_by_target_action_and_path() {
        let recorder = Recorder::start().unwrap();
        let form = "content-type: application/x-www-form-urlencoded";
        let refused = post(&recorder, "/", form, "Action=Publish&Subject=a+b");
        assert!(refused.contains("the test scripted no answer of `Publish`"), "{refused}");
        post(&recorder, "/service/Granite/operation/GetMetricData", "content-type: application/cbor", "");
        send(&recorder, "GET /bucket/key?x=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let seen: Vec<String> = recorder.requests().into_iter().map(|request| request.operation).collect();
        assert_eq!(seen, ["Publish", "GetMetricData", "GET /bucket/key"]);
        assert_eq!(recorder.requests()[0].field("Subject").as_deref(), Some("a b"));
    }
}
