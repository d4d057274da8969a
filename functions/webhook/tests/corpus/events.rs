//! Signed deliveries in the event shapes that carry them.
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>)

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::source::signature::sign;

/// GitHub's documented example secret.
pub(crate) const SECRET: &str = "It's a Secret to Everybody";
const ID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

/// HTTP API and function URL, payload format 2.0.
pub(crate) fn http_api(event: &str, body: &str) -> Value {
    v2(event, body, "application/json", &json!(body), false)
}

/// The same in base64, as types that are no text arrive.
pub(crate) fn base64(event: &str, body: &str) -> Value {
    v2(event, body, "application/json", &json!(STANDARD.encode(body)), true)
}

/// The form `payload=…`, in base64; the signature covers the form.
pub(crate) fn form(event: &str, json: &str) -> Value {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("payload", json).finish();
    v2(event, &body, "application/x-www-form-urlencoded", &json!(STANDARD.encode(&body)), true)
}

/// REST API, payload format 1.0: names of headers as they were sent, every value listed as well.
pub(crate) fn rest_api(event: &str, body: &str) -> Value {
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("X-GitHub-Event", event.to_owned()),
        ("X-GitHub-Delivery", ID.to_owned()),
        ("X-Hub-Signature-256", sign(SECRET, body.as_bytes())),
    ];
    let single: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let listed: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
    json!({
        "version": "1.0", "resource": "/github", "path": "/github", "httpMethod": "POST",
        "headers": single, "multiValueHeaders": listed, "isBase64Encoded": false, "body": body,
        "requestContext": {"httpMethod": "POST", "identity": {"sourceIp": "192.30.252.44"}},
    })
}

/// The signature that an event carries; empty when it has none.
pub(crate) fn signature_of(event: &Value) -> String {
    let headers = event["headers"].as_object().into_iter().flatten();
    let mut signatures = headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-hub-signature-256"));
    let digits = signatures.next().and_then(|(_, value)| value.as_str()).unwrap_or_default();
    digits.trim_start_matches("sha256=").to_owned()
}

fn v2(event: &str, signed: &str, content_type: &str, body: &Value, encoded: bool) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/",
        "headers": {
            "content-type": content_type, "x-github-event": event, "x-github-delivery": ID,
            "x-hub-signature-256": sign(SECRET, signed.as_bytes()),
        },
        "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "192.30.252.44"}},
        "isBase64Encoded": encoded, "body": body,
    })
}
