//! One receiver, one delivery after the other: cold start, CPU per delivery, memory, the largest event.

use crate::deliveries::{self, Delivery};
use crate::peers::Peer;
use crate::running::{Running, Secret, aws, queued};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// How often the largest event is delivered.
const LARGEST_TIMES: usize = 7;

/// Wall time, and the CPU time of the receiver itself.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// What was measured of a warm receiver.
pub(crate) struct Warm {
    /// Per accepted delivery.
    pub(crate) accepted: Duration,
    /// Per delivery with a wrong signature.
    pub(crate) forged: Duration,
    /// Peak memory over the ordinary deliveries, in MB.
    pub(crate) peak_mb: f64,
    /// The largest event: wall time and the receiver's own CPU time, medians.
    pub(crate) largest: Spent,
    /// Peak memory with it, in MB.
    pub(crate) largest_peak_mb: f64,
}

/// `times` starts of each peer, taking turns, so that a busy moment of the machine meets all of them.
pub(crate) fn cold_starts(peers: &[Peer], body: &str, times: usize) -> Result<Vec<Spent>> {
    let mut starts: Vec<Vec<Spent>> = peers.iter().map(|_| Vec::new()).collect();
    for number in 0..times {
        for (peer, starts) in peers.iter().zip(&mut starts) {
            starts.push(cold_start(peer, &deliveries::good(body, number))?);
        }
    }
    starts.iter().map(|starts| medians(starts)).collect()
}

fn cold_start(peer: &Peer, delivery: &Delivery) -> Result<Spent> {
    let aws = aws()?;
    let mut running = Running::start(peer, &aws, Secret::Read)?;
    running.deliver(delivery)?;
    let cold = Spent { wall: running.age(), cpu: running.cpu()? };
    ensure!(!aws.requests_of("GetSecretValue").is_empty(), "{} read no secret", peer.name);
    ensure!(queued(&aws) == [delivery.id.as_str()], "{} did not queue the delivery", peer.name);
    Ok(cold)
}

/// `rounds` over all `bodies` in one process, after one that warms it up.
pub(crate) fn warm(peer: &Peer, bodies: &[String], rounds: usize) -> Result<Warm> {
    let aws = aws()?;
    let mut running = Running::start(peer, &aws, Secret::Given)?;
    let all = |make: fn(&str, usize) -> Delivery| -> Vec<Delivery> {
        bodies.iter().zip(0..).map(|(body, number)| make(body, number)).collect()
    };
    let (good, forged) = (all(deliveries::good), all(deliveries::forged));
    // A forged one makes ours ask for all secrets that are live: from here on it verifies with two.
    running.deliver_all(&forged)?;
    running.deliver_all(&good)?;
    let accepted = cpu_of_each(&mut running, &good, rounds)?;
    let peak_mb = running.peak_mb()?;
    let wrong = cpu_of_each(&mut running, &forged, rounds)?;
    let largest = largest(&mut running)?;
    let expected = good.len() * (rounds + 1) + LARGEST_TIMES;
    let sent = queued(&aws).len();
    ensure!(sent == expected, "{} queued {sent} of {expected} deliveries", peer.name);
    Ok(Warm { accepted, forged: wrong, peak_mb, largest, largest_peak_mb: running.peak_mb()? })
}

fn cpu_of_each(running: &mut Running, deliveries: &[Delivery], rounds: usize) -> Result<Duration> {
    let before = running.cpu()?;
    for _ in 0..rounds {
        running.deliver_all(deliveries)?;
    }
    let count = u32::try_from(deliveries.len() * rounds)?;
    (running.cpu()?.saturating_sub(before)).checked_div(count).context("nothing was delivered")
}

fn largest(running: &mut Running) -> Result<Spent> {
    let delivery = deliveries::largest()?;
    let mut times = Vec::new();
    for _ in 0..LARGEST_TIMES {
        let (start, before) = (Instant::now(), running.cpu()?);
        running.deliver(&delivery)?;
        let wall = start.elapsed();
        times.push(Spent { wall, cpu: running.cpu()?.saturating_sub(before) });
    }
    medians(&times)
}

fn medians(times: &[Spent]) -> Result<Spent> {
    let median = |of: fn(&Spent) -> Duration| {
        let mut sorted: Vec<Duration> = times.iter().map(of).collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().context("nothing was measured")
    };
    Ok(Spent { wall: median(|time| time.wall)?, cpu: median(|time| time.cpu)? })
}
