//! Gatling's binary `simulation.log`, 3.13.0 and later: since 3.13.5 the only machine-readable thing that Gatling writes.
//!
//! The layout is that of `io.gatling.core.stats.writer.LogFileDataWriter` (3.13), which `io.gatling.charts.stats.LogFileReader` reads:
//! <https://github.com/gatling/gatling/tree/main/gatling-core/src/main/scala/io/gatling/core/stats/writer>. It is documented nowhere and may change;
//! the version stands in the first record. Numbers are big-endian, times are milliseconds after the start of the run.
//!
//! | record | holds |
//! |---|---|
//! | 0 run, first and once | version, class, start (8 bytes), description, scenarios, assertions (length and bytes each) |
//! | 1 request | groups, name, start, end, success (1 byte), message |
//! | 2 user | scenario (4 bytes), begins (1 byte), time |
//! | 3 group | groups, start, end, cumulated response time, success |
//! | 4 error | message, time |
//!
//! A string is its length, its bytes and a coder: 0 is ISO-8859-1, 1 is UTF-16 in the order of the machine (little-endian everywhere but on s390x);
//! an empty one is the length alone. Strings of records 1, 3 and 4 are cached: a positive number, counting from 1, and the string, the first
//! time; the negative number from then on. Groups sum up requests and are none. Assertions are not judged here: a policy does that.
//!
//! The log has no end of its own. One that stops inside a record is truncated; one whose users never ended is noted.

mod source;

use super::facts::{About, Facts, Kind, Parsed, kept};
use super::slots::{Slot, Slots, hash, too_many_labels};
use super::{Format, Input, ReportError, Sniff};
use crate::model::Timestamp;
use source::Source;
use std::collections::HashMap;
use std::io::BufRead;

/// Most scenarios, assertions or nested groups taken.
const MAX_COUNT: i32 = 100_000;
/// Most sets of groups and names whose label is kept at hand.
const MAX_KEYS: usize = 10_000;

/// The format.
pub static FORMAT: Format = Format {
    name: "gatling-log",
    title: "Gatling simulation.log, binary",
    kind: Kind::Performance,
    recognise,
    read,
};

/// A run record: zero, and a short version such as `3.13.1`.
fn recognise(head: &Sniff<'_>) -> bool {
    let Some((&[0, 0, 0, 0, length], rest)) = head.bytes.split_first_chunk::<5>() else { return false };
    let Some(version) = rest.get(..usize::from(length)) else { return false };
    let (digit, dots) = (version.first(), version.iter().filter(|byte| **byte == b'.').count());
    digit.is_some_and(u8::is_ascii_digit)
        && dots > 0
        && version.iter().all(u8::is_ascii_graphic)
        && rest.get(usize::from(length)) == Some(&0)
}

/// Reads a log.
///
/// # Errors
/// When it ends inside a record, a record is of no known kind, or no request is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut source = Source::new(input.into_reader());
    let mut about = About::default();
    let mut log = Log { start: run(&mut source, &mut about)?, ..Log::default() };
    while let Some(kind) = source.next_record()? {
        match kind {
            1 => log.request(&mut source)?,
            2 => log.user(&mut source)?,
            3 => log.group(&mut source)?,
            4 => {
                source.cached()?;
                source.int()?;
                log.errors += 1;
            }
            other => return Err(source.broken(format!("{other} is no kind of record"))),
        }
    }
    log.finish(about)
}

/// Reads the run record; its start, in milliseconds since 1970.
fn run(source: &mut Source<impl BufRead>, about: &mut About) -> Result<i64, ReportError> {
    match source.next_record()? {
        Some(0) => {}
        Some(_) => return Err(source.broken("the log does not begin with the run")),
        None => return Err(ReportError::nothing("record 1", "the log holds no request")),
    }
    let version = source.string()?;
    about.tool = Some(format!("Gatling {}", kept(&version)));
    source.string()?;
    let start = source.long()?;
    about.created = Some(Timestamp::from_millis(start));
    source.string()?;
    for _ in 0..source.count(MAX_COUNT)? {
        source.string()?;
    }
    for _ in 0..source.count(MAX_COUNT)? {
        let length = source.count(i32::MAX)?;
        source.skip(length)?;
    }
    Ok(start)
}

/// What is counted.
#[derive(Default)]
struct Log {
    start: i64,
    slots: Slots,
    /// Slots by the numbers of the cached groups and name.
    keys: HashMap<Box<[i32]>, Slot>,
    key: Vec<i32>,
    begun: u64,
    ended: u64,
    errors: u64,
    unmatched: u64,
    nameless: u64,
}

impl Log {
    fn request(&mut self, source: &mut Source<impl BufRead>) -> Result<(), ReportError> {
        self.key.clear();
        for _ in 0..source.count(MAX_COUNT)? {
            self.key.push(source.cached()?);
        }
        self.key.push(source.cached()?);
        let (start, end) = (source.int()?, source.int()?);
        let success = source.boolean()?;
        source.cached()?;
        if end == self.no_end() {
            // A message that nobody waited for: Gatling counts it neither as a request nor in its times.
            self.unmatched += 1;
            return Ok(());
        }
        let Some(elapsed) = end.checked_sub(start).and_then(|elapsed| u64::try_from(elapsed).ok()) else {
            return Err(source.broken("a request ends before it begins"));
        };
        let slot = self.slot(source);
        self.slots.add(slot, self.start.checked_add(i64::from(start)), elapsed, success);
        Ok(())
    }

    /// What is written for an end that never came: the low half of the smallest number less the start of the run.
    fn no_end(&self) -> i32 {
        let [.., a, b, c, d] = i64::MIN.wrapping_sub(self.start).to_be_bytes();
        i32::from_be_bytes([a, b, c, d])
    }

    fn slot(&mut self, source: &Source<impl BufRead>) -> Slot {
        if let Some(slot) = self.keys.get(self.key.as_slice()) {
            return *slot;
        }
        let names: Option<Vec<&str>> = self.key.iter().map(|index| source.text(*index)).collect();
        let Some(names) = names else {
            self.nameless += 1;
            return Slot::Shared;
        };
        let label = names.join(" / ");
        let (slot, _) = self.slots.slot(label.as_bytes(), hash(label.as_bytes()));
        if self.keys.len() < MAX_KEYS {
            self.keys.insert(self.key.as_slice().into(), slot);
        }
        slot
    }

    fn user(&mut self, source: &mut Source<impl BufRead>) -> Result<(), ReportError> {
        source.int()?;
        if source.boolean()? {
            self.begun += 1;
        } else {
            self.ended += 1;
        }
        source.int()?;
        Ok(())
    }

    fn group(&mut self, source: &mut Source<impl BufRead>) -> Result<(), ReportError> {
        for _ in 0..source.count(MAX_COUNT)? {
            source.cached()?;
        }
        for _ in 0..3 {
            source.int()?;
        }
        source.boolean().map(|_| ())
    }

    fn finish(self, mut about: About) -> Result<Parsed, ReportError> {
        if self.slots.total() == 0 {
            return Err(ReportError::nothing("record 1", "the log holds no request"));
        }
        tell(&mut about, self.errors, self.begun.saturating_sub(self.ended));
        if self.unmatched > 0 {
            about.odd(format!("{} messages that nobody waited for are left out", self.unmatched));
        }
        let (facts, shared) = self.slots.into_facts();
        if shared > self.nameless {
            about.odd(too_many_labels(shared - self.nameless));
        }
        if self.nameless > 0 {
            about.odd(format!(
                "the log has too many texts: {} requests are counted without a label",
                self.nameless
            ));
        }
        Ok(Parsed { facts: Facts::Performance(facts), about })
    }
}

/// What both logs of Gatling say besides requests.
pub(super) fn tell(about: &mut About, errors: u64, running: u64) {
    if errors > 0 {
        about.odd(format!(
            "{errors} errors of users are not in the figures: they happened outside of requests"
        ));
    }
    if running > 0 {
        about.odd(format!("{running} users had not ended when the log ends: the run may have been stopped"));
    }
}

#[cfg(test)]
mod tests;
