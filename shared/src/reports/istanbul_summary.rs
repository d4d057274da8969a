//! Istanbul's `coverage-summary.json` (reporter `json-summary`): per-file counts; `total` and its truncated `pct` are not used.

use super::ReportError;
use super::facts::{CoverageFacts, Facts, Ratio};
use serde_json::{Map, Value};

/// Reads a summary.
///
/// # Errors
/// When it is not JSON, has no `total`, or a count is missing.
pub fn read(bytes: &[u8]) -> Result<Facts, ReportError> {
    let summary: Map<String, Value> = serde_json::from_slice(bytes).map_err(|error| {
        ReportError::at(
            format!("line {} column {}", error.line(), error.column()),
            "the file is not a JSON object",
        )
    })?;
    if !summary.contains_key("total") {
        return Err(ReportError::at("/total", "the summary has no `total`"));
    }
    let mut facts = CoverageFacts::default();
    for (path, file) in summary.iter().filter(|(path, _)| *path != "total") {
        facts.lines = facts.lines.plus(ratio(path, file, "lines")?);
        facts.branches = facts.branches.plus(ratio(path, file, "branches")?);
        facts.functions = facts.functions.plus(ratio(path, file, "functions")?);
        facts.files += 1;
    }
    Ok(Facts::Coverage(facts))
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

    #[test]
    fn files_are_summed_and_the_declared_total_is_not_believed() {
        let json = r#"{"total":{"lines":{"pct":100}},"a.js":{"lines":{"total":125,"covered":98},"branches":{"total":4,"covered":2},"functions":{"total":1,"covered":1}}}"#;
        let Ok(Facts::Coverage(facts)) = read(json.as_bytes()) else { panic!("unreadable") };
        assert_eq!((facts.lines, facts.files), (Ratio { hit: 98, total: 125 }, 1));
        insta::assert_snapshot!(read(br#"{"total":{},"a":{"lines":{"total":1}}}"#).unwrap_err(), @"the count is missing, at `/a/lines/covered`");
        insta::assert_snapshot!(read(b"{}").unwrap_err(), @"the summary has no `total`, at `/total`");
    }
}
