//! Shared by the coverage formats with exact lines: source files by identity, each of which a report may name several times.

use super::facts::{CoverageFacts, FileCoverage, LineSet, Lines, MAX_LINE, Ratio};
use super::marks::{Marks, nth_branch};
use super::{Problem, ReportError};
use std::collections::HashMap;

/// Most branches of one line that are taken: a wrong number must not cost memory.
const MAX_BRANCHES: u64 = 100_000;
/// Most bytes that all source files take here: a few bytes of a report can name a line or a branch that costs a million times as many.
pub(super) const MAX_BYTES: usize = 192 * 1024 * 1024;

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
    /// What was asked for last: it may have grown since.
    last: usize,
    /// What all take without what the last has grown.
    bytes: usize,
    /// What the last took when it was asked for.
    last_bytes: usize,
}

impl Files {
    /// Index of the file with this path.
    ///
    /// # Errors
    /// When the files take too much memory.
    pub(crate) fn index(&mut self, path: &str) -> Result<usize, ReportError> {
        self.index_of(path, path)
    }

    /// Index of the file with this identity, which may be more than its path.
    ///
    /// # Errors
    /// When the files take too much memory.
    pub(crate) fn index_of(&mut self, identity: &str, path: &str) -> Result<usize, ReportError> {
        let index = match self.by_identity.get(identity) {
            Some(known) if *known == self.last => return Ok(*known),
            Some(known) => *known,
            None => {
                self.by_identity.insert(identity.to_owned(), self.files.len());
                self.files.push(File { path: path.to_owned(), ..File::default() });
                self.bytes += 2 * identity.len();
                self.files.len() - 1
            }
        };
        self.weigh()?;
        self.last = index;
        self.last_bytes = self.files.get(index).map_or(0, File::bytes);
        Ok(index)
    }

    /// Adds what the last file has grown.
    fn weigh(&mut self) -> Result<(), ReportError> {
        let now = self.files.get(self.last).map_or(0, File::bytes);
        self.bytes += now.saturating_sub(self.last_bytes);
        self.last_bytes = now;
        if self.bytes > MAX_BYTES { Err(too_many()) } else { Ok(()) }
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
    ///
    /// # Errors
    /// When the files take too much memory.
    pub(crate) fn into_facts(mut self) -> Result<CoverageFacts, ReportError> {
        self.weigh()?;
        if self.files.iter().any(|file| file.branches.is_full() || file.functions.is_full()) {
            return Err(too_many());
        }
        let covered = |file: File| FileCoverage {
            path: file.path,
            branches: file.branches.ratio(),
            functions: file.functions.ratio(),
            lines: Lines::Exact(file.lines),
        };
        Ok(CoverageFacts { files: self.files.into_iter().map(covered).collect() })
    }
}

/// More than [`MAX_BYTES`].
pub(super) fn too_many() -> ReportError {
    ReportError::new(
        Problem::TooLarge,
        "/",
        "the lines and branches of the report are too many to be counted",
    )
}

impl File {
    fn bytes(&self) -> usize {
        self.lines.bytes() + self.branches.bytes() + self.functions.bytes()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_the_order_of_their_first_mention() {
        let mut files = Files::default();
        for path in ["z", "a", "m", "a", "z"] {
            let index = files.index(path).unwrap();
            files.get(index).unwrap().lines.add(1, true);
        }
        let paths: Vec<String> =
            files.into_facts().unwrap().files.into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["z", "a", "m"]);
    }

    #[test]
    fn far_lines_of_many_files_do_not_cost_all_memory() {
        let mut files = Files::default();
        let refused = (0..1_000).find_map(|number| match files.index(&number.to_string()) {
            Ok(index) => {
                files.get(index)?.lines.add(MAX_LINE, true);
                None
            }
            Err(error) => Some((number, error)),
        });
        let (number, error) = refused.unwrap();
        assert_eq!(number, MAX_BYTES / LineSet::all().bytes() + 1);
        insta::assert_snapshot!(error, @"the lines and branches of the report are too many to be counted, at `/`");
    }

    #[test]
    fn lines_with_all_branches_do_not_cost_all_memory() {
        let mut files = Files::default();
        let index = files.index("a").unwrap();
        for line in 0..45 {
            assert!(files.get(index).unwrap().branches_of(line, Ratio { hit: 0, total: MAX_BRANCHES }));
        }
        assert!(files.files[index].bytes() < MAX_BYTES / 2);
        assert!(files.into_facts().is_err());
    }
}
