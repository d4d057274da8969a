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
use std::collections::{BTreeMap, HashSet};

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

/// Advisories of one package, and the packages that it is vulnerable by.
#[derive(Default)]
struct Via {
    advisories: Vec<Finding>,
    packages: Vec<String>,
}

impl<'de> Gather<'de> for Via {
    type Element = TextOr<'de, Advisory<'de>>;

    fn gather(&mut self, _: &str, element: Self::Element) -> Result<(), ReportError> {
        match element {
            TextOr::Text(package) => self.packages.push(kept(&package)),
            TextOr::Value(advisory) => self.advisories.push(finding(&advisory)),
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
    names: HashSet<String>,
    /// Packages that others are vulnerable by, with the gravest severity of these.
    named: BTreeMap<String, Severity>,
}

impl Advisories {
    /// A package that others are vulnerable by has an entry of its own, which tells of its advisories. One that has none is a finding
    /// nevertheless: what is known of it is known from the others.
    fn complete(&mut self, about: &mut About) {
        for (name, severity) in std::mem::take(&mut self.named) {
            if !self.names.contains(&name) {
                about.odd(format!("`{name}` makes other packages vulnerable and has no entry of its own"));
                self.facts.add(Finding::new("advisory without id", &name, severity));
            }
        }
    }
}

impl<'de> Gather<'de> for Advisories {
    type Element = Package<'de>;

    fn gather(&mut self, name: &str, package: Package<'de>) -> Result<(), ReportError> {
        let via = package.via.ok_or_else(|| ReportError::at("/via", "the list is missing"))?;
        let severity = Severity::from_word(&package.severity);
        *self.packages.entry(severity).or_default() += 1;
        self.names.insert(kept(name));
        let nodes = package.nodes.map_or(1, |nodes| nodes.0.len().max(1)) as u64;
        let fix = match package.fix_available {
            Some(TextOr::Value(_)) => Fix::Available,
            Some(TextOr::Text(word)) if &*word == "true" => Fix::Available,
            Some(TextOr::Text(word)) if &*word == "false" => Fix::None,
            Some(TextOr::Text(_)) | None => Fix::Unknown,
        };
        let via = via.0.done("/via")?;
        for named in via.packages {
            let known = self.named.entry(named).or_insert(severity);
            *known = severity.max(*known);
        }
        for mut finding in via.advisories {
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
/// When it is not JSON, another version, or an error object.
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
    let mut packages = packages.0.done(&format!("{root}/vulnerabilities"))?;
    let mut about = About { tool: Some("npm".to_owned()), ..About::default() };
    packages.complete(&mut about);
    if let Some(metadata) = &audit.metadata {
        metadata.note_no_dependency(&mut about);
        let declared = |severity| metadata.declared(severity);
        let counted = |severity| packages.packages.get(&severity).copied().unwrap_or(0);
        metadata.needs_list(packages.names.len() as u64).map_err(|error| error.under(root))?;
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

    /// A summary with vulnerabilities needs a list of them.
    pub(super) fn needs_list(&self, listed: u64) -> Result<(), ReportError> {
        let declared: u64 = Severity::ALL
            .into_iter()
            .filter_map(|severity| self.declared(severity))
            .fold(0, u64::saturating_add);
        if declared > 0 && listed == 0 {
            let words = format!("the summary says {declared} vulnerabilities, and none is listed");
            return Err(ReportError::at("/metadata/vulnerabilities", words));
        }
        Ok(())
    }

    /// A lock file may have no dependency, and then the audit is complete; it is said all the same.
    pub(super) fn note_no_dependency(&self, about: &mut About) {
        let total = match self.dependencies {
            Some(Dependencies::Kinds { total }) => total,
            Some(Dependencies::All(total)) => Some(self.total_dependencies.unwrap_or(0).max(total)),
            None => self.total_dependencies,
        };
        if total == Some(0) {
            about.odd("the audit looked at no dependency: the lock file has none");
        }
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
mod tests;
