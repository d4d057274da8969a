use super::*;
use crate::reports::facts::CoverageFacts;
use crate::reports::totals::of_bytes;

fn facts(classes: &str) -> (CoverageFacts, About) {
    let xml =
        format!("<coverage><packages><package><classes>{classes}</classes></package></packages></coverage>");
    of_bytes(super::read, xml.as_bytes())
}

fn refused(xml: &str) -> ReportError {
    Input::of_bytes(xml.as_bytes()).and_then(super::read).unwrap_err()
}

fn ratio(hit: u64, total: u64) -> Ratio {
    Ratio { hit, total }
}

#[test]
fn lines_repeated_under_methods_count_once() {
    let xml = r#"<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://x/coverage-04.dtd"><coverage line-rate="0.9" version="gcovr 8" timestamp="1700000000"><packages><package><classes>
        <class filename="a.js"><methods><method name="f"><lines><line number="1" hits="2"/></lines></method></methods>
        <lines><line number="1" hits="2"/><line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/></lines></class>
        </classes></package></packages></coverage>"#;
    let (facts, about) = of_bytes(super::read, xml.as_bytes());
    assert_eq!((facts.lines(), facts.branches(), facts.functions()), (ratio(1, 2), ratio(1, 2), ratio(1, 1)));
    assert_eq!((about.declared[0].declared, about.declared[0].counted), (900, 500));
    assert_eq!(about.created.map(|at| at.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
    assert_eq!(about.tool.as_deref(), Some("gcovr 8"));
}

#[test]
fn one_file_in_several_classes_is_one_file() {
    let (facts, _) = facts(
        r#"<class name="A" filename="a.cs"><methods><method name="get"><lines><line number="3" hits="0"/></lines></method></methods>
           <lines><line number="3" hits="0"/><line number="4" hits="1"/></lines></class>
           <class name="A/Inner" filename="a.cs"><methods><method name="get"><lines><line number="9" hits="1"/></lines></method></methods>
           <lines><line number="3" hits="5"/><line number="9" hits="1"/></lines></class>"#,
    );
    assert_eq!((facts.files.len(), facts.lines(), facts.functions()), (1, ratio(3, 3), ratio(1, 2)));
}

#[test]
fn lines_that_only_methods_have_are_counted() {
    let (facts, _) = facts(
        r#"<class filename="a.cpp"><methods><method name="f"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></method></methods></class>"#,
    );
    assert_eq!((facts.lines(), facts.functions()), (ratio(1, 2), ratio(1, 1)));
}

#[test]
fn the_only_line_of_a_method_is_its_declaration_when_the_class_has_lines() {
    let (facts, _) = facts(
        r#"<class filename="a.js"><methods><method name="f"><lines><line number="1" hits="1"/></lines></method>
           <method name="g"><lines><line number="7" hits="0"/><line number="8" hits="0"/></lines></method></methods>
           <lines><line number="2" hits="1"/></lines></class>
           <class filename="b.cpp"><methods><method name="f"><lines><line number="1" hits="0"/></lines></method></methods></class>"#,
    );
    assert_eq!((facts.lines(), facts.functions()), (ratio(1, 4), ratio(1, 3)));
}

#[test]
fn methods_of_one_name_are_several_and_those_without_lines_have_their_own_word() {
    let (facts, _) = facts(
        r#"<class filename="a.js"><methods><method name="get" hits="1"><lines><line number="1" hits="1"/></lines></method>
           <method name="get" hits="0"><lines><line number="5" hits="0"/></lines></method>
           <method name="m" line-rate="1"/><method name="n" line-rate="0"/><method name="o" line-rate="NaN"/></methods></class>"#,
    );
    assert_eq!(facts.functions(), ratio(2, 5));
}

#[test]
fn branches_come_from_counts_or_from_jumps_and_contradictions_are_told() {
    let (facts, about) = facts(
        r#"<class filename="a"><lines><line number="1" hits="1" branch="true" condition-coverage="100% (1/2)"/>
           <line number="2" hits="1" branch="true"><conditions><condition number="0" type="jump" coverage="50%"/><condition number="1" type="jump" coverage="100%"/></conditions></line>
           <line number="3" hits="1" branch="true"/><line number="4" hits="1" branch="true" condition-coverage="150% (3/2)"/>
           <line number="5" hits="1" branch="true" condition-coverage="66% (2/3)"><conditions><condition type="jump" coverage="0%"/></conditions></line>
           <line number="6" hits="1" branch="false"/></lines></class>"#,
    );
    assert_eq!(facts.branches(), ratio(1 + 3 + 2 + 2, 2 + 4 + 2 + 3));
    insta::assert_snapshot!(about.oddities.join("\n"), @"
    lines with a `condition-coverage` whose percentage is not that of its counts: 2
    lines with branches that do not say how many were taken: 1
    ");
}

#[test]
fn declared_counts_are_compared_and_rates_that_are_no_number_are_not() {
    let xml = |root: &str| {
        format!(
            "<coverage {root}><class filename='a'><line number='1' hits='1'/><line number='2' hits='0'/></class></coverage>"
        )
    };
    let (_, about) = of_bytes(super::read, xml("line-rate='1' lines-valid='2' lines-covered='2'").as_bytes());
    let declared: Vec<_> = about.declared.iter().map(|d| (d.what, d.declared, d.counted)).collect();
    assert_eq!(declared, [("coverage.lines, all", 2, 2), ("coverage.lines, hit", 2, 1)]);
    insta::assert_snapshot!(about.oddities.join("\n"), @"2 of 2 lines are declared hit and 1 of 2 counted");
    let (_, about) = of_bytes(super::read, xml("line-rate='NaN' branch-rate='NaN'").as_bytes());
    assert_eq!(about.declared, []);
}

#[test]
fn what_is_no_evidence_is_refused_with_its_place() {
    insta::assert_snapshot!(refused(r#"<coverage><class filename="a"><line hits="1"/></class></coverage>"#), @"the attribute is missing, at `coverage[0]/class[0]/line[0]/@number`");
    insta::assert_snapshot!(refused(r#"<coverage><class filename="a"><line number="1"/></class></coverage>"#), @"the attribute is missing, at `coverage[0]/class[0]/line[0]/@hits`");
    insta::assert_snapshot!(refused(r#"<coverage><class filename="a"><line number="1" hits="many"/></class></coverage>"#), @"the attribute is no number, at `coverage[0]/class[0]/line[0]/@hits`");
    insta::assert_snapshot!(refused(r#"<coverage><class filename="a"><line number="9999999" hits="1"/></class></coverage>"#), @"line 9999999 of a source file is beyond the limit of 4000000, at `coverage[0]/class[0]/line[0]/@number`");
    insta::assert_snapshot!(refused(r#"<coverage><class><line number="1" hits="1"/></class></coverage>"#), @"the attribute is missing, at `coverage[0]/class[0]/@filename`");
    insta::assert_snapshot!(refused(r#"<coverage line-rate="1"><packages/></coverage>"#), @"no line of code is in the report, at `coverage`");
    insta::assert_snapshot!(refused(r#"<coverage line-rate="1"><packages>"#), @"the file ends inside an element: it is truncated, at `coverage[0]/packages[0]`");
    insta::assert_snapshot!(refused("<a/>"), @"the file holds no `coverage`, at `/`");
}
