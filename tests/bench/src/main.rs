//! Start-up of every function against a bare runtime binary of the same profile, in the same run.
//!
//! Instructions are counted by callgrind from process start to the first `GET …/invocation/next`: repeatable whatever else the
//! machine does. Budgets (DESIGN §4): at most twice the bare binary, and so many bytes zipped.

use anyhow::{Context, Result, bail};
use clap::Parser;
use local::runtime_api::Host;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The floor.
const BARE: &str = "bare-runtime";
/// Every function, in the order of the release path.
const FUNCTIONS: [&str; 13] = [
    "webhook",
    "delivery-sweep",
    "secret-rotation",
    "source",
    "quality-gate",
    "pre-traffic",
    "probe",
    "post-traffic",
    "traffic-watch",
    "revision-check",
    "metrics-collector",
    "feedback",
    "dashboard",
];
/// Budget: this many times the bare binary's instructions.
const BUDGET: f64 = 2.0;
/// Budget: zipped size in bytes, and that of the gate, which holds the parsers.
const ZIPPED: (u64, u64) = (4_500_000, 6_000_000);
/// Valgrind is slow; a start takes well below this.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures binary size, zipped size and instructions to the first `/next`.
#[derive(Parser)]
struct Arguments {
    /// Cargo profile to build and measure.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Measure these only, beside the floor.
    #[arg(long, value_name = "FUNCTION")]
    only: Vec<String>,
    /// Print JSON lines instead of a table.
    #[arg(long)]
    json: bool,
}

struct Row {
    name: &'static str,
    size: u64,
    zipped: u64,
    instructions: u64,
}

impl Row {
    fn zipped_budget(&self) -> u64 {
        if self.name == "quality-gate" { ZIPPED.1 } else { ZIPPED.0 }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut rows = Vec::new();
    let is_wanted = |name: &&str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    for name in std::iter::once(BARE).chain(FUNCTIONS.into_iter().filter(is_wanted)) {
        eprintln!("building and measuring {name}");
        let folder = build(&root, &arguments.profile, name)?;
        rows.push(measure(name, &folder)?);
    }
    print(&rows, arguments.json)
}

/// One at a time, as `sam build` does: packages that are built together get each other's features.
fn build(root: &Path, profile: &str, name: &str) -> Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root).args(["build", "--quiet", "--profile", profile, "--package", name]);
    if !command.status()?.success() {
        bail!("`{name}` does not build");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(profile))
}

fn measure(name: &'static str, folder: &Path) -> Result<Row> {
    let binary = folder.join(name);
    let bytes = std::fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?;
    Ok(Row { name, size: bytes.len() as u64, zipped: zipped(&bytes)?, instructions: instructions(&binary)? })
}

fn zipped(bytes: &[u8]) -> Result<u64> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    // A little larger than what `sam deploy` makes with zlib.
    let smallest = zip::write::SimpleFileOptions::default().compression_level(Some(9));
    writer.start_file("bootstrap", smallest)?;
    writer.write_all(bytes)?;
    Ok(writer.finish()?.into_inner().len() as u64)
}

/// User-space instructions from process start until the process has asked for its first event.
fn instructions(binary: &Path) -> Result<u64> {
    let path = binary.to_string_lossy();
    let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null", path.as_ref()];
    let environment = [
        ("AWS_ACCESS_KEY_ID", "none"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("TABLE_NAME", "t"),
        ("WEBHOOK_SECRET_ID", "s"),
        ("SOURCE_QUEUE_URL", "http://127.0.0.1:9/q"),
        ("REPOSITORY_IDS", "1"),
        ("ROUTES_PARAMETER", "/r"),
        ("SOURCE_BUCKET", "b"),
        ("GITHUB_API_URL", "https://api.github.com"),
        ("FEEDBACK_QUEUE_URL", "http://127.0.0.1:9/f"),
        ("GITHUB_HOOKS", "acme/shop:1"),
        ("HOOK_TOKEN_SECRET_ID", "h"),
        ("GITHUB_APP_ID", "1"),
        ("GITHUB_APP_INSTALLATION_ID", "1"),
        ("GITHUB_APP_KEY_SECRET_ID", "k"),
        ("REPORT_BUCKET", "b"),
        ("POLICY_PREFIX", "/p"),
        ("ALERTS_TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:t"),
        ("WATCH_PARAMETER", "/w"),
        ("SERVICES_PARAMETER", "/s"),
    ];
    let host = Host::start(Path::new("valgrind"), &arguments, &environment)
        .context("valgrind cannot be started (Debian package `valgrind`)")?;
    let asked = host.wait_for_first_next(PATIENCE);
    let (_, errors) = host.stop()?;
    let collected = errors.lines().find_map(|line| line.split_once("Collected :"));
    match collected.and_then(|(_, count)| count.trim().parse().ok()) {
        Some(count) if asked => Ok(count),
        _ => bail!("{} did not ask for its first event:\n{errors}", binary.display()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes and counts far below 2^52, printed with three digits")]
fn print(rows: &[Row], as_json: bool) -> Result<()> {
    let floor = rows.first().context("no floor")?.instructions as f64;
    let mut out = std::io::stdout().lock();
    if !as_json {
        writeln!(
            out,
            "{:<18} {:>8} {:>10} {:>8} {:>13} {:>6} {:>8}",
            "binary", "size MB", "zipped MB", "budget", "M instr/next", "ratio", "budget"
        )?;
    }
    for row in rows {
        let ratio = row.instructions as f64 / floor;
        let (within, fits) = (ratio <= BUDGET, row.zipped <= row.zipped_budget());
        if as_json {
            let line = json!({"binary": row.name, "sizeBytes": row.size, "zippedBytes": row.zipped, "zippedBudgetBytes": row.zipped_budget(),
                              "zippedWithinBudget": fits, "instructionsToFirstNext": row.instructions, "ratioToBare": ratio,
                              "ratioBudget": BUDGET, "withinBudget": within});
            writeln!(out, "{line}")?;
        } else {
            let (size, packed, count) =
                (row.size as f64 / 1e6, row.zipped as f64 / 1e6, row.instructions as f64 / 1e6);
            let verdict = |kept: bool| if kept { "met" } else { "not met" };
            writeln!(
                out,
                "{:<18} {size:>8.2} {packed:>10.2} {:>8} {count:>13.3} {ratio:>6.2} {:>8}",
                row.name,
                verdict(fits),
                verdict(within)
            )?;
        }
    }
    for row in rows {
        let (packed, most) = (row.zipped as f64 / 1e6, row.zipped_budget() as f64 / 1e6);
        if row.zipped > row.zipped_budget() {
            eprintln!("`{}` is {packed:.2} MB zipped, at most {most} MB are asked for", row.name);
        }
    }
    Ok(())
}
