//! Keeps memory flat in front of an XML reader that holds one whole event at a time: the middle of a long text, CDATA section, comment or
//! processing instruction is dropped on the way, and a single tag that never ends is refused.
//!
//! The walk says where an event begins ([`Trim::event`]). What fits into the buffer passes without being looked at, so the usual file pays
//! one copy; only an event that outgrows it is searched for its end. Must not: change markup, or cut a character in two.

use std::io::{self, BufRead, Read};

/// Size of the buffer, and the length from which the middle of an event is dropped, in bytes.
const KEPT: usize = 64 * 1024;
/// Longest tag or document type, in bytes.
pub(super) const MAX_TAG: usize = 1024 * 1024;
/// Free bytes before a piece: the end of a section and the rest of a character go there when the middle is dropped.
const ROOM: usize = 8;
/// Bytes that tell events apart: `<![CDATA[` is the longest start.
const START: usize = 9;

/// A tag that is longer than [`MAX_TAG`].
#[derive(Debug, thiserror::Error)]
#[error("a single tag is longer than {} MiB", MAX_TAG / 1024 / 1024)]
pub(super) struct EndlessTag;

/// The filter.
pub(super) struct Trim<R> {
    inner: R,
    buffer: Vec<u8>,
    /// Where the present event starts in the buffer.
    start: usize,
    at: usize,
    filled: usize,
    event: Event,
}

/// What is known of an event whose start has left the buffer.
#[derive(Default)]
struct Event {
    /// Its first bytes.
    head: Vec<u8>,
    /// Its bytes that have left.
    passed: usize,
    /// Its last two bytes that have left.
    tail: [u8; 2],
}

enum Kind {
    /// Ends before the next `<`.
    Text,
    /// Ends with these bytes, the last of which is `>`.
    Until(&'static [u8]),
    /// Cannot be shortened.
    Tag,
}

impl Event {
    fn kind(&self) -> Kind {
        match self.head.as_slice() {
            [b'<', b'!', b'-', b'-', ..] => Kind::Until(b"-->"),
            [b'<', b'?', ..] => Kind::Until(b"?>"),
            head if head.starts_with(b"<![CDATA[") => Kind::Until(b"]]>"),
            [b'<', ..] => Kind::Tag,
            _ => Kind::Text,
        }
    }

    fn leave(&mut self, bytes: &[u8]) {
        let room = START.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        self.passed = self.passed.saturating_add(bytes.len());
        self.tail = last_two(self.tail, bytes);
    }
}

impl<R: Read> Trim<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; ROOM + KEPT], start: 0, at: 0, filled: 0, event: Event::default() }
    }

    /// What comes now is the start of an event.
    pub(super) fn event(&mut self) {
        self.start = self.at;
        if self.event.passed > 0 {
            self.event.head.clear();
            self.event.passed = 0;
        }
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// The next piece of the file, behind what was taken.
    #[cold]
    fn refill(&mut self) -> io::Result<()> {
        self.event.leave(self.buffer.get(self.start..self.filled).unwrap_or_default());
        self.read()?;
        if self.event.passed < KEPT {
            return Ok(());
        }
        match self.event.kind() {
            Kind::Tag if self.event.passed >= MAX_TAG => Err(io::Error::other(EndlessTag)),
            Kind::Tag => Ok(()),
            Kind::Text => self.drop_text(),
            Kind::Until(end) => self.drop_until(end),
        }
    }

    /// Reads until the buffer is full, so that no character lies across more than two pieces.
    fn read(&mut self) -> io::Result<()> {
        (self.start, self.at, self.filled) = (ROOM, ROOM, ROOM);
        while let Some(free) = self.buffer.get_mut(self.filled..).filter(|free| !free.is_empty()) {
            match self.inner.read(free) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The bytes at the front that belong to a character whose start has been passed on.
    fn rest_of_character(&self) -> Vec<u8> {
        self.pending().iter().copied().take(3).take_while(|byte| (0x80..0xC0).contains(byte)).collect()
    }

    fn drop_text(&mut self) -> io::Result<()> {
        let rest = self.rest_of_character();
        while self.filled > self.at {
            if let Some(offset) = memchr::memchr(b'<', self.pending()) {
                self.put_before(self.at + offset, &rest);
                return Ok(());
            }
            self.read()?;
        }
        self.put_before(self.at, &rest);
        Ok(())
    }

    fn drop_until(&mut self, end: &'static [u8]) -> io::Result<()> {
        let mut passed_on = self.rest_of_character();
        passed_on.extend_from_slice(end);
        let mut before = self.event.tail;
        while self.filled > self.at {
            let bytes = self.pending();
            let byte = |offset: usize, back: usize| match offset.checked_sub(back) {
                Some(at) => bytes.get(at).copied(),
                None => before.get(2 + offset - back).copied(),
            };
            let ends = |offset: &usize| {
                end.iter().rev().enumerate().all(|(back, expected)| byte(*offset, back) == Some(*expected))
            };
            if let Some(offset) = memchr::memchr_iter(b'>', bytes).find(ends) {
                self.put_before(self.at + offset + 1, &passed_on);
                return Ok(());
            }
            before = last_two(before, bytes);
            self.read()?;
        }
        Ok(())
    }

    /// Goes on at `next`, with `bytes` put before it in place of what was dropped.
    fn put_before(&mut self, next: usize, bytes: &[u8]) {
        let from = next.saturating_sub(bytes.len());
        if let Some(place) = self.buffer.get_mut(from..next).filter(|place| place.len() == bytes.len()) {
            place.copy_from_slice(bytes);
        }
        (self.start, self.at) = (from, from);
    }
}

fn last_two(before: [u8; 2], bytes: &[u8]) -> [u8; 2] {
    match bytes {
        [.., first, second] => [*first, *second],
        [only] => [before[1], *only],
        [] => before,
    }
}

impl<R: Read> BufRead for Trim<R> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.filled {
            self.refill()?;
        }
        Ok(self.pending())
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.filled);
    }
}

impl<R: Read> Read for Trim<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut from = self.fill_buf()?;
        let count = from.read(to)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
