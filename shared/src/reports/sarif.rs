//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
//!
//! `level` is usually absent: the rule's default decides, then `warning`. A rule's `security-severity` goes before both, and is a number or
//! a word. The rule is the driver's or an extension's, named by index, by guid or by id, and may come behind the results in the file. A
//! result that passed, is suppressed or is absent from its baseline is no finding. A run whose `results` are `null` or missing did not come
//! to its end, and a tool that says that it failed is not believed: neither is a clean scan. A result with several locations is one finding.
//!
//! Must not: use fingerprints of the file as identity: every tool has its own, and none says what is in it.

mod log;
mod results;

use super::advisory::{commit, moment, tool};
use super::facts::{About, Facts, Finding, FindingFacts, Kind, Parsed, Severity, kept};
use super::json;
use super::{Format, Input, ReportError, Sniff};
use log::{Component, Invocation, Log, Rule, Run, Tool};
use results::{Artifacts, Found};
use std::collections::HashMap;

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
/// When it is not JSON or of another version, has no `runs`, a run has no results (the tool did not run to its end), or the tool reports
/// failure.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let log: Log<'_> = json::parse(&bytes)?;
    if log.version.some().is_some_and(|version| !version.starts_with("2.1.0")) {
        let words = format!("the version is `{}`, 2.1.0 is read", kept(&log.version));
        return Err(ReportError::at("/version", words));
    }
    let runs = log.runs.ok_or_else(|| ReportError::at("/runs", "the log has no `runs`"))?;
    if runs.0.len() == 0 {
        return Err(ReportError::nothing("/runs", "the log has no run"));
    }
    let all = runs.0.done("/runs")?;
    Ok(Parsed { facts: Facts::Findings(all.facts), about: all.about })
}

/// What all runs say.
#[derive(Default)]
struct Runs {
    facts: FindingFacts,
    about: About,
}

impl<'de> json::Gather<'de> for Runs {
    type Element = Run<'de>;

    fn gather(&mut self, _: &str, run: Run<'de>) -> Result<(), ReportError> {
        self.about(&run)?;
        let missing =
            || ReportError::unfinished("/results", "the run has no results: the tool did not run to its end");
        let results = run.results.ok_or_else(missing)?;
        if results.0.len() == 0 {
            not_blind(run.invocations.as_ref())?;
        }
        let results = results.0.done("/results")?;
        let artifacts = run.artifacts.map_or(Ok(Artifacts::default()), |list| list.0.done("/artifacts"))?;
        let components = components(run.tool)?;
        let rules = Rules::of(&components);
        for found in results.0 {
            self.facts.add(finished(found, &rules, &artifacts.0));
        }
        Ok(())
    }
}

/// A tool that could read nothing (bandit, of files with syntax errors) says that it succeeded, and finds nothing.
fn not_blind(invocations: Option<&json::Few<Invocation<'_>>>) -> Result<(), ReportError> {
    match invocations.into_iter().flatten().find_map(|invocation| invocation.errors().next()) {
        Some(words) => {
            let words = format!("the tool found nothing and reports an error: `{words}`");
            Err(ReportError::tool_failed("/invocations", words))
        }
        None => Ok(()),
    }
}

impl Runs {
    /// Takes what the run says about itself.
    fn about(&mut self, run: &Run<'_>) -> Result<(), ReportError> {
        if let Some(driver) = run.tool.as_ref().map(|tool| &tool.driver) {
            let version = driver.semantic_version.some().unwrap_or(&driver.version);
            self.about.tool = match (self.about.tool.take(), tool(&driver.name, version)) {
                (Some(known), Some(tool)) if known != tool => Some(kept(&format!("{known}; {tool}"))),
                (known, tool) => known.or(tool),
            };
        }
        for (index, invocation) in run.invocations.iter().flatten().enumerate() {
            if invocation.execution_successful == Some(false) {
                let said = invocation.said().map(|words| format!(": `{words}`")).unwrap_or_default();
                let at = format!("/invocations/{index}/executionSuccessful");
                return Err(ReportError::tool_failed(at, format!("the tool says that it failed{said}")));
            }
            for words in invocation.errors() {
                self.about.odd(format!("the tool reports an error: {words}"));
            }
            self.about.created = self.about.created.max(moment(&invocation.end_time_utc));
        }
        let revisions = run.version_control_provenance.iter().flatten();
        let revision = revisions.filter_map(|control| commit(&control.revision_id)).next();
        if let (Some(one), Some(other)) = (&self.about.commit, &revision)
            && one != other
        {
            self.about.odd(format!("the runs looked at two commits: `{one}` and `{other}`"));
        }
        self.about.commit = self.about.commit.take().or(revision);
        Ok(())
    }
}

/// A part of the tool, and its rules.
type Part<'a> = (Component<'a>, Vec<Rule<'a>>);

/// The driver, then the extensions.
fn components(tool: Option<Tool<'_>>) -> Result<Vec<Part<'_>>, ReportError> {
    let tool = tool.unwrap_or_default();
    let extensions =
        tool.extensions.map_or(Ok(log::Extensions::default()), |e| e.0.done("/tool/extensions"))?;
    std::iter::once(tool.driver)
        .chain(extensions.0)
        .map(|mut component| {
            let rules = component.rules().map_err(|error| error.under("/tool"))?;
            Ok((component, rules))
        })
        .collect()
}

/// The rules of a run, by everything that a result may name them by.
struct Rules<'r, 'a> {
    components: &'r [Part<'a>],
    guids: HashMap<&'r str, usize>,
    by_guid: HashMap<&'r str, &'r Rule<'a>>,
    by_id: HashMap<&'r str, &'r Rule<'a>>,
}

impl<'r, 'a> Rules<'r, 'a> {
    fn of(components: &'r [Part<'a>]) -> Self {
        let mut rules =
            Self { components, guids: HashMap::new(), by_guid: HashMap::new(), by_id: HashMap::new() };
        for (index, (component, list)) in components.iter().enumerate() {
            if let Some(guid) = component.guid.some() {
                rules.guids.insert(guid, index);
            }
            for rule in list {
                rules.by_id.entry(&rule.id).or_insert(rule);
                if let Some(guid) = rule.guid.some() {
                    rules.by_guid.insert(guid, rule);
                }
            }
        }
        rules
    }

    /// The rule of a result: by index when the rule there has the same id, then by guid, then by id. The part of an id behind a `/` may be
    /// of the result alone.
    fn find(&self, found: &Found<'_>) -> Option<&'r Rule<'a>> {
        let id = &*found.rule_id;
        let component = match (found.component_index, found.component_guid.some()) {
            (Some(index), _) => Some(index + 1),
            (None, Some(guid)) => self.guids.get(guid).copied(),
            (None, None) => Some(0),
        };
        let is_it = |rule: &&Rule<'_>| {
            let rest = id.strip_prefix(&*rule.id);
            id.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let by_index = || self.components.get(component?)?.1.get(found.rule_index?).filter(is_it);
        let by_guid = || self.by_guid.get(found.rule_guid.some()?).copied();
        let by_id = || self.by_id.get(id).or_else(|| self.by_id.get(id.rsplit_once('/')?.0)).copied();
        by_index().or_else(by_guid).or_else(by_id)
    }
}

/// A result with what its rule says.
fn finished(found: Found<'_>, rules: &Rules<'_, '_>, artifacts: &[String]) -> Finding {
    let rule = rules.find(&found);
    let severity = severity(&found, rule);
    let mut finding = found.finding;
    finding.severity = severity;
    if finding.id.is_empty() {
        finding.id = rule.and_then(|rule| rule.id.some()).map_or_else(|| "rule without id".to_owned(), kept);
    }
    if finding.component.is_empty()
        && let Some(path) = found.artifact.and_then(|index| artifacts.get(index))
    {
        finding.component.clone_from(path);
    }
    finding
}

/// The score or word of the result, or of its rule; then the level of the result, of its rule, and `warning`.
fn severity(found: &Found<'_>, rule: Option<&Rule<'_>>) -> Severity {
    let scored = found.scored.some().or_else(|| rule?.properties.as_ref()?.security_severity.some());
    let scored =
        scored.map(|text| text.parse().map_or_else(|_| Severity::from_word(text), Severity::from_score));
    if let Some(severity) = scored.filter(|severity| *severity != Severity::Unknown) {
        return severity;
    }
    let default = || rule?.default_configuration.as_ref()?.level.some();
    Severity::from_word(found.level.some().or_else(default).unwrap_or("warning"))
}

#[cfg(test)]
mod tests;
