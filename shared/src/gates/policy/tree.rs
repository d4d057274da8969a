//! A document as a tree in which every key and value knows its line and column, from YAML or TOML.
//!
//! Must not: know what a policy is.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// Where something stands in the text, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

/// One step down the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Why a text is no document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub(crate) place: Option<Place>,
    pub(crate) words: String,
}

impl Node {
    /// Reads YAML, or TOML where the text looks like it.
    pub(crate) fn read(text: &str) -> Result<Self, Syntax> {
        if looks_like_toml(text) { toml(text) } else { yaml(text) }
    }

    /// The node below `path`.
    pub(crate) fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| match (&node.value, step) {
            (Value::Map(members), Step::Key(key)) => {
                members.iter().find(|member| member.key == *key).map(|member| &member.node)
            }
            (Value::List(list), Step::Index(index)) => list.get(*index),
            _ => None,
        })
    }

    /// Removes what is below `path`; whether it was there.
    pub(crate) fn remove(&mut self, path: &[Step]) -> bool {
        match (&mut self.value, path) {
            (Value::Map(members), [Step::Key(key)]) => {
                let before = members.len();
                members.retain(|member| member.key != *key);
                members.len() < before
            }
            (Value::List(list), [Step::Index(index)]) if *index < list.len() => {
                list.remove(*index);
                true
            }
            (Value::Map(members), [Step::Key(key), below @ ..]) => {
                members.iter_mut().filter(|member| member.key == *key).any(|member| member.node.remove(below))
            }
            (Value::List(list), [Step::Index(index), below @ ..]) => {
                list.get_mut(*index).is_some_and(|node| node.remove(below))
            }
            _ => false,
        }
    }
}

/// The first line that says something is a table or an assignment.
fn looks_like_toml(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let key = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let is_table = first.starts_with('[') && first.ends_with(']') && key(first.trim_matches(['[', ']']));
    is_table || first.split_once('=').is_some_and(|(left, _)| key(left.trim()))
}

fn yaml(text: &str) -> Result<Node, Syntax> {
    // `no`, `y` and `off` are words: owners and branches may be called so.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
        let place = error
            .location()
            .map(|location| Place { line: location.line(), column: location.column() })
            .filter(|place| place.line > 0);
        let words = plain(&error.without_snippet().to_string());
        Syntax { place, words }
    })
}

/// The first line of what the reader says, without the place that stands before it and without advice to programmers.
fn plain(words: &str) -> String {
    let first = words.lines().next().unwrap_or_default();
    let first = first.split_once(" at line ").map_or(first, |(first, _)| first);
    match first.strip_prefix("duplicate mapping key: ").and_then(|rest| rest.split(',').next()) {
        Some(key) => format!("the key `{key}` is there twice"),
        None => first.to_owned(),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let place = Place { line: spanned.referenced.line(), column: spanned.referenced.column() };
        Ok(Self { place, value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "no policy has a whole number above 2^63")]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = access.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let place = Place { line: key.referenced.line(), column: key.referenced.column() };
            members.push(Member { key: key.value, place, node: access.next_value()? });
        }
        Ok(Value::Map(members))
    }
}

fn toml(text: &str) -> Result<Node, Syntax> {
    let table = toml::de::DeTable::parse(text).map_err(|error| Syntax {
        place: error.span().map(|span| place_of(text, span.start)),
        words: error.message().to_owned(),
    })?;
    Ok(Node { place: place_of(text, table.span().start), value: from_table(text, table.get_ref()) })
}

fn place_of(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    Place { line, column }
}

fn from_table(text: &str, table: &toml::de::DeTable<'_>) -> Value {
    let members = table.iter().map(|(key, value)| Member {
        key: key.get_ref().to_string(),
        place: place_of(text, key.span().start),
        node: from_toml(text, value),
    });
    let mut members: Vec<Member> = members.collect();
    members.sort_by_key(|member| member.place);
    Value::Map(members)
}

fn from_toml(text: &str, value: &toml::Spanned<toml::de::DeValue<'_>>) -> Node {
    use toml::de::DeValue;
    let place = place_of(text, value.span().start);
    let value = match value.get_ref() {
        DeValue::String(words) => Value::Text(words.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Float(f64::INFINITY), Value::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Float(f64::NAN), Value::Float),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(list) => Value::List(list.iter().map(|item| from_toml(text, item)).collect()),
        DeValue::Table(table) => from_table(text, table),
    };
    Node { place, value }
}
