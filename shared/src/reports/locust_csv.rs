//! Locust's `<prefix>_stats.csv` (<https://docs.locust.io/en/stable/retrieving-stats.html>).
//!
//! A row for each method and name, then one called `Aggregated` with an empty type; percentiles are columns (`95%`), and `N/A` where there was no
//! request. A label is method and name (`GET /orders`): one name can have several methods. Locust writes the file once a second, each time from
//! the start: without `Aggregated` it is cut, and what happened in the last second of a run that is stopped by `--run-time` may be
//! missing (2.47.0: 105 of 144 requests). Times are milliseconds. Must not: be taken for `_stats_history.csv`, which has a row a second.

use super::facts::{About, DeclaredSamples, Facts, Kind, Parsed, PerformanceFacts, Samples, kept};
use super::rows::{Row, Rows, number};
use super::slots::too_many_labels;
use super::{Format, Input, ReportError, Sniff};

/// The format.
pub static FORMAT: Format =
    Format { name: "locust-csv", title: "Locust statistics, CSV", kind: Kind::Performance, recognise, read };

/// The row of all requests.
const ALL: &[u8] = b"Aggregated";

/// Where the columns are.
struct Columns {
    method: usize,
    name: usize,
    total: usize,
    failed: usize,
    mean: Option<usize>,
    max: Option<usize>,
    per_second: Option<usize>,
    percentiles: Vec<(u8, usize)>,
    width: usize,
}

fn recognise(head: &Sniff<'_>) -> bool {
    let first = head.text.lines().next().unwrap_or_default().trim_end();
    let has = |name: &str| first.split(',').any(|field| field.trim_matches('"') == name);
    has("Type") && has("Name") && has("Request Count") && has("Failure Count") && !has("Timestamp")
}

/// Reads the statistics.
///
/// # Errors
/// When a column is missing, a row has no numbers, the file is cut, or there was no request.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut rows = Rows::quoted(input.into_reader(), b',');
    let Some(header) = rows.next()? else {
        return Err(ReportError::nothing("row 1", "the file holds no request"));
    };
    let columns = columns(&header)?;
    let mut facts = PerformanceFacts::default();
    let (mut total, mut failed, mut shared) = (0_u64, 0_u64, 0_u64);
    let mut all = None;
    while let Some(row) = rows.next()? {
        if all.is_some() {
            return Err(ReportError::at(row.path(), "a row follows the one of all requests"));
        }
        let samples = samples(&row, &columns)?;
        let (method, name) = (text(&row, columns.method), text(&row, columns.name));
        if method.is_empty() && row.field(columns.name) == Some(ALL) {
            all = Some(samples);
            continue;
        }
        total = total.saturating_add(samples.total);
        failed = failed.saturating_add(samples.failed.unwrap_or(0));
        let count = samples.total;
        let label = if method.is_empty() { name } else { format!("{method} {name}") };
        if count > 0 && !facts.declare(&label, samples) {
            shared = shared.saturating_add(count);
        }
    }
    let Some(all) = all else {
        return Err(ReportError::truncated("row 1", "there is no row `Aggregated`: the file is truncated"));
    };
    if total == 0 {
        return Err(match all.total {
            0 => ReportError::nothing("row 1", "there was no request"),
            count => ReportError::at(
                "row 1",
                format!("`Aggregated` tells of {count} requests, and none is in the file"),
            ),
        });
    }
    let mut about = About { tool: Some("Locust".to_owned()), ..About::default() };
    about.compare("requests.total", Some(all.total), total);
    about.compare("requests.failed", all.failed, failed);
    if all.total == total && all.failed == Some(failed) {
        facts.all = Some(Samples::Declared(all));
    } else {
        about.odd("the row `Aggregated` is left out: its figures are not those of the requests in the file");
    }
    if shared > 0 {
        about.odd(too_many_labels(shared));
    }
    Ok(Parsed { facts: Facts::Performance(facts), about })
}

fn columns(row: &Row<'_>) -> Result<Columns, ReportError> {
    let position = |name: &str| row.fields().position(|field| field == name.as_bytes());
    let needed = |name: &str| {
        position(name).ok_or_else(|| ReportError::at(row.path(), format!("the column `{name}` is missing")))
    };
    let percent = |field: &[u8]| std::str::from_utf8(field).ok()?.strip_suffix('%')?.parse::<u8>().ok();
    Ok(Columns {
        method: needed("Type")?,
        name: needed("Name")?,
        total: needed("Request Count")?,
        failed: needed("Failure Count")?,
        mean: position("Average Response Time"),
        max: position("Max Response Time"),
        per_second: position("Requests/s"),
        percentiles: row
            .fields()
            .enumerate()
            .filter_map(|(index, field)| percent(field).map(|percent| (percent, index)))
            .collect(),
        width: row.len(),
    })
}

fn samples(row: &Row<'_>, columns: &Columns) -> Result<DeclaredSamples, ReportError> {
    if row.len() < columns.width {
        return Err(ReportError::at(
            row.path(),
            format!("the row has {} fields and not {}: the file may be truncated", row.len(), columns.width),
        ));
    }
    let count = |index: usize, name: &str| {
        number(row.field(index).unwrap_or_default()).ok_or_else(|| {
            let found = text(row, index).replace('`', "'");
            ReportError::at(row.path(), format!("`{name}` is `{found}` and not a whole number"))
        })
    };
    let (total, failed) = (count(columns.total, "Request Count")?, count(columns.failed, "Failure Count")?);
    if failed > total {
        return Err(ReportError::at(
            row.path(),
            format!("{failed} failed requests are more than all {total}"),
        ));
    }
    let figure = |index: Option<usize>| {
        let figure: f64 = std::str::from_utf8(row.field(index?)?).ok()?.parse().ok()?;
        (total > 0 && figure.is_finite()).then_some(figure)
    };
    let percentiles = columns.percentiles.iter();
    Ok(DeclaredSamples {
        total,
        failed: Some(failed),
        mean: figure(columns.mean),
        max: figure(columns.max),
        percentiles: percentiles.filter_map(|(percent, at)| Some((*percent, figure(Some(*at))?))).collect(),
        per_second: figure(columns.per_second),
    })
}

fn text(row: &Row<'_>, index: usize) -> String {
    kept(&String::from_utf8_lossy(row.field(index).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Type,Name,Request Count,Failure Count,Average Response Time,Max Response Time,Requests/s,50%,99%,99.9%\r\n";

    fn read(rows: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(format!("{HEADER}{rows}").as_bytes())?)
    }

    fn facts(rows: &str) -> (PerformanceFacts, About) {
        let parsed = read(rows).unwrap();
        let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
        (facts, parsed.about)
    }

    #[test]
    fn a_name_under_two_methods_is_two_labels_and_rows_without_requests_are_none() {
        let rows = "GET,\"/a, b\",3,1,5.5,9.25,1.5,5,9,9\r\nPOST,\"/a, b\",1,0,7,7,0.5,7,7,7\r\nGET,/never,0,0,0,0,0,N/A,N/A,N/A\r\n,Aggregated,4,1,6,9.25,2,6,9,9\r\n";
        let (facts, about) = facts(rows);
        assert_eq!(facts.labels.keys().map(String::as_str).collect::<Vec<_>>(), ["GET /a, b", "POST /a, b"]);
        let all = facts.samples(None).unwrap();
        assert_eq!(
            (all.total(), all.failed(), all.percentile(99), all.percentile(95)),
            (4, Some(1), Some(9.0), None)
        );
        assert_eq!((all.mean(), all.max(), all.per_second()), (Some(6.0), Some(9.25), Some(2.0)));
        assert!(about.oddities.is_empty());
    }

    #[test]
    fn totals_that_are_not_those_of_the_rows_are_left_out() {
        let (facts, about) = facts("GET,/,3,1,5,9,1,5,9,9\r\n,Aggregated,9,0,6,9,2,6,9,9\r\n");
        assert_eq!(facts.samples(None).and_then(|all| all.failed()), Some(1));
        insta::assert_snapshot!(about.oddities.join("\n"), @"the row `Aggregated` is left out: its figures are not those of the requests in the file");
    }

    #[test]
    fn cut_and_empty_files_are_no_evidence() {
        insta::assert_snapshot!(read("GET,/,3,1,5,9,1,5,9,9\r\n").unwrap_err(), @"there is no row `Aggregated`: the file is truncated, at `row 1`");
        insta::assert_snapshot!(read("GET,/,3,1,5,9,1,5,9,9\r\n,Aggre").unwrap_err(), @"the last row does not end with a line break: the file is truncated, at `row 3`");
        insta::assert_snapshot!(read("GET,/,3,1\r\n,Aggregated,4,1,6,9,2,6,9,9\r\n").unwrap_err(), @"the row has 4 fields and not 10: the file may be truncated, at `row 2`");
        insta::assert_snapshot!(read(",Aggregated,0,0,0,0,0,N/A,N/A,N/A\r\n").unwrap_err(), @"there was no request, at `row 1`");
        insta::assert_snapshot!(read(",Aggregated,7,0,0,0,0,1,1,1\r\n").unwrap_err(), @"`Aggregated` tells of 7 requests, and none is in the file, at `row 1`");
        insta::assert_snapshot!(read("GET,/,N/A,1,5,9,1,5,9,9\r\n").unwrap_err(), @"`Request Count` is `N/A` and not a whole number, at `row 2`");
        insta::assert_snapshot!(read("GET,/,1,2,5,9,1,5,9,9\r\n").unwrap_err(), @"2 failed requests are more than all 1, at `row 2`");
        insta::assert_snapshot!(read(",Aggregated,1,0,6,9,2,6,9,9\r\nGET,/,1,0,5,9,1,5,9,9\r\n").unwrap_err(), @"a row follows the one of all requests, at `row 3`");
    }
}
