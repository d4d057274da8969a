//! Ids, shas, percentages, durations and timestamps as types with units. Imports nothing of ours.

mod approval;
mod sha;
mod time;

pub use approval::Approval;
pub use sha::{CommitSha, ParseShaError};
pub use time::{MINUTE, ParseTimeError, Timestamp};
