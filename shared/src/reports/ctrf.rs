//! Common Test Report Format (<https://ctrf.io/docs/specification/overview>): one JSON that reporters of Jest, Playwright, Cypress and others
//! write.
//!
//! The `tests` are counted, `summary` is only compared. `pending` is not run, nor is an `other` whose `rawStatus` is `todo`; every `other` else
//! and words that nobody knows are errors, because nothing says that such a case passed. A passed test with `flaky` or with `retries` is flaky. Must not: keep the tests in memory.

use super::facts::{About, CaseOutcome as Outcome, Facts, Kind, Parsed, TestFacts, case_key, kept, moment};
use super::{Format, Input, ReportError, Sniff};
use crate::model::Timestamp;
use serde::Deserialize;
use serde::de::{SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The format.
pub static FORMAT: Format = Format {
    name: "ctrf",
    title: "CTRF JSON",
    kind: Kind::Tests,
    recognise: |head: &Sniff<'_>| {
        head.value("/reportFormat") == Some("CTRF")
            || (head.has("/results/tool/name") && head.has("/results/summary"))
    },
    read,
};

#[derive(Deserialize)]
struct Report {
    timestamp: Option<String>,
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    tool: Option<Tool>,
    #[serde(default)]
    summary: Summary,
    tests: Tests,
    environment: Option<Environment>,
}

#[derive(Deserialize)]
struct Tool {
    name: String,
    version: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    tests: Option<u64>,
    passed: Option<u64>,
    failed: Option<u64>,
    skipped: Option<u64>,
    pending: Option<u64>,
    flaky: Option<u64>,
    start: Option<f64>,
}

#[derive(Deserialize)]
struct Environment {
    commit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    raw_status: Option<Cow<'a, str>>,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    suite: Suite,
    #[serde(borrow, default)]
    file_path: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
    #[serde(default)]
    flaky: Option<bool>,
    #[serde(default)]
    retries: Option<u64>,
}

/// Reads a report.
///
/// # Errors
/// When it is not JSON, has no `results/tests`, or holds no test.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let Report { timestamp, results } = super::json::read(input)?;
    let Tests { mut facts, millis } = results.tests;
    let summary = results.summary;
    if facts.total() == 0 {
        let message = match summary.tests {
            Some(tests) if tests > 0 => format!("{tests} tests are declared, but none is there"),
            Some(_) | None => "no test is there".to_owned(),
        };
        return Err(ReportError::nothing("/results/tests", message));
    }
    facts.duration_ms = whole(millis);
    let started =
        summary.start.filter(|start| *start > 0.0).map(|start| Timestamp::from_seconds(start / 1000.0));
    let mut about = About {
        tool: results.tool.map(|tool| kept(&format!("{} {}", tool.name, tool.version.unwrap_or_default()))),
        commit: results.environment.and_then(|environment| environment.commit).map(|commit| kept(&commit)),
        created: started.or_else(|| timestamp.as_deref().and_then(moment)),
        ..About::default()
    };
    summary.beside(&facts, &mut about);
    Ok(Parsed { facts: Facts::Tests(facts), about })
}

impl Summary {
    fn beside(&self, facts: &TestFacts, about: &mut About) {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        about.compare("tests.total", self.tests, facts.total());
        about.compare("tests.passed", self.passed, facts.passed);
        about.compare("tests.failed", self.failed, facts.failed);
        about.compare("tests.skipped", sum(self.skipped, self.pending), facts.skipped);
        about.compare("tests.flaky", self.flaky, facts.flaky);
        if let Some(failed) = self.failed.filter(|failed| *failed > facts.failed) {
            about.odd(format!("{failed} failures are declared and {} found", facts.failed));
        }
    }
}

/// The tests, counted.
#[derive(Default)]
struct Tests {
    facts: TestFacts,
    millis: f64,
}

impl<'de> Deserialize<'de> for Tests {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Each)
    }
}

struct Each;

impl<'de> Visitor<'de> for Each {
    type Value = Tests;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tests, A::Error> {
        let mut tests = Tests::default();
        while let Some(case) = list.next_element::<Case<'de>>()? {
            tests.millis += case.duration.filter(|millis| *millis > 0.0).unwrap_or(0.0);
            case.count(&mut tests.facts);
        }
        Ok(tests)
    }
}

impl Case<'_> {
    fn count(&self, facts: &mut TestFacts) {
        let outcome = match self.status.as_ref() {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed,
            "skipped" | "pending" => Outcome::Skipped,
            // Jest's `test.todo`.
            "other" if self.raw_status.as_deref() == Some("todo") => Outcome::Skipped,
            _ => Outcome::Error,
        };
        let flaky = self.flaky == Some(true) || self.retries.is_some_and(|retries| retries > 0);
        let file = self.file_path.as_deref().unwrap_or_default();
        let name = || match self.suite.0.as_str() {
            "" => self.name.to_string(),
            suite => format!("{suite}: {}", self.name),
        };
        let message = || match (self.message.as_deref(), outcome) {
            (Some(message), _) if !message.is_empty() => message.to_owned(),
            (_, Outcome::Error) => {
                format!("its status is `{}`", kept(self.raw_status.as_deref().unwrap_or(&self.status)))
            }
            (_, Outcome::Passed | Outcome::Skipped | Outcome::Failed) => String::new(),
        };
        facts.add(case_key(&[self.suite.0.as_str(), &self.name, file]), outcome, flaky, name, message);
    }
}

/// The suites around a test: a list, or one text in older versions.
#[derive(Default)]
struct Suite(String);

impl<'de> Deserialize<'de> for Suite {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Suite;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names of suites")
    }

    fn visit_str<E>(self, name: &str) -> Result<Suite, E> {
        Ok(Suite(name.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Suite, E> {
        Ok(Suite::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Suite, A::Error> {
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(Suite(names.join(" > ")))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of positive times; `as` saturates"
)]
fn whole(millis: f64) -> u64 {
    millis.round() as u64
}

#[cfg(test)]
mod tests;
