use super::*;
use crate::reports::facts::CoverageFacts;
use crate::reports::totals::of_bytes;

fn facts(project: &str) -> (CoverageFacts, About) {
    let xml = format!(
        "<coverage generated=\"1700000000\"><project timestamp=\"1700000000\">{project}</project></coverage>"
    );
    of_bytes(super::read, xml.as_bytes())
}

fn refused(file: &str) -> ReportError {
    let xml = format!("<coverage><project><file name='a'>{file}</file></project></coverage>");
    Input::of_bytes(xml.as_bytes()).and_then(super::read).unwrap_err()
}

fn ratio(hit: u64, total: u64) -> Ratio {
    Ratio { hit, total }
}

#[test]
fn istanbuls_conditions_count_branches_and_its_statements_are_lines() {
    let (facts, about) = facts(
        r#"<metrics statements="3" coveredstatements="2" conditionals="3" coveredconditionals="1" methods="0" coveredmethods="0"/>
           <package name="src"><metrics statements="99"/><file name="a.js" path="/x/src/a.js"><metrics statements="3"/><line num="1" count="4" type="stmt"/>
           <line num="2" count="1" type="cond" truecount="1" falsecount="2"/><line num="3" count="0" type="stmt"/></file></package>"#,
    );
    assert_eq!((facts.lines(), facts.branches()), (ratio(2, 3), ratio(1, 3)));
    assert_eq!(facts.files[0].path, "/x/src/a.js");
    assert!(about.declared.iter().all(|declared| declared.declared == declared.counted));
    assert_eq!(about.created.map(|at| at.to_string()).as_deref(), Some("2023-11-14T22:13:20Z"));
}

#[test]
fn phpunits_methods_are_functions_and_no_lines() {
    let (facts, _) = facts(
        r#"<package name="Acme"><file name="/x/A.php"><class name="A"/><line num="5" type="method" name="f" visibility="public" complexity="1" crap="1" count="1"/>
           <line num="6" type="stmt" count="1"/><line num="9" type="method" name="g" count="0"/><line num="10" type="stmt" count="0"/></file></package>"#,
    );
    assert_eq!((facts.lines(), facts.functions(), facts.file_count()), (ratio(1, 2), ratio(1, 2), 1));
}

#[test]
fn openclovers_conditions_go_two_ways_and_the_tests_own_code_does_not_count() {
    let (facts, _) = facts(
        r#"<file name="A.java" path="/x/A.java"><line num="3" type="cond" truecount="0" falsecount="7"/><line num="4" type="cond" truecount="0" falsecount="0"/>
           <line num="4" type="stmt" count="0"/></file></project><testproject><file name="T.java"><line num="1" type="stmt" count="1"/></file></testproject><project>"#,
    );
    assert_eq!((facts.lines(), facts.branches(), facts.files.len()), (ratio(1, 2), ratio(1, 4), 1));
}

#[test]
fn a_file_named_twice_is_one_file_and_an_unknown_type_is_code() {
    let file = |lines: &str| format!("<file name='a'>{lines}</file>");
    let (facts, _) = facts(
        &(file("<line num='1' type='stmt' count='0'/>")
            + &file("<line num='1' type='stmt' count='2'/><line num='2' type='new' count='0'/>")),
    );
    assert_eq!((facts.lines(), facts.files.len()), (ratio(1, 2), 1));
}

#[test]
fn what_is_no_evidence_is_refused_with_its_place() {
    insta::assert_snapshot!(refused("<line type='stmt' count='1'/>"), @"the attribute is missing, at `coverage[0]/project[0]/file[0]/line[0]/@num`");
    insta::assert_snapshot!(refused("<line num='1' type='stmt'/>"), @"the attribute is missing, at `coverage[0]/project[0]/file[0]/line[0]/@count`");
    insta::assert_snapshot!(refused("<line num='1' type='stmt' count='x'/>"), @"the attribute is no number, at `coverage[0]/project[0]/file[0]/line[0]/@count`");
    insta::assert_snapshot!(refused("<line num='1' type='cond' truecount='1'/>"), @"the attribute is missing, at `coverage[0]/project[0]/file[0]/line[0]/@falsecount`");
    insta::assert_snapshot!(refused("<line num='5000000' type='stmt' count='1'/>"), @"line 5000000 of a source file is beyond the limit of 4000000, at `coverage[0]/project[0]/file[0]/line[0]/@num`");
    insta::assert_snapshot!(refused("<line num='1' type='method' name='f' count='1'/>"), @"no line of code is in the report, at `coverage/project`");
    insta::assert_snapshot!(refused("<line num='1' type='stmt' count='1'>"), @"the XML is broken: ill-formed document: expected `</line>`, but `</file>` was found, at `coverage[0]/project[0]/file[0]/line[0]`");
}
