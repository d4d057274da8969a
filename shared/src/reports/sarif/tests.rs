use super::*;

fn read(text: &str) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(text.as_bytes())?)
}

fn facts(text: &str) -> FindingFacts {
    match read(text).unwrap().facts {
        Facts::Findings(facts) => facts,
        other => panic!("{other:?}"),
    }
}

fn run(tool: &str, results: &str) -> String {
    format!(r#"{{"version":"2.1.0","runs":[{{"results":[{results}],"tool":{tool}}}]}}"#)
}

fn severities(facts: &FindingFacts) -> Vec<String> {
    facts.findings.iter().map(|finding| format!("{} {}", finding.id, finding.severity.word())).collect()
}

#[test]
fn severity_comes_from_the_rule_and_passed_or_suppressed_results_do_not_count() {
    let facts = facts(&run(
        r#"{"driver":{"rules":[{"id":"A","properties":{"security-severity":"9.1"}},{"id":"B","defaultConfiguration":{"level":"error"}},
            {"id":"C","properties":{"security-severity":"MEDIUM"}},{"id":"E","properties":{"security-severity":7.0}},
            {"id":"F","defaultConfiguration":{"level":"error"},"properties":{"security-severity":"who knows"}}]}}"#,
        r#"{"ruleId":"A","message":{"text":"x"}},{"ruleIndex":1},{"ruleId":"C"},{"ruleId":"D"},{"ruleId":"A","kind":"pass"},
            {"ruleId":"B","suppressions":[{"kind":"inSource"}]},{"ruleId":"E"},{"ruleId":"F"},{"ruleId":"D","level":"note","message":{}, "locations":[{}]}"#,
    ));
    insta::assert_snapshot!(severities(&facts).join("\n"), @"
    A critical
    B high
    C medium
    D medium
    E high
    F high
    ");
    assert_eq!(facts.suppressed.len(), 1);
}

#[test]
fn rules_of_extensions_are_found_by_index_by_guid_and_by_id() {
    let facts = facts(&run(
        r#"{"driver":{"rules":[{"id":"own","defaultConfiguration":{"level":"note"}}]},"extensions":[
            {"guid":"g0","rules":[{"id":"zero","guid":"r0","defaultConfiguration":{"level":"error"}}]},
            {"guid":"g1","rules":[{"id":"one","defaultConfiguration":{"level":"none"}}]}]}"#,
        r#"{"ruleIndex":0},{"rule":{"index":0,"toolComponent":{"index":0}}},{"rule":{"index":0,"toolComponent":{"guid":"g1"}}},
            {"rule":{"guid":"r0","index":5},"locations":[{"physicalLocation":{"region":{"startLine":3}}}]},{"ruleId":"one/two"},
            {"ruleId":"zero","ruleIndex":0,"locations":[{"logicalLocations":[{"fullyQualifiedName":"pkg"}]}]},{"rule":{"index":9,"toolComponent":{"guid":"nobody"}}}"#,
    ));
    insta::assert_snapshot!(severities(&facts).join("\n"), @"
    own low
    zero high
    one info
    zero high
    one/two info
    zero high
    rule without id medium
    ");
}

#[test]
fn what_decides_whether_a_result_counts() {
    let facts = facts(&run(
        "{}",
        r#"{"ruleId":"1","baselineState":"absent"},{"ruleId":"2","baselineState":"unchanged"},{"ruleId":"3","baselineState":"new"},
            {"ruleId":"4","kind":"informational"},{"ruleId":"5","kind":"notApplicable"},{"ruleId":"6","kind":"open"},{"ruleId":"7","kind":"review"},
            {"ruleId":"8","suppressions":[]},{"ruleId":"9","suppressions":[{"kind":"external","status":"rejected"}]},
            {"ruleId":"10","suppressions":[{"kind":"external","status":"accepted"},{"kind":"inSource","status":"underReview"}]},
            {"ruleId":"11","suppressions":[{"kind":"external","status":"accepted","justification":"no input reaches it"}]}"#,
    ));
    let counted: Vec<&str> = facts.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(counted, ["2", "3", "6", "7", "8", "9", "10"]);
    assert_eq!(facts.suppressed[0].suppressed.as_deref(), Some("no input reaches it"));
}

#[test]
fn several_locations_are_one_finding_and_artifacts_are_found_by_index() {
    let facts = facts(
        r#"{"runs":[{"results":[{"ruleId":"A","locations":[{"physicalLocation":{"artifactLocation":{"index":1},"region":{"startLine":7}}},{},{}]},
            {"ruleId":"A","locations":[{"physicalLocation":{"artifactLocation":{"uri":"file:///src/b.js"},"region":{"startLine":7}}}]}],
            "artifacts":[{"location":{"uri":"./a.js"}},{"location":{"uri":"./b.js"}}]}]}"#,
    );
    let short: Vec<String> =
        facts.findings.iter().map(|f| format!("{} {} x{}", f.component, f.location, f.occurrences)).collect();
    assert_eq!(short, ["b.js line 7 x3", "/src/b.js line 7 x1"]);
}

#[test]
fn what_the_log_says_about_itself_is_kept() {
    let parsed = read(
        r#"{"runs":[{"tool":{"driver":{"name":"A","semanticVersion":"1.2.0","version":"1"}},"versionControlProvenance":[{"revisionId":"0123456789abcdef0123456789abcdef01234567"}],
            "invocations":[{"executionSuccessful":true,"endTimeUtc":"2026-01-31T10:00:00Z","toolExecutionNotifications":[{"level":"error","message":{"text":"a.py cannot be read"}},{"level":"note"}]}],"results":[{"ruleId":"x"}]},
            {"tool":{"driver":{"name":"B"}},"invocations":[{"executionSuccessful":true,"endTimeUtc":"2026-01-31T11:00:00Z"}],"versionControlProvenance":[{"revisionId":"fedcba9876543210"}],"results":[]}]}"#,
    )
    .unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&parsed.about).unwrap(), @r#"
    {
      "tool": "A 1.2.0; B",
      "commit": "0123456789abcdef0123456789abcdef01234567",
      "created": "2026-01-31T11:00:00Z",
      "oddities": [
        "the tool reports an error: a.py cannot be read",
        "the runs looked at two commits: `0123456789abcdef0123456789abcdef01234567` and `fedcba9876543210`"
      ]
    }
    "#);
}

#[test]
fn a_run_without_results_or_a_failed_tool_is_no_clean_scan() {
    assert_eq!(facts(&run("{}", "")).total(), 0, "a clean scan is evidence");
    insta::assert_snapshot!(read(r#"{"runs":[{"results":null}]}"#).unwrap_err(), @"the run has no results: the tool did not run to its end, at `/runs/0/results`");
    insta::assert_snapshot!(read(r#"{"runs":[{"results":[]},{"tool":{}}]}"#).unwrap_err(), @"the run has no results: the tool did not run to its end, at `/runs/1/results`");
    insta::assert_snapshot!(read(r#"{"runs":[{"invocations":[{"executionSuccessful":false}],"results":[]}]}"#).unwrap_err(), @"the tool says that it failed, at `/runs/0/invocations/0/executionSuccessful`");
    insta::assert_snapshot!(read(r#"{"runs":[{"invocations":[{"executionSuccessful":false,"toolExecutionNotifications":[{"level":"error","message":{"text":"out of `memory`"}}]}],"results":[]}]}"#).unwrap_err(), @"the tool says that it failed: `out of 'memory'`, at `/runs/0/invocations/0/executionSuccessful`");
    insta::assert_snapshot!(read(r#"{"runs":[{"invocations":[{"executionSuccessful":true,"toolConfigurationNotifications":[{"level":"error","message":{"text":"syntax error"}}]}],"results":[]}]}"#).unwrap_err(), @"the tool found nothing and reports an error: `syntax error`, at `/runs/0/invocations`");
    insta::assert_snapshot!(read(r#"{"runs":[]}"#).unwrap_err(), @"the log has no run, at `/runs`");
    insta::assert_snapshot!(read(r#"{"runs":null}"#).unwrap_err(), @"the log has no `runs`, at `/runs`");
    insta::assert_snapshot!(read(r#"{"version":"2.0.0-csd.2.beta.2018-10-10","runs":[{"results":[]}]}"#).unwrap_err(), @"the version is `2.0.0-csd.2.beta.2018-10-10`, 2.1.0 is read, at `/version`");
    insta::assert_snapshot!(read(r#"{"runs":[{"results":[{"ruleId":"A"},"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 36`");
    insta::assert_snapshot!(read(r#"{"runs":[{"results":[{"ruleId":"A"},{"locations":5}]}]}"#).unwrap_err(), @"the JSON has another shape than the format: invalid type: integer '5', expected a list, at `line 1 column 50`");
    insta::assert_snapshot!(read(r#"{"runs":{"results":[]}}"#).unwrap_err(), @"the JSON has another shape than the format: invalid type: map, expected a list, at `line 1 column 9`");
}
