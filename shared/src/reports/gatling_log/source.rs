//! The primitives of the log: numbers, strings, cached strings, and the end.

use crate::reports::ReportError;
use std::io::{BufRead, ErrorKind, Read};

/// Longest string taken, in bytes.
const MAX_STRING: i32 = 1024 * 1024;
/// A longer string is cut when it is kept, in bytes.
const KEPT: usize = 1_024;
/// Most bytes of strings kept for later: messages are cached as well, and a test can write a new one each time.
const MAX_KEPT: usize = 8 * 1024 * 1024;
/// Most strings counted as known.
const MAX_STRINGS: usize = 1_000_000;

/// The log as a stream.
pub(super) struct Source<R> {
    inner: R,
    /// Number of the record, from 1.
    record: u64,
    /// Cached strings in their order; none where there was no more room.
    strings: Vec<Option<Box<str>>>,
    kept: usize,
    /// Cached strings that are only counted.
    more: usize,
    /// Used again for each string.
    buffer: Vec<u8>,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, record: 0, strings: Vec::new(), kept: 0, more: 0, buffer: Vec::new() }
    }

    /// The kind of the next record; none at the end of the log.
    pub(super) fn next_record(&mut self) -> Result<Option<u8>, ReportError> {
        let piece = self.inner.fill_buf().map_err(|error| crate::reports::input::unreadable(&error))?;
        let kind = piece.first().copied();
        if kind.is_some() {
            self.inner.consume(1);
            self.record += 1;
        }
        Ok(kind)
    }

    /// Something in the present record breaks the rules.
    pub(super) fn broken(&self, words: impl Into<String>) -> ReportError {
        ReportError::at(format!("record {}", self.record), words)
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], ReportError> {
        let mut bytes = [0; N];
        match self.inner.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.cut()),
            Err(error) => Err(crate::reports::input::unreadable(&error)),
        }
    }

    fn cut(&self) -> ReportError {
        ReportError::truncated(
            format!("record {}", self.record),
            "the log ends inside a record: it is truncated",
        )
    }

    pub(super) fn int(&mut self) -> Result<i32, ReportError> {
        self.exact().map(i32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Result<i64, ReportError> {
        self.exact().map(i64::from_be_bytes)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, ReportError> {
        match self.exact()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(self.broken(format!("{other} is neither true nor false"))),
        }
    }

    /// A number that says how many.
    pub(super) fn count(&mut self, most: i32) -> Result<i32, ReportError> {
        match self.int()? {
            count if (0..=most).contains(&count) => Ok(count),
            other => Err(self.broken(format!("{other} is no length or number of things"))),
        }
    }

    pub(super) fn skip(&mut self, length: i32) -> Result<(), ReportError> {
        let mut left = u64::try_from(length).unwrap_or(0);
        while left > 0 {
            let piece = self.inner.fill_buf().map_err(|error| crate::reports::input::unreadable(&error))?;
            if piece.is_empty() {
                return Err(self.cut());
            }
            let taken = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            self.inner.consume(taken);
            left = left.saturating_sub(taken as u64);
        }
        Ok(())
    }

    /// A string.
    pub(super) fn string(&mut self) -> Result<String, ReportError> {
        let length = self.count(MAX_STRING)?;
        if length == 0 {
            return Ok(String::new());
        }
        let length = u64::try_from(length).unwrap_or(0);
        self.buffer.clear();
        let read = self.inner.by_ref().take(length).read_to_end(&mut self.buffer);
        let read = read.map_err(|error| crate::reports::input::unreadable(&error))?;
        if (read as u64) < length {
            return Err(self.cut());
        }
        match self.exact()? {
            [0] => Ok(self.buffer.iter().map(|byte| char::from(*byte)).collect()),
            [1] => {
                let (units, _) = self.buffer.as_chunks::<2>();
                let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
                Ok(String::from_utf16_lossy(&units))
            }
            [other] => Err(self.broken(format!("{other} is no coder of strings"))),
        }
    }

    /// The number of a cached string, which is read the first time.
    pub(super) fn cached(&mut self) -> Result<i32, ReportError> {
        let number = self.int()?;
        let known = self.strings.len() + self.more;
        if number < 0 {
            let index = number.checked_neg().ok_or_else(|| self.broken("a text has no number"))?;
            return match usize::try_from(index) {
                Ok(known_index) if known_index <= known => Ok(index),
                _ => Err(self.broken(format!("the text {index} was never written"))),
            };
        }
        if usize::try_from(number) != Ok(known + 1) {
            return Err(self.broken(format!("the text {number} comes out of order: {} is next", known + 1)));
        }
        let text = self.string()?;
        if self.strings.len() >= MAX_STRINGS {
            self.more += 1;
            return Ok(number);
        }
        let end = text.floor_char_boundary(KEPT);
        let kept = text.get(..end).unwrap_or_default();
        let has_room = self.kept + kept.len() <= MAX_KEPT;
        self.kept += if has_room { kept.len() } else { 0 };
        self.strings.push(has_room.then(|| kept.into()));
        Ok(number)
    }

    /// A cached string by its number; none when it was not kept.
    pub(super) fn text(&self, number: i32) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.strings.get(index)?.as_deref()
    }
}
