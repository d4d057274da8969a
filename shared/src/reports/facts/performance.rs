//! Response times by label: measured sample by sample, or as a tool has summed them up.
//!
//! Percentiles are nearest rank on a histogram of three significant digits (0.1 % above 2 s). Failed samples count in the latency.

use hdrhistogram::Histogram;
use std::collections::BTreeMap;

/// Longest sample that is told apart, in milliseconds (one hour).
const LONGEST_MS: u64 = 3_600_000;
/// Labels kept apart; a test that writes ids into its labels must not cost memory.
pub(crate) const MAX_LABELS: usize = 500;

/// Samples of one label, measured one by one.
#[derive(Debug, Clone)]
pub struct Measured {
    /// All samples.
    pub total: u64,
    /// Failed samples; they count in the latency too.
    pub failed: u64,
    /// Elapsed times in milliseconds. Counts of 32 bits: half the memory of all labels, and no file has four thousand million samples.
    elapsed: Histogram<u32>,
    /// First start, milliseconds since 1970.
    pub first: i64,
    /// Last end, milliseconds since 1970.
    pub last: i64,
    /// Whether the start of a sample is unknown: then there is no throughput.
    untimed: bool,
}

/// Samples of one label, as a tool has summed them up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    /// All samples.
    pub total: u64,
    /// Failed samples; none when the tool does not say.
    pub failed: Option<u64>,
    /// Milliseconds.
    pub mean: Option<f64>,
    /// Milliseconds.
    pub max: Option<f64>,
    /// Percent (50, 90, 95, 99) and milliseconds; only what the tool wrote.
    pub percentiles: BTreeMap<u8, f64>,
    /// Requests per second.
    pub per_second: Option<f64>,
}

/// Samples of one label.
#[derive(Debug, Clone)]
pub enum Samples {
    /// One by one.
    Measured(Box<Measured>),
    /// Summed up by the tool: what it did not write cannot be known.
    Declared(Declared),
}

impl Measured {
    /// No sample yet; none when the histogram's bounds are refused, which they are not.
    #[must_use]
    pub fn new() -> Option<Self> {
        let mut elapsed = Histogram::new_with_bounds(1, 2, 3).ok()?;
        elapsed.auto(true);
        Some(Self { total: 0, failed: 0, elapsed, first: i64::MAX, last: i64::MIN, untimed: false })
    }

    /// Adds one sample that started at `start`, where that is known; longer ones than an hour count as an hour.
    pub fn add(&mut self, start: Option<i64>, elapsed_ms: u64, success: bool) {
        self.total += 1;
        self.failed += u64::from(!success);
        if self.elapsed.record(elapsed_ms.min(LONGEST_MS)).is_err() {
            self.elapsed.saturating_record(elapsed_ms);
        }
        let Some(start) = start else {
            self.untimed = true;
            return;
        };
        self.first = self.first.min(start);
        self.last = self.last.max(start.saturating_add(i64::try_from(elapsed_ms).unwrap_or(i64::MAX)));
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.failed = self.failed.saturating_add(other.failed);
        if self.elapsed.add(&other.elapsed).is_err() {
            // It grows by itself; kept so that a count can never vanish.
            other.elapsed.iter_recorded().for_each(|value| {
                for _ in 0..value.count_at_value() {
                    self.elapsed.saturating_record(value.value_iterated_to());
                }
            });
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.untimed |= other.untimed;
    }
}

impl Samples {
    /// All samples.
    #[must_use]
    pub fn total(&self) -> u64 {
        match self {
            Self::Measured(samples) => samples.total,
            Self::Declared(samples) => samples.total,
        }
    }

    /// Failed samples; none when the tool does not say.
    #[must_use]
    pub fn failed(&self) -> Option<u64> {
        match self {
            Self::Measured(samples) => Some(samples.failed),
            Self::Declared(samples) => samples.failed,
        }
    }

    /// The time in milliseconds within which `percent` of the samples ended; none when the tool does not say.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds below an hour")]
    pub fn percentile(&self, percent: u8) -> Option<f64> {
        match self {
            Self::Measured(samples) => (samples.total > 0)
                .then(|| samples.elapsed.value_at_quantile(f64::from(percent) / 100.0) as f64),
            Self::Declared(samples) => samples.percentiles.get(&percent).copied(),
        }
    }

    /// Mean in milliseconds; none when there is no sample or the tool does not say.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        match self {
            Self::Measured(samples) => (samples.total > 0).then(|| samples.elapsed.mean()),
            Self::Declared(samples) => samples.mean,
        }
    }

    /// Longest in milliseconds; none when there is no sample or the tool does not say.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds below an hour")]
    pub fn max(&self) -> Option<f64> {
        match self {
            Self::Measured(samples) => (samples.total > 0).then(|| samples.elapsed.max() as f64),
            Self::Declared(samples) => samples.max,
        }
    }

    /// Requests per second from the first start to the last end; none when all began and ended in one millisecond, when a start is unknown, or
    /// the tool does not say.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds far below 2^52")]
    pub fn per_second(&self) -> Option<f64> {
        match self {
            Self::Measured(samples) => {
                let span = samples.last.saturating_sub(samples.first);
                (span > 0 && !samples.untimed).then(|| samples.total as f64 * 1000.0 / span as f64)
            }
            Self::Declared(samples) => samples.per_second,
        }
    }

    /// These and `other` together. Of sums only counts and the maximum can be joined: percentiles are lost, and a condition on them cannot
    /// be judged.
    pub fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Measured(mine), Self::Measured(theirs)) => mine.join(theirs),
            (Self::Measured(_) | Self::Declared(_), _) => *self = Self::Declared(sum(self, other)),
        }
    }
}

fn sum(a: &Samples, b: &Samples) -> Declared {
    Declared {
        total: a.total().saturating_add(b.total()),
        failed: a.failed().zip(b.failed()).map(|(a, b)| a.saturating_add(b)),
        max: a.max().zip(b.max()).map(|(a, b)| a.max(b)),
        mean: None,
        percentiles: BTreeMap::new(),
        per_second: None,
    }
}

/// Response times by label.
#[derive(Debug, Clone, Default)]
pub struct PerformanceFacts {
    /// Samples of each label, at most `MAX_LABELS`.
    pub labels: BTreeMap<String, Samples>,
    /// Samples whose labels did not fit.
    pub others: Option<Samples>,
    /// All samples, where the tool sums them up itself.
    pub all: Option<Samples>,
}

impl PerformanceFacts {
    /// The samples of one label, or of all labels together; none when there is no sample.
    #[must_use]
    pub fn samples(&self, label: Option<&str>) -> Option<Samples> {
        let found = match label {
            Some(label) => self.labels.get(label).cloned(),
            None if self.all.is_some() => self.all.clone(),
            None => {
                let mut all = self.labels.values().chain(&self.others);
                let first = all.next()?.clone();
                Some(all.fold(first, |mut sum, samples| {
                    sum.join(samples);
                    sum
                }))
            }
        };
        found.filter(|samples| samples.total() > 0)
    }

    /// Adds what a tool has summed up for `label`; whether the label is kept apart.
    pub(crate) fn declare(&mut self, label: &str, samples: Declared) -> bool {
        let samples = Samples::Declared(samples);
        let is_known = self.labels.contains_key(label);
        if !is_known && self.labels.len() >= MAX_LABELS {
            match &mut self.others {
                Some(others) => others.join(&samples),
                others @ None => *others = Some(samples),
            }
            return false;
        }
        match self.labels.get_mut(label) {
            Some(known) => known.join(&samples),
            None => {
                self.labels.insert(label.to_owned(), samples);
            }
        }
        true
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.all = match (self.samples(None), other.samples(None)) {
            (Some(mut mine), Some(theirs)) if self.all.is_some() || other.all.is_some() => {
                mine.join(&theirs);
                Some(mine)
            }
            _ => None,
        };
        for (label, samples) in other.labels {
            match self.labels.get_mut(&label) {
                Some(known) => known.join(&samples),
                None => {
                    self.labels.insert(label, samples);
                }
            }
        }
        match (&mut self.others, other.others) {
            (Some(mine), Some(theirs)) => mine.join(&theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
        self
    }
}
