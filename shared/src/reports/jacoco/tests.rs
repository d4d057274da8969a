use super::*;
use crate::reports::facts::CoverageFacts;
use crate::reports::totals::of_bytes;

const DOCTYPE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">"#;

fn facts(inside: &str) -> (CoverageFacts, About) {
    of_bytes(super::read, format!("{DOCTYPE}<report name=\"r\">{inside}</report>").as_bytes())
}

fn refused(inside: &str) -> ReportError {
    let xml = format!("<report name=\"r\">{inside}</report>");
    Input::of_bytes(xml.as_bytes()).and_then(super::read).unwrap_err()
}

fn ratio(hit: u64, total: u64) -> Ratio {
    Ratio { hit, total }
}

/// A package of one class with two methods and three lines.
const PACKAGE: &str = r#"<package name="com/acme"><class name="com/acme/A" sourcefilename="A.java"><method name="f" desc="()V" line="1"><counter type="LINE" missed="0" covered="2"/>
    <counter type="METHOD" missed="0" covered="1"/></method><counter type="LINE" missed="1" covered="2"/><counter type="METHOD" missed="1" covered="1"/></class>
    <sourcefile name="A.java"><line nr="1" mi="0" ci="3" mb="0" cb="0"/><line nr="2" mi="1" ci="1" mb="1" cb="1"/><line nr="5" mi="4" ci="0" mb="2" cb="0"/>
    <counter type="LINE" missed="1" covered="2"/></sourcefile><counter type="LINE" missed="1" covered="2"/><counter type="METHOD" missed="1" covered="1"/></package>"#;

#[test]
fn counters_of_five_levels_count_once() {
    let (facts, about) = facts(&format!(
        "<sessioninfo id=\"h\" start=\"1700000000000\" dump=\"1700000001500\"/>{PACKAGE}\
         <counter type=\"LINE\" missed=\"1\" covered=\"2\"/><counter type=\"BRANCH\" missed=\"3\" covered=\"1\"/><counter type=\"METHOD\" missed=\"1\" covered=\"1\"/>"
    ));
    assert_eq!((facts.lines(), facts.branches(), facts.functions()), (ratio(2, 3), ratio(1, 4), ratio(1, 2)));
    assert_eq!(facts.files[0].path, "com/acme/A.java");
    assert!(about.declared.iter().all(|declared| declared.declared == declared.counted));
    assert_eq!(
        (about.declared.len(), about.created.map(crate::model::Timestamp::millis)),
        (6, Some(1_700_000_001_500))
    );
}

#[test]
fn modules_with_files_of_one_path_have_two_files_and_one_module_has_one() {
    let (apart, _) = facts(&format!(
        "<group name=\"g\"><group name=\"a\">{PACKAGE}</group><group name=\"b\">{PACKAGE}</group></group>"
    ));
    assert_eq!((apart.files.len(), apart.lines(), apart.functions()), (2, ratio(4, 6), ratio(2, 4)));
    let (again, _) =
        facts(&format!("<group name=\"a\">{PACKAGE}</group><group name=\"a\">{PACKAGE}</group>"));
    assert_eq!((again.files.len(), again.lines(), again.functions()), (1, ratio(2, 3), ratio(1, 2)));
}

#[test]
fn classes_without_a_source_file_are_told_of() {
    let (facts, about) = facts(&format!(
        "{PACKAGE}<package name=\"p\"><class name=\"p/B\"><counter type=\"METHOD\" missed=\"1\" covered=\"0\"/></class></package>"
    ));
    assert_eq!((facts.functions(), facts.file_count()), (ratio(1, 3), 1));
    insta::assert_snapshot!(about.oddities.join("\n"), @"classes without a source file, whose lines are unknown: 1");
}

#[test]
fn what_is_no_evidence_is_refused_with_its_place() {
    let source = |line: &str| {
        refused(&format!("<package name='p'><sourcefile name='A'>{line}</sourcefile></package>"))
    };
    insta::assert_snapshot!(source("<line nr='1' mi='1' mb='0' cb='0'/>"), @"the attribute is missing, at `report[0]/package[0]/sourcefile[0]/line[0]/@ci`");
    insta::assert_snapshot!(source("<line nr='x' ci='1'/>"), @"the attribute is no number, at `report[0]/package[0]/sourcefile[0]/line[0]/@nr`");
    insta::assert_snapshot!(source("<line nr='5000000' ci='1'/>"), @"line 5000000 of a source file is beyond the limit of 4000000, at `report[0]/package[0]/sourcefile[0]/line[0]/@nr`");
    insta::assert_snapshot!(source("<line nr='5' ci='1' mb='9999999' cb='1'/>"), @"a line with 10000000 branches, at `report[0]/package[0]/sourcefile[0]/line[0]`");
    insta::assert_snapshot!(refused("<package/>"), @"the attribute is missing, at `report[0]/package[0]/@name`");
    insta::assert_snapshot!(refused("<counter type='LINE' missed='0' covered='7'/>"), @"no line of code is in the report, at `report`");
    insta::assert_snapshot!(refused("<group name='a'>"), @"the XML is broken: ill-formed document: expected `</group>`, but `</report>` was found, at `report[0]/group[0]`");
}
