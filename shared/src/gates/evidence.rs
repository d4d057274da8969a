//! From reports to the evidence of a source: which files are its own, and whether they may count.
//!
//! Must not: compare a figure with a threshold.

use super::history::{History, key};
use super::policy::{FewerFiles, From, Globs, Per, Policy, Source};
use super::verdict::Looked;
use crate::model::Timestamp;
use crate::reports::facts::{About, CoverageFacts, Facts, FindingFacts, Kind};
use crate::reports::{Problem, Report as Read, ReportError};
use std::collections::BTreeSet;

/// Sentences on broken files that a message takes.
const MOST_SENTENCES: usize = 3;

/// A report that the gate got.
#[derive(Debug)]
pub struct Report {
    /// Input artifact, or the source that was asked.
    pub artifact: String,
    /// Path in the artifact.
    pub path: String,
    /// The source whose scan this answers; none for a file.
    pub asked_for: Option<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes in hexadecimal; empty when it was not read to its end.
    pub sha256: String,
    /// When the file was written, as far as the artifact knows.
    pub modified: Option<Timestamp>,
    /// What it says, or why it is no evidence.
    pub read: Result<Read, ReportError>,
}

impl Report {
    /// `<artifact>/<path>`.
    #[must_use]
    pub fn full_path(&self) -> String {
        format!("{}/{}", self.artifact, self.path)
    }
}

/// What the gate was asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Names of the input artifacts.
    pub artifacts: &'a [&'a str],
    /// Branch; none when the gate was not told.
    pub branch: Option<&'a str>,
    /// Stage; none when the gate was not told.
    pub stage: Option<&'a str>,
    /// Commit; none when the gate was not told.
    pub commit: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
    /// Whether evidence that is not finished may be waited for.
    pub may_wait: bool,
}

/// Why a source has no evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// Nothing is there.
    Missing(String),
    /// What is there cannot count.
    Broken(String),
    /// It is not finished, and may be waited for.
    Pending(String),
}

impl Absent {
    /// The words.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Missing(words) | Self::Broken(words) | Self::Pending(words) => words,
        }
    }
}

/// The evidence of one source, of one artifact if it is judged by artifact.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// Source.
    pub source: &'a str,
    /// Its definition.
    pub definition: &'a Source,
    /// Artifact.
    pub artifact: Option<&'a str>,
    /// The facts of each report, with its full path; or why there are none.
    pub parts: Result<Vec<(String, Facts)>, Absent>,
    /// Fewer files than at the last pass: a sentence.
    pub fewer: Option<String>,
}

/// Collects the evidence of every source; what is odd about a report goes to `looked`.
#[must_use]
pub fn collect<'a>(
    policy: &'a Policy,
    asked: &Asked<'a>,
    reports: &[Report],
    history: &History,
    looked: &mut Vec<Looked>,
) -> Vec<Evidence<'a>> {
    let mut evidence = Vec::new();
    for (name, source) in &policy.sources {
        let artifacts: Vec<Option<&str>> = match source.per {
            Per::Gate => vec![None],
            Per::Artifact => asked.artifacts.iter().copied().map(Some).collect(),
        };
        for artifact in artifacts {
            let files: Vec<&Report> =
                reports.iter().filter(|report| is_ours(report, name, source, artifact)).collect();
            looked.extend(files.iter().map(|report| look(name, report)));
            let fewer = fewer_files(name, artifact, &files, history);
            let fewer = fewer.filter(|_| source.fewer_files != FewerFiles::Ignore);
            let parts = gather(source, &files, asked);
            let (parts, fewer) = match (parts, fewer) {
                (Ok(_), Some(words)) if source.fewer_files == FewerFiles::Fail => {
                    (Err(Absent::Broken(words)), None)
                }
                (parts, fewer) => (parts, fewer),
            };
            evidence.push(Evidence { source: name, definition: source, artifact, parts, fewer });
        }
    }
    evidence
}

fn is_ours(report: &Report, name: &str, source: &Source, artifact: Option<&str>) -> bool {
    let inside = artifact.is_none_or(|artifact| report.artifact == artifact);
    let ours = match (source.from(), &report.asked_for) {
        (Some(From::Files(_)), None) => source.names(&report.path),
        (Some(From::Ecr(_) | From::Sonar(_)), Some(asked_for)) => asked_for == name,
        (Some(From::Files(_)), Some(_)) | (Some(From::Ecr(_) | From::Sonar(_)), None) | (None, _) => false,
    };
    inside && ours
}

fn look(source: &str, report: &Report) -> Looked {
    let remarks = match &report.read {
        Ok(read) => remarks(&read.parsed.about),
        Err(error) => vec![error.to_string()],
    };
    Looked {
        source: source.to_owned(),
        path: report.full_path(),
        format: report.read.as_ref().map(|read| read.format.name.to_owned()).unwrap_or_default(),
        size: report.size,
        sha256: report.sha256.clone(),
        remarks,
    }
}

/// What is odd about a report: its own oddities, and totals that it declares and that are not there.
#[must_use]
pub fn remarks(about: &About) -> Vec<String> {
    let differs = about.declared.iter().filter(|declared| declared.declared != declared.counted);
    let sentences =
        differs.map(|d| format!("it declares {} as `{}`, {} were counted", d.declared, d.what, d.counted));
    sentences.chain(about.oddities.iter().cloned()).collect()
}

fn fewer_files(name: &str, artifact: Option<&str>, files: &[&Report], history: &History) -> Option<String> {
    let before = history.files.get(&key(name, artifact))?;
    let now: BTreeSet<String> = files.iter().map(|report| report.full_path()).collect();
    let gone: Vec<String> =
        before.difference(&now).take(MOST_SENTENCES).map(|path| format!("`{path}`")).collect();
    let more = before.difference(&now).count().saturating_sub(gone.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!gone.is_empty()).then(|| {
        format!(
            "{}{more} of source `{name}` was there at the last pass and is not there now",
            gone.join(", ")
        )
    })
}

fn gather(source: &Source, files: &[&Report], asked: &Asked<'_>) -> Result<Vec<(String, Facts)>, Absent> {
    let place = place(source);
    let (found, least) = (files.len() as u64, source.min_files.max(1));
    if files.is_empty() {
        return Err(Absent::Missing(format!("no file matches {place}, at least {least} must")));
    }
    if found < least {
        return Err(Absent::Broken(format!("only {found} of at least {least} files match {place}")));
    }
    if let Some(words) = files.iter().find_map(|report| pending(report, asked)) {
        return Err(Absent::Pending(words));
    }
    let mut broken = Vec::new();
    let mut parts = Vec::new();
    for report in files {
        match accept(source, report, asked) {
            Ok(facts) => parts.push((report.full_path(), facts.clone())),
            Err(words) => broken.push(format!("`{}` {words}", report.full_path())),
        }
    }
    if let Some((_, other)) =
        parts.iter().find(|(_, facts)| parts.first().is_some_and(|(_, first)| first.kind() != facts.kind()))
    {
        broken.push(format!("the files are of different kinds, {} among them", other.kind().word()));
    }
    if !broken.is_empty() {
        let more = broken.len().saturating_sub(MOST_SENTENCES);
        broken.truncate(MOST_SENTENCES);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(Absent::Broken(format!("{}{more}", broken.join("; "))));
    }
    enough_tests(source, &parts)?;
    Ok(parts)
}

fn place(source: &Source) -> String {
    match source.from() {
        Some(From::Files(globs)) => format!("`{}`", globs.text()),
        Some(From::Ecr(scan)) => format!("`{}`, the image whose scan is asked for", scan.image.text()),
        Some(From::Sonar(task)) => format!("`{}`, the task that is asked for", task.task.text()),
        None => "nothing".to_owned(),
    }
}

/// Only what was asked for can become finished; a file stays as it is.
fn pending(report: &Report, asked: &Asked<'_>) -> Option<String> {
    let error = report.read.as_ref().err()?;
    let may_wait = asked.may_wait && report.asked_for.is_some() && error.problem == Problem::Unfinished;
    may_wait.then(|| format!("`{}` is not finished: {}", report.full_path(), error.message))
}

fn accept<'r>(source: &Source, report: &'r Report, asked: &Asked<'_>) -> Result<&'r Facts, String> {
    let read = report.read.as_ref().map_err(|error| format!("is no evidence: {error}"))?;
    if let Some(format) = source.format.as_ref().filter(|format| **format != read.format.name) {
        return Err(format!("is {}, the source takes `{format}` only", read.format.title));
    }
    if let Some(most) = source.max_age {
        let made = read.parsed.about.created.or(report.modified);
        let made = made.ok_or("has no date, and the source has a `max_age`")?;
        let age = asked.now.since(made);
        if age > most.millis() {
            return Err(format!("was made at {made}, which is longer ago than {most}"));
        }
        if age < -crate::model::MINUTE * 60 * 24 {
            return Err(format!("was made at {made}, which is more than a day ahead"));
        }
    }
    if source.must_match_commit {
        let commit = asked.commit.filter(|commit| !commit.is_empty());
        let commit = commit
            .ok_or("cannot be compared: the gate was not told the commit (`UserParameters.commitId`)")?;
        let theirs = read.parsed.about.commit.as_deref().ok_or("does not say of which commit it is")?;
        let same = theirs.len() >= 7 && commit.to_ascii_lowercase().starts_with(&theirs.to_ascii_lowercase());
        if !same {
            return Err(format!(
                "is of commit `{}`, and `{commit}` is judged",
                crate::reports::facts::kept(theirs)
            ));
        }
    }
    Ok(&read.parsed.facts)
}

fn enough_tests(source: &Source, parts: &[(String, Facts)]) -> Result<(), Absent> {
    // Cases that were skipped were not run.
    let tests = |facts: &Facts| match facts {
        Facts::Tests(tests) => Some(tests.total().saturating_sub(tests.skipped)),
        Facts::Coverage(_)
        | Facts::Findings(_)
        | Facts::Performance(_)
        | Facts::Analysis(_)
        | Facts::Vex(_)
        | Facts::Changes(_) => None,
    };
    let counts: Vec<u64> = parts.iter().filter_map(|(_, facts)| tests(facts)).collect();
    let (total, least) = (counts.iter().copied().fold(0, u64::saturating_add), source.min_tests.max(1));
    if counts.is_empty() && source.min_tests == 0 {
        return Ok(());
    }
    if total < least {
        return Err(Absent::Broken(format!("{total} test(s) were run, at least {least} must be")));
    }
    Ok(())
}

impl Evidence<'_> {
    /// The facts of all reports as one; with `component`, only what belongs to it: by the report's own path, or by paths and packages in it.
    ///
    /// # Errors
    /// When there is no evidence, or nothing of the component in it.
    pub fn facts(&self, component: Option<&Globs>) -> Result<Facts, Absent> {
        let parts = self.parts.as_ref().map_err(Clone::clone)?;
        let chosen = parts.iter().filter_map(|(path, facts)| match component {
            Some(globs) if !globs.fit(path) => within(facts, globs),
            Some(_) | None => Some(facts.clone()),
        });
        let mut merged: Option<Facts> = None;
        for facts in chosen {
            merged = Some(match merged {
                None => facts,
                Some(all) => all
                    .merge(facts)
                    .ok_or_else(|| Absent::Broken("the files are of different kinds".to_owned()))?,
            });
        }
        let Some(facts) = merged else {
            let named = component.map(Globs::text).unwrap_or_default();
            return Err(Absent::Missing(format!(
                "source `{}` has nothing of component `{named}`",
                self.source
            )));
        };
        Ok(match facts {
            Facts::Tests(tests) => Facts::Tests(tests.settled(self.definition.duplicates)),
            Facts::Coverage(coverage) if self.definition.shards => Facts::Coverage(coverage.united()),
            other => other,
        })
    }

    /// The kind of its reports; none when there are none.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.parts.as_ref().ok()?.first().map(|(_, facts)| facts.kind())
    }
}

/// What of the facts belongs to a component; none when that cannot be told, or nothing does. No finding in a component is a finding too: a
/// scan that covers it says that it is clean.
fn within(facts: &Facts, component: &Globs) -> Option<Facts> {
    match facts {
        Facts::Coverage(coverage) => {
            let files: Vec<_> = coverage
                .files
                .iter()
                .filter(|file| component.fit(&file.path.replace('\\', "/")))
                .cloned()
                .collect();
            (!files.is_empty()).then_some(Facts::Coverage(CoverageFacts { files }))
        }
        // What is only counted cannot be told apart.
        Facts::Findings(findings) if !findings.counted.is_empty() => None,
        Facts::Findings(findings) => {
            let mut left = FindingFacts::default();
            let ours = findings.findings.iter().filter(|finding| component.fit(&finding.component));
            ours.cloned().for_each(|finding| left.add(finding));
            Some(Facts::Findings(left))
        }
        Facts::Tests(_) | Facts::Performance(_) | Facts::Analysis(_) | Facts::Vex(_) | Facts::Changes(_) => {
            None
        }
    }
}
