//! Service models as botocore ships them (`service-2.json.gz`), read at start: shapes, limits, error codes.
//!
//! They are the oracle for requests: required members, unknown members, lengths, ranges, patterns, enumerations. A pattern that the
//! regular-expression library cannot read is not checked.

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// One service's model.
pub(super) struct Model {
    document: Value,
    patterns: BTreeMap<String, Regex>,
}

/// Where a model's newest version is.
fn newest(folder: &Path) -> Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("no service model in {}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    versions.sort();
    versions.pop().with_context(|| format!("{} holds no version", folder.display()))
}

impl Model {
    /// Reads `<data>/<service>/<newest>/service-2.json.gz`, or the same without `.gz`.
    ///
    /// # Errors
    /// When there is none or it cannot be read.
    pub(super) fn read(data: &Path, service: &str) -> Result<Self> {
        let version = newest(&data.join(service))?;
        let packed = version.join("service-2.json.gz");
        let mut bytes = Vec::new();
        if packed.exists() {
            let file = std::fs::File::open(&packed)?;
            flate2::read::GzDecoder::new(file).read_to_end(&mut bytes)?;
        } else {
            bytes = std::fs::read(version.join("service-2.json"))?;
        }
        let document: Value = serde_json::from_slice(&bytes).with_context(|| packed.display().to_string())?;
        Ok(Self::new(document))
    }

    fn new(document: Value) -> Self {
        let mut patterns = BTreeMap::new();
        for (name, shape) in document.get("shapes").and_then(Value::as_object).into_iter().flatten() {
            let pattern = shape.get("pattern").and_then(Value::as_str);
            if let Some(Ok(regex)) = pattern.map(|pattern| Regex::new(&format!("^(?:{pattern})$"))) {
                patterns.insert(name.clone(), regex);
            }
        }
        Self { document, patterns }
    }

    /// Name of an operation's input or output shape; none when the operation is unknown, empty when it has no such shape.
    #[must_use]
    pub(super) fn shape_of(&self, operation: &str, side: &str) -> Option<&str> {
        let operation = self.document.get("operations")?.get(operation)?;
        Some(
            operation
                .get(side)
                .and_then(|side| side.get("shape"))
                .and_then(Value::as_str)
                .unwrap_or_default(),
        )
    }

    /// A shape by name; null when there is none.
    #[must_use]
    pub(super) fn shape(&self, name: &str) -> &Value {
        self.document.get("shapes").and_then(|shapes| shapes.get(name)).unwrap_or(&Value::Null)
    }

    /// The XML namespace of a query service.
    #[must_use]
    pub(super) fn xml_namespace(&self) -> &str {
        self.document.pointer("/metadata/xmlNamespace").and_then(Value::as_str).unwrap_or_default()
    }

    /// The wrapper element of a query operation's answer.
    #[must_use]
    pub(super) fn result_wrapper(&self, operation: &str) -> &str {
        let operation = self.document.get("operations").and_then(|all| all.get(operation));
        operation.and_then(|o| o.pointer("/output/resultWrapper")).and_then(Value::as_str).unwrap_or_default()
    }

    /// Everything that is wrong with a request, each with the path of the member.
    #[must_use]
    pub(super) fn problems(&self, operation: &str, input: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        match self.shape_of(operation, "input") {
            Some("") | None => {}
            Some(shape) => self.check(shape, input, "", &mut problems),
        }
        problems
    }

    fn check(&self, name: &str, value: &Value, path: &str, problems: &mut Vec<String>) {
        let shape = self.shape(name);
        let kind = shape.get("type").and_then(Value::as_str).unwrap_or_default();
        match (kind, value) {
            ("structure", Value::Object(members)) => self.check_structure(shape, members, path, problems),
            ("list", Value::Array(items)) => {
                bounds(shape, items.len() as f64, path, "entries", problems);
                let member = shape.pointer("/member/shape").and_then(Value::as_str).unwrap_or_default();
                for (index, item) in items.iter().enumerate() {
                    self.check(member, item, &format!("{path}[{index}]"), problems);
                }
            }
            ("map", Value::Object(members)) => {
                bounds(shape, members.len() as f64, path, "entries", problems);
                let member = shape.pointer("/value/shape").and_then(Value::as_str).unwrap_or_default();
                for (key, item) in members {
                    self.check(member, item, &format!("{path}.{key}"), problems);
                }
            }
            ("string", Value::String(text)) => self.check_text(name, shape, text, path, problems),
            ("integer" | "long" | "double" | "float", Value::Number(number)) => {
                bounds(shape, number.as_f64().unwrap_or(0.0), path, "as value", problems);
            }
            ("boolean", Value::Bool(_))
            | ("timestamp", Value::Number(_) | Value::String(_))
            | ("blob", Value::String(_)) => {}
            _ => problems.push(format!("`{path}` is no {kind}")),
        }
    }

    fn check_structure(
        &self,
        shape: &Value,
        members: &serde_json::Map<String, Value>,
        path: &str,
        problems: &mut Vec<String>,
    ) {
        for required in shape.get("required").and_then(Value::as_array).into_iter().flatten() {
            let required = required.as_str().unwrap_or_default();
            if members.get(required).is_none_or(Value::is_null) {
                problems.push(format!("`{path}.{required}` is required"));
            }
        }
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match shape
                .get("members")
                .and_then(|all| all.get(name))
                .and_then(|m| m.get("shape"))
                .and_then(Value::as_str)
            {
                Some(shape) => self.check(shape, value, &format!("{path}.{name}"), problems),
                None => problems.push(format!("`{path}.{name}` is unknown")),
            }
        }
    }

    fn check_text(&self, name: &str, shape: &Value, text: &str, path: &str, problems: &mut Vec<String>) {
        bounds(shape, text.chars().count() as f64, path, "characters", problems);
        if let Some(allowed) = shape.get("enum").and_then(Value::as_array)
            && !allowed.iter().any(|word| word.as_str() == Some(text))
        {
            problems.push(format!("`{path}` is `{text}`, which is none of its words"));
        }
        if self.patterns.get(name).is_some_and(|pattern| !pattern.is_match(text)) {
            problems
                .push(format!("`{path}` does not match {}", shape.get("pattern").unwrap_or(&Value::Null)));
        }
    }
}

fn bounds(shape: &Value, size: f64, path: &str, what: &str, problems: &mut Vec<String>) {
    let limit = |key: &str| shape.get(key).and_then(Value::as_f64);
    if let Some(least) = limit("min").filter(|least| size < *least) {
        problems.push(format!("`{path}` has {size} {what}, at least {least} are needed"));
    }
    if let Some(most) = limit("max").filter(|most| size > *most) {
        problems.push(format!("`{path}` has {size} {what}, at most {most} are allowed"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn model() -> Model {
        Model::new(json!({
            "operations": {"Put": {"input": {"shape": "In"}}},
            "shapes": {
                "In": {"type": "structure", "required": ["id"], "members": {
                    "id": {"shape": "Id"}, "state": {"shape": "State"}, "tags": {"shape": "Tags"}}},
                "Id": {"type": "string", "min": 2, "max": 4, "pattern": "[a-z]+"},
                "State": {"type": "string", "enum": ["On", "Off"]},
                "Tags": {"type": "list", "max": 1, "member": {"shape": "Id"}},
            },
        }))
    }

    #[test]
    fn every_mistake_is_named_with_its_path() {
        let wrong =
            model().problems("Put", &json!({"id": "A", "state": "Perhaps", "tags": ["ab", 7], "more": 1}));
        insta::assert_snapshot!(wrong.join("\n"), @r#"
        `.id` has 1 characters, at least 2 are needed
        `.id` does not match "[a-z]+"
        `.more` is unknown
        `.state` is `Perhaps`, which is none of its words
        `.tags` has 2 entries, at most 1 are allowed
        `.tags[1]` is no string
        "#);
        assert_eq!(model().problems("Put", &json!({})), ["`.id` is required"]);
        assert!(model().problems("Put", &json!({"id": "ab", "state": null})).is_empty());
    }
}
