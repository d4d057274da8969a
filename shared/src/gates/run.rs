//! A gate, step by step: policy, artifacts, verdict, record, answer.

use super::archive;
use super::evaluate::{Report, evaluate};
use super::job::Job;
use super::policy::Policy;
use super::ports::{Answer, Artifacts, FailureKind, Policies, Record, Verdicts};
use super::render::{MAX_MESSAGE, MAX_SUMMARY, message};
use crate::errors::{Fault, chain};
use crate::model::Timestamp;
use crate::reports;

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
        let text = self
            .policies
            .policy(name)
            .await
            .map_err(|fault| unavailable(&format!("the policy `{name}` cannot be read"), &fault))?;
        let policy = Policy::parse(&text)
            .map_err(|error| fail(FailureKind::ConfigurationError, &format!("policy `{name}`: {error}")))?;
        let reports = self.reports(job, &policy).await?;
        let artifacts: Vec<&str> = job.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
        let verdict = evaluate(&policy, &artifacts, &reports, now);
        let record = Record {
            job_id: job.id.clone(),
            execution_id: job.parameters.execution_id.clone(),
            pipeline: job.parameters.pipeline.clone(),
            stage: job.parameters.stage.clone(),
            commit_id: job.parameters.commit_id.clone(),
            policy: name.clone(),
            decided_at: now,
            reports: reports.into_iter().map(|report| report.path).collect(),
            verdict,
        };
        let key = self
            .verdicts
            .store(&record)
            .await
            .map_err(|fault| unavailable("the verdict cannot be stored", &fault))?;
        Ok(answer(&record, key))
    }

    async fn reports(&self, job: &Job, policy: &Policy) -> Result<Vec<Report>, Answer> {
        let mut all = Vec::new();
        for artifact in &job.artifacts {
            let what = format!("artifact `{}` cannot be read", artifact.name);
            let zip = self
                .artifacts
                .fetch(artifact, &job.credentials)
                .await
                .map_err(|fault| unavailable(&what, &fault))?;
            let files = archive::reports(&artifact.name, &zip, policy)
                .map_err(|error| fail(FailureKind::JobFailed, &error.to_string()))?;
            all.extend(files.into_iter().map(|file| Report {
                facts: reports::read(&file.bytes).map(|(_, facts)| facts),
                path: file.path,
            }));
        }
        Ok(all)
    }
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
