//! Many runs of one cell on all cores, counted. Each run has a generator of its own, so the counts do not depend on the threads.

use crate::method::{Judge, METHODS, Method};
use crate::world::{MINUTES, World};
use anyhow::{Context, Result};
use shared::delivery::stats::random::Random;
use shared::delivery::verdict::Kind;
use std::collections::BTreeMap;

/// How many runs did something, and in which minute.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    by_minute: [u64; MINUTES],
    runs: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs")]
const fn number(count: u64) -> f64 {
    count as f64
}

impl Count {
    fn add(&mut self, minute: Option<usize>) {
        self.runs += 1;
        if let Some(count) = minute.and_then(|minute| self.by_minute.get_mut(minute.checked_sub(1)?)) {
            *count += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.by_minute.iter_mut().zip(other.by_minute).for_each(|(sum, count)| *sum += count);
    }

    pub(crate) fn percent(&self) -> f64 {
        number(self.by_minute.iter().sum::<u64>()) / number(self.runs.max(1)) * 100.0
    }

    /// Standard error of a share of `percent` in so many runs, in percent.
    pub(crate) fn error(&self, percent: f64) -> f64 {
        (percent * (100.0 - percent) / number(self.runs.max(1))).sqrt()
    }

    /// Of the runs that did it.
    pub(crate) fn median(&self) -> Option<usize> {
        let all: u64 = self.by_minute.iter().sum();
        let mut below = 0;
        let reached = |count: &u64| {
            below += count;
            below * 2 >= all
        };
        (all > 0).then(|| self.by_minute.iter().position(reached)).flatten().map(|index| index + 1)
    }
}

/// What a run came to.
type Counts<K> = BTreeMap<K, Count>;

/// Which methods stop the shift.
pub(crate) fn stops(world: &World, methods: &[Method], runs: u64, seed: u64) -> Result<Counts<Method>> {
    let judge = Judge::new(world.metrics)?;
    all(runs, |run, counts: &mut Counts<Method>| {
        let shift = world.draw(&mut Random::of_run(seed, run));
        for method in METHODS.iter().filter(|method| methods.contains(method)) {
            counts.entry(*method).or_default().add(judge.stops(*method, &shift));
        }
    })
}

/// How a shift ends for a hook that waits from the first minute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// It was promoted.
    Promoted,
    /// It was stopped.
    Stopped,
}

/// How shifts end.
pub(crate) fn ends(world: &World, runs: u64, seed: u64) -> Result<Counts<End>> {
    let judge = Judge::new(world.metrics)?;
    all(runs, |run, counts: &mut Counts<End>| {
        let found = judge.asked(&world.draw(&mut Random::of_run(seed, run)));
        let minute = |wanted| found.filter(|(kind, _)| *kind == wanted).map(|(_, minute)| minute);
        counts.entry(End::Promoted).or_default().add(minute(Kind::Promote));
        counts.entry(End::Stopped).or_default().add(minute(Kind::Harm));
    })
}

fn all<K: Ord + Copy + Send>(runs: u64, one: impl Fn(u64, &mut Counts<K>) + Sync) -> Result<Counts<K>> {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let part = |thread| {
        let mut counts = Counts::new();
        (0..runs).filter(|run| run % threads == thread).for_each(|run| one(run, &mut counts));
        counts
    };
    let part = &part;
    let parts: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut sum: Counts<K> = Counts::new();
    for part in parts {
        let part = part.ok().context("a thread of the simulation failed")?;
        part.iter().for_each(|(key, count)| sum.entry(*key).or_default().merge(count));
    }
    Ok(sum)
}
