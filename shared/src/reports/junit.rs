//! JUnit XML in the dialects that tools write; there is no standard. The nearest to one is Surefire's schema
//! (<https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd>).
//!
//! Only leaf cases are counted, one outcome each: error before failure before skipped before passed. The presence of an element decides,
//! with or without attributes; a `status` or `result` attribute can only make it worse, and a word in it that nobody knows is an error.
//! `flakyFailure` and `flakyError` beside a passed case make it flaky; `rerunFailure` and `rerunError` are failed attempts, and a case that
//! only has those has failed. A suite's own error counts as one broken case. Counters of suites are never trusted (19 % of 175 public files
//! disagree with their own cases), only compared.
//!
//! Some tools write an attempt that failed as a passed case (pytest-rerunfailures): the counters then disagree, and to take such a report with
//! `duplicates: any-pass` would turn every failure into a flaky case.
//!
//! Must not: take counters for cases. A file that declares tests and holds none has measured nothing.

mod case;

use super::facts::{About, CaseOutcome as Outcome, Facts, Kind, Parsed, TestFacts, case_key, kept, moment};
use super::xml::{self, Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};
use case::Case;

/// The format.
pub static FORMAT: Format = Format {
    name: "junit",
    title: "JUnit XML",
    kind: Kind::Tests,
    recognise: |head: &Sniff<'_>| matches!(head.root(), Some("testsuite" | "testsuites")),
    read,
};

/// What suites say of themselves.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    tests: Option<u64>,
    failures: Option<u64>,
    errors: Option<u64>,
}

impl Counters {
    fn plus(self, other: Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (one, other) => one.or(other),
        };
        Self {
            tests: sum(self.tests, other.tests),
            failures: sum(self.failures, other.failures),
            errors: sum(self.errors, other.errors),
        }
    }

    fn broken(self) -> Option<u64> {
        let Self { failures, errors, .. } = self;
        Some(failures.unwrap_or(0).saturating_add(errors.unwrap_or(0)))
            .filter(|_| failures.is_some() || errors.is_some())
    }
}

/// A suite that is open.
#[derive(Debug, Default)]
struct Suite {
    name: String,
    /// Identity of the suite with those around it.
    key: u64,
    declared: Option<u64>,
    /// Cases that had been counted when it opened.
    before: u64,
    broken: bool,
}

#[derive(Default)]
struct Junit {
    facts: TestFacts,
    micros: u64,
    /// Cases that are open: one in nearly every file. Used again, so that nothing is allocated for a case.
    cases: Vec<Case>,
    open_cases: usize,
    suites: Vec<Suite>,
    open_suites: usize,
    /// Depth at which a failure opened whose text is wanted.
    text_at: Option<usize>,
    depth: usize,
    roots: usize,
    /// Counters of `testsuites`, and the sum of those of the outermost suites.
    root: Counters,
    outermost: Counters,
    disagreeing: u64,
    first_disagreeing: String,
    about: About,
}

/// Reads JUnit XML.
///
/// # Errors
/// When the XML is broken or truncated, or holds no suite or no case.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut junit = Junit::default();
    walk(input, &mut junit)?;
    if junit.roots == 0 {
        return Err(ReportError::at("/", "the file holds no `testsuite`"));
    }
    let declared = junit.root.tests.or(junit.outermost.tests);
    if junit.facts.total() == 0 {
        return Err(ReportError::nothing(
            "testsuites",
            match declared {
                Some(tests) if tests > 0 => format!("{tests} tests are declared, but no `testcase` is there"),
                Some(_) | None => "no `testcase` is there".to_owned(),
            },
        ));
    }
    Ok(junit.finish())
}

impl Visitor for Junit {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        self.depth = path.depth();
        match element.name {
            "testcase" => self.case(element),
            "testsuite" => self.suite(element),
            "testsuites" => self.root(element),
            "failure" | "rerunFailure" => self.outcome(Outcome::Failed, element),
            "error" | "rerunError" => self.outcome(Outcome::Error, element),
            "skipped" => self.outcome(Outcome::Skipped, element),
            "flakyFailure" | "flakyError" => {
                if let Some(case) = self.open_case() {
                    case.flaky = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        if self.text_at.is_some_and(|at| at >= self.depth) {
            self.text_at = None;
        }
        match name {
            "testcase" => self.count(),
            "testsuite" => self.close_suite(),
            _ => {}
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn wants_text(&self) -> bool {
        self.text_at.is_some()
    }

    fn text(&mut self, text: &str) {
        if let Some(case) = self.open_case()
            && case.take_text(text)
        {
            self.text_at = None;
        }
    }
}

impl Junit {
    fn open_case(&mut self) -> Option<&mut Case> {
        self.open_cases.checked_sub(1).and_then(|last| self.cases.get_mut(last))
    }

    fn open_suite(&mut self) -> Option<&mut Suite> {
        self.open_suites.checked_sub(1).and_then(|last| self.suites.get_mut(last))
    }

    fn root(&mut self, element: &Element<'_>) {
        self.roots += 1;
        self.root = self.root.plus(counters(element));
        self.created(element);
    }

    fn created(&mut self, element: &Element<'_>) {
        if self.about.created.is_none() {
            // A suite of jest-junit that could not be loaded is of 1970.
            let moment = element.attribute("timestamp").as_deref().and_then(moment);
            self.about.created = moment.filter(|moment| moment.millis() > 0);
        }
    }

    fn suite(&mut self, element: &Element<'_>) {
        self.roots += 1;
        self.created(element);
        let declared = counters(element);
        // Parents repeat their children's sums: only outermost suites are added up.
        if self.open_suites == 0 {
            self.outermost = self.outermost.plus(declared);
        }
        let (around, before) = (self.open_suite().map_or(0, |suite| suite.key), self.facts.total());
        if self.suites.len() == self.open_suites {
            self.suites.push(Suite::default());
        }
        self.open_suites += 1;
        let name = element.attribute("name").unwrap_or_default();
        if let Some(suite) = self.open_suite() {
            suite.name.clear();
            suite.name.push_str(&name);
            suite.key = around.rotate_left(7) ^ case_key(&[name.as_ref()]);
            suite.declared = declared.tests;
            suite.before = before;
            suite.broken = false;
        }
    }

    fn close_suite(&mut self) {
        let total = self.facts.total();
        let Some(suite) = self.open_suite() else { return };
        let other = suite.declared.is_some_and(|declared| declared != total - suite.before);
        let name = if other { kept(&suite.name) } else { String::new() };
        self.open_suites -= 1;
        if other {
            self.disagreeing += 1;
            if self.disagreeing == 1 {
                self.first_disagreeing = name;
            }
        }
    }

    fn case(&mut self, element: &Element<'_>) {
        if let Some(around) = self.open_case() {
            around.has_cases = true;
        }
        if self.cases.len() == self.open_cases {
            self.cases.push(Case::default());
        }
        self.open_cases += 1;
        if let Some(case) = self.open_case() {
            let micros = case.start(element);
            self.micros = self.micros.saturating_add(micros);
        }
    }

    /// A failure, error or skip in a case, or a suite's own.
    fn outcome(&mut self, outcome: Outcome, element: &Element<'_>) {
        let depth = self.depth;
        let Some(case) = self.open_case() else { return self.broken_suite(outcome, element) };
        if case.worsen(outcome, element) {
            self.text_at = Some(depth);
        }
    }

    fn broken_suite(&mut self, outcome: Outcome, element: &Element<'_>) {
        let is_harmless = matches!(outcome, Outcome::Passed | Outcome::Skipped);
        let first = self.open_suite().is_none_or(|suite| !std::mem::replace(&mut suite.broken, true));
        if is_harmless || !first {
            return;
        }
        let (key, name) = match self.open_suite() {
            Some(suite) if !suite.name.is_empty() => (suite.key, format!("suite {}", suite.name)),
            Some(suite) => (suite.key, "a suite that could not run".to_owned()),
            None => (0, "a suite that could not run".to_owned()),
        };
        let message = element.attribute("message").unwrap_or_default();
        self.facts.add(key, Outcome::Error, false, || name.clone(), || message.to_string());
    }

    fn count(&mut self) {
        let around = self.open_suite().map_or(0, |suite| suite.key);
        let Some(last) = self.open_cases.checked_sub(1) else { return };
        self.open_cases = last;
        if let Some(case) = self.cases.get(last) {
            case.count(around, &mut self.facts);
        }
    }

    fn finish(mut self) -> Parsed {
        let (about, facts) = (&mut self.about, &mut self.facts);
        facts.duration_ms = self.micros.saturating_add(500) / 1000;
        let (total, broken) = (facts.total(), facts.failed.saturating_add(facts.errors));
        about.compare("tests.total", self.root.tests.or(self.outermost.tests), total);
        let declared = self.root.broken().into_iter().chain(self.outermost.broken()).max();
        about.compare("tests.failed", declared, broken);
        if let (Some(root), Some(sum)) = (self.root.tests, self.outermost.tests)
            && root != sum
        {
            about.odd(format!("`testsuites` declares {root} tests, its suites together {sum}"));
        }
        if self.disagreeing > 0 {
            about.odd(format!(
                "suites that declare another number of tests than they hold: {}, the first is `{}`",
                self.disagreeing, self.first_disagreeing
            ));
        }
        if let Some(declared) = declared.filter(|declared| *declared > broken) {
            about.odd(format!("{declared} failures and errors are declared and {broken} found"));
        }
        Parsed { facts: Facts::Tests(self.facts), about: self.about }
    }
}

fn counters(element: &Element<'_>) -> Counters {
    let mut counters = Counters::default();
    for (name, value) in element.attributes() {
        let number = || xml::text(value).trim().parse().ok();
        match name {
            "tests" => counters.tests = number(),
            "failures" => counters.failures = number(),
            "errors" => counters.errors = number(),
            _ => {}
        }
    }
    counters
}

#[cfg(test)]
mod tests;
