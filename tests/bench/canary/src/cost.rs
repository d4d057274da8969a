//! What one decision costs: six metrics, sixty minutes, every minute computed again.

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use shared::delivery::analysis::{NoiseOf, Situation, analyse, conclude};
use shared::delivery::policy::{Policies, Policy};
use shared::delivery::series::{Minute, Pair, Series};
use shared::delivery::stats::random::Random;
use shared::model::{MINUTE, Timestamp};
use std::process::Command;

const METRICS: usize = 6;
const MINUTES: i64 = 60;
/// Repetitions for the CPU time.
const MANY: u32 = 2_000;
/// Repetitions under callgrind, beside one.
const FEW: u32 = 10;
/// Most that one may take, in milliseconds of CPU.
pub(crate) const BUDGET_MS: f64 = 1.0;

/// What was measured.
pub(crate) struct Cost {
    pub(crate) cpu_ms: f64,
    /// None without valgrind.
    pub(crate) instructions: Option<f64>,
}

/// Decides so many times; what the command starts to measure itself.
pub(crate) fn decide(times: u32) -> Result<()> {
    let (policy, noise, series) = input()?;
    let situation = Situation { is_asked: true, is_late: true };
    for _ in 0..times {
        let analysis = analyse(std::hint::black_box(&policy), &noise, std::hint::black_box(&series));
        std::hint::black_box(conclude(&policy, &analysis, situation));
    }
    Ok(())
}

/// Measures CPU time by the kernel's count, and instructions where valgrind is installed.
pub(crate) fn measure() -> Result<Cost> {
    decide(MANY / 10)?;
    let before = cpu_seconds()?;
    decide(MANY)?;
    let cpu_ms = (cpu_seconds()? - before) * 1e3 / f64::from(MANY);
    let instructions = match (instructions(1)?, instructions(1 + FEW)?) {
        (Some(one), Some(all)) => Some((all - one) / f64::from(FEW)),
        (None, _) | (_, None) => None,
    };
    Ok(Cost { cpu_ms, instructions })
}

fn input() -> Result<(Policy, NoiseOf, Series)> {
    let name = |index: usize| format!("m{index}");
    let metrics: Vec<String> = (0..METRICS)
        .map(|index| format!("{{id: {}, kind: latency, objective_ms: {}}}", name(index), index + 1))
        .collect();
    let text = format!("version: 1\nmetrics: [{}]\n", metrics.join(", "));
    let policy = Policies::parse(&text)?.of("").clone();
    let mut random = Random::new(6);
    let mut minute = |_| {
        let mut arm = |total| (total, random.binomial(total, 0.005));
        let counts = (0..METRICS).map(|index| (name(index), Pair::of(arm(600), arm(5_400))));
        Minute { counts: counts.collect(), values: std::collections::BTreeMap::new() }
    };
    let series = (0..MINUTES).map(|index| (Timestamp::from_millis(index * MINUTE), minute(index))).collect();
    // With noise: the dearer of the two likelihoods.
    Ok((policy, (0..METRICS).map(|index| (name(index), 0.1)).collect(), series))
}

fn cpu_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        f64::from(i32::try_from(time.tv_sec()).unwrap_or(i32::MAX))
            + f64::from(i32::try_from(time.tv_usec()).unwrap_or(0)) / 1e6
    };
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// Instructions of a process of its own that decides so many times.
fn instructions(times: u32) -> Result<Option<f64>> {
    let program = std::env::current_exe()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--decide", &times.to_string()])
        .output();
    let Ok(output) = output else { return Ok(None) };
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.split_once("Collected : "));
    let count = line.context("callgrind printed no count")?.1.trim();
    Ok(Some(count.parse().with_context(|| format!("`{count}` is no count"))?))
}
