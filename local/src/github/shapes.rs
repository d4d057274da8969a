//! The JSON shapes of repositories, refs and commits, in the members that GitHub documents.
//!
//! Must not: hold a time that changes from one question to the next; the validators are made of these bytes.

use super::history::{Change, Commit, Person};
use super::{GitHub, Repository};
use serde_json::{Value, json};

/// Epoch milliseconds as GitHub writes them: whole seconds, UTC.
pub(super) fn time(millis: i64) -> String {
    jiff::Timestamp::from_second(millis.div_euclid(1000)).map(|time| time.to_string()).unwrap_or_default()
}

/// A login that a name may stand for.
pub(super) fn login(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    letters.collect::<String>().trim_matches('-').to_ascii_lowercase()
}

/// A person as an account.
pub(super) fn account(name: &str) -> Value {
    let login = login(name);
    // The same name has the same id; nothing depends on its value.
    let id =
        login.bytes().fold(7_u64, |id, byte| id.wrapping_mul(131).wrapping_add(u64::from(byte)) % 9_999_991);
    json!({"login": login, "id": id, "type": "User", "site_admin": false})
}

impl GitHub {
    /// Address of `path` in the repository's part of the API.
    pub(super) fn address(&self, repository: &Repository, path: &str) -> String {
        format!("{}/repos/{}/{}{path}", self.url, repository.owner, repository.name)
    }

    /// Address of `path` in the repository's pages.
    pub(super) fn page_address(&self, repository: &Repository, path: &str) -> String {
        format!("{}/{}/{}{path}", self.url, repository.owner, repository.name)
    }

    /// A repository.
    pub(super) fn show(&self, repository: &Repository) -> Value {
        let pushed_at = time(repository.pushed_at());
        json!({
            "id": repository.id,
            "name": repository.name,
            "full_name": repository.full_name(),
            "private": true,
            "visibility": "private",
            "owner": {"login": repository.owner, "id": 7, "type": "Organization", "site_admin": false},
            "html_url": self.page_address(repository, ""),
            "url": self.address(repository, ""),
            "archive_url": self.address(repository, "/{archive_format}{/ref}"),
            "description": "the sample platform",
            "fork": false,
            "archived": false,
            "disabled": false,
            "default_branch": repository.default_branch,
            "created_at": time(repository.created_at),
            "updated_at": pushed_at,
            "pushed_at": pushed_at,
        })
    }

    /// A ref.
    pub(super) fn show_ref(&self, repository: &Repository, name: &str, sha: &str) -> Value {
        json!({
            "ref": name,
            "url": self.address(repository, &format!("/git/{name}")),
            "object": {
                "sha": sha,
                "type": "commit",
                "url": self.address(repository, &format!("/git/commits/{sha}")),
            },
        })
    }

    /// A commit without its files.
    pub(super) fn show_commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let sha = &commit.sha;
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|parent| json!({"sha": parent, "url": self.address(repository, &format!("/commits/{parent}"))}))
            .collect();
        json!({
            "sha": sha,
            "url": self.address(repository, &format!("/commits/{sha}")),
            "html_url": self.page_address(repository, &format!("/commit/{sha}")),
            "commit": {
                "author": person(&commit.author),
                "committer": person(&commit.committer),
                "message": commit.message,
                "tree": {
                    "sha": commit.tree,
                    "url": self.address(repository, &format!("/git/trees/{}", commit.tree)),
                },
                "url": self.address(repository, &format!("/git/commits/{sha}")),
                "comment_count": 0,
                "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null},
            },
            "author": account(&commit.author.name),
            "committer": account(&commit.committer.name),
            "parents": parents,
        })
    }
}

fn person(person: &Person) -> Value {
    json!({"name": person.name, "email": person.email, "date": time(person.at)})
}

/// A file of a commit or a comparison.
pub(super) fn file(change: &Change) -> Value {
    json!({
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
    })
}
