//! The `git` program on one bare repository: every answer of the stand-in comes out of it.
//!
//! Must not: read the person's own Git settings, take a name from outside as an option, or know of HTTP.
//! Specification: <https://git-scm.com/docs>

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A bare repository.
pub(super) struct Git {
    dir: PathBuf,
}

/// One call of `git` that is being put together.
pub(super) struct Call {
    command: Command,
    words: String,
    input: Vec<u8>,
}

impl Git {
    /// Makes a fresh bare repository in `dir`; what was there before is removed.
    pub(super) async fn init(dir: PathBuf, branch: &str) -> Result<Self> {
        if tokio::fs::try_exists(&dir).await? {
            tokio::fs::remove_dir_all(&dir)
                .await
                .with_context(|| format!("cannot empty {}", dir.display()))?;
        }
        tokio::fs::create_dir_all(&dir).await.with_context(|| format!("cannot make {}", dir.display()))?;
        let git = Self { dir };
        let branch = format!("--initial-branch={branch}");
        git.call(&["init", "--quiet", "--bare", &branch]).within(&git.dir).text().await?;
        Ok(git)
    }

    /// Where the repository is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A call with `arguments`.
    pub(super) fn call(&self, arguments: &[&str]) -> Call {
        let mut command = Command::new("git");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_DIR", &self.dir)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .args(arguments)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Call { command, words: arguments.join(" "), input: Vec::new() }
    }

    /// The commit that a branch, a tag, `HEAD` or a commit id names; none when there is no such commit.
    pub(super) async fn commit_named(&self, name: &str) -> Result<Option<String>> {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Ok(None);
        }
        if name.len() == 40 && is_hex(name) {
            return self.peel(name, "commit").await;
        }
        let short = name.strip_prefix("refs/").unwrap_or(name);
        for reference in
            [format!("refs/{short}"), format!("refs/heads/{short}"), format!("refs/tags/{short}")]
        {
            if let Some(sha) = self.reference(&reference).await? {
                return self.peel(&sha, "commit").await;
            }
        }
        if name == "HEAD" || (name.len() >= 7 && is_hex(name)) {
            return self.peel(name, "commit").await;
        }
        Ok(None)
    }

    /// The object that the full `reference` points at.
    pub(super) async fn reference(&self, reference: &str) -> Result<Option<String>> {
        self.call(&["show-ref", "--verify", "--hash", "--", reference]).text_if_any().await
    }

    /// The object of type `kind` behind `object`, which is hexadecimal or `HEAD`.
    pub(super) async fn peel(&self, object: &str, kind: &str) -> Result<Option<String>> {
        let expression = format!("{object}^{{{kind}}}");
        self.call(&["rev-parse", "--verify", "--quiet", "--end-of-options", &expression]).text_if_any().await
    }

    /// Every ref whose name begins with `prefix`: name and object, in the order of the names.
    pub(super) async fn references(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        let text = self.call(&["for-each-ref", "--format=%(refname) %(objectname)"]).text().await?;
        Ok(text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, sha)| (name.to_owned(), sha.to_owned()))
            .collect())
    }

    /// Whether `branch` may be a branch's name.
    pub(super) async fn is_branch_name(&self, branch: &str) -> Result<bool> {
        if branch.starts_with('-') || branch.chars().any(char::is_control) {
            return Ok(false);
        }
        let reference = format!("refs/heads/{branch}");
        Ok(self.call(&["check-ref-format", &reference]).text_if_any().await?.is_some())
    }
}

impl Call {
    /// With the environment variable `name`.
    pub(super) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In the folder `dir`.
    pub(super) fn within(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// With `input` on its standard input.
    pub(super) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Its output.
    pub(super) async fn bytes(self) -> Result<Vec<u8>> {
        let (words, output) = self.run().await?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
            bail!("`git {words}` ended with {}: {why}", output.status);
        }
        Ok(output.stdout)
    }

    /// Its output as text, without the newline at the end.
    pub(super) async fn text(self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes().await?).trim_end_matches('\n').to_owned())
    }

    /// The same; none when it ended with a failure, which for the asking commands means "there is none".
    pub(super) async fn text_if_any(self) -> Result<Option<String>> {
        let (_, output) = self.run().await?;
        let text = || String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
        Ok(output.status.success().then(text))
    }

    async fn run(mut self) -> Result<(String, Output)> {
        let mut child = self.command.spawn().context("cannot run `git`; is it installed?")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin
                .write_all(&self.input)
                .await
                .with_context(|| format!("cannot feed `git {}`", self.words))?;
        }
        let output = child.wait_with_output().await?;
        Ok((self.words, output))
    }
}

/// Whether `text` has hexadecimal digits only.
pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
