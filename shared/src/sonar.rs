//! The client of a `SonarQube` server: one task, its analysis, the verdict on it. Bounded in time and size; follows no redirect.
//!
//! Must not: send the token anywhere but to the server that the operator has set, or without TLS.
//! Specification: <https://docs.sonarsource.com/sonarqube-server/latest/extension-guide/web-api/>

use crate::errors::{Fault, chain};
use crate::gates::ports::{Analyses, Analysis};
use crate::source::ports::{Token, TokenSource};
use form_urlencoded::byte_serialize;
use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::sync::OnceLock;
use std::time::Duration;

const SERVICE: &str = "SonarQube";
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Largest answer, in bytes.
const LIMIT: usize = 4 << 20;
/// Analyses of a project that are looked through for the one that was made.
const NEWEST: u32 = 50;

type Http = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// A client of one server.
pub struct Sonar<T> {
    base: String,
    tokens: T,
    /// Built at the first call: reading the roots is dear, and few gates ask.
    http: OnceLock<Http>,
}

/// Checks the server's address: `https://<host>[:port][/context]`.
///
/// # Errors
/// In words for whoever set it.
pub fn check_server(text: &str) -> Result<String, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "this is no URL")?;
    let plain =
        uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && uri.query().is_none();
    if uri.scheme_str() == Some("https") && plain {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("this is no `https://` URL of a SonarQube server")
}

impl<T: TokenSource> Sonar<T> {
    /// A client of the server at `base` (see [`check_server`]).
    #[must_use]
    pub fn new(base: String, tokens: T) -> Self {
        Self { base, tokens, http: OnceLock::new() }
    }

    fn http(&self) -> Result<&Http, Fault> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let https = crate::https::connector(true, CONNECT_TIMEOUT)
            .map_err(|error| denied("set up TLS", error.to_string()))?;
        Ok(self.http.get_or_init(|| Client::builder(TokioExecutor::new()).build(https)))
    }

    /// The JSON at `path`; none where the server has no such thing.
    async fn get(&self, operation: &'static str, path: &str) -> Result<Option<Value>, Fault> {
        let token = self.tokens.token().await?;
        let request = request(operation, &format!("{}{path}", self.base), token.as_ref())?;
        let exchange = async {
            let response = self.http()?.request(request).await;
            let response = response.map_err(|error| transient(operation, chain(&error)))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), LIMIT).collect().await;
            let body = body.map_err(|error| transient(operation, chain(error.as_ref())))?;
            Ok::<_, Fault>((status, body.to_bytes()))
        };
        let answer = tokio::time::timeout(TIMEOUT, exchange).await;
        let (status, body) = answer
            .map_err(|_| transient(operation, format!("no answer within {} s", TIMEOUT.as_secs())))??;
        if status == StatusCode::UNAUTHORIZED {
            self.tokens.forget();
        }
        read(operation, status, &body)
    }

    /// The commit of an analysis, when the server knows it and it is among the newest.
    async fn revision(&self, task: &Value, analysis: &str) -> Result<Option<String>, Fault> {
        let Some(project) = text(task, "componentKey") else { return Ok(None) };
        let mut path = format!("/api/project_analyses/search?project={}&ps={NEWEST}", encoded(project));
        for kind in ["branch", "pullRequest"] {
            if let Some(name) = text(task, kind) {
                path.push_str(&format!("&{kind}={}", encoded(name)));
            }
        }
        let found = self.get("search analyses", &path).await?.unwrap_or_default();
        let analyses = found.get("analyses").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let ours = analyses.iter().find(|one| text(one, "key") == Some(analysis));
        Ok(ours.and_then(|one| text(one, "revision")).map(ToOwned::to_owned))
    }
}

impl<T: TokenSource> Analyses for Sonar<T> {
    async fn analysis(&self, task: &str) -> Result<Analysis, Fault> {
        let found = self.get("read a task", &format!("/api/ce/task?id={}", encoded(task))).await?;
        let Some(task) = found.as_ref().and_then(|found| found.get("task")) else {
            return Ok(Analysis::NoTask);
        };
        let (mut gate, mut revision) = (None, None);
        if let Some(id) = text(task, "analysisId") {
            let path = format!("/api/qualitygates/project_status?analysisId={}", encoded(id));
            gate = self.get("read a quality gate", &path).await?;
            revision = self.revision(task, id).await?;
        }
        let own = |name: &str| text(task, name).unwrap_or_default().to_owned();
        Ok(Analysis::Answer { status: own("status"), error: own("errorMessage"), gate, revision })
    }
}

fn request(
    operation: &'static str,
    url: &str,
    token: Option<&Token>,
) -> Result<Request<Empty<Bytes>>, Fault> {
    let mut builder = Request::get(url).header(USER_AGENT, "tidegate").header(ACCEPT, "application/json");
    if let Some(Token(token)) = token {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
        let mut value = value
            .map_err(|_| denied(operation, "the token has characters that no header can carry".to_owned()))?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    builder.body(Empty::new()).map_err(|error| denied(operation, error.to_string()))
}

fn read(operation: &'static str, status: StatusCode, body: &[u8]) -> Result<Option<Value>, Fault> {
    match status.as_u16() {
        200 => serde_json::from_slice(body).map(Some).map_err(|error| Fault::Unreadable {
            service: SERVICE,
            operation,
            detail: format!("line {} column {} is no JSON", error.line(), error.column()),
        }),
        404 => Ok(None),
        code @ (408 | 429 | 500..=599) => Err(transient(operation, format!("status {code}"))),
        code => Err(denied(operation, format!("status {code}"))),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn denied(operation: &'static str, detail: String) -> Fault {
    Fault::Denied { service: SERVICE, operation, detail }
}

fn transient(operation: &'static str, detail: String) -> Fault {
    Fault::Transient { service: SERVICE, operation, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_set_with_tls_and_without_a_password() {
        assert_eq!(
            check_server("https://sonar.example.com/qa/").as_deref(),
            Ok("https://sonar.example.com/qa")
        );
        for wrong in
            ["http://sonar.example.com", "https://me:secret@sonar.example.com", "https://x/?a=b", "sonar"]
        {
            assert!(check_server(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_token_is_a_bearer_and_is_not_shown() {
        let token = Token("planted-token".to_owned());
        let request = request("read a task", "https://x/api", Some(&token)).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer planted-token");
        assert!(!format!("{:?}", request.headers()).contains("planted"));
        assert!(super::request("read a task", "https://x/api", Some(&Token("a\nb".to_owned()))).is_err());
    }

    #[test]
    fn answers_are_sorted_by_their_status() {
        let of =
            |code: u16, body: &str| read("read a task", StatusCode::from_u16(code).unwrap(), body.as_bytes());
        assert!(of(200, "{}").unwrap().is_some() && of(404, "").unwrap().is_none());
        insta::assert_snapshot!(of(401, "").unwrap_err(), @"SonarQube refused `read a task`: status 401");
        insta::assert_snapshot!(of(302, "").unwrap_err(), @"SonarQube refused `read a task`: status 302");
        insta::assert_snapshot!(of(503, "").unwrap_err(), @"SonarQube could not answer `read a task` now: status 503");
        insta::assert_snapshot!(of(200, "<html>").unwrap_err(), @"SonarQube answered `read a task` with something unreadable: line 1 column 1 is no JSON");
    }
}
