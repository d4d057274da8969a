//! Traffic moves only on evidence: hooks before and after it, the watch while it shifts, and the statistics that both rest on.
//!
//! One decision core ([`gate`] for whoever asks, [`tick`] for the minute that passes) behind four edges: CodeDeploy hooks, ECS lifecycle
//! hooks, ECS pauses, a CodePipeline action.

pub mod analysis;
pub mod check;
pub mod checks;
pub mod ecs_hook;
pub mod gate;
pub mod hook;
pub mod kayenta;
pub mod pauses;
pub mod policy;
pub mod ports;
pub mod power;
#[cfg(feature = "watch-series")]
pub mod rank_judge;
#[cfg(feature = "watch-series")]
pub mod record_read;
#[cfg(feature = "watch-report")]
pub mod report;
pub mod revision;
pub mod series;
#[cfg(feature = "watch-series")]
pub mod series_read;
pub mod stage;
pub mod stats;
pub mod steps;
pub mod tick;
pub mod verdict;
pub mod watch;

#[cfg(test)]
mod sweep;
