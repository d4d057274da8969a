//! What measuring needs from outside.

use super::fact::Fact;
use crate::errors::Fault;
use std::future::Future;

/// Keeps facts.
pub trait Facts {
    /// Stores a fact; storing it again changes nothing.
    fn store(&self, fact: &Fact) -> impl Future<Output = Result<(), Fault>>;
}
