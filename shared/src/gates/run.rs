//! A gate, step by step: policy, artifacts, verdict, history, record, answer. A job of a pipeline is answered; of a build there is a record.
//!
//! What is decided is written down before anybody hears of it, and a job that comes again hears the same. Evidence that is asked for and is
//! not finished is waited for by coming again; until then nothing is written.

use super::answer::{answer, fail, unavailable, wait};
use super::build::{ARTIFACT, Finished};
use super::continuation::Continuation;
use super::evaluate::{Evaluated, evaluate};
use super::evidence::{Asked, Report};
use super::fetch::{Fetcher, Opened};
use super::gather::{Gathered, Wanted, What, gathered, own_policy};
use super::history::History;
use super::job::{Artifact, Credentials, Job};
use super::normal::{Entry, Normal};
use super::policy::Policy;
use super::ports::{Analyses, Answer, Artifacts, FailureKind, Histories, Policies, Record, Scans, Verdicts};
use super::verdict::{Outcome, Verdict};
use crate::errors::Fault;
use crate::model::Timestamp;

/// How often a history is read again because another gate wrote it meanwhile.
const TRIES: usize = 3;

/// The outside world of a gate.
pub struct World<A, P, V, H, S, T> {
    /// Input artifacts.
    pub artifacts: A,
    /// Policies.
    pub policies: P,
    /// Verdict store.
    pub verdicts: V,
    /// What gates remember.
    pub histories: H,
    /// Scans of images.
    pub scans: S,
    /// Analyses; none where no server is set.
    pub analyses: Option<T>,
}

/// What is judged.
struct Case<'c> {
    policy: &'c str,
    /// Name of the history, where the policy has none.
    history: &'c str,
    artifacts: Vec<&'c Artifact>,
    /// Names of all artifacts that there should be.
    names: Vec<&'c str>,
    credentials: Option<&'c Credentials>,
    /// A build of something that nobody has merged: an artifact that is not there is missing evidence, and what is remembered of releases is
    /// read and not written.
    is_build: bool,
    branch: &'c str,
    stage: &'c str,
    commit: &'c str,
    now: Timestamp,
    may_wait: bool,
}

/// What came out.
struct Judgement {
    verdict: Verdict,
    /// Every report in its normal form.
    reports: Vec<Entry>,
    /// Digests of the images whose scans were asked for.
    images: Vec<String>,
}

impl<A, P, V, H, S, T> World<A, P, V, H, S, T>
where
    A: Artifacts,
    P: Policies,
    V: Verdicts,
    H: Histories,
    S: Scans,
    T: Analyses,
{
    /// Decides a job: always an answer, never an error. The verdict is stored before the answer is returned.
    pub async fn decide(&self, job: &Job, now: Timestamp) -> Answer {
        self.judge(job, now).await.unwrap_or_else(|error| match error {
            GateError::Fault(what, fault) => unavailable(&what, &fault),
            GateError::Refused(words) => fail(FailureKind::ConfigurationError, &words),
            GateError::Broken(words) => fail(FailureKind::JobFailed, &words),
        })
    }

    async fn judge(&self, job: &Job, now: Timestamp) -> Result<Answer, GateError> {
        let asked = &job.parameters;
        let before = self.verdicts.answered(&asked.execution_id, &asked.stage, &job.id).await;
        if let Some(answer) = before.map_err(|fault| fault_in("an earlier verdict cannot be read", fault))? {
            return Ok(answer);
        }
        let deadline = job.deadline(now);
        // A gate that was told no pipeline remembers under its policy.
        let history = Some(asked.pipeline.as_str()).filter(|name| !name.is_empty()).unwrap_or(&asked.policy);
        let case = Case {
            policy: &asked.policy,
            history,
            artifacts: job.artifacts.iter().collect(),
            names: job.artifacts.iter().map(|artifact| artifact.name.as_str()).collect(),
            credentials: Some(&job.credentials),
            is_build: false,
            branch: &asked.branch,
            stage: &asked.stage,
            commit: &asked.commit_id,
            now,
            may_wait: now < deadline,
        };
        let Judgement { verdict, reports, images } = self.judgement(&case).await?;
        if verdict.outcome == Outcome::Pending {
            return Ok(wait(
                &asked.policy,
                &verdict,
                Continuation::after(job.continuation, now),
                now,
                deadline,
            ));
        }
        let record = Record {
            job_id: job.id.clone(),
            execution_id: asked.execution_id.clone(),
            pipeline: asked.pipeline.clone(),
            stage: asked.stage.clone(),
            branch: asked.branch.clone(),
            commit_id: asked.commit_id.clone(),
            policy: asked.policy.clone(),
            decided_at: now,
            reports: reports.iter().map(Entry::full_path).collect(),
            images,
            verdict,
        };
        let answer = answer(&record, &self.verdicts.place(&format!("{}.html", record.stem())));
        self.keep(&record, Normal::of(&record, &case.names, reports), Some(&answer)).await?;
        Ok(answer)
    }

    /// Judges the reports of a build by the policy `name`, and stores the verdict. Evidence that is missing or unreadable is a verdict too,
    /// and never a pass: whoever wrote the change can mend it. Nobody can be asked to come again, so nothing is waited for.
    ///
    /// # Errors
    /// When there can be no verdict now, or the policy cannot be used: the operator or time must act.
    pub async fn judge_build(
        &self,
        build: &Finished,
        name: &str,
        now: Timestamp,
    ) -> Result<Record, GateError> {
        let case = Case {
            policy: name,
            history: &format!("build:{}", build.project),
            artifacts: build.artifact.iter().collect(),
            names: vec![ARTIFACT],
            credentials: None,
            is_build: true,
            branch: "",
            stage: "",
            commit: "",
            now,
            may_wait: false,
        };
        let Judgement { mut verdict, reports, .. } = self.judgement(&case).await?;
        if build.artifact.is_none() {
            verdict.outcome = Outcome::Error;
            verdict.notes.insert(0, "the build has written no artifact".to_owned());
        }
        let record = Record {
            job_id: build.uuid.clone(),
            execution_id: build.id.clone(),
            pipeline: build.project.clone(),
            stage: ARTIFACT.to_owned(),
            branch: String::new(),
            commit_id: String::new(),
            policy: name.to_owned(),
            decided_at: now,
            reports: reports.iter().map(Entry::full_path).collect(),
            images: Vec::new(),
            verdict,
        };
        self.keep(&record, Normal::of(&record, &case.names, reports), None).await?;
        Ok(record)
    }

    async fn judgement(&self, case: &Case<'_>) -> Result<Judgement, GateError> {
        let policy = self.policy(case.policy).await?;
        let fetcher = Fetcher { artifacts: &self.artifacts, credentials: case.credentials };
        let (mut opened, mut broken) = (Vec::new(), Vec::new());
        for artifact in &case.artifacts {
            match fetcher.open(artifact).await {
                Ok(one) => opened.push(one),
                Err(error) => broken.push(error.of_evidence(artifact, case.is_build)?),
            }
        }
        let policy = self.with_own(policy, &mut opened, &fetcher).await?;
        let (mut reports, mut images) = (Vec::new(), Vec::new());
        for one in opened {
            match self.read(&policy, one, &fetcher, &mut images).await {
                Ok(found) => reports.extend(found),
                Err(GateError::Broken(words)) => broken.push(words),
                Err(other) => return Err(other),
            }
        }
        let mut verdict = self.remembered(case, &policy, &reports).await?;
        if !broken.is_empty() {
            verdict.outcome = Outcome::Error;
            verdict.notes.splice(0..0, broken);
        }
        Ok(Judgement { verdict, reports: reports.iter().map(Entry::of).collect(), images })
    }

    async fn policy(&self, name: &str) -> Result<Policy, GateError> {
        let text = self.policies.policy(name).await;
        let text = text.map_err(|fault| fault_in(&format!("the policy `{name}` cannot be read"), fault))?;
        Policy::parse(&text).map_err(|error| GateError::Refused(format!("policy `{name}`: {error}")))
    }

    /// The policy with what the repository asks for on top, where the organisation lets it.
    async fn with_own(
        &self,
        policy: Policy,
        opened: &mut [Opened<'_>],
        fetcher: &Fetcher<'_, A>,
    ) -> Result<Policy, GateError> {
        let Some(own) = &policy.own else { return Ok(policy) };
        let mut files = Vec::new();
        for one in opened {
            fetcher.files(one, |path| own.path.fit(path)).await?;
            let notes = one.archive()?.notes(&own.path);
            let notes = notes.map_err(|rejection| GateError::Refused(rejection.to_string()))?;
            files.extend(notes.into_iter().map(|note| (one.name().to_owned(), note)));
        }
        own_policy(&policy, &files).map_err(GateError::Refused)
    }

    /// The reports of one artifact, and of what is asked for because of it.
    async fn read(
        &self,
        policy: &Policy,
        mut opened: Opened<'_>,
        fetcher: &Fetcher<'_, A>,
        images: &mut Vec<String>,
    ) -> Result<Vec<Report>, GateError> {
        fetcher.files(&mut opened, |path| policy.sources.values().any(|source| source.names(path))).await?;
        let name = opened.name().to_owned();
        let Gathered { mut reports, wanted } = gathered(&mut opened.archive()?, &name, policy)
            .map_err(|rejection| GateError::Broken(rejection.to_string()))?;
        // The packed bytes are not needed while others answer.
        drop(opened);
        for wanted in wanted {
            if let What::Scan(image) = &wanted.what {
                images.push(image.digest.clone());
            }
            reports.push(self.ask(&wanted).await?);
        }
        Ok(reports)
    }

    async fn ask(&self, wanted: &Wanted) -> Result<Report, GateError> {
        match &wanted.what {
            What::Scan(image) => {
                let what = format!("the scan of image `{}` cannot be read", image.repository);
                let scan = self.scans.scan(image).await.map_err(|fault| fault_in(&what, fault))?;
                Ok(wanted.scanned(image, scan))
            }
            What::Task(task) => {
                let analysis = match &self.analyses {
                    Some(server) => Some(server.analysis(task).await),
                    None => None,
                };
                let analysis = analysis.transpose();
                let analysis = analysis
                    .map_err(|fault| fault_in(&format!("analysis task `{task}` cannot be read"), fault))?;
                Ok(wanted.analysed(task, analysis))
            }
        }
    }

    /// The verdict, with what is remembered taken into account and written down; another gate that writes meanwhile is taken into account too.
    /// A build writes under its project only: it must not push out what a release remembers, and get its findings new grace.
    async fn remembered(
        &self,
        case: &Case<'_>,
        policy: &Policy,
        reports: &[Report],
    ) -> Result<Verdict, GateError> {
        fn told(text: &str) -> Option<&str> {
            Some(text).filter(|text| !text.is_empty())
        }
        let asked = Asked {
            artifacts: &case.names,
            branch: told(case.branch),
            stage: told(case.stage),
            commit: told(case.commit),
            now: case.now,
            may_wait: case.may_wait,
        };
        let name = policy.history.as_deref().unwrap_or(case.history);
        let what = format!("the history `{name}` cannot be");
        for _ in 0..TRIES {
            let before = self.histories.load(name).await;
            let before = before.map_err(|fault| fault_in(&format!("{what} read"), fault))?;
            let (known, version) =
                before.map_or((History::default(), None), |(known, version)| (known, Some(version)));
            let Evaluated { verdict, history } = evaluate(policy, &asked, reports, &known);
            let is_shared = case.is_build && policy.history.is_some();
            if verdict.outcome == Outcome::Pending || history == known || is_shared {
                return Ok(verdict);
            }
            match self.histories.store(name, &history, version.as_ref()).await {
                Ok(()) => return Ok(verdict),
                Err(Fault::Conflict { .. }) => {}
                Err(fault) => return Err(fault_in(&format!("{what} kept"), fault)),
            }
        }
        let busy = Fault::Transient {
            service: "the store",
            operation: "write",
            detail: format!("other gates wrote it {TRIES} times meanwhile"),
        };
        Err(fault_in(&format!("{what} kept"), busy))
    }

    async fn keep(
        &self,
        record: &Record,
        measured: Normal,
        answer: Option<&Answer>,
    ) -> Result<(), GateError> {
        let stored = self.verdicts.store(record, &measured, answer).await;
        stored.map_err(|fault| fault_in("the verdict cannot be stored", fault))
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
    /// An artifact is no evidence, in words for whoever made it.
    #[error("{0}")]
    Broken(String),
}

impl GateError {
    /// What it says of the evidence, if it is about that.
    fn of_evidence(self, artifact: &Artifact, may_be_absent: bool) -> Result<String, Self> {
        match self {
            Self::Broken(words) => Ok(words),
            Self::Fault(_, Fault::Missing { .. }) if may_be_absent => {
                Ok(format!("there is no object `{}`, the build has written no artifact", artifact.key))
            }
            Self::Fault(_, fault @ Fault::Unreadable { .. }) if may_be_absent => Ok(fault.to_string()),
            other @ (Self::Fault(..) | Self::Refused(_)) => Err(other),
        }
    }
}

fn fault_in(what: &str, fault: Fault) -> GateError {
    GateError::Fault(what.to_owned(), fault)
}
