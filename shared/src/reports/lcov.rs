//! lcov tracefiles (`geninfo(1)`). Records of the same `SF` are merged; declared `LF`/`LH` are ignored: they are absent or wrong
//! in real files.

use super::ReportError;
use super::facts::{CoverageFacts, Facts, Ratio};
use std::collections::HashMap;

#[derive(Default)]
struct File {
    lines: HashMap<u64, bool>,
    branches: HashMap<(u64, String), bool>,
    functions: HashMap<String, bool>,
}

/// Reads a tracefile.
///
/// # Errors
/// When a record is not ended, a `DA` line has no numbers, or no file is in it.
pub fn read(bytes: &[u8]) -> Result<Facts, ReportError> {
    let text = String::from_utf8_lossy(bytes);
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
        return Err(ReportError::at(
            format!("line {}", text.lines().count()),
            "the last record has no `end_of_record`: it is truncated",
        ));
    }
    if files.is_empty() {
        return Err(ReportError::at("line 1", "the file holds no `SF` record"));
    }
    Ok(Facts::Coverage(sum(files.values())))
}

/// Takes one line of a record; none when its numbers are unreadable. Unknown lines are tolerated.
fn record(file: &mut File, line: &str) -> Option<()> {
    let (tag, rest) = line.split_once(':').unwrap_or((line, ""));
    let mut fields = rest.split(',');
    match tag {
        "DA" => {
            let number = fields.next()?.trim().parse().ok()?;
            let hit = count(fields.next()?)?;
            *file.lines.entry(number).or_default() |= hit;
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

fn sum<'a>(files: impl Iterator<Item = &'a File>) -> CoverageFacts {
    let ratio = |hits: &mut dyn Iterator<Item = bool>| {
        hits.fold(Ratio::default(), |sum, hit| sum.plus(Ratio { hit: u64::from(hit), total: 1 }))
    };
    files.fold(CoverageFacts::default(), |sum, file| CoverageFacts {
        lines: sum.lines.plus(ratio(&mut file.lines.values().copied())),
        branches: sum.branches.plus(ratio(&mut file.branches.values().copied())),
        functions: sum.functions.plus(ratio(&mut file.functions.values().copied())),
        files: sum.files + u64::from(!file.lines.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_one_file_are_merged_and_declared_totals_ignored() {
        let text = "TN:\nSF:a.js\nFN:1,f\nFNDA:0,f\nDA:1,1\nDA:2,0\nBRDA:2,0,0,-\nBRDA:2,0,1,3\nLF:99\nLH:99\nend_of_record\nSF:a.js\nDA:2,7,abc\nDA:3,-1\nend_of_record\n";
        let Ok(Facts::Coverage(facts)) = read(text.as_bytes()) else { panic!("unreadable") };
        assert_eq!(
            (facts.lines, facts.branches, facts.functions),
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
