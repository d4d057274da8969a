//! What measuring needs from outside.

use super::fact::Fact;
use crate::errors::Fault;
use std::future::Future;

/// A row of the history: its keys, and the JSON text that its room wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Partition key: tells what the row is.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// `body` of facts, gates and watches; `commits` of push ranges.
    pub body: String,
}

/// Reads what happened.
pub trait History {
    /// Everything of a month (`2026-11`), oldest first, every page.
    fn month(&self, month: &str) -> impl Future<Output = Result<Vec<Row>, Fault>>;
}

/// Keeps facts.
pub trait Facts {
    /// Stores a fact; storing it again changes nothing.
    fn store(&self, fact: &Fact) -> impl Future<Output = Result<(), Fault>>;
}
