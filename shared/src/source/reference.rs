//! What of a repository is looked at: a branch, or an open pull request.
//!
//! Must not: let a tag through, or take a pull request for a branch. A branch of the merge queue is a branch here; that no pipeline
//! begins at one is for [`crate::source::routes`] to say.
//! Specification: <https://git-scm.com/docs/git-check-ref-format>

use crate::model::CommitSha;
use std::borrow::Cow;
use std::fmt;

/// What branch refs begin with.
const BRANCHES: &str = "refs/heads/";
/// What the refs of pull requests begin with.
const PULLS: &str = "refs/pull/";
/// What the branches of GitHub's merge queue begin with.
pub const MERGE_QUEUE: &str = "gh-readonly-queue/";

/// A branch or a pull request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// A branch, by name.
    Branch(String),
    /// A pull request, by number; its head, which may be in a fork.
    Pull(u64),
}

impl Reference {
    /// Reads a full ref, `refs/heads/…` or `refs/pull/<number>/head`; none for any other.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(branch) = text.strip_prefix(BRANCHES) {
            return (!branch.is_empty()).then(|| Self::Branch(branch.to_owned()));
        }
        let number = text.strip_prefix(PULLS)?.strip_suffix("/head")?;
        let is_number = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { number.parse().ok().map(Self::Pull) } else { None }
    }

    /// The full ref.
    #[must_use]
    pub fn full(&self) -> String {
        match self {
            Self::Branch(name) => format!("{BRANCHES}{name}"),
            Self::Pull(number) => format!("{PULLS}{number}/head"),
        }
    }

    /// The name in keys: a branch's own, or `pull:<number>`, which no branch can have.
    #[must_use]
    pub fn key(&self) -> Cow<'_, str> {
        match self {
            Self::Branch(name) => Cow::Borrowed(name),
            Self::Pull(number) => Cow::Owned(format!("pull:{number}")),
        }
    }

    /// The branch's name; none for a pull request.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch(name) => Some(name),
            Self::Pull(_) => None,
        }
    }

    /// The pull request's number; none for a branch.
    #[must_use]
    pub fn pull(&self) -> Option<u64> {
        match self {
            Self::Branch(_) => None,
            Self::Pull(number) => Some(*number),
        }
    }

    /// The branch that a merge queue merges into: `gh-readonly-queue/<base>/pr-<number>-<commit>`; none for anything else.
    #[must_use]
    pub fn merge_queue_base(&self) -> Option<&str> {
        let (base, group) = self.branch()?.strip_prefix(MERGE_QUEUE)?.rsplit_once('/')?;
        let (number, commit) = group.strip_prefix("pr-")?.split_once('-')?;
        let fits = !base.is_empty() && number.parse::<u64>().is_ok() && commit.parse::<CommitSha>().is_ok();
        fits.then_some(base)
    }

    /// Whether it belongs to the merge queue.
    #[must_use]
    pub fn is_merge_queue(&self) -> bool {
        self.branch().is_some_and(|branch| branch.starts_with(MERGE_QUEUE))
    }
}

/// For people: a branch's name, `pull request 7`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(name) => f.write_str(name),
            Self::Pull(number) => write!(f, "pull request {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_branches_and_heads_of_pull_requests_are_looked_at() {
        assert_eq!(Reference::parse("refs/heads/feature/x"), Some(Reference::Branch("feature/x".to_owned())));
        assert_eq!(Reference::parse("refs/pull/7/head"), Some(Reference::Pull(7)));
        for other in [
            "refs/heads/",
            "refs/tags/v1",
            "refs/pull/7/merge",
            "refs/pull/+7/head",
            "refs/pull/07/head",
            "refs/pull//head",
            "refs/pull/99999999999999999999/head",
            "main",
        ] {
            assert_eq!(Reference::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_was_read_comes_back_as_a_ref_and_has_a_key_of_its_own() {
        let mut keys = std::collections::BTreeSet::new();
        for text in
            ["refs/heads/main", "refs/pull/7/head", "refs/heads/refs/pull/7/head", "refs/heads/pull/7"]
        {
            let reference = Reference::parse(text).unwrap();
            assert_eq!(reference.full(), text);
            assert!(keys.insert(reference.key().into_owned()), "{text}");
        }
    }

    #[test]
    fn a_merge_group_names_the_branch_that_it_merges_into() {
        let base =
            |branch: &str| Reference::Branch(branch.to_owned()).merge_queue_base().map(ToOwned::to_owned);
        let sha = "a".repeat(40);
        assert_eq!(base(&format!("gh-readonly-queue/main/pr-7-{sha}")).as_deref(), Some("main"));
        assert_eq!(
            base(&format!("gh-readonly-queue/release/1.0/pr-7-{sha}")).as_deref(),
            Some("release/1.0")
        );
        for other in
            ["main", "gh-readonly-queue/main", "gh-readonly-queue/main/pr-7-x", "gh-readonly-queue/main/x"]
        {
            assert_eq!(base(other), None, "{other}");
        }
    }
}
