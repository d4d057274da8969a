//! `cargo audit --json` (<https://docs.rs/rustsec/latest/rustsec/report/struct.Report.html>).
//!
//! An advisory has no word for its severity but at most a CVSS vector, of version 2, 3 or 4: its base score is on our scale, and without a
//! vector the severity is unknown. `warnings` stand apart from `vulnerabilities` and are findings too. That a crate is unmaintained, yanked
//! or has a notice tells of no flaw: these are informational. Every other kind (`unsound`, and what may come) has the severity of its
//! vector, or is unknown.

use super::advisory::{moment, name};
use super::facts::{About, Facts, Finding, FindingFacts, Fix, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, Members, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "cargo-audit",
    title: "cargo audit",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        // A package may be called `found`: then it is an object.
        let is_told = matches!(head.value("/vulnerabilities/found"), Some("true" | "false"));
        is_told || (head.has("/lockfile/dependency-count") && head.has("/database"))
    },
    read,
};

#[derive(Deserialize)]
struct Report {
    database: Option<Database>,
    lockfile: Option<Lockfile>,
    vulnerabilities: Option<Vulnerabilities>,
    warnings: Option<Members<Warnings>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Database {
    advisory_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Lockfile {
    dependency_count: Option<u64>,
}

#[derive(Deserialize)]
struct Vulnerabilities {
    found: Option<bool>,
    count: Option<u64>,
    list: Option<List<Entries>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    advisory: Option<Advisory<'a>>,
    package: Package<'a>,
    versions: Option<Versions<'a>>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(default)]
    title: Text<'a>,
    #[serde(default)]
    date: Text<'a>,
    aliases: Option<Few<Text<'a>>>,
    #[serde(default)]
    cvss: Text<'a>,
}

#[derive(Deserialize)]
struct Package<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    version: Text<'a>,
}

#[derive(Deserialize)]
struct Versions<'a> {
    #[serde(borrow)]
    patched: Option<Few<Text<'a>>>,
}

#[derive(Default)]
struct Entries(Vec<Finding>);

impl<'de> Gather<'de> for Entries {
    type Element = Entry<'de>;

    fn gather(&mut self, _: &str, entry: Entry<'de>) -> Result<(), ReportError> {
        self.0.push(finding(&entry));
        Ok(())
    }
}

/// Warnings by their kind.
#[derive(Default)]
struct Warnings(Vec<Finding>);

impl<'de> Gather<'de> for Warnings {
    type Element = List<Entries>;

    fn gather(&mut self, kind: &str, list: List<Entries>) -> Result<(), ReportError> {
        for mut finding in list.0.done("")?.0 {
            if matches!(kind, "unmaintained" | "yanked" | "notice") {
                finding.severity = Severity::Info;
            }
            if finding.id.is_empty() {
                finding.id = kept(kind);
            }
            if finding.title.is_empty() {
                finding.title = kept(kind);
            }
            self.0.push(finding);
        }
        Ok(())
    }
}

fn finding(entry: &Entry<'_>) -> Finding {
    let patched = entry.versions.as_ref().and_then(|versions| versions.patched.as_ref());
    let mut finding = Finding {
        version: kept(&entry.package.version),
        fix: match patched {
            Some(versions) if versions.is_empty() => Fix::None,
            Some(_) => Fix::Available,
            None => Fix::Unknown,
        },
        ..Finding::new("", &entry.package.name, Severity::Unknown)
    };
    let Some(advisory) = &entry.advisory else { return finding };
    finding.title = kept(&advisory.title);
    finding.published = moment(&advisory.date);
    finding.severity = severity(&advisory.cvss);
    let aliases = advisory.aliases.iter().flatten().map(|alias| &**alias);
    name(&mut finding, aliases.chain([&*advisory.id]), "");
    finding
}

/// Severity of a CVSS vector; unknown when there is none or it cannot be read.
fn severity(vector: &str) -> Severity {
    vector.parse::<cvss::Cvss>().map_or(Severity::Unknown, |vector| Severity::from_score(vector.score()))
}

/// Reads an audit.
///
/// # Errors
/// When it is not JSON, has no list of vulnerabilities, or when no dependency was looked at or no advisory was known.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let report: Report = json::parse(&bytes)?;
    let missing = || ReportError::at("/vulnerabilities/list", "the list is missing");
    let vulnerabilities = report.vulnerabilities.ok_or_else(missing)?;
    let list = vulnerabilities.list.ok_or_else(missing)?.0.done("/vulnerabilities/list")?.0;
    let mut about = About { tool: Some("cargo audit".to_owned()), ..About::default() };
    if report.database.and_then(|database| database.advisory_count) == Some(0) {
        return Err(ReportError::nothing("/database/advisory-count", "the database has no advisory"));
    }
    if report.lockfile.and_then(|lockfile| lockfile.dependency_count) == Some(0) {
        return Err(ReportError::nothing("/lockfile/dependency-count", "the audit looked at no dependency"));
    }
    if vulnerabilities.found == Some(true) && list.is_empty() {
        return Err(ReportError::at("/vulnerabilities/found", "something was found, and nothing is listed"));
    }
    about.compare("vulnerabilities", vulnerabilities.count, list.len() as u64);
    let warnings =
        report.warnings.map_or(Ok(Warnings::default()), |warnings| warnings.0.done("/warnings"))?;
    let mut facts = FindingFacts::default();
    list.into_iter().chain(warnings.0).for_each(|mut finding| {
        if finding.id.is_empty() {
            "advisory without id".clone_into(&mut finding.id);
        }
        facts.add(finding);
    });
    Ok(Parsed { facts: Facts::Findings(facts), about })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    #[test]
    fn a_vector_of_any_version_gives_the_severity_and_none_gives_unknown() {
        let words = [
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N",
            "AV:N/AC:L/Au:N/C:N/I:N/A:P",
            "",
            "CVSS:9/x",
        ]
        .map(severity);
        assert_eq!(
            words,
            [Severity::Critical, Severity::Medium, Severity::Medium, Severity::Unknown, Severity::Unknown]
        );
    }

    #[test]
    fn warnings_count_apart_by_their_kind() {
        let parsed = read(
            r#"{"database":{"advisory-count":9,"last-updated":"2026-01-31T10:00:00Z"},"lockfile":{"dependency-count":3},
                "vulnerabilities":{"found":true,"count":1,"list":[{"advisory":{"id":"RUSTSEC-2026-0001","title":"t","date":"2026-01-02","aliases":["CVE-2026-1"],"cvss":null},"versions":{"patched":[">=2"]},"package":{"name":"a","version":"1.0.0"}}]},
                "warnings":{"unmaintained":[{"kind":"unmaintained","package":{"name":"b","version":"1.0.0"},"advisory":{"id":"RUSTSEC-2026-0002"},"versions":{"patched":[]}}],
                "unsound":[{"package":{"name":"c","version":"1.0.0"},"advisory":{"id":"RUSTSEC-2026-0003"}}],
                "yanked":[{"package":{"name":"d","version":"1.0.0"},"advisory":null}]}}"#,
        )
        .unwrap();
        let Facts::Findings(facts) = parsed.facts else { panic!("no findings") };
        let short: Vec<String> = facts
            .findings
            .iter()
            .map(|f| format!("{} {} {:?} {:?}", f.id, f.component, f.severity, f.fix))
            .collect();
        insta::assert_snapshot!(short.join("\n"), @"
        CVE-2026-1 a Unknown Available
        RUSTSEC-2026-0002 b Info None
        RUSTSEC-2026-0003 c Unknown Unknown
        yanked d Info Unknown
        ");
    }

    #[test]
    fn an_audit_of_nothing_is_not_clean() {
        let audit = |dependencies: u64, advisories: u64| {
            format!(
                r#"{{"database":{{"advisory-count":{advisories}}},"lockfile":{{"dependency-count":{dependencies}}},"vulnerabilities":{{"found":false,"count":0,"list":[]}},"warnings":{{}}}}"#
            )
        };
        assert!(read(&audit(1, 1)).is_ok());
        insta::assert_snapshot!(read(&audit(0, 1)).unwrap_err(), @"the audit looked at no dependency, at `/lockfile/dependency-count`");
        insta::assert_snapshot!(read(&audit(1, 0)).unwrap_err(), @"the database has no advisory, at `/database/advisory-count`");
        insta::assert_snapshot!(read("{}").unwrap_err(), @"the list is missing, at `/vulnerabilities/list`");
        insta::assert_snapshot!(read(r#"{"vulnerabilities":{"found":true,"count":3,"list":[]}}"#).unwrap_err(), @"something was found, and nothing is listed, at `/vulnerabilities/found`");
        insta::assert_snapshot!(read(r#"{"vulnerabilities":{"found":true,"list":[{"pack"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 47`");
    }
}
