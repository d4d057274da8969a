//! The receiver against the same receiver on Node and on Python: same Runtime API host, same stub of AWS, same deliveries.
//!
//! CPU time of the process is compared, because wall times of a busy machine are not. Warm peers get every advantage: a warm-up round, no log,
//! their secret without a call. At a cold start each reads its secret with its own SDK, as a receiver in production does. What is counted is
//! asserted (nothing lost, nothing forged queued); times are printed beside their budgets and never asserted.

mod alone;
mod deliveries;
mod load;
mod over_tls;
mod peers;
mod report;
mod running;

use anyhow::{Context, Result};
use clap::Parser;
use report::{Measured, Row};
use std::path::Path;

/// Measures cold starts, CPU per delivery, memory, the largest event, a burst and a flood, and holds them against the budgets.
#[derive(Parser)]
struct Arguments {
    /// Cargo profile to build and measure.
    #[arg(long, default_value = "release")]
    profile: String,
    /// Measured rounds over all deliveries, after one that warms up.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Cold starts of each receiver.
    #[arg(long, default_value_t = 9)]
    starts: usize,
    /// How long the burst and the flood take, in seconds; 0 leaves them out.
    #[arg(long, default_value_t = 20)]
    seconds: usize,
    /// Measure only ours: for working on it.
    #[arg(long)]
    ours: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut peers = peers::ready(&root, &arguments.profile)?;
    if arguments.ours {
        peers.truncate(1);
    }
    let bodies = deliveries::bodies(&peers::examples(&root)?)?;
    let ours = peers.first().context("there is no receiver")?;
    let middle = bodies.get(bodies.len() / 2).context("there are no bodies")?;
    eprintln!("measuring cold starts");
    let cold = alone::cold_starts(&peers, middle, arguments.starts)?;
    let mut rows = Vec::new();
    for (peer, cold) in peers.iter().zip(cold) {
        eprintln!("measuring {}", peer.name);
        rows.push(Row { name: peer.name, cold, warm: alone::warm(peer, &bodies, arguments.rounds)? });
    }
    let (mut burst, mut flood) = (None, None);
    if arguments.seconds > 0 {
        eprintln!("measuring a burst and a flood");
        burst = Some(load::burst(ours, &bodies, arguments.seconds)?);
        flood = Some(load::flood(ours, &bodies, arguments.seconds)?);
    }
    eprintln!("counting instructions over TLS");
    let tls = over_tls::instructions(
        ours,
        &peers::tools(&root).join("tls"),
        &root.join("tests/bench/peers/tls_front.py"),
        middle,
    );
    let measured = Measured { rows, burst, flood, tls, deliveries: bodies.len() * arguments.rounds };
    report::print(&measured, arguments.starts, arguments.seconds)
}
