//! Pull requests: whether the head of one may be built.
//!
//! The head of a fork is the code of somebody who may not write here. It is built after somebody who may has reviewed that very commit:
//! GitHub keeps the commit with each review, so a push after it withholds the head again, and nothing about an approval is kept here.
//! Must not: believe a payload; what is said here was read from GitHub's API.
//! Specification: <https://docs.github.com/en/rest/pulls/pulls>, <https://docs.github.com/en/rest/pulls/reviews>

use crate::model::CommitSha;

/// What a review begins with that asks for a build without approving the change.
pub const BUILD_COMMAND: &str = "/build";

/// A pull request, as the host shows it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Whether it is neither closed nor merged.
    pub is_open: bool,
    /// Its newest commit.
    pub head: CommitSha,
    /// Name of the branch that the commit is on, in the repository it comes from.
    pub branch: String,
    /// Numeric id of that repository; none when it was deleted.
    pub head_repository: Option<u64>,
    /// Branch that it is to be merged into.
    pub base: String,
}

impl Pull {
    /// Whether its commits come from elsewhere than the repository `repository_id`.
    #[must_use]
    pub fn is_from_fork(&self, repository_id: u64) -> bool {
        self.head_repository != Some(repository_id)
    }
}

/// How a review ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    /// Approved.
    Approves,
    /// Changes requested, or a comment.
    Other,
    /// Taken back, or not submitted yet.
    Void,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Commit that was looked at; none when GitHub no longer knows.
    pub commit: Option<CommitSha>,
    /// How it ended.
    pub opinion: Opinion,
    /// Whether its text begins with [`BUILD_COMMAND`].
    pub asks_for_build: bool,
    /// Account name of the reviewer.
    pub reviewer: String,
}

impl Review {
    /// A review; `text` is its body.
    #[must_use]
    pub fn new(commit: Option<CommitSha>, opinion: Opinion, text: &str, reviewer: &str) -> Self {
        let asks_for_build = text.split_whitespace().next() == Some(BUILD_COMMAND);
        Self { commit, opinion, asks_for_build, reviewer: reviewer.to_owned() }
    }

    /// Whether it lets `head` be built, when its reviewer may write to the repository.
    #[must_use]
    pub fn approves(&self, head: &CommitSha) -> bool {
        let says_yes = match self.opinion {
            Opinion::Approves => true,
            Opinion::Other => self.asks_for_build,
            Opinion::Void => false,
        };
        says_yes && self.commit.as_ref() == Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> CommitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    #[test]
    fn a_review_lets_through_the_commit_that_it_is_about_and_no_other() {
        let review = Review::new(Some(sha('a')), Opinion::Approves, "looks good", "ann");
        assert!(review.approves(&sha('a')));
        assert!(!review.approves(&sha('b')), "the head moved on after the review");
        assert!(!Review::new(None, Opinion::Approves, "", "ann").approves(&sha('a')));
    }

    #[test]
    fn a_comment_asks_for_a_build_by_its_first_word() {
        let says = |opinion, text| Review::new(Some(sha('a')), opinion, text, "ann").approves(&sha('a'));
        assert!(says(Opinion::Other, "/build"));
        assert!(says(Opinion::Other, "\n /build please\r\n"));
        assert!(!says(Opinion::Other, "do not /build"));
        assert!(!says(Opinion::Other, "/builds"));
        assert!(!says(Opinion::Void, "/build"), "it was dismissed");
    }

    #[test]
    fn a_deleted_fork_is_a_fork() {
        let pull = |head_repository| Pull {
            number: 7,
            is_open: true,
            head: sha('a'),
            branch: "x".to_owned(),
            head_repository,
            base: "main".to_owned(),
        };
        assert!(pull(None).is_from_fork(1001) && pull(Some(2002)).is_from_fork(1001));
        assert!(!pull(Some(1001)).is_from_fork(1001));
    }
}
