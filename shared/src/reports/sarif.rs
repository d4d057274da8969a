//! SARIF 2.1.0 (OASIS). `level` is usually absent: the rule's default decides, then `warning`; `security-severity` is a number or a word.
//! Results that passed, are suppressed or unchanged-absent are not findings.

use super::facts::{Facts, Finding, FindingFacts, Kind, Parsed, Severity};
use super::{Format, Input, ReportError, Sniff};
use serde_json::Value;

/// The format.
pub static FORMAT: Format = Format {
    name: "sarif",
    title: "SARIF 2.1.0",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| head.has("/runs"),
    read,
};

/// Reads a log.
///
/// # Errors
/// When it is not JSON, has no `runs`, a run has no results (`null` means the tool did not run to its end), or the tool reports failure.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let log: Value = super::json::read(input)?;
    let runs = log
        .get("runs")
        .and_then(Value::as_array)
        .ok_or_else(|| ReportError::at("/runs", "the log has no `runs`"))?;
    if runs.is_empty() {
        return Err(ReportError::at("/runs", "the log has no run"));
    }
    let mut facts = FindingFacts::default();
    for (index, run) in runs.iter().enumerate() {
        read_run(run, &format!("/runs/{index}"), &mut facts)?;
    }
    Ok(Parsed::of(Facts::Findings(facts)))
}

fn read_run(run: &Value, path: &str, facts: &mut FindingFacts) -> Result<(), ReportError> {
    let invocations = run.get("invocations").and_then(Value::as_array);
    if invocations
        .into_iter()
        .flatten()
        .any(|i| i.get("executionSuccessful").and_then(Value::as_bool) == Some(false))
    {
        return Err(ReportError::at(format!("{path}/invocations"), "the tool says that it failed"));
    }
    let results = run
        .get("results")
        .and_then(Value::as_array)
        .ok_or_else(|| ReportError::at(format!("{path}/results"), "the run has no results"))?;
    let rules = run.pointer("/tool/driver/rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    results.iter().filter(|result| is_finding(result)).for_each(|result| facts.add(finding(result, rules)));
    Ok(())
}

fn is_finding(result: &Value) -> bool {
    let word = |key: &str| result.get(key).and_then(Value::as_str);
    let suppressed = result.get("suppressions").and_then(Value::as_array).is_some_and(|list| {
        !list.is_empty()
            && list.iter().all(|s| matches!(s.get("status").and_then(Value::as_str), None | Some("accepted")))
    });
    !matches!(word("kind"), Some("pass" | "informational" | "notApplicable"))
        && word("baselineState") != Some("absent")
        && !suppressed
}

fn finding(result: &Value, rules: &[Value]) -> Finding {
    let named = result.get("ruleId").and_then(Value::as_str);
    let by_index = result
        .get("ruleIndex")
        .and_then(Value::as_u64)
        .and_then(|index| rules.get(usize::try_from(index).ok()?));
    let rule = by_index.or_else(|| rules.iter().find(|rule| rule.get("id").and_then(Value::as_str) == named));
    let id = named.or_else(|| rule?.get("id")?.as_str()).unwrap_or("rule without id");
    let file = result
        .pointer("/locations/0/physicalLocation/artifactLocation/uri")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let line = result.pointer("/locations/0/physicalLocation/region/startLine").and_then(Value::as_u64);
    Finding {
        location: line.map(|line| format!("line {line}")).unwrap_or_default(),
        title: super::facts::kept(
            result.pointer("/message/text").and_then(Value::as_str).unwrap_or_default(),
        ),
        ..Finding::new(id, file, severity(result, rule))
    }
}

fn severity(result: &Value, rule: Option<&Value>) -> Severity {
    let scored = rule.and_then(|rule| rule.pointer("/properties/security-severity"));
    if let Some(score) = scored.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok())) {
        return Severity::from_score(score);
    }
    if let Some(word) = scored.and_then(Value::as_str) {
        return Severity::from_word(word);
    }
    let level = result.get("level").and_then(Value::as_str);
    let level = level.or_else(|| rule?.pointer("/defaultConfiguration/level")?.as_str()).unwrap_or("warning");
    Severity::from_word(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(bytes)?)
    }

    #[test]
    fn severity_comes_from_the_rule_and_passed_or_suppressed_results_do_not_count() {
        let json = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"rules":[{"id":"A","properties":{"security-severity":"9.1"}},
            {"id":"B","defaultConfiguration":{"level":"error"}},{"id":"C","properties":{"security-severity":"MEDIUM"}}]}},
            "results":[{"ruleId":"A","message":{"text":"x"}},{"ruleIndex":1},{"ruleId":"C"},{"ruleId":"D"},{"ruleId":"A","kind":"pass"},
            {"ruleId":"B","suppressions":[{"kind":"inSource"}]}]}]}"#;
        let Ok(Facts::Findings(facts)) = read(json.as_bytes()).map(|parsed| parsed.facts) else {
            panic!("unreadable")
        };
        let counts =
            [Severity::Critical, Severity::High, Severity::Medium].map(|severity| facts.count(severity));
        assert_eq!(counts, [1, 1, 2]);
    }

    #[test]
    fn a_run_without_results_or_a_failed_tool_is_no_clean_scan() {
        insta::assert_snapshot!(read(br#"{"runs":[{"results":null}]}"#).unwrap_err(), @"the run has no results, at `/runs/0/results`");
        insta::assert_snapshot!(read(br#"{"runs":[{"invocations":[{"executionSuccessful":false}],"results":[]}]}"#).unwrap_err(), @"the tool says that it failed, at `/runs/0/invocations`");
        insta::assert_snapshot!(read(br#"{"runs":[]}"#).unwrap_err(), @"the log has no run, at `/runs`");
    }
}
