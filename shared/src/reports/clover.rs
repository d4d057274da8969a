//! Clover XML (<https://openclover.org/doc/manual/latest/ant--xml-report.html>), what `OpenClover`, Istanbul and `PHPUnit` write.
//!
//! Distinct (file, line) of statements and conditions are counted; lines of type `method` are functions and no code of their own, as in the
//! tools' own figures, though `PHPUnit` takes a method for covered only when all its lines are, and here it is when it was called. A condition of Istanbul has a `count` and says in `truecount` how many branches were taken and in `falsecount` how
//! many were not; one of `OpenClover` has no `count`, and says how often it was true and how often false. What stands in a `testproject` is
//! the tests' own code and does not count. `metrics` of the project are only compared: Istanbul's `statements` are lines.
//!
//! Must not: read Cobertura, whose root has the same name.

use super::covered::{Files, beyond};
use super::facts::{About, Kind, MAX_LINE, Parsed, Ratio};
use super::marks::{name_key, number};
use super::totals::{Totals, add, is_hit};
use super::xml::{self, Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};

/// The format.
pub static FORMAT: Format = Format {
    name: "clover",
    title: "Clover XML",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| head.root() == Some("coverage") && head.has_element("project"),
    read,
};

#[derive(Default)]
struct Clover {
    project: bool,
    files: Files,
    file: Option<usize>,
    /// Inside the tests' own code.
    is_tests: bool,
    totals: Totals,
    about: About,
}

/// One `line`, as it is written.
#[derive(Default)]
struct Line<'a> {
    number: Option<&'a str>,
    kind: &'a str,
    name: &'a str,
    count: Option<&'a str>,
    when_true: Option<&'a str>,
    when_false: Option<&'a str>,
}

/// Reads Clover XML.
///
/// # Errors
/// When the XML is broken or truncated, is no Clover, a line has no number or count, or no line is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut report = Clover::default();
    walk(input, &mut report)?;
    if !report.project {
        return Err(ReportError::at("/", "the file holds no `project`"));
    }
    report.totals.beside(report.files.into_facts()?, report.about, "coverage/project")
}

impl Visitor for Clover {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        match element.name {
            "line" if !self.is_tests => self.line(element, path)?,
            "file" if !self.is_tests => self.file(element, path)?,
            "metrics" if path.parent() == Some("project") => self.metrics(element),
            "coverage" if path.depth() == 1 => {
                self.about.created = element.attribute("generated").as_deref().and_then(xml::unix_time);
            }
            "project" => self.project = true,
            "testproject" => self.is_tests = true,
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        match name {
            "file" => self.file = None,
            "testproject" => self.is_tests = false,
            _ => {}
        }
        Ok(())
    }
}

impl Clover {
    /// Istanbul writes the base name as `name` and all of it as `path`, `PHPUnit` all of it as `name`.
    fn file(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let name = element.attribute("path").or_else(|| element.attribute("name"));
        let name = name.filter(|name| !name.is_empty());
        let missing = || ReportError::at(format!("{}/@name", path.text()), "the attribute is missing");
        self.file = Some(self.files.index(&name.ok_or_else(missing)?)?);
        Ok(())
    }

    fn metrics(&mut self, element: &Element<'_>) {
        let totals = &mut self.totals;
        for (name, value) in element.attributes() {
            let total = match name {
                "statements" => &mut totals.lines,
                "coveredstatements" => &mut totals.lines_hit,
                "conditionals" => &mut totals.branches,
                "coveredconditionals" => &mut totals.branches_hit,
                "methods" => &mut totals.functions,
                "coveredmethods" => &mut totals.functions_hit,
                _ => continue,
            };
            add(total, number(value.as_bytes()));
        }
    }

    fn line(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let Some(file) = self.file.and_then(|file| self.files.get(file)) else { return Ok(()) };
        let line = Line::of(element);
        let number = line.number(path)?;
        match line.kind {
            "method" => {
                let key = name_key(line.name.as_bytes()).rotate_left(9) ^ u64::from(number);
                file.functions.add(key, line.is_hit(path)?);
            }
            "cond" => {
                let (hit, branches) = line.condition(path)?;
                file.lines.add(number, hit);
                if !file.branches_of(number, branches) {
                    return Err(ReportError::at(
                        path.text(),
                        format!("a line with {} branches", branches.total),
                    ));
                }
            }
            // `stmt`, and what a later version may add: code that has to be covered.
            _ => {
                file.lines.add(number, line.is_hit(path)?);
            }
        }
        Ok(())
    }
}

impl<'a> Line<'a> {
    fn of(element: &Element<'a>) -> Self {
        let mut line = Self::default();
        for (name, value) in element.attributes() {
            match name {
                "num" => line.number = Some(value),
                "type" => line.kind = value,
                "name" | "signature" => line.name = value,
                "count" => line.count = Some(value),
                "truecount" => line.when_true = Some(value),
                "falsecount" => line.when_false = Some(value),
                _ => {}
            }
        }
        line
    }

    fn number(&self, path: &Path) -> Result<u32, ReportError> {
        let line = figure("num", self.number, path)?;
        u32::try_from(line)
            .ok()
            .filter(|line| *line <= MAX_LINE)
            .ok_or_else(|| ReportError::at(format!("{}/@num", path.text()), beyond(line)))
    }

    fn is_hit(&self, path: &Path) -> Result<bool, ReportError> {
        let wrong = |words: &str| ReportError::at(format!("{}/@count", path.text()), words);
        let count = self.count.ok_or_else(|| wrong("the attribute is missing"))?;
        is_hit(count.as_bytes()).ok_or_else(|| wrong("the attribute is no number"))
    }

    /// Whether the line of a condition was hit, and its branches.
    fn condition(&self, path: &Path) -> Result<(bool, Ratio), ReportError> {
        let when_true = figure("truecount", self.when_true, path)?;
        let when_false = figure("falsecount", self.when_false, path)?;
        if self.count.is_some() {
            let branches = Ratio { hit: when_true, total: when_true.saturating_add(when_false) };
            return Ok((self.is_hit(path)?, branches));
        }
        let hit = u64::from(when_true > 0) + u64::from(when_false > 0);
        Ok((hit > 0, Ratio { hit, total: 2 }))
    }
}

fn figure(name: &str, value: Option<&str>, path: &Path) -> Result<u64, ReportError> {
    let wrong = |words: &str| ReportError::at(format!("{}/@{name}", path.text()), words);
    let value = value.ok_or_else(|| wrong("the attribute is missing"))?;
    number(value.as_bytes()).ok_or_else(|| wrong("the attribute is no number"))
}

#[cfg(test)]
mod tests;
