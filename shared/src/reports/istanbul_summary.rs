//! Istanbul's `coverage-summary.json` (reporter `json-summary`,
//! <https://github.com/istanbuljs/istanbuljs/tree/main/packages/istanbul-reports>): counts of each file, no lines.
//!
//! `total` is only compared. `pct` is cut to two digits and `"Unknown"` where there is nothing to cover, and never read; nor are `statements`,
//! which are not lines, and `branchesTrue`.

use super::facts::{About, CoverageFacts, FileCoverage, Kind, Lines, Parsed, Ratio};
use super::totals::Totals;
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};
use std::fmt;

/// The format.
pub static FORMAT: Format = Format {
    name: "istanbul-summary",
    title: "Istanbul coverage-summary.json",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| head.has("/total/lines/pct") || head.has("/total/lines/covered"),
    read,
};

#[derive(Deserialize)]
struct Counts {
    lines: Count,
    functions: Count,
    branches: Count,
}

#[derive(Deserialize)]
struct Count {
    total: u64,
    covered: u64,
}

/// The whole file.
#[derive(Default)]
struct Summary {
    total: Option<Counts>,
    files: Vec<FileCoverage>,
}

/// Reads a summary.
///
/// # Errors
/// When it is not JSON, has no `total`, a count is missing or impossible, or nothing can be covered.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let summary: Summary = super::json::read(input)?;
    let total = summary.total.ok_or_else(|| ReportError::at("/total", "the summary has no `total`"))?;
    let totals = Totals {
        lines: Some(total.lines.total),
        lines_hit: Some(total.lines.covered),
        branches: Some(total.branches.total),
        branches_hit: Some(total.branches.covered),
        functions: Some(total.functions.total),
        functions_hit: Some(total.functions.covered),
    };
    totals.beside(CoverageFacts { files: summary.files }, About::default(), "/")
}

impl<'de> Deserialize<'de> for Summary {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Files)
    }
}

struct Files;

impl<'de> Visitor<'de> for Files {
    type Value = Summary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of files")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Summary, A::Error> {
        let mut summary = Summary::default();
        while let Some(path) = map.next_key::<String>()? {
            let counts: Counts = map.next_value()?;
            if path == "total" {
                summary.total = Some(counts);
                continue;
            }
            let ratio = |count: &Count| {
                let Count { total, covered } = *count;
                let words = || A::Error::custom(format!("{covered} of {total} are covered in `{path}`"));
                if covered > total { Err(words()) } else { Ok(Ratio { hit: covered, total }) }
            };
            summary.files.push(FileCoverage {
                lines: Lines::Counted(ratio(&counts.lines)?),
                branches: ratio(&counts.branches)?,
                functions: ratio(&counts.functions)?,
                path,
            });
        }
        Ok(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::totals::of_bytes;

    fn refused(json: &str) -> ReportError {
        Input::of_bytes(json.as_bytes()).and_then(super::read).unwrap_err()
    }

    fn counts(total: u64, covered: u64) -> String {
        let one = format!(r#"{{"total":{total},"covered":{covered},"skipped":0,"pct":"Unknown"}}"#);
        format!(
            r#"{{"lines":{one},"statements":{one},"functions":{one},"branches":{one},"branchesTrue":{one}}}"#
        )
    }

    #[test]
    fn files_are_summed_and_the_declared_total_is_not_believed() {
        let json = format!(
            r#"{{"total":{},"a.js":{},"b.js":{},"empty.js":{}}}"#,
            counts(10, 10),
            counts(125, 98),
            counts(5, 5),
            counts(0, 0)
        );
        let (facts, about) = of_bytes(super::read, json.as_bytes());
        assert_eq!((facts.lines(), facts.file_count()), (Ratio { hit: 103, total: 130 }, 2));
        insta::assert_snapshot!(about.oddities.join("\n"), @"
        10 of 10 lines are declared hit and 103 of 130 counted
        10 of 10 branches are declared hit and 103 of 130 counted
        10 of 10 functions are declared hit and 103 of 130 counted
        ");
    }

    #[test]
    fn what_is_no_evidence_is_refused_with_its_place() {
        insta::assert_snapshot!(refused(r#"{"total":{},"a":{"lines":{"total":1}}}"#), @"the JSON has another shape than the format: missing field 'lines', at `line 1 column 11`");
        insta::assert_snapshot!(refused(&format!(r#"{{"total":{},"a":{}}}"#, counts(1, 1), counts(1, 2))), @"the JSON has another shape than the format: 2 of 1 are covered in 'a', at `line 1 column 655`");
        insta::assert_snapshot!(refused("{}"), @"the summary has no `total`, at `/total`");
        insta::assert_snapshot!(refused(&format!(r#"{{"total":{}}}"#, counts(7, 7))), @"no line of code is in the report, at `/`");
        insta::assert_snapshot!(refused(&format!(r#"{{"total":{}"#, counts(7, 7))), @"the JSON ends too early: it is truncated, at `line 1 column 329`");
    }
}
