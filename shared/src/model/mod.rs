//! Ids, shas, percentages, durations and timestamps as types with units. Imports nothing of ours.

mod sha;
mod time;

pub use sha::{CommitSha, ParseShaError};
pub use time::{MINUTE, ParseTimeError, Timestamp};
