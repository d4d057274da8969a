//! `yarn npm audit --json` of yarn 2 and later (<https://yarnpkg.com/cli/npm/audit>): one `{value, children}` on each line.
//!
//! yarn writes nothing at all when it finds nothing: such a file is empty, and an empty file is no evidence. It writes no end either: a file
//! that is cut between two lines cannot be told from a whole one. Deprecations stand among the vulnerabilities with an id that ends in
//! `(deprecation)`; they count by the severity that yarn gives them.

use super::advisory::{Packages, ghsa_of, name};
use super::facts::{About, Facts, Finding, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "yarn-npm-audit",
    title: "yarn npm audit (yarn 2 and later)",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        head.has("/value") && (head.has("/children/Issue") || head.has("/children/Severity"))
    },
    read,
};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    value: Text<'a>,
    children: Option<Advisory<'a>>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, rename = "ID", default)]
    id: Text<'a>,
    #[serde(rename = "Issue", default)]
    issue: Text<'a>,
    #[serde(rename = "URL", default)]
    url: Text<'a>,
    #[serde(rename = "Severity", default)]
    severity: Text<'a>,
    #[serde(rename = "Tree Versions")]
    versions: Option<Few<Text<'a>>>,
    #[serde(rename = "Dependents")]
    dependents: Option<Few<Text<'a>>>,
}

/// Reads an audit.
///
/// # Errors
/// When a line is no JSON, or tells of no advisory.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let mut found = Packages::default();
    json::each(&bytes, |index, line: Line<'_>| {
        let at = format!("value {}/children", index + 1);
        let missing = || ReportError::at(at, "the value tells of no advisory");
        found.add(finding(&line.value, &line.children.ok_or_else(missing)?));
        Ok(())
    })?;
    let about = About { tool: Some("yarn".to_owned()), ..About::default() };
    Ok(Parsed { facts: Facts::Findings(found.into_facts()), about })
}

fn finding(package: &str, advisory: &Advisory<'_>) -> Finding {
    let versions = advisory.versions.as_deref().unwrap_or_default();
    let dependents = advisory.dependents.as_deref().unwrap_or_default();
    let mut finding = Finding {
        version: if let [only] = versions { kept(only) } else { String::new() },
        location: dependents.first().map(|dependent| kept(dependent)).unwrap_or_default(),
        title: kept(&advisory.issue),
        occurrences: advisory.dependents.as_ref().map_or(1, |all| all.count().max(1)) as u64,
        ..Finding::new("", package, Severity::from_word(&advisory.severity))
    };
    name(&mut finding, ghsa_of(&advisory.url).into_iter().chain([&*advisory.id]), "advisory without id");
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    #[test]
    fn every_value_is_an_advisory_of_a_package() {
        let line = r#"{"value":"qs","children":{"ID":7,"Issue":"slow","URL":"https://github.com/advisories/GHSA-aaaa-bbbb-cccc","Severity":"high","Vulnerable Versions":"<2","Tree Versions":["1.0.0"],"Dependents":["a@npm:1","b@npm:1"]}}"#;
        let Facts::Findings(facts) = read(&format!("{line}\n{line}\n")).unwrap().facts else {
            panic!("no findings")
        };
        assert_eq!((facts.total(), facts.count(Severity::High), facts.findings[0].occurrences), (1, 1, 4));
        assert_eq!(facts.findings[0].fingerprint(), "GHSA-aaaa-bbbb-cccc|qs");
    }

    #[test]
    fn a_cut_or_foreign_value_is_an_error() {
        insta::assert_snapshot!(read(r#"{"value":"qs","children":{"ID":7,"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 33`");
        insta::assert_snapshot!(read(r#"{"value":"qs"}"#).unwrap_err(), @"the value tells of no advisory, at `value 1/children`");
    }
}
