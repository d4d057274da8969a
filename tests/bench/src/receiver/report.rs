//! The tables, and each budget with both numbers.

use crate::alone::{Spent, Warm};
use crate::deliveries::LARGEST;
use crate::load::{AWS_TAKES, BURST, ENVIRONMENTS, FLOOD, Flooded, GOOD, Times};
use anyhow::{Context, Result};
use std::io::Write;
use std::time::Duration;

/// What was measured of one receiver.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) cold: Spent,
    pub(crate) warm: Warm,
}

/// Everything that was measured; ours is the first row.
pub(crate) struct Measured {
    pub(crate) rows: Vec<Row>,
    pub(crate) burst: Option<Times>,
    pub(crate) flood: Option<Flooded>,
    /// Instructions to the first answer that made its calls over TLS, or why they were not counted.
    pub(crate) tls: Result<u64>,
    /// Accepted deliveries in each row.
    pub(crate) deliveries: usize,
}

/// How a number relates to its bound.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

pub(crate) fn print(measured: &Measured, starts: usize, seconds: usize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    writeln!(
        out,
        "{} accepted deliveries each, as large as the published examples; largest event {LARGEST} bytes; {starts} cold starts each; load \
         average of the machine {}\n",
        measured.deliveries,
        load.split(' ').take(3).collect::<Vec<_>>().join(" ")
    )?;
    table(&mut out, &measured.rows)?;
    if let (Some(burst), Some(flood)) = (&measured.burst, &measured.flood) {
        under_load(&mut out, burst, flood, seconds)?;
    }
    budgets(&mut out, measured)
}

fn table(out: &mut impl Write, rows: &[Row]) -> Result<()> {
    let ours = rows.first().context("nothing was measured")?;
    writeln!(
        out,
        "| receiver | CPU µs per delivery | × Tidegate | CPU µs, wrong signature | peak MB | largest event: CPU ms | wall ms | peak MB | \
         cold start: CPU ms | wall ms | × Tidegate |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for Row { name, cold, warm } in rows {
        writeln!(
            out,
            "| {name} | {:.0} | {:.1} | {:.0} | {:.1} | {:.0} | {:.0} | {:.1} | {:.1} | {:.0} | {:.1} |",
            micros(warm.accepted),
            ratio(warm.accepted, ours.warm.accepted),
            micros(warm.forged),
            warm.peak_mb,
            millis(warm.largest.cpu),
            millis(warm.largest.wall),
            warm.largest_peak_mb,
            millis(cold.cpu),
            millis(cold.wall),
            ratio(cold.wall, ours.cold.wall),
        )?;
    }
    Ok(())
}

fn under_load(out: &mut impl Write, burst: &Times, flood: &Flooded, seconds: usize) -> Result<()> {
    writeln!(
        out,
        "\nours over {ENVIRONMENTS} environments, {seconds} s each, AWS answers after {AWS_TAKES:?}:\n"
    )?;
    writeln!(out, "| good deliveries | lost | p50 ms | p99 ms |\n|---|---:|---:|---:|")?;
    let mut line = |what: String, times: &Times| -> Result<()> {
        let (middle, high) = (millis(times.percentile(0.5)?), millis(times.percentile(0.99)?));
        Ok(writeln!(out, "| {} {what} | 0 | {middle:.1} | {high:.1} |", times.count())?)
    };
    line(format!("at {BURST}/s"), burst)?;
    line(format!("at {GOOD}/s"), &flood.alone)?;
    line(format!("at {GOOD}/s beside {} forged ones at {FLOOD}/s", flood.forged), &flood.beside)?;
    writeln!(
        out,
        "\nthe forged ones were queued 0 times and caused {} calls for secrets (at most {} are allowed)",
        flood.secret_calls, flood.secret_calls_allowed
    )?;
    Ok(())
}

/// DESIGN's budgets for the receiver, in words.
fn budgets(out: &mut impl Write, measured: &Measured) -> Result<()> {
    let ours = measured.rows.first().context("nothing was measured")?;
    writeln!(out, "\nbudgets:")?;
    let mut line = |what: &str, value: f64, unit: &str, bound: Bound| -> Result<()> {
        let (kept, words) = match bound {
            Bound::AtLeast(least) => (value >= least, format!("at least {least}")),
            Bound::AtMost(most) => (value <= most, format!("at most {most}")),
        };
        let verdict = if kept { "met" } else { "not met" };
        Ok(writeln!(out, "- {verdict}: {what}: {value:.1} {unit}, {words} {unit} asked for")?)
    };
    for (row, times) in measured.rows.iter().skip(1).zip([6.0, 8.0]) {
        let cpu = ratio(row.warm.accepted, ours.warm.accepted);
        line(&format!("less CPU per delivery than {}", row.name), cpu, "times", Bound::AtLeast(times))?;
        let cold = ratio(row.cold.wall, ours.cold.wall);
        line(&format!("faster from cold than {}", row.name), cold, "times", Bound::AtLeast(8.0))?;
    }
    line("largest event, own CPU", millis(ours.warm.largest.cpu), "ms", Bound::AtMost(120.0))?;
    line("largest event, wall", millis(ours.warm.largest.wall), "ms", Bound::AtMost(120.0))?;
    line("peak memory with it", ours.warm.largest_peak_mb, "MB", Bound::AtMost(128.0))?;
    line("peak memory without", ours.warm.peak_mb, "MB", Bound::AtMost(24.0))?;
    match &measured.tls {
        Ok(count) => line(
            "from start to the first answer over TLS",
            instructions(*count),
            "M instructions",
            Bound::AtMost(8.0),
        ),
        Err(why) => Ok(writeln!(out, "- not measured: instructions to the first answer over TLS: {why:#}")?),
    }
}

#[expect(clippy::cast_precision_loss, reason = "millions, printed with one digit")]
fn instructions(count: u64) -> f64 {
    count as f64 / 1e6
}

fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
