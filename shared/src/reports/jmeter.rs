//! What both of JMeter's result formats share: which rows are samples, and which only repeat others.
//!
//! Two kinds of rows repeat others, and counting them as well would hide failures among them:
//!
//! - A *transaction controller* writes a row of its own (`responseMessage` `Number of samples in transaction : 2, …`). Usually the row follows its
//!   samples; with "generate parent sample" the samples follow it as sub-samples (5.x) or are not written at all (2.13, or without
//!   `jmeter.save.saveservice.subresults`). A row is left out only when samples of its thread and its time are in the file; one that stands alone
//!   is all there is of its samples, and counts as one sample.
//! - A *sub-sample* (an embedded resource, a redirect) is written as a row by itself since 5.0, behind its parent, named `<parent>-0`. Its time is
//!   part of its parent's, which fails when it fails. A row is left out when its name, its thread and its time are those of a part; a sampler
//!   that somebody calls `step-1` starts when `step` is over, and counts.
//!
//! See the user manual, "Listeners" and "Transaction Controller":
//! <https://jmeter.apache.org/usermanual/listeners.html#csvlogformat>. Must not: know whether the file is CSV or XML.

use super::facts::{Facts, Parsed};
use super::slots::{ByHash, Slot, Slots, hash, too_many_labels};
use super::{About, ReportError};
use crate::model::Timestamp;

/// How the message of a transaction controller's row begins.
const TRANSACTION: &[u8] = b"Number of samples in transaction";
/// Threads that are followed at the same time; a test that starts a new thread for each user must not cost memory.
const MAX_THREADS: usize = 16_384;
/// A longer label is cut, in bytes.
const MAX_LABEL: usize = 1_024;
/// Deepest sub-sample that is recognised.
const MAX_STEMS: usize = 8;

/// One row or element.
pub(crate) struct Sample<'a> {
    /// Milliseconds since 1970; none when the time cannot be read.
    pub(crate) start: Option<i64>,
    /// Milliseconds.
    pub(crate) elapsed: u64,
    pub(crate) success: bool,
    pub(crate) label: &'a [u8],
    /// Empty when the file does not say.
    pub(crate) message: &'a [u8],
    /// Empty when the file does not say.
    pub(crate) thread: &'a [u8],
}

/// Counts samples.
#[derive(Default)]
pub(crate) struct Counter {
    slots: Slots,
    /// Of each label with a slot: hashes of the labels whose sub-sample it may be.
    stems: Vec<Box<[u64]>>,
    threads: ByHash<Thread>,
    parts: u64,
    repeating: u64,
    alone: u64,
    first: Option<i64>,
}

/// The latest of one thread.
#[derive(Default)]
struct Thread {
    last: Option<Last>,
    transaction: Option<Transaction>,
}

/// The sample that was counted last.
#[derive(Clone, Copy)]
struct Last {
    label: u64,
    time: Option<Time>,
}

/// A transaction of which no sample has been seen yet.
#[derive(Clone, Copy)]
struct Transaction {
    slot: Slot,
    start: Option<i64>,
    elapsed: u64,
    success: bool,
}

/// From its start until its end, in milliseconds since 1970.
#[derive(Clone, Copy)]
struct Time {
    start: i64,
    end: i64,
}

impl Time {
    fn of(start: Option<i64>, elapsed: u64) -> Option<Self> {
        let start = start?;
        Some(Self { start, end: start.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX)) })
    }

    /// Whether `self` lies in `whole`, and does not only begin when it is over.
    fn is_part_of(self, whole: Self) -> bool {
        let begins_after = self.start == whole.end && whole.start != whole.end;
        self.start >= whole.start && self.end <= whole.end && !begins_after
    }
}

impl Counter {
    /// Takes the next row in the order of the file.
    pub(crate) fn add(&mut self, sample: &Sample<'_>) {
        let label = sample.label.get(..MAX_LABEL).unwrap_or(sample.label);
        let (key, thread) = (hash(label), hash(sample.thread));
        let (slot, is_new) = self.slots.slot(label, key);
        if is_new {
            self.stems.push(stems(label));
        }
        self.first = match (self.first, sample.start) {
            (Some(first), Some(start)) => Some(first.min(start)),
            (first, start) => first.or(start),
        };
        if !self.threads.contains_key(&thread) && self.threads.len() >= MAX_THREADS {
            self.settle();
        }
        let state = self.threads.entry(thread).or_default();
        let time = Time::of(sample.start, sample.elapsed);
        if sample.message.starts_with(TRANSACTION) {
            let transaction =
                Transaction { slot, start: sample.start, elapsed: sample.elapsed, success: sample.success };
            return self.transaction(thread, transaction, sample.message);
        }
        if let Some(waiting) = state.transaction.take() {
            let inside = time.zip(Time::of(waiting.start, waiting.elapsed));
            if inside.is_some_and(|(time, whole)| time.is_part_of(whole)) {
                self.repeating += 1;
            } else {
                self.alone += 1;
                self.slots.add(waiting.slot, waiting.start, waiting.elapsed, waiting.success);
            }
        }
        let may_be_part_of = match slot {
            Slot::Own(index) => self.stems.get(index).map(AsRef::as_ref).unwrap_or_default(),
            Slot::Shared => &*stems(label),
        };
        if may_be_part_of.is_empty() || !is_part(may_be_part_of, time, state.last) {
            state.last = Some(Last { label: key, time });
            self.slots.add(slot, sample.start, sample.elapsed, sample.success);
        } else {
            self.parts += 1;
        }
    }

    fn transaction(&mut self, thread: u64, this: Transaction, message: &[u8]) {
        let Some(state) = self.threads.get_mut(&thread) else { return };
        let time = Time::of(this.start, this.elapsed);
        if let Some(outer) = state.transaction.take() {
            let inside = time.zip(Time::of(outer.start, outer.elapsed));
            if inside.is_some_and(|(time, whole)| time.is_part_of(whole)) {
                self.repeating += 1;
            } else {
                self.alone += 1;
                self.slots.add(outer.slot, outer.start, outer.elapsed, outer.success);
            }
        }
        let follows = state.last.and_then(|last| last.time).zip(time);
        if is_empty(message) || follows.is_some_and(|(last, whole)| last.start >= whole.start) {
            self.repeating += 1;
        } else {
            state.transaction = Some(this);
        }
    }

    /// Counts every transaction whose samples have not been seen until now, and forgets the threads.
    fn settle(&mut self) {
        for waiting in self.threads.drain().filter_map(|(_, state)| state.transaction) {
            self.alone += 1;
            self.slots.add(waiting.slot, waiting.start, waiting.elapsed, waiting.success);
        }
    }

    /// What was counted; `at` is where the file begins, for the error when nothing was.
    pub(crate) fn finish(mut self, mut about: About, at: &str) -> Result<Parsed, ReportError> {
        self.settle();
        if self.slots.total() == 0 {
            return Err(ReportError::nothing(at, "the file holds no sample"));
        }
        about.created = self.first.map(Timestamp::from_millis);
        if self.repeating > 0 {
            about.odd(format!(
                "{} rows of transaction controllers are left out: the samples in them are counted",
                self.repeating
            ));
        }
        if self.alone > 0 {
            about.odd(format!(
                "{} rows of transaction controllers are counted as samples: the samples in them were not found in the file",
                self.alone
            ));
        }
        if self.parts > 0 {
            about.odd(format!(
                "{} sub-samples (embedded resources, redirects) are left out: they are part of the sample before them",
                self.parts
            ));
        }
        let (facts, shared) = self.slots.into_facts();
        if shared > 0 {
            about.odd(too_many_labels(shared));
        }
        Ok(Parsed { facts: Facts::Performance(facts), about })
    }
}

fn is_part(stems: &[u64], time: Option<Time>, last: Option<Last>) -> bool {
    let Some(last) = last.filter(|last| stems.contains(&last.label)) else { return false };
    time.zip(last.time).is_some_and(|(time, whole)| time.is_part_of(whole))
}

/// Whether the transaction held no sample at all: then its row measures nothing.
fn is_empty(message: &[u8]) -> bool {
    let rest = message.get(TRANSACTION.len()..).unwrap_or_default();
    let digits = rest.iter().skip_while(|byte| matches!(byte, b' ' | b':'));
    let digits: Vec<&u8> = digits.take_while(|byte| byte.is_ascii_digit()).collect();
    !digits.is_empty() && digits.iter().all(|digit| **digit == b'0')
}

/// Hashes of what is left of `page-0-1` without its numbers: `page-0` and `page`.
fn stems(label: &[u8]) -> Box<[u64]> {
    let mut found = Vec::new();
    let mut rest = label;
    while found.len() < MAX_STEMS {
        let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let Some(stem) = rest.get(..rest.len() - digits).and_then(|stem| stem.strip_suffix(b"-")) else {
            break;
        };
        if digits == 0 || stem.is_empty() {
            break;
        }
        found.push(hash(stem));
        rest = stem;
    }
    found.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::facts::PerformanceFacts;

    struct Told(Counter);

    impl Told {
        fn add(mut self, label: &str, start: i64, elapsed: u64, success: bool, message: &str) -> Self {
            self.0.add(&Sample {
                start: Some(start),
                elapsed,
                success,
                label: label.as_bytes(),
                message: message.as_bytes(),
                thread: b"t 1-1",
            });
            self
        }

        fn end(self) -> (PerformanceFacts, String) {
            let parsed = self.0.finish(About::default(), "row 1").unwrap();
            let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
            (facts, parsed.about.oddities.join("\n"))
        }
    }

    const TWO: &str = "Number of samples in transaction : 2, number of failing samples : 1";

    fn count(facts: &PerformanceFacts, label: Option<&str>) -> (u64, Option<u64>) {
        facts.samples(label).map_or((0, None), |samples| (samples.total(), samples.failed()))
    }

    #[test]
    fn a_transaction_behind_its_samples_is_left_out_also_when_nested() {
        let told = Told(Counter::default());
        let told = told.add("a", 1000, 10, true, "OK").add("b", 1010, 10, false, "no");
        let (facts, odd) = told.add("inner", 1000, 20, false, TWO).add("outer", 1000, 25, false, TWO).end();
        assert_eq!((count(&facts, None), count(&facts, Some("outer"))), ((2, Some(1)), (0, None)));
        insta::assert_snapshot!(odd, @"2 rows of transaction controllers are left out: the samples in them are counted");
    }

    #[test]
    fn a_transaction_before_its_samples_is_left_out_too() {
        let told = Told(Counter::default()).add("other", 10, 5, true, "OK");
        let told = told.add("outer", 1000, 30, false, TWO).add("inner", 1000, 20, false, TWO);
        let (facts, _) = told.add("a", 1000, 10, true, "OK").add("b", 1010, 10, false, "no").end();
        assert_eq!(count(&facts, None), (3, Some(1)));
    }

    #[test]
    fn a_transaction_whose_samples_are_not_in_the_file_counts() {
        let told = Told(Counter::default()).add("other", 10, 5, true, "OK");
        let told = told.add("buy", 1000, 30, false, TWO).add("other", 1030, 5, true, "OK");
        let (facts, odd) = told.add("buy", 2000, 30, false, TWO).end();
        assert_eq!((count(&facts, None), count(&facts, Some("buy"))), ((4, Some(2)), (2, Some(2))));
        insta::assert_snapshot!(odd, @"2 rows of transaction controllers are counted as samples: the samples in them were not found in the file");
    }

    #[test]
    fn a_transaction_without_samples_is_no_sample() {
        let none = "Number of samples in transaction : 0, number of failing samples : 0";
        let told = Told(Counter::default()).add("a", 1, 1, true, "OK").add("nothing", 5, 0, true, none);
        assert_eq!(count(&told.end().0, None), (1, Some(0)));
    }

    #[test]
    fn sub_samples_are_left_out_and_samplers_with_numbers_are_not() {
        let told = Told(Counter::default()).add("page", 1000, 100, false, "OK");
        let told = told.add("page-0", 1000, 40, true, "OK").add("page-0-1", 1010, 20, true, "OK");
        let told = told.add("page-1", 1040, 60, false, "no").add("step", 2000, 10, true, "OK");
        let (facts, odd) = told.add("step-1", 2010, 10, false, "no").add("step-2", 2020, 0, true, "OK").end();
        assert_eq!((count(&facts, None), facts.labels.len()), ((4, Some(2)), 4));
        insta::assert_snapshot!(odd, @"3 sub-samples (embedded resources, redirects) are left out: they are part of the sample before them");
    }

    #[test]
    fn another_threads_row_between_them_changes_nothing() {
        let mut told = Told(Counter::default()).add("page", 1000, 100, true, "OK");
        told.0.add(&Sample {
            start: Some(1090),
            elapsed: 5,
            success: true,
            label: b"page",
            message: b"",
            thread: b"t 1-2",
        });
        let (facts, _) = told.add("page-0", 1000, 40, true, "OK").end();
        assert_eq!(count(&facts, None), (2, Some(0)));
    }

    #[test]
    fn threads_that_are_forgotten_lose_no_transaction() {
        let mut counter = Counter::default();
        for n in 0..=MAX_THREADS {
            let thread = format!("t {n}");
            counter.add(&Sample {
                start: Some(1),
                elapsed: 1,
                success: false,
                label: b"buy",
                message: TWO.as_bytes(),
                thread: thread.as_bytes(),
            });
        }
        assert!(counter.threads.len() < MAX_THREADS);
        let (facts, _) = Told(counter).end();
        assert_eq!(count(&facts, None), (MAX_THREADS as u64 + 1, Some(MAX_THREADS as u64 + 1)));
    }
}
