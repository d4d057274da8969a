//! The one comment on a pull request: a row for each project that builds it, and what the gates say. Written once, changed afterwards.
//!
//! It is found by a marker that nobody can know before it was written: a comment of somebody else who guessed it would become ours, and
//! theirs to change. The marker is kept before the first write, so a worker that died between the write and the note is made good.
//! Must not: go back behind a newer build, or call GitHub.

mod render;

use crate::feedback::build::Build;
use crate::feedback::build::event::Status;
use crate::feedback::plan::Write;
use crate::gates::notice::Gate;
use crate::model::CommitSha;
use crate::source::ports::Origin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A pull request as its comment shows it, and what GitHub was told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Board {
    /// The comment's marker; empty until the board is kept for the first time.
    pub marker: String,
    /// By project.
    pub rows: BTreeMap<String, Row>,
    /// The comment.
    pub written: Option<WrittenComment>,
}

/// A comment that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenComment {
    /// Its id on GitHub.
    pub id: u64,
    /// SHA-256 of its body, hexadecimal.
    pub digest: String,
}

/// The newest build of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Release.
    pub release_id: String,
    /// Which build of this project and pull request it is.
    pub sequence: u64,
    /// Version of the build's own state that this row was made from.
    pub version: u64,
    /// Commit.
    pub sha: CommitSha,
    /// How far; none while it waits for a review.
    pub status: Option<Status>,
    /// How long it took.
    pub seconds: Option<u64>,
    /// Where GitHub shows it.
    pub link: Option<String>,
    /// What the gate says.
    pub gate: Option<Gate>,
}

impl Row {
    /// The row of a build whose state is `version`.
    #[must_use]
    pub fn of(origin: &Origin, build: &Build, version: u64) -> Self {
        Self {
            release_id: origin.release_id.clone(),
            sequence: origin.sequence,
            version,
            sha: origin.sha.clone(),
            status: build.status(),
            seconds: build.seconds(),
            link: build.told.link.clone(),
            gate: build.gate.clone(),
        }
    }

    /// Whether it may stand in the place of `known`. Of one build the later state; of two the newer one. Two that wait may be of one
    /// sequence, because nothing was started between them: then the one that was told last holds.
    fn replaces(&self, known: &Self) -> bool {
        if self.release_id == known.release_id {
            return self.version > known.version;
        }
        let place = |row: &Self| (row.sequence, row.status.is_some());
        place(self) >= place(known)
    }

    fn shows_the_same(&self, known: &Self) -> bool {
        *self == Self { version: self.version, ..known.clone() }
    }
}

impl Board {
    /// Takes a row in; whether that changed anything that is shown.
    pub fn add(&mut self, project: &str, row: Row) -> bool {
        match self.rows.get(project) {
            Some(known) if !row.replaces(known) || row.shows_the_same(known) => false,
            _ => {
                self.rows.insert(project.to_owned(), row);
                true
            }
        }
    }

    /// The comment, when it is not there as it should be.
    #[must_use]
    pub fn next(&self) -> Option<Write> {
        let write = Write::Comment {
            id: self.written.as_ref().map(|written| written.id),
            marker: render::marker(&self.marker),
            body: render::body(self),
        };
        let told = self.written.as_ref().is_some_and(|written| written.digest == write.digest());
        (!told).then_some(write)
    }

    /// Notes that `write` was done; `id` is what GitHub calls it.
    pub fn note(&mut self, write: &Write, id: u64) {
        self.written = Some(WrittenComment { id, digest: write.digest() });
    }
}

#[cfg(test)]
mod tests;
