//! `npm audit --json`, report version 2 (npm 7 and later). Advisories are counted, not packages: `via` mixes package names and advisory
//! objects, and `metadata` counts packages. A registry that refuses prints valid JSON without `vulnerabilities`: that is an error.

use super::facts::{Facts, Finding, FindingFacts, Kind, Parsed, Severity};
use super::{Format, Input, ReportError, Sniff};
use serde_json::Value;

/// The format.
pub static FORMAT: Format = Format {
    name: "npm-audit",
    title: "npm audit",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        head.has("/auditReportVersion") || (head.has("/statusCode") && head.has("/error"))
    },
    read,
};

/// Reads an audit.
///
/// # Errors
/// When it is not JSON, another version, or an error object.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let audit: Value = super::json::read(input)?;
    // `npm audit fix --dry-run --json` wraps the report.
    let audit = audit.get("audit").unwrap_or(&audit);
    if audit.get("error").is_some() || audit.get("statusCode").is_some() {
        return Err(ReportError::tool_failed("/error", "npm wrote an error instead of an audit"));
    }
    let version = audit.get("auditReportVersion").and_then(Value::as_u64);
    if version != Some(2) {
        return Err(ReportError::at(
            "/auditReportVersion",
            format!(
                "the version is {}, 2 is read",
                version.map_or_else(|| "missing".to_owned(), |v| v.to_string())
            ),
        ));
    }
    let packages = audit
        .get("vulnerabilities")
        .and_then(Value::as_object)
        .ok_or_else(|| ReportError::at("/vulnerabilities", "the audit has no `vulnerabilities`"))?;
    let mut facts = FindingFacts::default();
    for (name, package) in packages {
        let via = package.get("via").and_then(Value::as_array);
        let via = via
            .ok_or_else(|| ReportError::at(format!("/vulnerabilities/{name}/via"), "the list is missing"))?;
        via.iter().filter(|entry| entry.is_object()).for_each(|advisory| facts.add(finding(name, advisory)));
    }
    Ok(Parsed::of(Facts::Findings(facts)))
}

fn finding(package: &str, advisory: &Value) -> Finding {
    let text = |key: &str| advisory.get(key).and_then(Value::as_str);
    let ghsa = text("url").and_then(|url| url.rsplit('/').next()).filter(|id| id.starts_with("GHSA-"));
    let source = advisory.get("source").map(ToString::to_string);
    let id = ghsa.map(ToOwned::to_owned).or(source).unwrap_or_else(|| "advisory without id".to_owned());
    let component = text("dependency").or_else(|| text("name")).unwrap_or(package);
    let severity = text("severity").map_or(Severity::Unknown, Severity::from_word);
    Finding {
        title: super::facts::kept(text("title").unwrap_or_default()),
        ..Finding::new(&id, component, severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    #[test]
    fn an_advisory_reached_on_two_paths_counts_once_and_package_names_do_not_count() {
        let advisory = r#"{"source":1,"name":"qs","dependency":"qs","title":"x","url":"https://github.com/advisories/GHSA-aaaa","severity":"high"}"#;
        let json = format!(
            r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"via":[{advisory}]}},"express":{{"via":["qs",{advisory}]}}}},"metadata":{{}}}}"#
        );
        let Ok(Facts::Findings(facts)) = read(json.as_bytes()).map(|parsed| parsed.facts) else {
            panic!("unreadable")
        };
        assert_eq!((facts.findings.len(), facts.count(Severity::High)), (1, 1));
    }

    #[test]
    fn an_error_object_is_no_clean_audit() {
        let refused = br#"{"message":"x","statusCode":403,"error":{"summary":"","detail":""}}"#;
        insta::assert_snapshot!(read(refused).unwrap_err(), @"npm wrote an error instead of an audit, at `/error`");
        insta::assert_snapshot!(read(b"{}").unwrap_err(), @"the version is missing, 2 is read, at `/auditReportVersion`");
        insta::assert_snapshot!(read(br#"{"auditReportVersion":2}"#).unwrap_err(), @"the audit has no `vulnerabilities`, at `/vulnerabilities`");
    }
}
