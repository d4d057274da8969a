//! The wire: which service and operation a request means, its document, and the answer in the protocol that asked.
//!
//! AWS JSON 1.0/1.1 (`X-Amz-Target`), the query protocol (Elastic Load Balancing) and RPC v2 CBOR (CloudWatch). Each request is checked against
//! the service's model before the service sees it. It does not check signatures.

mod cbor;
mod model;
mod query;

use crate::control_plane::{ApiError, Stack};
use crate::faults::{Kind, kill_function};
use crate::values::uuid;
use anyhow::Result;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use model::Model;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Services: our name, the folder of the model, the prefix of `X-Amz-Target`.
const SERVICES: [(&str, &str, &str); 7] = [
    ("codepipeline", "codepipeline", "CodePipeline_20150709"),
    ("codedeploy", "codedeploy", "CodeDeploy_20141006"),
    ("codebuild", "codebuild", "CodeBuild_20161006"),
    ("ecs", "ecs", "AmazonEC2ContainerServiceV20141113"),
    ("ecr", "ecr", "AmazonEC2ContainerRegistry_V20150921"),
    ("elb", "elbv2", ""),
    ("cloudwatch", "cloudwatch", "GraniteServiceVersion20100801"),
];

/// How long a slow call waits, in real time.
const SLOW: std::time::Duration = std::time::Duration::from_secs(3);

/// Models of all services.
pub struct Protocol {
    models: BTreeMap<&'static str, Model>,
}

enum Wire {
    Json,
    Query,
    Cbor,
}

struct Call {
    wire: Wire,
    service: &'static str,
    operation: String,
    input: Value,
}

impl Protocol {
    /// Reads the models under `data` (botocore's `data` folder).
    ///
    /// # Errors
    /// When one is missing.
    pub fn read(data: &Path) -> Result<Self> {
        let models = SERVICES.iter().map(|(name, folder, _)| Ok((*name, Model::read(data, folder)?)));
        Ok(Self { models: models.collect::<Result<_>>()? })
    }

    /// No models: every request of the wire is refused; for tests that call services directly.
    #[must_use]
    pub fn without_models() -> Self {
        Self { models: BTreeMap::new() }
    }

    fn model(&self, service: &str) -> Result<&Model, ApiError> {
        self.models.get(service).ok_or_else(|| ApiError::new("UnknownOperationException", "no such service"))
    }

    /// Checks a request against its model.
    ///
    /// # Errors
    /// `UnknownOperationException`, or `ValidationException` with every problem.
    pub fn check(&self, service: &str, operation: &str, input: &Value) -> Result<(), ApiError> {
        let model = self.model(service)?;
        if model.shape_of(operation, "input").is_none() {
            return Err(ApiError::new(
                "UnknownOperationException",
                &format!("{service} has no operation {operation}"),
            ));
        }
        let problems = model.problems(operation, input);
        if problems.is_empty() {
            return Ok(());
        }
        Err(ApiError::new("ValidationException", &format!("{operation}: {}", problems.join("; "))))
    }

    fn read_call(&self, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Call, ApiError> {
        let unknown = |what: &str| ApiError::new("UnknownOperationException", what);
        if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
            let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
            let found = SERVICES.iter().find(|(_, _, wanted)| *wanted == prefix && !prefix.is_empty());
            let (service, ..) = found.ok_or_else(|| unknown(target))?;
            let input = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(body) };
            let input = input.map_err(|error| ApiError::new("SerializationException", &error.to_string()))?;
            return Ok(Call { wire: Wire::Json, service, operation: operation.to_owned(), input });
        }
        if let Some(rest) = uri.path().strip_prefix("/service/GraniteServiceVersion20100801/operation/") {
            let input =
                cbor::decode(body).map_err(|error| ApiError::new("SerializationException", &error))?;
            return Ok(Call { wire: Wire::Cbor, service: "cloudwatch", operation: rest.to_owned(), input });
        }
        let fields = query::fields(body);
        if fields.get("Version").is_some_and(|version| version == "2015-12-01") {
            let operation = fields.get("Action").cloned().unwrap_or_default();
            let input = query::decode(self.model("elb")?, &operation, &fields);
            return Ok(Call { wire: Wire::Query, service: "elb", operation, input });
        }
        Err(unknown(&format!("a request to {} that no service here knows", uri.path())))
    }

    fn answer(&self, call: &Call, result: Result<Value, ApiError>) -> Response {
        let id = uuid();
        let built = match (&call.wire, result) {
            (Wire::Json, Ok(output)) => json_response(StatusCode::OK, &output),
            (Wire::Json, Err(error)) => json_error(&error),
            (Wire::Query, result) => self.query_answer(call, result, &id),
            (Wire::Cbor, result) => self.cbor_answer(call, &result),
        };
        ([("x-amzn-requestid", id)], built).into_response()
    }

    fn query_answer(&self, call: &Call, result: Result<Value, ApiError>, id: &str) -> Response {
        let (status, body) = match (result, self.model(call.service)) {
            (Ok(output), Ok(model)) => (StatusCode::OK, query::encode(model, &call.operation, &output, id)),
            (Err(error), _) | (_, Err(error)) => {
                (error.status, query::encode_error(&error.code, &error.message, id))
            }
        };
        (status, [("content-type", "text/xml")], body).into_response()
    }

    fn cbor_answer(&self, call: &Call, result: &Result<Value, ApiError>) -> Response {
        let encoded = self.model(call.service).and_then(|model| {
            let (status, shape, document) = match result {
                Ok(output) => (
                    StatusCode::OK,
                    model.shape_of(&call.operation, "output").unwrap_or_default(),
                    output.clone(),
                ),
                Err(error) => (error.status, "", json!({"__type": error.code, "message": error.message})),
            };
            let body = cbor::encode(model, shape, &document).map_err(|error| ApiError::internal(&error))?;
            Ok((status, body))
        });
        match encoded {
            Ok((status, body)) => {
                (status, [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")], body)
                    .into_response()
            }
            Err(error) => json_error(&error),
        }
    }
}

fn json_response(status: StatusCode, document: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.1")], document.to_string()).into_response()
}

fn json_error(error: &ApiError) -> Response {
    json_response(error.status, &json!({"__type": error.code, "message": error.message}))
}

/// An answer that never comes: the connection breaks.
fn broken() -> Response {
    let nothing = http_body_util::StreamBody::new(Breaks);
    Response::new(Body::new(nothing))
}

struct Breaks;

impl futures_core::Stream for Breaks {
    type Item = Result<hyper::body::Frame<Bytes>, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

/// Handles one AWS request; `caller` is the function that makes it, where that is known.
pub async fn handle(
    stack: Arc<Stack>,
    caller: Option<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = match stack.protocol.read_call(&uri, &headers, &body) {
        Ok(call) => call,
        Err(error) => {
            stack.journal.add(
                "call",
                json!({"unexpected": true, "method": method.as_str(), "path": uri.path(),
                "error": error.code, "message": error.message}),
            );
            return json_error(&error);
        }
    };
    let fault = stack.faults.take(call.service, &call.operation, caller.as_deref());
    let result = match &fault {
        Some(Kind::Throttle) => Err(ApiError::new("ThrottlingException", "Rate exceeded")),
        Some(Kind::Internal) => Err(ApiError::internal("the fault that was asked for")),
        Some(Kind::Denied) => Err(ApiError::new("AccessDeniedException", "the fault that was asked for")),
        Some(Kind::KillFunction(function)) => {
            let killed = kill_function(function, stack.emulator.url()).unwrap_or(0);
            let (service, operation) = (call.service, &call.operation);
            stack.journal.add(
                "killed",
                json!({"function": function, "processes": killed, "caller": caller, "service": service, "operation": operation}),
            );
            return broken();
        }
        Some(Kind::LostCall) => Err(ApiError::internal("the connection was lost")),
        Some(Kind::Slow) => {
            tokio::time::sleep(SLOW).await;
            perform(&stack, &call).await
        }
        Some(Kind::LostAnswer) | None => perform(&stack, &call).await,
    };
    record(&stack, &call, &result, fault.as_ref(), caller);
    if matches!(fault, Some(Kind::LostAnswer | Kind::LostCall)) {
        return broken();
    }
    stack.protocol.answer(&call, result)
}

async fn perform(stack: &Arc<Stack>, call: &Call) -> Result<Value, ApiError> {
    stack.protocol.check(call.service, &call.operation, &call.input)?;
    stack.call(call.service, &call.operation, &call.input).await
}

fn record(
    stack: &Stack,
    call: &Call,
    result: &Result<Value, ApiError>,
    fault: Option<&Kind>,
    caller: Option<String>,
) {
    let mut entry = json!({"service": call.service, "operation": call.operation, "input": call.input});
    if let Some(members) = entry.as_object_mut() {
        if let Err(error) = result {
            members.insert("error".into(), json!({"code": error.code, "message": error.message}));
            if error.code == "UnknownOperationException" || error.code == "ValidationException" {
                members.insert("unexpected".into(), json!(fault.is_none()));
            }
        }
        if let Some(caller) = caller {
            members.insert("caller".into(), json!(caller));
        }
        if let Some(fault) = fault {
            members.insert("fault".into(), json!(format!("{fault:?}")));
        }
    }
    stack.journal.add("call", entry);
}
