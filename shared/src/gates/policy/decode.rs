//! From a tree to types, with every mistake at once: each error says where it is, what was in the wrong place is taken out, and the rest
//! is read again until nothing more is wrong.
//!
//! Must not: know what a policy is.

use super::tree::{Node, Place, Step, Value};
use crate::reports::facts::kept;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Most mistakes reported.
const MOST: usize = 50;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    place: Option<Place>,
    path: Vec<Step>,
    words: String,
    missing: Option<&'static str>,
}

impl Mistake {
    /// The sentence, with its place.
    pub(crate) fn sentence(&self) -> String {
        match self.place {
            Some(place) => format!("{place}: {}", self.words),
            None => self.words.clone(),
        }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> Option<Place> {
        self.place
    }

    fn inside(mut self, step: Step, place: Place) -> Self {
        self.place = self.place.or(Some(place));
        self.path.insert(0, step);
        self
    }
}

/// What is left of a tree when all mistakes are taken out.
pub(crate) struct Decoded<T> {
    /// None when what is missing cannot be left out.
    pub(crate) value: Option<T>,
    /// All mistakes, in the order of the text.
    pub(crate) mistakes: Vec<Mistake>,
    /// The tree that `value` was read from.
    pub(crate) tree: Node,
    /// Keys and list elements that were taken out.
    pub(crate) removed: Vec<Vec<Step>>,
}

/// Reads a tree.
pub(crate) fn decode<T: DeserializeOwned>(mut tree: Node) -> Decoded<T> {
    let (mut mistakes, mut removed): (Vec<Mistake>, Vec<Vec<Step>>) = (Vec::new(), Vec::new());
    loop {
        let mistake = match T::deserialize(&tree) {
            Ok(value) => {
                mistakes.sort_by_key(|mistake: &Mistake| mistake.place);
                return Decoded { value: Some(value), mistakes, tree, removed };
            }
            Err(mistake) => mistake,
        };
        let mut path = mistake.path.clone();
        // A key that was taken out for its value is not missing for the reader of the message.
        let known = mistake.missing.is_some_and(|name| {
            removed.iter().any(|gone| gone.split_last() == Some((&Step::Key(name.to_owned()), &path)))
        });
        if !known {
            mistakes.push(mistake);
        }
        if mistakes.len() >= MOST || !tree.remove(&path) {
            mistakes.sort_by_key(|mistake| mistake.place);
            return Decoded { value: None, mistakes, tree, removed };
        }
        if let Some(Step::Index(index)) = path.pop_if(|step| matches!(step, Step::Index(_))) {
            // Later elements have moved up: what was removed below them is forgotten, but that something was there is not.
            let moved = |gone: &Vec<Step>| {
                gone.starts_with(&path)
                    && matches!(gone.get(path.len()), Some(Step::Index(at)) if *at >= index)
            };
            removed.retain(|gone| !moved(gone));
            path.push(Step::Index(usize::MAX));
        }
        removed.push(path);
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self { place: None, path: Vec::new(), words: words.to_string(), missing: None }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("there is no key `{field}`{}", nearest(field, expected)))
    }

    fn unknown_variant(word: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("`{word}` is no word that is known here{}", nearest(word, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::custom(format!("the key `{field}` is missing")) }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("{} stands where {} belongs", words_of(found), wanted(&expected.to_string())))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

/// The nearest known word, or all of them when none is near.
pub(in crate::gates) fn nearest(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(known, word), known)).min();
    match near {
        Some((distance, known)) if word.chars().count() > 2 && distance <= 1 + word.chars().count() / 3 => {
            format!("; the nearest is `{known}`")
        }
        Some(_) => {
            let all: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
            format!("; known are {}", all.join(", "))
        }
        None => String::new(),
    }
}

/// What serde asks for, in words for people.
fn wanted(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        other if other.starts_with("struct ") => "a map of keys and values",
        other => other,
    }
}

fn words_of(found: de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Bool(value) => format!("`{value}`"),
        de::Unexpected::Unsigned(value) => format!("the number {value}"),
        de::Unexpected::Signed(value) => format!("the number {value}"),
        de::Unexpected::Float(value) => format!("the number {value}"),
        de::Unexpected::Str(text) => format!("the text `{}`", kept(text)),
        de::Unexpected::Unit | de::Unexpected::Option => "nothing".to_owned(),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a map".to_owned(),
        other => other.to_string(),
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let result = match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => match u64::try_from(*value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(*value),
            },
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(list) => visitor.visit_seq(Elements { list, next: 0 }),
            Value::Map(members) => visitor.visit_map(Members { members, next: 0 }),
        };
        result.map_err(|mistake| Mistake { place: mistake.place.or(Some(self.place)), ..mistake })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.value {
            Value::Null => visitor.visit_none(),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    /// Words only: no enumeration of a policy carries a value.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let result = match &self.value {
            Value::Text(text) => {
                visitor.visit_enum(IntoDeserializer::<Mistake>::into_deserializer(text.as_str()))
            }
            Value::Null => Err(de::Error::invalid_type(de::Unexpected::Unit, &"a word")),
            Value::Bool(value) => Err(de::Error::invalid_type(de::Unexpected::Bool(*value), &"a word")),
            Value::Integer(value) => Err(de::Error::invalid_type(de::Unexpected::Signed(*value), &"a word")),
            Value::Float(value) => Err(de::Error::invalid_type(de::Unexpected::Float(*value), &"a word")),
            Value::List(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &"a word")),
            Value::Map(_) => Err(de::Error::invalid_type(de::Unexpected::Map, &"a word")),
        };
        result.map_err(|mistake: Mistake| Mistake { place: mistake.place.or(Some(self.place)), ..mistake })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}

struct Elements<'a> {
    list: &'a [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some(node) = self.list.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(node).map(Some).map_err(|mistake| mistake.inside(Step::Index(index), node.place))
    }
}

struct Members<'a> {
    members: &'a [super::tree::Member],
    next: usize,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(member) = self.members.get(self.next) else { return Ok(None) };
        let key: StrDeserializer<'_, Mistake> = member.key.as_str().into_deserializer();
        let at = |mistake: Mistake| mistake.inside(Step::Key(member.key.clone()), member.place);
        seed.deserialize(key).map(Some).map_err(at)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some(member) = self.members.get(self.next) else {
            return Err(de::Error::custom("a key has no value"));
        };
        self.next += 1;
        let at = |mistake: Mistake| mistake.inside(Step::Key(member.key.clone()), member.node.place);
        seed.deserialize(&member.node).map_err(at)
    }
}
