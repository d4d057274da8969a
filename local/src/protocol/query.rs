//! The query protocol of Elastic Load Balancing: form fields in, XML out, both by the service's model.

use super::model::Model;
use crate::values::rfc3339_millis;
use quick_xml::escape::escape;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Form fields of a body, flattened names as they came.
#[must_use]
pub(super) fn fields(body: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// The request document of an operation out of form fields (`Names.member.1=x`).
#[must_use]
pub(super) fn decode(model: &Model, operation: &str, fields: &BTreeMap<String, String>) -> Value {
    let shape = model.shape_of(operation, "input").unwrap_or_default();
    let known = |name: &String| !matches!(name.as_str(), "Action" | "Version");
    let fields: BTreeMap<&str, &str> =
        fields.iter().filter(|(name, _)| known(name)).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut document = structure(model, shape, "", &fields);
    // A field that the model does not know is kept, so that the check of the request refuses it.
    if let Value::Object(members) = &mut document {
        let declared = model.shape(shape).get("members").and_then(Value::as_object);
        for name in fields.keys().filter_map(|name| name.split('.').next()) {
            if declared.is_none_or(|declared| !declared.contains_key(name)) {
                members.insert(name.to_owned(), Value::Bool(true));
            }
        }
    }
    document
}

fn has(fields: &BTreeMap<&str, &str>, prefix: &str) -> bool {
    fields
        .keys()
        .any(|name| *name == prefix || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')))
}

fn structure(model: &Model, shape: &str, prefix: &str, fields: &BTreeMap<&str, &str>) -> Value {
    let mut document = Map::new();
    for (name, member) in model.shape(shape).get("members").and_then(Value::as_object).into_iter().flatten() {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if has(fields, &path) {
            let member = member.get("shape").and_then(Value::as_str).unwrap_or_default();
            document.insert(name.clone(), value(model, member, &path, fields));
        }
    }
    Value::Object(document)
}

fn value(model: &Model, shape: &str, path: &str, fields: &BTreeMap<&str, &str>) -> Value {
    let described = model.shape(shape);
    let text = fields.get(path).copied().unwrap_or_default();
    match described.get("type").and_then(Value::as_str).unwrap_or_default() {
        "structure" => structure(model, shape, path, fields),
        "list" => {
            let member = described.pointer("/member/shape").and_then(Value::as_str).unwrap_or_default();
            let items =
                (1..).map(|index| format!("{path}.member.{index}")).take_while(|path| has(fields, path));
            Value::Array(items.map(|path| value(model, member, &path, fields)).collect())
        }
        "integer" | "long" => text.parse::<i64>().map_or_else(|_| text.into(), Into::into),
        "double" | "float" => text.parse::<f64>().map_or_else(|_| text.into(), Into::into),
        "boolean" => text.parse::<bool>().map_or_else(|_| text.into(), Into::into),
        _ => text.into(),
    }
}

/// The XML answer of an operation.
#[must_use]
pub(super) fn encode(model: &Model, operation: &str, output: &Value, request_id: &str) -> String {
    let shape = model.shape_of(operation, "output").unwrap_or_default();
    let mut inner = String::new();
    write(model, shape, output, &mut inner);
    let wrapper = model.result_wrapper(operation);
    let inner = if wrapper.is_empty() { inner } else { format!("<{wrapper}>{inner}</{wrapper}>") };
    format!(
        "<{operation}Response xmlns=\"{}\">{inner}<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>",
        model.xml_namespace()
    )
}

/// The XML answer of a failed call.
#[must_use]
pub(super) fn encode_error(code: &str, message: &str, request_id: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        escape(code),
        escape(message)
    )
}

fn write(model: &Model, shape: &str, value: &Value, out: &mut String) {
    let described = model.shape(shape);
    let kind = described.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, value) {
        ("structure", Value::Object(members)) => {
            for (name, member) in members.iter().filter(|(_, member)| !member.is_null()) {
                let shape = described.pointer(&format!("/members/{name}/shape")).and_then(Value::as_str);
                out.push_str(&format!("<{name}>"));
                write(model, shape.unwrap_or_default(), member, out);
                out.push_str(&format!("</{name}>"));
            }
        }
        ("list", Value::Array(items)) => {
            let shape = described.pointer("/member/shape").and_then(Value::as_str).unwrap_or_default();
            for item in items {
                out.push_str("<member>");
                write(model, shape, item, out);
                out.push_str("</member>");
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "epoch milliseconds of this century")]
        ("timestamp", Value::Number(at)) => {
            out.push_str(&rfc3339_millis((at.as_f64().unwrap_or(0.0) * 1000.0) as i64))
        }
        (_, Value::String(text)) => out.push_str(&escape(text.as_str())),
        (_, other) => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_an_error_is_escaped() {
        let xml = encode_error("TargetGroupNotFound", "no <group>", "r");
        insta::assert_snapshot!(xml, @"<ErrorResponse><Error><Type>Sender</Type><Code>TargetGroupNotFound</Code><Message>no &lt;group&gt;</Message></Error><RequestId>r</RequestId></ErrorResponse>");
    }
}
