//! Cobertura XML (<https://github.com/cobertura/web/blob/master/htdocs/xml/coverage-04.dtd>), what Cobertura, Istanbul, coverage.py, gcovr
//! and many others write.
//!
//! A line is repeated under its method and its class, a file appears in several classes, and C++ tools write lines under methods only:
//! distinct (file, line) are counted wherever they stand. Only the single line that Istanbul puts under a method, its declaration, is no
//! line of code where the class has lines of its own. `condition-coverage` may be missing or contradict itself, rates may be `NaN` or
//! truncated: declared figures are compared, never used.
//!
//! Must not: follow the DOCTYPE, or read Clover, whose root has the same name.

use super::covered::{File, Files, beyond};
use super::facts::{About, Kind, MAX_LINE, Parsed, Ratio, kept};
use super::marks::{name_key, number};
use super::totals::{Totals, add, is_hit};
use super::xml::{self, Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};

/// The format.
pub static FORMAT: Format = Format {
    name: "cobertura",
    title: "Cobertura XML",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| {
        head.root() == Some("coverage")
            && !head.has_element("project")
            && (head.text.contains("line-rate")
                || ["packages", "class"].iter().any(|name| head.has_element(name)))
    },
    read,
};

/// A method that is open.
#[derive(Default)]
struct Method {
    name: String,
    /// Its first line, and whether it was hit: JavaScript has several methods of one name in one class.
    first: Option<(u32, bool)>,
    /// Whether it has a second line.
    has_more: bool,
    hit: bool,
    /// Whether it was called, of a method without lines.
    declared_hit: bool,
}

impl Method {
    /// Its first line waits for a second one (see [`Cobertura::close_class`]).
    fn line(&mut self, line: &Line, file: &mut File) {
        self.hit |= line.hit;
        let Some((first, was_hit)) = self.first else {
            self.first = Some((line.number, line.hit));
            return;
        };
        if !std::mem::replace(&mut self.has_more, true) {
            file.lines.add(first, was_hit);
        }
        file.lines.add(line.number, line.hit);
    }
}

/// One `line`.
struct Line {
    number: u32,
    hit: bool,
    is_branch: bool,
    /// Branches taken, and whether both ways in which that is said agree.
    conditions: Option<(Ratio, bool)>,
}

impl Line {
    fn of(element: &Element<'_>, path: &Path) -> Result<Self, ReportError> {
        let (mut number, mut hits, mut is_branch, mut conditions) = (None, None, false, None);
        for (name, value) in element.bytes() {
            match name {
                b"number" => number = Some(value),
                b"hits" => hits = Some(value),
                b"branch" => is_branch = value.trim_ascii().eq_ignore_ascii_case(b"true"),
                b"condition-coverage" => conditions = str::from_utf8(value).ok().and_then(condition_coverage),
                _ => {}
            }
        }
        let number = line_number(number, path)?;
        let wrong = |words: &str| ReportError::at(format!("{}/@hits", path.text()), words);
        let hits = hits.ok_or_else(|| wrong("the attribute is missing"))?;
        let hit = is_hit(hits).ok_or_else(|| wrong("the attribute is no number"))?;
        Ok(Self { number, hit, is_branch, conditions })
    }
}

#[derive(Default)]
struct Cobertura {
    root: bool,
    files: Files,
    class: Option<usize>,
    class_name: String,
    /// Whether the class has lines of its own.
    has_lines: bool,
    /// Only lines of methods.
    only: Vec<(u32, bool)>,
    method: Method,
    in_method: bool,
    /// The last line with branches of which only conditions may tell.
    line: u32,
    conditions: Ratio,
    without_conditions: u64,
    contradicting: u64,
    lines_elsewhere: u64,
    sources: u64,
    totals: Totals,
    rate: Option<f64>,
    about: About,
}

/// Reads Cobertura XML.
///
/// # Errors
/// When the XML is broken or truncated, is no Cobertura, a line has no number or hits, or no line is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut report = Cobertura::default();
    walk(input, &mut report)?;
    if !report.root {
        return Err(ReportError::at("/", "the file holds no `coverage`"));
    }
    report.finish()
}

impl Visitor for Cobertura {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        match element.name {
            "line" => self.line(element, path)?,
            "condition" => self.condition(element),
            "source" => self.sources += 1,
            "method" => self.method(element),
            "class" => self.class(element, path)?,
            "coverage" if path.depth() == 1 => self.root(element),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        match name {
            "line" => self.close_line(),
            "method" => self.close_method(),
            "class" => self.close_class(),
            _ => {}
        }
        Ok(())
    }
}

impl Cobertura {
    fn root(&mut self, element: &Element<'_>) {
        self.root = true;
        for (name, value) in element.attributes() {
            let number = || value.trim().parse().ok();
            match name {
                "lines-valid" => add(&mut self.totals.lines, number()),
                "lines-covered" => add(&mut self.totals.lines_hit, number()),
                "branches-valid" => add(&mut self.totals.branches, number()),
                "branches-covered" => add(&mut self.totals.branches_hit, number()),
                "line-rate" => self.rate = value.trim().parse().ok(),
                "timestamp" => self.about.created = xml::unix_time(value),
                // `gcovr 8.4` names the tool, a bare `1.9` only the schema or a version of something.
                "version" if value.contains(|c: char| c.is_alphabetic()) => {
                    self.about.tool = Some(kept(&xml::text(value)));
                }
                _ => {}
            }
        }
    }

    fn class(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let name = element.attribute("name").unwrap_or_default();
        self.class_name.clear();
        self.class_name.push_str(&name);
        let file = element.attribute("filename").filter(|file| !file.is_empty()).unwrap_or(name);
        if file.is_empty() {
            return Err(ReportError::at(format!("{}/@filename", path.text()), "the attribute is missing"));
        }
        self.class = Some(self.files.index(&file)?);
        self.has_lines = false;
        self.only.clear();
        Ok(())
    }

    /// Where a class has lines of its own, a method's only line is that of its declaration (Istanbul), which is no code.
    fn close_class(&mut self) {
        if let Some(file) = self.class.take().and_then(|class| self.files.get(class))
            && !self.has_lines
        {
            for (line, hit) in self.only.drain(..) {
                file.lines.add(line, hit);
            }
        }
    }

    fn method(&mut self, element: &Element<'_>) {
        self.in_method = true;
        self.method.name.clear();
        (self.method.first, self.method.has_more) = (None, false);
        (self.method.hit, self.method.declared_hit) = (false, false);
        for (name, value) in element.attributes() {
            match name {
                "name" | "signature" => {
                    self.method.name.push_str(value);
                    self.method.name.push('\n');
                }
                "hits" | "line-rate" => self.method.declared_hit |= is_hit(value.as_bytes()) == Some(true),
                _ => {}
            }
        }
    }

    fn close_method(&mut self) {
        self.in_method = false;
        let Some(file) = self.class.and_then(|class| self.files.get(class)) else { return };
        let first = self.method.first.map_or(0, |(line, _)| line);
        if !self.method.has_more {
            self.only.extend(self.method.first);
        }
        let key = name_key(self.class_name.as_bytes()).rotate_left(9) ^ name_key(self.method.name.as_bytes());
        let hit = self.method.hit || (self.method.first.is_none() && self.method.declared_hit);
        file.functions.add(key.rotate_left(9) ^ u64::from(first), hit);
    }

    fn line(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        (self.line, self.conditions) = (0, Ratio::default());
        let Some(file) = self.class.and_then(|class| self.files.get(class)) else {
            self.lines_elsewhere += 1;
            return Ok(());
        };
        let line = Line::of(element, path)?;
        if self.in_method {
            self.method.line(&line, file);
        } else {
            self.has_lines = true;
            file.lines.add(line.number, line.hit);
        }
        match line.conditions {
            Some((taken, agrees)) => {
                self.contradicting += u64::from(!agrees);
                if !file.branches_of(line.number, taken) {
                    return Err(ReportError::at(
                        path.text(),
                        format!("a line with {} branches", taken.total),
                    ));
                }
            }
            None if line.is_branch => self.line = line.number,
            None => {}
        }
        Ok(())
    }

    /// `<condition type="jump" coverage="50%"/>`: a jump goes two ways.
    fn condition(&mut self, element: &Element<'_>) {
        let coverage = element.attribute("coverage");
        let percent =
            coverage.as_deref().and_then(|text| text.trim().trim_end_matches('%').parse::<f64>().ok());
        if element.attribute("type").as_deref() == Some("jump")
            && let Some(percent) = percent
        {
            let hit = u64::from(percent > 0.0) + u64::from(percent >= 100.0);
            self.conditions = self.conditions.plus(Ratio { hit, total: 2 });
        }
    }

    fn close_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line == 0 {
            return;
        }
        self.without_conditions += u64::from(self.conditions.total == 0);
        if let Some(file) = self.class.and_then(|class| self.files.get(class)) {
            file.branches_of(line, self.conditions);
        }
    }

    fn finish(self) -> Result<Parsed, ReportError> {
        let (facts, mut about) = (self.files.into_facts()?, self.about);
        for (count, words) in [
            (
                self.contradicting,
                "lines with a `condition-coverage` whose percentage is not that of its counts",
            ),
            (self.without_conditions, "lines with branches that do not say how many were taken"),
            (self.lines_elsewhere, "lines outside a class, which belong to no file"),
        ] {
            if count > 0 {
                about.odd(format!("{words}: {count}"));
            }
        }
        if self.sources > 1 {
            let sources = self.sources;
            about.odd(format!(
                "{sources} source folders are named: files of one path in them are taken for one"
            ));
        }
        let lines = facts.lines();
        if self.totals.lines.is_none() {
            about.compare("coverage.lines, in per mille", self.rate.and_then(per_mille), {
                lines.hit.saturating_mul(1000).checked_div(lines.total).unwrap_or(0)
            });
        }
        self.totals.beside(facts, about, "coverage")
    }
}

fn line_number(text: Option<&[u8]>, path: &Path) -> Result<u32, ReportError> {
    let wrong = |words: String| ReportError::at(format!("{}/@number", path.text()), words);
    let text = text.ok_or_else(|| wrong("the attribute is missing".to_owned()))?;
    let number = number(text).ok_or_else(|| wrong("the attribute is no number".to_owned()))?;
    u32::try_from(number).ok().filter(|line| *line <= MAX_LINE).ok_or_else(|| wrong(beyond(number)))
}

/// `50% (1/2)` as 1 of 2, and whether both halves agree. What is hit beyond all is cut.
fn condition_coverage(text: &str) -> Option<(Ratio, bool)> {
    let (percent, counts) = text.split_once('(')?;
    let (hit, total) = counts.split_once(')')?.0.split_once('/')?;
    let (hit, total) = (number(hit.as_bytes())?, number(total.as_bytes())?);
    let percent = percent.trim_ascii().trim_end_matches('%');
    let declared = match number(percent.as_bytes()) {
        Some(percent) => Some(percent.saturating_mul(10)),
        None => percent.parse::<f64>().ok().and_then(|percent| per_mille(percent / 100.0)),
    };
    let counted = hit.saturating_mul(1000).checked_div(total).unwrap_or(1000);
    let agrees = hit <= total && declared.is_none_or(|declared| declared.abs_diff(counted) <= 10);
    Some((Ratio { hit: hit.min(total), total }, agrees))
}

/// A rate from 0 to 1 in thousandths; none when it is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be between 0 and 1")]
fn per_mille(rate: f64) -> Option<u64> {
    (0.0..=1.0).contains(&rate).then_some((rate * 1000.0 + 1e-6) as u64)
}

#[cfg(test)]
mod tests;
