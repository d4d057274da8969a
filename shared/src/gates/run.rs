//! A gate, step by step: policy, artifacts, verdict, record, answer. A job of a pipeline is answered; of a build there is a record.

use super::archive::Archive;
use super::build::{ARTIFACT, Finished};
use super::evaluate::evaluate;
use super::evidence::{Asked, Report};
use super::history::History;
use super::job::Job;
use super::policy::Policy;
use super::ports::{Answer, Artifacts, FailureKind, Policies, Record, Verdicts};
use super::render::{MAX_MESSAGE, MAX_SUMMARY, message};
use super::verdict::Outcome;
use crate::errors::{Fault, Rejection, chain};
use crate::model::Timestamp;
use std::io::Cursor;

/// Longest value of the output variable `summary`.
const SUMMARY_VARIABLE: usize = 500;

/// The outside world of a gate.
pub struct World<'a, A, P, V> {
    /// Input artifacts.
    pub artifacts: &'a A,
    /// Policies.
    pub policies: &'a P,
    /// Verdict store.
    pub verdicts: &'a V,
}

impl<A: Artifacts, P: Policies, V: Verdicts> World<'_, A, P, V> {
    /// Decides a job: always an answer, never an error. The verdict is stored before the answer is returned.
    pub async fn decide(&self, job: &Job, now: Timestamp) -> Answer {
        match self.judge(job, now).await {
            Ok(answer) => answer,
            Err(answer) => answer,
        }
    }

    async fn judge(&self, job: &Job, now: Timestamp) -> Result<Answer, Answer> {
        let name = &job.parameters.policy;
        let policy = self.policy(name).await.map_err(|error| match error {
            GateError::Fault(what, fault) => unavailable(&what, &fault),
            GateError::Refused(words) => fail(FailureKind::ConfigurationError, &words),
        })?;
        let mut reports = Vec::new();
        for artifact in &job.artifacts {
            let what = format!("artifact `{}` cannot be read", artifact.name);
            let zip = self.artifacts.fetch(artifact, Some(&job.credentials)).await;
            let zip = zip.map_err(|fault| unavailable(&what, &fault))?;
            let read = read(&artifact.name, &zip, &policy);
            reports.extend(read.map_err(|error| fail(FailureKind::JobFailed, &error.to_string()))?);
        }
        let artifacts: Vec<&str> = job.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        let asked = Asked {
            artifacts: &artifacts,
            branch: None,
            stage: Some(&job.parameters.stage),
            commit: Some(&job.parameters.commit_id),
            now,
            may_wait: false,
        };
        let verdict = evaluate(&policy, &asked, &reports, &History::default()).verdict;
        let record = Record {
            job_id: job.id.clone(),
            execution_id: job.parameters.execution_id.clone(),
            pipeline: job.parameters.pipeline.clone(),
            stage: job.parameters.stage.clone(),
            commit_id: job.parameters.commit_id.clone(),
            policy: name.clone(),
            decided_at: now,
            reports: reports.iter().map(Report::full_path).collect(),
            verdict,
        };
        let key = self.verdicts.store(&record).await;
        let key = key.map_err(|fault| unavailable("the verdict cannot be stored", &fault))?;
        Ok(answer(&record, key))
    }

    /// Judges the reports of a build by the policy `name`, and stores the verdict. Evidence that is missing or unreadable is a verdict too,
    /// and never a pass: whoever wrote the change can mend it.
    ///
    /// # Errors
    /// When there can be no verdict now, or the policy cannot be used: the operator or time must act.
    pub async fn judge_build(
        &self,
        build: &Finished,
        name: &str,
        now: Timestamp,
    ) -> Result<Record, GateError> {
        let policy = self.policy(name).await?;
        let (reports, missing) = match self.evidence(build, &policy).await? {
            Ok(reports) => (reports, None),
            Err(words) => (Vec::new(), Some(words)),
        };
        let asked =
            Asked { artifacts: &[ARTIFACT], branch: None, stage: None, commit: None, now, may_wait: false };
        let mut verdict = evaluate(&policy, &asked, &reports, &History::default()).verdict;
        if let Some(words) = missing {
            verdict.outcome = Outcome::Error;
            verdict.notes.insert(0, words);
        }
        let record = Record {
            job_id: build.uuid.clone(),
            execution_id: build.id.clone(),
            pipeline: build.project.clone(),
            stage: ARTIFACT.to_owned(),
            commit_id: String::new(),
            policy: name.to_owned(),
            decided_at: now,
            reports: reports.iter().map(Report::full_path).collect(),
            verdict,
        };
        let stored = self.verdicts.store(&record).await;
        stored.map_err(|fault| GateError::Fault("the verdict cannot be stored".to_owned(), fault))?;
        Ok(record)
    }

    /// The reports of a build, or why there are none.
    async fn evidence(
        &self,
        build: &Finished,
        policy: &Policy,
    ) -> Result<Result<Vec<Report>, String>, GateError> {
        let Some(artifact) = &build.artifact else {
            return Ok(Err("the build has written no artifact".to_owned()));
        };
        match self.artifacts.fetch(artifact, None).await {
            Ok(zip) => Ok(read(&artifact.name, &zip, policy).map_err(|error| error.to_string())),
            Err(Fault::Missing { .. }) => {
                Ok(Err(format!("there is no object `{}`, the build has written no artifact", artifact.key)))
            }
            Err(fault @ Fault::Unreadable { .. }) => Ok(Err(fault.to_string())),
            Err(fault @ (Fault::Denied { .. } | Fault::Transient { .. } | Fault::Conflict { .. })) => {
                Err(GateError::Fault("the build's artifact cannot be read".to_owned(), fault))
            }
        }
    }

    async fn policy(&self, name: &str) -> Result<Policy, GateError> {
        let text = self.policies.policy(name).await;
        let text =
            text.map_err(|fault| GateError::Fault(format!("the policy `{name}` cannot be read"), fault))?;
        Policy::parse(&text).map_err(|error| GateError::Refused(format!("policy `{name}`: {error}")))
    }
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// A service failed.
    #[error("{0}: {1}")]
    Fault(String, Fault),
    /// The policy cannot be used, in words for whoever wrote it.
    #[error("{0}")]
    Refused(String),
}

fn read(artifact: &str, zip: &[u8], policy: &Policy) -> Result<Vec<Report>, Rejection> {
    Archive::open(artifact, Cursor::new(zip))?.reports(policy)
}

fn answer(record: &Record, key: String) -> Answer {
    let verdict = &record.verdict;
    if !verdict.outcome.lets_through() {
        let text = message(&record.policy, verdict, MAX_MESSAGE - key.len() - 20);
        return Answer::Fail { kind: FailureKind::JobFailed, message: format!("{text}\nreport: {key}") };
    }
    let summary = message(&record.policy, verdict, MAX_SUMMARY);
    let short = summary.lines().next().unwrap_or_default().chars().take(SUMMARY_VARIABLE).collect();
    Answer::Succeed {
        summary,
        variables: vec![
            ("verdict", verdict.outcome.word().to_owned()),
            ("summary", short),
            ("reportKey", key),
        ],
    }
}

fn fail(kind: FailureKind, message: &str) -> Answer {
    Answer::Fail { kind, message: message.chars().take(MAX_MESSAGE).collect() }
}

/// What a fault of the outside world means to the job.
fn unavailable(what: &str, fault: &Fault) -> Answer {
    let kind = match fault {
        Fault::Denied { .. } => FailureKind::PermissionError,
        Fault::Missing { .. } | Fault::Unreadable { .. } => FailureKind::ConfigurationError,
        Fault::Transient { .. } | Fault::Conflict { .. } => FailureKind::SystemUnavailable,
    };
    fail(kind, &format!("{what}: {}", chain(fault)))
}
