//! Snyk's JSON (`snyk test --json`, <https://docs.snyk.io/snyk-cli/commands/test>): one object, or a list of several projects.
//!
//! A vulnerability is written once for each path to its package: each (id, package, version) counts once, its paths are occurrences. A
//! project that could not be tested is an object with `error`: it is never a clean one.

use super::advisory::{Packages, moment, name};
use super::facts::{About, Facts, Finding, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, OneOrList, Text, TextOr};
use super::npm_audit::{Failure, failed};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The format.
pub static FORMAT: Format =
    Format { name: "snyk", title: "Snyk test", kind: Kind::Findings, recognise, read };

fn recognise(head: &Sniff<'_>) -> bool {
    ["", "/[]"].into_iter().any(|root| {
        let has = |path: &str| head.has(&format!("{root}{path}"));
        let ours = ["/packageName", "/moduleName", "/upgradePath", "/packageManager"];
        let is_entry = ours.into_iter().any(|path| has(&format!("/vulnerabilities/[]{path}")));
        is_entry || (has("/ok") && (has("/vulnerabilities") || has("/error") || has("/dependencyCount")))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project<'a> {
    #[serde(borrow)]
    error: Option<TextOr<'a, Failure<'a>>>,
    ok: Option<bool>,
    vulnerabilities: Option<List<Vulnerabilities>>,
    filtered: Option<Filtered>,
    dependency_count: Option<u64>,
    #[serde(default)]
    project_name: Text<'a>,
    /// Of an image: what was found inside it beside the packages of the system.
    applications: Option<List<Projects>>,
}

#[derive(Deserialize)]
struct Filtered {
    ignore: Option<List<Vulnerabilities>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(default)]
    title: Text<'a>,
    #[serde(default)]
    package_name: Text<'a>,
    #[serde(default)]
    module_name: Text<'a>,
    #[serde(default)]
    version: Text<'a>,
    #[serde(default)]
    severity: Text<'a>,
    #[serde(default)]
    publication_time: Text<'a>,
    identifiers: Option<Identifiers<'a>>,
    from: Option<Few<Text<'a>>>,
    is_upgradable: Option<bool>,
    is_patchable: Option<bool>,
    fixed_in: Option<List<Count>>,
    filtered: Option<Reasons<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Identifiers<'a> {
    #[serde(borrow)]
    cve: Option<Few<Text<'a>>>,
    ghsa: Option<Few<Text<'a>>>,
}

#[derive(Deserialize)]
struct Reasons<'a> {
    #[serde(borrow)]
    ignored: Option<Few<Reason<'a>>>,
}

#[derive(Deserialize)]
struct Reason<'a> {
    #[serde(borrow, default)]
    reason: Text<'a>,
}

/// Only how many there are.
#[derive(Default)]
struct Count;

impl<'de> Gather<'de> for Count {
    type Element = IgnoredAny;

    fn gather(&mut self, _: &str, _: IgnoredAny) -> Result<(), ReportError> {
        Ok(())
    }
}

#[derive(Default)]
struct Vulnerabilities(Vec<Finding>);

impl<'de> Gather<'de> for Vulnerabilities {
    type Element = Vulnerability<'de>;

    fn gather(&mut self, _: &str, vulnerability: Vulnerability<'de>) -> Result<(), ReportError> {
        self.0.push(finding(&vulnerability));
        Ok(())
    }
}

fn finding(vulnerability: &Vulnerability<'_>) -> Finding {
    let path: Vec<&str> = vulnerability.from.iter().flatten().map(|step| &**step).collect();
    let package = vulnerability.package_name.some().unwrap_or(&vulnerability.module_name);
    let mut finding = Finding {
        version: kept(&vulnerability.version),
        location: kept(&path.join(" > ")),
        fix: fix(vulnerability),
        title: kept(&vulnerability.title),
        published: moment(&vulnerability.publication_time),
        ..Finding::new("", package, Severity::from_word(&vulnerability.severity))
    };
    let ids = vulnerability.identifiers.as_ref();
    let cves = ids.and_then(|ids| ids.cve.as_deref()).unwrap_or_default().iter();
    let all = cves.chain(ids.and_then(|ids| ids.ghsa.as_deref()).unwrap_or_default());
    name(&mut finding, all.map(|id| &**id).chain([&*vulnerability.id]), "vulnerability without id");
    let reasons = vulnerability.filtered.as_ref().and_then(|filtered| filtered.ignored.as_deref());
    finding.suppressed = reasons.and_then(|reasons| reasons.first()).map(|reason| kept(&reason.reason));
    finding
}

fn fix(vulnerability: &Vulnerability<'_>) -> Fix {
    let fixed_in = vulnerability.fixed_in.as_ref().map(|list| list.0.len());
    let ways = [vulnerability.is_upgradable, vulnerability.is_patchable, fixed_in.map(|count| count > 0)];
    match ways {
        _ if ways.contains(&Some(true)) => Fix::Available,
        [None, None, None] => Fix::Unknown,
        _ => Fix::None,
    }
}

#[derive(Default)]
struct Projects {
    found: Packages,
    projects: u64,
    about: About,
}

impl<'de> Gather<'de> for Projects {
    type Element = Project<'de>;

    fn gather(&mut self, _: &str, project: Project<'de>) -> Result<(), ReportError> {
        if let Some(error) = &project.error {
            return Err(failed("Snyk", error, &Text::default()));
        }
        let missing = || ReportError::at("/vulnerabilities", "the project has no `vulnerabilities`");
        let list = project.vulnerabilities.ok_or_else(missing)?.0.done("/vulnerabilities")?;
        if project.dependency_count == Some(0) {
            return Err(ReportError::nothing("/dependencyCount", "the test looked at no dependency"));
        }
        let name = kept(&project.project_name);
        if project.ok == Some(false) && list.0.is_empty() {
            return Err(ReportError::at("/ok", format!("project `{name}` is not ok, and nothing is listed")));
        }
        self.projects += 1;
        for finding in list.0 {
            self.found.add(Finding { suppressed: None, ..finding });
        }
        let ignored = project.filtered.and_then(|filtered| filtered.ignore);
        let ignored =
            ignored.map_or(Ok(Vulnerabilities::default()), |list| list.0.done("/filtered/ignore"))?;
        for finding in ignored.0 {
            let suppressed = finding.suppressed.or_else(|| Some("ignored by Snyk's policy".to_owned()));
            self.found.add(Finding { suppressed, ..finding });
        }
        if let Some(applications) = project.applications {
            self.found.join(applications.0.done("/applications")?.found);
        }
        Ok(())
    }
}

/// Reads a test.
///
/// # Errors
/// When it is not JSON, a project could not be tested, or none was.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let tested = json::parse::<OneOrList<Projects>>(&bytes)?.0.done("")?;
    if tested.projects == 0 {
        return Err(ReportError::nothing("/", "no project was tested"));
    }
    let about = About { tool: Some("Snyk".to_owned()), ..tested.about };
    Ok(Parsed { facts: Facts::Findings(tested.found.into_facts()), about })
}

#[cfg(test)]
mod tests {
    use super::super::facts::FindingFacts;
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn facts(text: &str) -> FindingFacts {
        match read(text).unwrap().facts {
            Facts::Findings(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    const ENTRY: &str = r#"{"id":"SNYK-JS-QS-1","title":"slow","packageName":"qs","version":"1.0.0","severity":"high","identifiers":{"CVE":["CVE-2026-1"],"CWE":[],"GHSA":["GHSA-aaaa-bbbb-cccc"]},"from":["web@1","qs@1.0.0"],"isUpgradable":true,"isPatchable":false}"#;

    #[test]
    fn a_vulnerability_on_two_paths_counts_once_in_each_project() {
        let project = format!(
            r#"{{"ok":false,"dependencyCount":9,"projectName":"web","vulnerabilities":[{ENTRY},{ENTRY}]}}"#
        );
        for text in [project.clone(), format!("[{project}]")] {
            let facts = facts(&text);
            let first = &facts.findings[0];
            assert_eq!((facts.total(), first.occurrences, first.fix), (1, 2, Fix::Available));
            assert_eq!((first.id.as_str(), first.location.as_str()), ("CVE-2026-1", "web@1 > qs@1.0.0"));
            assert_eq!(first.aliases, ["GHSA-aaaa-bbbb-cccc", "SNYK-JS-QS-1"]);
        }
    }

    #[test]
    fn a_fix_is_an_upgrade_a_patch_or_a_version() {
        let with = |members: &str| {
            facts(&format!(r#"{{"ok":false,"vulnerabilities":[{{"id":"1"{members}}}]}}"#)).findings[0].fix
        };
        assert_eq!(with(r#","isUpgradable":false,"isPatchable":true"#), Fix::Available);
        assert_eq!(with(r#","isUpgradable":false,"fixedIn":["2.0.0"]"#), Fix::Available);
        assert_eq!(with(r#","isUpgradable":false,"isPatchable":false,"fixedIn":[]"#), Fix::None);
        assert_eq!(with(""), Fix::Unknown);
    }

    #[test]
    fn ignored_ones_and_applications_of_an_image_are_read() {
        let facts = facts(&format!(
            r#"{{"ok":true,"vulnerabilities":[],"filtered":{{"ignore":[{{"id":"SNYK-2","filtered":{{"ignored":[{{"reason":"no input"}}]}}}},{{"id":"SNYK-3"}}],"patch":[]}},
                "applications":[{{"ok":false,"vulnerabilities":[{ENTRY}]}}]}}"#
        ));
        let reasons: Vec<Option<&str>> = facts.suppressed.iter().map(|f| f.suppressed.as_deref()).collect();
        assert_eq!((facts.total(), reasons), (1, vec![Some("no input"), Some("ignored by Snyk's policy")]));
    }

    #[test]
    fn a_project_that_was_not_tested_is_not_clean() {
        assert_eq!(facts(r#"{"ok":true,"vulnerabilities":[],"dependencyCount":3}"#).total(), 0);
        insta::assert_snapshot!(read(r#"{"ok":false,"error":"Could not detect supported target files","path":"."}"#).unwrap_err(), @"Snyk wrote an error instead of an audit: `Could not detect supported target files`, at `/error`");
        insta::assert_snapshot!(read(r#"[{"ok":true,"vulnerabilities":[]},{"ok":false,"error":{"code":"x","message":"no `lock` file"}}]"#).unwrap_err(), @"Snyk wrote an error instead of an audit: `no 'lock' file`, at `/1/error`");
        insta::assert_snapshot!(read(r#"{"ok":true,"vulnerabilities":[],"dependencyCount":0}"#).unwrap_err(), @"the test looked at no dependency, at `/dependencyCount`");
        insta::assert_snapshot!(read(r#"{"ok":false,"vulnerabilities":[],"projectName":"web"}"#).unwrap_err(), @"project `web` is not ok, and nothing is listed, at `/ok`");
        insta::assert_snapshot!(read(r#"{"ok":true}"#).unwrap_err(), @"the project has no `vulnerabilities`, at `/vulnerabilities`");
        insta::assert_snapshot!(read("[]").unwrap_err(), @"no project was tested, at `/`");
        insta::assert_snapshot!(read(r#"{"ok":false,"vulnerabilities":[{"id""#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 36`");
    }
}
