//! What a started head brought: the commits since the head that was started before, for lead time and for people.
//!
//! Must not: trust a message or an author; they are data, cut and cleaned wherever they leave.

use crate::model::{CommitSha, Timestamp};
use crate::source::routes::Route;
use serde::Serialize;

/// Most commits kept for one push; older ones are dropped (400 KB is DynamoDB's item limit).
pub const MAX_COMMITS: usize = 500;
/// Longest commit title kept, in characters.
const MAX_TITLE: usize = 120;
/// Longest author name kept, in characters.
const MAX_AUTHOR: usize = 60;
/// Longest revision summary, in bytes (S3 allows 2 KB of metadata in all; CodePipeline cuts at 2048 characters).
const MAX_SUMMARY: usize = 300;

/// One commit, as GitHub tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub sha: CommitSha,
    /// The committer's date.
    pub committed_at: Timestamp,
    /// The author's name.
    pub author: String,
    /// First line of the message.
    pub title: String,
}

impl Commit {
    /// A commit with its texts cut to what is kept; `message` may have many lines.
    #[must_use]
    pub fn new(sha: CommitSha, committed_at: Timestamp, author: &str, message: &str) -> Self {
        let title = message.lines().next().unwrap_or_default();
        Self { sha, committed_at, author: cut(author, MAX_AUTHOR), title: cut(title, MAX_TITLE) }
    }
}

/// The commits that one release brings to one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRange {
    /// GitHub's numeric id.
    pub repository_id: u64,
    /// Branch that moved.
    pub branch: String,
    /// Pipeline that the branch feeds.
    pub pipeline: String,
    /// Head that was started before; none for the first release.
    pub before: Option<CommitSha>,
    /// Head that is started now.
    pub after: CommitSha,
    /// Release that carries it.
    pub release_id: String,
    /// Oldest first, at most [`MAX_COMMITS`]; empty when the branch was set back.
    pub commits: Vec<Commit>,
}

#[derive(Serialize)]
struct Kept<'a> {
    sha: &'a CommitSha,
    committed_at_ms: i64,
    author: &'a str,
    title: &'a str,
}

impl PushRange {
    /// The commits as the ledger keeps them: JSON `[{sha, committed_at_ms, author, title}]`.
    #[must_use]
    pub fn commits_json(&self) -> String {
        let skip = self.commits.len().saturating_sub(MAX_COMMITS);
        let kept: Vec<Kept<'_>> = self
            .commits
            .iter()
            .skip(skip)
            .map(|commit| Kept {
                sha: &commit.sha,
                committed_at_ms: commit.committed_at.millis(),
                author: &commit.author,
                title: &commit.title,
            })
            .collect();
        serde_json::to_string(&kept).unwrap_or_else(|_| "[]".to_owned())
    }
}

/// The revision summary that CodePipeline shows: `<short sha> <branch> <author>: <title>` in printable ASCII, because
/// it travels in an HTTP header.
#[must_use]
pub fn summary(route: &Route, commit: &Commit) -> String {
    let text = format!("{} {} {}: {}", commit.sha.short(), route.reference, commit.author, commit.title);
    let ascii = |character: char| if matches!(character, ' '..='~') { character } else { '?' };
    let mut line: String = text.chars().map(ascii).collect();
    line.truncate(MAX_SUMMARY);
    line.trim_end().to_owned()
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::reference::Reference;
    use crate::source::routes::{Forks, Mode, Runner, SourceMode};

    fn commit(message: &str) -> Commit {
        let sha = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192".parse().unwrap();
        Commit::new(sha, Timestamp::from_millis(1_795_470_003_000), "Zoë Müller", message)
    }

    fn route() -> Route {
        Route {
            repository_id: 1001,
            repository: "acme/shop".to_owned(),
            reference: Reference::Branch("main".to_owned()),
            runner: Runner::Pipeline,
            pipeline: "shop-production".to_owned(),
            environment: "production".to_owned(),
            mode: Mode::Queued,
            paths: Vec::new(),
            source: SourceMode::Zip,
            source_action: "Source".to_owned(),
            forks: Forks::default(),
        }
    }

    #[test]
    fn the_summary_is_one_line_of_printable_ascii() {
        let line = summary(&route(), &commit("fix: \"quotes\" and #{variables}\r\nsecond line"));
        insta::assert_snapshot!(line, @r#"4d1b7c0e5f2a main Zo? M?ller: fix: "quotes" and #{variables}"#);
        assert!(summary(&route(), &commit(&"x".repeat(5000))).len() <= MAX_SUMMARY);
    }

    #[test]
    fn commits_are_kept_with_their_times_and_long_titles_are_cut() {
        let mut range = PushRange {
            repository_id: 1001,
            branch: "main".to_owned(),
            pipeline: "shop-production".to_owned(),
            before: None,
            after: commit("x").sha,
            release_id: "r".to_owned(),
            commits: vec![commit("first line\nsecond line")],
        };
        insta::assert_snapshot!(range.commits_json(), @r#"[{"sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","committed_at_ms":1795470003000,"author":"Zoë Müller","title":"first line"}]"#);
        assert_eq!(commit(&"é".repeat(200)).title.chars().count(), MAX_TITLE);
        range.commits = vec![commit(&"é".repeat(200)); 700];
        assert!(range.commits_json().len() < 390_000, "{}", range.commits_json().len());
    }
}
