//! How GitHub refuses, and what stands around every answer: validators, rate limit headers, faults on order.
//!
//! Specification: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api>

use super::GitHub;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Largest request or answer, in bytes.
const BODY_LIMIT: usize = 256 << 20;
/// Where GitHub's refusals point.
const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// A request that is not done.
#[derive(Debug)]
pub(super) enum Refusal {
    /// 404: there is none, or the caller may not see it.
    NotFound,
    /// 404 with words.
    Missing(String),
    /// 401.
    BadCredentials,
    /// 400: the body is no JSON.
    NotJson,
    /// 422 with words.
    Invalid(String),
    /// 500: the stand-in itself failed.
    Broken(anyhow::Error),
}

/// What a handler answers.
pub(super) type Result<T = Response> = std::result::Result<T, Refusal>;

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found".to_owned()),
            Self::Missing(words) => (StatusCode::NOT_FOUND, words),
            Self::BadCredentials => (StatusCode::UNAUTHORIZED, "Bad credentials".to_owned()),
            Self::NotJson => (StatusCode::BAD_REQUEST, "Problems parsing JSON".to_owned()),
            Self::Invalid(words) => (StatusCode::UNPROCESSABLE_ENTITY, words),
            Self::Broken(error) => {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("the stand-in is broken: {error:#}"))
            }
        };
        refusal(status, &message)
    }
}

/// An answer in the shape of GitHub's refusals.
pub(super) fn refusal(status: StatusCode, message: &str) -> Response {
    let body = json!({
        "message": message,
        "documentation_url": DOCUMENTATION,
        "status": status.as_str(),
    });
    (status, axum::Json(body)).into_response()
}

/// A JSON body, refused in GitHub's words when it is none.
pub(super) struct Input<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let bytes = to_bytes(request.into_body(), BODY_LIMIT).await.map_err(|_| Refusal::NotJson)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            if error.is_data() {
                Refusal::Invalid(format!("Invalid request.\n\n{error}"))
            } else {
                Refusal::NotJson
            }
        })
    }
}

/// Answers what nobody answers.
pub(super) async fn nothing() -> Refusal {
    Refusal::NotFound
}

/// Around every answer of the API; the admin paths pass untouched.
pub(super) async fn around(State(github): State<Arc<GitHub>>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/_github/") {
        return next.run(request).await;
    }
    let read = request.method() == Method::GET;
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let fault = github.book().fault_for(request.uri().path());
    let answer = match fault {
        Some(fault) => fault.into_response(),
        None if !accepted(request.headers()) => Refusal::BadCredentials.into_response(),
        None => next.run(request).await,
    };
    let mut answer = if read && answer.status() == StatusCode::OK {
        conditional(answer, known.as_ref()).await
    } else {
        answer
    };
    let unchanged = answer.status() == StatusCode::NOT_MODIFIED;
    let rate = github.book().count(github.now(), unchanged);
    for (name, value) in rate.headers() {
        answer.headers_mut().entry(name).or_insert(value);
    }
    answer
}

/// No credentials are as good as any; the ones that begin with `bad` are known to be wrong.
fn accepted(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(AUTHORIZATION) else { return true };
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return false;
    };
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known && !token.is_empty() && !token.starts_with("bad")
}

/// Gives the answer its validator, or answers 304 when the caller has it already.
async fn conditional(answer: Response, known: Option<&HeaderValue>) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = match to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => bytes,
        Err(error) => return Refusal::Broken(error.into()).into_response(),
    };
    let digest = hex::encode(Sha256::digest(&bytes));
    if let Ok(validator) = HeaderValue::from_str(&format!("W/\"{digest}\"")) {
        parts.headers.insert(ETAG, validator);
    }
    if known.and_then(|value| value.to_str().ok()).is_some_and(|text| names(text, &digest)) {
        parts.headers.remove("content-length");
        parts.headers.remove("content-type");
        parts.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Whether `If-None-Match` names the digest; weak and strong are one here (RFC 9110 §13.1.2).
fn names(text: &str, digest: &str) -> bool {
    text.split(',')
        .map(str::trim)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item).trim_matches('"') == digest)
}
