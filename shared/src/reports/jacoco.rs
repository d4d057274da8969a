//! `JaCoCo` XML (<https://www.jacoco.org/jacoco/trunk/coverage/report.dtd>).
//!
//! Counters stand at five levels that repeat each other: only leaves are counted, the `line` elements of each source file (a line is hit
//! when one of its instructions ran) and the methods of each class. Groups (modules) may nest, and two modules may have a file of one path:
//! those stay two files. A class without `sourcefilename` was compiled without debug information: its methods count, its lines are unknown.
//!
//! Must not: add up counters, or follow the DOCTYPE.

use super::covered::{Files, beyond};
use super::facts::{About, Kind, MAX_LINE, Parsed, Ratio};
use super::marks::{name_key, number};
use super::totals::{Totals, add};
use super::xml::{self, Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};

/// Most methods of one class: a class file cannot hold more.
const MAX_METHODS: u64 = 65_535;

/// The format.
pub static FORMAT: Format = Format {
    name: "jacoco",
    title: "JaCoCo XML",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| {
        head.root() == Some("report")
            && (head.text.contains("//JACOCO//")
                || ["sessioninfo", "counter"].iter().any(|name| head.has_element(name)))
    },
    read,
};

#[derive(Default)]
struct Jacoco {
    root: bool,
    files: Files,
    /// Names of the groups that are open, each with its end.
    groups: String,
    group_ends: Vec<usize>,
    package: String,
    source: Option<usize>,
    class: Option<Class>,
    without_source: u64,
    totals: Totals,
    about: About,
}

/// A class that is open.
struct Class {
    file: usize,
    key: u64,
}

/// Reads `JaCoCo` XML.
///
/// # Errors
/// When the XML is broken or truncated, is no `JaCoCo`, a line has no counts, or no line is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut report = Jacoco::default();
    walk(input, &mut report)?;
    if !report.root {
        return Err(ReportError::at("/", "the file holds no `report`"));
    }
    let Jacoco { files, totals, mut about, without_source, .. } = report;
    if without_source > 0 {
        about.odd(format!("classes without a source file, whose lines are unknown: {without_source}"));
    }
    totals.beside(files.into_facts()?, about, "report")
}

impl Visitor for Jacoco {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        match element.name {
            "line" => self.line(element, path)?,
            "counter" => self.counter(element, path)?,
            "class" => self.class(element, path)?,
            "sourcefile" => {
                let name = named(element, path)?;
                self.source = Some(self.file(&name)?);
            }
            "package" => self.package = named(element, path)?,
            "group" => {
                self.group_ends.push(self.groups.len());
                let name = named(element, path)?;
                self.groups.push_str(&name);
                self.groups.push('\n');
            }
            "sessioninfo" => self.session(element),
            "report" if path.depth() == 1 => self.root = true,
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        match name {
            "sourcefile" => self.source = None,
            "class" => self.class = None,
            "package" => self.package.clear(),
            "group" => self.groups.truncate(self.group_ends.pop().unwrap_or(0)),
            _ => {}
        }
        Ok(())
    }
}

impl Jacoco {
    /// The file of this name in the package and groups that are open.
    fn file(&mut self, name: &str) -> Result<usize, ReportError> {
        let path = match self.package.as_str() {
            "" => name.to_owned(),
            package => format!("{package}/{name}"),
        };
        let identity = format!("{}{path}", self.groups);
        self.files.index_of(&identity, &path)
    }

    /// The report was made after its last session ended.
    fn session(&mut self, element: &Element<'_>) {
        let dumped = element.attribute("dump").as_deref().and_then(xml::unix_time);
        self.about.created = self.about.created.max(dumped);
        self.about.tool = Some("JaCoCo".to_owned());
    }

    fn class(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let name = named(element, path)?;
        let source = element.attribute("sourcefilename");
        self.without_source += u64::from(source.is_none());
        let file = match &source {
            Some(source) => self.file(source)?,
            None => self.file(name.rsplit('/').next().unwrap_or_default())?,
        };
        self.class = Some(Class { file, key: name_key(name.as_bytes()) });
        Ok(())
    }

    fn counter(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        // Most counters stand at the other levels.
        let is_class = match path.parent() {
            Some("class") => true,
            Some("report") => false,
            Some(_) | None => return Ok(()),
        };
        let totals = &mut self.totals;
        let (all, hit) = match (is_class, element.attribute("type").as_deref()) {
            (true, Some("METHOD")) => return self.methods(counted(element, path)?, path),
            (false, Some("LINE")) => (&mut totals.lines, &mut totals.lines_hit),
            (false, Some("BRANCH")) => (&mut totals.branches, &mut totals.branches_hit),
            (false, Some("METHOD")) => (&mut totals.functions, &mut totals.functions_hit),
            (true | false, Some(_) | None) => return Ok(()),
        };
        let counted = counted(element, path)?;
        add(all, Some(counted.total));
        add(hit, Some(counted.hit));
        Ok(())
    }

    fn methods(&mut self, counted: Ratio, path: &Path) -> Result<(), ReportError> {
        if counted.total > MAX_METHODS {
            return Err(ReportError::at(path.text(), format!("a class with {} methods", counted.total)));
        }
        let Some(class) = &self.class else { return Ok(()) };
        if let Some(file) = self.files.get(class.file) {
            // A class that is named twice has its methods once.
            for nth in 0..counted.total {
                let key = name_key(&[class.key.to_le_bytes(), nth.to_le_bytes()].concat());
                file.functions.add(key, nth < counted.hit);
            }
        }
        Ok(())
    }

    fn line(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let Some(file) = self.source.and_then(|source| self.files.get(source)) else { return Ok(()) };
        let [mut nr, mut ci, mut mb, mut cb] = [None; 4];
        for (name, value) in element.bytes() {
            let place = match name {
                b"nr" => &mut nr,
                b"ci" => &mut ci,
                b"mb" => &mut mb,
                b"cb" => &mut cb,
                _ => continue,
            };
            *place = Some(wanted(name, value, path)?);
        }
        let missing =
            |name: &str| ReportError::at(format!("{}/@{name}", path.text()), "the attribute is missing");
        let line = nr.ok_or_else(|| missing("nr"))?;
        let ran = ci.ok_or_else(|| missing("ci"))?;
        let number = u32::try_from(line).ok().filter(|line| *line <= MAX_LINE);
        let number = number.ok_or_else(|| ReportError::at(format!("{}/@nr", path.text()), beyond(line)))?;
        file.lines.add(number, ran > 0);
        let hit = cb.unwrap_or(0);
        let branches = Ratio { hit, total: hit.saturating_add(mb.unwrap_or(0)) };
        if branches.total == 0 || file.branches_of(number, branches) {
            return Ok(());
        }
        Err(ReportError::at(path.text(), format!("a line with {} branches", branches.total)))
    }
}

fn named(element: &Element<'_>, path: &Path) -> Result<String, ReportError> {
    let name = element.attribute("name");
    name.map(std::borrow::Cow::into_owned)
        .ok_or_else(|| ReportError::at(format!("{}/@name", path.text()), "the attribute is missing"))
}

fn wanted(name: &[u8], value: &[u8], path: &Path) -> Result<u64, ReportError> {
    number(value).ok_or_else(|| {
        let at = format!("{}/@{}", path.text(), String::from_utf8_lossy(name));
        ReportError::at(at, "the attribute is no number")
    })
}

fn counted(element: &Element<'_>, path: &Path) -> Result<Ratio, ReportError> {
    let (missed, hit) = (element.needed("missed", path)?, element.needed("covered", path)?);
    Ok(Ratio { hit, total: hit.saturating_add(missed) })
}

#[cfg(test)]
mod tests;
