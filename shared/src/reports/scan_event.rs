//! Shared by the two events that tell of a finished image scan: they count findings by severity and name none.
//!
//! Must not: make up a finding. What is only counted can be waived by nobody.

use super::advisory::moment;
use super::facts::{About, Facts, FindingFacts, Parsed, Severity, kept};
use super::json::{self, Counts, Text};
use super::{Input, ReportError};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Event<'a> {
    #[serde(borrow, default)]
    time: Text<'a>,
    detail: Option<Detail<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail<'a> {
    #[serde(borrow, default)]
    scan_status: Text<'a>,
    finding_severity_counts: Option<Counts>,
}

/// Reads an event; `state` says what its word for the state of the scan means.
pub(super) fn read(
    input: Input<'_>,
    tool: &str,
    state: impl Fn(&str) -> Result<(), ReportError>,
) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let event: Event<'_> = json::parse(&bytes)?;
    let detail = event.detail.ok_or_else(|| ReportError::at("/detail", "the event has no detail"))?;
    state(&detail.scan_status).map_err(|error| error.under("/detail/scan-status"))?;
    let missing = || {
        ReportError::nothing("/detail/finding-severity-counts", "the scan has no counts: nothing was scanned")
    };
    let counts = detail.finding_severity_counts.ok_or_else(missing)?;
    let mut about = About { tool: Some(tool.to_owned()), created: moment(&event.time), ..About::default() };
    Ok(Parsed { facts: Facts::Findings(FindingFacts::of_counts(counted(&counts, &mut about))), about })
}

/// Counts on our scale. `TOTAL`, which Inspector adds, is no severity: what it has more than the others is of unknown severity.
fn counted(counts: &Counts, about: &mut About) -> BTreeMap<Severity, u64> {
    let mut counted: BTreeMap<Severity, u64> = BTreeMap::new();
    for (word, count) in counts.iter().filter(|(word, count)| *word != "TOTAL" && **count > 0) {
        let known = counted.entry(Severity::from_word(word)).or_default();
        *known = known.saturating_add(*count);
    }
    let sum = counted.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    if let Some(total) = counts.get("TOTAL").copied() {
        about.compare("findings.total", Some(total), sum);
        if let Some(more) = total.checked_sub(sum).filter(|more| *more > 0) {
            *counted.entry(Severity::Unknown).or_default() += more;
            about.odd(format!(
                "{more} of {total} findings have no severity in the event: they count as unknown"
            ));
        }
    }
    counted
}

/// The state of a scan that failed, or that nobody knows.
pub(super) fn failed(word: &str) -> ReportError {
    match word {
        "" => ReportError::at("", "the scan has no state"),
        "FAILED" => ReportError::tool_failed("", "the scan is `FAILED`"),
        other => {
            ReportError::at("", format!("`{}` is no known state of a scan", kept(other).replace('`', "'")))
        }
    }
}
