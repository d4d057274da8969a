//! Shared by the formats of text lines: one line after the other out of a stream, numbered, in one buffer.

use super::{Input, Problem, ReportError};
use std::io::{BufRead, Read};

/// First size of the buffer, in bytes.
const BUFFER: usize = 64 * 1024;
/// Longest line taken, in bytes.
const MAX_LINE: usize = 1024 * 1024;

/// The lines of a report.
pub(crate) struct TextLines<'a> {
    source: Box<dyn BufRead + 'a>,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    number: usize,
}

impl<'a> TextLines<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        Self { source: input.into_reader(), buffer: vec![0; BUFFER], at: 0, filled: 0, number: 0 }
    }

    /// Number of the line that was given last, from 1; 0 before the first.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Where the line that was given last stands.
    pub(crate) fn place(&self) -> String {
        format!("line {}", self.number.max(1))
    }

    /// The next line without its end; none behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, ReportError> {
        let mut searched = 0;
        let (from, to) = loop {
            let pending = self.buffer.get(self.at..self.filled).unwrap_or_default();
            let unsearched = pending.get(searched..).unwrap_or_default();
            if let Some(end) = memchr::memchr(b'\n', unsearched) {
                let end = self.at + searched + end;
                break (std::mem::replace(&mut self.at, end + 1), end);
            }
            searched = pending.len();
            if !self.more()? {
                if searched == 0 {
                    return Ok(None);
                }
                break (std::mem::replace(&mut self.at, self.filled), self.filled);
            }
        };
        self.number += 1;
        let line = self.buffer.get(from..to).unwrap_or_default();
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// Reads on behind what is pending; false at the end.
    fn more(&mut self) -> Result<bool, ReportError> {
        self.buffer.copy_within(self.at..self.filled, 0);
        (self.at, self.filled) = (0, self.filled - self.at);
        if self.filled == self.buffer.len() {
            if self.buffer.len() >= MAX_LINE {
                let place = format!("line {}", self.number + 1);
                return Err(ReportError::new(Problem::TooLarge, place, "the line is longer than 1 MiB"));
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        loop {
            match self.source.read(free) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(super::input::unreadable(&error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut lines = TextLines::new(Input::of_stream(text.as_bytes()).unwrap());
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(String::from_utf8(line.to_vec()).unwrap());
        }
        all
    }

    #[test]
    fn lines_of_every_length_are_given_in_order() {
        assert_eq!(lines("a\r\n\nb"), ["a", "", "b"]);
        assert_eq!(lines(""), [""; 0]);
        let long: Vec<String> = (0..3_000).map(|n| "x".repeat(n % 700)).collect();
        assert_eq!(lines(&(long.join("\n") + "\n")), long);
        let huge = "y".repeat(BUFFER * 3);
        assert_eq!(lines(&format!("{huge}\n{huge}")), [huge.clone(), huge]);
    }

    #[test]
    fn a_line_that_never_ends_is_refused_with_its_number() {
        let text = format!("a\n{}", "x".repeat(2 * MAX_LINE));
        let mut lines = TextLines::new(Input::of_bytes(text.as_bytes()).unwrap());
        lines.next().unwrap();
        insta::assert_snapshot!(lines.next().unwrap_err(), @"the line is longer than 1 MiB, at `line 2`");
    }
}
