//! lcov tracefiles (`geninfo(1)`, <https://man.archlinux.org/man/geninfo.1>), what `geninfo`, Istanbul, coverage.py, `llvm-cov` and many
//! others write.
//!
//! Read line by line. Records of the same `SF` are one file: each line, branch and function counts once, and a hit anywhere is a hit. Counts
//! may be negative, `-` or beyond 64 bit, `DA` may have a checksum, names of functions may hold commas, and lcov 2 writes `FNL` and `FNA`
//! in place of `FN` and `FNDA`. Declared `LF`/`LH` and their kin are absent or wrong in real files: compared, never used. Lines that are no
//! record are passed over and told of.
//!
//! Must not: take a record that is not ended for whole.

mod functions;

use super::covered::{File, Files, beyond};
use super::facts::{About, Kind, MAX_LINE, Parsed};
use super::lines::TextLines;
use super::marks::{branch_key, number};
use super::totals::{Totals, add, is_hit};
use super::{Format, Input, ReportError, Sniff};
use functions::Functions;

/// The format.
pub static FORMAT: Format = Format {
    name: "lcov",
    title: "lcov tracefile",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| {
        head.text.starts_with("TN:") || head.text.starts_with("SF:") || head.text.contains("\nSF:")
    },
    read,
};

#[derive(Default)]
struct Lcov {
    files: Files,
    /// The file of the record that is open.
    open: Option<usize>,
    functions: Functions,
    totals: Totals,
    strays: u64,
    first_stray: usize,
}

/// What one line was.
enum Taken {
    Record,
    Stray,
}

/// Reads a tracefile.
///
/// # Errors
/// When a record is not ended, a line of a record has no numbers, or no line of code is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut lcov = Lcov::default();
    let mut lines = TextLines::new(input);
    while let Some(line) = lines.next()? {
        match lcov.take(line) {
            Ok(Taken::Record) => {}
            Ok(Taken::Stray) => lcov.stray(lines.number()),
            Err(error) => return Err(ReportError { path: lines.place(), ..error }),
        }
    }
    if lcov.open.is_some() {
        return Err(ReportError::truncated(
            lines.place(),
            "the last record has no `end_of_record`: it is truncated",
        ));
    }
    lcov.finish(&lines.place())
}

impl Lcov {
    fn take(&mut self, line: &[u8]) -> Result<Taken, ReportError> {
        // Nine lines of ten are these.
        if let (Some(plain), Some(file)) =
            (line.strip_prefix(b"DA:"), self.open.and_then(|open| self.files.get(open)))
            && let Some((line, hit)) = plain_data(plain)
        {
            file.lines.add(line, hit);
            return Ok(Taken::Record);
        }
        let line = line.trim_ascii();
        let (tag, rest) = match memchr::memchr(b':', line.get(..16).unwrap_or(line)) {
            Some(colon) => (line.get(..colon).unwrap_or_default(), line.get(colon + 1..).unwrap_or_default()),
            None => (line, &[][..]),
        };
        let Some(open) = self.open else { return self.outside(tag, rest) };
        match tag {
            b"end_of_record" => self.open = None,
            b"SF" => {
                return Err(ReportError::truncated(
                    "",
                    "a record begins before the last one has ended: it is truncated",
                ));
            }
            _ => {
                if let Some(file) = self.files.get(open) {
                    return record(file, &mut self.functions, &mut self.totals, tag, rest);
                }
            }
        }
        Ok(Taken::Record)
    }

    fn outside(&mut self, tag: &[u8], rest: &[u8]) -> Result<Taken, ReportError> {
        match tag {
            b"SF" => {
                let path = String::from_utf8_lossy(rest);
                self.functions.clear();
                self.open = Some(self.files.index(&path)?);
            }
            b"TN" | b"" => {}
            comment if comment.starts_with(b"#") => {}
            _ => return Ok(Taken::Stray),
        }
        Ok(Taken::Record)
    }

    fn stray(&mut self, number: usize) {
        if self.strays == 0 {
            self.first_stray = number;
        }
        self.strays += 1;
    }

    fn finish(self, place: &str) -> Result<Parsed, ReportError> {
        if self.files.is_empty() {
            return Err(ReportError::nothing(place, "the file holds no `SF` record"));
        }
        let mut about = About::default();
        if self.strays > 0 {
            about.odd(format!(
                "lines that are no lcov records: {}, the first is line {}",
                self.strays, self.first_stray
            ));
        }
        self.totals.beside(self.files.into_facts()?, about, place)
    }
}

/// `<line>,<count>` without anything strange; none when it has to be looked at closer.
#[inline]
fn plain_data(text: &[u8]) -> Option<(u32, bool)> {
    let mut line = 0_u32;
    let mut digits = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => line = line.wrapping_mul(10).wrapping_add(u32::from(byte - b'0')),
            b',' => break,
            _ => return None,
        }
        digits += 1;
    }
    let count = text.get(digits + 1..)?;
    let mut any = 0;
    for byte in count {
        if !byte.is_ascii_digit() {
            return None;
        }
        any |= byte ^ b'0';
    }
    (!count.is_empty() && (1..8).contains(&digits) && line <= MAX_LINE).then_some((line, any != 0))
}

/// Takes one line of an open record.
fn record(
    file: &mut File,
    functions: &mut Functions,
    totals: &mut Totals,
    tag: &[u8],
    rest: &[u8],
) -> Result<Taken, ReportError> {
    match tag {
        b"DA" => {
            let (line, count) = split(rest).ok_or_else(missing)?;
            let hit = is_hit(count.split(|byte| *byte == b',').next().unwrap_or_default());
            file.lines.add(line_number(line)?, hit.ok_or_else(missing)?);
        }
        b"BRDA" => {
            let (key, hit) = branch(rest)?;
            file.branches.add(key, hit);
        }
        b"FN" => functions.named(rest, &mut file.functions).ok_or_else(missing)?,
        b"FNDA" => functions.called(rest, &mut file.functions).ok_or_else(missing)?,
        b"FNL" => functions.located(rest, &mut file.functions).ok_or_else(missing)?,
        b"FNA" => functions.aliased(rest, &mut file.functions).ok_or_else(missing)?,
        b"LF" => add(&mut totals.lines, number(rest)),
        b"LH" => add(&mut totals.lines_hit, number(rest)),
        b"BRF" => add(&mut totals.branches, number(rest)),
        b"BRH" => add(&mut totals.branches_hit, number(rest)),
        b"FNF" => add(&mut totals.functions, number(rest)),
        b"FNH" => add(&mut totals.functions_hit, number(rest)),
        b"TN" | b"VER" | b"MCDC" | b"MCF" | b"MCH" | b"BA" | b"" => {}
        comment if comment.starts_with(b"#") => {}
        _ => return Ok(Taken::Stray),
    }
    Ok(Taken::Record)
}

/// `<line>,[e]<block>,<branch>,<taken>`; what stands for the branch may hold commas.
fn branch(rest: &[u8]) -> Result<(u64, bool), ReportError> {
    let (line, rest) = split(rest).ok_or_else(missing)?;
    let (block, rest) = split(rest).ok_or_else(missing)?;
    let last = memchr::memrchr(b',', rest).ok_or_else(missing)?;
    let (branch, taken) = rest.split_at(last);
    let hit = is_hit(taken.get(1..).unwrap_or_default()).ok_or_else(missing)?;
    Ok((branch_key(line_number(line)?, block, branch), hit))
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let comma = text.iter().position(|byte| *byte == b',')?;
    Some((text.get(..comma)?, text.get(comma + 1..)?))
}

fn line_number(text: &[u8]) -> Result<u32, ReportError> {
    let line = number(text).ok_or_else(missing)?;
    u32::try_from(line).ok().filter(|line| *line <= MAX_LINE).ok_or_else(|| ReportError::at("", beyond(line)))
}

/// The place is filled in by who knows it.
fn missing() -> ReportError {
    ReportError::at("", "the numbers are missing")
}

#[cfg(test)]
mod tests;
