//! One tick of the watch: read the settled minutes, decide, act, answer. May be repeated after a crash at any step.

use super::config::WatchConfig;
use super::decide::decide;
use super::hooks::{Reply, reply};
use super::ports::{Deployment, Deployments, Minutes, Notifier, Stored, Watches};
use super::watch::{Kind, Watch, WatchVerdict};
use crate::errors::Fault;
use crate::model::{MINUTE, Timestamp};

/// How long after its end a minute is taken as settled.
pub const SETTLED_AFTER_MS: i64 = 2 * MINUTE;
/// How many minutes before the newest known one are read again: late counts.
const REREAD_MS: i64 = 3 * MINUTE;

/// What a tick did about one deployment, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Deployment id.
    pub deployment: String,
    /// One line.
    pub what: String,
}

/// The outside world of a tick.
pub struct World<'a, D, M, W, N> {
    /// CodeDeploy.
    pub deployments: &'a D,
    /// CloudWatch.
    pub minutes: &'a M,
    /// The table.
    pub watches: &'a W,
    /// People.
    pub notifier: &'a N,
}

impl<D: Deployments, M: Minutes, W: Watches, N: Notifier> World<'_, D, M, W, N> {
    /// Looks after one active watch at `now`, the time of the tick's event.
    ///
    /// # Errors
    /// Faults; the next tick does it again.
    pub async fn tick(&self, stored: Stored, config: &WatchConfig, now: Timestamp) -> Result<Seen, Fault> {
        let deployment = self.deployments.describe(&stored.watch.deployment_id).await?;
        let stored = self.observe(stored, &deployment, now).await?;
        let (mut stored, is_new) = self.judge(stored, &deployment, config, now).await?;
        let mut what = describe(&stored.watch);
        if let Some(verdict) = stored.watch.verdict.clone() {
            what = self.act(&stored.watch, &verdict, &deployment, config).await?;
            if is_new {
                self.tell(&stored.watch, &verdict).await;
            }
            stored = self.answered(stored).await?;
        }
        if deployment.is_over() {
            let watch = Watch { final_state: Some(deployment.status.clone()), ..stored.watch.clone() };
            self.watches.close(&Stored { watch, version: stored.version }).await?;
            what = format!("{what}; the deployment is over: {}", deployment.status);
        }
        Ok(Seen { deployment: deployment.id, what })
    }

    async fn observe(
        &self,
        mut stored: Stored,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Stored, Fault> {
        let newest = stored.watch.minutes.keys().next_back().map(|minute| minute.plus(-REREAD_MS));
        let from = newest.unwrap_or(stored.watch.created_at).max(stored.watch.created_at).minute();
        let to = now.plus(-SETTLED_AFTER_MS).minute();
        if from < to && stored.watch.verdict.is_none() {
            let counts = self.minutes.counts(&stored.watch, from, to).await?;
            stored.watch.take(counts);
        }
        let weight = deployment.green().map_or(0, |green| green.weight_percent);
        stored.watch.exposure_percent = stored.watch.exposure_percent.max(weight);
        Ok(stored)
    }

    /// Writes what was seen, and the verdict, once: the write is conditional, so two ticks cannot both decide.
    async fn judge(
        &self,
        mut stored: Stored,
        deployment: &Deployment,
        config: &WatchConfig,
        now: Timestamp,
    ) -> Result<(Stored, bool), Fault> {
        let is_new = stored.watch.verdict.is_none() && !deployment.is_over();
        if is_new {
            stored.watch.verdict = decide(&stored.watch, config, now);
        }
        stored.version = self.watches.save(&stored).await?;
        let decided = is_new && stored.watch.verdict.is_some();
        Ok((stored, decided))
    }

    async fn act(
        &self,
        watch: &Watch,
        verdict: &WatchVerdict,
        deployment: &Deployment,
        config: &WatchConfig,
    ) -> Result<String, Fault> {
        let mut what = verdict.reason.clone();
        if let Some(waiting) = &watch.waiting {
            let succeeded = match reply(verdict, config.on_inconclusive) {
                Reply::Succeeded(_) => true,
                Reply::Failed(_) | Reply::Again(_) | Reply::Later(_) => false,
            };
            done_before(
                self.deployments
                    .answer_hook(&watch.deployment_id, &waiting.hook_execution_id, succeeded)
                    .await,
            )?;
        }
        if verdict.kind == Kind::Harm && !deployment.is_over() {
            done_before(self.deployments.stop(&watch.deployment_id).await)?;
            what = format!("stopped `{}` with rollback: {what}", watch.deployment_id);
        }
        Ok(what)
    }

    /// Writes down that nobody waits any more, so that the next tick does not answer again.
    async fn answered(&self, stored: Stored) -> Result<Stored, Fault> {
        if stored.watch.waiting.is_none() {
            return Ok(stored);
        }
        let watch = Watch { waiting: None, ..stored.watch };
        let version = self.watches.save(&Stored { watch: watch.clone(), version: stored.version }).await?;
        Ok(Stored { watch, version })
    }

    async fn tell(&self, watch: &Watch, verdict: &WatchVerdict) {
        let subject = match verdict.kind {
            Kind::Harm => format!("Tidegate: {} is rolled back", watch.group),
            Kind::Inconclusive => format!("Tidegate: the watch of {} is inconclusive", watch.group),
            Kind::Promote => return,
        };
        let text = format!("{} `{}`: {}", watch.group, watch.deployment_id, verdict.reason);
        // Acting came first; whether people could be told changes nothing, and the next line of the log has the verdict.
        let _untold = self.notifier.publish(&subject, &text).await;
    }
}

/// An answer or a stop that came too late to matter is done.
fn done_before(result: Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Err(Fault::Missing { .. }) => Ok(()),
        other => other,
    }
}

fn describe(watch: &Watch) -> String {
    format!(
        "{} settled minute(s), green had at most {} % of the traffic, no verdict yet",
        watch.minutes.len(),
        watch.exposure_percent
    )
}

#[cfg(test)]
#[path = "tick_tests.rs"]
mod tests;
