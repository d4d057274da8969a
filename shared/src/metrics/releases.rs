//! Deployments of services as DORA means them: what reached production, what was stopped before, what was taken back.
//!
//! A deployment that never had traffic was blocked, which is a gate's success and no change failure.

use super::fold::{Records, Status};
use super::services::{CodeDeployGroup, PipelineAction, ServiceMap};
use crate::model::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a deployment was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Going on.
    Running,
    /// In production.
    Deployed,
    /// Stopped before it had any traffic.
    Blocked,
    /// Taken back after it had traffic.
    Failed,
    /// Puts the version before back.
    Rollback,
}

/// One deployment of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Service.
    pub service: String,
    /// Environment.
    pub environment: String,
    /// Deployment id, or execution id for a pipeline action.
    pub id: String,
    /// Execution that made it.
    pub execution: Option<String>,
    /// What it was.
    pub outcome: Outcome,
    /// Start.
    pub started: Timestamp,
    /// End.
    pub ended: Option<Timestamp>,
    /// Greatest share of traffic, in percent, where the watch saw it.
    pub exposure_percent: Option<u32>,
}

/// Greatest share of traffic by deployment id, from the watch's records.
pub type Exposure = BTreeMap<String, u32>;

/// Every deployment of every mapped service, oldest first.
#[must_use]
pub fn releases(records: &Records, map: &ServiceMap, exposure: &Exposure) -> Vec<Release> {
    let mut all = Vec::new();
    for service in &map.services {
        let found = match (&service.codedeploy, &service.pipeline_action) {
            (Some(group), _) => by_codedeploy(records, group, exposure),
            (None, Some(action)) => by_action(records, action),
            (None, None) => Vec::new(),
        };
        all.extend(found.into_iter().map(|release| Release {
            service: service.service.clone(),
            environment: service.environment.clone(),
            ..release
        }));
    }
    all.sort_by(|a, b| (a.started, &a.id, &a.service).cmp(&(b.started, &b.id, &b.service)));
    all
}

fn blank(id: &str, started: Timestamp) -> Release {
    Release {
        service: String::new(),
        environment: String::new(),
        id: id.to_owned(),
        execution: None,
        outcome: Outcome::Running,
        started,
        ended: None,
        exposure_percent: None,
    }
}

fn by_codedeploy(records: &Records, group: &CodeDeployGroup, exposure: &Exposure) -> Vec<Release> {
    let ours = records
        .deployments
        .iter()
        .filter(|(_, d)| d.application == group.application && d.group == group.group);
    let mut found: Vec<Release> = ours
        .filter_map(|(id, deployment)| {
            let percent = exposure.get(id).copied();
            let outcome = match deployment.span.status() {
                Status::Running => Outcome::Running,
                Status::Succeeded => Outcome::Deployed,
                // Without a watch nobody knows that there was no traffic: it counts as a failure.
                Status::Failed | Status::Stopped if percent == Some(0) => Outcome::Blocked,
                Status::Failed | Status::Stopped => Outcome::Failed,
            };
            Some(Release {
                execution: execution_of(records, id),
                outcome,
                ended: deployment.span.ended(),
                exposure_percent: percent,
                ..blank(id, deployment.span.started()?)
            })
        })
        .collect();
    found.sort_by_key(|release| release.started);
    mark_rollbacks(&mut found);
    found
}

/// A deployment that no pipeline action names, right after one that was taken back, is its rollback.
fn mark_rollbacks(found: &mut [Release]) {
    let mut before_failed = false;
    for release in found {
        if release.execution.is_none()
            && before_failed
            && matches!(release.outcome, Outcome::Deployed | Outcome::Running)
        {
            release.outcome = Outcome::Rollback;
        }
        before_failed = matches!(release.outcome, Outcome::Failed | Outcome::Blocked);
    }
}

fn execution_of(records: &Records, deployment: &str) -> Option<String> {
    let names = |execution: &super::fold::Execution| {
        execution.actions.values().any(|action| action.external.iter().any(|id| id == deployment))
    };
    records.executions.iter().find(|(_, execution)| names(execution)).map(|(id, _)| id.clone())
}

fn by_action(records: &Records, wanted: &PipelineAction) -> Vec<Release> {
    let key = (wanted.stage.clone(), wanted.action.clone());
    let executions = records.executions.iter().filter(|(_, execution)| execution.pipeline == wanted.pipeline);
    executions
        .filter_map(|(id, execution)| {
            let action = execution.actions.get(&key)?;
            let outcome = match action.span.status() {
                Status::Running => Outcome::Running,
                Status::Succeeded => Outcome::Deployed,
                Status::Failed | Status::Stopped => Outcome::Failed,
            };
            Some(Release {
                execution: Some(id.clone()),
                outcome,
                ended: action.span.ended(),
                ..blank(id, action.span.started()?)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fold::tests::{deploy_action, deployment};
    use super::*;

    fn map() -> ServiceMap {
        ServiceMap::parse("version: 1\nservices: [{service: api, environment: production, codedeploy: {application: b2b, group: api}}]").unwrap()
    }

    fn outcomes(facts: &[super::super::fact::Fact], exposure: &Exposure) -> Vec<Outcome> {
        releases(&Records::of(facts), &map(), exposure).into_iter().map(|release| release.outcome).collect()
    }

    #[test]
    fn a_version_taken_back_at_ten_percent_failed_and_its_rollback_is_no_deployment() {
        let facts = [
            deploy_action(0, "e", "STARTED", "d-1"),
            deployment(0, "d-1", "START"),
            deployment(5, "d-1", "STOP"),
            deployment(6, "d-2", "START"),
            deployment(7, "d-2", "SUCCESS"),
        ];
        assert_eq!(
            outcomes(&facts, &Exposure::from([("d-1".to_owned(), 10)])),
            [Outcome::Failed, Outcome::Rollback]
        );
        assert_eq!(
            outcomes(&facts, &Exposure::from([("d-1".to_owned(), 0)])),
            [Outcome::Blocked, Outcome::Rollback]
        );
    }

    #[test]
    fn a_deployment_nobody_watched_counts_as_failed_when_it_was_taken_back() {
        assert_eq!(
            outcomes(&[deployment(0, "d", "START"), deployment(1, "d", "FAILURE")], &Exposure::new()),
            [Outcome::Failed]
        );
    }
}
