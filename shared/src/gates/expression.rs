//! Conditions in CEL, where the gate was built with the cargo feature `cel` (ADR 0014). Any error of the evaluation fails the condition.
//!
//! An expression sees `sources`, by name; of each its metrics by group (`sources.unit.tests.failed`), of scans `list` with `id`, `component`,
//! `version`, `severity` and `fix` of each finding that counts; of a source that is judged by artifact these by artifact; and `branch`,
//! `stage` and `commit`. What has no evidence is not there, so that naming it is an error.
//! Language: <https://github.com/google/cel-spec/blob/master/doc/langdef.md>

use super::evidence::{Asked, Evidence};
use super::judge::blank;
use super::policy::Condition;
use super::verdict::{Judged, Outcome};

/// Judges an expression.
#[cfg(not(feature = "cel"))]
pub(super) fn judge(condition: &Condition, _: &str, _: &str, _: &[Evidence<'_>], _: &Asked<'_>) -> Judged {
    let message = format!("`{}` cannot be judged: `expr` is not built into this gate", condition.id);
    Judged { message, ..blank(condition, Outcome::Error) }
}

#[cfg(feature = "cel")]
pub(super) use built_in::judge;
#[cfg(feature = "cel")]
pub(super) use built_in::problem;

#[cfg(feature = "cel")]
mod built_in {
    use super::super::metric::{METRICS, Metric};
    use super::super::policy::On;
    use super::{Asked, Condition, Evidence, Judged, Outcome, blank};
    use crate::reports::Facts;
    use cel::{Context, Program, Value};
    use serde_json::{Map, json};

    /// Why a text is no expression.
    pub(in crate::gates) fn problem(text: &str) -> Option<String> {
        let errors = Program::compile(text).err()?;
        Some(one_line(&errors.to_string()))
    }

    /// Judges an expression.
    pub(in crate::gates) fn judge(
        condition: &Condition,
        text: &str,
        message: &str,
        evidence: &[Evidence<'_>],
        asked: &Asked<'_>,
    ) -> Judged {
        let id = &condition.id;
        let (outcome, message) = match run(text, evidence, asked) {
            Ok(true) => (Outcome::Pass, format!("`{id}` holds: {text}")),
            Ok(false) => {
                let outcome = match condition.on {
                    On::Fail => Outcome::Fail,
                    On::Warn => Outcome::Warn,
                };
                (outcome, format!("`{id}` does not hold: {message}"))
            }
            Err(words) => (Outcome::Error, format!("`{id}` cannot be judged: {words}")),
        };
        Judged { message, ..blank(condition, outcome) }
    }

    fn run(text: &str, evidence: &[Evidence<'_>], asked: &Asked<'_>) -> Result<bool, String> {
        let program = Program::compile(text).map_err(|errors| one_line(&errors.to_string()))?;
        let mut context = Context::default();
        let variables = [
            ("sources", sources(evidence)),
            ("branch", json!(asked.branch.unwrap_or_default())),
            ("stage", json!(asked.stage.unwrap_or_default())),
            ("commit", json!(asked.commit.unwrap_or_default())),
        ];
        for (name, value) in variables {
            context.add_variable(name, value).map_err(|error| one_line(&error.to_string()))?;
        }
        match program.execute(&context).map_err(|error| one_line(&error.to_string()))? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("the expression is a {:?} and neither true nor false", other.type_of())),
        }
    }

    fn sources(evidence: &[Evidence<'_>]) -> serde_json::Value {
        let mut sources = Map::new();
        for part in evidence {
            let Ok(facts) = part.facts(None) else { continue };
            match part.artifact {
                None => {
                    sources.insert(part.source.to_owned(), figures(&facts));
                }
                Some(artifact) => {
                    let by_artifact = sources.entry(part.source).or_insert_with(|| json!({}));
                    if let Some(artifacts) = by_artifact.as_object_mut() {
                        artifacts.insert(artifact.to_owned(), figures(&facts));
                    }
                }
            }
        }
        serde_json::Value::Object(sources)
    }

    /// `{"tests": {"failed": 0.0, …}}`: all figures are doubles, as thresholds of conditions are.
    fn figures(facts: &Facts) -> serde_json::Value {
        let mut groups = Map::new();
        for described in &METRICS {
            let metric = Metric::try_from(described.name.to_owned()).ok();
            let measured = metric.and_then(|metric| metric.measure(facts, None));
            let (Some(measured), Some((group, name))) = (measured, described.name.split_once('.')) else {
                continue;
            };
            if let Some(group) = groups.entry(group).or_insert_with(|| json!({})).as_object_mut() {
                group.insert(name.to_owned(), json!(measured.value()));
            }
        }
        if let Facts::Findings(findings) = facts {
            let list = findings.findings.iter().map(|f| {
                json!({"id": f.id, "component": f.component, "version": f.version, "severity": f.severity.word(), "fix": f.fix})
            });
            groups.insert("list".to_owned(), list.collect());
        }
        serde_json::Value::Object(groups)
    }

    fn one_line(text: &str) -> String {
        crate::text::plain(text.trim())
    }
}
