//! Issues of `SonarQube`: the answer of `api/issues/search`
//! (<https://docs.sonarsource.com/sonarqube-server/latest/extension-guide/web-api/>). Pages may follow each other or stand in a list.
//!
//! `BLOCKER` is critical here, `CRITICAL` high, `MAJOR` medium, `MINOR` low and `INFO` informational; where an issue has only `impacts`, the
//! gravest decides. Fixed issues are not counted, accepted and false ones are kept as suppressed. When `paging.total` is more than the
//! issues in the file, the file is not the whole answer.

use super::facts::{About, Facts, Finding, FindingFacts, Kind, Parsed, Severity, kept};
use super::json::{self, Few, Gather, List, OneOrList, Text};
use super::sonar_gate::{Message, refused};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "sonar-issues",
    title: "SonarQube issues",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        ["", "/[]"].into_iter().any(|root| {
            let has = |path: &str| head.has(&format!("{root}{path}"));
            has("/issues") && (has("/paging") || has("/effortTotal") || has("/issues/[]/rule"))
        })
    },
    read,
};

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    errors: Option<Few<Message<'a>>>,
    paging: Option<Paging>,
    total: Option<u64>,
    issues: Option<List<Issues>>,
}

#[derive(Deserialize)]
struct Paging {
    total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue<'a> {
    #[serde(borrow, default)]
    rule: Text<'a>,
    #[serde(default)]
    severity: Text<'a>,
    impacts: Option<Few<Impact<'a>>>,
    #[serde(default)]
    component: Text<'a>,
    #[serde(default)]
    project: Text<'a>,
    line: Option<u64>,
    #[serde(default)]
    status: Text<'a>,
    #[serde(default)]
    issue_status: Text<'a>,
    #[serde(default)]
    resolution: Text<'a>,
    #[serde(default)]
    message: Text<'a>,
}

#[derive(Deserialize)]
struct Impact<'a> {
    #[serde(borrow, default)]
    severity: Text<'a>,
}

/// The documented mapping; of impacts `BLOCKER` and `HIGH` are other words than those of issues.
fn severity(issue: &Issue<'_>) -> Severity {
    if let Some(word) = issue.severity.some() {
        return match word {
            "BLOCKER" => Severity::Critical,
            "CRITICAL" => Severity::High,
            "MAJOR" => Severity::Medium,
            "MINOR" => Severity::Low,
            "INFO" => Severity::Info,
            _ => Severity::Unknown,
        };
    }
    let of_impact = |impact: &Impact<'_>| match &*impact.severity {
        "BLOCKER" => Severity::Critical,
        "HIGH" => Severity::High,
        "MEDIUM" => Severity::Medium,
        "LOW" => Severity::Low,
        "INFO" => Severity::Info,
        _ => Severity::Unknown,
    };
    issue.impacts.iter().flatten().map(of_impact).max().unwrap_or(Severity::Unknown)
}

/// Whether an issue counts.
enum State {
    Open,
    Suppressed(String),
    Gone,
}

fn state(issue: &Issue<'_>) -> State {
    match (issue.issue_status.some().unwrap_or(&issue.status), &*issue.resolution) {
        (_, word @ ("FALSE-POSITIVE" | "WONTFIX")) | (word @ ("FALSE_POSITIVE" | "ACCEPTED"), _) => {
            State::Suppressed(format!("`{word}` in SonarQube"))
        }
        ("FIXED", _) | ("RESOLVED" | "CLOSED", "FIXED" | "REMOVED") => State::Gone,
        // Open, confirmed, reopened, to review, and what nobody knows.
        _ => State::Open,
    }
}

#[derive(Default)]
struct Issues {
    list: Vec<Finding>,
    count: u64,
}

impl<'de> Gather<'de> for Issues {
    type Element = Issue<'de>;

    fn gather(&mut self, _: &str, issue: Issue<'de>) -> Result<(), ReportError> {
        self.count += 1;
        let suppressed = match state(&issue) {
            State::Open => None,
            State::Suppressed(why) => Some(why),
            State::Gone => return Ok(()),
        };
        // A component is `project:path`.
        let path = issue.component.strip_prefix(&*issue.project).and_then(|rest| rest.strip_prefix(':'));
        self.list.push(Finding {
            location: issue.line.map(|line| format!("line {line}")).unwrap_or_default(),
            title: kept(&issue.message),
            suppressed,
            ..Finding::new(
                issue.rule.some().unwrap_or("rule without id"),
                path.unwrap_or(&issue.component),
                severity(&issue),
            )
        });
        Ok(())
    }
}

#[derive(Default)]
struct Pages {
    facts: FindingFacts,
    total: Option<u64>,
    issues: u64,
    pages: u64,
}

impl<'de> Gather<'de> for Pages {
    type Element = Page<'de>;

    fn gather(&mut self, _: &str, page: Page<'de>) -> Result<(), ReportError> {
        refused(page.errors.as_deref())?;
        let missing = || ReportError::at("/issues", "the answer has no `issues`");
        let issues = page.issues.ok_or_else(missing)?.0.done("/issues")?;
        self.pages += 1;
        self.issues += issues.count;
        self.total = self.total.max(page.paging.and_then(|paging| paging.total).or(page.total));
        issues.list.into_iter().for_each(|finding| self.facts.add(finding));
        Ok(())
    }
}

/// Reads issues.
///
/// # Errors
/// When it is not JSON, an error of the server, or not the whole answer.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let mut all = Pages::default();
    json::each(&bytes, |_, pages: OneOrList<Pages>| {
        let pages = pages.0.done("")?;
        let facts = std::mem::take(&mut all.facts);
        all.facts = facts.merge(pages.facts);
        all.total = all.total.max(pages.total);
        all.issues += pages.issues;
        all.pages += pages.pages;
        Ok(())
    })?;
    if all.pages == 0 {
        return Err(ReportError::nothing("/", "the list has no page"));
    }
    let Some(total) = all.total else {
        return Err(ReportError::at(
            "/paging/total",
            "the total is missing: the file may be one page of several",
        ));
    };
    if total > all.issues {
        let words = format!("the file has {} of {total} issues: pages are missing", all.issues);
        return Err(ReportError::truncated("/paging/total", words));
    }
    let mut about = About { tool: Some("SonarQube".to_owned()), ..About::default() };
    about.compare("issues", Some(total), all.issues);
    Ok(Parsed { facts: Facts::Findings(all.facts), about })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn page(total: u64, issues: &str) -> String {
        format!(
            r#"{{"total":{total},"paging":{{"pageIndex":1,"pageSize":100,"total":{total}}},"issues":[{issues}],"components":[]}}"#
        )
    }

    fn facts(text: &str) -> FindingFacts {
        match read(text).unwrap().facts {
            Facts::Findings(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn severities_are_mapped_and_components_lose_their_project() {
        let words = ["BLOCKER", "CRITICAL", "MAJOR", "MINOR", "INFO", "WHAT"];
        let issues: Vec<String> = words
            .iter()
            .map(|word| format!(r#"{{"rule":"js:{word}","severity":"{word}","component":"acme:web:src/a.js","project":"acme:web","line":3,"status":"OPEN","message":"m"}}"#))
            .chain([r#"{"rule":"js:impact","component":"acme:web","impacts":[{"softwareQuality":"SECURITY","severity":"HIGH"},{"severity":"LOW"}],"status":"NEW WORD"}"#.to_owned()])
            .collect();
        let facts = facts(&page(7, &issues.join(",")));
        let short: Vec<String> = facts
            .findings
            .iter()
            .map(|f| format!("{} {} {} {}", f.id, f.component, f.location, f.severity.word()))
            .collect();
        insta::assert_snapshot!(short.join("\n"), @"
        js:BLOCKER src/a.js line 3 critical
        js:CRITICAL src/a.js line 3 high
        js:MAJOR src/a.js line 3 medium
        js:MINOR src/a.js line 3 low
        js:INFO src/a.js line 3 info
        js:WHAT src/a.js line 3 unknown
        js:impact acme:web  high
        ");
    }

    #[test]
    fn fixed_issues_do_not_count_and_accepted_ones_are_kept() {
        let issue = |members: &str| format!(r#"{{"rule":"r","component":"{}",{members}}}"#, members.len());
        let issues = [
            r#""status":"RESOLVED","resolution":"FIXED""#,
            r#""status":"CLOSED","resolution":"REMOVED""#,
            r#""issueStatus":"FIXED""#,
            r#""status":"RESOLVED","resolution":"FALSE-POSITIVE""#,
            r#""status":"RESOLVED","issueStatus":"ACCEPTED""#,
            r#""status":"RESOLVED","resolution":"NEW""#,
            r#""status":"TO_REVIEW""#,
        ]
        .map(issue);
        let facts = facts(&page(7, &issues.join(",")));
        let reasons: Vec<Option<&str>> = facts.suppressed.iter().map(|f| f.suppressed.as_deref()).collect();
        assert_eq!(
            (facts.total(), reasons),
            (2, vec![Some("`FALSE-POSITIVE` in SonarQube"), Some("`ACCEPTED` in SonarQube")])
        );
    }

    #[test]
    fn pages_are_read_together_and_a_missing_one_is_an_error() {
        let issue = |n: u64| format!(r#"{{"rule":"r{n}","component":"c"}}"#);
        let (first, second) = (page(2, &issue(1)), page(2, &issue(2)));
        assert_eq!(facts(&format!("{first}\n{second}")).total(), 2);
        assert_eq!(facts(&format!("[{first},{second}]")).total(), 2);
        assert_eq!(facts(&page(0, "")).total(), 0);
        insta::assert_snapshot!(read(&first).unwrap_err(), @"the file has 1 of 2 issues: pages are missing, at `/paging/total`");
        insta::assert_snapshot!(read(r#"{"issues":[]}"#).unwrap_err(), @"the total is missing: the file may be one page of several, at `/paging/total`");
        insta::assert_snapshot!(read(r#"{"paging":{"total":0}}"#).unwrap_err(), @"the answer has no `issues`, at `/issues`");
        insta::assert_snapshot!(read(r#"{"errors":[{"msg":"Insufficient `privileges`"}]}"#).unwrap_err(), @"SonarQube wrote an error: `Insufficient 'privileges'`, at `/errors`");
        insta::assert_snapshot!(read("[]").unwrap_err(), @"the list has no page, at `/`");
        insta::assert_snapshot!(read(r#"{"paging":{"total":0},"issues":[{"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 33`");
    }
}
