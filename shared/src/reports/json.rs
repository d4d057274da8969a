//! Shared by the JSON formats: from bytes to a format's own types without a tree, errors with line and column.
//!
//! A format is a struct that borrows from the bytes and names only the members it needs. Long lists are not kept: each element is handed to
//! a [`Gather`] as soon as it is read, so memory grows with what is kept and not with what is written.

mod gather;
mod shapes;

pub(crate) use gather::{Gather, List, Members, OneOrList};
pub(crate) use shapes::{Counts, Few, Text, TextOr};

use super::{Input, ReportError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads one value.
pub(crate) fn read<T: DeserializeOwned>(input: Input<'_>) -> Result<T, ReportError> {
    let bytes = input.into_bytes()?;
    parse(&bytes)
}

/// Reads one value that borrows from `bytes`.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ReportError> {
    serde_json::from_slice(bytes).map_err(|error| broken(&error, 0))
}

/// Reads values that follow each other, on lines of their own or not; `each` gets the number of the value, from 0.
pub(crate) fn each<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    mut each: impl FnMut(usize, T) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<T>();
    for (index, value) in values.enumerate() {
        each(index, value.map_err(|error| broken(&error, 0))?)?;
    }
    Ok(())
}

/// What `serde_json` says, as an error of the report; `lines` come before its first.
fn broken(error: &serde_json::Error, lines: usize) -> ReportError {
    let at = format!("line {} column {}", lines + error.line(), error.column());
    if error.is_eof() {
        return ReportError::truncated(at, "the JSON ends too early: it is truncated");
    }
    let words = error.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    let words = super::facts::kept(&words.replace('`', "'"));
    if error.is_data() {
        ReportError::at(at, format!("the JSON has another shape than the format: {words}"))
    } else {
        ReportError::at(at, format!("the file is not JSON: {words}"))
    }
}
