//! As much of an input artifact as is needed: its end with the directory, and the files that somebody reads.
//!
//! What is needed is said by [`Archive::places`], and what of it is worth a request by [`Sparse::plan`]; here it is only fetched. All pieces
//! are of one object. Must not: unpack anything.

use super::archive::{Archive, Note, Unopened};
use super::job::{Artifact, Credentials};
use super::policy::Globs;
use super::ports::Artifacts;
use super::ranges::{MAX_KEPT, Sparse, SparseReader};
use super::run::GateError;
use std::ops::Range;

/// What is read first of each artifact: nearly all are smaller, and hardly any directory is larger.
pub(super) const TAIL: u64 = 4 * 1024 * 1024;
/// Largest directory: that of as many files as are looked at, with long names.
const MAX_DIRECTORY: u64 = 64 * 1024 * 1024;

/// The small files of an artifact that some of `globs` fits, whole.
///
/// # Errors
/// Faults of the store, and what is wrong with the artifact in words.
pub async fn notes<A: Artifacts>(
    artifacts: &A,
    credentials: &Credentials,
    artifact: &Artifact,
    globs: &Globs,
) -> Result<Vec<Note>, GateError> {
    let fetcher = Fetcher { artifacts, credentials: Some(credentials) };
    let mut opened = fetcher.open(artifact).await?;
    fetcher.files(&mut opened, |path| globs.fit(path)).await?;
    opened.archive()?.notes(globs).map_err(|rejection| GateError::Broken(rejection.to_string()))
}

/// Fetches with one job's credentials.
pub(super) struct Fetcher<'a, A> {
    pub(super) artifacts: &'a A,
    pub(super) credentials: Option<&'a Credentials>,
}

/// An artifact whose directory is at hand.
pub(super) struct Opened<'a> {
    artifact: &'a Artifact,
    version: String,
    pieces: Sparse,
}

impl Opened<'_> {
    pub(super) fn name(&self) -> &str {
        &self.artifact.name
    }

    pub(super) fn archive(&self) -> Result<Archive<'_, SparseReader<'_>>, GateError> {
        Archive::of_pieces(&self.artifact.name, &self.pieces).map_err(|unopened| match unopened {
            Unopened::Refused(rejection) => GateError::Broken(rejection.to_string()),
            Unopened::Lacks(_) => GateError::Broken(self.without_directory()),
        })
    }

    fn without_directory(&self) -> String {
        let name = &self.artifact.name;
        format!("artifact `{name}` is not a zip: its end names no directory")
    }
}

impl<A: Artifacts> Fetcher<'_, A> {
    /// Fetches the end of an artifact, and its directory.
    pub(super) async fn open<'n>(&self, artifact: &'n Artifact) -> Result<Opened<'n>, GateError> {
        let tail = self.artifacts.tail(artifact, self.credentials, TAIL).await;
        let tail = tail.map_err(|fault| unread(artifact, fault))?;
        let pieces = Sparse::with_tail(tail.length, tail.bytes);
        let mut opened = Opened { artifact, version: tail.version, pieces };
        // Of a real archive one piece is missing at most.
        if let Err(Unopened::Lacks(range)) = Archive::of_pieces(&artifact.name, &opened.pieces) {
            if range.end - range.start > MAX_DIRECTORY {
                let words = format!(
                    "the directory of artifact `{}` is larger than {} MiB",
                    artifact.name,
                    MAX_DIRECTORY >> 20
                );
                return Err(GateError::Broken(words));
            }
            self.fetch(&mut opened, &[range]).await?;
        }
        opened.archive()?;
        Ok(opened)
    }

    /// Fetches the files that are `wanted`.
    pub(super) async fn files(
        &self,
        opened: &mut Opened<'_>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), GateError> {
        let places = opened.archive()?.places(wanted);
        let places = places.map_err(|rejection| GateError::Broken(rejection.to_string()))?;
        self.fetch(opened, &places).await
    }

    async fn fetch(&self, opened: &mut Opened<'_>, wanted: &[Range<u64>]) -> Result<(), GateError> {
        let plan = opened.pieces.plan(wanted);
        let more: u64 = plan.iter().map(|range| range.end - range.start).sum();
        if opened.pieces.kept() + more > MAX_KEPT {
            return Err(GateError::Broken(format!(
                "{} bytes of artifact `{}` are reports, at most {MAX_KEPT} are read: put the reports into an artifact of their own",
                opened.pieces.kept() + more,
                opened.name()
            )));
        }
        for range in plan {
            let bytes =
                self.artifacts.range(opened.artifact, self.credentials, &opened.version, &range).await;
            let bytes = bytes.map_err(|fault| unread(opened.artifact, fault))?;
            opened.pieces.add(range.start, bytes);
        }
        Ok(())
    }
}

fn unread(artifact: &Artifact, fault: crate::errors::Fault) -> GateError {
    GateError::Fault(format!("artifact `{}` cannot be read", artifact.name), fault)
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
