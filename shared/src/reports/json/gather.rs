//! Long lists, element by element: nothing of them is kept but what a [`Gather`] makes of it.

use super::Text;
use crate::reports::facts::kept;
use crate::reports::{Problem, ReportError};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Most elements taken from one list: many times what the largest published scans have, and a bound for memory.
const MOST: usize = 500_000;

/// Takes the elements of a list, or the members of an object, one by one.
pub(crate) trait Gather<'de>: Default {
    /// What one looks like.
    type Element: Deserialize<'de>;

    /// Takes one; `name` is the member's name, empty in a list. The path of an error is relative to the element.
    fn gather(&mut self, name: &str, element: Self::Element) -> Result<(), ReportError>;
}

/// What came out of a list, and the first error in it.
pub(crate) struct Gathered<G> {
    all: G,
    count: usize,
    failed: Option<ReportError>,
}

impl<G> Default for Gathered<G>
where
    G: Default,
{
    fn default() -> Self {
        Self { all: G::default(), count: 0, failed: None }
    }
}

impl<G> Gathered<G> {
    /// What was gathered, unless an element was refused; `path` is that of the list.
    pub(crate) fn done(self, path: &str) -> Result<G, ReportError> {
        self.failed.map_or(Ok(self.all), |error| Err(error.under(path)))
    }

    /// How many elements the list has.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    fn take<'de>(&mut self, step: Step<'_>, element: G::Element)
    where
        G: Gather<'de>,
    {
        let index = self.count;
        self.count += 1;
        if self.failed.is_some() {
            return;
        }
        let name = if let Step::Name(name) = step { name } else { "" };
        let taken = if index < MOST {
            self.all.gather(name, element)
        } else {
            Err(ReportError::new(Problem::TooLarge, "", format!("the list has more than {MOST} elements")))
        };
        self.failed = taken.err().map(|error| match step {
            Step::Only => error,
            Step::Next => error.under(&format!("/{index}")),
            Step::Name(name) => error.under(&format!("/{}", kept(name))),
        });
    }
}

/// How one came to an element.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// It stands where a list may stand.
    Only,
    /// It is the next of a list.
    Next,
    /// It is the member of this name.
    Name(&'a str),
}

/// A list.
pub(crate) struct List<G>(pub(crate) Gathered<G>);
/// An object whose names are data.
pub(crate) struct Members<G>(pub(crate) Gathered<G>);
/// A list, or the only element that it would have.
pub(crate) struct OneOrList<G>(pub(crate) Gathered<G>);

struct Walk<G, const LIST: bool, const OBJECT: bool, const ONE: bool>(PhantomData<G>);

impl<'de, G: Gather<'de>, const LIST: bool, const OBJECT: bool, const ONE: bool> Visitor<'de>
    for Walk<G, LIST, OBJECT, ONE>
{
    type Value = Gathered<G>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if LIST { "a list" } else { "an object" })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if !LIST {
            // Asks for what is expected instead, so that the error says what stands here.
            return IgnoredAny::deserialize(SeqAccessDeserializer::new(list))
                .and(Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self)));
        }
        let mut gathered = Gathered::<G>::default();
        while gathered.failed.is_none() {
            match list.next_element()? {
                Some(element) => gathered.take(Step::Next, element),
                None => return Ok(gathered),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(gathered)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut gathered = Gathered::<G>::default();
        if ONE {
            gathered.take(Step::Only, G::Element::deserialize(MapAccessDeserializer::new(map))?);
            return Ok(gathered);
        }
        if !OBJECT {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        while let Some(name) = map.next_key::<Text<'de>>()? {
            gathered.take(Step::Name(&name), map.next_value()?);
        }
        Ok(gathered)
    }
}

impl<'de, G: Gather<'de>> Deserialize<'de> for List<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk::<G, true, false, false>(PhantomData)).map(Self)
    }
}

impl<'de, G: Gather<'de>> Deserialize<'de> for Members<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk::<G, false, true, false>(PhantomData)).map(Self)
    }
}

impl<'de, G: Gather<'de>> Deserialize<'de> for OneOrList<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk::<G, true, false, true>(PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refuses 3.
    #[derive(Default)]
    struct Numbers(Vec<u64>);

    impl<'de> Gather<'de> for Numbers {
        type Element = u64;

        fn gather(&mut self, _: &str, number: u64) -> Result<(), ReportError> {
            if number == 3 {
                return Err(ReportError::at("/n", "three is refused"));
            }
            self.0.push(number);
            Ok(())
        }
    }

    fn list(text: &str) -> Result<Vec<u64>, ReportError> {
        let list: List<Numbers> = super::super::parse(text.as_bytes())?;
        Ok(list.0.done("/list")?.0)
    }

    #[test]
    fn an_element_that_is_refused_refuses_the_list_with_its_path() {
        assert_eq!(list("[1,2]").unwrap(), [1, 2]);
        insta::assert_snapshot!(list("[1,3,5]").unwrap_err(), @"three is refused, at `/list/1/n`");
        let members: Members<Numbers> = super::super::parse(br#"{"a":1,"b":3}"#).unwrap();
        insta::assert_snapshot!(members.0.done("").map(|_| ()).unwrap_err(), @"three is refused, at `/b/n`");
    }

    #[test]
    fn a_list_has_a_bound() {
        let long = format!("[{}1]", "1,".repeat(MOST));
        insta::assert_snapshot!(list(&long).unwrap_err(), @"the list has more than 500000 elements, at `/list/500000`");
        assert_eq!(list(&format!("[{}1]", "1,".repeat(MOST - 1))).map(|all| all.len()), Ok(MOST));
    }
}
