//! Gatling's `simulation.log` before 3.13.0: text, one record in a line, fields between tabs.
//!
//! The layout is that of `io.gatling.core.stats.writer.LogFileDataWriter` of those versions
//! (<https://github.com/gatling/gatling/tree/v3.12.0/gatling-core/src/main/scala/io/gatling/core/stats/writer>). Requests come in three layouts; `OK` or
//! `KO` tells which:
//!
//! | versions | fields of `REQUEST` |
//! |---|---|
//! | 3.4 to 3.12 | groups, name, start, end, status, message |
//! | 3.0 to 3.3 | user, groups, name, start, end, status, message |
//! | 2.2 to 2.3 | scenario, user, groups, name, start, end, status, message |
//!
//! Groups are separated by commas. `GROUP` sums up requests and is none; `ASSERTION` is not judged here; `ERROR` happened outside of requests, and its
//! message may go on in the next lines. Must not: take a status other than `OK` for a good one.

use super::facts::{About, Facts, Kind, Parsed, kept};
use super::gatling_log::tell;
use super::rows::{Row, Rows, number};
use super::slots::{Slots, hash, too_many_labels};
use super::{Format, Input, ReportError, Sniff};
use crate::model::Timestamp;

/// The format.
pub static FORMAT: Format = Format {
    name: "gatling-text",
    title: "Gatling simulation.log, text",
    kind: Kind::Performance,
    recognise,
    read,
};

/// Columns of the groups in the three layouts; name, start, end and status follow.
const LAYOUTS: [usize; 3] = [1, 2, 3];

fn recognise(head: &Sniff<'_>) -> bool {
    let first = head.text.lines().next().unwrap_or_default();
    let fields = first.split('\t').count();
    (first.starts_with("RUN\t") && fields >= 5) || (first.starts_with("ASSERTION\t") && fields == 2)
}

/// Reads a log.
///
/// # Errors
/// When a line is cut or of no known kind, or no request is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut rows = Rows::plain(input.into_reader(), b'\t');
    let mut log = Log::default();
    let mut about = About::default();
    while let Some(row) = rows.next()? {
        log.line(&row, &mut about)?;
    }
    log.finish(about)
}

/// What is counted.
#[derive(Default)]
struct Log {
    slots: Slots,
    /// Used again for each request.
    label: Vec<u8>,
    begun: u64,
    ended: u64,
    errors: u64,
    /// Whether the line before belongs to an error.
    in_error: bool,
}

impl Log {
    fn line(&mut self, row: &Row<'_>, about: &mut About) -> Result<(), ReportError> {
        let was_in_error = std::mem::take(&mut self.in_error);
        match row.field(0).unwrap_or_default() {
            b"REQUEST" => self.request(row)?,
            b"USER" => self.user(row)?,
            b"RUN" => run(row, about),
            b"GROUP" | b"ASSERTION" => {}
            b"ERROR" => {
                self.errors += 1;
                self.in_error = true;
            }
            _ if was_in_error => self.in_error = true,
            other => {
                let word = kept(&String::from_utf8_lossy(other)).replace('`', "'");
                return Err(ReportError::at(row.path(), format!("`{word}` is no kind of record")));
            }
        }
        Ok(())
    }

    fn request(&mut self, row: &Row<'_>) -> Result<(), ReportError> {
        let Some((groups, start, end, success)) = LAYOUTS.iter().find_map(|layout| fields(row, *layout))
        else {
            return Err(ReportError::at(row.path(), "the request has no times followed by `OK` or `KO`"));
        };
        let Some(elapsed) = end.checked_sub(start) else {
            return Err(ReportError::at(row.path(), "the request ends before it begins"));
        };
        self.label.clear();
        for group in row.field(groups).unwrap_or_default().split(|byte| *byte == b',') {
            if !group.is_empty() {
                self.label.extend_from_slice(group);
                self.label.extend_from_slice(b" / ");
            }
        }
        self.label.extend_from_slice(row.field(groups + 1).unwrap_or_default());
        self.label.truncate(1_024);
        let (slot, _) = self.slots.slot(&self.label, hash(&self.label));
        self.slots.add(slot, i64::try_from(start).ok(), elapsed, success);
        Ok(())
    }

    fn user(&mut self, row: &Row<'_>) -> Result<(), ReportError> {
        let has = |word: &[u8]| row.fields().skip(2).any(|field| field == word);
        match (has(b"START"), has(b"END")) {
            (true, _) => self.begun += 1,
            (_, true) => self.ended += 1,
            _ => return Err(ReportError::at(row.path(), "the user neither begins nor ends")),
        }
        Ok(())
    }

    fn finish(self, mut about: About) -> Result<Parsed, ReportError> {
        if self.slots.total() == 0 {
            return Err(ReportError::nothing("row 1", "the log holds no request"));
        }
        tell(&mut about, self.errors, self.begun.saturating_sub(self.ended));
        let (facts, shared) = self.slots.into_facts();
        if shared > 0 {
            about.odd(too_many_labels(shared));
        }
        Ok(Parsed { facts: Facts::Performance(facts), about })
    }
}

/// Column of the groups, start, end and success, when the row has this layout.
fn fields(row: &Row<'_>, groups: usize) -> Option<(usize, u64, u64, bool)> {
    let success = match row.field(groups + 4)? {
        b"OK" => true,
        b"KO" => false,
        _ => return None,
    };
    Some((groups, number(row.field(groups + 2)?)?, number(row.field(groups + 3)?)?, success))
}

/// Class, id, start, description, version; in 2.x one more id.
fn run(row: &Row<'_>, about: &mut About) {
    let start = row.fields().skip(2).filter(|field| field.len() >= 12).find_map(number);
    about.created = start.and_then(|millis| i64::try_from(millis).ok()).map(Timestamp::from_millis);
    let version = row.len().checked_sub(1).and_then(|last| row.field(last)).unwrap_or_default();
    if version.first().is_some_and(u8::is_ascii_digit) && version.contains(&b'.') {
        about.tool = Some(format!("Gatling {}", kept(&String::from_utf8_lossy(version))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::Problem;
    use crate::reports::facts::PerformanceFacts;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn facts(text: &str) -> (PerformanceFacts, About) {
        let parsed = read(text).unwrap();
        let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
        (facts, parsed.about)
    }

    const RUN: &str = "RUN\tshop.Buyers\tbuyers\t1393227741256\t \t3.12.0\n";

    #[test]
    fn three_layouts_are_told_apart_by_their_status() {
        for before in ["", "7\t", "scenario\t7\t"] {
            let text = format!(
                "{RUN}REQUEST\t{before}buy,cart\tGET \"/\"\t1393227741256\t1393227741300\tKO\tfound 503\nREQUEST\t{before}\t123\t1393227741256\t1393227741266\tOK\t \n"
            );
            let (facts, about) = facts(&text);
            let all = facts.samples(None).unwrap();
            assert_eq!((all.total(), all.failed(), all.max()), (2, Some(1), Some(44.0)));
            assert_eq!(
                facts.labels.keys().map(String::as_str).collect::<Vec<_>>(),
                ["123", "buy / cart / GET \"/\""]
            );
            assert_eq!(about.tool.as_deref(), Some("Gatling 3.12.0"));
            assert_eq!(about.created.unwrap().millis(), 1_393_227_741_256);
        }
    }

    #[test]
    fn groups_errors_and_users_are_no_requests() {
        let text = format!(
            "ASSERTION\tAAEC\n{RUN}USER\tbuyers\tSTART\t1393227741256\nERROR\tno session\nof that name\nin two lines\t1393227741256\nREQUEST\t\ta\t1393227741256\t1393227741266\tOK\t \nGROUP\tbuy\t1393227741256\t1393227741999\t44\tKO\n"
        );
        let (facts, about) = facts(&text);
        assert_eq!(facts.samples(None).map(|all| (all.total(), all.failed())), Some((1, Some(0))));
        insta::assert_snapshot!(about.oddities.join("\n"), @"
        1 errors of users are not in the figures: they happened outside of requests
        1 users had not ended when the log ends: the run may have been stopped
        ");
    }

    #[test]
    fn cut_lines_and_unknown_words_are_errors() {
        let with = |line: &str| read(&format!("{RUN}{line}")).unwrap_err();
        insta::assert_snapshot!(with("REQUEST\t\ta\t1393227741256\t1393227741266\tO"), @"the last row does not end with a line break: the file is truncated, at `row 2`");
        insta::assert_snapshot!(with("REQUEST\t\ta\t1393227741256\t1393227741266\tMAYBE\t \n"), @"the request has no times followed by `OK` or `KO`, at `row 2`");
        insta::assert_snapshot!(with("REQUEST\t\ta\t1393227741256\n"), @"the request has no times followed by `OK` or `KO`, at `row 2`");
        insta::assert_snapshot!(with("REQUEST\t\ta\t1393227741266\t1393227741256\tOK\t \n"), @"the request ends before it begins, at `row 2`");
        insta::assert_snapshot!(with("USER\tbuyers\tRESTS\t1393227741256\n"), @"the user neither begins nor ends, at `row 2`");
        insta::assert_snapshot!(with("PAUSE\t1\n"), @"`PAUSE` is no kind of record, at `row 2`");
        let none = read(RUN).unwrap_err();
        insta::assert_snapshot!(none, @"the log holds no request, at `row 1`");
        assert_eq!(none.problem, Problem::Nothing);
    }
}
