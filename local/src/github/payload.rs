//! The payloads of `push` and `ping`.
//!
//! Specification: <https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>

use super::deliver::Hook;
use super::history::{Commit, Person};
use super::platform::Author;
use super::{GitHub, Repository, hooks, shapes};
use anyhow::Result;
use serde_json::{Value, json};

/// Most commits in a payload.
const MAX_COMMITS: usize = 2048;
/// What stands for "no commit" in `before` and `after`.
pub(super) const NULL_SHA: &str = "0000000000000000000000000000000000000000";

/// A branch that moved.
pub(super) struct Moved<'a> {
    pub(super) branch: &'a str,
    /// None when the branch was created.
    pub(super) before: Option<&'a str>,
    pub(super) after: &'a str,
    pub(super) pusher: &'a Author,
}

impl GitHub {
    /// The payload of a push.
    pub(super) async fn push_payload(&self, repository: &Repository, moved: &Moved<'_>) -> Result<Value> {
        let Moved { branch, before, after, pusher } = moved;
        let range = match before {
            Some(before) => format!("{before}..{after}"),
            None => format!("{after}^!"),
        };
        let mut commits = repository.git.commits(&["--reverse", "--topo-order", &range]).await?;
        commits.drain(..commits.len().saturating_sub(MAX_COMMITS));
        let mut shown = Vec::with_capacity(commits.len());
        for commit in &commits {
            shown.push(self.pushed_commit(repository, commit).await?);
        }
        let from = before.unwrap_or(NULL_SHA);
        let compare = format!("/compare/{}...{}", short(from), short(after));
        Ok(json!({
            "ref": format!("refs/heads/{branch}"),
            "before": from,
            "after": after,
            "repository": self.pushed_repository(repository),
            "pusher": {"name": shapes::login(&pusher.name), "email": pusher.email},
            "organization": {"login": repository.owner, "id": 7},
            "sender": shapes::account(&pusher.name),
            "created": before.is_none(),
            "deleted": false,
            "forced": false,
            "base_ref": null,
            "compare": self.page_address(repository, &compare),
            "head_commit": shown.last().cloned(),
            "commits": shown,
        }))
    }

    /// The payload of the ping that asks whether anybody is there.
    pub(super) fn ping_payload(&self, repository: &Repository, hook: &Hook) -> Value {
        json!({
            "zen": "Keep it logically awesome.",
            "hook_id": hook.id,
            "hook": hooks::show(self, repository, hook),
            "repository": self.show(repository),
            "sender": shapes::account(&repository.owner),
        })
    }

    /// In a push, two of the repository's times are numbers.
    fn pushed_repository(&self, repository: &Repository) -> Value {
        let mut shown = self.show(repository);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("created_at".to_owned(), repository.created_at.div_euclid(1000).into());
            fields.insert("pushed_at".to_owned(), repository.pushed_at().div_euclid(1000).into());
            fields.insert("master_branch".to_owned(), repository.default_branch.clone().into());
        }
        shown
    }

    async fn pushed_commit(&self, repository: &Repository, commit: &Commit) -> Result<Value> {
        let changes = repository.git.changes(commit.base(), &commit.sha).await?;
        let paths = |status: &str| -> Vec<&str> {
            let those = changes.iter().filter(|change| change.status == status);
            those.map(|change| change.path.as_str()).collect()
        };
        Ok(json!({
            "id": commit.sha,
            "tree_id": commit.tree,
            "distinct": true,
            "message": commit.message,
            "timestamp": shapes::time(commit.committer.at),
            "url": self.page_address(repository, &format!("/commit/{}", commit.sha)),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "added": paths("added"),
            "removed": paths("removed"),
            "modified": paths("modified"),
        }))
    }
}

fn person(person: &Person) -> Value {
    json!({"name": person.name, "email": person.email, "username": shapes::login(&person.name)})
}

fn short(sha: &str) -> &str {
    sha.get(..12).unwrap_or(sha)
}
