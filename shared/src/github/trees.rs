//! Branches by prefix, and what stands at a path of a commit: Git's own object ids, so that a change is found whatever lies between two
//! commits (forced pushes, merges, more than 300 files).
//!
//! Must not: read a tree recursively; a folder is read only on the way to a path. Trees never change, so they are kept by their id.
//! Specification: <https://docs.github.com/en/rest/git/trees>, <https://docs.github.com/en/rest/git/refs#list-matching-references>

use crate::errors::Fault;
use crate::github::answer::SERVICE;
use crate::github::client::{GitHub, locked};
use crate::model::CommitSha;
use crate::source::ports::TokenSource;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Operation names in faults.
const GET_TREE: &str = "get a tree";
const GET_COMMIT: &str = "get a commit";
const LIST_REFS: &str = "list matching refs";
/// What branch refs begin with.
const BRANCHES: &str = "refs/heads/";
/// Trees that are kept; beyond that all are forgotten and read again.
const KEPT_TREES: usize = 2000;

/// A folder: name → entry.
pub(super) type Tree = BTreeMap<String, TreeEntry>;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct TreeEntry {
    path: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    sha: String,
}

#[derive(Deserialize)]
struct TreeAnswer {
    tree: Vec<TreeEntry>,
    truncated: bool,
}

#[derive(Deserialize)]
struct RootAnswer {
    commit: Root,
}

#[derive(Deserialize)]
struct Root {
    tree: TreeId,
}

#[derive(Deserialize)]
struct TreeId {
    sha: String,
}

#[derive(Deserialize)]
struct RefName {
    #[serde(rename = "ref")]
    name: String,
    object: RefObject,
}

#[derive(Deserialize)]
struct RefObject {
    sha: CommitSha,
}

impl<T: TokenSource> GitHub<T> {
    pub(super) async fn branches_by_prefix(
        &self,
        repository: &str,
        prefix: &str,
    ) -> Result<Vec<(String, CommitSha)>, Fault> {
        let refs: Vec<RefName> =
            self.every(LIST_REFS, &format!("/repos/{repository}/git/matching-refs/heads/{prefix}")).await?;
        let branch = |found: RefName| Some((found.name.strip_prefix(BRANCHES)?.to_owned(), found.object.sha));
        Ok(refs.into_iter().filter_map(branch).collect())
    }

    /// Mode and object id of what stands at `path` of the commit.
    pub(super) async fn objects_at(
        &self,
        repository: &str,
        sha: &CommitSha,
        paths: &[String],
    ) -> Result<Vec<Option<String>>, Fault> {
        let answer =
            self.get(GET_COMMIT, &format!("/repos/{repository}/commits/{sha}?per_page=1"), None).await?;
        let root: RootAnswer = answer.json(GET_COMMIT)?;
        let mut objects = Vec::new();
        for path in paths {
            objects.push(self.object(repository, &root.commit.tree.sha, path).await?);
        }
        Ok(objects)
    }

    async fn object(&self, repository: &str, root: &str, path: &str) -> Result<Option<String>, Fault> {
        let mut id = root.to_owned();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let tree = self.tree(repository, &id).await?;
            let Some(entry) = tree.get(part) else { return Ok(None) };
            if parts.peek().is_none() {
                return Ok(Some(format!("{} {}", entry.mode, entry.sha)));
            }
            if entry.kind != "tree" {
                return Ok(None);
            }
            id.clone_from(&entry.sha);
        }
        Ok(None)
    }

    async fn tree(&self, repository: &str, id: &str) -> Result<Arc<Tree>, Fault> {
        if let Some(known) = locked(&self.trees).get(id) {
            return Ok(Arc::clone(known));
        }
        let answer: TreeAnswer =
            self.get(GET_TREE, &format!("/repos/{repository}/git/trees/{id}"), None).await?.json(GET_TREE)?;
        if answer.truncated {
            return Err(unreadable(
                GET_TREE,
                format!("tree {id} is cut off: a folder is too large to compare"),
            ));
        }
        let tree: Arc<Tree> =
            Arc::new(answer.tree.into_iter().map(|entry| (entry.path.clone(), entry)).collect());
        let mut kept = locked(&self.trees);
        if kept.len() >= KEPT_TREES {
            kept.clear();
        }
        kept.insert(id.to_owned(), Arc::clone(&tree));
        Ok(tree)
    }
}

fn unreadable(operation: &'static str, detail: String) -> Fault {
    Fault::Unreadable { service: SERVICE, operation, detail }
}
