//! What is remembered beside the repositories: the webhooks and their deliveries, pull requests, checks, deployments, comments,
//! faults.
//!
//! In memory only. Must not: show a secret.

use super::deliver::{Delivery, Hook};
use super::pulls::Pull;
use super::reviews::Review;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Requests that an installation has in an hour.
const HOURLY_LIMIT: u64 = 5000;
/// An hour in milliseconds.
const HOUR: i64 = 3_600_000;

/// What a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CheckRun,
    Deployment,
    DeploymentStatus,
    CommitStatus,
    Comment,
}

/// Something that was posted.
pub(super) struct Record {
    pub(super) kind: Kind,
    /// Repository id.
    pub(super) repository: u64,
    /// What it belongs to: a commit, a deployment, an issue.
    pub(super) of: String,
    pub(super) id: u64,
    /// As the API shows it.
    pub(super) value: Value,
}

/// A refusal on order.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fault {
    /// Beginning of the paths it strikes.
    pub(super) path: String,
    /// HTTP status to answer.
    pub(super) status: u16,
    /// How often it still strikes.
    #[serde(default = "once")]
    pub(super) times: u32,
    /// Value of `retry-after`, in seconds.
    #[serde(default)]
    pub(super) retry_after: Option<u32>,
    /// Answer with `x-ratelimit-remaining: 0`.
    #[serde(default)]
    pub(super) rate_limited: bool,
}

fn once() -> u32 {
    1
}

/// Where the caller stands with its rate limit.
pub(super) struct Rate {
    used: u64,
    /// Epoch seconds.
    reset: i64,
}

/// Everything that is remembered.
#[derive(Default)]
pub(super) struct Book {
    last_id: u64,
    pub(super) hooks: Vec<Hook>,
    pub(super) deliveries: Vec<Delivery>,
    records: Vec<Record>,
    /// In the order they were opened.
    pulls: Vec<Pull>,
    pub(super) reviews: Vec<Review>,
    /// Account → what it may do.
    pub(super) permissions: BTreeMap<String, String>,
    pub(super) faults: Vec<Fault>,
    hour: i64,
    used: u64,
    /// Requests that counted, and answers 304 that did not.
    pub(super) counted: u64,
    pub(super) unchanged: u64,
}

impl Book {
    /// An id that was not given before.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Keeps a record.
    pub(super) fn keep(&mut self, record: Record) {
        self.records.push(record);
    }

    /// The records of a kind in a repository, oldest first.
    pub(super) fn records(&self, kind: Kind, repository: u64) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.kind == kind && record.repository == repository)
    }

    /// One record, to be changed.
    pub(super) fn record_mut(&mut self, kind: Kind, repository: u64, id: u64) -> Option<&mut Record> {
        self.records
            .iter_mut()
            .find(|record| record.kind == kind && record.repository == repository && record.id == id)
    }

    /// The number of the next pull request.
    pub(super) fn next_pull(&self, repository: u64) -> u64 {
        self.pulls.iter().filter(|pull| pull.repository == repository).count() as u64 + 1
    }

    /// Keeps a pull request in place of what was known of it.
    pub(super) fn keep_pull(&mut self, pull: Pull) {
        let same = |known: &&mut Pull| known.repository == pull.repository && known.number == pull.number;
        match self.pulls.iter_mut().find(same) {
            Some(known) => *known = pull,
            None => self.pulls.push(pull),
        }
    }

    /// A pull request.
    pub(super) fn pull(&self, repository: u64, number: u64) -> Option<Pull> {
        self.pulls.iter().find(|pull| pull.repository == repository && pull.number == number).cloned()
    }

    /// The pull requests of a repository, oldest first.
    pub(super) fn pulls(&self, repository: u64) -> Vec<Pull> {
        self.pulls.iter().filter(|pull| pull.repository == repository).cloned().collect()
    }

    /// The webhook of a repository.
    pub(super) fn hook_of(&self, repository: u64) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.repository == repository)
    }

    /// The fault that strikes `path` now; it has struck once more then.
    pub(super) fn fault_for(&mut self, path: &str) -> Option<Fault> {
        let fault = self.faults.iter_mut().find(|fault| fault.times > 0 && path.starts_with(&fault.path))?;
        fault.times -= 1;
        Some(fault.clone())
    }

    /// Counts a request of the virtual hour; an answer 304 is free.
    pub(super) fn count(&mut self, now: i64, unchanged: bool) -> Rate {
        let hour = now.div_euclid(HOUR);
        if self.hour != hour {
            (self.hour, self.used) = (hour, 0);
        }
        if unchanged {
            self.unchanged += 1;
        } else {
            self.used += 1;
            self.counted += 1;
        }
        Rate { used: self.used, reset: (hour + 1).saturating_mul(HOUR / 1000) }
    }
}

impl Rate {
    /// The headers that say so. `remaining` stays above zero: the limit is told and not held.
    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let remaining = HOURLY_LIMIT.saturating_sub(self.used).max(1);
        let reset = u64::try_from(self.reset).unwrap_or_default();
        [
            (HeaderName::from_static("x-ratelimit-limit"), HOURLY_LIMIT),
            (HeaderName::from_static("x-ratelimit-remaining"), remaining),
            (HeaderName::from_static("x-ratelimit-used"), self.used),
            (HeaderName::from_static("x-ratelimit-reset"), reset),
        ]
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from(value)))
        .chain([(HeaderName::from_static("x-ratelimit-resource"), HeaderValue::from_static("core"))])
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message =
            if self.rate_limited { "API rate limit exceeded" } else { "a fault that was asked for" };
        let mut answer = super::answer::refusal(status, message);
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert("retry-after", HeaderValue::from(seconds));
        }
        if self.rate_limited {
            answer.headers_mut().insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
        }
        answer
    }
}
