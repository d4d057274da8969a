//! Git object names. Only these travel through pipeline variables and S3 keys: hex, nothing else.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitSha(String);

/// Text that is not a commit id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a commit id has 40 or 64 lower-case hexadecimal digits, this has {length} characters")]
pub struct ParseShaError {
    length: usize,
}

impl CommitSha {
    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    /// Whether this is the null id that GitHub sends for a created or deleted ref.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

impl FromStr for CommitSha {
    type Err = ParseShaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseShaError { length: text.chars().count() })
        }
    }
}

impl TryFrom<String> for CommitSha {
    type Error = ParseShaError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CommitSha> for String {
    fn from(sha: CommitSha) -> Self {
        sha.0
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hex_of_the_two_git_lengths_is_a_commit_id() {
        assert!("a".repeat(40).parse::<CommitSha>().is_ok());
        assert!("0".repeat(64).parse::<CommitSha>().is_ok());
        for wrong in ["", "A".repeat(40).as_str(), "a".repeat(39).as_str(), "$(id)", &"é".repeat(20)] {
            assert!(wrong.parse::<CommitSha>().is_err(), "{wrong}");
        }
    }
}
