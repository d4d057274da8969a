//! Unified diffs as `git diff` and `diff -u` write them (<https://git-scm.com/docs/diff-format>): which lines a change adds or replaces, in the
//! numbering after it.
//!
//! A renamed file counts under its new name, a deleted one not at all; binary files and files that only lost lines are there with no
//! line. Names may be quoted, and have the prefixes `a/` and `b/`, those of `diff.mnemonicPrefix`, or none. Inside a hunk only its counts
//! say what a line is: a deleted `-- x` looks like a header. Must not: read combined diffs of merges, or several commits, whose line numbers
//! are not of one state.

mod names;

use super::facts::{About, ChangeFacts, Facts, Kind, MAX_LINE, Parsed};
use super::lines::TextLines;
use super::marks::number;
use super::{Format, Input, ReportError, Sniff};
use names::{Names, unquoted};
use std::ops::RangeInclusive;

/// The format.
pub static FORMAT: Format = Format {
    name: "unified-diff",
    title: "unified diff",
    kind: Kind::Changes,
    recognise: |head: &Sniff<'_>| {
        let text = head.text;
        text.starts_with("diff --git ")
            || (text.starts_with("--- ") && text.contains("\n+++ "))
            || ((text.starts_with("commit ") || text.starts_with("From ")) && text.contains("\ndiff --git "))
    },
    read,
};

/// What is left of the hunk that is open.
#[derive(Debug, Clone, Copy, Default)]
struct Hunk {
    old: u32,
    new: u32,
    /// Number of the next line after the change.
    line: u32,
}

#[derive(Default)]
struct Diff {
    facts: ChangeFacts,
    names: Names,
    /// The file that is open, with its ranges so far; none before its name is known, and for a deleted one.
    file: Option<(String, Vec<RangeInclusive<u32>>)>,
    hunk: Hunk,
    files: u64,
    about: About,
}

/// Reads a diff.
///
/// # Errors
/// When it ends inside a hunk, a hunk has no numbers or stands before its file, it is combined, or no file is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut diff = Diff::default();
    let mut lines = TextLines::new(input);
    while let Some(line) = lines.next()? {
        diff.take(line).map_err(|words| ReportError::at(lines.place(), words))?;
    }
    if diff.hunk.old > 0 || diff.hunk.new > 0 {
        return Err(ReportError::truncated(lines.place(), "the diff ends inside a hunk: it is truncated"));
    }
    diff.close_file();
    if diff.files == 0 {
        return Err(ReportError::nothing(lines.place(), "the diff holds no file"));
    }
    Ok(Parsed { facts: Facts::Changes(diff.facts), about: diff.about })
}

impl Diff {
    fn take(&mut self, line: &[u8]) -> Result<(), String> {
        if self.hunk.old > 0 || self.hunk.new > 0 {
            return self.changed(line);
        }
        let after = |start: &[u8]| line.strip_prefix(start);
        if let Some(names) = after(b"diff --git ") {
            self.open_file();
            self.names.header(names);
        } else if let Some(old) = after(b"--- ") {
            // Diffs that are not git's have no header of their own.
            if self.names.has_old() || self.file.is_some() {
                self.open_file();
            }
            self.names.old(old);
        } else if let Some(new) = after(b"+++ ") {
            self.name_file(new);
        } else if let Some(hunk) = after(b"@@ ") {
            self.hunk = self.open_hunk(hunk)?;
        } else if after(b"@@@").is_some()
            || after(b"diff --cc ").is_some()
            || after(b"diff --combined ").is_some()
        {
            return Err("the diff is the combined one of a merge: compare with one parent".to_owned());
        } else if let Some(name) = after(b"rename to ").or_else(|| after(b"copy to ")) {
            self.file = Some((unquoted(name), Vec::new()));
        } else if after(b"deleted file mode ").is_some() {
            self.names.deleted();
        } else if let Some(commit) = after(b"commit ").or_else(|| after(b"From ")) {
            self.commit(commit)?;
        }
        Ok(())
    }

    /// `git show` and `git format-patch` name the commit.
    fn commit(&mut self, words: &[u8]) -> Result<(), String> {
        let id = words.split(|byte| *byte == b' ').next().unwrap_or_default();
        if !matches!(id.len(), 40 | 64) || !id.iter().all(u8::is_ascii_hexdigit) {
            return Ok(());
        }
        if self.about.commit.is_some() {
            return Err("the diff is of several commits: their line numbers are not of one state".to_owned());
        }
        self.about.commit = Some(String::from_utf8_lossy(id).into_owned());
        Ok(())
    }

    fn open_file(&mut self) {
        self.close_file();
        self.names = Names::default();
    }

    fn name_file(&mut self, new: &[u8]) {
        let ranges = self.file.take().map(|(_, ranges)| ranges).unwrap_or_default();
        self.file = match self.names.new_path(new) {
            Some(path) => Some((path, ranges)),
            None => {
                self.files += 1;
                self.names = Names::default();
                None
            }
        };
    }

    fn close_file(&mut self) {
        let named = self.file.take().or_else(|| self.names.of_header().map(|path| (path, Vec::new())));
        if let Some((path, ranges)) = named {
            self.files += 1;
            self.facts.files.entry(path).or_default().extend(ranges);
        } else if self.names.is_deleted() {
            self.files += 1;
        }
    }

    /// `-<line>[,<count>] +<line>[,<count>] @@ …`
    fn open_hunk(&mut self, text: &[u8]) -> Result<Hunk, String> {
        let wrong = || "the hunk has no numbers".to_owned();
        let mut words = text.split(|byte| *byte == b' ');
        let mut part = |sign: u8| {
            let word =
                words.next().filter(|word| word.first() == Some(&sign)).and_then(|word| word.get(1..))?;
            let mut numbers = word.split(|byte| *byte == b',').map(number);
            let (line, count) = (numbers.next()??, numbers.next().unwrap_or(Some(1))?);
            Some((u32::try_from(line).ok()?, u32::try_from(count).ok()?))
        };
        let (_, old) = part(b'-').ok_or_else(wrong)?;
        let (line, new) = part(b'+').ok_or_else(wrong)?;
        if line.saturating_add(new) > MAX_LINE {
            return Err(super::covered::beyond(u64::from(line) + u64::from(new)));
        }
        if self.file.is_none() && new > 0 {
            return Err("a hunk stands before the name of its file".to_owned());
        }
        Ok(Hunk { old, new, line })
    }

    fn changed(&mut self, line: &[u8]) -> Result<(), String> {
        let Hunk { old, new, line: at } = &mut self.hunk;
        let short = || "the hunk has other lines than its head says".to_owned();
        match line.first() {
            Some(b'+') => {
                *new = new.checked_sub(1).ok_or_else(short)?;
                if let Some((_, ranges)) = &mut self.file {
                    match ranges.last_mut() {
                        Some(last) if last.end() + 1 == *at => *last = *last.start()..=*at,
                        Some(_) | None => ranges.push(*at..=*at),
                    }
                }
                *at += 1;
            }
            Some(b'-') => *old = old.checked_sub(1).ok_or_else(short)?,
            // Some mailers take the blank of an empty line.
            Some(b' ') | None => {
                (*old, *new) = (old.checked_sub(1).ok_or_else(short)?, new.checked_sub(1).ok_or_else(short)?);
                *at += 1;
            }
            // `\ No newline at end of file`
            Some(b'\\') => {}
            Some(_) => return Err(short()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
