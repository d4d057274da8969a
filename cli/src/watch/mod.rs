//! `tidegate watch`: the watch's own core on files. Must not decide anything itself.

mod calibrate;
mod input;
mod judge;
mod kayenta;
mod power;
mod ranks;
mod replay;

use crate::args::{Show, WatchCommand};
use crate::progress::{note, say};
use crate::release::line::Mood;
use anyhow::Result;
use shared::delivery::verdict::Kind;
use std::path::Path;
use std::process::ExitCode;

/// Harm; a difference.
const HARM: u8 = 1;
/// Wrong use; a file that cannot be read.
const WRONG_USE: u8 = 2;
/// Nothing is shown; nothing to compare.
const INCONCLUSIVE: u8 = 3;
/// The settings cannot be used.
const NO_SETTINGS: u8 = 4;

/// What ends a command before its end: a sentence and its exit code.
struct Refused {
    code: u8,
    words: String,
}

impl Refused {
    fn use_(words: impl Into<String>) -> Self {
        Self { code: WRONG_USE, words: words.into() }
    }

    fn settings(words: impl Into<String>) -> Self {
        Self { code: NO_SETTINGS, words: words.into() }
    }
}

type Done = Result<u8, Refused>;

/// Runs a command.
pub(crate) fn run(command: &WatchCommand) -> Result<ExitCode> {
    let done = match command {
        WatchCommand::Judge(order) => judge::run(order),
        WatchCommand::Power(order) => power::run(order),
        WatchCommand::Replay(order) => replay::run(order),
        WatchCommand::Calibrate(order) => calibrate::run(order),
        WatchCommand::Show(order) => show(order),
    };
    Ok(ExitCode::from(done.unwrap_or_else(|refused| {
        note(&format!("error: {}", refused.words));
        refused.code
    })))
}

const fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Promote => 0,
        Kind::Harm => HARM,
        Kind::Inconclusive => INCONCLUSIVE,
    }
}

const fn mood(kind: Kind) -> Mood {
    match kind {
        Kind::Promote => Mood::Good,
        Kind::Harm => Mood::Bad,
        Kind::Inconclusive => Mood::Plain,
    }
}

fn show(order: &Show) -> Done {
    let page = shared::delivery::report::render_html(&input::record(&order.record)?);
    match &order.html {
        None => say(&page),
        Some(path) => write(path, &page)?,
    }
    Ok(0)
}

fn write(path: &Path, text: &str) -> Result<(), Refused> {
    std::fs::write(path, text)
        .map_err(|error| Refused::use_(format!("`{}` cannot be written: {error}", path.display())))?;
    note(&format!("wrote {}", path.display()));
    Ok(())
}

/// Columns with two spaces between them; the first one left, the others right.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(index, (cell, width))| match index {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
