//! Smithy RPC v2 CBOR, the protocol of CloudWatch (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>): documents to and
//! from JSON values; timestamps (tag 1) as epoch seconds, told from numbers by the service's model.

use super::model::Model;
use base64::Engine as _;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

/// Epoch-based date and time.
const TIMESTAMP: u64 = 1;

/// Reads a document.
///
/// # Errors
/// A sentence when it is no CBOR.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let document: Cbor =
        ciborium::from_reader(body).map_err(|error| format!("the body is no CBOR: {error}"))?;
    Ok(json(&document))
}

fn json(value: &Cbor) -> Value {
    match value {
        Cbor::Bool(value) => Value::Bool(*value),
        Cbor::Integer(number) => i64::try_from(i128::from(*number)).map_or(Value::Null, Into::into),
        Cbor::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Cbor::Text(text) => Value::String(text.clone()),
        Cbor::Bytes(bytes) => Value::String(base64::engine::general_purpose::STANDARD.encode(bytes)),
        Cbor::Array(items) => Value::Array(items.iter().map(json).collect()),
        Cbor::Map(members) => members
            .iter()
            .filter_map(|(key, value)| Some((key.as_text()?.to_owned(), json(value))))
            .collect::<Map<_, _>>()
            .into(),
        Cbor::Tag(_, inner) => json(inner),
        _ => Value::Null,
    }
}

/// Writes a document by its shape.
///
/// # Errors
/// When the encoder fails.
pub(super) fn encode(model: &Model, shape: &str, value: &Value) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    ciborium::into_writer(&cbor(model, shape, value), &mut body).map_err(|error| error.to_string())?;
    Ok(body)
}

fn cbor(model: &Model, shape: &str, value: &Value) -> Cbor {
    let described = model.shape(shape);
    let kind = described.get("type").and_then(Value::as_str).unwrap_or_default();
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Number(number) if kind == "timestamp" => {
            Cbor::Tag(TIMESTAMP, Box::new(Cbor::Float(number.as_f64().unwrap_or(0.0))))
        }
        Value::Number(number) if matches!(kind, "integer" | "long") => {
            Cbor::Integer(number.as_i64().unwrap_or(0).into())
        }
        Value::Number(number) => Cbor::Float(number.as_f64().unwrap_or(0.0)),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => {
            let member = described.pointer("/member/shape").and_then(Value::as_str).unwrap_or_default();
            Cbor::Array(items.iter().map(|item| cbor(model, member, item)).collect())
        }
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| {
                    let shape = described.pointer(&format!("/members/{name}/shape")).and_then(Value::as_str);
                    (Cbor::Text(name.clone()), cbor(model, shape.unwrap_or_default(), member))
                })
                .collect(),
        ),
    }
}
