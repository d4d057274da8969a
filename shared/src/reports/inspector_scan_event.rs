//! The event `Inspector2 Scan` of the first finished scan of an image
//! (<https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html>). It counts findings without naming them; `TOTAL` stands
//! among the severities and may be more than their sum.

use super::facts::{Kind, Parsed};
use super::{Format, Input, ReportError, Sniff, scan_event};

/// The format.
pub static FORMAT: Format = Format {
    name: "inspector-scan-event",
    title: "Amazon Inspector scan event",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        head.value("/source") == Some("aws.inspector2")
            && head.value("/detail-type") == Some("Inspector2 Scan")
    },
    read,
};

/// Reads an event.
///
/// # Errors
/// When it is not JSON, it does not tell of a finished first scan, or has no counts.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    scan_event::read(input, "Amazon Inspector", |state| match state {
        "INITIAL_SCAN_COMPLETE" => Ok(()),
        other => Err(scan_event::failed(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Facts, Severity};
    use super::*;

    fn read(status: &str, counts: &str) -> Result<Parsed, ReportError> {
        let text = format!(
            r#"{{"detail-type":"Inspector2 Scan","source":"aws.inspector2","time":"2026-01-31T10:00:00Z","detail":{{"scan-status":"{status}"{counts}}}}}"#
        );
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    #[test]
    fn what_the_total_has_more_is_of_unknown_severity() {
        let parsed = read(
            "INITIAL_SCAN_COMPLETE",
            r#","finding-severity-counts":{"CRITICAL":7,"HIGH":61,"MEDIUM":62,"TOTAL":158}"#,
        )
        .unwrap();
        insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"28 of 158 findings have no severity in the event: they count as unknown");
        let Facts::Findings(facts) = parsed.facts else { panic!("no findings") };
        assert_eq!(
            (facts.total(), facts.count(Severity::Unknown), facts.count(Severity::High)),
            (158, 28, 61)
        );
    }

    #[test]
    fn a_scan_that_did_not_complete_or_counted_nothing_is_not_clean() {
        assert!(read("INITIAL_SCAN_COMPLETE", r#","finding-severity-counts":{"TOTAL":0}"#).is_ok());
        insta::assert_snapshot!(read("INITIAL_SCAN_COMPLETE", "").unwrap_err(), @"the scan has no counts: nothing was scanned, at `/detail/finding-severity-counts`");
        insta::assert_snapshot!(read("FAILED", r#","finding-severity-counts":{"TOTAL":0}"#).unwrap_err(), @"the scan is `FAILED`, at `/detail/scan-status`");
        insta::assert_snapshot!(read("COMPLETE?", "").unwrap_err(), @"`COMPLETE?` is no known state of a scan, at `/detail/scan-status`");
    }
}
