//! One table, each budget with both numbers.

use crate::child::Taken;
use anyhow::Result;
use serde_json::json;
use std::io::Write;

/// Our name in the table.
pub(crate) const OURS: &str = "Tidegate";

/// One reading.
pub(crate) struct Row {
    what: String,
    tool: String,
    bytes: u64,
    cpu: f64,
    peak: u64,
    budget: Vec<(String, bool)>,
}

#[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52, printed with three digits")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

impl Row {
    pub(crate) fn new(what: &str, tool: &str, bytes: u64, taken: &Taken) -> Self {
        Self {
            what: what.to_owned(),
            tool: tool.to_owned(),
            bytes,
            cpu: taken.cpu,
            peak: taken.peak,
            budget: Vec::new(),
        }
    }

    /// Megabytes in a second of CPU.
    fn speed(&self) -> f64 {
        mega(self.bytes) / self.cpu.max(1e-6)
    }

    pub(crate) fn budget(mut self, mb_s: f64, peak_mb: Option<f64>) -> Self {
        self.budget.push((format!(">= {mb_s:.0} MB/s"), self.speed() >= mb_s));
        self.budget_peak(peak_mb)
    }

    pub(crate) fn budget_peak(mut self, peak_mb: Option<f64>) -> Self {
        if let Some(peak_mb) = peak_mb {
            self.budget.push((format!("<= {peak_mb:.0} MB"), mega(self.peak) <= peak_mb));
        }
        self
    }

    pub(crate) fn budget_ms(mut self, ms: f64) -> Self {
        self.budget.push((format!("<= {ms:.0} ms"), self.cpu * 1e3 <= ms));
        self
    }

    fn verdict(&self) -> String {
        let word = |met: bool| if met { "met" } else { "not met" };
        let budgets: Vec<String> =
            self.budget.iter().map(|(words, met)| format!("{words}: {}", word(*met))).collect();
        budgets.join(", ")
    }
}

/// Every reading.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("{:<18} {:<28} {:>8.3} CPU s", row.what, row.tool, row.cpu);
        self.rows.push(row);
    }

    /// How many times as much CPU a megabyte takes as with ours.
    fn ratio(&self, row: &Row) -> Option<f64> {
        let ours = self.rows.iter().find(|other| other.what == row.what && other.tool == OURS)?;
        Some(ours.speed() / row.speed())
    }

    pub(crate) fn print(&self, as_json: bool) -> Result<()> {
        let mut out = std::io::stdout().lock();
        if !as_json {
            let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
            writeln!(
                out,
                "CPU is user and system time; load average of the machine {}\n",
                load.split(' ').take(3).collect::<Vec<_>>().join(" ")
            )?;
            writeln!(
                out,
                "| {:<16} | {:<28} | {:>7} | {:>8} | {:>7} | {:>7} | {:>10} | budget |",
                "what", "tool", "file MB", "CPU s", "MB/s", "peak MB", "x Tidegate"
            )?;
            writeln!(
                out,
                "|:{:-<16}-|:{:-<28}-|-{:-<7}:|-{:-<8}:|-{:-<7}:|-{:-<7}:|-{:-<10}:|---|",
                "", "", "", "", "", "", ""
            )?;
        }
        for row in &self.rows {
            let (size, peak, speed) = (mega(row.bytes), mega(row.peak), row.speed());
            let ratio = self.ratio(row);
            if as_json {
                let line = json!({"what": row.what, "tool": row.tool, "bytes": row.bytes, "cpuSeconds": row.cpu, "mbPerSecond": speed,
                                  "peakBytes": row.peak, "timesOurs": ratio, "budget": row.verdict()});
                writeln!(out, "{line}")?;
            } else {
                let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}"));
                writeln!(
                    out,
                    "| {:<16} | {:<28} | {size:>7.1} | {:>8.3} | {speed:>7.0} | {peak:>7.1} | {ratio:>10} | {} |",
                    row.what,
                    row.tool,
                    row.cpu,
                    row.verdict()
                )?;
            }
        }
        Ok(())
    }
}
