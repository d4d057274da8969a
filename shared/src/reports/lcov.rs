//! lcov tracefiles (`geninfo(1)`). Records of the same `SF` are merged; declared `LF`/`LH` are ignored: they are absent or wrong
//! in real files.

use super::facts::{CoverageFacts, Facts, FileCoverage, Kind, LineSet, Lines, Parsed, Ratio};
use super::{Format, Input, ReportError, Sniff};
use std::collections::HashMap;

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
struct File {
    lines: LineSet,
    branches: HashMap<(u32, String), bool>,
    functions: HashMap<String, bool>,
}

/// Reads a tracefile.
///
/// # Errors
/// When a record is not ended, a `DA` line has no numbers, or no file is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut files: HashMap<String, File> = HashMap::new();
    let mut current: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if let Some(path) = line.strip_prefix("SF:") {
            files.entry(path.to_owned()).or_default();
            current = Some(path.to_owned());
        } else if line == "end_of_record" {
            current = None;
        } else if let Some(file) = current.as_ref().and_then(|path| files.get_mut(path)) {
            record(file, line)
                .ok_or_else(|| ReportError::at(format!("line {}", index + 1), "the numbers are missing"))?;
        }
    }
    if current.is_some() {
        return Err(ReportError::truncated(
            format!("line {}", text.lines().count()),
            "the last record has no `end_of_record`: it is truncated",
        ));
    }
    if files.is_empty() {
        return Err(ReportError::at("line 1", "the file holds no `SF` record"));
    }
    let files = files.into_iter().map(|(path, file)| file.summed(path)).collect();
    Ok(Parsed::of(Facts::Coverage(CoverageFacts { files })))
}

/// Takes one line of a record; none when its numbers are unreadable. Unknown lines are tolerated.
fn record(file: &mut File, line: &str) -> Option<()> {
    let (tag, rest) = line.split_once(':').unwrap_or((line, ""));
    let mut fields = rest.split(',');
    match tag {
        "DA" => {
            let number = fields.next()?.trim().parse().ok()?;
            let hit = count(fields.next()?)?;
            file.lines.add(number, hit);
        }
        "BRDA" => {
            let number = fields.next()?.trim().parse().ok()?;
            let block = fields.next()?;
            let branch = fields.next()?;
            let taken = fields.next()?.trim();
            let hit = taken != "-" && count(taken)?;
            *file.branches.entry((number, format!("{block},{branch}"))).or_default() |= hit;
        }
        "FNDA" => {
            let hit = count(fields.next()?)?;
            *file.functions.entry(fields.next()?.to_owned()).or_default() |= hit;
        }
        "FN" => {
            let name = rest.rsplit(',').next()?;
            file.functions.entry(name.to_owned()).or_default();
        }
        _ => {}
    }
    Some(())
}

/// Whether a hit count is positive. Counts may be larger than 64 bit, and negative ones are seen: those are no hit.
fn count(text: &str) -> Option<bool> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(!text.starts_with('-') && digits.bytes().any(|byte| byte != b'0'))
}

impl File {
    fn summed(self, path: String) -> FileCoverage {
        let ratio = |hits: &mut dyn Iterator<Item = &bool>| {
            hits.fold(Ratio::default(), |sum, hit| sum.plus(Ratio { hit: u64::from(*hit), total: 1 }))
        };
        FileCoverage {
            path,
            branches: ratio(&mut self.branches.values()),
            functions: ratio(&mut self.functions.values()),
            lines: Lines::Exact(self.lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    #[test]
    fn records_of_one_file_are_merged_and_declared_totals_ignored() {
        let text = "TN:\nSF:a.js\nFN:1,f\nFNDA:0,f\nDA:1,1\nDA:2,0\nBRDA:2,0,0,-\nBRDA:2,0,1,3\nLF:99\nLH:99\nend_of_record\nSF:a.js\nDA:2,7,abc\nDA:3,-1\nend_of_record\n";
        let Ok(Facts::Coverage(facts)) = read(text.as_bytes()).map(|parsed| parsed.facts) else {
            panic!("unreadable")
        };
        assert_eq!(
            (facts.lines(), facts.branches(), facts.functions()),
            (Ratio { hit: 2, total: 3 }, Ratio { hit: 1, total: 2 }, Ratio { hit: 0, total: 1 })
        );
    }

    #[test]
    fn truncated_and_empty_files_are_no_evidence() {
        insta::assert_snapshot!(read(b"SF:a\nDA:1,1\n").unwrap_err(), @"the last record has no `end_of_record`: it is truncated, at `line 2`");
        insta::assert_snapshot!(read(b"").unwrap_err(), @"the file holds no `SF` record, at `line 1`");
        insta::assert_snapshot!(read(b"SF:a\nDA:1\nend_of_record").unwrap_err(), @"the numbers are missing, at `line 2`");
    }
}
