//! JUnit XML in the dialects that tools write; there is no standard. The presence of an element decides, suite counters are never
//! trusted (19 % of 175 public files disagree with their own cases), and a suite-level error counts as one broken case.

use super::facts::{About, CaseOutcome as Outcome, Facts, Kind, Parsed, TestFacts, case_key};
use super::xml::{Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};
use std::borrow::Cow;

/// The format.
pub static FORMAT: Format = Format {
    name: "junit",
    title: "JUnit XML",
    kind: Kind::Tests,
    recognise: |head: &Sniff<'_>| matches!(head.root(), Some("testsuite" | "testsuites")),
    read,
};

#[derive(Default)]
struct Case {
    class: String,
    name: String,
    outcome: Outcome,
    flaky: bool,
    message: String,
}

#[derive(Default)]
struct Junit {
    facts: TestFacts,
    case: Option<Case>,
    suites: usize,
    roots: usize,
    declared: Option<u64>,
}

/// Reads JUnit XML.
///
/// # Errors
/// When the XML is broken or truncated, or holds no suite.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut junit = Junit::default();
    walk(input, &mut junit)?;
    if junit.roots == 0 {
        return Err(ReportError::at("/", "the file holds no `testsuite`"));
    }
    if junit.facts.total() == 0 && junit.declared.is_some_and(|declared| declared > 0) {
        let declared = junit.declared.unwrap_or_default();
        return Err(ReportError::nothing(
            "testsuites",
            format!("{declared} tests are declared, but no `testcase` is there"),
        ));
    }
    let mut about = About::default();
    about.compare("tests.total", junit.declared, junit.facts.total());
    Ok(Parsed { facts: Facts::Tests(junit.facts), about })
}

impl Visitor for Junit {
    fn open(&mut self, element: &Element<'_>, _path: &Path) -> Result<(), ReportError> {
        match element.name {
            "testsuites" => self.roots += 1,
            "testsuite" => self.suite(element),
            "testcase" => self.case = Some(case(element, &mut self.facts)),
            "failure" | "rerunFailure" => self.outcome(Outcome::Failed, element),
            "error" | "rerunError" => self.outcome(Outcome::Error, element),
            "skipped" => self.outcome(Outcome::Skipped, element),
            "flakyFailure" | "flakyError" => {
                if let Some(case) = &mut self.case {
                    case.flaky = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        match name {
            "testcase" => self.count(),
            "testsuite" => self.suites = self.suites.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }
}

impl Junit {
    fn suite(&mut self, element: &Element<'_>) {
        self.roots += 1;
        // Parents repeat their children's sums: only outermost suites are compared.
        if self.suites == 0
            && let Some(tests) = element.attribute("tests").and_then(|text| text.trim().parse::<u64>().ok())
        {
            self.declared = Some(self.declared.unwrap_or(0) + tests);
        }
        self.suites += 1;
    }

    /// A rerun child alone means a failed attempt; the case's own `failure` decides, so both only ever make it worse.
    fn outcome(&mut self, outcome: Outcome, element: &Element<'_>) {
        match &mut self.case {
            Some(case) => {
                case.outcome = case.outcome.max(outcome);
                case.message = element.attribute("message").unwrap_or_default().into_owned();
            }
            None if outcome == Outcome::Error || outcome == Outcome::Failed => {
                let message = element.attribute("message").unwrap_or_default();
                let name = || "a suite that could not run".to_owned();
                self.facts.add(case_key(&[&message]), Outcome::Error, false, name, || message.to_string());
            }
            None => {}
        }
    }

    fn count(&mut self) {
        let Some(case) = self.case.take() else { return };
        let name = || match case.class.as_str() {
            "" => case.name.clone(),
            class => format!("{class}: {}", case.name),
        };
        self.facts.add(case_key(&[&case.class, &case.name]), case.outcome, case.flaky, name, || {
            case.message.clone()
        });
    }
}

fn case(element: &Element<'_>, facts: &mut TestFacts) -> Case {
    let class = element.attribute("classname").unwrap_or_default().into_owned();
    let name = element.attribute("name").map_or_else(|| "a case without a name".to_owned(), Cow::into_owned);
    facts.duration_ms += element.attribute("time").map_or(0, |time| millis(&time));
    let not_run =
        ["status", "result"].into_iter().filter_map(|attribute| element.attribute(attribute)).any(|status| {
            matches!(
                status.to_ascii_lowercase().as_str(),
                "notrun" | "disabled" | "skipped" | "ignored" | "suppressed"
            )
        });
    let failed = element
        .attribute("status")
        .is_some_and(|status| matches!(status.to_ascii_lowercase().as_str(), "fail" | "failed"));
    let outcome = match (failed, not_run) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Skipped,
        (false, false) => Outcome::Passed,
    };
    Case { class, name, outcome, flaky: false, message: String::new() }
}

/// Seconds as text to milliseconds; thousands commas are tolerated and anything else counts as nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite and not negative; `as` saturates"
)]
fn millis(text: &str) -> u64 {
    let seconds = text.replace(',', "").trim().parse::<f64>().unwrap_or(0.0);
    if seconds.is_finite() && seconds > 0.0 { (seconds * 1000.0).round() as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    fn facts(xml: &str) -> TestFacts {
        match read(xml.as_bytes()).map(|parsed| parsed.facts) {
            Ok(Facts::Tests(facts)) => facts,
            other => panic!("{other:?}"),
        }
    }

    fn names(facts: &TestFacts) -> Vec<&str> {
        facts.broken.iter().map(|case| case.name.as_str()).collect()
    }

    #[test]
    fn an_element_decides_with_or_without_attributes_and_the_worst_outcome_wins() {
        let facts = facts(
            r#"<testsuites><testsuite tests="9"><testcase name="a" time="1,000.5"/><testcase name="b"><failure message="x"/></testcase>
               <testcase name="c"><skipped/></testcase><testcase name="d" classname="K"><error/><failure/></testcase>
               <testcase name="e"><flakyFailure/></testcase><testcase name="f" status="disabled"/></testsuite></testsuites>"#,
        );
        assert_eq!((facts.passed, facts.failed, facts.errors, facts.skipped, facts.flaky), (2, 1, 1, 2, 1));
        assert_eq!(names(&facts), ["b", "K: d"]);
        assert_eq!((facts.total(), facts.duration_ms), (6, 1_000_500));
    }

    #[test]
    fn a_suite_that_could_not_load_counts_as_an_error() {
        let facts =
            facts(r#"<testsuite tests="0" errors="1"><error message="Cannot find module"/></testsuite>"#);
        assert_eq!((facts.errors, facts.total()), (1, 1));
    }

    #[test]
    fn truncated_empty_and_declared_only_files_are_no_evidence() {
        let error = read(b"<testsuites><testsuite><testcase name='a'/>").unwrap_err();
        insta::assert_snapshot!(error, @"the file ends inside an element: it is truncated, at `testsuites[0]/testsuite[0]`");
        insta::assert_snapshot!(read(b"").unwrap_err(), @"the file holds no `testsuite`, at `/`");
        insta::assert_snapshot!(read(br#"<testsuite tests="6"/>"#).unwrap_err(), @"6 tests are declared, but no `testcase` is there, at `testsuites`");
        assert!(read(b"<testsuite></testsuites>").is_err());
    }

    #[test]
    fn external_entities_are_never_followed() {
        let xml = r#"<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"><failure/></testcase></testsuite>"#;
        assert_eq!(names(&facts(xml)), ["&x;"]);
    }
}
