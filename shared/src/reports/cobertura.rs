//! Cobertura XML (<https://cobertura.github.io/cobertura/>, coverage-04.dtd). Lines are repeated under methods and class, and the same
//! file appears in several classes: distinct (file, line) are counted, declared rates are not used.

use super::facts::{CoverageFacts, Facts, FileCoverage, Kind, LineSet, Lines, Parsed, Ratio};
use super::xml::{Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};
use std::collections::BTreeMap;

/// The format.
pub static FORMAT: Format = Format {
    name: "cobertura",
    title: "Cobertura XML",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| head.root() == Some("coverage"),
    read,
};

#[derive(Default)]
struct Cobertura {
    root: bool,
    file: String,
    method: Option<String>,
    files: BTreeMap<String, File>,
}

#[derive(Default)]
struct File {
    lines: LineSet,
    branches: BTreeMap<u32, Ratio>,
    functions: BTreeMap<String, bool>,
}

/// Reads Cobertura XML.
///
/// # Errors
/// When the XML is broken or truncated, is no Cobertura, or a line has no number or hits.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut report = Cobertura::default();
    walk(input, &mut report)?;
    if !report.root {
        return Err(ReportError::at("/", "the file holds no `coverage`"));
    }
    let file = |(path, file): (String, File)| FileCoverage {
        path,
        branches: file.branches.values().fold(Ratio::default(), |sum, branch| sum.plus(*branch)),
        functions: file.functions.values().fold(Ratio::default(), |mut sum, hit| {
            sum.add(*hit);
            sum
        }),
        lines: Lines::Exact(file.lines),
    };
    Ok(Parsed::of(Facts::Coverage(CoverageFacts { files: report.files.into_iter().map(file).collect() })))
}

impl Visitor for Cobertura {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        match element.name {
            "coverage" => self.root = true,
            "class" => self.file = element.attribute("filename").unwrap_or_default().into_owned(),
            "method" => {
                let name = format!(
                    "{}{}",
                    element.attribute("name").unwrap_or_default(),
                    element.attribute("signature").unwrap_or_default()
                );
                self.files.entry(self.file.clone()).or_default().functions.entry(name.clone()).or_default();
                self.method = Some(name);
            }
            "line" => self.line(element, path)?,
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        if name == "method" {
            self.method = None;
        }
        Ok(())
    }
}

impl Cobertura {
    fn line(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let text = |name: &str| {
            element.attribute(name).ok_or_else(|| {
                ReportError::at(format!("{}/@{name}", path.text()), "the attribute is missing")
            })
        };
        let wrong =
            |name: &str| ReportError::at(format!("{}/@{name}", path.text()), "the attribute is no number");
        let number: u32 = text("number")?.trim().parse().map_err(|_| wrong("number"))?;
        let hits: f64 = text("hits")?.trim().parse().map_err(|_| wrong("hits"))?;
        let file = self.files.entry(self.file.clone()).or_default();
        file.lines.add(number, hits > 0.0);
        if let Some(ratio) = element.attribute("condition-coverage").as_deref().and_then(conditions) {
            let known = file.branches.entry(number).or_default();
            if ratio.hit >= known.hit {
                *known = ratio;
            }
        }
        if let Some(method) = &self.method {
            *file.functions.entry(method.clone()).or_default() |= hits > 0.0;
        }
        Ok(())
    }
}

/// `50% (1/2)` as 1 of 2.
fn conditions(text: &str) -> Option<Ratio> {
    let (hit, total) = text.split_once('(')?.1.split_once(')')?.0.split_once('/')?;
    Some(Ratio { hit: hit.trim().parse().ok()?, total: total.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    #[test]
    fn lines_repeated_under_methods_count_once() {
        let xml = r#"<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://x/coverage-04.dtd"><coverage line-rate="1"><packages><package><classes>
            <class filename="a.js"><methods><method name="f"><lines><line number="1" hits="2"/></lines></method></methods>
            <lines><line number="1" hits="2"/><line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/></lines></class>
            </classes></package></packages></coverage>"#;
        let Ok(Facts::Coverage(facts)) = read(xml.as_bytes()).map(|parsed| parsed.facts) else {
            panic!("unreadable")
        };
        assert_eq!(
            (facts.lines(), facts.branches(), facts.functions()),
            (Ratio { hit: 1, total: 2 }, Ratio { hit: 1, total: 2 }, Ratio { hit: 1, total: 1 })
        );
    }

    #[test]
    fn a_line_without_a_number_is_an_error_with_its_path() {
        let error =
            read(br#"<coverage><class filename="a"><line hits="1"/></class></coverage>"#).unwrap_err();
        insta::assert_snapshot!(error, @"the attribute is missing, at `coverage[0]/class[0]/line[0]/@number`");
        assert!(read(b"<coverage>").is_err());
    }
}
