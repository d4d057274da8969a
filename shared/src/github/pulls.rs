//! Pull requests, their reviews, and who may write.
//!
//! Must not: decide whether anything is built ([`crate::source::pulls`] does), or ask about an account whose name is none.
//! Specification: <https://docs.github.com/en/rest/pulls/pulls>, <https://docs.github.com/en/rest/pulls/reviews>,
//! <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>

use crate::errors::Fault;
use crate::github::answer::SERVICE;
use crate::github::client::{GitHub, locked};
use crate::model::CommitSha;
use crate::source::ports::TokenSource;
use crate::source::pulls::{Opinion, Pull, Review};
use http::StatusCode;
use serde::Deserialize;

/// Operation names in faults.
const GET_PULL: &str = "get a pull request";
const LIST_PULLS: &str = "list pull requests";
const LIST_REVIEWS: &str = "list reviews of a pull request";
const GET_PERMISSION: &str = "get repository permissions for a user";

#[derive(Deserialize)]
struct PullAnswer {
    number: u64,
    state: String,
    head: End,
    base: End,
}

#[derive(Deserialize)]
struct End {
    #[serde(rename = "ref")]
    branch: String,
    sha: CommitSha,
    /// Null when the fork was deleted.
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
}

#[derive(Deserialize)]
struct ReviewAnswer {
    /// Null for an account that was deleted.
    user: Option<Account>,
    #[serde(default)]
    body: Option<String>,
    state: String,
    #[serde(default)]
    commit_id: Option<CommitSha>,
}

#[derive(Deserialize)]
struct Account {
    login: String,
}

#[derive(Deserialize)]
struct PermissionAnswer {
    permission: String,
}

impl PullAnswer {
    fn pull(self) -> Pull {
        Pull {
            number: self.number,
            is_open: self.state == "open",
            head: self.head.sha,
            branch: self.head.branch,
            head_repository: self.head.repo.map(|repository| repository.id),
            base: self.base.branch,
        }
    }
}

impl ReviewAnswer {
    fn review(self) -> Option<Review> {
        let opinion = match self.state.as_str() {
            "APPROVED" => Opinion::Approves,
            "CHANGES_REQUESTED" | "COMMENTED" => Opinion::Other,
            _ => Opinion::Void,
        };
        let reviewer = self.user?.login;
        Some(Review::new(self.commit_id, opinion, self.body.as_deref().unwrap_or_default(), &reviewer))
    }
}

impl<T: TokenSource> GitHub<T> {
    pub(super) async fn pull_at(&self, repository: &str, number: u64) -> Result<Option<Pull>, Fault> {
        let path = format!("/repos/{repository}/pulls/{number}");
        let known = locked(&self.pulls).get(&path).cloned();
        let validator = known.as_ref().map(|(validator, _)| validator.as_str());
        let answer = self.get(GET_PULL, &path, validator).await?;
        match (answer.status, known) {
            (StatusCode::NOT_MODIFIED, Some((_, pull))) => return Ok(Some(pull)),
            (StatusCode::NOT_FOUND, _) => return Ok(None),
            _ => {}
        }
        let validator = answer.header("etag").map(ToOwned::to_owned);
        let pull = answer.json::<PullAnswer>(GET_PULL)?.pull();
        if pull.number != number {
            let detail = format!("asked for pull request {number}, the answer is about {}", pull.number);
            return Err(Fault::Unreadable { service: SERVICE, operation: GET_PULL, detail });
        }
        if let Some(validator) = validator {
            locked(&self.pulls).insert(path, (validator, pull.clone()));
        }
        Ok(Some(pull))
    }

    pub(super) async fn open_pulls_of(&self, repository: &str) -> Result<Vec<Pull>, Fault> {
        let path = format!("/repos/{repository}/pulls?state=open");
        let pulls: Vec<PullAnswer> = self.every(LIST_PULLS, &path).await?;
        Ok(pulls.into_iter().map(PullAnswer::pull).collect())
    }

    pub(super) async fn reviews_of(&self, repository: &str, number: u64) -> Result<Vec<Review>, Fault> {
        let path = format!("/repos/{repository}/pulls/{number}/reviews");
        let reviews: Vec<ReviewAnswer> = self.every(LIST_REVIEWS, &path).await?;
        Ok(reviews.into_iter().filter_map(ReviewAnswer::review).collect())
    }

    pub(super) async fn writes_to(&self, repository: &str, name: &str) -> Result<bool, Fault> {
        if !is_account_name(name) {
            return Ok(false);
        }
        let path = format!("/repos/{repository}/collaborators/{name}/permission");
        let answer = self.get(GET_PERMISSION, &path, None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        let PermissionAnswer { permission } = answer.json(GET_PERMISSION)?;
        Ok(matches!(permission.as_str(), "admin" | "write"))
    }
}

/// Letters, digits and hyphens; apps and company accounts have more, and neither reviews for a fork here.
fn is_account_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 60
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(state: &str, user: &str) -> Option<Review> {
        let sha = "a".repeat(40);
        let text = format!(r#"{{"user":{user},"body":"/build","state":"{state}","commit_id":"{sha}"}}"#);
        serde_json::from_str::<ReviewAnswer>(&text).unwrap().review()
    }

    #[test]
    fn a_review_counts_by_its_state_and_only_with_a_reviewer() {
        let opinion = |state| review(state, r#"{"login":"ann"}"#).unwrap().opinion;
        assert_eq!(opinion("APPROVED"), Opinion::Approves);
        assert_eq!(opinion("COMMENTED"), Opinion::Other);
        for void in ["DISMISSED", "PENDING", "A_STATE_OF_TOMORROW"] {
            assert_eq!(opinion(void), Opinion::Void, "{void}");
        }
        assert_eq!(review("APPROVED", "null"), None);
    }

    #[test]
    fn a_deleted_fork_is_read_as_none() {
        let sha = "a".repeat(40);
        let text = format!(
            r#"{{"number":7,"state":"open","head":{{"ref":"x","sha":"{sha}","repo":null}},"base":{{"ref":"main","sha":"{sha}","repo":{{"id":1001}}}}}}"#
        );
        let pull = serde_json::from_str::<PullAnswer>(&text).unwrap().pull();
        assert!(pull.is_open && pull.is_from_fork(1001));
        assert_eq!((pull.number, pull.base.as_str()), (7, "main"));
    }

    #[test]
    fn only_account_names_are_asked_about() {
        assert!(is_account_name("ann-7"));
        for wrong in ["", "a/b", "../x", "a?b", "a b", "ann[bot]", "é"] {
            assert!(!is_account_name(wrong), "{wrong}");
        }
    }
}
