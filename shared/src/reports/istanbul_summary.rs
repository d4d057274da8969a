//! Istanbul's `coverage-summary.json` (reporter `json-summary`): per-file counts; `total` and its truncated `pct` are not used.

use super::facts::{CoverageFacts, Facts, FileCoverage, Kind, Lines, Parsed, Ratio};
use super::{Format, Input, ReportError, Sniff};
use serde_json::{Map, Value};

/// The format.
pub static FORMAT: Format = Format {
    name: "istanbul-summary",
    title: "Istanbul coverage-summary.json",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| head.has("/total/lines/pct") || head.has("/total/lines/covered"),
    read,
};

/// Reads a summary.
///
/// # Errors
/// When it is not JSON, has no `total`, or a count is missing.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let summary: Map<String, Value> = super::json::read(input)?;
    if !summary.contains_key("total") {
        return Err(ReportError::at("/total", "the summary has no `total`"));
    }
    let mut facts = CoverageFacts::default();
    for (path, file) in summary.iter().filter(|(path, _)| *path != "total") {
        facts.files.push(FileCoverage {
            path: path.clone(),
            lines: Lines::Counted(ratio(path, file, "lines")?),
            branches: ratio(path, file, "branches")?,
            functions: ratio(path, file, "functions")?,
        });
    }
    Ok(Parsed::of(Facts::Coverage(facts)))
}

fn ratio(path: &str, file: &Value, kind: &str) -> Result<Ratio, ReportError> {
    let number = |member: &str| {
        file.get(kind)
            .and_then(|counts| counts.get(member))
            .and_then(Value::as_u64)
            .ok_or_else(|| ReportError::at(format!("/{path}/{kind}/{member}"), "the count is missing"))
    };
    Ok(Ratio { hit: number("covered")?, total: number("total")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    #[test]
    fn files_are_summed_and_the_declared_total_is_not_believed() {
        let json = r#"{"total":{"lines":{"pct":100}},"a.js":{"lines":{"total":125,"covered":98},"branches":{"total":4,"covered":2},"functions":{"total":1,"covered":1}}}"#;
        let Ok(Facts::Coverage(facts)) = read(json.as_bytes()).map(|parsed| parsed.facts) else {
            panic!("unreadable")
        };
        assert_eq!((facts.lines(), facts.file_count()), (Ratio { hit: 98, total: 125 }, 1));
        insta::assert_snapshot!(read(br#"{"total":{},"a":{"lines":{"total":1}}}"#).unwrap_err(), @"the count is missing, at `/a/lines/covered`");
        insta::assert_snapshot!(read(b"{}").unwrap_err(), @"the summary has no `total`, at `/total`");
    }
}
