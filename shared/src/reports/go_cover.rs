//! Go coverage profiles (`go test -coverprofile`, <https://pkg.go.dev/golang.org/x/tools/cover>): blocks of statements with their counts.
//!
//! `coverage.lines` means the same for every format: distinct (file, line) with a hit, of all. A line is there when a block covers it, and
//! hit when one of its blocks ran. `go tool cover` counts statements instead, so its percentage is another one; it is told of beside. A block
//! is written again for every package whose tests reach it (`-coverpkg`): its statements count once. Profiles know no functions or branches.

use super::covered::{Files, beyond};
use super::facts::{About, Keys, Kind, MAX_LINE, Parsed, Ratio};
use super::lines::TextLines;
use super::marks::{name_key, number};
use super::totals::{Totals, is_hit};
use super::{Format, Input, ReportError, Sniff};
use std::collections::HashMap;

/// The format.
pub static FORMAT: Format = Format {
    name: "go-cover",
    title: "Go coverage profile",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| head.text.starts_with("mode: "),
    read,
};

/// One line of a profile: `name.go:line.column,line.column statements count`.
struct Block<'a> {
    file: &'a [u8],
    /// All of it that tells blocks of a file apart.
    place: &'a [u8],
    first: u32,
    last: u32,
    statements: u64,
    hit: bool,
}

#[derive(Default)]
struct Profile {
    files: Files,
    /// Statements of a block, and whether they ran; by file and place.
    blocks: HashMap<u64, (u64, bool), Keys>,
    modes: u64,
}

/// Reads a profile.
///
/// # Errors
/// When a line is no block, or no block is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut profile = Profile::default();
    let mut lines = TextLines::new(input);
    while let Some(line) = lines.next()? {
        if let Err(words) = profile.take(line) {
            let place = lines.place();
            return Err(match lines.next()? {
                Some(_) => ReportError::at(place, words),
                None => ReportError::truncated(place, format!("{words}: it is truncated")),
            });
        }
    }
    profile.finish(&lines.place())
}

impl Profile {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        if line.starts_with(b"mode: ") {
            self.modes += 1;
            return Ok(());
        }
        if self.modes == 0 {
            return Err("the profile does not begin with `mode: `".to_owned());
        }
        let block = Block::of(line).ok_or_else(|| "the line is no block of a profile".to_owned())?;
        for line in [block.first, block.last] {
            if line > MAX_LINE {
                return Err(beyond(line.into()));
            }
        }
        let path = String::from_utf8_lossy(block.file);
        let index = self.files.index(&path).map_err(|error| error.message)?;
        let key = name_key(block.file).rotate_left(9) ^ name_key(block.place);
        let known = self.blocks.entry(key).or_insert((block.statements, false));
        known.1 |= block.hit;
        if let Some(file) = self.files.get(index) {
            file.lines.add_range(block.first, block.last, block.hit);
        }
        Ok(())
    }

    fn finish(self, place: &str) -> Result<Parsed, ReportError> {
        let mut about = About::default();
        if self.modes > 1 {
            about.odd(format!("profiles one after the other: {}", self.modes));
        }
        let mut statements = Ratio::default();
        for (count, hit) in self.blocks.values() {
            statements = statements.plus(Ratio { hit: if *hit { *count } else { 0 }, total: *count });
        }
        about.odd(format!(
            "`go tool cover` counts statements, {} of {}, where this counts lines",
            statements.hit, statements.total
        ));
        Totals::default().beside(self.files.into_facts()?, about, place)
    }
}

impl<'a> Block<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (rest, count) = split_last(line, b' ')?;
        let (rest, statements) = split_last(rest, b' ')?;
        // A path may hold colons, a place may not.
        let (file, place) = split_last(rest, b':')?;
        let (start, end) = split_last(place, b',')?;
        let line = |text: &[u8]| {
            let (line, column) = split_last(text, b'.')?;
            number(column)?;
            u32::try_from(number(line)?).ok()
        };
        let (first, last) = (line(start)?, line(end)?);
        let statements = number(statements)?;
        (first <= last && !file.is_empty()).then_some(())?;
        Some(Self { file, place, first, last, statements, hit: is_hit(count)? })
    }
}

/// What stands before and behind the last such byte.
fn split_last(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(byte, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::totals::of_bytes;

    fn refused(text: &str) -> ReportError {
        Input::of_bytes(text.as_bytes()).and_then(super::read).unwrap_err()
    }

    #[test]
    fn lines_are_counted_and_statements_are_told_of() {
        let (facts, about) = of_bytes(
            super::read,
            b"mode: set\nexample.com/a/a.go:3.20,5.9 2 1\nexample.com/a/a.go:5.9,7.3 1 0\nexample.com/a/b.go:1.1,2.2 4 0\n",
        );
        assert_eq!((facts.lines(), facts.file_count()), (Ratio { hit: 3, total: 7 }, 2));
        insta::assert_snapshot!(about.oddities.join("\n"), @"`go tool cover` counts statements, 2 of 7, where this counts lines");
    }

    #[test]
    fn a_block_that_is_written_for_each_package_counts_once() {
        let (facts, about) = of_bytes(
            super::read,
            b"mode: atomic\na.go:3.20,5.9 2 0\na.go:3.20,5.9 2 12\nmode: atomic\na.go:3.20,5.9 2 0\n",
        );
        assert_eq!(facts.lines(), Ratio { hit: 3, total: 3 });
        insta::assert_snapshot!(about.oddities.join("\n"), @"
        profiles one after the other: 2
        `go tool cover` counts statements, 2 of 2, where this counts lines
        ");
    }

    #[test]
    fn what_is_no_evidence_is_refused_with_its_place() {
        insta::assert_snapshot!(refused("mode: set\n"), @"no line of code is in the report, at `line 1`");
        insta::assert_snapshot!(refused("mode: set\na.go:3.20,5.9 2\na.go:3.20,5.9 2 1\n"), @"the line is no block of a profile, at `line 2`");
        insta::assert_snapshot!(refused("mode: set\na.go:3.20,5.9 2 1\na.go:3.20,5."), @"the line is no block of a profile: it is truncated, at `line 3`");
        insta::assert_snapshot!(refused("mode: set\na.go:3.20,5000000.9 2 1\nb"), @"line 5000000 of a source file is beyond the limit of 4000000, at `line 2`");
        insta::assert_snapshot!(refused("a.go:3.20,5.9 2 1\n\n"), @"the profile does not begin with `mode: `, at `line 1`");
        insta::assert_snapshot!(refused("mode: set\na.go:9.20,5.9 2 1\n\n"), @"the line is no block of a profile, at `line 2`");
    }
}
