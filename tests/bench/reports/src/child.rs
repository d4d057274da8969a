//! One reading in a process of its own, and what the kernel says it took.

use crate::files::{self, Maker};
use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::json;
use shared::reports::{FORMATS, Facts, Input, Parsed};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a process took.
pub(crate) struct Taken {
    /// User and system time in seconds.
    pub(crate) cpu: f64,
    /// Peak memory in bytes.
    pub(crate) peak: u64,
    /// What it printed.
    pub(crate) printed: String,
}

/// Runs a command below a process that only waits for it: the kernel sums up over all children of a process.
pub(crate) fn run(program: &str, arguments: &[String]) -> Result<Taken> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--measure").arg(program).args(arguments).stdin(Stdio::null());
    let output = command.output().context("the measuring process cannot be started")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{}", words.lines().last().unwrap_or("it printed nothing"));
    }
    let line = String::from_utf8(output.stdout)?;
    let taken: serde_json::Value = serde_json::from_str(line.trim()).context("no figures were printed")?;
    let member = |name: &str| taken.get(name).with_context(|| format!("no {name} was printed"));
    Ok(Taken {
        cpu: member("cpu")?.as_f64().context("no CPU time")?,
        peak: member("peak")?.as_u64().context("no peak")?,
        printed: member("printed")?.as_str().unwrap_or_default().to_owned(),
    })
}

/// Runs this program.
pub(crate) fn run_self(mode: &str, path: &str) -> Result<Taken> {
    let program = std::env::current_exe()?;
    run(&program.to_string_lossy(), &[mode.to_owned(), path.to_owned()])
}

/// Starts the command, waits, prints what it took; its output is kept when it is short.
pub(crate) fn measure(program: &str, arguments: &[String]) -> Result<()> {
    const SHORT: u64 = 4_096;
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn();
    let child = child.as_mut().map_err(|error| anyhow::anyhow!("`{program}` cannot be started: {error}"))?;
    let mut printed = Vec::new();
    if let Some(mut out) = child.stdout.take() {
        (&mut out).take(SHORT).read_to_end(&mut printed)?;
        // The rest goes nowhere, as it does for `cat file > /dev/null`; this process is not measured.
        std::io::copy(&mut out, &mut std::io::sink())?;
    }
    if !child.wait()?.success() {
        bail!("`{program}` failed");
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        // Microseconds of at most some minutes.
        f64::from(i32::try_from(time.tv_sec()).unwrap_or(i32::MAX))
            + f64::from(i32::try_from(time.tv_usec()).unwrap_or(0)) / 1e6
    };
    let peak = u64::try_from(usage.max_rss())? * 1024;
    let printed = String::from_utf8_lossy(&printed);
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{}", json!({"cpu": cpu, "peak": peak, "printed": printed}));
    Ok(())
}

/// Reads a report as a stream and prints what was counted.
pub(crate) fn read(path: &Path) -> Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let report = Input::of_stream(file).and_then(shared::reports::read)?;
    println!("{} {}", report.format.name, counts(&report.parsed));
    Ok(())
}

/// Reads a stream that is made while it is read, and says how long it was and whether all was counted.
pub(crate) fn read_stream(maker: &'static Maker, bytes: u64) -> Result<()> {
    const SMALL: usize = 64 * 1024;
    let (reader, writer) = std::io::pipe()?;
    let writer = File::from(OwnedFd::from(writer));
    let making = std::thread::spawn(move || files::write_to(maker, bytes, writer, SMALL));
    let report = Input::of_stream(reader).and_then(shared::reports::read)?;
    let (written, wanted) = making.join().map_err(|_| anyhow::anyhow!("the stream broke off"))??;
    let counted = format!("{} {}", report.format.name, counts(&report.parsed));
    if counted != wanted {
        bail!("{wanted} was written, and {counted} was read");
    }
    println!("{written}");
    Ok(())
}

/// Reads every report of a folder, and joins those of one kind.
pub(crate) fn read_all(folder: &Path) -> Result<()> {
    let mut joined: Vec<Facts> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let report = Input::of_stream(File::open(entry?.path())?).and_then(shared::reports::read)?;
        let facts = report.parsed.facts;
        match joined.iter().position(|known| known.kind() == facts.kind()) {
            Some(index) => {
                let known = joined.swap_remove(index);
                joined.push(known.merge(facts).context("facts of one kind do not join")?);
            }
            None => joined.push(facts),
        }
    }
    println!("{} kinds of evidence out of {} formats", joined.len(), FORMATS.len());
    Ok(())
}

/// Counts line breaks: the least that a reader of lines can do.
pub(crate) fn scan(path: &Path) -> Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut lines = 0_u64;
    loop {
        let count = file.read(&mut buffer)?;
        let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else { break };
        lines += memchr::memchr_iter(b'\n', piece).count() as u64;
    }
    println!("{lines} lines");
    Ok(())
}

/// What the makers of the files can foretell.
fn counts(parsed: &Parsed) -> String {
    match &parsed.facts {
        Facts::Tests(tests) => format!("{} cases, {} failed", tests.total(), tests.failed),
        Facts::Coverage(coverage) => {
            let lines = coverage.lines();
            format!("{} of {} lines", lines.hit, lines.total)
        }
        Facts::Findings(findings) => {
            format!("{} findings", findings.findings.iter().map(|finding| finding.occurrences).sum::<u64>())
        }
        Facts::Performance(samples) => {
            let all = samples.samples(None);
            let (total, failed) = all.map_or((0, None), |all| (all.total(), all.failed()));
            format!("{total} samples, {} failed", failed.unwrap_or(0))
        }
        Facts::Analysis(_) | Facts::Vex(_) | Facts::Changes(_) => String::new(),
    }
}
