//! `yarn audit --json` of yarn 1 (<https://classic.yarnpkg.com/lang/en/docs/cli/audit/>): one JSON value on each line.
//!
//! An advisory is written once for each path to its package: it is counted once, and its paths are occurrences. The summary is the last line:
//! without it the audit did not come to its end. It counts paths, and is known to be wrong at times: it is only compared.

use super::advisory::Packages;
use super::facts::{About, Facts, Finding, Kind, Parsed, Severity, kept};
use super::json::{self, Counts, Text, TextOr};
use super::npm_audit::{Dependencies, Metadata};
use super::npm_audit_6::Advisory;
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format =
    Format { name: "yarn-audit", title: "yarn 1 audit", kind: Kind::Findings, recognise, read };

/// An advisory, the summary, or a message of yarn's that comes before them.
fn recognise(head: &Sniff<'_>) -> bool {
    match head.value("/type").unwrap_or_default() {
        "auditAdvisory" | "auditAction" | "auditSummary" => true,
        "info" | "warning" | "error" => {
            let words = ["\"auditAdvisory\"", "\"auditSummary\"", "/docs/cli/audit", "/security/audits"];
            head.has("/data") && words.into_iter().any(|word| head.text.contains(word))
        }
        _ => false,
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Text<'a>,
    data: Option<TextOr<'a, Data<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    resolution: Option<Resolution<'a>>,
    advisory: Option<Advisory<'a>>,
    vulnerabilities: Option<Counts>,
    dependencies: Option<u64>,
    total_dependencies: Option<u64>,
}

#[derive(Deserialize)]
struct Resolution<'a> {
    #[serde(borrow, default)]
    path: Text<'a>,
}

#[derive(Default)]
struct Audit {
    found: Packages,
    summary: Option<Metadata>,
}

/// Reads an audit.
///
/// # Errors
/// When a line is no JSON, the tool says that it failed, or the summary is missing.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let mut audit = Audit::default();
    json::each(&bytes, |index, line: Line<'_>| {
        audit.line(line).map_err(|e| e.under(&format!("value {}", index + 1)))
    })?;
    let Some(summary) = audit.summary else {
        return Err(ReportError::truncated(
            "/",
            "the last line is no `auditSummary`: the audit is truncated",
        ));
    };
    let declared: u64 = Severity::ALL
        .into_iter()
        .filter_map(|severity| summary.declared(severity))
        .fold(0, u64::saturating_add);
    let mut about = About { tool: Some("yarn 1".to_owned()), ..About::default() };
    summary.note_no_dependency(&mut about);
    about.compare("paths", Some(declared), audit.found.occurrences());
    summary.needs_list(audit.found.occurrences())?;
    Ok(Parsed { facts: Facts::Findings(audit.found.into_facts()), about })
}

impl Audit {
    fn line(&mut self, line: Line<'_>) -> Result<(), ReportError> {
        match (&*line.kind, line.data) {
            ("auditAdvisory", Some(TextOr::Value(data))) => self.advisory(data)?,
            ("auditSummary", Some(TextOr::Value(data))) => {
                self.summary = Some(Metadata {
                    vulnerabilities: data.vulnerabilities.unwrap_or_default(),
                    dependencies: data.dependencies.map(Dependencies::All),
                    total_dependencies: data.total_dependencies,
                });
            }
            ("error", Some(TextOr::Text(words))) => {
                let words = kept(&words).replace('`', "'");
                return Err(ReportError::tool_failed("/data", format!("yarn wrote an error: `{words}`")));
            }
            ("error", _) => return Err(ReportError::tool_failed("/data", "yarn wrote an error")),
            _ => {}
        }
        Ok(())
    }

    fn advisory(&mut self, data: Data<'_>) -> Result<(), ReportError> {
        let missing = || ReportError::at("/data/advisory", "the advisory is missing");
        let finding =
            data.advisory.ok_or_else(missing)?.finding("").map_err(|e| e.under("/data/advisory"))?;
        let path = data.resolution.map(|resolution| kept(&resolution.path)).unwrap_or_default();
        // The advisory repeats all of its paths on each line: the line is one of them.
        self.found.add(Finding { location: path, occurrences: 1, ..finding });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    const ADVISORY: &str = r#"{"type":"auditAdvisory","data":{"resolution":{"id":1,"path":"a>qs"},"advisory":{"id":1,"module_name":"qs","severity":"moderate","github_advisory_id":"GHSA-aaaa-bbbb-cccc","findings":[{"version":"1.0.0","paths":["a>qs","b>qs"]}]}}}"#;
    const SUMMARY: &str = r#"{"type":"auditSummary","data":{"vulnerabilities":{"info":0,"low":0,"moderate":2,"high":0,"critical":0},"dependencies":3,"totalDependencies":3}}"#;

    #[test]
    fn an_advisory_on_two_paths_counts_once() {
        let parsed = read(&format!("{ADVISORY}\n{ADVISORY}\n{SUMMARY}\n")).unwrap();
        let Facts::Findings(facts) = parsed.facts else { panic!("no findings") };
        assert_eq!((facts.total(), facts.count(Severity::Medium), facts.findings[0].occurrences), (1, 1, 2));
        assert_eq!(
            (facts.findings[0].location.as_str(), facts.findings[0].version.as_str()),
            ("a>qs", "1.0.0")
        );
        assert_eq!((parsed.about.declared[0].declared, parsed.about.declared[0].counted), (2, 2));
    }

    #[test]
    fn an_audit_without_its_summary_is_truncated_and_an_error_is_no_clean_audit() {
        insta::assert_snapshot!(read(ADVISORY).unwrap_err(), @"the last line is no `auditSummary`: the audit is truncated, at `/`");
        insta::assert_snapshot!(read(&format!("{ADVISORY}\n{{\"type\":\"auditSu")).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 2 column 16`");
        insta::assert_snapshot!(read(&format!("{{\"type\":\"error\",\"data\":\"Received malformed response from registry for 'audit'.\"}}\n{SUMMARY}")).unwrap_err(), @"yarn wrote an error: `Received malformed response from registry for 'audit'.`, at `value 1/data`");
        insta::assert_snapshot!(read(SUMMARY).unwrap_err(), @"the summary says 2 vulnerabilities, and none is listed, at `/metadata/vulnerabilities`");
        insta::assert_snapshot!(read(r#"{"type":"auditSummary","data":{"vulnerabilities":{},"dependencies":0,"totalDependencies":0}}"#).unwrap().about.oddities.join(" "), @"the audit looked at no dependency: the lock file has none");
        insta::assert_snapshot!(read("{\"type\":\"auditAdvisory\",\"data\":{}}").unwrap_err(), @"the advisory is missing, at `value 1/data/advisory`");
        let clean = SUMMARY.replace("\"moderate\":2", "\"moderate\":0");
        assert!(read(&format!("{{\"type\":\"warning\",\"data\":\"No license field\"}}\n{clean}")).is_ok());
    }
}
