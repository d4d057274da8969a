//! Which check is made at which moment, and how long each took.
//!
//! A moment without a hook of its own is made up for before production traffic moves, so that a team with one hook gets every check. What costs
//! requests to green is made last, and only when nothing is still being waited for. Must not: judge; each check does.

use super::facts::{Facts, Unknown};
use super::green::{self, Ended};
use super::image::{self, digest};
use super::ports::{
    AlarmStates, Approvals, Balancers, Canaries, FlagValues, Groups, LogPatterns, PipelineActions, Probe,
    Services, Stopwatch, Tasks,
};
use super::probe::{Job, Report};
use super::synthetics::Next;
use super::{alarms, flags, latency, logs, migration, preflight, set_up, smoke, synthetics};
use crate::delivery::check::{Check, State};
use crate::delivery::policy::Policy;
use crate::delivery::policy::checks::{Checks, Flags, Images, LogPattern, Rule, Synthetic};
use crate::delivery::ports::{CheckedStage, Checker, Deployment};
use crate::delivery::stage::Stage;
use crate::delivery::watch::Watch;
use crate::errors::Fault;
use std::collections::BTreeMap;
use std::future::Future;

/// The checks and their outside world.
pub struct Runner<S, G, B, P, A, F, C, L, X, Q, W> {
    /// ECS.
    pub services: S,
    /// `CodeDeploy`.
    pub groups: G,
    /// The load balancer.
    pub balancers: B,
    /// Pipelines.
    pub pipelines: P,
    /// Alarms.
    pub alarms: A,
    /// Feature flags.
    pub flags: F,
    /// Synthetics.
    pub canaries: C,
    /// Logs.
    pub logs: L,
    /// The probe function.
    pub probe: X,
    /// What gates decided.
    pub approvals: Q,
    /// How long things take.
    pub clock: W,
}

/// What is due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// `preflight`, `image`, `migration`.
    pub set_up: bool,
    /// `green-steady`, `green-healthy`.
    pub green: bool,
    /// `alarms`, `flags`, `logs`.
    pub last_look: bool,
    /// `synthetics`, `smoke`, `latency`.
    pub requests: bool,
}

impl Due {
    /// Of a moment; `known` holds what was checked at earlier ones.
    #[must_use]
    pub fn at(stage: Stage, known: Option<&Watch>) -> Self {
        let none = Self { set_up: false, green: false, last_look: false, requests: false };
        let asked =
            |stage| known.is_some_and(|watch| watch.checks.iter().any(|checked| checked.stage == stage));
        match stage {
            Stage::Preflight => Self { set_up: true, ..none },
            Stage::Installed => Self { green: true, ..none },
            Stage::Tested => Self { green: true, requests: true, ..none },
            Stage::BeforeTraffic => Self {
                set_up: !asked(Stage::Preflight),
                green: true,
                last_look: true,
                requests: !asked(Stage::Tested),
            },
            Stage::Shifting | Stage::AfterTraffic => none,
        }
    }
}

impl<S, G, B, P, A, F, C, L, X, Q, W> Checker for Runner<S, G, B, P, A, F, C, L, X, Q, W>
where
    S: Services,
    G: Groups,
    B: Balancers,
    P: PipelineActions,
    A: AlarmStates,
    F: FlagValues,
    C: Canaries,
    L: LogPatterns,
    X: Probe,
    Q: Approvals,
    W: Stopwatch,
{
    async fn check(
        &self,
        stage: Stage,
        deployment: &Deployment,
        policy: &Policy,
        known: Option<&Watch>,
    ) -> Result<CheckedStage, Fault> {
        let due = Due::at(stage, known);
        let mut checked = CheckedStage::default();
        if due == Due::at(Stage::AfterTraffic, None) {
            return Ok(checked);
        }
        let now = Moment {
            deployment,
            settings: &policy.checks,
            facts: Facts::read(deployment, &self.services, &self.groups).await,
        };
        let needs_tasks = due.green || due.last_look && !now.settings.logs.is_empty();
        let tasks = if needs_tasks { Some(now.facts.tasks(&self.services).await) } else { None };
        if due.set_up {
            self.set_up(&now, tasks.as_ref(), policy, &mut checked).await;
        }
        if let Some(tasks) = tasks.as_ref().filter(|_| due.green) {
            self.green(&now, tasks, &mut checked.checks).await;
        }
        if due.last_look {
            self.last_look(&now, tasks.as_ref(), &mut checked.checks).await;
        }
        let waits = checked.checks.iter().any(|check| check.state == State::NotYet);
        if due.requests && !waits {
            self.requests(&now, &mut checked.checks).await;
        }
        Ok(checked)
    }
}

/// What is checked, by which settings, and what is known of it.
struct Moment<'a> {
    deployment: &'a Deployment,
    settings: &'a Checks,
    facts: Facts,
}

type KnownTasks<'a> = Option<&'a Result<Tasks, Unknown>>;

impl<S, G, B, P, A, F, C, L, X, Q, W> Runner<S, G, B, P, A, F, C, L, X, Q, W>
where
    S: Services,
    G: Groups,
    B: Balancers,
    P: PipelineActions,
    A: AlarmStates,
    F: FlagValues,
    C: Canaries,
    L: LogPatterns,
    X: Probe,
    Q: Approvals,
    W: Stopwatch,
{
    /// A check with how long it took; what could not be read is the check's own state.
    async fn timed(&self, id: &str, check: impl Future<Output = Result<Check, Unknown>>) -> Check {
        let began = self.clock.millis();
        let check = check.await.unwrap_or_else(|unknown| unknown.check(id));
        Check { duration_ms: Some(self.clock.millis().saturating_sub(began)), ..check }
    }

    async fn set_up(
        &self,
        now: &Moment<'_>,
        tasks: KnownTasks<'_>,
        policy: &Policy,
        checked: &mut CheckedStage,
    ) {
        let read = async {
            let facts = &now.facts;
            let pipeline = policy.checks.preflight.pipeline.as_deref();
            let set_up =
                set_up::read(now.deployment, facts, pipeline, &self.balancers, &self.pipelines, &self.alarms)
                    .await?;
            Ok(preflight::check(&preflight::judge(now.deployment.engine(), &set_up)))
        };
        checked.checks.push(self.timed(preflight::ID, read).await);
        let images = self.images(&policy.checks.images, now, tasks);
        checked.checks.push(self.timed(image::ID, images).await);
        match &now.facts.definition {
            Ok(definition) => {
                let (check, freeze) = migration::judge(&policy.checks.migration, definition);
                checked.checks.push(check);
                checked.freeze = freeze;
            }
            Err(unknown) => checked.checks.push(unknown.check(migration::ID)),
        }
    }

    async fn images(
        &self,
        settings: &Images,
        now: &Moment<'_>,
        tasks: KnownTasks<'_>,
    ) -> Result<Check, Unknown> {
        let definition = now.facts.definition.as_ref().map_err(Clone::clone)?;
        let tasks = tasks.and_then(|tasks| tasks.as_ref().ok());
        let found = definition.containers.iter().filter_map(|container| {
            Some((container.name.clone(), digest(container, tasks, &definition.arn)?))
        });
        let digests: BTreeMap<String, String> = found.collect();
        let mut approvals = BTreeMap::new();
        if settings.approved != Rule::Off {
            for digest in digests.values() {
                approvals.insert(digest.clone(), self.approvals.approval(digest).await?);
            }
        }
        Ok(image::judge(settings, definition, &digests, &approvals))
    }

    async fn green(&self, now: &Moment<'_>, tasks: &Result<Tasks, Unknown>, checks: &mut Vec<Check>) {
        checks.push(match (&now.facts.definition, tasks) {
            (Ok(definition), Ok(tasks)) => {
                green::is_steady(now.deployment, &Ended::of(now.deployment, &definition.arn, tasks))
            }
            (Err(unknown), _) | (Ok(_), Err(unknown)) => unknown.check(green::STEADY),
        });
        let Some(set) = now.deployment.green() else { return };
        if set.target_group.is_empty() {
            let words = "the deployment names no target group of green, so no target can be looked at";
            checks.push(Check::new(green::HEALTHY, State::Inconclusive, words));
            return;
        }
        let read = async {
            Ok(green::is_healthy(&set.target_group, &self.balancers.targets(&set.target_group).await?))
        };
        checks.push(self.timed(green::HEALTHY, read).await);
    }

    async fn last_look(&self, now: &Moment<'_>, tasks: KnownTasks<'_>, checks: &mut Vec<Check>) {
        if let Some(names) = set_up::alarm_names(now.settings, &now.facts) {
            checks.push(self.timed(alarms::ID, self.alarm_states(now, names)).await);
        }
        for flags in &now.settings.flags {
            checks.push(self.timed(flags::ID, self.flag_values(flags)).await);
        }
        for pattern in &now.settings.logs {
            checks.push(self.timed(logs::ID, self.log_pattern(pattern, now, tasks)).await);
        }
    }

    async fn alarm_states(
        &self,
        now: &Moment<'_>,
        names: Result<Vec<String>, Unknown>,
    ) -> Result<Check, Unknown> {
        let (names, settings) = (names?, &now.settings.alarms);
        let mut found = if names.is_empty() { Vec::new() } else { self.alarms.named(&names).await? };
        if let Some(prefix) = &settings.prefix {
            found.extend(self.alarms.beginning(prefix).await?);
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found.dedup_by(|one, other| one.name == other.name);
        Ok(alarms::judge(settings.ringing, now.deployment.engine(), &names, &found))
    }

    async fn flag_values(&self, flags: &Flags) -> Result<Check, Unknown> {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let document = match &flags.parameter {
            Some(name) => self.flags.parameter(name).await?,
            None => {
                let (application, environment) = (part(&flags.application), part(&flags.environment));
                self.flags.app_config(&application, &environment, &part(&flags.profile)).await?
            }
        };
        Ok(flags::judge(flags, &document))
    }

    async fn log_pattern(
        &self,
        pattern: &LogPattern,
        now: &Moment<'_>,
        tasks: KnownTasks<'_>,
    ) -> Result<Check, Unknown> {
        let (Ok(definition), Some(Ok(tasks))) = (&now.facts.definition, tasks) else {
            return Ok(logs::judge(pattern, &logs::Streams::default(), None));
        };
        let own = green::of_green(now.deployment, &definition.arn, tasks);
        let streams = logs::streams(pattern, definition, own);
        let Some(since) = streams.since.filter(|_| !streams.by_group.is_empty()) else {
            return Ok(logs::judge(pattern, &streams, None));
        };
        let mut sum = super::ports::Counted { events: 0, is_whole: true };
        for (group, names) in &streams.by_group {
            match self.logs.count(group, names, &pattern.pattern, since).await {
                Ok(counted) => {
                    sum.events += counted.events;
                    sum.is_whole &= counted.is_whole;
                }
                // A stream is made with its first line.
                Err(Fault::Missing { .. }) => {}
                // Advice must not hold up a release: it is told instead.
                Err(fault) => {
                    let words = Unknown::from(fault).words();
                    return Ok(Check::new(
                        logs::ID,
                        State::Warn,
                        format!("green's logs were not read: {words}"),
                    ));
                }
            }
        }
        Ok(logs::judge(pattern, &streams, Some(sum)))
    }

    async fn requests(&self, now: &Moment<'_>, checks: &mut Vec<Check>) {
        for canary in &now.settings.synthetics {
            checks.push(self.timed(synthetics::ID, self.canary(canary, now)).await);
        }
        if checks.iter().any(|check| check.state == State::NotYet) {
            return;
        }
        if let Some(settings) = &now.settings.smoke {
            let read = async {
                let definition = now.facts.definition.as_ref().map_err(Clone::clone)?;
                match smoke::job(settings, definition) {
                    Ok(job) => Ok(smoke::judge(settings, &self.send(&job).await?)),
                    Err(check) => Ok(check),
                }
            };
            checks.push(self.timed(smoke::ID, read).await);
        }
        if let Some(settings) = &now.settings.latency {
            let job = latency::job(settings, now.settings.smoke.as_ref());
            let read = async { Ok(latency::judge(settings, &self.send(&job).await?)) };
            checks.push(self.timed(latency::ID, read).await);
        }
    }

    async fn send(&self, job: &Job) -> Result<Report, Unknown> {
        Ok(self.probe.send(job).await?)
    }

    async fn canary(&self, settings: &Synthetic, now: &Moment<'_>) -> Result<Check, Unknown> {
        let event = now.deployment.current_event().and_then(|event| event.started_at);
        let since = event.unwrap_or(now.deployment.created_at);
        let run = self.canaries.last_run(&settings.canary).await?;
        match synthetics::judge(settings, run.as_ref(), since) {
            Next::Known(check) => Ok(check),
            Next::Start(check) => {
                self.canaries.start(&settings.canary).await?;
                Ok(check)
            }
        }
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
