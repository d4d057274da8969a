//! Branches, commits, comparisons and archives of a repository.
//!
//! Specification: <https://docs.github.com/en/rest/git/refs>, <https://docs.github.com/en/rest/commits/commits>,
//! <https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-zip>

use crate::errors::Fault;
use crate::github::answer::{Answer, SERVICE};
use crate::github::client::{GitHub, denied, locked};
use crate::model::{CommitSha, Timestamp};
use crate::source::ports::{SourceHost, TokenSource};
use crate::source::pulls::{Pull, Review};
use crate::source::push_range::{Commit, MAX_COMMITS};
use crate::source::routes::Route;
use http::StatusCode;
use serde::Deserialize;

/// Commits on one page of a comparison (GitHub's maximum).
const PAGE: usize = 100;

/// Operation names in faults.
const GET_REPOSITORY: &str = "get a repository";
const GET_REF: &str = "get a ref";
const GET_COMMIT: &str = "get a commit";
const COMPARE: &str = "compare two commits";
const DOWNLOAD: &str = "download an archive";

#[derive(Deserialize)]
struct RepositoryAnswer {
    id: u64,
}

#[derive(Deserialize)]
struct RefAnswer {
    #[serde(rename = "ref")]
    reference: String,
    object: RefObject,
}

#[derive(Deserialize)]
struct RefObject {
    sha: CommitSha,
}

#[derive(Deserialize)]
struct CommitAnswer {
    sha: CommitSha,
    commit: GitCommit,
}

#[derive(Deserialize)]
struct GitCommit {
    message: String,
    author: Option<GitPerson>,
    committer: Option<GitPerson>,
}

#[derive(Deserialize)]
struct GitPerson {
    #[serde(default)]
    name: Option<String>,
    date: Timestamp,
}

#[derive(Deserialize)]
struct ComparisonAnswer {
    total_commits: usize,
    commits: Vec<CommitAnswer>,
}

impl CommitAnswer {
    fn commit(self) -> Result<Commit, Fault> {
        let GitCommit { message, author, committer } = self.commit;
        let Some(when) = committer.as_ref().or(author.as_ref()).map(|person| person.date) else {
            return Err(Fault::Unreadable {
                service: SERVICE,
                operation: GET_COMMIT,
                detail: format!("commit {} has no date", self.sha.short()),
            });
        };
        let author = author.and_then(|person| person.name).unwrap_or_else(|| "unknown".to_owned());
        Ok(Commit::new(self.sha, when, &author, &message))
    }
}

impl<T: TokenSource> GitHub<T> {
    /// A route is bound to an id: a name that somebody else has taken over must not be released.
    pub(super) async fn verify(&self, repository_id: u64, repository: &str) -> Result<(), Fault> {
        let pair = (repository_id, repository.to_owned());
        if locked(&self.verified).contains(&pair) {
            return Ok(());
        }
        let answer = self.get(GET_REPOSITORY, &format!("/repos/{repository}"), None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            let words = format!(
                "it shows no repository `{repository}`: the name in the routes or the token is wrong"
            );
            return Err(denied(GET_REPOSITORY, words));
        }
        let RepositoryAnswer { id } = answer.json(GET_REPOSITORY)?;
        if id != repository_id {
            let words = format!("`{repository}` is repository {id}, the routes say {repository_id}");
            return Err(denied(GET_REPOSITORY, words));
        }
        locked(&self.verified).insert(pair);
        Ok(())
    }

    async fn comparison(
        &self,
        repository: &str,
        before: &CommitSha,
        after: &CommitSha,
        page: usize,
    ) -> Result<ComparisonAnswer, Fault> {
        let path = format!("/repos/{repository}/compare/{before}...{after}?per_page={PAGE}&page={page}");
        self.get(COMPARE, &path, None).await?.json(COMPARE)
    }

    fn remember(&self, path: String, answer: &Answer, head: &CommitSha) {
        if let Some(validator) = answer.header("etag") {
            locked(&self.heads).insert(path, (validator.to_owned(), head.clone()));
        }
    }
}

impl<T: TokenSource> SourceHost for GitHub<T> {
    async fn head(&self, route: &Route) -> Result<Option<CommitSha>, Fault> {
        self.verify(route.repository_id, &route.repository).await?;
        let Some(branch) = route.reference.branch() else { return Ok(None) };
        let path = format!("/repos/{}/git/ref/heads/{branch}", route.repository);
        let known = locked(&self.heads).get(&path).cloned();
        let answer =
            self.get(GET_REF, &path, known.as_ref().map(|(validator, _)| validator.as_str())).await?;
        match (answer.status, known) {
            (StatusCode::NOT_MODIFIED, Some((_, head))) => Ok(Some(head)),
            // 409 is "this repository is empty".
            (StatusCode::NOT_FOUND | StatusCode::CONFLICT, _) => Ok(None),
            _ => {
                let answer = answer.success(GET_REF)?;
                let head = ref_head(&answer.body, branch)?;
                self.remember(path, &answer, &head);
                Ok(Some(head))
            }
        }
    }

    async fn commit(&self, repository: &str, sha: &CommitSha) -> Result<Commit, Fault> {
        let path = format!("/repos/{repository}/commits/{sha}");
        self.get(GET_COMMIT, &path, None).await?.json::<CommitAnswer>(GET_COMMIT)?.commit()
    }

    async fn commits_between(
        &self,
        repository: &str,
        before: &CommitSha,
        after: &CommitSha,
    ) -> Result<Vec<Commit>, Fault> {
        let first = self.comparison(repository, before, after, 1).await?;
        let total = first.total_commits;
        let mut answers = first.commits;
        for page in later_pages(total) {
            if answers.len() >= total {
                break;
            }
            answers.extend(self.comparison(repository, before, after, page).await?.commits);
        }
        answers.into_iter().map(CommitAnswer::commit).collect()
    }

    async fn branches(&self, route: &Route, prefix: &str) -> Result<Vec<(String, CommitSha)>, Fault> {
        self.verify(route.repository_id, &route.repository).await?;
        self.branches_by_prefix(&route.repository, prefix).await
    }

    async fn pull(&self, route: &Route, number: u64) -> Result<Option<Pull>, Fault> {
        self.verify(route.repository_id, &route.repository).await?;
        self.pull_at(&route.repository, number).await
    }

    async fn open_pulls(&self, route: &Route) -> Result<Vec<Pull>, Fault> {
        self.verify(route.repository_id, &route.repository).await?;
        self.open_pulls_of(&route.repository).await
    }

    async fn reviews(&self, repository: &str, number: u64) -> Result<Vec<Review>, Fault> {
        self.reviews_of(repository, number).await
    }

    async fn may_write(&self, repository: &str, name: &str) -> Result<bool, Fault> {
        self.writes_to(repository, name).await
    }

    async fn objects(
        &self,
        repository: &str,
        sha: &CommitSha,
        paths: &[String],
    ) -> Result<Vec<Option<String>>, Fault> {
        self.objects_at(repository, sha, paths).await
    }

    async fn archive(&self, repository: &str, sha: &CommitSha) -> Result<Vec<u8>, Fault> {
        self.download(DOWNLOAD, &format!("/repos/{repository}/zipball/{sha}")).await
    }
}

fn ref_head(body: &[u8], branch: &str) -> Result<CommitSha, Fault> {
    let unreadable = |detail: String| Fault::Unreadable { service: SERVICE, operation: GET_REF, detail };
    let found: RefAnswer = serde_json::from_slice(body).map_err(|error| {
        unreadable(format!(
            "line {} column {} of the JSON is not what the documentation says",
            error.line(),
            error.column()
        ))
    })?;
    if found.reference == format!("refs/heads/{branch}") {
        Ok(found.object.sha)
    } else {
        Err(unreadable(format!("asked for branch `{branch}`, the answer is about another ref")))
    }
}

/// The pages after the first that hold the newest [`MAX_COMMITS`]; a comparison lists the oldest first.
fn later_pages(total: usize) -> std::ops::RangeInclusive<usize> {
    let last = total.div_ceil(PAGE);
    last.saturating_sub(MAX_COMMITS / PAGE).max(1) + 1..=last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_commits_of_a_large_push_are_fetched() {
        assert_eq!(later_pages(0).count(), 0);
        assert_eq!(later_pages(100).count(), 0);
        assert_eq!(later_pages(101).collect::<Vec<_>>(), [2]);
        assert_eq!(later_pages(2048).collect::<Vec<_>>(), [17, 18, 19, 20, 21]);
    }

    #[test]
    fn an_answer_about_another_ref_is_not_taken() {
        let sha = "a".repeat(40);
        let body = format!(r#"{{"ref":"refs/heads/main-2","object":{{"sha":"{sha}","type":"commit"}}}}"#);
        insta::assert_snapshot!(ref_head(body.as_bytes(), "main").unwrap_err(), @"GitHub answered `get a ref` with something unreadable: asked for branch `main`, the answer is about another ref");
        assert_eq!(ref_head(body.as_bytes(), "main-2").unwrap().as_str(), sha);
    }

    #[test]
    fn the_committers_date_and_the_authors_name_are_taken() {
        let text = format!(
            r#"{{"sha":"{}","commit":{{"message":"one\ntwo","author":{{"name":"Ann","date":"2026-01-01T00:00:00Z"}},"committer":{{"name":"GitHub","date":"2026-01-02T00:00:00Z"}}}}}}"#,
            "b".repeat(40)
        );
        let commit = serde_json::from_str::<CommitAnswer>(&text).unwrap().commit().unwrap();
        assert_eq!((commit.author.as_str(), commit.title.as_str()), ("Ann", "one"));
        assert_eq!(commit.committed_at.to_string(), "2026-01-02T00:00:00Z");
    }
}
