//! The edge of the tick: the event's time is `now`, every active watch is looked after, one failure does not stop the others.

use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::aws::ssm::Parameters;
use shared::delivery::config::WatchConfig;
use shared::delivery::ports::{Deployments, Minutes, Notifier, Stored, Watches};
use shared::delivery::tick::World;
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
}

impl Settings {
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            table: reader.required("TABLE_NAME"),
            watch_parameter: reader.required("WATCH_PARAMETER"),
            topic: reader.required("ALERTS_TOPIC_ARN"),
        };
        reader.finish(settings)
    }
}

/// The watch and its outside world.
pub(crate) struct Handler<D, M, W, N> {
    pub(crate) settings: Settings,
    pub(crate) deployments: D,
    pub(crate) minutes: M,
    pub(crate) watches: W,
    pub(crate) notifier: N,
    pub(crate) parameters: Parameters,
}

impl<D: Deployments, M: Minutes, W: Watches, N: Notifier> Handler<D, M, W, N> {
    /// One tick; an error when any watch could not be looked after, so that the tick is repeated and its alarm sees it.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let now = scheduled_time(&event.payload).map_err(|rejection| failed("Rejection", &rejection))?;
        let active = self.watches.active().await.map_err(|fault| failed("Fault", &fault))?;
        if active.is_empty() {
            debug!(target: "tidegate", "no shift to watch");
            return Ok(json!({"watched": 0}));
        }
        let config = self.config().await?;
        let watched = active.len();
        let mut failure = None;
        for stored in active {
            failure = self.tick(stored, &config, now).await.err().or(failure);
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(json!({"watched": watched})),
        }
    }

    async fn config(&self) -> Result<WatchConfig, Diagnostic> {
        let text = self
            .parameters
            .get(&self.settings.watch_parameter)
            .await
            .map_err(|fault| failed("Fault", &fault))?;
        WatchConfig::parse(&text).map_err(|error| failed("Settings", &error))
    }

    async fn tick(&self, stored: Stored, config: &WatchConfig, now: Timestamp) -> Result<(), Diagnostic> {
        let id = stored.watch.deployment_id.clone();
        let world = World {
            deployments: &self.deployments,
            minutes: &self.minutes,
            watches: &self.watches,
            notifier: &self.notifier,
        };
        match catch_panic(world.tick(stored, config, now)).await {
            Ok(Ok(seen)) => info!(target: "tidegate", deployment_id = seen.deployment, "{}", seen.what),
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
}
