//! Covered code, file by file: exact lines where the format has them, counts where it has not.

use serde::Serialize;
use std::collections::BTreeMap;

/// Covered out of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Ratio {
    /// Covered.
    pub hit: u64,
    /// All.
    pub total: u64,
}

impl Ratio {
    /// Sum of two ratios' counts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { hit: self.hit.saturating_add(other.hit), total: self.total.saturating_add(other.total) }
    }

    /// One more, hit or not.
    pub const fn add(&mut self, hit: bool) {
        self.hit += hit as u64;
        self.total += 1;
    }
}

/// A set of coverable lines and which of them were hit; two bits for each line up to the last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineSet {
    seen: Vec<u64>,
    hit: Vec<u64>,
}

/// Highest line number taken: a file of more lines is generated, and a wrong number must not cost memory.
pub(crate) const MAX_LINE: u32 = 4_000_000;

impl LineSet {
    /// Notes line `number` (from 1); a hit anywhere is a hit. False when the number is beyond `MAX_LINE`.
    #[inline]
    pub fn add(&mut self, number: u32, hit: bool) -> bool {
        if number > MAX_LINE {
            return false;
        }
        let (word, bit) = ((number / 64) as usize, 1_u64 << (number % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
            self.hit.resize(word + 1, 0);
        }
        if let (Some(seen), Some(hits)) = (self.seen.get_mut(word), self.hit.get_mut(word)) {
            *seen |= bit;
            *hits |= if hit { bit } else { 0 };
        }
        true
    }

    /// Notes lines `first` to `last`. False when there are none, or the last is beyond [`MAX_LINE`].
    pub(crate) fn add_range(&mut self, first: u32, last: u32, hit: bool) -> bool {
        if first > last || !self.add(last, hit) {
            return false;
        }
        let (start, end) = ((first / 64) as usize, (last / 64) as usize);
        let words = self.seen.iter_mut().zip(&mut self.hit).enumerate().skip(start).take(end + 1 - start);
        for (index, (seen, hits)) in words {
            let low = if index == start { u64::MAX << (first % 64) } else { u64::MAX };
            let high = if index == end { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            *seen |= low & high;
            *hits |= if hit { low & high } else { 0 };
        }
        true
    }

    /// Memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.seen.as_slice()) + size_of_val(self.hit.as_slice())
    }

    /// The largest there is.
    #[cfg(test)]
    pub(crate) fn all() -> Self {
        let mut all = Self::default();
        all.add(MAX_LINE, true);
        all
    }

    /// Hit out of all.
    #[must_use]
    pub fn ratio(&self) -> Ratio {
        let ones = |words: &[u64]| words.iter().map(|word| u64::from(word.count_ones())).sum();
        Ratio { hit: ones(&self.hit), total: ones(&self.seen) }
    }

    /// Whether line `number` was hit; none when it is not coverable.
    #[must_use]
    pub fn state(&self, number: u32) -> Option<bool> {
        let (word, bit) = ((number / 64) as usize, 1_u64 << (number % 64));
        let is_set = |words: &[u64]| words.get(word).is_some_and(|word| word & bit != 0);
        is_set(&self.seen).then(|| is_set(&self.hit))
    }

    /// These lines and `other`'s.
    pub fn unite(&mut self, other: &Self) {
        let longest = self.seen.len().max(other.seen.len());
        for (mine, theirs) in [(&mut self.seen, &other.seen), (&mut self.hit, &other.hit)] {
            mine.resize(longest, 0);
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine |= theirs);
        }
    }

    /// Lines that are coverable and not hit, in order.
    pub fn missed(&self) -> impl Iterator<Item = u32> + '_ {
        let missed = |(index, (seen, hit)): (usize, (&u64, &u64))| {
            let (base, word) = (u32::try_from(index * 64).unwrap_or(u32::MAX), seen & !hit);
            (0..64_u32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| base + bit)
        };
        self.seen.iter().zip(&self.hit).enumerate().flat_map(missed)
    }
}

/// The lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lines {
    /// Each line is known.
    Exact(LineSet),
    /// Only their number is.
    Counted(Ratio),
}

impl Lines {
    /// Hit out of all.
    #[must_use]
    pub fn ratio(&self) -> Ratio {
        match self {
            Self::Exact(lines) => lines.ratio(),
            Self::Counted(ratio) => *ratio,
        }
    }
}

/// Covered code of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    /// Path as the tool writes it.
    pub path: String,
    /// Lines.
    pub lines: Lines,
    /// Branches.
    pub branches: Ratio,
    /// Functions.
    pub functions: Ratio,
}

/// Covered code of one or more reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageFacts {
    /// In the order of the reports. Two with the same path are two files: services of one repository often use the same names.
    pub files: Vec<FileCoverage>,
}

impl CoverageFacts {
    /// Distinct (file, line) with a hit, out of all.
    #[must_use]
    pub fn lines(&self) -> Ratio {
        self.files.iter().fold(Ratio::default(), |sum, file| sum.plus(file.lines.ratio()))
    }

    /// Branches taken, out of all.
    #[must_use]
    pub fn branches(&self) -> Ratio {
        self.files.iter().fold(Ratio::default(), |sum, file| sum.plus(file.branches))
    }

    /// Functions called, out of all.
    #[must_use]
    pub fn functions(&self) -> Ratio {
        self.files.iter().fold(Ratio::default(), |sum, file| sum.plus(file.functions))
    }

    /// Files with at least one line.
    #[must_use]
    pub fn file_count(&self) -> u64 {
        self.files.iter().filter(|file| file.lines.ratio().total > 0).count() as u64
    }

    /// The same with files of one path made one: for shards of one test run. Lines are united; where only counts are known, the larger
    /// share stays, and of branches and functions too, which can only be too low.
    #[must_use]
    pub fn united(self) -> Self {
        let mut files: BTreeMap<String, FileCoverage> = BTreeMap::new();
        for file in self.files {
            match files.get_mut(&file.path) {
                None => {
                    files.insert(file.path.clone(), file);
                }
                Some(known) => known.unite(file),
            }
        }
        Self { files: files.into_values().collect() }
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        self
    }
}

impl FileCoverage {
    fn unite(&mut self, other: Self) {
        match (&mut self.lines, other.lines) {
            (Lines::Exact(mine), Lines::Exact(theirs)) => mine.unite(&theirs),
            (Lines::Exact(_), Lines::Counted(_)) => {}
            (mine @ Lines::Counted(_), theirs @ Lines::Exact(_)) => *mine = theirs,
            (Lines::Counted(mine), Lines::Counted(theirs)) => *mine = better(*mine, theirs),
        }
        self.branches = better(self.branches, other.branches);
        self.functions = better(self.functions, other.functions);
    }
}

/// The one that hits more, out of the larger total.
fn better(a: Ratio, b: Ratio) -> Ratio {
    Ratio { hit: a.hit.max(b.hit), total: a.total.max(b.total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_the_same_as_each_of_its_lines() {
        for (first, last) in [(0, 0), (1, 63), (1, 64), (63, 64), (64, 127), (5, 300), (128, 128)] {
            let (mut range, mut each) = (LineSet::default(), LineSet::default());
            assert!(range.add_range(first, last, true));
            (first..=last).for_each(|line| assert!(each.add(line, true)));
            assert_eq!(range, each, "{first} to {last}");
        }
        assert!(!LineSet::default().add_range(1, MAX_LINE + 1, true));
    }
}
