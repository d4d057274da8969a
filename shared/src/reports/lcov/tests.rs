use super::*;
use crate::reports::facts::{CoverageFacts, LineSet, Lines, Ratio};
use crate::reports::totals::of_bytes;

fn facts(text: &str) -> (CoverageFacts, About) {
    of_bytes(super::read, text.as_bytes())
}

fn refused(text: &str) -> ReportError {
    Input::of_bytes(text.as_bytes()).and_then(super::read).unwrap_err()
}

fn ratio(hit: u64, total: u64) -> Ratio {
    Ratio { hit, total }
}

#[test]
fn records_of_one_file_are_one_file_and_declared_totals_are_only_compared() {
    let (facts, about) = facts(
        "TN:\nSF:a.js\nFN:1,f\nFNDA:0,f\nDA:1,1\nDA:2,0\nBRDA:2,0,0,-\nBRDA:2,0,1,3\nLF:99\nLH:99\nend_of_record\n\
         TN:again\nSF:a.js\nFN:1,f\nFNDA:2,f\nDA:2,7,abc\nDA:3,-1\nBRDA:2,0,1,0\nLF:2\nLH:1\nend_of_record\n",
    );
    assert_eq!(facts.files.len(), 1);
    assert_eq!((facts.lines(), facts.branches(), facts.functions()), (ratio(2, 3), ratio(1, 2), ratio(1, 1)));
    assert_eq!(facts.files[0].lines, {
        let mut lines = LineSet::default();
        for (line, hit) in [(1, true), (2, true), (3, false)] {
            lines.add(line, hit);
        }
        Lines::Exact(lines)
    });
    let declared: Vec<_> = about.declared.iter().map(|d| (d.what, d.declared, d.counted)).collect();
    assert_eq!(declared, [("coverage.lines, all", 101, 3), ("coverage.lines, hit", 100, 2)]);
    insta::assert_snapshot!(about.oddities.join("\n"), @"100 of 101 lines are declared hit and 2 of 3 counted");
}

#[test]
fn counts_may_be_huge_negative_or_never_reached() {
    let (facts, _) =
        facts("SF:a\nDA:1,99999999999999999999\nDA:2,-5\nDA:3,-\nDA:4,1,c2hl\nDA:5,0,x\nend_of_record\n");
    assert_eq!(facts.lines(), ratio(2, 5));
}

#[test]
fn functions_of_one_name_in_one_file_are_several() {
    let (facts, _) = facts(
        "SF:a.js\nFN:1,get\nFN:9,get\nFN:20,set\nFNF:3\nFNH:1\nFNDA:3,get\nFNDA:0,get\nFNDA:0,set\nDA:1,1\nend_of_record\n",
    );
    assert_eq!(facts.functions(), ratio(1, 3));
}

#[test]
fn names_with_commas_and_last_lines_are_read() {
    let (facts, _) = facts(
        "SF:a.cpp\nFN:1,5,std::map<int, int>::at(int)\nFNDA:2,std::map<int, int>::at(int)\nFN:7,f(int, int)\nFNDA:0,f(int, int)\nDA:1,1\nend_of_record\n",
    );
    assert_eq!(facts.functions(), ratio(1, 2));
}

#[test]
fn lcov_2_names_functions_by_index_with_aliases() {
    let (facts, about) = facts(
        "SF:a.cpp\nVER:x\nFNL:0,1,5\nFNA:0,0,f<int>\nFNA:0,4,f<long>\nFNL:1,7\nFNA:1,0,g\nFNF:2\nFNH:1\nMCDC:1,2,t,1,0,x\nMCF:1\nMCH:0\nDA:1,1\nend_of_record\n",
    );
    assert_eq!(facts.functions(), ratio(1, 2));
    assert_eq!(about.oddities, [""; 0]);
}

#[test]
fn branches_of_exceptions_and_expressions_are_their_own() {
    let (facts, _) = facts(
        "SF:a\nDA:1,1\nBRDA:1,0,0,1\nBRDA:1,e0,0,0\nBRDA:1,0,a , b,2\nBRDA:1,0,a , b,-\nend_of_record\n",
    );
    assert_eq!(facts.branches(), ratio(2, 3));
}

#[test]
fn what_is_no_record_is_passed_over_and_told_of() {
    let (facts, about) =
        facts("# made by x\r\nEOF\r\nSF:C:\\src\\a.cs\r\nDA:1,1\r\nnoise: 1\r\nend_of_record\r\nDA:2,1\r\n");
    assert_eq!((facts.lines(), facts.files[0].path.as_str()), (ratio(1, 1), "C:\\src\\a.cs"));
    insta::assert_snapshot!(about.oddities.join("\n"), @"lines that are no lcov records: 3, the first is line 2");
}

#[test]
fn truncated_and_empty_files_are_no_evidence() {
    insta::assert_snapshot!(refused("SF:a\nDA:1,1\n"), @"the last record has no `end_of_record`: it is truncated, at `line 2`");
    insta::assert_snapshot!(refused("SF:a\nDA:1,1\nSF:b\nDA:1,1\nend_of_record\n"), @"a record begins before the last one has ended: it is truncated, at `line 3`");
    insta::assert_snapshot!(refused("TN:\n"), @"the file holds no `SF` record, at `line 1`");
    insta::assert_snapshot!(refused("TN:\nSF:a\nend_of_record\n"), @"no line of code is in the report, at `line 3`");
    assert_eq!(
        refused("SF:a\nDA:\nend_of_record").to_string(),
        refused("SF:a\nDA:1\nend_of_record").to_string()
    );
    insta::assert_snapshot!(refused("SF:a\nDA:1\nend_of_record"), @"the numbers are missing, at `line 2`");
    insta::assert_snapshot!(refused("SF:a\nDA:1,1\nBRDA:1,0,1\nend_of_record"), @"the numbers are missing, at `line 3`");
    insta::assert_snapshot!(refused("SF:a\nDA:1,1\nDA:99999999,1\nend_of_record"), @"line 99999999 of a source file is beyond the limit of 4000000, at `line 3`");
}
