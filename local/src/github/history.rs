//! What Git says about commits and the files they touch.
//!
//! Must not: write anything, or know of HTTP.

use super::git::Git;
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// The tree without files, known to every repository.
pub(super) const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/// One record of `git log`: ten fields, each ended by a NUL.
const FORMAT: &str = "--format=tformat:%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B";

/// Who did something, and when.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    /// Epoch milliseconds.
    pub(super) at: i64,
}

/// A commit.
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) author: Person,
    pub(super) committer: Person,
    pub(super) message: String,
}

/// A file that differs between two trees.
pub(super) struct Change {
    pub(super) path: String,
    /// Its blob; of the older tree when it was removed.
    pub(super) sha: String,
    /// `added`, `removed` or `modified`.
    pub(super) status: &'static str,
    /// Lines.
    pub(super) additions: u64,
    /// Lines.
    pub(super) deletions: u64,
}

impl Commit {
    /// What its files are compared with.
    pub(super) fn base(&self) -> &str {
        self.parents.first().map_or(EMPTY_TREE, String::as_str)
    }

    /// First line of the message.
    pub(super) fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

impl Git {
    /// The commit `sha`, which must be one.
    pub(super) async fn commit(&self, sha: &str) -> Result<Commit> {
        self.commits(&["--max-count=1", sha])
            .await?
            .pop()
            .with_context(|| format!("`git log` shows nothing for {sha}"))
    }

    /// The commits that `git log` shows for `arguments` (options and hexadecimal ranges).
    pub(super) async fn commits(&self, arguments: &[&str]) -> Result<Vec<Commit>> {
        let mut words = vec!["log", "-z", FORMAT];
        words.extend(arguments);
        let bytes = self.call(&words).bytes().await?;
        let text = String::from_utf8_lossy(&bytes);
        let fields: Vec<&str> = text.split('\0').collect();
        fields.chunks_exact(10).map(read_commit).collect()
    }

    /// The files that differ between `from` and `to`, in the order of their names. Renames are not looked for.
    pub(super) async fn changes(&self, from: &str, to: &str) -> Result<Vec<Change>> {
        let words = ["diff-tree", "-r", "-z", "--no-renames", "--abbrev=40"];
        let raw = self.call(&[words.as_slice(), &["--raw", from, to]].concat()).bytes().await?;
        let counts = self.call(&[words.as_slice(), &["--numstat", from, to]].concat()).bytes().await?;
        let (raw, counts) = (String::from_utf8_lossy(&raw), String::from_utf8_lossy(&counts));
        let lines = read_counts(&counts);
        let fields: Vec<&str> = raw.split('\0').collect();
        Ok(fields.chunks_exact(2).filter_map(|pair| read_change(pair, &lines)).collect())
    }

    /// How many commits `right` has that `left` has not, and the other way round.
    pub(super) async fn ahead_and_behind(&self, left: &str, right: &str) -> Result<(usize, usize)> {
        let range = format!("{left}...{right}");
        let text = self.call(&["rev-list", "--left-right", "--count", &range]).text().await?;
        let (behind, ahead) = text.split_once('\t').context("`git rev-list --count` shows no two numbers")?;
        Ok((ahead.parse()?, behind.parse()?))
    }
}

fn read_commit(fields: &[&str]) -> Result<Commit> {
    let [sha, tree, parents, name, email, at, c_name, c_email, c_at, message] = fields else {
        anyhow::bail!("`git log` shows {} fields, 10 are expected", fields.len());
    };
    Ok(Commit {
        sha: (*sha).to_owned(),
        tree: (*tree).to_owned(),
        parents: parents.split_whitespace().map(ToOwned::to_owned).collect(),
        author: read_person(name, email, at)?,
        committer: read_person(c_name, c_email, c_at)?,
        message: message.trim_end().to_owned(),
    })
}

fn read_person(name: &str, email: &str, seconds: &str) -> Result<Person> {
    let at = seconds.parse::<i64>().context("a commit's date is no number")?.saturating_mul(1000);
    Ok(Person { name: name.to_owned(), email: email.to_owned(), at })
}

fn read_counts(text: &str) -> BTreeMap<&str, (u64, u64)> {
    text.split('\0')
        .filter_map(|line| {
            let mut parts = line.splitn(3, '\t');
            // Binary files have `-` for both.
            let added = parts.next()?.parse().unwrap_or(0);
            let removed = parts.next()?.parse().unwrap_or(0);
            Some((parts.next()?, (added, removed)))
        })
        .collect()
}

fn read_change(pair: &[&str], lines: &BTreeMap<&str, (u64, u64)>) -> Option<Change> {
    let [meta, path] = pair else { return None };
    let mut parts = meta.split(' ').skip(2);
    let (old, new, letter) = (parts.next()?, parts.next()?, parts.next()?);
    let (status, sha) = match letter {
        "A" => ("added", new),
        "D" => ("removed", old),
        _ => ("modified", new),
    };
    let (additions, deletions) = lines.get(path).copied().unwrap_or_default();
    Some(Change { path: (*path).to_owned(), sha: sha.to_owned(), status, additions, deletions })
}
