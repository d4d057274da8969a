//! CSV (RFC 4180: <https://www.rfc-editor.org/rfc/rfc4180>): a header, then a minute on each line.

use super::build::{Builder, Cell, Row};
use super::{SeriesError, SeriesFile};
use csv_core::{ReadRecordResult, Reader};

/// Which column is which.
struct Columns {
    minute: usize,
    kind: Kind,
    count: usize,
}

enum Kind {
    Counts { total: usize, bad: usize },
    Value(usize),
}

const WANTED: &str = "`minute,total,bad` or `timestamp,value`";

pub(super) fn read(text: &str) -> Result<SeriesFile, SeriesError> {
    let mut lines = (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let Some((first, header)) = lines.next() else {
        return Err(SeriesError::new("line 1", "the file is empty"));
    };
    let columns = columns(first, &fields(first, header)?, header)?;
    let mut series = Builder::default();
    for (number, line) in lines {
        let fields = fields(number, line)?;
        if fields.len() != columns.count {
            let what = format!("{} field(s), the header has {}", fields.len(), columns.count);
            return Err(SeriesError::new(format!("line {number}"), what));
        }
        row(&mut series, &columns, number, &fields)?;
    }
    Ok(series.finish(None, matches!(columns.kind, Kind::Counts { .. })))
}

fn row(series: &mut Builder, columns: &Columns, line: usize, fields: &[String]) -> Result<(), SeriesError> {
    let place = |column: usize, name: &str| format!("line {line}, column {} (`{name}`)", column + 1);
    let text = |column: usize| fields.get(column).map(|field| field.trim());
    let minute = || place(columns.minute, "minute");
    let minute = Cell { place: &minute, text: text(columns.minute).filter(|text| !text.is_empty()) };
    match columns.kind {
        Kind::Counts { total, bad } => {
            let (total_at, bad_at) = (|| place(total, "total"), || place(bad, "bad"));
            let total = Cell { place: &total_at, text: text(total) };
            series.push(&minute, &Row::Counts(total, Cell { place: &bad_at, text: text(bad) }))
        }
        Kind::Value(value) => {
            let at = || place(value, "value");
            series.push(&minute, &Row::Value(Cell { place: &at, text: text(value) }))
        }
    }
}

fn columns(line: usize, names: &[String], header: &str) -> Result<Columns, SeriesError> {
    let names: Vec<String> = names.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    let place = format!("line {line}");
    for (index, name) in names.iter().enumerate() {
        let place = format!("line {line}, column {}", index + 1);
        if !["minute", "timestamp", "total", "bad", "value"].contains(&name.as_str()) {
            let hint = if header.contains(';') && names.len() == 1 {
                "; fields are separated by commas"
            } else {
                ""
            };
            return Err(SeriesError::new(
                place,
                format!("there is no column `{name}`: the header is {WANTED}{hint}"),
            ));
        }
        if at(name) != Some(index) {
            return Err(SeriesError::new(place, format!("the column `{name}` is there twice")));
        }
    }
    let minute = match (at("minute"), at("timestamp")) {
        (Some(minute), None) | (None, Some(minute)) => minute,
        (None, None) | (Some(_), Some(_)) => {
            return Err(SeriesError::new(
                place,
                format!("one of `minute` and `timestamp` is needed: the header is {WANTED}"),
            ));
        }
    };
    let kind = match (at("total"), at("bad"), at("value")) {
        (Some(total), Some(bad), None) => Kind::Counts { total, bad },
        (None, None, Some(value)) => Kind::Value(value),
        _ => {
            return Err(SeriesError::new(
                place,
                format!("counts have `total` and `bad`, values have `value`: the header is {WANTED}"),
            ));
        }
    };
    Ok(Columns { minute, kind, count: names.len() })
}

/// The fields of one line.
fn fields(number: usize, line: &str) -> Result<Vec<String>, SeriesError> {
    if !line.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2) {
        return Err(SeriesError::new(format!("line {number}"), "a quoted field does not end on its line"));
    }
    let mut reader = Reader::new();
    let (mut text, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
    let (mut input, mut written, mut ended) = (line.as_bytes(), 0, 0);
    while let (Some(output), Some(places)) = (text.get_mut(written..), ends.get_mut(ended..)) {
        let (result, read, wrote, more) = reader.read_record(input, output, places);
        input = input.get(read..).unwrap_or_default();
        written += wrote;
        ended += more;
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull
            | ReadRecordResult::OutputEndsFull
            | ReadRecordResult::Record
            | ReadRecordResult::End => break,
        }
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let parts = starts.zip(ends.iter().copied()).take(ended);
    let field = |(start, end)| text.get(start..end).map(|part| String::from_utf8_lossy(part).into_owned());
    Ok(parts.filter_map(field).collect())
}
