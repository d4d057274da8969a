//! Cobertura XML (<https://cobertura.github.io/cobertura/>, coverage-04.dtd). Lines are repeated under methods and class, and the same
//! file appears in several classes: distinct (file, line) are counted, declared rates are not used.

use super::ReportError;
use super::facts::{CoverageFacts, Facts, Ratio};
use super::xml::{Element, Path, Visitor, walk};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
struct Cobertura {
    root: bool,
    file: String,
    method: Option<String>,
    lines: HashMap<(String, u64), bool>,
    branches: HashMap<(String, u64), Ratio>,
    functions: HashMap<(String, String), bool>,
}

/// Reads Cobertura XML.
///
/// # Errors
/// When the XML is broken or truncated, is no Cobertura, or a line has no number or hits.
pub fn read(bytes: &[u8]) -> Result<Facts, ReportError> {
    let mut report = Cobertura::default();
    walk(bytes, &mut report)?;
    if !report.root {
        return Err(ReportError::at("/", "the file holds no `coverage`"));
    }
    let files: HashSet<&String> = report.lines.keys().map(|(file, _)| file).collect();
    let hits = |values: Vec<bool>| Ratio {
        hit: values.iter().filter(|hit| **hit).count() as u64,
        total: values.len() as u64,
    };
    Ok(Facts::Coverage(CoverageFacts {
        files: files.len() as u64,
        lines: hits(report.lines.values().copied().collect()),
        branches: report.branches.values().fold(Ratio::default(), |sum, branch| sum.plus(*branch)),
        functions: hits(report.functions.values().copied().collect()),
    }))
}

impl Visitor for Cobertura {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        match element.name.as_str() {
            "coverage" => self.root = true,
            "class" => self.file = element.attribute("filename").unwrap_or_default(),
            "method" => {
                let name = format!(
                    "{}{}",
                    element.attribute("name").unwrap_or_default(),
                    element.attribute("signature").unwrap_or_default()
                );
                self.functions.entry((self.file.clone(), name.clone())).or_default();
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
        let number: u64 = text("number")?.trim().parse().map_err(|_| wrong("number"))?;
        let hits: f64 = text("hits")?.trim().parse().map_err(|_| wrong("hits"))?;
        let key = (self.file.clone(), number);
        *self.lines.entry(key.clone()).or_default() |= hits > 0.0;
        if let Some(ratio) = element.attribute("condition-coverage").as_deref().and_then(conditions) {
            let known = self.branches.entry(key).or_default();
            if ratio.hit >= known.hit {
                *known = ratio;
            }
        }
        if let Some(method) = &self.method {
            *self.functions.entry((self.file.clone(), method.clone())).or_default() |= hits > 0.0;
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

    #[test]
    fn lines_repeated_under_methods_count_once() {
        let xml = r#"<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://x/coverage-04.dtd"><coverage line-rate="1"><packages><package><classes>
            <class filename="a.js"><methods><method name="f"><lines><line number="1" hits="2"/></lines></method></methods>
            <lines><line number="1" hits="2"/><line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/></lines></class>
            </classes></package></packages></coverage>"#;
        let Ok(Facts::Coverage(facts)) = read(xml.as_bytes()) else { panic!("unreadable") };
        assert_eq!(
            (facts.lines, facts.branches, facts.functions),
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
