//! `SonarQube`'s quality gate: the answer of `api/qualitygates/project_status`
//! (<https://docs.sonarsource.com/sonarqube-server/latest/extension-guide/web-api/>), condition by condition.
//!
//! The answer does not say which commit it is about; where it was asked by analysis, `analysisId` and `revision` (or an `analysis` object
//! with both) stand beside it. Until the first analysis is computed the status is `NONE`: that is no verdict. Only `OK` is a pass, for the
//! gate and for each condition.

use super::advisory::{commit, moment};
use super::facts::{About, AnalysisFacts, Check, Facts, Kind, Parsed, kept};
use super::json::{self, Few, Gather, List, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "sonar-gate",
    title: "SonarQube quality gate",
    kind: Kind::Analysis,
    recognise: |head: &Sniff<'_>| head.has("/projectStatus") || head.has("/errors/[]/msg"),
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    project_status: Option<Status<'a>>,
    errors: Option<Few<Message<'a>>>,
    #[serde(default)]
    revision: Text<'a>,
    analysis: Option<Analysis<'a>>,
}

#[derive(Deserialize)]
struct Analysis<'a> {
    #[serde(borrow, default)]
    revision: Text<'a>,
    #[serde(default)]
    date: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    msg: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    ignored_conditions: Option<bool>,
    conditions: Option<List<Checks>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(default)]
    metric_key: Text<'a>,
    #[serde(default)]
    comparator: Text<'a>,
    #[serde(default)]
    error_threshold: Text<'a>,
    #[serde(default)]
    actual_value: Text<'a>,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl<'de> Gather<'de> for Checks {
    type Element = Condition<'de>;

    fn gather(&mut self, _: &str, condition: Condition<'de>) -> Result<(), ReportError> {
        // The comparator says when a condition fails; people are told when it holds.
        let operator = match &*condition.comparator {
            "LT" => ">=",
            "GT" => "<=",
            "EQ" => "!=",
            "NE" => "=",
            other => other,
        };
        self.0.push(Check {
            metric: kept(&condition.metric_key),
            holds: &*condition.status == "OK",
            actual: condition.actual_value.some().map_or_else(|| "nothing measured".to_owned(), kept),
            threshold: kept(&format!("{operator} {}", &*condition.error_threshold)),
        });
        Ok(())
    }
}

/// Reads a gate's status.
///
/// # Errors
/// When it is not JSON, an error of the server, without a verdict, or the gate has no condition.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let answer: Answer<'_> = json::parse(&bytes)?;
    refused(answer.errors.as_deref())?;
    let missing = || ReportError::at("/projectStatus", "the answer has no `projectStatus`");
    let status = answer.project_status.ok_or_else(missing)?;
    let passed = passed(&status.status)?;
    let checks =
        status.conditions.map_or(Ok(Checks::default()), |list| list.0.done("/projectStatus/conditions"))?.0;
    if checks.is_empty() {
        return Err(ReportError::nothing("/projectStatus/conditions", "the gate has no condition"));
    }
    let mut about = About { tool: Some("SonarQube".to_owned()), ..About::default() };
    about.created = answer.analysis.as_ref().and_then(|analysis| moment(&analysis.date));
    let revision = answer.revision.some().or_else(|| answer.analysis.as_ref()?.revision.some());
    about.commit = revision.and_then(commit);
    if status.ignored_conditions == Some(true) {
        about.odd("conditions on too few new lines were ignored");
    }
    let broken = checks.iter().find(|check| !check.holds);
    if let Some(check) = broken.filter(|_| passed) {
        about.odd(format!(
            "the gate is `OK`, and its condition `{}` is not: it is taken for failed",
            check.metric
        ));
    }
    let passed = passed && broken.is_none();
    let facts = AnalysisFacts { passed: u64::from(passed), failed: u64::from(!passed), checks };
    Ok(Parsed { facts: Facts::Analysis(facts), about })
}

/// Whether the gate as a whole has passed.
fn passed(status: &str) -> Result<bool, ReportError> {
    const AT: &str = "/projectStatus/status";
    match status {
        "OK" => Ok(true),
        "ERROR" | "WARN" => Ok(false),
        "NONE" => Err(ReportError::unfinished(AT, "the project has no analysis yet: the status is `NONE`")),
        "" => Err(ReportError::at(AT, "the gate has no status")),
        other => {
            let words = format!("`{}` is no known status of a gate", kept(other).replace('`', "'"));
            Err(ReportError::at(AT, words))
        }
    }
}

/// What the server says instead of an answer.
pub(super) fn refused(errors: Option<&[Message<'_>]>) -> Result<(), ReportError> {
    let Some(errors) = errors else { return Ok(()) };
    let words = errors.first().and_then(|error| error.msg.some()).unwrap_or("no words");
    let words = format!("SonarQube wrote an error: `{}`", kept(words).replace('`', "'"));
    Err(ReportError::tool_failed("/errors", words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn status(word: &str, conditions: &str) -> String {
        format!(
            r#"{{"projectStatus":{{"status":"{word}","conditions":[{conditions}],"period":{{"mode":"previous_version"}}}}}}"#
        )
    }

    const HOLDS: &str = r#"{"status":"OK","metricKey":"new_coverage","comparator":"LT","periodIndex":1,"errorThreshold":"80","actualValue":"82.5"}"#;
    const BROKEN: &str = r#"{"status":"ERROR","metricKey":"new_violations","comparator":"GT","errorThreshold":"0","actualValue":"3"}"#;
    const EMPTY: &str = r#"{"status":"NONE","metricKey":"new_bugs","comparator":"GT","errorThreshold":"0"}"#;

    fn analysis(text: &str) -> (AnalysisFacts, About) {
        let parsed = read(text).unwrap();
        match parsed.facts {
            Facts::Analysis(facts) => (facts, parsed.about),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_ok_is_a_pass() {
        let counts = |word: &str, conditions: &str| {
            let (facts, _) = analysis(&status(word, conditions));
            (facts.passed, facts.failed, facts.broken())
        };
        assert_eq!(counts("OK", HOLDS), (1, 0, 0));
        assert_eq!(counts("ERROR", &format!("{HOLDS},{BROKEN}")), (0, 1, 1));
        assert_eq!(counts("WARN", HOLDS), (0, 1, 0));
        assert_eq!(
            counts("ERROR", &format!("{HOLDS},{EMPTY}")),
            (0, 1, 1),
            "what was not measured does not hold"
        );
    }

    #[test]
    fn conditions_are_told_as_they_hold() {
        let (facts, _) = analysis(&status("ERROR", &format!("{HOLDS},{BROKEN},{EMPTY}")));
        let short: Vec<String> = facts
            .checks
            .iter()
            .map(|c| format!("{} {} {} {}", c.metric, c.actual, c.threshold, c.holds))
            .collect();
        insta::assert_snapshot!(short.join("\n"), @"
        new_coverage 82.5 >= 80 true
        new_violations 3 <= 0 false
        new_bugs nothing measured <= 0 false
        ");
    }

    #[test]
    fn a_gate_that_contradicts_its_conditions_has_failed() {
        let (facts, about) = analysis(&status("OK", &format!("{HOLDS},{BROKEN}")));
        assert_eq!((facts.passed, facts.failed), (0, 1));
        insta::assert_snapshot!(about.oddities.join("\n"), @"the gate is `OK`, and its condition `new_violations` is not: it is taken for failed");
    }

    #[test]
    fn the_analysis_beside_it_gives_commit_and_time() {
        let of = |beside: &str| {
            let (_, about) = analysis(&status("OK", HOLDS).replacen('{', &format!("{{{beside},"), 1));
            (about.commit, about.created.map(|moment| moment.to_string()))
        };
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            of(&format!(r#""analysisId":"AX","revision":"{commit}""#)),
            (Some(commit.to_owned()), None)
        );
        assert_eq!(
            of(&format!(r#""analysis":{{"revision":"{commit}","date":"2026-01-31T10:00:00+0000"}}"#)),
            (Some(commit.to_owned()), Some("2026-01-31T10:00:00Z".to_owned()))
        );
    }

    #[test]
    fn what_is_no_verdict_is_no_pass() {
        insta::assert_snapshot!(read(&status("NONE", "")).unwrap_err(), @"the project has no analysis yet: the status is `NONE`, at `/projectStatus/status`");
        insta::assert_snapshot!(read(&status("OK", "")).unwrap_err(), @"the gate has no condition, at `/projectStatus/conditions`");
        insta::assert_snapshot!(read(&status("FINE", HOLDS)).unwrap_err(), @"`FINE` is no known status of a gate, at `/projectStatus/status`");
        insta::assert_snapshot!(read(&status("", HOLDS)).unwrap_err(), @"the gate has no status, at `/projectStatus/status`");
        insta::assert_snapshot!(read("{}").unwrap_err(), @"the answer has no `projectStatus`, at `/projectStatus`");
        insta::assert_snapshot!(read(r#"{"errors":[{"msg":"Project 'x' not found"}]}"#).unwrap_err(), @"SonarQube wrote an error: `Project 'x' not found`, at `/errors`");
        insta::assert_snapshot!(read(r#"{"projectStatus":{"status":"OK","cond"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 37`");
    }
}
