//! Pushes a change and follows it: looks, tells what is new, approves, moves the virtual clock by a minute, until everything that
//! the push started has ended. Must not judge how it ended.

use super::line::{Line, Mood};
use super::state::{Execution, Snapshot, State};
use super::timeline::changes;
use crate::control::ControlPlane;
use crate::emulator::Emulator;
use crate::interrupt;
use crate::stack::record::Record;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Virtual minutes after which a release counts as stuck.
const PATIENCE_MINUTES: u32 = 240;
/// Real time from a delivery to the start of the pipeline.
const START: Duration = Duration::from_secs(60);
/// Time between two looks while the pipeline is about to start.
const LOOK: Duration = Duration::from_millis(150);
/// Characters of a receiver's answer that are shown.
const ANSWER: usize = 100;

/// What is pushed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Push<'a> {
    pub(crate) repository: &'a str,
    pub(crate) branch: &'a str,
    pub(crate) change: &'a str,
}

/// A release at its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Release {
    pub(crate) sha: String,
    /// Everything, as it was at the end.
    pub(crate) last: Snapshot,
    /// Deployments that it made.
    pub(crate) deployments: BTreeSet<String>,
    /// Greatest share of traffic of the new `api-gateway`, in percent.
    pub(crate) greatest_green: f64,
}

impl Release {
    /// Its execution.
    pub(crate) fn execution(&self) -> Option<&Execution> {
        self.last.state.execution_of(&self.sha).map(|(_, execution)| execution)
    }
}

/// Follows releases on a running stack.
pub(crate) struct Follower<'a> {
    control: ControlPlane,
    emulator: Emulator,
    table: String,
    /// Virtual minutes in a second; none for as many as go.
    speed: Option<f64>,
    tell: &'a dyn Fn(&Line),
}

impl<'a> Follower<'a> {
    /// Over the stack of `record`; every line goes to `tell`.
    pub(crate) fn new(record: &Record, speed: Option<f64>, tell: &'a dyn Fn(&Line)) -> Result<Self> {
        Ok(Self {
            control: ControlPlane::new(record),
            emulator: Emulator::new(&record.emulator_url),
            table: record.output("TableName")?.to_owned(),
            speed,
            tell,
        })
    }

    /// Pushes, and follows what that starts to its end.
    pub(crate) fn release(&self, push: Push<'_>) -> Result<Release> {
        let before = Snapshot { state: self.state()?, ..Snapshot::default() };
        let sha = self.push(push)?;
        self.follow(&sha, before)
    }

    /// Pushes, and tells what GitHub's delivery was answered; returns the commit.
    pub(crate) fn push(&self, push: Push<'_>) -> Result<String> {
        let at = self.control.now()?;
        let answer = self.control.push(push.repository, push.branch, push.change)?;
        let sha = answer.get("sha").and_then(Value::as_str).context("GitHub named no commit")?;
        pushed(&at, push, &answer, sha).iter().for_each(self.tell);
        Ok(sha.to_owned())
    }

    /// Follows commit `sha`, which was pushed after `before` was seen, to the end of all it started.
    fn follow(&self, sha: &str, before: Snapshot) -> Result<Release> {
        let mut release = Release { sha: sha.to_owned(), ..Release::default() };
        let known: BTreeSet<String> = before.state.deployments.iter().map(|d| d.id.clone()).collect();
        let mut seen = before;
        let mut now = self.wait_for_start(sha)?;
        for _ in 0..PATIENCE_MINUTES {
            interrupt::check()?;
            changes(&seen, &now, sha).iter().for_each(self.tell);
            release.take(&now, &known);
            seen = now;
            if is_over(&seen, &release) {
                release.last = seen;
                return Ok(release);
            }
            if !self.approve(&seen.state, sha)? {
                self.advance()?;
            }
            now = self.look(&known)?;
        }
        bail!("the release of {sha} has not ended after {PATIENCE_MINUTES} virtual minutes")
    }

    fn state(&self) -> Result<State> {
        let state = serde_json::from_value(self.control.state()?);
        state.context("the control plane's state is not what this command knows")
    }

    /// Everything as it is now, with the watches of deployments that were not known before.
    fn look(&self, known: &BTreeSet<String>) -> Result<Snapshot> {
        let mut snapshot = Snapshot { state: self.state()?, ..Snapshot::default() };
        for deployment in
            snapshot.state.deployments.iter().filter(|d| !d.is_rollback() && !known.contains(&d.id))
        {
            // An active record lies under one key, a closed one under its own.
            let active = self.emulator.body(&self.table, "WATCH", &deployment.id)?;
            let body = match active {
                Some(body) => Some(body),
                None => self.emulator.body(&self.table, &format!("W#{}", deployment.id), "WATCH")?,
            };
            if let Some(body) = body {
                snapshot.watches.insert(deployment.id.clone(), serde_json::from_value(body)?);
            }
        }
        Ok(snapshot)
    }

    fn wait_for_start(&self, sha: &str) -> Result<Snapshot> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            interrupt::check()?;
            let state = self.state()?;
            if state.execution_of(sha).is_some() {
                return Ok(Snapshot { state, ..Snapshot::default() });
            }
            std::thread::sleep(LOOK);
        }
        bail!("no pipeline has started for {sha} within {} s", START.as_secs())
    }

    /// Approves when that is what the release waits for.
    fn approve(&self, state: &State, sha: &str) -> Result<bool> {
        let Some((pipeline, execution)) = state.execution_of(sha) else { return Ok(false) };
        let waits = execution.stage("Approval").is_some_and(|stage| stage.status == "InProgress");
        if waits {
            self.control.approve(pipeline, &execution.id, "approved by `tidegate` on behalf of a person")?;
        }
        Ok(waits)
    }

    fn advance(&self) -> Result<()> {
        let begun = Instant::now();
        self.control.advance_a_minute()?;
        if let Some(speed) = self.speed {
            let minute = Duration::from_secs_f64(1.0 / speed);
            std::thread::sleep(minute.saturating_sub(begun.elapsed()));
        }
        Ok(())
    }
}

impl Release {
    fn take(&mut self, now: &Snapshot, known: &BTreeSet<String>) {
        for deployment in now.state.deployments.iter().filter(|d| !known.contains(&d.id)) {
            self.deployments.insert(deployment.id.clone());
            if !deployment.is_rollback() && deployment.group == "api-gateway" {
                self.greatest_green = self.greatest_green.max(deployment.weights.green);
            }
        }
    }
}

fn is_over(now: &Snapshot, release: &Release) -> bool {
    let execution = now.state.execution_of(&release.sha);
    let mine = now.state.deployments.iter().filter(|d| release.deployments.contains(&d.id));
    execution.is_some_and(|(_, execution)| !execution.is_live()) && mine.into_iter().all(|d| !d.is_live())
}

/// The push and what each delivery was answered.
fn pushed(at: &str, push: Push<'_>, answer: &Value, sha: &str) -> Vec<Line> {
    let short = sha.get(..7).unwrap_or(sha);
    let words = format!("{short} on `{}` of `{}`, change `{}`", push.branch, push.repository, push.change);
    let mut lines = vec![Line::new(at, "push", Mood::Plain, &words)];
    let deliveries = answer.get("deliveries").and_then(Value::as_array);
    for delivery in deliveries.into_iter().flatten() {
        let status = delivery.get("status").and_then(Value::as_u64).unwrap_or(0);
        let body = delivery.get("body").map(body_words).unwrap_or_default();
        let (mood, verified) = match status {
            200..=299 => (Mood::Plain, "signature verified, "),
            _ => (Mood::Bad, ""),
        };
        lines.push(Line::new(at, "webhook", mood, &format!("{verified}answered {status}: {body}")));
    }
    lines
}

/// The receiver's message, or the beginning of whatever it answered.
fn body_words(body: &Value) -> String {
    let text = body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned);
    let json = serde_json::from_str::<Value>(&text).ok();
    let message = json.as_ref().and_then(|json| json.get("message")).and_then(Value::as_str);
    message.unwrap_or(&text).chars().filter(|character| !character.is_control()).take(ANSWER).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::line::Look;
    use serde_json::json;

    #[test]
    fn a_push_tells_the_commit_and_what_its_delivery_was_answered() {
        let push = Push { repository: "acme/shop", branch: "main", change: "good" };
        let answer = json!({"deliveries": [
            {"status": 202, "body": "{\"message\":\"queued\",\"result\":\"queued\"}"},
            {"status": 401, "body": "{\"message\":\"the signature does not fit\"}"},
        ]});
        let lines = pushed("2026-11-24T02:36:00Z", push, &answer, "46b8219c92287c26");
        let text: Vec<String> = lines.iter().map(|line| line.text(Look::PLAIN)).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        02:36  push              46b8219 on `main` of `acme/shop`, change `good`
        02:36  webhook           signature verified, answered 202: queued
        02:36  webhook           answered 401: the signature does not fit
        ");
    }
}
