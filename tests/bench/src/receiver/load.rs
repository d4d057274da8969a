//! Deliveries that come at their own pace over several environments: a burst, and good ones beside a flood of forged ones.
//!
//! As Lambda does it, an environment takes one delivery at a time, and one that finds none free waits; its waiting is part of its time. All of
//! it is on loopback, and bounded in time and number.

use crate::deliveries::{self, Delivery};
use crate::peers::Peer;
use crate::running::{Running, Secret, aws, queued};
use anyhow::{Context, Result, anyhow, ensure};
use local::recorder::Recorder;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many environments there are.
pub(crate) const ENVIRONMENTS: usize = 4;
/// How long each answer of AWS takes.
pub(crate) const AWS_TAKES: Duration = Duration::from_millis(5);
/// Accepted deliveries in a second, in a burst.
pub(crate) const BURST: usize = 100;
/// Forged deliveries in a second, in a flood.
pub(crate) const FLOOD: usize = 500;
/// Good deliveries in a second, beside a flood and without one.
pub(crate) const GOOD: usize = 10;
/// Calls for secrets that an environment makes at most: the current one at its start, then all three versions for wrong signatures, at
/// most twice a minute.
const SECRET_CALLS: (usize, usize) = (1, 3);
/// Forged deliveries are numbered from here, so that none has the id of a good one.
const FORGED_FROM: usize = 1_000_000;

/// Times from when a delivery was due to its answer.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// The time that `share` (0 to 1) of the deliveries did not exceed.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few thousand times, and a share of them"
    )]
    pub(crate) fn percentile(&self, share: f64) -> Result<Duration> {
        let place = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(place.saturating_sub(1)).copied().context("nothing was delivered")
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The times of good deliveries without and with a flood.
pub(crate) struct Flooded {
    pub(crate) alone: Times,
    pub(crate) beside: Times,
    pub(crate) forged: usize,
    pub(crate) secret_calls: usize,
    pub(crate) secret_calls_allowed: usize,
}

struct Fleet {
    environments: Vec<Running>,
    aws: Recorder,
}

impl Fleet {
    /// Started, each with one delivery behind it.
    fn start(peer: &Peer, body: &str) -> Result<Self> {
        let aws = aws()?;
        aws.answer_after(AWS_TAKES);
        let start = |number| -> Result<Running> {
            let mut environment = Running::start(peer, &aws, Secret::Read)?;
            environment.deliver(&deliveries::good(body, number))?;
            Ok(environment)
        };
        Ok(Self { environments: (0..ENVIRONMENTS).map(start).collect::<Result<_>>()?, aws })
    }

    /// Delivers each when it is due; the times of those that are good.
    fn take(&mut self, due: &[(Duration, Delivery)]) -> Result<Times> {
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        let take = |environment: &mut Running| -> Result<Vec<Duration>> {
            let mut times = Vec::new();
            while let Some((due, delivery)) = due.get(next.fetch_add(1, Ordering::Relaxed)) {
                std::thread::sleep(due.saturating_sub(start.elapsed()));
                environment.deliver(delivery)?;
                if delivery.status == 202 {
                    times.push(start.elapsed().saturating_sub(*due));
                }
            }
            Ok(times)
        };
        let environments = &mut self.environments;
        let taken: Vec<Result<Vec<Duration>>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                environments.iter_mut().map(|environment| scope.spawn(|| take(environment))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("a thread ended early"))))
                .collect()
        });
        let mut times = taken.into_iter().collect::<Result<Vec<_>>>()?.concat();
        times.sort_unstable();
        Ok(Times(times))
    }

    /// Fails unless exactly the deliveries of `expected` are on the queue, each once, after those that started the environments.
    fn queued_exactly<'a>(&self, expected: impl Iterator<Item = &'a Delivery>) -> Result<()> {
        let sent = queued(&self.aws);
        let sent: Vec<&str> = sent.iter().skip(ENVIRONMENTS).map(String::as_str).collect();
        let expected: BTreeSet<&str> = expected.map(|delivery| delivery.id.as_str()).collect();
        ensure!(sent.len() == expected.len(), "{} messages for {} deliveries", sent.len(), expected.len());
        ensure!(sent.into_iter().collect::<BTreeSet<_>>() == expected, "other deliveries were queued");
        Ok(())
    }
}

/// [`BURST`] deliveries a second for `seconds`; fails when one is lost.
pub(crate) fn burst(peer: &Peer, bodies: &[String], seconds: usize) -> Result<Times> {
    let body = bodies.first().context("there are no bodies")?;
    let due = every(BURST, seconds, bodies, deliveries::good, ENVIRONMENTS);
    let mut fleet = Fleet::start(peer, body)?;
    let times = fleet.take(&due)?;
    fleet.queued_exactly(due.iter().map(|(_, delivery)| delivery))?;
    Ok(times)
}

/// [`GOOD`] deliveries a second for `seconds`, then as many beside [`FLOOD`] forged ones a second; fails when a good one is lost, a forged
/// one is queued, or the forged ones cause more calls for secrets than one environment may make in that time.
pub(crate) fn flood(peer: &Peer, bodies: &[String], seconds: usize) -> Result<Flooded> {
    let body = bodies.first().context("there are no bodies")?;
    let good = every(GOOD, seconds, bodies, deliveries::good, ENVIRONMENTS);
    let again = every(GOOD, seconds, bodies, deliveries::good, ENVIRONMENTS + good.len());
    let forged = every(FLOOD, seconds, bodies, deliveries::forged, FORGED_FROM);
    let forged_count = forged.len();
    let mut both: Vec<_> = again.iter().cloned().chain(forged).collect();
    both.sort_by_key(|(due, _)| *due);
    let mut fleet = Fleet::start(peer, body)?;
    let alone = fleet.take(&good)?;
    let start = Instant::now();
    let beside = fleet.take(&both)?;
    let pauses = usize::try_from(start.elapsed().as_secs() / 30)? + 1;
    fleet.queued_exactly(good.iter().chain(&again).map(|(_, delivery)| delivery))?;
    let secret_calls = fleet.aws.requests_of("GetSecretValue").len();
    let secret_calls_allowed = ENVIRONMENTS * (SECRET_CALLS.0 + SECRET_CALLS.1 * pauses);
    ensure!(
        secret_calls <= secret_calls_allowed,
        "{secret_calls} calls for secrets, at most {secret_calls_allowed} are allowed"
    );
    Ok(Flooded { alone, beside, forged: forged_count, secret_calls, secret_calls_allowed })
}

/// `rate` deliveries a second for `seconds`, evenly, numbered from `first`.
fn every(
    rate: usize,
    seconds: usize,
    bodies: &[String],
    make: fn(&str, usize) -> Delivery,
    first: usize,
) -> Vec<(Duration, Delivery)> {
    let pause = Duration::from_secs(1) / u32::try_from(rate).unwrap_or(u32::MAX);
    let numbered = (0..rate * seconds).zip(0_u32..).zip(bodies.iter().cycle());
    numbered.map(|((number, place), body)| (pause * place, make(body, first + number))).collect()
}
