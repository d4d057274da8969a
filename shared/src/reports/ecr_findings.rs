//! Findings of an image scan in ECR, as `aws ecr describe-image-scan-findings` writes them
//! (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>): basic ones in `findings`, those of
//! Amazon Inspector in `enhancedFindings`. Pages may follow each other or stand in a list.
//!
//! Only `COMPLETE` and `ACTIVE` are results: every other state is no scan, however empty its list of findings is. A last page with a
//! `nextToken` is not the last. A severity that is not in `findingSeverityCounts` was not found; without that map and without a list nothing
//! was scanned.

use super::advisory::{moment, name};
use super::facts::{About, Facts, Finding, FindingFacts, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Counts, Few, Gather, List, OneOrList, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "ecr-findings",
    title: "ECR image scan findings (basic and Inspector)",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        ["/imageScanFindings", "/imageScanStatus", "/[]/imageScanFindings", "/[]/imageScanStatus"]
            .into_iter()
            .any(|path| head.has(path))
    },
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow)]
    image_scan_status: Option<Status<'a>>,
    image_scan_findings: Option<Findings<'a>>,
    /// `NextToken` is the CLI's own, with `--max-items`.
    #[serde(default, alias = "NextToken")]
    next_token: Text<'a>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(default)]
    description: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Findings<'a> {
    #[serde(borrow, default)]
    image_scan_completed_at: Text<'a>,
    finding_severity_counts: Option<Counts>,
    findings: Option<List<Basic>>,
    enhanced_findings: Option<List<Enhanced>>,
}

#[derive(Deserialize)]
struct BasicFinding<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    description: Text<'a>,
    #[serde(default)]
    severity: Text<'a>,
    attributes: Option<Few<Attribute<'a>>>,
}

#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, default)]
    key: Text<'a>,
    #[serde(default)]
    value: Text<'a>,
}

#[derive(Default)]
struct Basic(Vec<Finding>);

impl<'de> Gather<'de> for Basic {
    type Element = BasicFinding<'de>;

    fn gather(&mut self, _: &str, basic: BasicFinding<'de>) -> Result<(), ReportError> {
        let attribute = |key: &str| {
            let attributes = basic.attributes.iter().flatten();
            attributes.filter(|attribute| &*attribute.key == key).map(|attribute| &*attribute.value).next()
        };
        let component = attribute("package_name").unwrap_or_default();
        let mut finding = Finding {
            version: kept(attribute("package_version").unwrap_or_default()),
            title: kept(&basic.description),
            ..Finding::new("", component, Severity::from_word(&basic.severity))
        };
        name(&mut finding, [&*basic.name], "finding without name");
        self.0.push(finding);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnhancedFinding<'a> {
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(default)]
    status: Text<'a>,
    #[serde(default)]
    title: Text<'a>,
    #[serde(default)]
    finding_arn: Text<'a>,
    #[serde(default)]
    fix_available: Text<'a>,
    package_vulnerability_details: Option<Details<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    #[serde(borrow, default)]
    vulnerability_id: Text<'a>,
    related_vulnerabilities: Option<Few<Text<'a>>>,
    #[serde(default)]
    vendor_created_at: Text<'a>,
    vulnerable_packages: Option<Few<Package<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    version: Text<'a>,
    #[serde(default)]
    file_path: Text<'a>,
    #[serde(default)]
    source_layer_hash: Text<'a>,
    #[serde(default)]
    fixed_in_version: Text<'a>,
}

/// Findings of Inspector: closed ones are counted by nobody.
#[derive(Default)]
struct Enhanced {
    list: Vec<Finding>,
    closed: u64,
}

impl<'de> Gather<'de> for Enhanced {
    type Element = EnhancedFinding<'de>;

    fn gather(&mut self, _: &str, enhanced: EnhancedFinding<'de>) -> Result<(), ReportError> {
        if &*enhanced.status == "CLOSED" {
            self.closed += 1;
        } else {
            self.list.push(finding(&enhanced));
        }
        Ok(())
    }
}

fn finding(enhanced: &EnhancedFinding<'_>) -> Finding {
    let details = enhanced.package_vulnerability_details.as_ref();
    let packages = details.and_then(|details| details.vulnerable_packages.as_deref()).unwrap_or_default();
    let mut finding = Finding::new("", "", Severity::from_word(&enhanced.severity));
    if let Some(package) = packages.first() {
        finding.component = kept(&package.name);
        finding.version = kept(&package.version);
        finding.location = kept(package.file_path.some().unwrap_or(&package.source_layer_hash));
    }
    let fixed = |package: &Package<'_>| package.fixed_in_version.some().is_some_and(|v| v != "NotAvailable");
    finding.fix = match &*enhanced.fix_available {
        "YES" | "PARTIAL" => Fix::Available,
        "NO" => Fix::None,
        // Older answers have it at the packages only.
        _ if packages.iter().any(fixed) => Fix::Available,
        _ => Fix::Unknown,
    };
    finding.title = kept(&enhanced.title);
    finding.occurrences =
        details.and_then(|d| d.vulnerable_packages.as_ref()).map_or(1, |all| all.count().max(1)) as u64;
    finding.suppressed =
        (&*enhanced.status == "SUPPRESSED").then(|| "suppressed in Amazon Inspector".to_owned());
    let own = details.map(|details| &*details.vulnerability_id);
    let related = details.and_then(|details| details.related_vulnerabilities.as_deref()).unwrap_or_default();
    finding.published = details.and_then(|details| moment(&details.vendor_created_at));
    let ids = own.into_iter().chain(related.iter().map(|id| &**id));
    name(&mut finding, ids, enhanced.finding_arn.some().unwrap_or("finding without id"));
    finding
}

#[derive(Default)]
struct Pages {
    facts: FindingFacts,
    /// Entries that count, before those of one identity are joined.
    entries: u64,
    declared: Option<u64>,
    listed: bool,
    about: About,
    pages: u64,
    more: bool,
}

impl<'de> Gather<'de> for Pages {
    type Element = Page<'de>;

    fn gather(&mut self, _: &str, page: Page<'de>) -> Result<(), ReportError> {
        finished(page.image_scan_status.as_ref())?;
        self.pages += 1;
        self.more = page.next_token.some().is_some();
        let Some(found) = page.image_scan_findings else { return Ok(()) };
        self.about.created = self.about.created.max(moment(&found.image_scan_completed_at));
        if let Some(counts) = &found.finding_severity_counts {
            // Every page repeats the counts of the whole image.
            self.declared = self.declared.max(Some(counts.values().fold(0, |sum, n| sum.saturating_add(*n))));
        }
        self.listed |= found.findings.is_some() || found.enhanced_findings.is_some();
        let basic =
            found.findings.map_or(Ok(Basic::default()), |list| list.0.done("/imageScanFindings/findings"))?;
        let enhanced = found
            .enhanced_findings
            .map_or(Ok(Enhanced::default()), |list| list.0.done("/imageScanFindings/enhancedFindings"))?;
        if enhanced.closed > 0 {
            self.about.odd(format!("{} closed finding(s) are not counted", enhanced.closed));
        }
        for finding in basic.0.into_iter().chain(enhanced.list) {
            self.entries += u64::from(finding.suppressed.is_none());
            self.facts.add(finding);
        }
        Ok(())
    }
}

impl Pages {
    /// These pages, and `later` ones behind them.
    fn join(&mut self, later: Self) {
        let facts = std::mem::take(&mut self.facts);
        self.facts = facts.merge(later.facts);
        self.entries += later.entries;
        self.declared = self.declared.max(later.declared);
        self.listed |= later.listed;
        self.pages += later.pages;
        self.more = later.more;
        self.about.created = self.about.created.max(later.about.created);
        later.about.oddities.into_iter().for_each(|sentence| self.about.odd(sentence));
    }
}

/// Whether the scan came to its end.
fn finished(status: Option<&Status<'_>>) -> Result<(), ReportError> {
    const AT: &str = "/imageScanStatus/status";
    let Some(status) = status else {
        return Err(ReportError::at("/imageScanStatus", "the scan has no status"));
    };
    let said = status.description.some().map(|words| format!(": `{}`", kept(words).replace('`', "'")));
    let said = said.unwrap_or_default();
    match &*status.status {
        "COMPLETE" | "ACTIVE" => Ok(()),
        word @ ("IN_PROGRESS" | "PENDING") => {
            Err(ReportError::unfinished(AT, format!("the scan is `{word}`{said}")))
        }
        word @ ("FAILED"
        | "UNSUPPORTED_IMAGE"
        | "SCAN_ELIGIBILITY_EXPIRED"
        | "FINDINGS_UNAVAILABLE"
        | "LIMIT_EXCEEDED"
        | "IMAGE_ARCHIVED") => Err(ReportError::tool_failed(AT, format!("the scan is `{word}`{said}"))),
        "" => Err(ReportError::at(AT, "the scan has no status")),
        word => Err(ReportError::at(AT, format!("`{}` is no known state of a scan{said}", kept(word)))),
    }
}

/// Reads the findings of an image.
///
/// # Errors
/// When it is not JSON, the scan is not finished or failed, the last page is missing, or nothing was scanned.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let mut all = Pages::default();
    json::each(&bytes, |_, pages: OneOrList<Pages>| {
        all.join(pages.0.done("")?);
        Ok(())
    })?;
    if all.pages == 0 {
        return Err(ReportError::nothing("/", "the list has no page"));
    }
    if all.more {
        return Err(ReportError::truncated(
            "/nextToken",
            "the last page names a next one: the list is truncated",
        ));
    }
    if !all.listed && all.declared.is_none() {
        return Err(ReportError::nothing(
            "/imageScanFindings",
            "there are neither findings nor counts: nothing was scanned",
        ));
    }
    if !all.listed && all.declared.is_some_and(|declared| declared > 0) {
        let words = format!("{} finding(s) are counted, and none is listed", all.declared.unwrap_or(0));
        return Err(ReportError::truncated("/imageScanFindings", words));
    }
    all.about.tool = Some("Amazon ECR".to_owned());
    all.about.compare("findings.total", all.declared, all.entries);
    Ok(Parsed { facts: Facts::Findings(all.facts), about: all.about })
}

#[cfg(test)]
mod tests;
