//! Runs of the product's own test over drawn minutes.

use super::{Chance, Question, Shares};
use crate::delivery::analysis::eprocess::{EProcess, below};
use crate::delivery::policy::{Direction, Policy};
use crate::delivery::series::{Arm, Pair};
use crate::delivery::stats::random::Random;

/// The seed of every forecast: the same question has the same answer.
const SEED: u64 = 0x7469_6465_6761_7465;

/// The minutes of a shift: how many events each version has in them, and how often one is bad.
pub(super) struct World<'a> {
    policy: &'a Policy,
    worse: Direction,
    rate: f64,
    noise: f64,
    /// Events of green and blue.
    minutes: Vec<(u64, u64)>,
}

/// What becomes of good releases.
pub(super) struct Good {
    pub(super) stopped: f64,
    pub(super) cleared: f64,
    pub(super) cleared_early: f64,
    pub(super) cleared_minute: Option<u32>,
}

/// What one run comes to: minutes are counted from 1.
struct Run {
    stopped: Option<u32>,
    first_cleared: Option<u32>,
    is_cleared: bool,
}

impl<'a> World<'a> {
    /// Minutes as they are planned: steady traffic, split by the shares.
    pub(super) fn planned(question: &Question<'a>, shares: &Shares, minutes: u32) -> Self {
        let (mut green, mut all) = (0.0, 0.0);
        let mut minute = |index: u32| {
            let (green_before, all_before) = (whole_events(green), whole_events(all));
            green += question.per_minute * shares.at(index) / 100.0;
            all += question.per_minute;
            let of_green = whole_events(green).saturating_sub(green_before);
            (of_green, whole_events(all).saturating_sub(all_before).saturating_sub(of_green))
        };
        Self::of(question, (0..minutes).map(&mut minute).collect())
    }

    /// Minutes as they were.
    pub(super) fn of(question: &Question<'a>, minutes: Vec<(u64, u64)>) -> Self {
        Self {
            policy: question.policy,
            worse: question.worse,
            rate: question.rate.unwrap_or(0.0),
            noise: question.noise,
            minutes,
        }
    }

    fn warm_up(&self) -> usize {
        usize::try_from(self.policy.warm_up_minutes).unwrap_or(usize::MAX)
    }

    /// Judged minutes in which both versions have events, and green's events in them.
    pub(super) fn judged(&self) -> (u32, u64) {
        let judged = self.minutes.iter().skip(self.warm_up()).filter(|(green, blue)| *green > 0 && *blue > 0);
        judged.fold((0, 0), |(minutes, events), (green, _)| (minutes + 1, events + green))
    }

    /// How often a release is stopped whose rate is `ratio` times blue's.
    pub(super) fn chance(&self, ratio: f64, runs: u32) -> Chance {
        let mut stopped: Vec<u32> = self.runs(ratio, runs).filter_map(|run| run.stopped).collect();
        stopped.sort_unstable();
        Chance {
            ratio,
            chance: share(stopped.len(), runs),
            median_minute: stopped.get(stopped.len() / 2).copied(),
        }
    }

    /// The minute by which a share of all releases with that ratio are stopped.
    pub(super) fn minute_by_which(&self, part: f64, ratio: f64, runs: u32) -> Option<u32> {
        let mut stopped: Vec<u32> = self.runs(ratio, runs).filter_map(|run| run.stopped).collect();
        stopped.sort_unstable();
        (0..stopped.len())
            .find(|index| share(index + 1, runs) >= part)
            .and_then(|index| stopped.get(index).copied())
    }

    /// What becomes of releases that are as good as blue.
    pub(super) fn good(&self, runs: u32) -> Good {
        let all: Vec<Run> = self.runs(1.0, runs).collect();
        let count = |of: fn(&Run) -> bool| share(all.iter().filter(|run| of(run)).count(), runs);
        let mut first: Vec<u32> = all
            .iter()
            .map(|run| run.first_cleared.filter(|_| run.stopped.is_none()).unwrap_or(u32::MAX))
            .collect();
        first.sort_unstable();
        Good {
            stopped: count(|run| run.stopped.is_some()),
            cleared: count(|run| run.is_cleared),
            cleared_early: count(|run| run.stopped.is_none() && run.first_cleared.is_some()),
            cleared_minute: first.get(first.len() / 2).copied().filter(|minute| *minute < u32::MAX),
        }
    }

    /// The minute by which a release is cleared in which nothing is bad.
    pub(super) fn cleared_without_bad_events(&self) -> Option<u32> {
        let mut events = 0_u64;
        let mut minutes = (1_u32..).zip(&self.minutes).skip(self.warm_up());
        let found = minutes.find(|(_, (green, blue))| {
            events += if *blue > 0 { *green } else { 0 };
            self.negligible(Arm { total: events, bad: 0 }) >= self.policy.promotion_bound()
        });
        found.map(|(minute, _)| minute)
    }

    fn runs(&self, ratio: f64, runs: u32) -> impl Iterator<Item = Run> {
        (0..runs).map(move |run| self.run(ratio, &mut Random::of_run(SEED, u64::from(run))))
    }

    fn run(&self, ratio: f64, random: &mut Random) -> Run {
        let (tolerated, excluded) = (self.policy.tolerated_ratio, self.policy.excluded_ratio);
        let mut process = EProcess::new(tolerated, excluded, self.noise);
        let (harm, clear) = (self.policy.harm_bound(), self.policy.promotion_bound());
        let mut found = Run { stopped: None, first_cleared: None, is_cleared: false };
        let of_green = match self.worse {
            Direction::More => self.rate * ratio,
            Direction::Fewer => self.rate / ratio,
        };
        for (index, (number, (green, blue))) in (1_u32..).zip(&self.minutes).enumerate() {
            let mut arm = |total: u64, rate: f64| {
                let rate = (rate * random.noise(self.noise)).min(1.0);
                Arm { total, bad: random.binomial(total, rate) }
            };
            let pair = Pair { green: arm(*green, of_green), blue: arm(*blue, self.rate) };
            if index < self.warm_up() {
                continue;
            }
            process.push(match self.worse {
                Direction::More => pair,
                Direction::Fewer => pair.swapped(),
            });
            if process.harm() >= harm {
                return Run { stopped: Some(number), is_cleared: false, ..found };
            }
            let negligible = self.negligible(process.seen.green);
            found.is_cleared = process.minutes > 0 && process.promotion().max(negligible) >= clear;
            if found.is_cleared && found.first_cleared.is_none() {
                found.first_cleared = Some(number);
            }
        }
        found
    }

    /// As `analysis` reckons it.
    fn negligible(&self, green: Arm) -> f64 {
        match self.worse {
            Direction::More if self.policy.negligible_percent > 0.0 => {
                below(green, self.policy.negligible_percent / 100.0)
            }
            Direction::More | Direction::Fewer => 0.0,
        }
    }
}

fn share(count: usize, runs: u32) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / f64::from(runs)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast stops at both ends")]
fn whole_events(number: f64) -> u64 {
    // A hair below a whole number is that number: ten times 0.1 is one event.
    (number + 1e-9) as u64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast stops at both ends")]
pub(crate) fn whole(number: f64) -> u32 {
    number as u32
}

pub(super) fn tenths(number: f64) -> u32 {
    whole(number * 10.0)
}
