//! `npm audit --json`, report version 2 (npm 7 and later; <https://docs.npmjs.com/cli/v11/commands/npm-audit>).
//!
//! Advisories are counted, each once for a package: `via` mixes names of packages (whose own entries tell more) and advisories, and
//! `metadata` counts packages, so it is only compared. `npm audit fix --dry-run --json` wraps the report in `audit`. A registry that refuses
//! makes npm print valid JSON without `vulnerabilities`: an error, and never a clean audit.

use super::advisory::{contradiction, ghsa_of, name};
use super::facts::{About, Facts, Finding, FindingFacts, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Counts, Gather, List, Members, Text, TextOr};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The format.
pub static FORMAT: Format =
    Format { name: "npm-audit", title: "npm audit (npm 7 and later)", kind: Kind::Findings, recognise, read };

fn recognise(head: &Sniff<'_>) -> bool {
    let is_error = head.has("/statusCode") || head.has("/error/summary");
    head.has("/auditReportVersion")
        || head.has("/audit/auditReportVersion")
        || (head.has("/error") && is_error && !super::npm_audit_6::is_its_error(head))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Audit<'a> {
    #[serde(borrow)]
    audit: Option<Box<Audit<'a>>>,
    audit_report_version: Option<u64>,
    vulnerabilities: Option<Members<Advisories>>,
    metadata: Option<Metadata>,
    error: Option<TextOr<'a, Failure<'a>>>,
    #[serde(default)]
    message: Text<'a>,
    status_code: Option<u64>,
}

/// What npm writes when it cannot audit.
#[derive(Deserialize)]
pub(super) struct Failure<'a> {
    #[serde(borrow, default)]
    code: Text<'a>,
    #[serde(default)]
    summary: Text<'a>,
    #[serde(default)]
    detail: Text<'a>,
    #[serde(default)]
    message: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) vulnerabilities: Counts,
    pub(super) dependencies: Option<Dependencies>,
    pub(super) total_dependencies: Option<u64>,
}

/// A number (npm 6) or numbers by kind.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Dependencies {
    All(u64),
    Kinds { total: Option<u64> },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(borrow, default)]
    severity: Text<'a>,
    via: Option<List<Via>>,
    nodes: Option<List<Nodes>>,
    fix_available: Option<TextOr<'a, serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, default)]
    source: Text<'a>,
    #[serde(default)]
    name: Text<'a>,
    #[serde(default)]
    dependency: Text<'a>,
    #[serde(default)]
    title: Text<'a>,
    #[serde(default)]
    url: Text<'a>,
    #[serde(default)]
    severity: Text<'a>,
}

/// Advisories of one package.
#[derive(Default)]
struct Via(Vec<Finding>);

impl<'de> Gather<'de> for Via {
    type Element = TextOr<'de, Advisory<'de>>;

    fn gather(&mut self, _: &str, element: Self::Element) -> Result<(), ReportError> {
        match element {
            // The package of this name has an entry of its own.
            TextOr::Text(_) => {}
            TextOr::Value(advisory) => self.0.push(finding(&advisory)),
        }
        Ok(())
    }
}

/// Places in the tree of packages: only their number is of use.
#[derive(Default)]
struct Nodes;

impl<'de> Gather<'de> for Nodes {
    type Element = serde::de::IgnoredAny;

    fn gather(&mut self, _: &str, _: Self::Element) -> Result<(), ReportError> {
        Ok(())
    }
}

/// What all packages say.
#[derive(Default)]
struct Advisories {
    facts: FindingFacts,
    packages: BTreeMap<Severity, u64>,
}

impl<'de> Gather<'de> for Advisories {
    type Element = Package<'de>;

    fn gather(&mut self, name: &str, package: Package<'de>) -> Result<(), ReportError> {
        let via = package.via.ok_or_else(|| ReportError::at("/via", "the list is missing"))?;
        *self.packages.entry(Severity::from_word(&package.severity)).or_default() += 1;
        let nodes = package.nodes.map_or(1, |nodes| nodes.0.len().max(1)) as u64;
        let fix = match package.fix_available {
            Some(TextOr::Value(_)) => Fix::Available,
            Some(TextOr::Text(word)) if &*word == "true" => Fix::Available,
            Some(TextOr::Text(word)) if &*word == "false" => Fix::None,
            Some(TextOr::Text(_)) | None => Fix::Unknown,
        };
        for mut finding in via.0.done("/via")?.0 {
            if finding.component.is_empty() {
                finding.component = kept(name);
            }
            self.facts.add(Finding { fix, occurrences: nodes, ..finding });
        }
        Ok(())
    }
}

fn finding(advisory: &Advisory<'_>) -> Finding {
    let component = advisory.dependency.some().or_else(|| advisory.name.some()).unwrap_or_default();
    let severity = Severity::from_word(&advisory.severity);
    let mut finding = Finding { title: kept(&advisory.title), ..Finding::new("", component, severity) };
    let ids = ghsa_of(&advisory.url).into_iter().chain([&*advisory.source]);
    name(&mut finding, ids, "advisory without id");
    finding
}

/// Reads an audit.
///
/// # Errors
/// When it is not JSON, another version, or an error object, or when no dependency was looked at.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let mut audit: Audit<'_> = json::parse(&bytes)?;
    let mut root = "";
    if let Some(wrapped) = audit.audit.take() {
        (audit, root) = (*wrapped, "/audit");
    }
    if let Some(error) = &audit.error {
        return Err(failed("npm", error, &audit.message).under(root));
    }
    if let Some(status) = audit.status_code {
        let words = format!("npm wrote an error instead of an audit: the registry answered {status}");
        return Err(ReportError::tool_failed(format!("{root}/statusCode"), words));
    }
    if audit.audit_report_version != Some(2) {
        let found = audit.audit_report_version.map_or_else(|| "missing".to_owned(), |v| v.to_string());
        let words = format!("the version is {found}, 2 is read");
        return Err(ReportError::at(format!("{root}/auditReportVersion"), words));
    }
    let missing = || ReportError::at(format!("{root}/vulnerabilities"), "the audit has no `vulnerabilities`");
    let packages = audit.vulnerabilities.ok_or_else(missing)?;
    let packages = packages.0.done(&format!("{root}/vulnerabilities"))?;
    let mut about = About { tool: Some("npm".to_owned()), ..About::default() };
    if let Some(metadata) = &audit.metadata {
        metadata.needs_dependencies().map_err(|error| error.under(root))?;
        let declared = |severity| metadata.declared(severity);
        let counted = |severity| packages.packages.get(&severity).copied().unwrap_or(0);
        contradiction(&mut about, "package(s)", declared, counted);
    }
    Ok(Parsed { facts: Facts::Findings(packages.facts), about })
}

impl Metadata {
    /// What the summary says of one severity.
    pub(super) fn declared(&self, severity: Severity) -> Option<u64> {
        let word = match severity {
            Severity::Medium => "moderate",
            Severity::Unknown | Severity::Info | Severity::Low | Severity::High | Severity::Critical => {
                severity.word()
            }
        };
        self.vulnerabilities.get(word).copied()
    }

    /// An audit of nothing finds nothing.
    pub(super) fn needs_dependencies(&self) -> Result<(), ReportError> {
        let total = match self.dependencies {
            Some(Dependencies::Kinds { total }) => total,
            Some(Dependencies::All(total)) => Some(self.total_dependencies.unwrap_or(0).max(total)),
            None => self.total_dependencies,
        };
        if total == Some(0) {
            return Err(ReportError::nothing("/metadata/dependencies", "the audit looked at no dependency"));
        }
        Ok(())
    }
}

/// The tool's own words for why it could not audit; `message` stands beside the error.
pub(super) fn failed(tool: &str, error: &TextOr<'_, Failure<'_>>, message: &Text<'_>) -> ReportError {
    let said = match error {
        TextOr::Text(words) => [Some(&**words), message.some(), None, None, None],
        TextOr::Value(failure) => [
            failure.summary.some(),
            failure.message.some(),
            message.some(),
            failure.detail.some(),
            failure.code.some(),
        ],
    };
    let mut words = format!("{tool} wrote an error instead of an audit");
    if let Some(said) = said.into_iter().flatten().next() {
        words = format!("{words}: `{}`", kept(said).replace('`', "'"));
    }
    ReportError::tool_failed("/error", words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn findings(text: &str) -> FindingFacts {
        match read(text).unwrap().facts {
            Facts::Findings(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    const ADVISORY: &str = r#"{"source":1,"name":"qs","dependency":"qs","title":"x","url":"https://github.com/advisories/GHSA-aaaa-bbbb-cccc","severity":"high"}"#;

    #[test]
    fn an_advisory_reached_on_two_paths_counts_once_and_package_names_do_not_count() {
        let facts = findings(&format!(
            r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"via":[{ADVISORY}]}},"express":{{"via":["qs",{ADVISORY}]}}}},"metadata":{{}}}}"#
        ));
        assert_eq!((facts.findings.len(), facts.count(Severity::High)), (1, 1));
        let finding = &facts.findings[0];
        assert_eq!(
            (finding.id.as_str(), &finding.aliases[..]),
            ("GHSA-aaaa-bbbb-cccc", &["1".to_owned()][..])
        );
    }

    #[test]
    fn a_fix_is_a_flag_or_a_package() {
        let with = |fix: &str| {
            let facts = findings(&format!(
                r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"via":[{ADVISORY}],"nodes":["a","b"]{fix}}}}}}}"#
            ));
            (facts.findings[0].fix, facts.findings[0].occurrences)
        };
        assert_eq!(with(r#","fixAvailable":true"#), (Fix::Available, 2));
        assert_eq!(
            with(r#","fixAvailable":{"name":"qs","version":"7.0.0","isSemVerMajor":true}"#),
            (Fix::Available, 2)
        );
        assert_eq!(with(r#","fixAvailable":false"#), (Fix::None, 2));
        assert_eq!(with(""), (Fix::Unknown, 2));
    }

    #[test]
    fn a_severity_that_nobody_knows_is_unknown_and_counts() {
        let facts = findings(
            r#"{"auditReportVersion":2,"vulnerabilities":{"a":{"via":[{"source":2,"severity":"ghastly"},{"title":"y"}]}}}"#,
        );
        assert_eq!((facts.total(), facts.count(Severity::Unknown)), (2, 2));
        assert_eq!(facts.findings[0].component, "a");
        assert_eq!(facts.findings[1].id, "advisory without id");
    }

    #[test]
    fn a_summary_that_contradicts_its_list_is_noted_and_not_believed() {
        let parsed = read(&format!(
            r#"{{"auditReportVersion":2,"vulnerabilities":{{"qs":{{"severity":"moderate","via":[{ADVISORY}]}}}},
                "metadata":{{"vulnerabilities":{{"info":0,"low":0,"moderate":0,"high":1,"critical":0,"total":1}},"dependencies":{{"total":9}}}}}}"#
        ))
        .unwrap();
        insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"
        the summary says 1 high package(s), the list has 0
        the summary says 0 medium package(s), the list has 1
        ");
    }

    #[test]
    fn an_audit_that_finds_nothing_is_evidence_and_one_of_nothing_is_none() {
        let audit = |total: u64| {
            format!(
                r#"{{"auditReportVersion":2,"vulnerabilities":{{}},"metadata":{{"dependencies":{{"prod":1,"total":{total}}}}}}}"#
            )
        };
        assert_eq!(findings(&audit(12)).total(), 0);
        assert_eq!(findings(&format!(r#"{{"added":0,"audit":{}}}"#, audit(12))).total(), 0);
        insta::assert_snapshot!(read(&audit(0)).unwrap_err(), @"the audit looked at no dependency, at `/metadata/dependencies`");
        insta::assert_snapshot!(read(&format!(r#"{{"audit":{}}}"#, audit(0))).unwrap_err(), @"the audit looked at no dependency, at `/audit/metadata/dependencies`");
    }

    #[test]
    fn an_error_object_is_no_clean_audit() {
        insta::assert_snapshot!(read(r#"{"message":"403 Forbidden","statusCode":403,"error":{"summary":"","detail":""}}"#).unwrap_err(), @"npm wrote an error instead of an audit: `403 Forbidden`, at `/error`");
        insta::assert_snapshot!(read(r#"{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile.","detail":"Try"}}"#).unwrap_err(), @"npm wrote an error instead of an audit: `This command requires an existing lockfile.`, at `/error`");
        insta::assert_snapshot!(read(r#"{"statusCode":503}"#).unwrap_err(), @"npm wrote an error instead of an audit: the registry answered 503, at `/statusCode`");
        insta::assert_snapshot!(read("{}").unwrap_err(), @"the version is missing, 2 is read, at `/auditReportVersion`");
        insta::assert_snapshot!(read(r#"{"auditReportVersion":3,"vulnerabilities":{}}"#).unwrap_err(), @"the version is 3, 2 is read, at `/auditReportVersion`");
        insta::assert_snapshot!(read(r#"{"auditReportVersion":2}"#).unwrap_err(), @"the audit has no `vulnerabilities`, at `/vulnerabilities`");
        insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":{"qs":{}}}"#).unwrap_err(), @"the list is missing, at `/vulnerabilities/qs/via`");
        insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":[]}"#).unwrap_err(), @"the JSON has another shape than the format: invalid type: sequence, expected an object, at `line 1 column 44`");
        insta::assert_snapshot!(read(r#"{"auditReportVersion":2,"vulnerabilities":{"qs":{"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 49`");
    }
}
