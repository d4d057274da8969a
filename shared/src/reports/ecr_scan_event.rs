//! The event `ECR Image Scan` of a finished basic scan
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>). Its keys have hyphens, unlike the API's. It is delivered
//! at best effort, and counts findings without naming them.

use super::facts::{Kind, Parsed};
use super::{Format, Input, ReportError, Sniff, scan_event};

/// The format.
pub static FORMAT: Format = Format {
    name: "ecr-scan-event",
    title: "ECR image scan event",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        head.value("/source") == Some("aws.ecr") && head.value("/detail-type") == Some("ECR Image Scan")
    },
    read,
};

/// Reads an event.
///
/// # Errors
/// When it is not JSON, the scan did not complete, or has no counts.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    scan_event::read(input, "Amazon ECR", |state| match state {
        "COMPLETE" => Ok(()),
        "IN_PROGRESS" => Err(ReportError::unfinished("", "the scan is `IN_PROGRESS`")),
        other => Err(scan_event::failed(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Facts, FindingFacts, Severity};
    use super::*;

    fn read(status: &str, counts: &str) -> Result<Parsed, ReportError> {
        let text = format!(
            r#"{{"detail-type":"ECR Image Scan","source":"aws.ecr","time":"2026-01-31T10:00:00Z","detail":{{"scan-status":"{status}"{counts}}}}}"#
        );
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn facts(parsed: Parsed) -> FindingFacts {
        match parsed.facts {
            Facts::Findings(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn findings_are_counted_and_not_named() {
        let counts =
            r#","finding-severity-counts":{"CRITICAL":10,"MEDIUM":9,"UNDEFINED":2,"INFORMATIONAL":0}"#;
        let facts = facts(read("COMPLETE", counts).unwrap());
        assert_eq!((facts.total(), facts.findings.len()), (21, 0));
        assert_eq!(
            [Severity::Critical, Severity::Medium, Severity::Unknown, Severity::High].map(|s| facts.count(s)),
            [10, 9, 2, 0]
        );
    }

    #[test]
    fn counts_of_several_events_add_up() {
        let counts = r#","finding-severity-counts":{"HIGH":3}"#;
        let [one, other] = [(); 2].map(|()| facts(read("COMPLETE", counts).unwrap()));
        let Some(Facts::Findings(both)) = Facts::Findings(one).merge(Facts::Findings(other)) else {
            panic!("no findings")
        };
        assert_eq!((both.count(Severity::High), both.total()), (6, 6));
    }

    #[test]
    fn a_scan_that_did_not_complete_or_counted_nothing_is_not_clean() {
        let none = r#","finding-severity-counts":{}"#;
        assert_eq!(facts(read("COMPLETE", none).unwrap()).total(), 0, "an empty map is a clean scan");
        insta::assert_snapshot!(read("COMPLETE", "").unwrap_err(), @"the scan has no counts: nothing was scanned, at `/detail/finding-severity-counts`");
        insta::assert_snapshot!(read("FAILED", none).unwrap_err(), @"the scan is `FAILED`, at `/detail/scan-status`");
        insta::assert_snapshot!(read("IN_PROGRESS", none).unwrap_err(), @"the scan is `IN_PROGRESS`, at `/detail/scan-status`");
        insta::assert_snapshot!(read("", none).unwrap_err(), @"the scan has no state, at `/detail/scan-status`");
        insta::assert_snapshot!(read("DONE", none).unwrap_err(), @"`DONE` is no known state of a scan, at `/detail/scan-status`");
    }
}
