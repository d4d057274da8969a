//! The data plane (functions, buckets, rules) over plain HTTP, with the emulator's dummy credentials.
//!
//! It speaks the wire protocols itself: the SDKs are product code's business.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest that one call may take, invocations included: a function's greatest time-out and some.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(16 * 60);

/// A client of the emulator.
#[derive(Clone)]
pub struct Emulator {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What an invocation came to.
#[derive(Debug, Clone)]
pub struct Invoked {
    /// The function's own error (`X-Amz-Function-Error`), if it failed.
    pub error: Option<String>,
    /// Its answer, or the error's document.
    pub payload: Value,
}

/// An object of a bucket.
#[derive(Debug, Clone)]
pub struct Object {
    /// Content.
    pub bytes: Bytes,
    /// Version id, if the bucket keeps versions.
    pub version: String,
    /// Entity tag without quotes.
    pub etag: String,
    /// User metadata, without the prefix `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

impl Emulator {
    /// A client of the emulator at `url` (`http://127.0.0.1:14566`).
    #[must_use]
    pub fn new(url: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { url: url.trim_end_matches('/').to_owned(), client }
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: Bytes,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url)).header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"),
        );
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(body)).map_err(|error| format!("{path}: {error}"))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| format!("{path}: {error}"))?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let body = response.into_body().collect().await.map_err(|error| format!("{path}: {error}"))?;
            Ok(Answer { status, headers, body: body.to_bytes() })
        };
        tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| format!("{path}: no answer in time"))?
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// When the emulator has no such function or does not answer.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Invoked, String> {
        let name = function.rsplit(':').next().unwrap_or(function);
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let answer = self.send("lambda", Method::POST, &path, &[], payload.to_string().into()).await?;
        if answer.status >= 400 {
            return Err(format!("{function}: {}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
        }
        let error = Some(answer.header("x-amz-function-error")).filter(|error| !error.is_empty());
        let payload = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        Ok(Invoked { error, payload })
    }

    /// One call of a service with an AWS JSON protocol.
    ///
    /// # Errors
    /// The service's error text, or why it could not be asked.
    pub async fn json(
        &self,
        service: &str,
        target: &str,
        version: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let headers = [
            ("content-type", format!("application/x-amz-json-{version}")),
            ("x-amz-target", target.to_owned()),
        ];
        let answer = self.send(service, Method::POST, "/", &headers, body.to_string().into()).await?;
        if answer.status >= 300 {
            return Err(format!("{target}: {}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|error| format!("{target}: {error}"))
    }

    /// One call of a service with the query protocol (IAM, STS); its XML.
    ///
    /// # Errors
    /// The service's error text, or why it could not be asked.
    pub async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Result<String, String> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", version)
            .extend_pairs(fields)
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        let answer = self.send(service, Method::POST, "/", &headers, body.into()).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status >= 300 { Err(format!("{action}: {}: {text}", answer.status)) } else { Ok(text) }
    }

    /// Reads an object, one version of it if `version` is not empty; none when it is not there.
    ///
    /// # Errors
    /// When the bucket cannot be read.
    pub async fn get_object(&self, bucket: &str, key: &str, version: &str) -> Result<Option<Object>, String> {
        let query = if version.is_empty() { String::new() } else { format!("?versionId={version}") };
        let path = format!("/{bucket}/{key}{query}");
        let answer = self.send("s3", Method::GET, &path, &[], Bytes::new()).await?;
        match answer.status {
            200 => {}
            404 => return Ok(None),
            status => return Err(format!("{path}: {status}: {}", String::from_utf8_lossy(&answer.body))),
        }
        let metadata = answer.headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("x-amz-meta-")?;
            Some((name.to_owned(), value.to_str().ok()?.to_owned()))
        });
        Ok(Some(Object {
            version: answer.header("x-amz-version-id"),
            etag: answer.header("etag").trim_matches('"').to_owned(),
            metadata: metadata.collect(),
            bytes: answer.body,
        }))
    }

    /// Writes an object; its version id.
    ///
    /// # Errors
    /// When the bucket refuses it.
    pub async fn put_object(&self, bucket: &str, key: &str, bytes: Bytes) -> Result<String, String> {
        let path = format!("/{bucket}/{key}");
        let answer = self.send("s3", Method::PUT, &path, &[], bytes).await?;
        if answer.status >= 300 {
            return Err(format!("{path}: {}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
        }
        Ok(answer.header("x-amz-version-id"))
    }
}
