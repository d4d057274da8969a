//! Which format a file has, by its content and never by its name.

use super::{Facts, ReportError, cobertura, istanbul_summary, jtl_csv, junit, lcov, npm_audit, sarif};
use serde::Serialize;

/// Bytes looked at.
const WINDOW: usize = 64 * 1024;

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// JUnit XML.
    Junit,
    /// lcov tracefile.
    Lcov,
    /// Istanbul `coverage-summary.json`.
    IstanbulSummary,
    /// Cobertura XML.
    Cobertura,
    /// `npm audit --json`.
    NpmAudit,
    /// SARIF 2.1.0.
    Sarif,
    /// `JMeter` CSV.
    JtlCsv,
}

impl Format {
    /// Recognises a format; none when the content is of no known one.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let window = String::from_utf8_lossy(bytes.get(..WINDOW).unwrap_or(bytes));
        let text = window.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with('<') {
            return xml(text);
        }
        if text.starts_with('{') {
            return json(text);
        }
        if text.starts_with("TN:") || text.starts_with("SF:") || text.contains("\nSF:") {
            return Some(Self::Lcov);
        }
        let first = text.lines().next().unwrap_or_default();
        let has_header = first.contains("timeStamp") && first.contains("elapsed");
        let looks_like_rows = first.split(',').count() >= 8
            && first.split(',').take(2).all(|field| field.trim().parse::<u64>().is_ok());
        (has_header || looks_like_rows).then_some(Self::JtlCsv)
    }
}

fn xml(text: &str) -> Option<Format> {
    let opens = |name: &str| text.find(&format!("<{name}")).unwrap_or(usize::MAX);
    let (suite, coverage) = (opens("testsuite"), opens("coverage"));
    match (suite, coverage) {
        (usize::MAX, usize::MAX) => None,
        (suite, coverage) if suite < coverage => Some(Format::Junit),
        _ => Some(Format::Cobertura),
    }
}

fn json(text: &str) -> Option<Format> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if has("runs") && (has("$schema") || has("tool") || has("2.1.0")) {
        Some(Format::Sarif)
    } else if has("auditReportVersion") || (has("statusCode") && has("error")) {
        Some(Format::NpmAudit)
    } else if has("total") && has("covered") && has("pct") {
        Some(Format::IstanbulSummary)
    } else {
        None
    }
}

/// Recognises and reads a report.
///
/// # Errors
/// When it is empty, of no known format, or unreadable in its own.
pub fn read(bytes: &[u8]) -> Result<(Format, Facts), ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::at("/", "the file is empty"));
    }
    let format =
        Format::of(bytes).ok_or_else(|| ReportError::at("/", "the content is of no known report format"))?;
    let facts = match format {
        Format::Junit => junit::read(bytes),
        Format::Lcov => lcov::read(bytes),
        Format::IstanbulSummary => istanbul_summary::read(bytes),
        Format::Cobertura => cobertura::read(bytes),
        Format::NpmAudit => npm_audit::read(bytes),
        Format::Sarif => sarif::read(bytes),
        Format::JtlCsv => jtl_csv::read(bytes),
    }?;
    Ok((format, facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), head in 0..8_usize) {
            let heads: [&[u8]; 8] = [b"", b"<testsuite>", b"<coverage>", b"SF:a\nDA:", b"{\"runs\":[", b"{\"auditReportVersion\":2,",
                b"timeStamp,elapsed,label,success\n", b"{\"total\":{\"covered\":1,\"pct\":1},"];
            let mut all = heads[head].to_vec();
            all.extend(&bytes);
            let _either = read(&all);
        }
    }

    #[test]
    fn nothing_and_noise_are_no_evidence() {
        insta::assert_snapshot!(read(b" \n").unwrap_err(), @"the file is empty, at `/`");
        insta::assert_snapshot!(read(b"hello").unwrap_err(), @"the content is of no known report format, at `/`");
    }
}
