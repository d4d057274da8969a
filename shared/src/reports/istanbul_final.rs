//! Istanbul's `coverage-final.json` (reporter `json`): statements, functions and branches of each file with their counts
//! (<https://github.com/istanbuljs/istanbuljs/blob/main/packages/istanbul-lib-coverage/lib/file-coverage.js>).
//!
//! Lines are not in it. They follow from the statements as in Istanbul's own `getLineCoverage`: a line is there when a statement starts on
//! it, and hit when one of those ran. Must not: take statements for lines.

use super::covered::{MAX_BYTES, beyond, too_many};
use super::facts::{About, CoverageFacts, FileCoverage, Kind, LineSet, Lines, MAX_LINE, Parsed, Ratio};
use super::totals::Totals;
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

/// The format.
pub static FORMAT: Format = Format {
    name: "istanbul-final",
    title: "Istanbul coverage-final.json",
    kind: Kind::Coverage,
    recognise: |head: &Sniff<'_>| head.has("/*/statementMap"),
    read,
};

/// Reads coverage by statements.
///
/// # Errors
/// When it is not JSON, a file lacks its maps, or nothing can be covered.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let Pairs(files, _): Pairs<FileCoverage, Measured> = super::json::read(input)?;
    Totals::default().beside(CoverageFacts { files }, About::default(), "/")
}

/// One file.
#[derive(Deserialize)]
struct Measured {
    #[serde(rename = "statementMap")]
    statements: Pairs<(String, u32), Span>,
    s: Pairs<(String, bool), f64>,
    f: Pairs<(String, bool), f64>,
    b: Pairs<Ratio, Vec<f64>>,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
}

#[derive(Deserialize)]
struct Place {
    /// None where a source map led nowhere: Istanbul makes one line of all those, and so does line 0 here.
    line: Option<u32>,
    #[serde(rename = "column")]
    _column: Option<IgnoredAny>,
}

/// The members of an object, each made into a `T` on the way.
struct Pairs<T, V>(Vec<T>, PhantomData<V>);

/// What a member is made into.
trait Member<V>: Sized {
    fn of(name: Cow<'_, str>, value: V) -> Result<Self, String>;

    /// Memory it takes that what is written of it does not.
    fn bytes(&self) -> usize {
        0
    }
}

impl Member<Span> for (String, u32) {
    fn of(name: Cow<'_, str>, span: Span) -> Result<Self, String> {
        let line = span.start.line.unwrap_or(0);
        if line > MAX_LINE { Err(beyond(line.into())) } else { Ok((name.into_owned(), line)) }
    }
}

impl Member<f64> for (String, bool) {
    fn of(name: Cow<'_, str>, count: f64) -> Result<Self, String> {
        Ok((name.into_owned(), count > 0.0))
    }
}

impl Member<Vec<f64>> for Ratio {
    fn of(_name: Cow<'_, str>, counts: Vec<f64>) -> Result<Self, String> {
        let mut ratio = Self::default();
        counts.into_iter().for_each(|count| ratio.add(count > 0.0));
        Ok(ratio)
    }
}

impl Member<Measured> for FileCoverage {
    fn of(path: Cow<'_, str>, file: Measured) -> Result<Self, String> {
        let starts: HashMap<String, u32> = file.statements.0.into_iter().collect();
        let mut lines = LineSet::default();
        for (statement, hit) in file.s.0 {
            if let Some(line) = starts.get(&statement) {
                lines.add(*line, hit);
            }
        }
        let mut functions = Ratio::default();
        file.f.0.into_iter().for_each(|(_, hit)| functions.add(hit));
        let branches = file.b.0.into_iter().fold(Ratio::default(), Ratio::plus);
        Ok(Self { path: path.into_owned(), lines: Lines::Exact(lines), branches, functions })
    }

    fn bytes(&self) -> usize {
        match &self.lines {
            Lines::Exact(lines) => lines.bytes(),
            Lines::Counted(_) => 0,
        }
    }
}

impl<'de, T: Member<V>, V: Deserialize<'de>> Deserialize<'de> for Pairs<T, V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(PhantomData))
    }
}

struct Object<T, V>(PhantomData<(T, V)>);

impl<'de, T: Member<V>, V: Deserialize<'de>> Visitor<'de> for Object<T, V> {
    type Value = Pairs<T, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut members, mut bytes): (Vec<T>, usize) = (Vec::new(), 0);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let member = T::of(name, map.next_value()?).map_err(A::Error::custom)?;
            bytes = bytes.saturating_add(member.bytes());
            if bytes > MAX_BYTES {
                return Err(A::Error::custom(too_many().message));
            }
            members.push(member);
        }
        Ok(Pairs(members, PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::totals::of_bytes;

    fn refused(json: &str) -> ReportError {
        Input::of_bytes(json.as_bytes()).and_then(super::read).unwrap_err()
    }

    fn statement(line: &str) -> String {
        format!(r#"{{"start":{{"line":{line},"column":0}},"end":{{"line":99,"column":null}}}}"#)
    }

    #[test]
    fn a_line_is_there_when_a_statement_starts_on_it_and_hit_when_one_of_them_ran() {
        let json = format!(
            r#"{{"/x/a.js":{{"path":"/x/a.js","statementMap":{{"0":{},"1":{},"2":{},"3":{}}},"fnMap":{{}},"branchMap":{{}},
               "s":{{"0":0,"1":7,"2":0,"3":1,"4":1}},"f":{{"0":1,"1":0}},"b":{{"0":[1,0],"1":[0,0,3]}},"hash":"x"}}}}"#,
            statement("1"),
            statement("1"),
            statement("2"),
            statement("null")
        );
        let (facts, _) = of_bytes(super::read, json.as_bytes());
        let ratio = |hit, total| Ratio { hit, total };
        assert_eq!(
            (facts.lines(), facts.functions(), facts.branches()),
            (ratio(2, 3), ratio(1, 2), ratio(2, 5))
        );
        assert_eq!(facts.files[0].path, "/x/a.js");
    }

    #[test]
    fn what_is_no_evidence_is_refused_with_its_place() {
        insta::assert_snapshot!(refused(r#"{"a.js":{"statementMap":{},"s":{},"f":{},"b":{}}}"#), @"no line of code is in the report, at `/`");
        insta::assert_snapshot!(refused(r#"{"a.js":{"statementMap":{},"f":{},"b":{}}}"#), @"the JSON has another shape than the format: missing field 's', at `line 1 column 41`");
        let far = format!(
            r#"{{"a.js":{{"statementMap":{{"0":{}}},"s":{{}},"f":{{}},"b":{{}}}}}}"#,
            statement("5000000")
        );
        insta::assert_snapshot!(refused(&far), @"the JSON has another shape than the format: line 5000000 of a source file is beyond the limit of 4000000, at `line 1 column 99`");
        insta::assert_snapshot!(refused(r#"{"a.js":{"statementMap":{"#), @"the JSON ends too early: it is truncated, at `line 1 column 25`");
    }
}
