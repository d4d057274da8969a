//! One request and its answer: no redirect is followed, no more of a body is read than is looked at.

use crate::connect::{Connection, Forbidden, NoConnection, Progress, Trust, connect, since};
use http::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use shared::delivery::checks::observe::{Answer, Seen};
use shared::delivery::checks::probe::{Ask, Job, Layer, Outcome, Times};
use shared::delivery::checks::target::{self, Target};
use shared::errors::chain;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Most bytes of a body that are read.
const MAX_BODY: usize = 1 << 20;

/// One try of a request.
pub(crate) async fn once(job: &Job, ask: &Ask, trust: &Trust, forbidden: &Forbidden) -> (Outcome, Times) {
    let mut progress = Progress { layer: Layer::Dns, times: Times::default(), began: Instant::now() };
    let longest = Duration::from_millis(u64::from(job.timeout_ms));
    let tried = tokio::time::timeout(longest, send(ask, trust, forbidden, &mut progress)).await;
    let outcome = tried.unwrap_or_else(|_| {
        let layer = match progress.layer {
            before @ (Layer::Dns | Layer::Tcp | Layer::Tls) => before,
            Layer::Http | Layer::TimeOut => Layer::TimeOut,
        };
        Outcome::Unanswered { layer, words: format!("no answer within {} ms", job.timeout_ms) }
    });
    progress.times.total = since(progress.began);
    (outcome, progress.times)
}

async fn send(ask: &Ask, trust: &Trust, forbidden: &Forbidden, progress: &mut Progress) -> Outcome {
    let target = match target::check(&ask.url) {
        Ok(target) => target,
        Err(words) => return Outcome::Refused { words },
    };
    let request = match request(ask, &target) {
        Ok(request) => request,
        Err(words) => return Outcome::Refused { words },
    };
    let connection = match connect(&target, trust, forbidden, progress).await {
        Ok(connection) => connection,
        Err(NoConnection::Refused(words)) => return Outcome::Refused { words },
        Err(NoConnection::Failed(layer, words)) => return Outcome::Unanswered { layer, words },
    };
    progress.layer = Layer::Http;
    let exchanged = match exchange(connection, request, progress).await {
        Ok(response) => read(response).await.map(|(body, is_cut, head)| (head, body, is_cut)),
        Err(words) => Err(words),
    };
    match exchanged {
        Ok((head, body, is_cut)) => {
            let seen = Seen { status: head.status, headers: &head.headers, body: &body, is_cut };
            Outcome::Answered { answer: Answer::of(&seen, &ask.expect, ask.version.as_deref()) }
        }
        Err(words) => Outcome::Unanswered { layer: Layer::Http, words },
    }
}

fn request(ask: &Ask, target: &Target) -> Result<Request<Full<Bytes>>, String> {
    let method =
        Method::from_bytes(ask.method.as_bytes()).map_err(|_| format!("`{}` is no method", ask.method))?;
    let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    let is_usual = target.port == if target.is_tls { 443 } else { 80 };
    let host = if is_usual { host } else { format!("{host}:{}", target.port) };
    let body = Bytes::from(ask.body.clone().unwrap_or_default());
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = target.path.parse().map_err(|_| "the path is none".to_owned())?;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static("tidegate-probe"));
    headers.insert(HOST, HeaderValue::from_str(&host).map_err(|_| "the host is none".to_owned())?);
    for (name, value) in &ask.headers {
        let wrong = || format!("header `{name}` cannot be sent");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(request)
}

async fn exchange(
    connection: Connection,
    request: Request<Full<Bytes>>,
    progress: &mut Progress,
) -> Result<Response<Incoming>, String> {
    let began = Instant::now();
    let words = |error: hyper::Error| chain(&error);
    // The connection's own end is of no interest: what it means for the request is told by the request.
    let mut sender = match connection {
        Connection::Plain(io) => {
            let (sender, driver) = http1::handshake(io).await.map_err(words)?;
            tokio::spawn(driver);
            sender
        }
        Connection::Tls(io) => {
            let (sender, driver) = http1::handshake(*io).await.map_err(words)?;
            tokio::spawn(driver);
            sender
        }
    };
    let response = sender.send_request(request).await.map_err(words)?;
    progress.times.head = Some(since(began));
    Ok(response)
}

/// The head of an answer.
struct Head {
    status: u16,
    headers: BTreeMap<String, String>,
}

/// The body, as much of it as is read, and whether there was more.
async fn read(response: Response<Incoming>) -> Result<(Vec<u8>, bool, Head), String> {
    let mut headers = BTreeMap::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).or_insert(value);
    }
    let head = Head { status: response.status().as_u16(), headers };
    let (mut body, mut incoming) = (Vec::new(), response.into_body());
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| chain(&error))?;
        if let Some(data) = frame.data_ref() {
            let room = MAX_BODY - body.len();
            body.extend_from_slice(data.get(..room).unwrap_or(data));
            if data.len() > room {
                return Ok((body, true, head));
            }
        }
    }
    Ok((body, false, head))
}
