//! Checks of the new version before traffic, each with evidence and a sentence.

pub mod green;
