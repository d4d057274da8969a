//! `pip-audit --format json` (<https://github.com/pypa/pip-audit>): an object with `dependencies` (2.0 and later), or only that list.
//!
//! It has no severity at all, so every finding is of unknown severity. A dependency with a `skip_reason` was not audited: it is noted, and
//! when all were skipped nothing was audited.

use super::advisory::name;
use super::facts::{About, Facts, Finding, FindingFacts, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, OneOrList, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "pip-audit",
    title: "pip-audit",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        let is_dependency =
            |at: &str| head.has(&format!("{at}/vulns")) || head.has(&format!("{at}/skip_reason"));
        is_dependency("/dependencies/[]")
            || is_dependency("/[]")
            || (head.has("/dependencies") && head.has("/fixes"))
    },
    read,
};

/// A dependency, or the object around all of them.
#[derive(Deserialize)]
struct Dependency<'a> {
    dependencies: Option<List<Dependencies>>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    version: Text<'a>,
    vulns: Option<List<Vulns>>,
    skip_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Vuln<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    aliases: Option<Few<Text<'a>>>,
    fix_versions: Option<Few<Text<'a>>>,
    #[serde(default)]
    description: Text<'a>,
}

#[derive(Default)]
struct Vulns(Vec<Finding>);

impl<'de> Gather<'de> for Vulns {
    type Element = Vuln<'de>;

    fn gather(&mut self, _: &str, vuln: Vuln<'de>) -> Result<(), ReportError> {
        let fix = match vuln.fix_versions {
            Some(versions) if versions.is_empty() => Fix::None,
            Some(_) => Fix::Available,
            None => Fix::Unknown,
        };
        let title = kept(vuln.description.lines().next().unwrap_or_default());
        let mut finding = Finding { fix, title, ..Finding::new("", "", Severity::Unknown) };
        let aliases = vuln.aliases.iter().flatten().map(|alias| &**alias);
        name(&mut finding, aliases.chain([&*vuln.id]), "advisory without id");
        self.0.push(finding);
        Ok(())
    }
}

#[derive(Default)]
struct Dependencies {
    facts: FindingFacts,
    audited: usize,
    /// Name and reason.
    skipped: Vec<(String, String)>,
}

impl<'de> Gather<'de> for Dependencies {
    type Element = Dependency<'de>;

    fn gather(&mut self, _: &str, dependency: Dependency<'de>) -> Result<(), ReportError> {
        if let Some(list) = dependency.dependencies {
            *self = list.0.done("/dependencies")?;
            return Ok(());
        }
        if let Some(reason) = dependency.skip_reason {
            self.skipped.push((kept(&dependency.name), kept(&reason)));
            return Ok(());
        }
        let missing = || ReportError::at("/vulns", "the list is missing");
        let vulns = dependency.vulns.ok_or_else(missing)?.0.done("/vulns")?;
        self.audited += 1;
        for finding in vulns.0 {
            let component = kept(&dependency.name);
            self.facts.add(Finding { component, version: kept(&dependency.version), ..finding });
        }
        Ok(())
    }
}

/// Reads an audit.
///
/// # Errors
/// When it is not JSON, a dependency has neither `vulns` nor a `skip_reason`, or none was audited.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let found = json::parse::<OneOrList<Dependencies>>(&bytes)?.0.done("")?;
    if found.audited == 0 {
        let words = match found.skipped.first() {
            None => "the audit looked at no dependency".to_owned(),
            Some((name, reason)) => format!("every dependency was skipped, `{name}` because: {reason}"),
        };
        return Err(ReportError::nothing("/dependencies", words));
    }
    let mut about = About { tool: Some("pip-audit".to_owned()), ..About::default() };
    for (name, reason) in found.skipped {
        about.odd(format!("`{name}` was not audited: {reason}"));
    }
    Ok(Parsed { facts: Facts::Findings(found.facts), about })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    const FLASK: &str = r#"{"name":"flask","version":"0.5","vulns":[{"id":"PYSEC-2019-179","fix_versions":["1.0"],"aliases":["CVE-2019-1010083","GHSA-5wv5-4vpf-pj6m"],"description":"slow\nvery"},{"id":"PYSEC-1","fix_versions":[]}]}"#;
    const SKIPPED: &str = r#"{"name":"ours","skip_reason":"Dependency not found on PyPI"}"#;

    #[test]
    fn the_old_list_and_the_new_object_are_read_and_no_severity_is_unknown() {
        for text in
            [format!("[{FLASK},{SKIPPED}]"), format!(r#"{{"dependencies":[{FLASK},{SKIPPED}],"fixes":[]}}"#)]
        {
            let parsed = read(&text).unwrap();
            let Facts::Findings(facts) = parsed.facts else { panic!("no findings") };
            assert_eq!((facts.total(), facts.count(Severity::Unknown)), (2, 2));
            let first = &facts.findings[0];
            assert_eq!(
                (first.fingerprint().as_str(), first.version.as_str()),
                ("CVE-2019-1010083|flask", "0.5")
            );
            assert_eq!((first.fix, facts.findings[1].fix), (Fix::Available, Fix::None));
            insta::allow_duplicates! {
                insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"`ours` was not audited: Dependency not found on PyPI");
            }
        }
    }

    #[test]
    fn an_audit_of_nothing_is_not_clean() {
        assert!(read(r#"[{"name":"flask","version":"3","vulns":[]}]"#).is_ok());
        insta::assert_snapshot!(read(&format!("[{SKIPPED}]")).unwrap_err(), @"every dependency was skipped, `ours` because: Dependency not found on PyPI, at `/dependencies`");
        insta::assert_snapshot!(read("[]").unwrap_err(), @"the audit looked at no dependency, at `/dependencies`");
        insta::assert_snapshot!(read(r#"{"dependencies":[],"fixes":[]}"#).unwrap_err(), @"the audit looked at no dependency, at `/dependencies`");
        insta::assert_snapshot!(read(r#"{"dependencies":[{"name":"a"}]}"#).unwrap_err(), @"the list is missing, at `/dependencies/0/vulns`");
        insta::assert_snapshot!(read(r#"{"dependencies":[{"name":"a","vu"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 32`");
    }
}
