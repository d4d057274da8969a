//! What a route says about branches: one exact name, or an anchored pattern such as `release/*`.
//!
//! Must not: match part of a name, or anything that is no branch. A pattern begins with literal text, so that no route can swallow
//! every branch of a repository by a slip.

use serde::{Deserialize, Deserializer};
use std::fmt;

/// Longest name or pattern that is accepted, in characters; keeps keys and metadata short.
const MAX_LENGTH: usize = 200;

/// An exact branch name, or a pattern in which `*` stands for any text without `/` and `**` for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BranchPattern(String);

impl BranchPattern {
    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one branch only.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether it means `branch`, whole and by case.
    #[must_use]
    pub fn matches(&self, branch: &str) -> bool {
        is_branch_name(branch)
            && (self.0 == branch || (!self.is_exact() && fast_glob::glob_match(&self.0, branch)))
    }

    /// What every matching name begins with.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        self.0.split('*').next().unwrap_or_default()
    }

    /// What is wrong with it, in words that follow its text.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        let as_name = self.0.replace("**", "x").replace('*', "x");
        if !is_branch_name(&as_name) {
            return Some("is no branch name or pattern of letters, digits, `/`, `.`, `_`, `-` and `*`");
        }
        if !self.is_exact() && self.literal_prefix().is_empty() {
            return Some(
                "begins with `*`: a pattern begins with what all its branches have in common, as in `release/*`",
            );
        }
        if self.0.contains("***") {
            return Some("has more than two `*` in a row");
        }
        None
    }
}

impl fmt::Display for BranchPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BranchPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// Whether `name` is a branch that can be released: what Git allows and a key can carry; never a branch of the merge queue.
pub(super) fn is_branch_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    !name.is_empty()
        && name.len() <= MAX_LENGTH
        && name.bytes().all(known)
        && !name.contains("..")
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && !name.starts_with("gh-readonly-queue/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> BranchPattern {
        BranchPattern(text.to_owned())
    }

    #[test]
    fn a_pattern_means_whole_names_and_nothing_beside_them() {
        let release = pattern("release/*");
        for (branch, wanted) in [
            ("release/1.2", true),
            ("release/1.2/fix", false),
            ("release/", false),
            ("release", false),
            ("my-release/1.2", false),
            ("Release/1.2", false),
            ("release/.hidden", false),
            ("release/a..b", false),
        ] {
            assert_eq!(release.matches(branch), wanted, "{branch}");
        }
        assert!(pattern("team/**").matches("team/a/b/c"));
        assert!(!pattern("gh-readonly-queue/**").matches("gh-readonly-queue/main/pr-1"));
        assert!(pattern("main").matches("main") && !pattern("main").matches("main2"));
        assert_eq!((release.literal_prefix(), pattern("main").literal_prefix()), ("release/", "main"));
    }

    #[test]
    fn characters_that_mean_something_to_a_matcher_are_refused_and_not_matched() {
        for text in [
            "*",
            "**",
            "*-main",
            "a***",
            "{main,develop}",
            "[a-z]",
            "!main",
            "ma?n",
            "a//b",
            "",
            "gh-readonly-queue/*",
        ] {
            assert!(pattern(text).problem().is_some(), "{text}");
        }
        for text in ["main", "release/*", "team/**", "v1.*", "hotfix-*"] {
            assert_eq!(pattern(text).problem(), None, "{text}");
        }
        insta::assert_snapshot!(pattern("*").problem().unwrap(), @"begins with `*`: a pattern begins with what all its branches have in common, as in `release/*`");
    }
}
