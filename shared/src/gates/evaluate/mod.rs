//! Policy and evidence in, verdict out, and what the gate will remember of it.

mod absent;
mod offenders;
mod remember;

use crate::gates::evidence::{Absent, Asked, Evidence, Report, collect};
use crate::gates::excuse::Excuses;
use crate::gates::history::{History, Snapshot, key};
use crate::gates::judge::{judge, lines_by_file};
use crate::gates::metric::Measured;
use crate::gates::patch::{Patch, at_least_changed, patch};
use crate::gates::policy::{Condition, Measure, Policy, Rule};
use crate::gates::verdict::{Judged, NotJudged, Outcome, Verdict};
use crate::reports::Facts;
use crate::reports::facts::VexFacts;
use absent::{absent, of_source, unmeasured, without_evidence};
use offenders::offenders;
use remember::remember;
use std::collections::BTreeMap;

/// Names kept for a condition's message.
const KEPT_NAMES: usize = 20;

/// What came out.
#[derive(Debug)]
pub struct Evaluated {
    /// The verdict.
    pub verdict: Verdict,
    /// What is to be remembered from now on.
    pub history: History,
}

/// Judges every condition on the reports.
#[must_use]
pub fn evaluate(policy: &Policy, asked: &Asked<'_>, reports: &[Report], history: &History) -> Evaluated {
    let mut looked = Vec::new();
    let evidence = collect(policy, asked, reports, history, &mut looked);
    let (vex, broken_vex) = vex(policy, &evidence);
    let mut gate = Gate {
        policy,
        asked,
        history,
        evidence: &evidence,
        excuses: Excuses::new(policy, &vex, asked.now),
        conditions: Vec::new(),
        not_judged: Vec::new(),
        marks: Vec::new(),
        notes: Vec::new(),
    };
    policy.conditions.iter().for_each(|condition| gate.condition(condition));
    gate.conditions.extend(broken_vex);
    gate.required_sources();
    gate.fewer_files();
    let (verdict, marks) = gate.verdict(looked);
    let history = remember(policy, asked, &verdict, &evidence, history, marks);
    Evaluated { verdict, history }
}

/// The VEX documents; one that cannot be read is an error of its own, for a finding could be excused by it.
fn vex(policy: &Policy, evidence: &[Evidence<'_>]) -> (Vec<(usize, VexFacts)>, Vec<Judged>) {
    let (mut documents, mut broken) = (Vec::new(), Vec::new());
    for (index, used) in policy.vex.iter().enumerate() {
        for part in evidence.iter().filter(|part| part.source == used.source) {
            match part.facts(None) {
                Ok(Facts::Vex(facts)) => documents.push((index, facts)),
                Ok(other) => {
                    broken.push(without_evidence(part, &format!("it is {} and no VEX", other.kind().word())))
                }
                // No document excuses nothing.
                Err(Absent::Missing(_)) => {}
                Err(absent @ (Absent::Broken(_) | Absent::Pending(_))) => {
                    broken.push(without_evidence(part, absent.words()));
                }
            }
        }
    }
    (documents, broken)
}

struct Gate<'a> {
    policy: &'a Policy,
    asked: &'a Asked<'a>,
    history: &'a History,
    evidence: &'a [Evidence<'a>],
    excuses: Excuses<'a>,
    conditions: Vec<Judged>,
    not_judged: Vec<NotJudged>,
    /// Figures that become the baseline if the gate passes.
    marks: Vec<(String, Snapshot, bool)>,
    notes: Vec<String>,
}

/// What comes of one condition on one piece of evidence.
enum Step {
    Judged(Box<Judged>),
    Skipped(String),
}

impl<'a> Gate<'a> {
    fn condition(&mut self, condition: &'a Condition) {
        if let Some(reason) = self.does_not_apply(condition) {
            self.not_judged.push(NotJudged { id: condition.id.clone(), reason });
            return;
        }
        match condition.rule() {
            Some(Rule::Measure(measure)) => self.measure(condition, measure),
            Some(Rule::Expression { text, message }) => {
                let judged =
                    crate::gates::expression::judge(condition, text, message, self.evidence, self.asked);
                self.conditions.push(judged);
            }
            // A policy that was parsed has no such condition; if there were one, it could not hold.
            None => self.conditions.push(absent(condition, &Absent::Broken("it asks nothing".to_owned()))),
        }
    }

    fn does_not_apply(&self, condition: &Condition) -> Option<String> {
        let when = &condition.when;
        let elsewhere = |globs: Option<&crate::gates::policy::Globs>, told: Option<&str>, what: &str| {
            let (globs, told) = (globs?, told.filter(|told| !told.is_empty())?);
            (!globs.fit(told)).then(|| format!("only on {what} `{}`, this is `{told}`", globs.text()))
        };
        elsewhere(when.branch.as_ref(), self.asked.branch, "branch")
            .or_else(|| elsewhere(when.stage.as_ref(), self.asked.stage, "stage"))
            .or_else(|| self.touches_nothing(condition))
    }

    /// A change that is not known touches everything.
    fn touches_nothing(&self, condition: &Condition) -> Option<String> {
        let globs = condition.when.changed.as_ref()?;
        let Ok(Some(Facts::Changes(changes))) = self.changes(condition) else { return None };
        let touched = changes.files.keys().any(|path| globs.fit(path));
        (!touched).then(|| format!("the change touches nothing of `{}`", globs.text()))
    }

    fn changes(&self, condition: &Condition) -> Result<Option<Facts>, Absent> {
        let Some(name) = &condition.changes else { return Ok(None) };
        let mut parts = self.evidence.iter().filter(|part| part.source == name);
        match (parts.next(), parts.next()) {
            (Some(part), None) => part.facts(None).map(Some),
            (_, _) => {
                Err(Absent::Broken(format!("`changes` takes one source as a whole, and `{name}` is none")))
            }
        }
    }

    fn measure(&mut self, condition: &'a Condition, measure: Measure<'a>) {
        let evidence = self.evidence;
        let mut parts = evidence.iter().filter(|part| part.source == measure.source).peekable();
        if parts.peek().is_none() {
            let words = "no artifact was there to look into".to_owned();
            self.conditions.push(absent(condition, &Absent::Broken(words)));
        }
        for part in parts {
            match self.step(condition, measure, part) {
                Step::Judged(mut judged) => {
                    if let Some(artifact) = part.artifact {
                        judged.message = format!("{artifact}: {}", judged.message);
                        judged.artifact = Some(artifact.to_owned());
                    }
                    self.conditions.push(*judged);
                }
                Step::Skipped(reason) => {
                    let artifact = part.artifact.map(|artifact| format!("{artifact}: ")).unwrap_or_default();
                    self.not_judged
                        .push(NotJudged { id: condition.id.clone(), reason: format!("{artifact}{reason}") });
                }
            }
        }
    }

    fn step(&mut self, condition: &'a Condition, measure: Measure<'a>, part: &Evidence<'_>) -> Step {
        let judged = |absent_for: Absent| Step::Judged(Box::new(absent(condition, &absent_for)));
        let facts = match part.facts(condition.component.as_ref()) {
            Ok(facts) => self.counting(facts, condition, part),
            // What is required may not be missing, whatever a condition says.
            Err(Absent::Missing(words)) if part.definition.required => return judged(Absent::Broken(words)),
            Err(absent) => return judged(absent),
        };
        let change = match self.change(condition, &facts) {
            Ok(change) => change,
            Err(absent) => return judged(absent),
        };
        let files = lines_by_file(&facts);
        let mark_key = key(&condition.id, part.artifact);
        let mark = self.history.marks.get(&mark_key);
        if let Some(least) = condition.min_changed_lines {
            let changed = change.as_ref().map(|patch| patch.lines.total);
            let changed = changed.or_else(|| mark.map(|mark| at_least_changed(&mark.last.files, &files)));
            if let Some(changed) = changed.filter(|changed| *changed < least) {
                return Step::Skipped(format!(
                    "{changed} changed line(s) can be covered, it is judged from {least}"
                ));
            }
        }
        let measured = if measure.metric.needs_changes() {
            change.as_ref().map(|patch| patch.lines).filter(|lines| lines.total > 0).map(Measured::Share)
        } else {
            measure.metric.measure(&facts, condition.label.as_deref())
        };
        let Some(measured) = measured else {
            // Only a change that was compared with coverage can be found to touch none of it.
            if measure.metric.needs_changes() && change.is_some() {
                return Step::Skipped("no changed line can be covered".to_owned());
            }
            return judged(Absent::Broken(unmeasured(condition, measure, &facts)));
        };
        let mut judged = judge(condition, measure, measured, mark, &files);
        if condition.baseline.is_some() {
            self.marks.push((
                mark_key,
                self.snapshot(measured, measure, files),
                measure.operator.wants_more(),
            ));
        }
        if judged.outcome != Outcome::Pass {
            judged.offenders = offenders(condition, &facts, change.as_ref(), &self.excuses);
        }
        Step::Judged(Box::new(judged))
    }

    /// The facts without what is excused, and without what was there before where only new findings count.
    fn counting(&mut self, facts: Facts, condition: &Condition, part: &Evidence<'_>) -> Facts {
        match facts {
            Facts::Findings(findings) => {
                let mut findings = self.excuses.findings(&findings, condition, self.history);
                let known =
                    self.history.known.get(&key(part.source, part.artifact)).filter(|_| condition.new);
                if let Some(known) = known {
                    findings.retain(|finding| !known.contains(&finding.fingerprint()));
                }
                Facts::Findings(findings)
            }
            Facts::Tests(tests) => Facts::Tests(self.excuses.tests(&tests)),
            other @ (Facts::Coverage(_)
            | Facts::Performance(_)
            | Facts::Analysis(_)
            | Facts::Vex(_)
            | Facts::Changes(_)) => other,
        }
    }

    fn change(&self, condition: &Condition, facts: &Facts) -> Result<Option<Patch>, Absent> {
        let Facts::Coverage(coverage) = facts else { return Ok(None) };
        let changes = match self.changes(condition)? {
            None => return Ok(None),
            Some(Facts::Changes(changes)) => changes,
            Some(other) => {
                return Err(Absent::Broken(format!(
                    "its `changes` are {} and no changed lines",
                    other.kind().word()
                )));
            }
        };
        let patch = patch(&changes, coverage);
        match patch.unknown.first() {
            Some(path) => Err(Absent::Broken(format!(
                "of `{path}` only counts are known, and no lines: use a report with lines"
            ))),
            None => Ok(Some(patch)),
        }
    }

    fn snapshot(
        &self,
        measured: Measured,
        measure: Measure<'_>,
        files: BTreeMap<String, crate::reports::facts::Ratio>,
    ) -> Snapshot {
        Snapshot {
            value: measured.value(),
            share: match measured {
                Measured::Share(ratio) => Some(ratio),
                Measured::Number(_) => None,
            },
            files: if measure.metric.name() == "coverage.lines" { files } else { BTreeMap::new() },
            at: self.asked.now,
            commit: self.asked.commit.unwrap_or_default().to_owned(),
        }
    }

    /// A required source that no condition names still has to be there.
    fn required_sources(&mut self) {
        for part in self.evidence {
            let named = self
                .policy
                .conditions
                .iter()
                .any(|condition| condition.source.as_deref() == Some(part.source));
            if let Err(absent) = part.parts.as_ref().map(|_| ()).map_err(Clone::clone)
                && part.definition.required
                && !named
            {
                self.conditions.push(without_evidence(part, absent.words()));
            }
        }
    }

    /// Sources that somebody may believe to be judged.
    fn unasked(&self) -> Vec<String> {
        let is_asked = |name: &str| {
            let by_condition = |c: &Condition| {
                c.source.as_deref() == Some(name) || c.changes.as_deref() == Some(name) || c.expr.is_some()
            };
            self.policy.conditions.iter().any(by_condition)
                || self.policy.vex.iter().any(|vex| vex.source == name)
        };
        let names = self.policy.sources.keys().filter(|name| !is_asked(name));
        names.map(|name| format!("no condition asks about source `{name}`")).collect()
    }

    fn fewer_files(&mut self) {
        for part in self.evidence {
            if let Some(words) = &part.fewer {
                let message = words.clone();
                self.conditions.push(Judged { message, outcome: Outcome::Warn, ..of_source(part) });
            }
        }
    }

    fn verdict(
        mut self,
        looked: Vec<crate::gates::verdict::Looked>,
    ) -> (Verdict, Vec<(String, Snapshot, bool)>) {
        self.notes.extend(self.excuses.notes());
        self.notes.extend(self.unasked());
        let outcome = self.conditions.iter().map(|condition| condition.outcome).max();
        if outcome.is_none() {
            self.notes.push("no condition was judged: that is no pass".to_owned());
        }
        let verdict = Verdict {
            outcome: outcome.unwrap_or(Outcome::Error),
            conditions: self.conditions,
            not_judged: self.not_judged,
            waived: self.excuses.waived.into_iter().collect(),
            in_grace: self.excuses.in_grace.into_iter().collect(),
            quarantined: self.excuses.quarantined.into_iter().collect(),
            reports: looked,
            notes: self.notes,
        };
        (verdict, self.marks)
    }
}

#[cfg(test)]
mod tests;
