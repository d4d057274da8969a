//! An object of which only pieces are at hand: what is read of it, what is missing, and which pieces are worth a request.
//!
//! Pure: whoever fetches is `fetch`. Only packed bytes are kept. Must not: make up a byte that was not fetched.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// Most bytes that are kept of one object: a quarter of the function's memory, for a report may take as much again twice.
pub const MAX_KEPT: u64 = 256 * 1024 * 1024;
/// Bytes between two pieces that are cheaper to read than a second request: about what S3 sends while it begins to answer one.
const WORTH_A_REQUEST: u64 = 256 * 1024;

/// The pieces of an object.
#[derive(Debug, Clone, Default)]
pub struct Sparse {
    length: u64,
    pieces: BTreeMap<u64, Vec<u8>>,
}

/// A place that was read and not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bytes {} to {} were not fetched", .0.start, .0.end)]
pub struct Gap(pub Range<u64>);

impl Sparse {
    /// Of an object of `length` bytes, of which the last ones are `tail`.
    #[must_use]
    pub fn with_tail(length: u64, tail: Vec<u8>) -> Self {
        let start = length.saturating_sub(tail.len() as u64);
        Self { length, pieces: BTreeMap::from([(start, tail)]) }
    }

    /// Bytes of the object.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Bytes at hand.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.pieces.values().map(|piece| piece.len() as u64).sum()
    }

    /// Takes a piece; pieces that it covers are given up.
    pub fn add(&mut self, start: u64, bytes: Vec<u8>) {
        let end = start + bytes.len() as u64;
        self.pieces.retain(|at, piece| *at < start || *at + piece.len() as u64 > end);
        self.pieces.insert(start, bytes);
    }

    /// What is missing of `wanted`, in order.
    #[must_use]
    pub fn lacks(&self, wanted: &Range<u64>) -> Vec<Range<u64>> {
        let (mut at, end) = (wanted.start, wanted.end.min(self.length));
        let mut missing = Vec::new();
        for (start, piece) in &self.pieces {
            let over = start + piece.len() as u64;
            if over <= at || *start >= end {
                continue;
            }
            if *start > at {
                missing.push(at..*start);
            }
            at = over;
        }
        if at < end {
            missing.push(at..end);
        }
        missing
    }

    /// What is to be fetched so that all of `wanted` is there: close pieces as one, and everything when more than half would be read.
    #[must_use]
    pub fn plan(&self, wanted: &[Range<u64>]) -> Vec<Range<u64>> {
        let mut missing: Vec<Range<u64>> = wanted.iter().flat_map(|range| self.lacks(range)).collect();
        missing.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in missing {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                Some(last) if self.is_worth_joining(last.end..range.start) => last.end = range.end,
                _ => joined.push(range),
            }
        }
        let bytes: u64 = joined.iter().map(|range| range.end - range.start).sum();
        if bytes > self.length / 2 && self.length <= MAX_KEPT {
            self.lacks(&(0..self.length))
        } else {
            joined
        }
    }

    /// What lies between is not at hand, and less than what a request costs.
    fn is_worth_joining(&self, between: Range<u64>) -> bool {
        between.end - between.start <= WORTH_A_REQUEST && self.lacks(&between) == [between]
    }

    /// Reads it from its beginning.
    #[must_use]
    pub fn reader(&self) -> SparseReader<'_> {
        SparseReader { sparse: self, at: 0 }
    }
}

/// Reads what is at hand; anything else is an error with a [`Gap`].
#[derive(Debug)]
pub struct SparseReader<'a> {
    sparse: &'a Sparse,
    at: u64,
}

impl Read for SparseReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.at;
        if at >= self.sparse.length || buffer.is_empty() {
            return Ok(0);
        }
        let piece = self.sparse.pieces.range(..=at).next_back();
        let rest = piece.and_then(|(start, bytes)| bytes.get(usize::try_from(at - start).ok()?..));
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
            let next = self.sparse.pieces.range(at..).next().map_or(self.sparse.length, |(start, _)| *start);
            return Err(io::Error::other(Gap(at..next)));
        };
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for SparseReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.sparse.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::other("a place before the beginning"))?;
        Ok(self.at)
    }
}

/// The gap that an error comes from.
#[must_use]
pub fn gap(error: &io::Error) -> Option<Range<u64>> {
    error.get_ref()?.downcast_ref::<Gap>().map(|gap| gap.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(range: &Range<u64>) -> Vec<u8> {
        range.clone().map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    fn sparse(length: u64, pieces: &[Range<u64>]) -> Sparse {
        let mut sparse = Sparse { length, ..Sparse::default() };
        pieces.iter().for_each(|piece| sparse.add(piece.start, bytes(piece)));
        sparse
    }

    #[test]
    fn what_was_not_fetched_is_an_error_and_never_a_byte() {
        let sparse = sparse(100, &[0..10, 90..100]);
        let mut reader = sparse.reader();
        let mut all = Vec::new();
        let error = reader.read_to_end(&mut all).unwrap_err();
        assert_eq!((all.len(), gap(&error)), (10, Some(10..90)));
        insta::assert_snapshot!(error, @"bytes 10 to 90 were not fetched");
        reader.seek(SeekFrom::End(-10)).unwrap();
        all.clear();
        assert_eq!(reader.read_to_end(&mut all).unwrap(), 10);
        assert!(reader.seek(SeekFrom::Current(-200)).is_err());
    }

    #[test]
    fn close_pieces_are_one_request_and_more_than_half_is_all() {
        let far = 10 * 1024 * 1024;
        let one = Sparse { length: 100 * 1024 * 1024, ..Sparse::default() };
        assert_eq!(one.plan(&[0..10, 100..200, far..far + 5]), [0..200, far..far + 5]);
        let all = 0..one.length;
        assert_eq!(one.plan(&[0..one.length / 2, far * 9..far * 9 + 10]), [all]);
        let huge = Sparse { length: 2 * MAX_KEPT, ..Sparse::default() };
        let half = 0..MAX_KEPT + 1;
        assert_eq!(huge.plan(std::slice::from_ref(&half)), [half], "all of it would not fit");
    }

    proptest! {
        #[test]
        fn what_is_planned_makes_everything_readable(
            length in 1_u64..600, have in proptest::collection::vec((0_u64..600, 0_u64..80), 0..5),
            wanted in proptest::collection::vec((0_u64..600, 0_u64..80), 0..5),
        ) {
            let ranges = |list: Vec<(u64, u64)>| -> Vec<Range<u64>> {
                list.into_iter().map(|(start, count)| start.min(length)..(start + count).min(length)).collect()
            };
            let mut sparse = Sparse { length, ..Sparse::default() };
            for piece in ranges(have) {
                for lacking in sparse.lacks(&piece) {
                    sparse.add(lacking.start, bytes(&lacking));
                }
            }
            let wanted = ranges(wanted);
            let plan = sparse.plan(&wanted);
            prop_assert!(plan.is_sorted_by(|a, b| a.end <= b.start));
            for range in plan {
                prop_assert_eq!(sparse.lacks(&range), vec![range.clone()], "nothing is fetched twice");
                sparse.add(range.start, bytes(&range));
            }
            for range in wanted {
                let mut reader = sparse.reader();
                reader.seek(SeekFrom::Start(range.start)).unwrap();
                let mut found = vec![0; usize::try_from(range.end - range.start).unwrap()];
                reader.read_exact(&mut found).unwrap();
                prop_assert_eq!(found, bytes(&range));
            }
        }
    }
}
