//! The rows of the table made into what the page shows. Pure; `now` is the newest time that any service reported.

use crate::metrics::dora::{Dora, RangeCommit, Ranges, dora};
use crate::metrics::fact::Fact;
use crate::metrics::fold::{Records, Status};
use crate::metrics::releases::{Exposure, Release, releases};
use crate::metrics::services::ServiceMap;
use crate::model::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Rows of the month index, sorted by kind.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    facts: Vec<Fact>,
    gates: Vec<Gate>,
    /// By commit and pipeline.
    pushes: BTreeMap<(String, String), Vec<RangeCommit>>,
    exposure: Exposure,
    reasons: BTreeMap<String, String>,
    /// Rows that could not be read, by partition key.
    pub unreadable: Vec<String>,
}

/// A gate's verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// Execution.
    pub execution_id: String,
    /// Stage.
    pub stage: String,
    /// Policy.
    pub policy: String,
    /// Commit.
    pub commit_id: String,
    /// Outcome word.
    pub outcome: String,
    /// Conditions: outcome word and sentence.
    pub conditions: Vec<(String, String)>,
    /// When.
    pub decided_at: String,
}

/// A pipeline execution for the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// Execution id.
    pub id: String,
    /// Pipeline.
    pub pipeline: String,
    /// Where it stands.
    pub status: Status,
    /// Start.
    pub started: Timestamp,
    /// Stages in order of their start: name, status, start and end.
    pub stages: Vec<(String, Status, Timestamp, Option<Timestamp>)>,
    /// First line of the newest commit: data.
    pub title: String,
}

/// Everything the page shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Newest time any service reported; none when no event has come yet.
    pub now: Option<Timestamp>,
    /// The five metrics.
    pub dora: Dora,
    /// Deployments, newest first.
    pub releases: Vec<Release>,
    /// Why the watch decided, by deployment id.
    pub reasons: BTreeMap<String, String>,
    /// Executions, newest first.
    pub timelines: Vec<Timeline>,
    /// Gates, newest first.
    pub gates: Vec<Gate>,
    /// Rows that could not be read.
    pub unreadable: usize,
}

impl Rows {
    /// Takes one row; what a row is, its partition key says.
    pub fn take(&mut self, pk: &str, sk: &str, body: &str) {
        let taken = match pk.split('#').next() {
            Some("G") => gate(body).map(|gate| self.gates.push(gate)),
            Some("R") => serde_json::from_str(body).ok().map(|commits| {
                let name = sk.trim_start_matches("P#");
                let (commit, pipeline) = name.split_once('#').unwrap_or((name, ""));
                self.pushes.insert((commit.to_owned(), pipeline.to_owned()), commits);
            }),
            Some("W" | "WATCH") => self.watch(body),
            _ => serde_json::from_str(body).ok().map(|fact| self.facts.push(fact)),
        };
        if taken.is_none() {
            self.unreadable.push(pk.to_owned());
        }
    }

    fn watch(&mut self, body: &str) -> Option<()> {
        let watch: Value = serde_json::from_str(body).ok()?;
        let id = watch.get("deploymentId")?.as_str()?.to_owned();
        let percent = u32::try_from(watch.get("exposurePercent")?.as_u64()?).ok()?;
        if let Some(reason) = watch.pointer("/verdict/reason").and_then(Value::as_str) {
            self.reasons.insert(id.clone(), reason.to_owned());
        }
        let known = self.exposure.entry(id).or_default();
        *known = percent.max(*known);
        Some(())
    }

    /// The report.
    #[must_use]
    pub fn report(self, map: &ServiceMap) -> Report {
        let records = Records::of(&self.facts);
        let now = self.facts.iter().map(|fact| fact.at).max();
        let mut gates = self.gates;
        gates.sort_by(|a, b| b.decided_at.cmp(&a.decided_at).then_with(|| a.stage.cmp(&b.stage)));
        let commit_of: BTreeMap<&str, &str> =
            gates.iter().map(|gate| (gate.execution_id.as_str(), gate.commit_id.as_str())).collect();
        let ranges: Ranges = commit_of
            .iter()
            .filter_map(|(execution, commit)| {
                let pipeline = records.executions.get(*execution)?.pipeline.clone();
                let range = self.pushes.get(&((*commit).to_owned(), pipeline))?;
                Some(((*execution).to_owned(), range.clone()))
            })
            .collect();
        let mut all = releases(&records, map, &self.exposure);
        let figures = dora(&all, &ranges, now.unwrap_or_default());
        all.reverse();
        Report {
            now,
            dora: figures,
            releases: all,
            reasons: self.reasons,
            timelines: timelines(&records, &ranges),
            gates,
            unreadable: self.unreadable.len(),
        }
    }
}

fn gate(body: &str) -> Option<Gate> {
    let record: Value = serde_json::from_str(body).ok()?;
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
    let conditions = record.pointer("/verdict/conditions")?.as_array()?;
    let condition =
        |c: &Value| Some((c.get("outcome")?.as_str()?.to_owned(), c.get("message")?.as_str()?.to_owned()));
    Some(Gate {
        execution_id: text("/executionId")?,
        stage: text("/stage")?,
        policy: text("/policy")?,
        commit_id: text("/commitId")?,
        outcome: text("/verdict/outcome")?,
        conditions: conditions.iter().filter_map(condition).collect(),
        decided_at: text("/decidedAt")?,
    })
}

fn timelines(records: &Records, ranges: &Ranges) -> Vec<Timeline> {
    let mut all: Vec<Timeline> = records
        .executions
        .iter()
        .filter_map(|(id, execution)| {
            let span = execution.span();
            let mut stages: Vec<_> = execution
                .stages
                .iter()
                .filter_map(|(name, stage)| {
                    Some((name.clone(), stage.status(), stage.started()?, stage.ended()))
                })
                .collect();
            stages.sort_by(|a, b| (a.2, &a.0).cmp(&(b.2, &b.0)));
            let title = ranges
                .get(id)
                .and_then(|commits| commits.last())
                .map(|commit| commit.title.clone())
                .unwrap_or_default();
            Some(Timeline {
                id: id.clone(),
                pipeline: execution.pipeline.clone(),
                status: span.status(),
                started: span.started()?,
                stages,
                title,
            })
        })
        .collect();
    all.sort_by(|a, b| (b.started, &b.id).cmp(&(a.started, &a.id)));
    all
}
