//! One tick of the watch: read the settled minutes, decide, write it down, act. May be repeated after a crash at any step.
//!
//! The (deployment, minute) key is the record's `ticked`: a tick that is older than it, or the same once more with nothing left to do, changes
//! nothing. Two ticks at once are told apart by the record's version: only one of them writes (`Fault::Conflict` for the other). Acting may
//! happen twice; every action says itself whether it was done before.

use super::analysis::{Analysis, NoiseOf, Situation, conclude, noise};
use super::gate::{Reply, arms, longest, record, reply};
use super::pauses::{Decision, decide};
use super::policy::{LEARNING_MINUTES, Noise, Policies, Policy};
use super::ports::{
    Deployment, Deployments, Hooks, Minutes, Notifier, PauseHook, Pauses, Stored, TargetGroups, Watches,
};
use super::series::{Series, shifted};
use super::verdict::{Action, Kind, Verdict};
use super::watch::{Asker, Engine, Shown, Waiting, Watch};
use crate::errors::{Fault, chain};
use crate::model::{MINUTE, Timestamp};

/// How many minutes before the newest known one are read again: late counts.
const REREAD_MS: i64 = 3 * MINUTE;
/// How long a waiting CodeDeploy hook may wait before it is answered by policy: five minutes before its hour is over.
pub const WATCHDOG_MS: i64 = 55 * MINUTE;
/// How long to wait for a first minute of traffic once somebody waits.
const NO_TRAFFIC_MS: i64 = 15 * MINUTE;
/// How long minutes may be unreadable before a tick is a failure that an alarm sees.
const BEARABLE_MS: i64 = 4 * MINUTE;
/// How long it is tried to tell people of a verdict once the deployment is over.
const TELL_MS: i64 = 60 * MINUTE;
/// How old a deployment is that its engine must know if it is there at all.
const GONE_MS: i64 = 60 * MINUTE;

/// What a tick did about one deployment, for the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Deployment id.
    pub deployment: String,
    /// One line.
    pub what: String,
    /// The record, when this tick closed it.
    pub closed: Option<Box<Watch>>,
}

/// The outside world of a tick.
pub struct World<'a, D, M, T, W, N> {
    /// CodeDeploy and ECS.
    pub deployments: &'a D,
    /// CloudWatch.
    pub minutes: &'a M,
    /// The load balancer.
    pub groups: &'a T,
    /// The table.
    pub watches: &'a W,
    /// People.
    pub notifier: &'a N,
}

impl<D: Deployments + Hooks + Pauses, M: Minutes, T: TargetGroups, W: Watches, N: Notifier>
    World<'_, D, M, T, W, N>
{
    /// Looks after one active watch at `now`, the time of the tick's event.
    ///
    /// # Errors
    /// Faults; the next tick does it again.
    pub async fn tick(&self, stored: Stored, now: Timestamp) -> Result<Seen, Fault> {
        let id = stored.watch.deployment_id.clone();
        if stored.watch.ticked.is_some_and(|ticked| now < ticked) {
            return Ok(Seen { deployment: id, what: "a later tick has been here".to_owned(), closed: None });
        }
        let mut stored = stored;
        let deployment = match self.deployments.describe(&id).await {
            Ok(deployment) => deployment,
            Err(Fault::Missing { .. }) if now.since(stored.watch.created_at) >= GONE_MS => {
                return self.gone(stored).await;
            }
            Err(fault) => return Err(fault),
        };
        let recorded = recorded(&stored.watch);
        let policy = recorded.as_ref().ok().and_then(Option::as_ref);
        let last_read = stored.watch.ticked.or(stored.watch.watched_from).unwrap_or(now);
        let mut seen = Ok(());
        if let Some(policy) = policy {
            seen = self.observe(&mut stored.watch, policy, &deployment, now).await;
            self.judge(&mut stored.watch, policy, &deployment, now, seen.is_ok());
        }
        if seen.is_ok() {
            stored.watch.ticked = Some(now);
        }
        stored.version = self.watches.save(&stored).await?;
        let before = stored.watch.clone();
        let acted = self.act(&mut stored.watch, policy, &deployment, now).await;
        let so_far = describe(&stored.watch);
        let closed = self.finish(stored, &before, &deployment, now).await?;
        // What could not be read was no reason to leave anybody waiting; now it is said.
        let unread = bear(seen, last_read, now)?;
        let what = acted?.or(unread).unwrap_or(so_far);
        recorded?;
        let end = deployment.is_over().then(|| format!("; the deployment is over: {}", deployment.status));
        Ok(Seen { deployment: deployment.id, what: what + end.as_deref().unwrap_or_default(), closed })
    }

    /// Writes down what was done, and closes the record of a deployment that is over once people know of it.
    async fn finish(
        &self,
        mut stored: Stored,
        before: &Watch,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Option<Box<Watch>>, Fault> {
        if deployment.is_over() {
            stored.watch.final_state = Some(deployment.status.clone());
            stored.watch.rollback.clone_from(&deployment.rollback);
        }
        if stored.watch != *before {
            stored.version = self.watches.save(&stored).await?;
        }
        if deployment.is_over() && is_told(&stored.watch, now) {
            self.watches.close(&stored).await?;
            return Ok(Some(Box::new(stored.watch)));
        }
        Ok(None)
    }

    /// Closes the record of a deployment that its engine does not know any more.
    async fn gone(&self, mut stored: Stored) -> Result<Seen, Fault> {
        stored.watch.final_state = Some("gone".to_owned());
        self.watches.close(&stored).await?;
        let what = "the deployment is not there any more".to_owned();
        Ok(Seen {
            deployment: stored.watch.deployment_id.clone(),
            what,
            closed: Some(Box::new(stored.watch)),
        })
    }

    /// Makes the record of an ECS deployment that is paused and was not seen before: it has no Lambda hook, or that hook has not run.
    ///
    /// # Errors
    /// Faults of outside services.
    pub async fn adopt(&self, id: &str, policies: &Policies) -> Result<Option<Stored>, Fault> {
        let deployment = self.deployments.describe(id).await?;
        if deployment.is_over() || deployment.is_rollback() {
            return Ok(None);
        }
        let mut watch = record(&deployment);
        if let Ok(found) = arms(&deployment, self.groups).await? {
            watch.arms = Some(found);
            watch.watched_from = Some(deployment.created_at);
            watch.policy = serde_json::to_value(policies.of(&deployment.group)).unwrap_or_default();
        }
        self.watches.create(&watch).await?;
        self.watches.get(id).await
    }

    async fn observe(
        &self,
        watch: &mut Watch,
        policy: &Policy,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let (Some(arms), Some(from)) = (watch.arms.clone(), watch.watched_from) else { return Ok(()) };
        watch.see_weight(now, deployment.green().map_or(0, |green| green.weight_percent));
        let to = now.plus(-i64::from(policy.settle_minutes) * MINUTE).minute();
        // The hour before the shift is settled when its first minute is: what is learned does not depend on which tick looks first.
        if from.minute() >= to || watch.verdict.is_some() {
            return Ok(());
        }
        if arms.blue.is_some() && watch.noise.is_none() {
            let start = from.plus(-LEARNING_MINUTES * MINUTE).minute();
            let before = match policy.noise {
                Noise::Fixed(_) => Series::new(),
                Noise::Learned(_) => self.minutes.read(policy, &arms, start, from.minute()).await?,
            };
            watch.noise = Some(learn(policy, &before));
        }
        let newest = watch.minutes.keys().next_back().map(|minute| minute.plus(-REREAD_MS));
        let from = newest.unwrap_or(from).max(from).minute();
        if from < to {
            watch.minutes.extend(self.minutes.read(policy, &arms, from, to).await?);
        }
        Ok(())
    }

    /// Writes the verdict, if there is one and none before. Minutes that could not be read are waited for until the asker's time is over:
    /// they may be what speaks against it.
    fn judge(
        &self,
        watch: &mut Watch,
        policy: &Policy,
        deployment: &Deployment,
        now: Timestamp,
        is_read: bool,
    ) {
        if watch.verdict.is_some() || deployment.is_over() || deployment.is_rollback() {
            return;
        }
        let verdict = |kind, reason| Verdict { kind, reason, decided_at: now, dry_run: policy.dry_run };
        if watch.arms.as_ref().is_some_and(|arms| arms.blue.is_none()) {
            if watch.waiting.is_some() {
                let reason = "a first deployment has nothing to be compared with: only its checks were made";
                watch.verdict = Some(verdict(Kind::Promote, reason.to_owned()));
            }
            return;
        }
        let analysis = watch.analyse(policy);
        let situation = situation(watch, policy, &analysis, now);
        if !is_read && !situation.is_late {
            return;
        }
        watch.verdict = conclude(policy, &analysis, situation).map(|(kind, reason)| verdict(kind, reason));
        if watch.verdict.is_some() {
            watch.evidence = Shown::of(&analysis);
        }
    }

    /// Does what the verdict, or a pause, asks for; the line for the log when something was done. Without settings nothing is judged, and
    /// people still hear of a pause.
    async fn act(
        &self,
        watch: &mut Watch,
        policy: Option<&Policy>,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Option<String>, Fault> {
        if deployment.is_over() {
            // Whoever waited waits no more.
            watch.waiting = None;
        }
        let (Some(policy), Some(verdict)) = (policy, watch.verdict.clone()) else {
            return self.pauses(watch, policy, deployment, now).await;
        };
        let mut first_fault = None;
        if verdict.kind == Kind::Harm && watch.action.is_none() {
            match self.against_harm(watch, &verdict, deployment).await {
                Ok(action) => watch.action = action,
                Err(fault) => first_fault = Some(fault),
            }
        }
        if let Some(waiting) = watch.waiting.clone() {
            match self.answer(watch, policy, &verdict, &waiting).await {
                Ok(()) => watch.waiting = None,
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        if first_fault.is_none() {
            let paused = self.pauses(watch, Some(policy), deployment, now).await;
            first_fault = paused.err();
        }
        // Acting came first; people are told of what was done, so not before it is.
        let is_done = verdict.kind != Kind::Harm || watch.action.is_some();
        if !watch.told && is_done {
            watch.told = self.tell(watch, &verdict).await;
        }
        match first_fault {
            Some(fault) => Err(fault),
            None => Ok(Some(act_words(watch, &verdict))),
        }
    }

    /// Stops what does harm, or finds out how it ended before; none while that is not known yet.
    async fn against_harm(
        &self,
        watch: &Watch,
        verdict: &Verdict,
        deployment: &Deployment,
    ) -> Result<Option<Action>, Fault> {
        if verdict.dry_run {
            return Ok(Some(Action::Advised));
        }
        if deployment.is_rollback() {
            return Ok(Some(Action::Stopped));
        }
        let is_frozen = watch.freeze.is_some();
        // ECS leaves the weights where they are while our hook holds its step: a freeze stops nothing there.
        if is_frozen && watch.engine == Engine::Ecs && !deployment.is_over() {
            return Ok(Some(Action::Frozen));
        }
        if !deployment.is_over() {
            match self.deployments.stop(&watch.deployment_id, !is_frozen).await {
                Ok(()) => return Ok(Some(if is_frozen { Action::Frozen } else { Action::Stopped })),
                Err(Fault::Missing { .. }) => {}
                Err(fault) => return Err(fault),
            }
        }
        // It was over before: by our own stop that was not written down, by somebody else, or with success.
        let ended = self.deployments.describe(&watch.deployment_id).await?;
        if ended.is_taken_back() {
            return Ok(Some(Action::Stopped));
        }
        if is_frozen {
            return Ok(Some(Action::Frozen));
        }
        // The engine may name its rollback a moment after the end: a minute later it is known that there is none.
        let is_known = ended.has_succeeded() || watch.final_state.is_some();
        Ok(is_known.then_some(Action::TooLate))
    }

    async fn answer(
        &self,
        watch: &Watch,
        policy: &Policy,
        verdict: &Verdict,
        waiting: &Waiting,
    ) -> Result<(), Fault> {
        let succeeded = match reply(verdict, policy.on_inconclusive, watch.freeze.as_deref()) {
            Reply::Succeeded(_) => true,
            Reply::Failed(_) | Reply::Again(_) | Reply::Later(_) => false,
        };
        for asker in waiting.askers() {
            let execution = match asker {
                Asker::Poll => continue,
                Asker::Hook { execution } => execution,
            };
            let answered = self.deployments.answer_hook(&watch.deployment_id, execution, succeeded).await;
            done_before(answered)?;
        }
        Ok(())
    }

    /// Decides the pauses of an ECS deployment, or says that a person must.
    async fn pauses(
        &self,
        watch: &mut Watch,
        policy: Option<&Policy>,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Option<String>, Fault> {
        let mut what = None;
        for pause in &deployment.pauses {
            let (go_on, done, reason) = match decide(watch, policy, deployment, pause, now) {
                Decision::NotYet => continue,
                Decision::Person => {
                    if !watch.pauses_told.contains(&pause.id) && self.tell_pause(watch, pause).await {
                        watch.pauses_told.push(pause.id.clone());
                    }
                    continue;
                }
                Decision::GoOn(reason) => (true, "let it go on", reason),
                Decision::Back(reason) => (false, "took it back", reason),
            };
            done_before(self.deployments.resume(&watch.deployment_id, &pause.id, go_on).await)?;
            what = Some(format!("paused at `{}`, {done}: {reason}", pause.stage));
        }
        Ok(what)
    }

    /// Whether people could be told.
    async fn tell(&self, watch: &Watch, verdict: &Verdict) -> bool {
        let subject = match (verdict.kind, &watch.action) {
            (Kind::Promote, _) => return true,
            (Kind::Inconclusive, _) => format!("Tidegate: the watch of {} is inconclusive", watch.group),
            (Kind::Harm, Some(Action::Frozen)) => {
                format!("Tidegate: {} does harm and is NOT rolled back", watch.group)
            }
            (Kind::Harm, Some(Action::TooLate)) => {
                format!("Tidegate: {} does harm and the deployment is over: go back by hand", watch.group)
            }
            (Kind::Harm, Some(Action::Advised)) => {
                format!("Tidegate: {} would have been rolled back (trial)", watch.group)
            }
            (Kind::Harm, Some(Action::Stopped) | None) => format!("Tidegate: {} is rolled back", watch.group),
        };
        let freeze =
            watch.freeze.as_deref().map(|why| format!("\nNot rolled back: {why}")).unwrap_or_default();
        let text = format!("{} `{}`: {}{freeze}", watch.group, watch.deployment_id, verdict.reason);
        self.notifier.publish(&subject, &text).await.is_ok()
    }

    async fn tell_pause(&self, watch: &Watch, pause: &PauseHook) -> bool {
        let until = pause.expires_at.map(|at| format!(" until {at}")).unwrap_or_default();
        let subject = format!("Tidegate: {} waits for a person", watch.group);
        let text = format!(
            "{} `{}` is paused at `{}`{until}. Decide with: aws ecs continue-service-deployment --service-deployment-arn {} --hook-id {} --action CONTINUE (or ROLLBACK)\nSo far: {}",
            watch.group,
            watch.deployment_id,
            pause.stage,
            watch.deployment_id,
            pause.id,
            describe(watch)
        );
        self.notifier.publish(&subject, &text).await.is_ok()
    }
}

/// Minutes that are late or partial are asked for again by the next tick: that is no failure until it goes on for a while.
fn bear(seen: Result<(), Fault>, last_read: Timestamp, now: Timestamp) -> Result<Option<String>, Fault> {
    match seen {
        Ok(()) => Ok(None),
        Err(fault @ Fault::Transient { .. }) if now.since(last_read) < BEARABLE_MS => {
            Ok(Some(format!("the minutes could not be read and are asked for again: {}", chain(&fault))))
        }
        Err(fault) => Err(fault),
    }
}

/// The settings of a record that is watched.
fn recorded(watch: &Watch) -> Result<Option<Policy>, Fault> {
    if !watch.is_watched() {
        return Ok(None);
    }
    watch.policy().map(Some).map_err(|error| Fault::Unreadable {
        service: "DynamoDB",
        operation: "Query",
        detail: chain(&error),
    })
}

/// Noise of every counted metric, from the running version's minutes before the shift.
fn learn(policy: &Policy, before: &Series) -> NoiseOf {
    let of =
        |id: &str| noise::learned(before.values().filter_map(|minute| Some(minute.counts.get(id)?.blue)));
    policy.metrics.iter().filter_map(|metric| Some((metric.id.clone(), of(&metric.id)?))).collect()
}

fn situation(watch: &Watch, policy: &Policy, analysis: &Analysis, now: Timestamp) -> Situation {
    let waited = watch.waiting.as_ref().map(|waiting| now.since(waiting.since));
    let is_hook = watch.waiting.as_ref().is_some_and(|waiting| match waiting.asker {
        Asker::Hook { .. } => true,
        Asker::Poll => false,
    });
    let since_first = shifted(&watch.minutes).next().map(|(first, _)| now.since(first));
    let is_late = waited.is_some_and(|waited| {
        (is_hook && waited >= WATCHDOG_MS)
            || (analysis.shifted_minutes == 0 && waited >= NO_TRAFFIC_MS)
            || since_first.is_some_and(|since| since >= longest(policy))
    });
    Situation { is_asked: watch.waiting.is_some(), is_late }
}

/// Whether people know of the verdict, or could not be told for so long that the error's alarm must do.
fn is_told(watch: &Watch, now: Timestamp) -> bool {
    let is_old = |verdict: &Verdict| now.since(verdict.decided_at) >= TELL_MS;
    watch.told || watch.verdict.as_ref().is_none_or(is_old)
}

/// An answer or a stop that came too late to matter is done.
fn done_before(result: Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Err(Fault::Missing { .. }) => Ok(()),
        other => other,
    }
}

fn act_words(watch: &Watch, verdict: &Verdict) -> String {
    let id = &watch.deployment_id;
    match watch.action {
        Some(Action::Stopped) => format!("stopped `{id}` with rollback: {}", verdict.reason),
        Some(Action::Frozen) => {
            format!("`{id}` is not rolled back although it does harm: {}", verdict.reason)
        }
        Some(Action::TooLate) => format!("`{id}` was over before it could be stopped: {}", verdict.reason),
        Some(Action::Advised) => format!("`{id}` would have been stopped (trial): {}", verdict.reason),
        None => format!("{}: {}", verdict.kind.word(), verdict.reason),
    }
}

fn describe(watch: &Watch) -> String {
    format!(
        "{} settled minute(s), green had at most {} % of the traffic, no verdict yet",
        watch.minutes.len(),
        watch.exposure_percent()
    )
}

#[cfg(test)]
#[path = "tick_tests.rs"]
mod tests;
