//! Trivy's JSON (<https://trivy.dev/latest/docs/configuration/reporting/>): the object of schema version 2, the older list of its targets,
//! and the `Resources` of a cluster.
//!
//! `Vulnerabilities` is `null` at a clean target; misconfigurations, secrets and licences stand beside them and are findings too. A report
//! that names no target does not say whether there was anything to look at: it is no clean scan. What Trivy's own settings ignore is kept
//! as suppressed when it is listed (`--show-suppressed`).

use super::advisory::{Packages, commit, moment, name, tool};
use super::facts::{About, Facts, Finding, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, OneOrList, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "trivy",
    title: "Trivy JSON",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        let is_report = head.has("/SchemaVersion") || (head.has("/Results") && head.has("/ArtifactName"));
        let is_cluster = head.has("/ClusterName") && head.has("/Resources");
        is_report || is_cluster || head.has("/[]/Target") || head.text.trim() == "null"
    },
    read,
};

/// A report, or a target of the older list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    #[serde(borrow, default)]
    created_at: Text<'a>,
    metadata: Option<Metadata<'a>>,
    trivy: Option<Program<'a>>,
    results: Option<List<Targets>>,
    resources: Option<List<Resources>>,
    #[serde(default)]
    target: Text<'a>,
    #[serde(default)]
    class: Text<'a>,
    vulnerabilities: Option<List<Vulnerabilities>>,
    misconfigurations: Option<List<Others>>,
    secrets: Option<List<Others>>,
    licenses: Option<List<Others>>,
    experimental_modified_findings: Option<List<Modified>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    commit: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Program<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, rename = "VulnerabilityID", default)]
    id: Text<'a>,
    #[serde(rename = "VendorIDs")]
    vendor_ids: Option<Few<Text<'a>>>,
    #[serde(rename = "PkgName", default)]
    package: Text<'a>,
    #[serde(rename = "PkgPath", default)]
    path: Text<'a>,
    #[serde(rename = "InstalledVersion", default)]
    installed: Text<'a>,
    #[serde(rename = "FixedVersion", default)]
    fixed: Text<'a>,
    #[serde(rename = "Status", default)]
    status: Text<'a>,
    #[serde(rename = "Title", default)]
    title: Text<'a>,
    #[serde(rename = "Severity", default)]
    severity: Text<'a>,
    #[serde(rename = "PublishedDate", default)]
    published: Text<'a>,
}

impl Vulnerability<'_> {
    fn finding(&self) -> Finding {
        let mut finding = Finding {
            version: kept(&self.installed),
            location: kept(&self.path),
            fix: self.fix(),
            title: kept(&self.title),
            published: moment(&self.published),
            ..Finding::new("", &self.package, Severity::from_word(&self.severity))
        };
        let vendor = self.vendor_ids.iter().flatten().map(|id| &**id);
        name(&mut finding, std::iter::once(&*self.id).chain(vendor), "vulnerability without id");
        finding
    }

    fn fix(&self) -> Fix {
        match &*self.status {
            "fixed" => Fix::Available,
            "affected" | "will_not_fix" | "fix_deferred" | "end_of_life" => Fix::None,
            _ if self.fixed.some().is_some() => Fix::Available,
            _ => Fix::Unknown,
        }
    }
}

#[derive(Default)]
struct Vulnerabilities(Vec<Finding>);

impl<'de> Gather<'de> for Vulnerabilities {
    type Element = Vulnerability<'de>;

    fn gather(&mut self, _: &str, vulnerability: Vulnerability<'de>) -> Result<(), ReportError> {
        self.0.push(vulnerability.finding());
        Ok(())
    }
}

/// A misconfiguration, a secret or a licence.
#[derive(Deserialize)]
struct Other<'a> {
    #[serde(borrow, rename = "ID", default)]
    id: Text<'a>,
    #[serde(rename = "RuleID", default)]
    rule_id: Text<'a>,
    #[serde(rename = "AVDID", default)]
    avd_id: Text<'a>,
    /// A licence's own.
    #[serde(rename = "Name", default)]
    name: Text<'a>,
    #[serde(rename = "PkgName", default)]
    package: Text<'a>,
    #[serde(rename = "FilePath", default)]
    path: Text<'a>,
    #[serde(rename = "Title", default)]
    title: Text<'a>,
    #[serde(rename = "Status", default)]
    status: Text<'a>,
    #[serde(rename = "Severity", default)]
    severity: Text<'a>,
    #[serde(rename = "StartLine")]
    line: Option<u64>,
    #[serde(rename = "CauseMetadata")]
    cause: Option<Cause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    start_line: Option<u64>,
}

#[derive(Default)]
struct Others(Vec<Finding>);

impl<'de> Gather<'de> for Others {
    type Element = Other<'de>;

    fn gather(&mut self, _: &str, other: Other<'de>) -> Result<(), ReportError> {
        if &*other.status == "PASS" {
            return Ok(());
        }
        let path = other.package.some().or_else(|| other.path.some()).unwrap_or_default();
        let line = other.line.or_else(|| other.cause.as_ref()?.start_line).filter(|line| *line > 0);
        let mut finding = Finding {
            location: line.map(|line| format!("line {line}")).unwrap_or_default(),
            title: kept(&other.title),
            suppressed: (&*other.status == "EXCEPTION")
                .then(|| "an exception of Trivy's settings".to_owned()),
            ..Finding::new("", path, Severity::from_word(&other.severity))
        };
        let ids = [&*other.id, &*other.rule_id, &*other.avd_id, &*other.name];
        name(&mut finding, ids, "rule without id");
        self.0.push(finding);
        Ok(())
    }
}

/// What Trivy's settings or a VEX document took out.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModifiedFinding<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(default)]
    statement: Text<'a>,
    finding: Option<Vulnerability<'a>>,
}

#[derive(Default)]
struct Modified(Vec<Finding>);

impl<'de> Gather<'de> for Modified {
    type Element = ModifiedFinding<'de>;

    fn gather(&mut self, _: &str, modified: ModifiedFinding<'de>) -> Result<(), ReportError> {
        let reason = modified.statement.some().or_else(|| modified.status.some()).unwrap_or("ignored");
        // Only vulnerabilities have one of these ids; others are not listed by number.
        let found = modified.finding.filter(|vulnerability| vulnerability.id.some().is_some());
        self.0.extend(found.map(|found| Finding { suppressed: Some(kept(reason)), ..found.finding() }));
        Ok(())
    }
}

/// Targets of a report.
#[derive(Default)]
struct Targets {
    found: Packages,
    targets: u64,
    about: About,
}

impl<'de> Gather<'de> for Targets {
    type Element = Report<'de>;

    fn gather(&mut self, _: &str, mut report: Report<'de>) -> Result<(), ReportError> {
        self.about(&report);
        if let Some(results) = report.results.take() {
            self.take(results.0.done("/Results")?);
        }
        if let Some(resources) = report.resources.take() {
            self.take(resources.0.done("/Resources")?.0);
        }
        if report.target.some().is_some() || report.class.some().is_some() {
            self.targets += 1;
            self.target(report)?;
        }
        Ok(())
    }
}

impl Targets {
    fn about(&mut self, report: &Report<'_>) {
        self.about.created = self.about.created.max(moment(&report.created_at));
        let found = report.metadata.as_ref().and_then(|metadata| commit(&metadata.commit));
        self.about.commit = self.about.commit.take().or(found);
        if let Some(program) = &report.trivy {
            self.about.tool = tool("Trivy", &program.version);
        }
    }

    /// Those of a list inside.
    fn take(&mut self, inside: Self) {
        self.targets += inside.targets;
        self.found.join(inside.found);
    }

    fn target(&mut self, report: Report<'_>) -> Result<(), ReportError> {
        let vulnerabilities = report
            .vulnerabilities
            .map_or(Ok(Vulnerabilities::default()), |list| list.0.done("/Vulnerabilities"))?;
        let modified = report
            .experimental_modified_findings
            .map_or(Ok(Modified::default()), |list| list.0.done("/ExperimentalModifiedFindings"))?;
        for mut finding in vulnerabilities.0.into_iter().chain(modified.0) {
            if finding.location.is_empty() {
                finding.location = kept(&report.target);
            }
            self.found.add(finding);
        }
        let others = [
            (report.misconfigurations, "/Misconfigurations"),
            (report.secrets, "/Secrets"),
            (report.licenses, "/Licenses"),
        ];
        for (list, path) in others {
            for mut finding in list.map_or(Ok(Others::default()), |list| list.0.done(path))?.0 {
                if finding.component.is_empty() {
                    finding.component = kept(&report.target);
                }
                self.found.add_at(finding);
            }
        }
        Ok(())
    }
}

/// A resource of a cluster.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(default)]
    name: Text<'a>,
    #[serde(default)]
    error: Text<'a>,
    results: Option<List<Targets>>,
}

#[derive(Default)]
struct Resources(Targets);

impl<'de> Gather<'de> for Resources {
    type Element = Resource<'de>;

    fn gather(&mut self, _: &str, resource: Resource<'de>) -> Result<(), ReportError> {
        if let Some(words) = resource.error.some() {
            let (kind, name) = (kept(&resource.kind), kept(&resource.name));
            let words = kept(words).replace('`', "'");
            return Err(ReportError::tool_failed(
                "/Error",
                format!("{kind} `{name}` was not scanned: `{words}`"),
            ));
        }
        if let Some(results) = resource.results {
            self.0.take(results.0.done("/Results")?);
        }
        Ok(())
    }
}

/// Reads a report.
///
/// # Errors
/// When it is not JSON, names no target, or a resource could not be scanned.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let nothing = |words: &str| ReportError::nothing("/Results", words);
    let Some(reports) = json::parse::<Option<OneOrList<Targets>>>(&bytes)? else {
        return Err(nothing("the report is `null`: nothing was scanned"));
    };
    let found = reports.0.done("")?;
    if found.targets == 0 {
        return Err(nothing(
            "the report names no target: nothing was found to scan, or clean targets were left out (`--list-all-pkgs` names them)",
        ));
    }
    let mut about = found.about;
    about.tool = about.tool.or_else(|| tool("Trivy", ""));
    Ok(Parsed { facts: Facts::Findings(found.found.into_facts()), about })
}

#[cfg(test)]
mod tests;
