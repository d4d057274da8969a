//! The receiver against the same receiver on Node and on Python: same Runtime API host, same stub of AWS, same deliveries.
//!
//! CPU time of the process is compared, because wall times of a busy machine are not. Peers get every advantage: a warm-up round, no log,
//! their secret without a call.

mod deliveries;
mod peers;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use local::recorder::{Recorder, Reply};
use local::runtime_api::{Answer, Host};
use peers::Peer;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest wait for a start or an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Ticks of `/proc/<pid>/stat` in a second (`getconf CLK_TCK`, 100 on every Linux of today).
const TICKS: f64 = 100.0;

/// Measures CPU per accepted delivery, peak memory and the largest event.
#[derive(Parser)]
struct Arguments {
    /// Cargo profile to build and measure.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Measured rounds over all deliveries, after one that warms up.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
}

struct Row {
    name: &'static str,
    cpu_us: f64,
    peak_mb: f64,
    largest_ms: f64,
    largest_peak_mb: f64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let peers = peers::ready(&root, &arguments.profile)?;
    let deliveries = deliveries::as_large_as_the_examples(&peers::examples(&root)?)?;
    let largest = deliveries::largest()?;
    let mut rows = Vec::new();
    for peer in &peers {
        eprintln!("measuring {}", peer.name);
        rows.push(measure(peer, &deliveries, &largest, arguments.rounds)?);
    }
    print(&rows, deliveries.len() * arguments.rounds)
}

/// One process from start to end.
struct Running {
    host: Host,
    aws: Recorder,
    sent: usize,
}

impl Running {
    fn start(peer: &Peer) -> Result<Self> {
        let aws = Recorder::start()?;
        aws.answer("GetSecretValue", Reply::json(&json!({"SecretString": deliveries::SECRET})));
        aws.answer("SendMessage", Reply::json(&json!({"MessageId": "00000000-0000-4000-8000-000000000000"})));
        let queue = format!("{}/000000000000/source", aws.url());
        let mut environment = vec![
            ("AWS_ENDPOINT_URL", aws.url()),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "none"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("LOG_LEVEL", "error"),
            ("WEBHOOK_SECRET_ID", "tidegate/webhook"),
            ("WEBHOOK_SECRET", deliveries::SECRET),
            ("SOURCE_QUEUE_URL", queue.as_str()),
            ("REPOSITORY_IDS", deliveries::REPOSITORY),
        ];
        environment.extend(peer.environment.iter().map(|(name, value)| (*name, value.as_str())));
        let arguments: Vec<&str> = peer.arguments.iter().map(String::as_str).collect();
        let host = Host::start(&peer.program, &arguments, &environment)?;
        ensure!(
            host.wait_for_first_next(PATIENCE),
            "{} does not ask for an event: {:?}, {}",
            peer.name,
            host.init_error(),
            host.output().1
        );
        Ok(Self { host, aws, sent: 0 })
    }

    fn deliver(&mut self, event: &Value) -> Result<()> {
        let answer = self.host.invoke(event, PATIENCE);
        let Answer::Response(response) = &answer else {
            bail!("no answer: {answer}; {}", self.host.output().1)
        };
        ensure!(response.get("statusCode") == Some(&json!(202)), "not accepted: {response}");
        self.sent += 1;
        Ok(())
    }

    fn deliver_all(&mut self, events: &[Value]) -> Result<()> {
        events.iter().try_for_each(|event| self.deliver(event))
    }

    /// Seconds of CPU, user and system, until now (`proc_pid_stat(5)`, fields 14 and 15).
    fn cpu(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.host.id()))?;
        let (_, fields) = stat.rsplit_once(')').context("`stat` has another form")?;
        let ticks: Vec<f64> =
            fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() / TICKS)
    }

    /// Peak resident memory until now, in MB.
    fn peak_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.host.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn measure(peer: &Peer, deliveries: &[Value], largest: &Value, rounds: usize) -> Result<Row> {
    let mut running = Running::start(peer)?;
    running.deliver_all(deliveries)?;
    let before = running.cpu()?;
    for _ in 0..rounds {
        running.deliver_all(deliveries)?;
    }
    let cpu_us = (running.cpu()? - before) * 1e6 / (deliveries.len() * rounds) as f64;
    let peak_mb = running.peak_mb()?;
    let mut largest_ms = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        running.deliver(largest)?;
        largest_ms = largest_ms.min(start.elapsed().as_secs_f64() * 1e3);
    }
    let queued = running.aws.requests_of("SendMessage").len();
    ensure!(queued == running.sent, "{} queued {queued} of {} deliveries", peer.name, running.sent);
    Ok(Row { name: peer.name, cpu_us, peak_mb, largest_ms, largest_peak_mb: running.peak_mb()? })
}

fn print(rows: &[Row], count: usize) -> Result<()> {
    let own = rows.first().context("nothing was measured")?.cpu_us;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{count} accepted deliveries each, as large as the published examples; largest event {} bytes\n",
        deliveries::LARGEST
    )?;
    writeln!(
        out,
        "| receiver | CPU µs per delivery | × Tidegate | peak MB | largest event ms | peak MB with it |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|")?;
    for Row { name, cpu_us, peak_mb, largest_ms, largest_peak_mb } in rows {
        let ratio = cpu_us / own;
        writeln!(
            out,
            "| {name} | {cpu_us:.0} | {ratio:.1} | {peak_mb:.1} | {largest_ms:.0} | {largest_peak_mb:.1} |"
        )?;
    }
    Ok(())
}
