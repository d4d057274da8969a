//! JSON read member by member, with every mistake at once; each says where it is and which word was probably meant.
//!
//! Must not: know what a canary is.

use serde_json::{Map, Value};

/// A value and its place.
#[derive(Clone)]
pub(super) struct At<'a> {
    pub(super) path: String,
    pub(super) value: &'a Value,
}

/// An object and its place; empty when something else stood there.
pub(super) struct Object<'a> {
    path: String,
    members: Option<&'a Map<String, Value>>,
}

impl<'a> Object<'a> {
    /// A member that is there and not `null`, which Kayenta writes for what is not set.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let value = self.members?.get(key).filter(|value| !value.is_null())?;
        Some(At { path: below(&self.path, key), value })
    }

    pub(super) fn members(&self) -> Vec<(String, At<'a>)> {
        let members = self.members.into_iter().flatten();
        members.map(|(key, value)| (key.clone(), At { path: below(&self.path, key), value })).collect()
    }

    pub(super) fn path(&self, key: &str) -> String {
        below(&self.path, key)
    }
}

/// Collects mistakes.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) mistakes: Vec<String>,
}

impl Reader {
    pub(super) fn wrong(&mut self, path: &str, words: &str) {
        self.mistakes.push(if path.is_empty() { words.to_owned() } else { format!("`{path}`: {words}") });
    }

    /// An object with any members.
    pub(super) fn map<'a>(&mut self, at: &At<'a>) -> Object<'a> {
        let members = at.value.as_object();
        if members.is_none() {
            self.stands(at, "an object");
        }
        Object { path: at.path.clone(), members }
    }

    /// An object whose members are known.
    pub(super) fn object<'a>(&mut self, at: &At<'a>, known: &[&str]) -> Object<'a> {
        let object = self.map(at);
        for key in object.members.into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                self.wrong(
                    &below(&at.path, key),
                    &format!("no such key is known here{}", nearest(key, known)),
                );
            }
        }
        object
    }

    /// A member that has to be there.
    pub(super) fn required<'a>(&mut self, object: &Object<'a>, key: &str) -> Option<At<'a>> {
        let found = object.get(key);
        if found.is_none() && object.members.is_some() {
            self.wrong(&object.path(key), "is missing");
        }
        found
    }

    pub(super) fn list<'a>(&mut self, at: &At<'a>) -> Vec<At<'a>> {
        let Some(list) = at.value.as_array() else {
            self.stands(at, "a list");
            return Vec::new();
        };
        let places = list.iter().enumerate();
        places.map(|(index, value)| At { path: format!("{}[{index}]", at.path), value }).collect()
    }

    pub(super) fn text(&mut self, at: &At<'_>) -> Option<String> {
        let text = at.value.as_str().map(ToOwned::to_owned);
        if text.is_none() {
            self.stands(at, "a text");
        }
        text
    }

    pub(super) fn flag(&mut self, at: &At<'_>) -> Option<bool> {
        let flag = at.value.as_bool();
        if flag.is_none() {
            self.stands(at, "`true` or `false`");
        }
        flag
    }

    /// A number from `least` to `most`; `f64::MIN_POSITIVE` stands for "above 0".
    pub(super) fn number(&mut self, at: &At<'_>, least: f64, most: f64) -> Option<f64> {
        let Some(number) = at.value.as_f64() else {
            self.stands(at, "a number");
            return None;
        };
        if (least..=most).contains(&number) {
            return Some(number);
        }
        let lower = if least > 0.0 { "above 0".to_owned() } else { format!("at least {least}") };
        let upper = if most < f64::MAX { format!(" and at most {most}") } else { String::new() };
        self.wrong(&at.path, &format!("is {number}; it must be {lower}{upper}"));
        None
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, at: &At<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(at)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(
                &at.path,
                &format!("`{text}` is no word that is known here{}", nearest(&text, &known)),
            );
        }
        found.map(|(_, meaning)| *meaning)
    }

    fn stands(&mut self, at: &At<'_>, wanted: &str) {
        let found = match at.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(value) => format!("the number {value}"),
            Value::String(_) => "a text".to_owned(),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.wrong(&at.path, &format!("{found} stands where {wanted} belongs"));
    }
}

/// The nearest known word, or all of them when none is near.
pub(super) fn nearest(word: &str, known: &[&str]) -> String {
    let distance = |known: &&str| strsim::damerau_levenshtein(&known.to_lowercase(), &word.to_lowercase());
    match known.iter().min_by_key(|known| distance(known)) {
        Some(near) if distance(near) <= 1 + word.chars().count() / 3 => format!("; the nearest is `{near}`"),
        Some(_) => format!("; known are {}", super::words::listed(known)),
        None => String::new(),
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
