//! Every report fixture is recognised by its content and by one format only, read, and counted as the tool itself counted.
//!
//! A fixture is a folder `tests/fixtures/reports/<format>/<case>/` with one report and a `figures.json`: who made it and how, what that tool
//! printed, and the metrics that follow. `tests/fixtures/SOURCES.md` is written from these files; `UPDATE_DOCS=1` writes it again.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: it reads its fixtures, and a broken one is a failure"
)]

use serde::Deserialize;
use shared::gates::metric::Metric;
use shared::reports::{FORMATS, Facts, Input, Report, Sniff, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    /// Tool and version; of hand-made reports the tool whose format they follow.
    tool: String,
    /// Written by hand after a specification: which one.
    #[serde(default)]
    hand_made: Option<String>,
    /// How it was made.
    command: String,
    /// What the tool printed about it, word by word; empty when it prints nothing.
    #[serde(default)]
    printed: String,
    /// What was changed afterwards.
    #[serde(default)]
    changed: String,
    /// Metrics by name.
    #[serde(default)]
    metrics: BTreeMap<String, f64>,
    /// Metrics by label and name.
    #[serde(default)]
    labels: BTreeMap<String, BTreeMap<String, f64>>,
    /// Members of the facts by JSON pointer.
    #[serde(default)]
    facts: BTreeMap<String, serde_json::Value>,
    /// Members of what the report says about itself, by JSON pointer.
    #[serde(default)]
    about: BTreeMap<String, serde_json::Value>,
    /// The error, when the report is none.
    #[serde(default)]
    error: Option<String>,
}

struct Fixture {
    format: String,
    name: String,
    path: PathBuf,
    figures: Figures,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/reports")
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn fixtures() -> Vec<Fixture> {
    let cases = entries(&folder()).into_iter().flat_map(|format| entries(&format));
    cases
        .map(|case| {
            let figures = std::fs::read(case.join("figures.json"))
                .unwrap_or_else(|e| panic!("{}: {e}", case.display()));
            let reports: Vec<PathBuf> =
                entries(&case).into_iter().filter(|file| name(file) != "figures.json").collect();
            assert_eq!(reports.len(), 1, "one report in {}", case.display());
            Fixture {
                format: name(case.parent().unwrap()),
                name: name(&case),
                path: reports[0].clone(),
                figures: serde_json::from_slice(&figures)
                    .unwrap_or_else(|e| panic!("{}: {e}", case.display())),
            }
        })
        .collect()
}

fn facts(report: &Report) -> serde_json::Value {
    match &report.parsed.facts {
        Facts::Tests(facts) => serde_json::to_value(facts).unwrap(),
        Facts::Findings(facts) => serde_json::to_value(facts).unwrap(),
        Facts::Analysis(facts) => serde_json::to_value(facts).unwrap(),
        Facts::Vex(facts) => serde_json::to_value(facts).unwrap(),
        Facts::Changes(facts) => {
            let pairs = |ranges: &Vec<std::ops::RangeInclusive<u32>>| -> Vec<(u32, u32)> {
                ranges.iter().map(|range| (*range.start(), *range.end())).collect()
            };
            facts
                .files
                .iter()
                .map(|(path, ranges)| (path.clone(), serde_json::json!(pairs(ranges))))
                .collect()
        }
        Facts::Coverage(_) | Facts::Performance(_) => serde_json::Value::Null,
    }
}

fn measured(report: &Report, metric: &str, label: Option<&str>) -> Option<f64> {
    let metric = Metric::try_from(metric.to_owned()).unwrap();
    metric.measure(&report.parsed.facts, label).map(shared::gates::metric::Measured::value)
}

/// Figures are written with as many digits as the tool printed: two after the point are compared, cut and not rounded.
fn same(asked: f64, found: Option<f64>) -> bool {
    found.is_some_and(|found| (asked - found).abs() < 0.01)
}

fn differences(fixture: &Fixture, bytes: &[u8]) -> Vec<String> {
    let report = Input::of_bytes(bytes).and_then(read);
    let report = match (report, &fixture.figures.error) {
        (Ok(report), None) => report,
        (Err(error), Some(expected)) if error.to_string() == *expected => return Vec::new(),
        (Err(error), _) => return vec![format!("it cannot be read: {error}")],
        (Ok(_), Some(expected)) => return vec![format!("it is read, and should be refused: {expected}")],
    };
    let mut wrong = Vec::new();
    if report.format.name != fixture.format {
        wrong.push(format!("it is taken for {}", report.format.name));
    }
    let labels = fixture.figures.labels.iter().flat_map(|(label, metrics)| {
        metrics.iter().map(move |(metric, asked)| (Some(label.as_str()), metric, asked))
    });
    for (label, metric, asked) in fixture.figures.metrics.iter().map(|(m, a)| (None, m, a)).chain(labels) {
        let found = measured(&report, metric, label);
        if !same(*asked, found) {
            wrong.push(format!("`{metric}` {label:?} is {found:?}, the tool says {asked}"));
        }
    }
    let about = serde_json::to_value(&report.parsed.about).unwrap();
    for (from, members) in [(&facts(&report), &fixture.figures.facts), (&about, &fixture.figures.about)] {
        for (pointer, asked) in members {
            let found = from.pointer(pointer).unwrap_or(&serde_json::Value::Null);
            if found != asked {
                wrong.push(format!("`{pointer}` is {found}, and should be {asked}"));
            }
        }
    }
    wrong
}

#[test]
fn every_fixture_is_counted_as_its_tool_counted() {
    let mut wrong = String::new();
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture.path).unwrap();
        for difference in differences(&fixture, &bytes) {
            let _ = writeln!(wrong, "{}/{}: {difference}", fixture.format, fixture.name);
        }
        let figures = &fixture.figures;
        let says_something = !figures.metrics.is_empty()
            || !figures.labels.is_empty()
            || !figures.facts.is_empty()
            || figures.error.is_some();
        assert!(says_something, "{}/{} asks for nothing", fixture.format, fixture.name);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_fixture_is_recognised_by_one_format_only() {
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture.path).unwrap();
        let Ok(input) = Input::of_bytes(&bytes) else { continue };
        let text = String::from_utf8_lossy(input.head());
        let sniff = Sniff::new(input.head(), &text);
        let claims: Vec<&str> =
            FORMATS.iter().filter(|format| (format.recognise)(&sniff)).map(|format| format.name).collect();
        assert_eq!(claims, [fixture.format.as_str()], "{}/{}", fixture.format, fixture.name);
    }
}

#[test]
fn every_format_has_a_fixture() {
    let fixtures = fixtures();
    let without: Vec<&str> = FORMATS
        .iter()
        .map(|format| format.name)
        .filter(|name| !fixtures.iter().any(|fixture| fixture.format == *name))
        .collect();
    assert!(without.is_empty(), "no fixture: {without:?}");
}

/// A report that is cut anywhere is an error, or (where a format has no end of its own) has no better figures than the whole one.
#[test]
fn a_fixture_that_is_cut_never_has_more_than_the_whole() {
    for fixture in fixtures().iter().filter(|fixture| fixture.figures.error.is_none()) {
        let bytes = std::fs::read(&fixture.path).unwrap();
        let whole = Input::of_bytes(&bytes).and_then(read).unwrap();
        let steps = 40;
        for step in 1..steps {
            let cut = &bytes[..bytes.len() * step / steps];
            if let Ok(report) = Input::of_bytes(cut).and_then(read) {
                for metric in ["tests.total", "findings.total", "requests.total", "coverage.files"] {
                    let (part, all) = (measured(&report, metric, None), measured(&whole, metric, None));
                    assert!(
                        part <= all,
                        "{}/{} cut at {step}/{steps}: {metric} {part:?} > {all:?}",
                        fixture.format,
                        fixture.name
                    );
                }
            }
        }
    }
}

/// Bytes of a report that are replaced never make a parser panic or loop.
#[test]
fn a_fixture_with_a_wrong_byte_is_read_or_refused() {
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture.path).unwrap();
        let steps = 40.min(bytes.len());
        for step in 0..steps {
            for wrong in *b"9<\"\n,\xff" {
                let mut changed = bytes.clone();
                changed[bytes.len() * step / steps] = wrong;
                let _either = Input::of_bytes(&changed).and_then(read);
            }
        }
    }
}

#[test]
fn the_list_of_sources_is_written_from_the_fixtures() {
    let mut text = String::from(
        "# Where the report fixtures come from\n\nWritten from the `figures.json` of each folder by \
         `UPDATE_DOCS=1 cargo test -p shared --test reports`. *By hand* marks what no tool wrote.\n\n\
         | fixture | tool | how | changed afterwards |\n|---|---|---|---|\n",
    );
    for fixture in fixtures() {
        let figures = &fixture.figures;
        let how = match &figures.hand_made {
            Some(specification) => format!("*by hand* after {specification}; {}", figures.command),
            None => format!("`{}`", figures.command.replace('|', "\\|")),
        };
        let _ = writeln!(
            text,
            "| {}/{} | {} | {how} | {} |",
            fixture.format,
            fixture.name,
            figures.tool,
            if figures.changed.is_empty() { "no" } else { &figures.changed }
        );
        assert!(figures.hand_made.is_some() || !figures.command.is_empty(), "{}: no command", fixture.name);
        let _ = &figures.printed;
    }
    let path = folder().join("../SOURCES.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == text,
        "run `UPDATE_DOCS=1 cargo test -p shared --test reports`"
    );
}
