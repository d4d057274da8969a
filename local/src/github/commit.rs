//! Makes commits: files laid over the parent's tree, dates of the virtual clock, nothing left in a work tree.
//!
//! Must not: run twice at once on one repository; the caller holds the lock.

use super::git::Git;
use super::platform::{Author, Step};
use anyhow::{Context, Result};

/// File that every push adds a line to, so that no two pushes are the same commit.
pub(super) const CHANGES_FILE: &str = "CHANGES.md";
/// Time between two commits of the history, in milliseconds.
const HISTORY_STEP: i64 = 5 * 3_600_000;
/// Age of the history's last commit, in milliseconds.
const HISTORY_AGE: i64 = 3 * 3_600_000;

/// A commit to be made.
pub(super) struct Draft<'a> {
    /// The commit it follows.
    pub(super) parent: Option<&'a str>,
    /// Message, author and files.
    pub(super) step: &'a Step,
    /// Line to add to [`CHANGES_FILE`].
    pub(super) line: Option<&'a str>,
    /// Epoch milliseconds.
    pub(super) at: i64,
}

impl Git {
    /// Makes the commit and returns its id; no branch is moved.
    pub(super) async fn write(&self, draft: &Draft<'_>) -> Result<String> {
        let index = self.dir().join("tidegate-index");
        if tokio::fs::try_exists(&index).await? {
            tokio::fs::remove_file(&index).await?;
        }
        let call = |arguments: &[&str]| self.call(arguments).env("GIT_INDEX_FILE", &index);
        match draft.parent {
            Some(parent) => call(&["read-tree", parent]).text().await?,
            None => call(&["read-tree", "--empty"]).text().await?,
        };
        let files = &draft.step.tree;
        if files.is_dir() {
            let files = std::path::absolute(files)?;
            call(&["add", "--force", "--ignore-removal", "--", "."])
                .env("GIT_WORK_TREE", &files)
                .within(&files)
                .text()
                .await?;
        }
        if let Some(line) = draft.line {
            let spec = format!(":{CHANGES_FILE}");
            let before = call(&["cat-file", "blob", &spec]).text_if_any().await?;
            let text = format!("{}\n{line}\n", before.as_deref().unwrap_or("# Changes\n"));
            let blob = self.call(&["hash-object", "-w", "--stdin"]).input(text).text().await?;
            let entry = format!("100644,{blob},{CHANGES_FILE}");
            call(&["update-index", "--add", "--cacheinfo", &entry]).text().await?;
        }
        let tree = call(&["write-tree"]).text().await?;
        self.commit_tree(&tree, draft).await
    }

    async fn commit_tree(&self, tree: &str, draft: &Draft<'_>) -> Result<String> {
        let mut arguments = vec!["commit-tree", tree];
        if let Some(parent) = draft.parent {
            arguments.extend(["-p", parent]);
        }
        let Author { name, email } = &draft.step.commit.author;
        let date = format!("{} +0000", draft.at.div_euclid(1000));
        let message = format!("{}\n", draft.step.commit.message.trim_end());
        self.call(&arguments)
            .env("GIT_AUTHOR_NAME", name)
            .env("GIT_AUTHOR_EMAIL", email)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", name)
            .env("GIT_COMMITTER_EMAIL", email)
            .env("GIT_COMMITTER_DATE", &date)
            .input(message)
            .text()
            .await
    }

    /// Points `branch` at `to`, provided that it points at `from` now (none: that it does not exist).
    pub(super) async fn move_branch(&self, branch: &str, from: Option<&str>, to: &str) -> Result<()> {
        let reference = format!("refs/heads/{branch}");
        let from = from.map_or_else(|| "0".repeat(40), ToOwned::to_owned);
        self.call(&["update-ref", "--", &reference, to, &from]).text().await?;
        Ok(())
    }

    /// Makes `steps` the history of `branch`, ending a few hours before `now`; returns the last commit.
    pub(super) async fn seed(&self, branch: &str, steps: &[Step], now: i64) -> Result<String> {
        let mut parent: Option<String> = None;
        let mut at = now - HISTORY_AGE - HISTORY_STEP * i64::try_from(steps.len().saturating_sub(1))?;
        for step in steps {
            let draft = Draft { parent: parent.as_deref(), step, line: None, at };
            let sha = self.write(&draft).await.with_context(|| format!("history/{}", step.name))?;
            parent = Some(sha);
            at += HISTORY_STEP;
        }
        let last = parent.context("the platform's folder `history` holds 0 commits, at least 1 is needed")?;
        self.move_branch(branch, None, &last).await?;
        Ok(last)
    }
}
