//! `JMeter` results in CSV (user manual, "Listeners", CSV log format). Columns in any order, found by the header; a file without a header
//! is read in `JMeter`'s default order. Failed samples count in the latency. Transaction controllers repeat their children and are left out.

use super::facts::{Facts, Kind, Parsed, PerformanceFacts};
use super::{Format, Input, ReportError, Sniff};
use csv::{ByteRecord, ReaderBuilder};

/// `JMeter`'s default columns.
const DEFAULT: [&str; 5] = ["timeStamp", "elapsed", "label", "responseCode", "responseMessage"];
/// Column of `success` in the default order.
const DEFAULT_SUCCESS: usize = 7;
/// How `JMeter` marks the row of a transaction controller.
const TRANSACTION: &[u8] = b"Number of samples in transaction";

struct Columns {
    stamp: usize,
    elapsed: usize,
    label: usize,
    success: usize,
    message: Option<usize>,
}

/// The format.
pub static FORMAT: Format =
    Format { name: "jtl-csv", title: "JMeter results, CSV", kind: Kind::Performance, recognise, read };

fn recognise(head: &Sniff<'_>) -> bool {
    let first = head.text.lines().next().unwrap_or_default();
    let has_header = first.contains("timeStamp") && first.contains("elapsed");
    let looks_like_rows = first.split(',').count() >= 8
        && first.split(',').take(2).all(|field| field.trim().parse::<u64>().is_ok());
    has_header || looks_like_rows
}

/// Reads a JTL file.
///
/// # Errors
/// When a needed column is missing, a row is cut off or has no numbers, or no sample is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let first = input.head().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';', b'|', b'^']
        .into_iter()
        .max_by_key(|d| first.iter().filter(|byte| *byte == d).count())
        .unwrap_or(b',');
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(input.into_reader());
    let mut record = ByteRecord::new();
    let mut columns = None;
    let mut facts = PerformanceFacts::default();
    let mut row = 0_u64;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| ReportError::at(format!("row {}", row + 1), error.to_string()))?
    {
        row += 1;
        let Some(known) = &columns else {
            let (found, is_header) = header(&record)?;
            if !is_header {
                sample(&record, &found, row, &mut facts)?;
            }
            columns = Some(found);
            continue;
        };
        sample(&record, known, row, &mut facts)?;
    }
    if facts.labels.is_empty() {
        return Err(ReportError::nothing("row 1", "the file holds no sample"));
    }
    Ok(Parsed::of(Facts::Performance(facts)))
}

fn header(record: &ByteRecord) -> Result<(Columns, bool), ReportError> {
    let position = |name: &str| record.iter().position(|field| field == name.as_bytes());
    if position("elapsed").is_none()
        && record.get(0).is_some_and(|field| field.first().is_some_and(u8::is_ascii_digit))
    {
        let at = |name: &str| DEFAULT.iter().position(|column| *column == name).unwrap_or_default();
        let columns = Columns {
            stamp: 0,
            elapsed: at("elapsed"),
            label: at("label"),
            success: DEFAULT_SUCCESS,
            message: Some(at("responseMessage")),
        };
        return Ok((columns, false));
    }
    let needed = |name: &str| {
        position(name).ok_or_else(|| ReportError::at("row 1", format!("the column `{name}` is missing")))
    };
    let columns = Columns {
        stamp: needed("timeStamp")?,
        elapsed: needed("elapsed")?,
        label: needed("label")?,
        success: needed("success")?,
        message: position("responseMessage"),
    };
    Ok((columns, true))
}

fn sample(
    record: &ByteRecord,
    columns: &Columns,
    row: u64,
    facts: &mut PerformanceFacts,
) -> Result<(), ReportError> {
    let text =
        |index: usize| record.get(index).and_then(|field| std::str::from_utf8(field).ok()).map(str::trim);
    let missing = |name: &str| {
        ReportError::at(
            format!("row {row}"),
            format!("`{name}` is missing or unreadable: the file may be truncated"),
        )
    };
    if columns
        .message
        .and_then(|index| record.get(index))
        .is_some_and(|message| message.starts_with(TRANSACTION))
    {
        return Ok(());
    }
    let elapsed =
        text(columns.elapsed).and_then(|text| text.parse::<u64>().ok()).ok_or_else(|| missing("elapsed"))?;
    let success = match text(columns.success).map(str::to_ascii_lowercase).as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(missing("success")),
    };
    let start = text(columns.stamp).map(stamp).ok_or_else(|| missing("timeStamp"))?;
    let label = record
        .get(columns.label)
        .map(|field| String::from_utf8_lossy(field).into_owned())
        .ok_or_else(|| missing("label"))?;
    let samples = facts.measured(&label).ok_or_else(|| missing("elapsed"))?;
    samples.add(start, elapsed, success);
    Ok(())
}

/// Epoch milliseconds, or `JMeter`'s formatted date (taken as UTC); 0 when it is neither, which only matters for throughput.
fn stamp(text: &str) -> i64 {
    let dated =
        || format!("{}Z", text.replace('/', "-").replacen(' ', "T", 1)).parse::<crate::model::Timestamp>();
    text.parse().or_else(|_| dated().map(crate::model::Timestamp::millis)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    #[test]
    fn columns_are_found_by_name_and_transactions_are_left_out() {
        let csv = "label,elapsed,timeStamp,success,responseMessage\nGET /,10,1000,true,OK\n\"a,\nb\",400,1010,false,\"x\ny\"\nT,410,1000,true,\"Number of samples in transaction : 2\"\n";
        let Ok(Facts::Performance(facts)) = read(csv.as_bytes()).map(|parsed| parsed.facts) else {
            panic!("unreadable")
        };
        let all = facts.samples(None).unwrap();
        assert_eq!((all.total(), all.failed(), facts.labels.len()), (2, Some(1), 2));
    }

    #[test]
    fn a_file_without_a_header_is_read_in_the_default_order() {
        let Ok(Facts::Performance(facts)) =
            read(b"1000,12,GET /,200,OK,t 1-1,text,true,5\n").map(|parsed| parsed.facts)
        else {
            panic!("unreadable")
        };
        assert_eq!(facts.samples(Some("GET /")).map(|samples| samples.total()), Some(1));
    }

    #[test]
    fn cut_rows_and_missing_columns_are_errors_with_their_row() {
        insta::assert_snapshot!(read(b"timeStamp,elapsed,label,success\n1,2,a,true\n1,2").unwrap_err(), @"`success` is missing or unreadable: the file may be truncated, at `row 3`");
        insta::assert_snapshot!(read(b"timeStamp,elapsed,label\n").unwrap_err(), @"the column `success` is missing, at `row 1`");
        insta::assert_snapshot!(read(b"").unwrap_err(), @"the file holds no sample, at `row 1`");
    }
}
