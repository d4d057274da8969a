//! The report parsers against the floor of reading at all and against the tools that others use, on files made for the purpose.
//!
//! Each reading is a process of its own: CPU is its user and system time, memory its peak, both from the kernel. Wall times of a busy machine are
//! not compared. The files are the same on every machine. Budgets (DESIGN §4) are printed beside the figures and never asserted; a reader of ours
//! that fails, or counts other than what was written, ends the command with an error.

mod child;
mod files;
mod peers;
mod table;

use anyhow::{Context, Result, bail};
use clap::Parser;
use files::{Made, Maker};
use std::path::{Path, PathBuf};
use table::{Row, Table};

/// Length of the streams.
const STREAM_BYTES: u64 = 2_000_000_000;

/// Measures CPU and memory of reading large reports, ours beside others.
#[derive(Parser)]
struct Arguments {
    /// Size of each file in MB; JTL files are five times as large.
    #[arg(long, default_value_t = 100)]
    mb: u64,
    /// These formats only, by their names.
    #[arg(long, value_name = "FORMAT")]
    only: Vec<String>,
    /// Measure ours and the floor only: for working on a parser.
    #[arg(long)]
    ours: bool,
    /// Install the peers at their pinned versions first, from `PyPI` and npm.
    #[arg(long)]
    peers: bool,
    /// Read streams of 2 GB as well, for their memory.
    #[arg(long)]
    streams: bool,
    /// Print JSON lines instead of a table.
    #[arg(long)]
    json: bool,
    /// Read a file and print what was counted: what the command starts to measure itself.
    #[arg(long, value_name = "FILE", hide = true)]
    read: Option<PathBuf>,
    /// Read a stream that is made on the way.
    #[arg(long, value_name = "STREAM", hide = true)]
    read_stream: Option<String>,
    /// Read every file of a folder, as the gate does.
    #[arg(long, value_name = "FOLDER", hide = true)]
    read_all: Option<PathBuf>,
    /// Count line breaks.
    #[arg(long, value_name = "FILE", hide = true)]
    scan: Option<PathBuf>,
    /// Start a command, wait, print what it took.
    #[arg(long, num_args = 1.., value_name = "COMMAND", hide = true, allow_hyphen_values = true)]
    measure: Vec<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(file) = &arguments.read {
        return child::read(file);
    }
    if let Some(name) = &arguments.read_stream {
        let stream = files::STREAMS.iter().find(|(known, _)| known == name);
        return child::read_stream(&stream.context("there is no such stream")?.1, STREAM_BYTES);
    }
    if let Some(folder) = &arguments.read_all {
        return child::read_all(folder);
    }
    if let Some(file) = &arguments.scan {
        return child::scan(file);
    }
    if let Some((program, rest)) = arguments.measure.split_first() {
        return child::measure(program, rest);
    }
    bench(&arguments)
}

fn bench(arguments: &Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize()?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join("reports-bench");
    std::fs::create_dir_all(&folder)?;
    let tools = peers::Tools::ready(&folder, arguments.peers)?;
    let mut table = Table::default();
    let is_wanted = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    for maker in files::MAKERS.iter().filter(|maker| is_wanted(maker.format)) {
        if !shared::reports::FORMATS.iter().any(|format| format.name == maker.format) {
            eprintln!("there is no format `{}`: left out", maker.format);
            continue;
        }
        let made = files::make(maker, arguments.mb, &folder)?;
        own(maker, &made, &mut table)?;
        if !arguments.ours {
            others(maker, arguments.mb, &folder, &tools, &mut table)?;
        }
    }
    if is_wanted("gate") {
        whole_gate(&folder, &mut table)?;
    }
    if arguments.streams {
        for (name, maker) in &files::STREAMS {
            let taken = child::run_self("--read-stream", name)?;
            let bytes = taken.printed.trim().parse()?;
            table.add(Row::new(name, table::OURS, bytes, &taken).budget_peak(maker.budget_peak_mb));
        }
    }
    table.print(arguments.json)
}

/// The floor and our reader.
fn own(maker: &Maker, made: &Made, table: &mut Table) -> Result<()> {
    let path = made.path.to_string_lossy().into_owned();
    let row = |tool: &str, taken: &child::Taken| Row::new(maker.format, tool, made.bytes, taken);
    table.add(row("cat", &child::run("cat", std::slice::from_ref(&path))?));
    table.add(row("memchr, line breaks", &child::run_self("--scan", &path)?));
    let ours = child::run_self("--read", &path)?;
    let counted = ours.printed.trim().to_owned();
    if counted != made.counts {
        bail!("`{}` was written with {}, and {counted} was read", maker.format, made.counts);
    }
    table.add(row(table::OURS, &ours).budget(maker.budget_mb_s, maker.budget_peak_mb));
    Ok(())
}

/// What others take; a smaller file where they would take minutes or all of the memory.
fn others(maker: &Maker, mb: u64, folder: &Path, tools: &peers::Tools, table: &mut Table) -> Result<()> {
    for peer in peers::of(maker.format) {
        let Some(command) = tools.command(peer) else {
            eprintln!(
                "`{}` is not installed: left out (--peers installs what is in PyPI and npm)",
                peer.name
            );
            continue;
        };
        let made = files::make(maker, mb.min(peer.most_mb), folder)?;
        let (program, arguments) = command.split_first().context("a peer has no command")?;
        let mut arguments = arguments.to_vec();
        arguments.push(made.path.to_string_lossy().into_owned());
        match child::run(program, &arguments) {
            Ok(taken) => table.add(Row::new(maker.format, peer.name, made.bytes, &taken)),
            Err(error) => eprintln!("`{}` failed: {error:#}", peer.name),
        }
    }
    Ok(())
}

/// Twenty reports, ten megabytes, one process.
fn whole_gate(folder: &Path, table: &mut Table) -> Result<()> {
    let reports = folder.join("gate");
    std::fs::create_dir_all(&reports)?;
    let known: Vec<&Maker> = files::MAKERS
        .iter()
        .filter(|maker| shared::reports::FORMATS.iter().any(|format| format.name == maker.format))
        .collect();
    let mut bytes = 0;
    for (number, maker) in known.iter().cycle().take(20).enumerate() {
        bytes += files::write(maker, 500_000, &reports.join(format!("{number:02}-{}", maker.format)))?.bytes;
    }
    let taken = child::run_self("--read-all", &reports.to_string_lossy())?;
    table.add(Row::new("gate, 20 reports", table::OURS, bytes, &taken).budget_ms(50.0));
    Ok(())
}
