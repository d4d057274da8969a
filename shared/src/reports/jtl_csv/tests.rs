//! The traps of the format, each in a few rows.

use super::*;
use crate::reports::facts::{Facts, PerformanceFacts};

fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(bytes)?)
}

fn facts(bytes: &[u8]) -> (PerformanceFacts, About) {
    let parsed = read(bytes).unwrap();
    let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
    (facts, parsed.about)
}

fn is_ours(text: &str) -> bool {
    recognise(&Sniff::new(text.as_bytes(), text))
}

#[test]
fn columns_are_found_by_name_and_fields_hold_quotes_and_line_breaks() {
    let csv = "label,elapsed,timeStamp,success,responseMessage\nGET /,10,1393227741256,TRUE,OK\n\"a,\n\"\"b\"\"\",400,1393227741266,False,\"x\ny\"\n";
    let (facts, about) = facts(csv.as_bytes());
    let all = facts.samples(None).unwrap();
    assert_eq!((all.total(), all.failed(), facts.labels.len()), (2, Some(1), 2));
    assert!(facts.samples(Some("a, \"b\"")).is_some(), "{:?}", facts.labels.keys());
    assert_eq!(about.created.unwrap().to_string(), "2014-02-24T07:42:21.256Z");
}

#[test]
fn the_delimiter_is_found() {
    for delimiter in [b'\t', b';', b'|', b'^', b','] {
        let with = |text: &str| text.replace(',', &char::from(delimiter).to_string());
        let header = with("timeStamp,elapsed,label,success\n1393227741256,12,GET /a,true\n");
        assert_eq!(facts(header.as_bytes()).0.samples(Some("GET /a")).map(|s| s.total()), Some(1));
        let none = with("2014-02-24 07:42:21,12,GET /a,200,OK,t 1-1,text,true,5\n");
        assert_eq!(facts(none.as_bytes()).0.samples(Some("GET /a")).map(|s| s.total()), Some(1));
        assert!(is_ours(&header) && is_ours(&none));
    }
}

#[test]
fn a_first_row_without_a_header_counts() {
    let row = "1393227741256,12,\"GET,\n/\",200,OK,t 1-1,text,true,5\n";
    assert_eq!(facts(row.as_bytes()).0.samples(Some("GET, /")).map(|s| s.total()), Some(1));
    assert!(is_ours(row));
    assert!(!is_ours("2014,12,a,b,c,d,e,true\n") && !is_ours("1393227741256,12,a,b,c,d,e,7\n"));
    assert!(!is_ours("Timestamp,User Count,Type,Name\n") && !is_ours("SF:a.js\n"));
}

#[test]
fn a_repeated_header_is_noted_and_a_longer_row_is_taken() {
    let csv = "timeStamp,elapsed,label,success\n1393227741256,1,a,true,more\ntimeStamp,elapsed,label,success\n1393227741256,1,a,false\n";
    let (facts, about) = facts(csv.as_bytes());
    assert_eq!(facts.samples(None).and_then(|all| all.failed()), Some(1));
    insta::assert_snapshot!(about.oddities.join("\n"), @"the header is repeated 1 times: several files in one");
}

#[test]
fn a_formatted_time_is_good_for_throughput_and_not_for_a_date() {
    let csv = "timeStamp,elapsed,label,success\n2014/02/24 07:42:21.000,1000,a,true\n2014/02/24 07:42:22.000,1000,a,true\n";
    let (known, about) = facts(csv.as_bytes());
    assert_eq!(known.samples(None).and_then(|all| all.per_second()), Some(1.0));
    assert_eq!(about.created, None);
    insta::assert_snapshot!(about.oddities.join("\n"), @"the times are formatted and name no zone: when the test ran is not known");
    let (unknown, about) =
        facts(b"timeStamp,elapsed,label,success\n2001/20/20 10:00:00,1000,a,true\n1393227741256,5,a,true\n");
    let all = unknown.samples(None).unwrap();
    assert_eq!((all.total(), all.per_second(), all.max(), about.created), (2, None, Some(1000.0), None));
    insta::assert_snapshot!(about.oddities.join("\n"), @"1 samples have a `timeStamp` that is no known time: there is no throughput");
}

#[test]
fn a_cut_file_is_truncated_wherever_it_is_cut() {
    let csv = "timeStamp,elapsed,label,success,message\n1393227741256,1,a,true,\"x\ny\"\n1393227741256,1,a,true,z\n";
    let header = csv.find('\n').unwrap() + 1;
    for end in header + 1..csv.len() {
        if let Ok(parsed) = read(&csv.as_bytes()[..end]) {
            let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
            assert_eq!(
                (facts.samples(None).unwrap().total(), &csv[end - 3..end]),
                (1, "y\"\n"),
                "cut at {end}"
            );
        }
    }
    insta::assert_snapshot!(read(b"timeStamp,elapsed,label,success\n1393227741256,2,a,true\n1393227741256,2").unwrap_err(), @"the last row does not end with a line break: the file is truncated, at `row 3`");
    insta::assert_snapshot!(read(b"timeStamp,elapsed,label,success\n1393227741256,2\n1393227741256,2,a,true\n").unwrap_err(), @"the row has 2 fields and not 4: the file may be truncated, at `row 2`");
}

#[test]
fn what_cannot_be_judged_is_an_error_with_its_row() {
    let header = "timeStamp,elapsed,label,success,SampleCount\n";
    let with = |row: &str| read(format!("{header}{row}\n").as_bytes()).unwrap_err();
    insta::assert_snapshot!(with("1393227741256,-5,a,true,1"), @"`elapsed` is `-5` and not a whole number of milliseconds, at `row 2`");
    insta::assert_snapshot!(with("1393227741256,5,a,perhaps,1"), @"`success` is `perhaps` and not `true` or `false`, at `row 2`");
    insta::assert_snapshot!(with("1393227741256,5,a,,1"), @"`success` is `` and not `true` or `false`, at `row 2`");
    insta::assert_snapshot!(with("1393227741256,500,a,true,100"), @"`SampleCount` is `100` and not 1: a row that sums up samples tells no response times, at `row 2`");
    insta::assert_snapshot!(read(b"timeStamp,elapsed,label\n").unwrap_err(), @"the column `success` is missing, at `row 1`");
    insta::assert_snapshot!(read(b"1,2,3\n").unwrap_err(), @"the row has 3 fields; without a header 8 are needed, at `row 1`");
}

#[test]
fn no_sample_is_no_evidence() {
    insta::assert_snapshot!(read(b"").unwrap_err(), @"the file holds no sample, at `row 1`");
    insta::assert_snapshot!(read(b"timeStamp,elapsed,label,success\n").unwrap_err(), @"the file holds no sample, at `row 1`");
    let empty = b"timeStamp,elapsed,label,success,responseMessage\n1393227741256,0,t,true,\"Number of samples in transaction : 0, number of failing samples : 0\"\n";
    assert_eq!(read(empty).unwrap_err().problem, crate::reports::Problem::Nothing);
}
