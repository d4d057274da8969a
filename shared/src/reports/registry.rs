//! Every format that is read, and which one a file has: by its content, never by its name.
//!
//! A new format is one file, one line in [`FORMATS`] and one fixture (CONTRIBUTING.md).

use super::facts::{Kind, Parsed};
use super::{Input, Problem, ReportError, Sniff};
use super::{
    cargo_audit, clover, cobertura, ctrf, cyclonedx_vex, ecr_findings, ecr_scan_event, gatling_log,
    gatling_stats, gatling_text, go_cover, grype, inspector_scan_event, istanbul_final, istanbul_summary,
    jacoco, jtl_csv, jtl_xml, junit, k6_summary, lcov, locust_csv, npm_audit, npm_audit_6, openvex,
    pip_audit, sarif, snyk, sonar_gate, sonar_issues, trivy, unified_diff, yarn_audit, yarn_npm_audit,
    zap_json, zap_xml,
};

/// A format that can be read.
#[derive(Debug)]
pub struct Format {
    /// Name in policies and records: `junit`.
    pub name: &'static str,
    /// Name for people: `JUnit XML`.
    pub title: &'static str,
    /// What kind of evidence it is.
    pub kind: Kind,
    /// Whether a head is of this format. At most one format may say so.
    pub recognise: fn(&Sniff<'_>) -> bool,
    /// Reads it.
    pub read: fn(Input<'_>) -> Result<Parsed, ReportError>,
}

/// Every format, in the order of the docs.
pub static FORMATS: &[&Format] = &[
    &junit::FORMAT,
    &ctrf::FORMAT,
    &lcov::FORMAT,
    &istanbul_summary::FORMAT,
    &istanbul_final::FORMAT,
    &cobertura::FORMAT,
    &jacoco::FORMAT,
    &clover::FORMAT,
    &go_cover::FORMAT,
    &unified_diff::FORMAT,
    &npm_audit::FORMAT,
    &npm_audit_6::FORMAT,
    &yarn_audit::FORMAT,
    &yarn_npm_audit::FORMAT,
    &cargo_audit::FORMAT,
    &pip_audit::FORMAT,
    &sarif::FORMAT,
    &ecr_findings::FORMAT,
    &ecr_scan_event::FORMAT,
    &inspector_scan_event::FORMAT,
    &trivy::FORMAT,
    &grype::FORMAT,
    &snyk::FORMAT,
    &sonar_issues::FORMAT,
    &zap_xml::FORMAT,
    &zap_json::FORMAT,
    &sonar_gate::FORMAT,
    &cyclonedx_vex::FORMAT,
    &openvex::FORMAT,
    &jtl_csv::FORMAT,
    &jtl_xml::FORMAT,
    &gatling_log::FORMAT,
    &gatling_text::FORMAT,
    &gatling_stats::FORMAT,
    &k6_summary::FORMAT,
    &locust_csv::FORMAT,
];

/// A report, read.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its format.
    pub format: &'static Format,
    /// What it says.
    pub parsed: Parsed,
}

/// Which format a file has.
///
/// # Errors
/// When it is empty, of no known format, or of several: the order of [`FORMATS`] must not decide what a report says.
pub fn recognise(input: &Input<'_>) -> Result<&'static Format, ReportError> {
    if input.is_blank() {
        return Err(ReportError::new(Problem::Empty, "/", "the file is empty"));
    }
    let text = String::from_utf8_lossy(input.head());
    let sniff = Sniff::new(input.head(), &text);
    let mut claims = FORMATS.iter().filter(|format| (format.recognise)(&sniff));
    match (claims.next(), claims.next()) {
        (Some(format), None) => Ok(format),
        (Some(one), Some(other)) => Err(ReportError::new(
            Problem::Unknown,
            "/",
            format!("the content could be of `{}` and of `{}`", one.name, other.name),
        )),
        (None, _) => Err(ReportError::new(Problem::Unknown, "/", "the content is of no known report format")),
    }
}

/// Recognises and reads a report.
///
/// # Errors
/// When it is empty, of no known format, or unreadable in its own.
pub fn read(input: Input<'_>) -> Result<Report, ReportError> {
    let format = recognise(&input)?;
    Ok(Report { format, parsed: (format.read)(input)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_bytes(bytes: &[u8]) -> Result<Report, ReportError> {
        read(Input::of_bytes(bytes)?)
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), format in 0..FORMATS.len()) {
            let _either = read_bytes(&bytes);
            if let Ok(input) = Input::of_bytes(&bytes) {
                let _either = (FORMATS[format].read)(input);
            }
        }
    }

    #[test]
    fn nothing_and_noise_are_no_evidence() {
        insta::assert_snapshot!(read_bytes(b" \n").unwrap_err(), @"the file is empty, at `/`");
        insta::assert_snapshot!(read_bytes(b"hello").unwrap_err(), @"the content is of no known report format, at `/`");
        insta::assert_snapshot!(read_bytes(b"<testsuite>\nSF:a.js\nDA:1,1\nend_of_record\n").unwrap_err(), @"the content could be of `junit` and of `lcov`, at `/`");
        insta::assert_snapshot!(read_bytes(b"{}").unwrap_err(), @"the content is of no known report format, at `/`");
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), FORMATS.len());
    }
}
