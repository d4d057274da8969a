//! From evidence to a verdict: policy, archive, evaluation, words. Pure but for [`run`], which talks through [`ports`].
//!
//! Missing, empty, truncated or unreadable evidence is an outcome of its own and never a pass; every condition is listed, not only the
//! first that failed.

pub mod alert;
pub mod analysis;
mod answer;
pub mod archive;
pub mod build;
pub mod continuation;
pub mod evaluate;
pub mod evidence;
mod excuse;
mod expression;
pub mod fetch;
mod gather;
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
pub mod ranges;
pub mod record;
pub mod render;
pub mod run;
pub mod scan;
pub mod verdict;
