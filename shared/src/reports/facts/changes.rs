//! Which lines a change adds or replaces.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Changed lines by file, in the numbering after the change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeFacts {
    /// Path from the root of the repository, and the ranges of lines, from 1, in order.
    pub files: BTreeMap<String, Vec<RangeInclusive<u32>>>,
}

impl ChangeFacts {
    pub(crate) fn merge(mut self, other: Self) -> Self {
        for (path, ranges) in other.files {
            self.files.entry(path).or_default().extend(ranges);
        }
        self
    }
}
