//! `JMeter` results in CSV (user manual, "Listeners", CSV log format: <https://jmeter.apache.org/usermanual/listeners.html#csvlogformat>).
//!
//! The header is optional (`jmeter.save.saveservice.print_field_names`); without one the columns are `JMeter`'s default ones. The delimiter is what
//! `jmeter.save.saveservice.default_delimiter` says: found as `JMeter` finds it, the first character of the header that belongs to no name. Columns
//! come in any order; fields hold quotes and line breaks. `timeStamp` counts milliseconds, or is formatted in the zone of the machine, which the
//! file does not name: then there is a throughput, but no date. Failed samples count in the latency. What is no sample: see `jmeter`.
//!
//! Must not: take a row that is cut for a sample, or one whose `success` is neither true nor false for a good one.

mod stamp;

use super::facts::{About, Kind, Parsed, kept};
use super::jmeter::{Counter, Sample};
use super::rows::{Row, Rows, number};
use super::{Format, Input, ReportError, Sniff};
use stamp::Stamp;

/// `JMeter`'s default columns, as far as they are the same in every version.
const DEFAULT: [&[u8]; 8] = [
    b"timeStamp",
    b"elapsed",
    b"label",
    b"responseCode",
    b"responseMessage",
    b"threadName",
    b"dataType",
    b"success",
];

/// The format.
pub static FORMAT: Format =
    Format { name: "jtl-csv", title: "JMeter results, CSV", kind: Kind::Performance, recognise, read };

/// Where the columns are.
struct Columns {
    stamp: usize,
    elapsed: usize,
    label: usize,
    success: usize,
    message: Option<usize>,
    thread: Option<usize>,
    count: Option<usize>,
    /// Fields that every row has.
    width: usize,
}

fn recognise(head: &Sniff<'_>) -> bool {
    let mut rows = Rows::quoted(head.bytes, delimiter(head.bytes));
    let Ok(Some(row)) = rows.next() else { return false };
    let has = |name: &[u8]| row.fields().any(|field| field == name);
    let is_row = || {
        let stamp = row.field(0).map(Stamp::of);
        matches!(stamp, Some(Stamp::Epoch(_) | Stamp::Dated(_)))
            && row.field(1).is_some_and(|field| number(field).is_some())
            && row.field(7).is_some_and(|field| boolean(field).is_some())
    };
    (has(b"timeStamp") && has(b"elapsed")) || is_row()
}

/// Reads a JTL file.
///
/// # Errors
/// When a needed column is missing, a row is cut off or has no numbers, or no sample is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let delimiter = delimiter(input.head());
    let mut rows = Rows::quoted(input.into_reader(), delimiter);
    let (mut counter, mut about) = (Counter::default(), About::default());
    let mut notes = Notes::default();
    let Some(first) = rows.next()? else {
        return Err(ReportError::nothing("row 1", "the file holds no sample"));
    };
    let (columns, is_header) = columns(&first)?;
    if !is_header {
        sample(&first, &columns, &mut counter, &mut notes)?;
    }
    while let Some(row) = rows.next()? {
        sample(&row, &columns, &mut counter, &mut notes)?;
    }
    notes.tell(&mut about);
    let mut parsed = counter.finish(about, "row 1")?;
    if notes.dated > 0 || notes.unreadable > 0 {
        parsed.about.created = None;
    }
    Ok(parsed)
}

/// What is strange about the rows.
#[derive(Default)]
struct Notes {
    dated: u64,
    unreadable: u64,
    headers: u64,
}

impl Notes {
    fn tell(&self, about: &mut About) {
        if self.dated > 0 {
            about.odd("the times are formatted and name no zone: when the test ran is not known");
        }
        if self.unreadable > 0 {
            about.odd(format!(
                "{} samples have a `timeStamp` that is no known time: there is no throughput",
                self.unreadable
            ));
        }
        if self.headers > 0 {
            about.odd(format!("the header is repeated {} times: several files in one", self.headers));
        }
    }
}

/// The first character that belongs to no column's name, or to no time when there is no header.
fn delimiter(head: &[u8]) -> u8 {
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let of_time =
        |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'/' | b'-' | b':' | b'.' | b' ' | b'T');
    let head = head.trim_ascii_start();
    let rest = match head.split_first() {
        // A quoted field ends with its quote.
        Some((b'"', rest)) => {
            let end = rest.iter().position(|byte| *byte == b'"').map_or(rest.len(), |end| end + 1);
            rest.get(end..).unwrap_or_default()
        }
        _ => head,
    };
    let in_name = rest.first().is_some_and(u8::is_ascii_digit);
    let found = rest.iter().find(|byte| if in_name { !of_time(byte) } else { !of_name(byte) });
    found.copied().filter(|byte| !matches!(byte, b'\n' | b'\r' | b'"') && byte.is_ascii()).unwrap_or(b',')
}

/// The columns after the first row, and whether it is a header.
fn columns(row: &Row<'_>) -> Result<(Columns, bool), ReportError> {
    let position = |name: &[u8]| row.fields().position(|field| field == name);
    let is_header = DEFAULT.iter().any(|name| position(name).is_some());
    if !is_header {
        if row.len() < DEFAULT.len() {
            return Err(ReportError::at(
                row.path(),
                format!("the row has {} fields; without a header {} are needed", row.len(), DEFAULT.len()),
            ));
        }
        let columns = Columns {
            stamp: 0,
            elapsed: 1,
            label: 2,
            success: 7,
            message: Some(4),
            thread: Some(5),
            count: None,
            width: row.len(),
        };
        return Ok((columns, false));
    }
    let needed = |name: &str| {
        position(name.as_bytes())
            .ok_or_else(|| ReportError::at(row.path(), format!("the column `{name}` is missing")))
    };
    let columns = Columns {
        stamp: needed("timeStamp")?,
        elapsed: needed("elapsed")?,
        label: needed("label")?,
        success: needed("success")?,
        message: position(b"responseMessage"),
        thread: position(b"threadName"),
        count: position(b"SampleCount"),
        width: row.len(),
    };
    Ok((columns, true))
}

fn sample(
    row: &Row<'_>,
    columns: &Columns,
    counter: &mut Counter,
    notes: &mut Notes,
) -> Result<(), ReportError> {
    if row.len() < columns.width {
        return Err(ReportError::at(
            row.path(),
            format!("the row has {} fields and not {}: the file may be truncated", row.len(), columns.width),
        ));
    }
    let field = |index: usize| row.field(index).unwrap_or_default();
    let optional = |index: Option<usize>| index.map(field).unwrap_or_default();
    let Some(elapsed) = number(field(columns.elapsed)) else {
        if field(columns.elapsed) == b"elapsed" {
            notes.headers += 1;
            return Ok(());
        }
        return Err(refused(row, "elapsed", field(columns.elapsed), "a whole number of milliseconds"));
    };
    let Some(success) = boolean(field(columns.success)) else {
        return Err(refused(row, "success", field(columns.success), "`true` or `false`"));
    };
    if columns.count.is_some_and(|index| !matches!(field(index), b"1" | b"0")) {
        let count = field(columns.count.unwrap_or_default());
        return Err(refused(
            row,
            "SampleCount",
            count,
            "1: a row that sums up samples tells no response times",
        ));
    }
    let start = match Stamp::of(field(columns.stamp)) {
        Stamp::Epoch(millis) => Some(millis),
        Stamp::Dated(millis) => {
            notes.dated += 1;
            Some(millis)
        }
        Stamp::Unknown => {
            notes.unreadable += 1;
            None
        }
    };
    let (label, message, thread) =
        (field(columns.label), optional(columns.message), optional(columns.thread));
    counter.add(&Sample { start, elapsed, success, label, message, thread });
    Ok(())
}

fn refused(row: &Row<'_>, column: &str, found: &[u8], asked: &str) -> ReportError {
    let found = kept(&String::from_utf8_lossy(found)).replace('`', "'");
    ReportError::at(row.path(), format!("`{column}` is `{found}` and not {asked}"))
}

/// `true` or `false` in any letter case.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    match text.len() {
        4 if text.eq_ignore_ascii_case(b"true") => Some(true),
        5 if text.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
