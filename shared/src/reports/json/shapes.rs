//! Members that JSON formats write in more than one way, or more of than is of use.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Text of a scalar, borrowed where nothing is escaped in it. Empty when it is `null`, and (with `#[serde(default)]`) when it is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    /// The text, unless it is empty.
    pub(crate) fn some(&self) -> Option<&str> {
        Some(self.trim()).filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl<'de> Visitor<'de> for Scalar {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a number")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(if truth { "true" } else { "false" })))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// A scalar where others write an object.
pub(crate) enum TextOr<'a, T> {
    /// A scalar.
    Text(Text<'a>),
    /// The object.
    Value(T),
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for TextOr<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = TextOr<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or an object")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(Text(Cow::Borrowed(text))))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(Text(Cow::Owned(text.to_owned()))))
            }
            fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
                Ok(TextOr::Text(Text(Cow::Borrowed(if truth { "true" } else { "false" }))))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(TextOr::Text(Text::default()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Value)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// The first elements of a list of which more than a hundred are of no use; the others are only counted.
#[derive(Debug)]
pub(crate) struct Few<T> {
    first: Vec<T>,
    count: usize,
}

impl<T> Few<T> {
    const MOST: usize = 100;

    /// How many elements the list has.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { first: Vec::new(), count: 0 }
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.first
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut few = Few::default();
                while few.count < Few::<T>::MOST {
                    let Some(element) = list.next_element()? else { return Ok(few) };
                    few.first.push(element);
                    few.count += 1;
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    few.count += 1;
                }
                Ok(few)
            }
        }
        deserializer.deserialize_seq(First(PhantomData))
    }
}

/// Counts by a word.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Deref for Counts {
    type Target = BTreeMap<String, u64>;

    fn deref(&self) -> &BTreeMap<String, u64> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Counts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("counts by a word")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                /// There are six severities, and a few words more for them.
                const MOST: usize = 50;
                let mut counts = BTreeMap::new();
                while let Some((word, count)) = map.next_entry()? {
                    counts.insert(word, count);
                    if counts.len() > MOST {
                        return Err(A::Error::custom(format!("more than {MOST} words are counted")));
                    }
                }
                Ok(Counts(counts))
            }
        }
        deserializer.deserialize_map(Words)
    }
}
