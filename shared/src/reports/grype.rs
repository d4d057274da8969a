//! Grype's JSON (<https://github.com/anchore/grype>, `grype -o json`).
//!
//! A match is not a vulnerability: the same package is matched in several places and ways, so each (id, package, version) counts once and
//! its matches are occurrences. What Grype's own rules or a VEX document ignore is kept as suppressed.

use super::advisory::{Packages, moment, name, tool};
use super::facts::{About, Facts, Finding, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "grype",
    title: "Grype JSON",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        let beside = ["/descriptor", "/source", "/distro", "/ignoredMatches"];
        head.has("/matches/[]/vulnerability")
            || (head.has("/matches") && beside.into_iter().any(|path| head.has(path)))
    },
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    matches: Option<List<Matches>>,
    ignored_matches: Option<List<Matches>>,
    #[serde(borrow)]
    descriptor: Option<Descriptor<'a>>,
}

#[derive(Deserialize)]
struct Descriptor<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    version: Text<'a>,
    #[serde(default)]
    timestamp: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match<'a> {
    #[serde(borrow)]
    vulnerability: Vulnerability<'a>,
    related_vulnerabilities: Option<Few<Related<'a>>>,
    artifact: Artifact<'a>,
    applied_ignore_rules: Option<Few<Rule<'a>>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(default)]
    severity: Text<'a>,
    #[serde(default)]
    description: Text<'a>,
    fix: Option<State<'a>>,
}

#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow, default)]
    state: Text<'a>,
}

#[derive(Deserialize)]
struct Related<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
}

#[derive(Deserialize)]
struct Artifact<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    version: Text<'a>,
    locations: Option<Few<Location<'a>>>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    path: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rule<'a> {
    #[serde(borrow, default)]
    reason: Text<'a>,
    #[serde(default)]
    vex_justification: Text<'a>,
    #[serde(default)]
    vex_status: Text<'a>,
    #[serde(default)]
    vulnerability: Text<'a>,
}

#[derive(Default)]
struct Matches(Vec<Finding>);

impl<'de> Gather<'de> for Matches {
    type Element = Match<'de>;

    fn gather(&mut self, _: &str, found: Match<'de>) -> Result<(), ReportError> {
        self.0.push(finding(&found));
        Ok(())
    }
}

fn finding(found: &Match<'_>) -> Finding {
    let (vulnerability, artifact) = (&found.vulnerability, &found.artifact);
    let place = artifact.locations.iter().flatten().next();
    let mut finding = Finding {
        version: kept(&artifact.version),
        location: place.map(|location| kept(&location.path)).unwrap_or_default(),
        fix: match vulnerability.fix.as_ref().map_or("", |fix| &*fix.state) {
            "fixed" => Fix::Available,
            "not-fixed" | "wont-fix" => Fix::None,
            _ => Fix::Unknown,
        },
        title: kept(vulnerability.description.lines().next().unwrap_or_default()),
        ..Finding::new("", &artifact.name, Severity::from_word(&vulnerability.severity))
    };
    let related = found.related_vulnerabilities.iter().flatten().map(|related| &*related.id);
    name(&mut finding, std::iter::once(&*vulnerability.id).chain(related), "vulnerability without id");
    finding.suppressed = found.applied_ignore_rules.as_ref().map(|rules| {
        let words = |rule: &Rule<'_>| {
            let words = [&rule.reason, &rule.vex_justification, &rule.vex_status, &rule.vulnerability];
            words.into_iter().find_map(|words| words.some().map(kept))
        };
        rules.iter().find_map(words).unwrap_or_else(|| "ignored by Grype's settings".to_owned())
    });
    finding
}

/// Reads a report.
///
/// # Errors
/// When it is not JSON, or has no list of matches.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let report: Report<'_> = json::parse(&bytes)?;
    let missing = || ReportError::nothing("/matches", "there is no list of matches: nothing was scanned");
    let matches = report.matches.ok_or_else(missing)?.0.done("/matches")?;
    let ignored =
        report.ignored_matches.map_or(Ok(Matches::default()), |list| list.0.done("/ignoredMatches"))?;
    let mut found = Packages::default();
    for finding in matches.0 {
        // A match that counts counts, whatever rules it names.
        found.add(Finding { suppressed: None, ..finding });
    }
    for finding in ignored.0 {
        let suppressed = finding.suppressed.or_else(|| Some("ignored by Grype's settings".to_owned()));
        found.add(Finding { suppressed, ..finding });
    }
    let mut about = About::default();
    if let Some(descriptor) = &report.descriptor {
        about.tool = tool(&descriptor.name, &descriptor.version);
        about.created = moment(&descriptor.timestamp);
    }
    Ok(Parsed { facts: Facts::Findings(found.into_facts()), about })
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

    fn found(id: &str, severity: &str, state: &str, rest: &str) -> String {
        format!(
            r#"{{"vulnerability":{{"id":"{id}","severity":"{severity}","fix":{{"versions":[],"state":"{state}"}}}},"artifact":{{"name":"zlib","version":"1.2","locations":[{{"path":"/lib/apk/db"}}]}}{rest}}}"#
        )
    }

    #[test]
    fn matches_of_one_package_are_one_finding_and_negligible_is_informational() {
        let related = r#","relatedVulnerabilities":[{"id":"CVE-2026-1"}]"#;
        let matches = [
            found("GHSA-aaaa-bbbb-cccc", "High", "fixed", related),
            found("GHSA-aaaa-bbbb-cccc", "High", "fixed", related),
            found("CVE-2026-2", "Negligible", "wont-fix", ""),
            found("CVE-2026-3", "", "", ""),
        ];
        let facts = facts(&format!(r#"{{"matches":[{}],"source":{{}}}}"#, matches.join(",")));
        let short: Vec<String> = facts
            .findings
            .iter()
            .map(|f| {
                format!(
                    "{} {:?} {}@{} {} {} {:?} x{}",
                    f.id,
                    f.aliases,
                    f.component,
                    f.version,
                    f.location,
                    f.severity.word(),
                    f.fix,
                    f.occurrences
                )
            })
            .collect();
        insta::assert_snapshot!(short.join("\n"), @r#"
        CVE-2026-1 ["GHSA-aaaa-bbbb-cccc"] zlib@1.2 /lib/apk/db high Available x2
        CVE-2026-2 [] zlib@1.2 /lib/apk/db info None x1
        CVE-2026-3 [] zlib@1.2 /lib/apk/db unknown Unknown x1
        "#);
    }

    #[test]
    fn ignored_matches_are_kept_and_not_counted() {
        let rules = r#","appliedIgnoreRules":[{"vulnerability":"CVE-2026-1","reason":"no input"}]"#;
        let ignored = [found("CVE-2026-1", "High", "fixed", rules), found("CVE-2026-2", "High", "fixed", "")];
        let facts = facts(&format!(
            r#"{{"matches":[{}],"ignoredMatches":[{}]}}"#,
            found("CVE-2026-1", "Low", "", rules),
            ignored.join(",")
        ));
        let reasons: Vec<Option<&str>> = facts.suppressed.iter().map(|f| f.suppressed.as_deref()).collect();
        assert_eq!(
            (facts.total(), reasons),
            (1, vec![Some("no input"), Some("ignored by Grype's settings")])
        );
    }

    #[test]
    fn a_report_without_matches_is_not_clean() {
        assert_eq!(facts(r#"{"matches":[],"source":{}}"#).total(), 0);
        insta::assert_snapshot!(read(r#"{"matches":null,"source":{}}"#).unwrap_err(), @"there is no list of matches: nothing was scanned, at `/matches`");
        insta::assert_snapshot!(read("{}").unwrap_err(), @"there is no list of matches: nothing was scanned, at `/matches`");
        insta::assert_snapshot!(read(r#"{"matches":[{"vulnerability":{}}]}"#).unwrap_err(), @"the JSON has another shape than the format: missing field 'artifact', at `line 1 column 32`");
        insta::assert_snapshot!(read(r#"{"matches":[{"vuln"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 18`");
    }
}
