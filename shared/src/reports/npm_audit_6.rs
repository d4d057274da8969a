//! `npm audit --json` of npm 6 and `pnpm audit --json`, which have one shape (<https://pnpm.io/cli/audit>): advisories by id.
//!
//! Each advisory is counted once for its package, its paths are occurrences. `metadata` counts paths (npm) or advisories (pnpm): it is not
//! comparable and only noted when it says that something was found and the list is empty.

use super::advisory::{Packages, ghsa_of, moment, name};
use super::facts::{About, Facts, Finding, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, Members, Text, TextOr};
use super::npm_audit::{Failure, Metadata, failed};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "npm-audit-6",
    title: "npm 6 audit or pnpm audit (one shape)",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        let known = ["/advisories", "/muted", "/actions"].into_iter().filter(|path| head.has(path)).count();
        known >= 2 || (head.has("/advisories") && head.has("/metadata")) || is_its_error(head)
    },
    read,
};

/// Whether this is an error object of npm 6 or pnpm.
pub(super) fn is_its_error(head: &Sniff<'_>) -> bool {
    let code = head.value("/error/code").unwrap_or_default();
    ["ENOAUDIT", "EAUDIT", "ERR_PNPM"].into_iter().any(|start| code.starts_with(start))
}

#[derive(Deserialize)]
struct Audit<'a> {
    #[serde(borrow)]
    error: Option<TextOr<'a, Failure<'a>>>,
    advisories: Option<Members<Advisories>>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
pub(super) struct Advisory<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(default)]
    title: Text<'a>,
    #[serde(default)]
    module_name: Text<'a>,
    #[serde(default)]
    severity: Text<'a>,
    #[serde(default)]
    url: Text<'a>,
    #[serde(default)]
    github_advisory_id: Text<'a>,
    cves: Option<Few<Text<'a>>>,
    #[serde(default)]
    patched_versions: Text<'a>,
    #[serde(default)]
    created: Text<'a>,
    findings: Option<List<Places>>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    paths: Option<Few<Text<'a>>>,
}

/// Where a package is in the tree.
#[derive(Default)]
struct Places {
    versions: Vec<String>,
    first: String,
    paths: u64,
}

impl<'de> Gather<'de> for Places {
    type Element = Place<'de>;

    fn gather(&mut self, _: &str, place: Place<'de>) -> Result<(), ReportError> {
        let version = kept(&place.version);
        if self.versions.len() < 2 && !self.versions.contains(&version) {
            self.versions.push(version);
        }
        let paths = place.paths.unwrap_or_default();
        if let Some(first) = paths.first().filter(|_| self.first.is_empty()) {
            self.first = kept(first);
        }
        self.paths += paths.count().max(1) as u64;
        Ok(())
    }
}

#[derive(Default)]
struct Advisories(Packages);

impl<'de> Gather<'de> for Advisories {
    type Element = Advisory<'de>;

    fn gather(&mut self, id: &str, advisory: Advisory<'de>) -> Result<(), ReportError> {
        self.0.add(advisory.finding(id)?);
        Ok(())
    }
}

impl Advisory<'_> {
    /// As a finding; `key` is the id that stands before it.
    pub(super) fn finding(self, key: &str) -> Result<Finding, ReportError> {
        let places = self.findings.map_or(Ok(Places::default()), |list| list.0.done("/findings"))?;
        let cves = self.cves.unwrap_or_default();
        let own = self.id.some().unwrap_or(key);
        let mut finding = Finding {
            // Of several versions none is the version of the finding.
            version: if let [only] = &places.versions[..] { only.clone() } else { String::new() },
            location: places.first,
            fix: fix(&self.patched_versions),
            title: kept(&self.title),
            published: moment(&self.created),
            occurrences: places.paths.max(1),
            ..Finding::new("", &self.module_name, Severity::from_word(&self.severity))
        };
        let ids = cves.iter().map(|cve| &**cve).chain([&*self.github_advisory_id]);
        name(&mut finding, ids.chain(ghsa_of(&self.url)).chain([own]), "advisory without id");
        Ok(finding)
    }
}

/// `<0.0.0` is how the registry says that there is no version without it.
fn fix(patched: &str) -> Fix {
    match patched.trim() {
        "" => Fix::Unknown,
        "<0.0.0" | "No fix available" => Fix::None,
        _ => Fix::Available,
    }
}

/// Reads an audit.
///
/// # Errors
/// When it is not JSON, an error object, or has no list of advisories.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let audit: Audit<'_> = json::parse(&bytes)?;
    if let Some(error) = &audit.error {
        return Err(failed("the tool", error, &Text::default()));
    }
    let missing = || ReportError::at("/advisories", "the audit has no `advisories`");
    let found = audit.advisories.ok_or_else(missing)?.0.done("/advisories")?.0;
    let mut about = About::default();
    if let Some(metadata) = &audit.metadata {
        metadata.note_no_dependency(&mut about);
        let declared: u64 = Severity::ALL
            .into_iter()
            .filter_map(|severity| metadata.declared(severity))
            .fold(0, u64::saturating_add);
        metadata.needs_list(found.occurrences())?;
        about.compare("paths", Some(declared), found.occurrences());
    }
    Ok(Parsed { facts: Facts::Findings(found.into_facts()), about })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    #[test]
    fn an_advisory_counts_once_and_its_paths_are_occurrences() {
        let parsed = read(
            r#"{"advisories":{"118":{"id":118,"module_name":"minimatch","severity":"high","url":"https://npmjs.com/advisories/118","cves":["CVE-2016-10540"],
                "patched_versions":">=3.0.2","created":"2016-05-25T16:37:20.000Z","findings":[{"version":"0.3.0","paths":["mocha>glob>minimatch","x>minimatch"]}]},
                "1":{"module_name":"a","severity":"low","patched_versions":"<0.0.0","findings":[{"version":"1.0.0","paths":["a"]},{"version":"2.0.0","paths":["b>a"]}]}},
                "metadata":{"vulnerabilities":{"low":2,"high":2},"totalDependencies":5}}"#,
        )
        .unwrap();
        let Facts::Findings(facts) = parsed.facts else { panic!("no findings") };
        let short: Vec<String> = facts
            .findings
            .iter()
            .map(|f| {
                format!(
                    "{} {:?} {}@{} {} {:?} x{}",
                    f.id, f.aliases, f.component, f.version, f.location, f.fix, f.occurrences
                )
            })
            .collect();
        insta::assert_snapshot!(short.join("\n"), @r#"
        CVE-2016-10540 ["118"] minimatch@0.3.0 mocha>glob>minimatch Available x2
        1 [] a@ a None x2
        "#);
        assert_eq!((parsed.about.declared[0].declared, parsed.about.declared[0].counted), (4, 4));
    }

    #[test]
    fn errors_and_audits_of_nothing_are_not_clean() {
        insta::assert_snapshot!(read(r#"{"error":{"code":"ENOAUDIT","summary":"Your configured registry does not support audit requests.","detail":""}}"#).unwrap_err(), @"the tool wrote an error instead of an audit: `Your configured registry does not support audit requests.`, at `/error`");
        insta::assert_snapshot!(read(r#"{"error":{"code":"ERR_PNPM_AUDIT_BAD_RESPONSE","message":"The audit endpoint responded with 405: Method Not Allowed"}}"#).unwrap_err(), @"the tool wrote an error instead of an audit: `The audit endpoint responded with 405: Method Not Allowed`, at `/error`");
        insta::assert_snapshot!(read("{}").unwrap_err(), @"the audit has no `advisories`, at `/advisories`");
        insta::assert_snapshot!(read(r#"{"advisories":{},"metadata":{"dependencies":0,"totalDependencies":0}}"#).unwrap().about.oddities.join(" "), @"the audit looked at no dependency: the lock file has none");
        insta::assert_snapshot!(read(r#"{"advisories":{},"metadata":{"vulnerabilities":{"high":3},"totalDependencies":7}}"#).unwrap_err(), @"the summary says 3 vulnerabilities, and none is listed, at `/metadata/vulnerabilities`");
        insta::assert_snapshot!(read(r#"{"advisories":{"1":{"findings":[{"paths":5}]}}}"#).unwrap_err(), @"the JSON has another shape than the format: invalid type: integer '5', expected a list, at `line 1 column 42`");
        assert!(
            read(r#"{"advisories":{},"metadata":{"vulnerabilities":{"high":0},"totalDependencies":7}}"#)
                .is_ok()
        );
    }
}
