//! From evidence to a verdict: policy, archive, evaluation, words. Pure but for [`run`], which talks through [`ports`].
//!
//! Missing, empty, truncated or unreadable evidence is an outcome of its own and never a pass; every condition is listed, not only the
//! first that failed.

pub mod archive;
pub mod build;
pub mod evaluate;
pub mod evidence;
mod excuse;
mod expression;
pub mod history;
pub mod init;
pub mod job;
mod judge;
pub mod metric;
pub mod normal;
pub mod notice;
mod patch;
pub mod policy;
pub mod ports;
pub mod render;
pub mod run;
pub mod verdict;
