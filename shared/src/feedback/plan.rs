//! What is still to be written: where a release stands, compared with what GitHub was told.
//!
//! [`next`] is asked again after each write, until there is nothing left. A write carries the standing it was made from, and none is made
//! from a standing behind the one that was written. A new attempt is a new check run, because a completed one cannot be opened again.
//! Must not: call GitHub.

use crate::feedback::progress::{Mark, Phase, Progress, Rank, Stage, Standing};
use crate::feedback::render;
use crate::source::ports::Origin;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the installation may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a GitHub App: check runs, deployments.
    App,
    /// With a personal token: commit statuses, the one thing that needs no more than `statuses: write`.
    PersonalToken,
}

/// A check run as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// `release/<pipeline>`.
    pub name: String,
    /// Release id; with `#<attempt>` from the second attempt on.
    pub external_id: String,
    /// `queued`, `in_progress`, `completed`.
    pub status: &'static str,
    /// `success`, `failure`, `cancelled`, `neutral`; none until it is completed.
    pub conclusion: Option<&'static str>,
    /// One line.
    pub title: String,
    /// Markdown.
    pub summary: String,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// The check run; without an id it is looked for by name and external id before it is made.
    CheckRun {
        /// Its id on GitHub.
        id: Option<u64>,
        /// What it should be.
        run: CheckRun,
        /// What it was made from.
        standing: Standing,
    },
    /// A deployment, looked for by release and stage before it is made.
    Deployment {
        /// Stage that deploys.
        stage: String,
        /// GitHub environment.
        environment: String,
    },
    /// A status of a deployment.
    DeploymentStatus {
        /// Stage that deploys.
        stage: String,
        /// The deployment's id on GitHub.
        deployment: u64,
        /// `in_progress`, `success`, `failure`, `inactive`.
        state: &'static str,
        /// What it was made from.
        mark: Mark,
    },
    /// The commit status.
    CommitStatus {
        /// `tidegate/<pipeline>`.
        context: String,
        /// `pending`, `success`, `failure`, `error`.
        state: &'static str,
        /// At most 140 characters.
        description: String,
        /// What it was made from.
        standing: Standing,
    },
    /// The comment on a pull request; without an id, or when that one is gone, it is looked for by its marker before it is made.
    Comment {
        /// Its id on GitHub.
        id: Option<u64>,
        /// The line that it is found by.
        marker: String,
        /// Markdown; the marker stands in it.
        body: String,
    },
}

/// What GitHub was told of a release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Written {
    /// The check run of the last attempt.
    pub check_run: Option<WrittenText>,
    /// The commit status.
    pub commit_status: Option<WrittenText>,
    /// Deployments by stage.
    pub deployments: BTreeMap<String, WrittenDeployment>,
}

/// A check run or commit status that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenText {
    /// Its id on GitHub; none for a commit status.
    pub id: Option<u64>,
    /// What it was made from.
    pub standing: Standing,
    /// SHA-256 of its content, hexadecimal.
    pub digest: String,
}

/// A deployment that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenDeployment {
    /// Its id on GitHub.
    pub id: u64,
    /// What its last status was made from.
    pub mark: Option<Mark>,
}

/// The next write; none when GitHub was told everything.
#[must_use]
pub fn next(origin: &Origin, progress: &Progress, written: &Written, mode: Mode) -> Option<Write> {
    match mode {
        Mode::App => check_run(origin, progress, written.check_run.as_ref()).or_else(|| {
            progress
                .in_order()
                .into_iter()
                .find_map(|(name, stage)| deployment(origin, name, stage, written.deployments.get(name)))
        }),
        Mode::PersonalToken => commit_status(origin, progress, written.commit_status.as_ref()),
    }
}

fn check_run(origin: &Origin, progress: &Progress, written: Option<&WrittenText>) -> Option<Write> {
    let standing = progress.standing();
    let (status, conclusion) = match standing.phase {
        Phase::Queued => ("queued", None),
        Phase::InProgress => ("in_progress", None),
        Phase::Ended(rank) => ("completed", Some(conclusion(rank))),
    };
    let external_id = match standing.attempt {
        0 | 1 => origin.release_id.clone(),
        attempt => format!("{}#{attempt}", origin.release_id),
    };
    let run = CheckRun {
        name: format!("release/{}", origin.pipeline),
        external_id,
        status,
        conclusion,
        title: render::title(origin, progress),
        summary: render::summary(origin, progress),
    };
    let same_attempt = written.filter(|written| written.standing.attempt == standing.attempt);
    let write = Write::CheckRun { id: same_attempt.and_then(|written| written.id), run, standing };
    is_news(&write, standing, written).then_some(write)
}

fn commit_status(origin: &Origin, progress: &Progress, written: Option<&WrittenText>) -> Option<Write> {
    let standing = progress.standing();
    let state = match standing.phase {
        Phase::Queued | Phase::InProgress => "pending",
        Phase::Ended(Rank::Succeeded) => "success",
        Phase::Ended(Rank::Failed) => "failure",
        Phase::Ended(Rank::Superseded | Rank::Cancelled | Rank::Stopped | Rank::Running | Rank::Stopping) => {
            "error"
        }
    };
    let write = Write::CommitStatus {
        context: format!("tidegate/{}", origin.pipeline),
        state,
        description: render::title(origin, progress),
        standing,
    };
    is_news(&write, standing, written).then_some(write)
}

fn conclusion(rank: Rank) -> &'static str {
    match rank {
        Rank::Succeeded => "success",
        Rank::Failed => "failure",
        Rank::Superseded => "neutral",
        Rank::Cancelled | Rank::Stopped | Rank::Running | Rank::Stopping => "cancelled",
    }
}

/// Whether it says something new, and nothing older than what was said.
pub(super) fn is_news(write: &Write, standing: Standing, written: Option<&WrittenText>) -> bool {
    written.is_none_or(|written| standing >= written.standing && write.digest() != written.digest)
}

fn deployment(
    origin: &Origin,
    name: &str,
    stage: &Stage,
    written: Option<&WrittenDeployment>,
) -> Option<Write> {
    if !stage.deploys {
        return None;
    }
    let Some(written) = written else {
        return Some(Write::Deployment {
            stage: name.to_owned(),
            environment: environment(name, &origin.environment),
        });
    };
    let mark = stage.mark.unwrap_or(Mark { attempt: 1, rank: Rank::Running });
    let told = written.mark.map(|told| (told.attempt, deployment_state(told.rank)));
    let forward = written.mark.is_none_or(|told| mark > told);
    (forward && told != Some((mark.attempt, deployment_state(mark.rank)))).then(|| Write::DeploymentStatus {
        stage: name.to_owned(),
        deployment: written.id,
        state: deployment_state(mark.rank),
        mark,
    })
}

fn deployment_state(rank: Rank) -> &'static str {
    match rank {
        Rank::Running | Rank::Stopping => "in_progress",
        Rank::Succeeded => "success",
        Rank::Failed => "failure",
        Rank::Superseded | Rank::Cancelled | Rank::Stopped => "inactive",
    }
}

/// The GitHub environment that a stage deploys to: its name without "deploy", in lower case (`DeployStaging` → `staging`), and the
/// route's environment when nothing else is in the name.
fn environment(stage: &str, of_route: &str) -> String {
    let mut words = String::new();
    for character in stage.chars() {
        if character.is_ascii_uppercase() && words.ends_with(|before: char| before.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(if character.is_ascii_alphanumeric() { character } else { ' ' });
    }
    let words = words.to_ascii_lowercase();
    let kept: Vec<&str> =
        words.split_whitespace().filter(|word| !matches!(*word, "deploy" | "deployment" | "to")).collect();
    if kept.is_empty() { of_route.to_owned() } else { kept.join("-") }
}

impl Write {
    /// Where what it was made from stands; none for a write that has no such place.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        match self {
            Self::CheckRun { standing, .. } | Self::CommitStatus { standing, .. } => Some(*standing),
            Self::Deployment { .. } | Self::DeploymentStatus { .. } | Self::Comment { .. } => None,
        }
    }

    /// SHA-256 of its content, hexadecimal.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let parts: Vec<&str> = match self {
            Self::CheckRun { run, .. } => {
                vec![
                    &run.external_id,
                    run.status,
                    run.conclusion.unwrap_or_default(),
                    &run.title,
                    &run.summary,
                ]
            }
            Self::CommitStatus { state, description, .. } => vec![state, description],
            Self::Deployment { stage, environment } => vec![stage, environment],
            Self::DeploymentStatus { stage, state, .. } => vec![stage, state],
            Self::Comment { body, .. } => vec![body],
        };
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hex::encode(hash.finalize())
    }
}

impl Written {
    /// Notes that `write` was done; `id` is what GitHub calls it.
    pub fn note(&mut self, write: &Write, id: u64) {
        match write {
            Write::CheckRun { standing, .. } => {
                self.check_run =
                    Some(WrittenText { id: Some(id), standing: *standing, digest: write.digest() });
            }
            Write::CommitStatus { standing, .. } => {
                self.commit_status =
                    Some(WrittenText { id: None, standing: *standing, digest: write.digest() });
            }
            Write::Deployment { stage, .. } => {
                self.deployments.insert(stage.clone(), WrittenDeployment { id, mark: None });
            }
            Write::DeploymentStatus { stage, mark, deployment, .. } => {
                let told = WrittenDeployment { id: *deployment, mark: Some(*mark) };
                self.deployments.insert(stage.clone(), told);
            }
            // It belongs to a pull request, and no release has one.
            Write::Comment { .. } => {}
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
