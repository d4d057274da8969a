//! From evidence to a verdict: policy, archive, evaluation, words. Pure.
//!
//! Missing, empty, truncated or unreadable evidence is an outcome of its own and never a pass; every condition is listed, not only the
//! first that failed.

pub mod archive;
pub mod evaluate;
pub mod metric;
pub mod policy;
pub mod render;
pub mod verdict;
