//! The edge of the tick: the event's time is `now`, every active watch is looked after, one failure does not stop the others.

use crate::wake::Wake;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::aws::report_store::ReportStore;
use shared::aws::ssm::Parameters;
use shared::delivery::policy::Policies;
use shared::delivery::ports::{Deployments, Hooks, Minutes, Notifier, Pauses, Stored, TargetGroups, Watches};
use shared::delivery::report::render_html;
use shared::delivery::tick::World;
use shared::delivery::watch::Watch;
use shared::errors::{Fault, Rejection, chain};
use shared::function::{catch_panic, diagnostic, failed, scheduled_time};
use shared::model::Timestamp;
use shared::settings::{Reader, SettingsError};
use tracing::{debug, error, info, warn};

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) table: String,
    pub(crate) watch_parameter: String,
    pub(crate) topic: String,
    pub(crate) bucket: String,
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table: reader.required("TABLE_NAME"),
            watch_parameter: reader.required("WATCH_PARAMETER"),
            topic: reader.required("ALERTS_TOPIC_ARN"),
            bucket: reader.required("REPORT_BUCKET"),
        };
        reader.finish(settings)
    }
}

/// The watch and its outside world.
pub(crate) struct Handler<D, M, T, W, N> {
    pub(crate) settings: Settings,
    pub(crate) deployments: D,
    pub(crate) minutes: M,
    pub(crate) groups: T,
    pub(crate) watches: W,
    pub(crate) notifier: N,
    pub(crate) parameters: Parameters,
    pub(crate) pages: ReportStore,
}

impl<D: Deployments + Hooks + Pauses, M: Minutes, T: TargetGroups, W: Watches, N: Notifier>
    Handler<D, M, T, W, N>
{
    /// One tick; an error when any watch could not be looked after, so that the tick is repeated and its alarm sees it.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let now = scheduled_time(&event.payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let active = match Wake::read(&event.payload) {
            Wake::All => self.watches.active().await,
            Wake::One { id, is_paused } => self.one(&id, is_paused).await,
        };
        let active = active.map_err(|fault| failed("Fault", &fault))?;
        if active.is_empty() {
            debug!(target: "tidegate", "no shift to watch");
            return Ok(json!({"watched": 0}));
        }
        let watched = active.len();
        let mut failure = None;
        for stored in active {
            failure = self.tick(stored, now).await.err().or(failure);
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(json!({"watched": watched})),
        }
    }

    /// The watch of one deployment, if it is still active.
    async fn one(&self, id: &str, is_paused: bool) -> Result<Vec<Stored>, Fault> {
        let known = self.watches.get(id).await?;
        if known.is_none() && is_paused {
            let text = self.parameters.get(&self.settings.watch_parameter).await?;
            let policies = Policies::parse(&text).map_err(|error| Fault::Unreadable {
                service: "Systems Manager",
                operation: "GetParameter",
                detail: error.to_string(),
            })?;
            return Ok(self.world().adopt(id, &policies).await?.into_iter().collect());
        }
        Ok(known.filter(|stored| stored.watch.final_state.is_none()).into_iter().collect())
    }

    fn world(&self) -> World<'_, D, M, T, W, N> {
        World {
            deployments: &self.deployments,
            minutes: &self.minutes,
            groups: &self.groups,
            watches: &self.watches,
            notifier: &self.notifier,
        }
    }

    async fn tick(&self, stored: Stored, now: Timestamp) -> Result<(), Diagnostic> {
        let id = stored.watch.deployment_id.clone();
        match catch_panic(self.world().tick(stored, now)).await {
            Ok(Ok(seen)) => {
                info!(target: "tidegate", deployment_id = seen.deployment, "{}", seen.what);
                if let Some(watch) = &seen.closed {
                    self.publish(watch).await;
                }
            }
            Ok(Err(Fault::Conflict { .. })) => {
                debug!(target: "tidegate", deployment_id = id, "another tick was first")
            }
            Ok(Err(fault @ Fault::Denied { .. })) => {
                error!(target: "tidegate", deployment_id = id, "this tick could not look after the shift: {}", chain(&fault));
                return Err(diagnostic("Fault", &fault));
            }
            Ok(Err(fault)) => {
                warn!(target: "tidegate", deployment_id = id, "this tick could not look after the shift: {}", chain(&fault));
                return Err(diagnostic("Fault", &fault));
            }
            Err(panic) => {
                error!(target: "tidegate", deployment_id = id, panic, "the tick panicked");
                return Err(diagnostic("Panic", &Rejection::new(panic)));
            }
        }
        Ok(())
    }

    /// Leaves the record and its page in the bucket of reports. The table keeps the record, so a page that could not be written is a line in
    /// the log: `tidegate watch show` makes the same one.
    async fn publish(&self, watch: &Watch) {
        let name = watch.deployment_id.rsplit('/').next().unwrap_or_default();
        let stem = format!("watch/{}/{name}", watch.group);
        let record = serde_json::to_string(watch).unwrap_or_default();
        let files =
            [("json", "application/json", record), ("html", "text/html; charset=utf-8", render_html(watch))];
        for (ending, kind, body) in files {
            if let Err(fault) = self.pages.put(&format!("{stem}.{ending}"), kind, body).await {
                warn!(target: "tidegate", deployment_id = watch.deployment_id, "no page: {}", chain(&fault));
            }
        }
    }
}
