//! The sample platform's folder: the history that the repository begins with, and the changes that can be pushed.
//!
//! `history/NN-slug/` and `changes/<name>/` each hold `commit.json` (`{"message","author":{"name","email"}}`) and `tree/`,
//! whose files are laid over the tree before. Must not: believe a name from outside as a path.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// The folder.
pub(super) struct Platform(PathBuf);

/// Who wrote a commit.
#[derive(Clone, Deserialize)]
pub(super) struct Author {
    pub(super) name: String,
    pub(super) email: String,
}

/// What `commit.json` says.
#[derive(Deserialize)]
pub(super) struct CommitFile {
    pub(super) message: String,
    pub(super) author: Author,
}

/// One commit to be made.
pub(super) struct Step {
    /// Name of its folder.
    pub(super) name: String,
    pub(super) commit: CommitFile,
    /// Files to lay over; the folder may be missing.
    pub(super) tree: PathBuf,
}

impl Platform {
    /// The platform in `root`.
    pub(super) fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// The commits that main begins with, oldest first.
    pub(super) fn history(&self) -> Result<Vec<Step>> {
        self.steps("history")
    }

    /// The changes that can be pushed.
    pub(super) fn changes(&self) -> Result<Vec<Step>> {
        self.steps("changes")
    }

    fn steps(&self, kind: &str) -> Result<Vec<Step>> {
        let folder = self.0.join(kind);
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut steps = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !path.is_dir() || name.starts_with('.') {
                continue;
            }
            let file = path.join("commit.json");
            let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let commit = serde_json::from_slice(&text)
                .with_context(|| format!("{} is no `commit.json`", file.display()))?;
            steps.push(Step { name, commit, tree: path.join("tree") });
        }
        steps.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(steps)
    }
}
