//! Shared by the coverage formats with exact lines: source files by identity, each of which a report may name several times.

use super::facts::{CoverageFacts, FileCoverage, LineSet, Lines, MAX_LINE, Ratio};
use super::marks::{Marks, nth_branch};
use std::collections::HashMap;

/// Most branches of one line that are taken: a wrong number must not cost memory.
const MAX_BRANCHES: u64 = 100_000;

/// What is known of one source file.
#[derive(Debug, Default)]
pub(crate) struct File {
    path: String,
    pub(crate) lines: LineSet,
    pub(crate) branches: Marks,
    pub(crate) functions: Marks,
}

/// The source files of a report, in the order of their first mention.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: Vec<File>,
    by_identity: HashMap<String, usize>,
}

impl Files {
    /// Index of the file with this path.
    pub(crate) fn index(&mut self, path: &str) -> usize {
        self.index_of(path, path)
    }

    /// Index of the file with this identity, which may be more than its path.
    pub(crate) fn index_of(&mut self, identity: &str, path: &str) -> usize {
        if let Some(known) = self.by_identity.get(identity) {
            return *known;
        }
        self.by_identity.insert(identity.to_owned(), self.files.len());
        self.files.push(File { path: path.to_owned(), ..File::default() });
        self.files.len() - 1
    }

    /// The file at an index.
    pub(crate) fn get(&mut self, index: usize) -> Option<&mut File> {
        self.files.get_mut(index)
    }

    /// Whether no file was named.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// As facts.
    pub(crate) fn into_facts(self) -> CoverageFacts {
        let covered = |file: File| FileCoverage {
            path: file.path,
            branches: file.branches.ratio(),
            functions: file.functions.ratio(),
            lines: Lines::Exact(file.lines),
        };
        CoverageFacts { files: self.files.into_iter().map(covered).collect() }
    }
}

impl File {
    /// Notes that so many branches of a line were taken, which is all that most formats say: of several mentions the one with more counts.
    /// False when there are more than anyone writes.
    pub(crate) fn branches_of(&mut self, line: u32, taken: Ratio) -> bool {
        if taken.total > MAX_BRANCHES {
            return false;
        }
        for (branch, number) in (0..taken.total).zip(0_u32..) {
            self.branches.add(nth_branch(line, number), branch < taken.hit);
        }
        true
    }
}

/// The words for a line number that is beyond [`MAX_LINE`].
pub(crate) fn beyond(line: u64) -> String {
    format!("line {line} of a source file is beyond the limit of {MAX_LINE}")
}
