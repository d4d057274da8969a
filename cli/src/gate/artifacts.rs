//! Folders and ZIP files as artifacts: the same walk, the same limits, the same streams as in the function.

use anyhow::{Context, Result, anyhow, bail};
use shared::gates::archive::{Archive, MAX_REPORTS};
use shared::gates::evidence::Report;
use shared::gates::policy::{From, Policy};
use shared::model::Timestamp;
use shared::reports::{Input, Problem, read};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Folders that never hold reports of a build and often hold thousands of other files.
const LEFT_OUT: [&str; 3] = [".git", "node_modules", ".tidegate"];
/// Most files looked at.
const MOST_FILES: usize = 100_000;

/// What was found.
pub(super) struct Found {
    /// Names of the artifacts.
    pub(super) names: Vec<String>,
    /// Their reports.
    pub(super) reports: Vec<Report>,
}

impl Found {
    /// Files that look like reports and cannot be used: a sentence each.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = String> {
        self.reports.iter().filter_map(|report| {
            let error = report.read.as_ref().err()?;
            (error.problem != Problem::Unknown).then(|| format!("{}: {error}", report.full_path()))
        })
    }
}

/// `NAME=PATH`, or a path whose last part is the name.
fn artifact(text: &str) -> Result<(String, PathBuf)> {
    if let Some((name, path)) = text.split_once('=')
        && !name.is_empty()
        && !name.contains('/')
    {
        return Ok((name.to_owned(), PathBuf::from(path)));
    }
    let path = PathBuf::from(text);
    let whole = path.canonicalize().with_context(|| format!("cannot open `{text}`"))?;
    let name =
        whole.file_stem().context("the path has no name: write NAME=PATH")?.to_string_lossy().into_owned();
    Ok((name, path))
}

/// The reports that a policy names.
pub(super) fn of_policy(artifacts: &[String], policy: &Policy) -> Result<Found> {
    let wanted = |path: &str| {
        policy
            .sources
            .values()
            .any(|source| matches!(source.from(), Some(From::Files(_))) && source.names(path))
    };
    let (mut names, mut reports) = (Vec::new(), Vec::new());
    for text in artifacts {
        let (name, path) = artifact(text)?;
        if names.contains(&name) {
            bail!("two artifacts are called `{name}`: write NAME=PATH");
        }
        if path.is_dir() {
            reports.extend(folder(&name, &path, &wanted)?);
        } else {
            let file = File::open(&path).with_context(|| format!("cannot open `{}`", path.display()))?;
            let read = Archive::open(&name, file).and_then(|mut archive| archive.reports(policy));
            reports.extend(read.map_err(|rejection| anyhow!("{rejection}"))?);
        }
        names.push(name);
    }
    Ok(Found { names, reports })
}

/// Every file of the folders that is a report.
pub(super) fn everything(artifacts: &[String]) -> Result<Found> {
    let (mut names, mut reports) = (Vec::new(), Vec::new());
    for text in artifacts {
        let (name, path) = artifact(text)?;
        if !path.is_dir() {
            bail!("`{}` is no folder", path.display());
        }
        let found = folder(&name, &path, &|_| true)?;
        reports.extend(found.into_iter().filter(|r| {
            r.read.as_ref().err().is_none_or(|e| e.problem != Problem::Unknown && e.problem != Problem::Empty)
        }));
        names.push(name);
    }
    Ok(Found { names, reports })
}

fn folder(name: &str, root: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Report>> {
    let mut files = Vec::new();
    walk(root, &mut files)?;
    files.sort();
    let mut reports = Vec::new();
    for file in files {
        let inside = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        if wanted(&inside) {
            reports.push(report(name, &inside, &file)?);
        }
    }
    Ok(reports)
}

/// Links are not followed: they may lead out of the folder, and into circles.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
            walk(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
        if files.len() > MOST_FILES {
            bail!("`{}` has more than {MOST_FILES} files: name the folder of the reports", folder.display());
        }
    }
    Ok(())
}

fn report(artifact: &str, inside: &str, path: &Path) -> Result<Report> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let about = file.metadata()?;
    let modified = about.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok());
    Ok(Report {
        artifact: artifact.to_owned(),
        path: inside.to_owned(),
        asked_for: None,
        size: about.len(),
        sha256: String::new(),
        modified: modified.map(|time| Timestamp::from_millis(time.as_millisecond())),
        read: Input::of_stream(file).and_then(read),
    })
}

/// More reports than the function reads from one artifact.
pub(super) fn too_many(found: &Found) -> Option<String> {
    (found.reports.len() > MAX_REPORTS).then(|| {
        format!(
            "{} files are reports, the gate reads at most {MAX_REPORTS} of one artifact",
            found.reports.len()
        )
    })
}
