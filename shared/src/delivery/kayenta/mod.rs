//! The Kayenta-compatible option: its configuration read, and its judge `NetflixACAJudge-v1.0` on exact arithmetic.
//!
//! Kayenta's rules: <https://github.com/spinnaker/kayenta/blob/master/docs/canary-config.md> and its `kayenta-judge`. They are kept as they
//! are, because whoever brings a configuration wants its verdicts; the always-valid test on counts is what Tidegate would decide by.
//! Must not: know of deployments, or pass what nobody measured.
//!
//! # Where a verdict can differ from Kayenta's, and why
//!
//! - **Units.** Kayenta finds the interval by a root search with an absolute tolerance of 1e-4, which is larger than the signal in error
//!   fractions or in latencies in seconds. With 30 against 30 points, a baseline of 2e-4 and a canary ×1.25, 37.5 % of its verdicts change
//!   when the same series is given in ppm (55.5 % against 82 % high); when nothing differs, 6.8 % do (27 false alarms in 400 as a fraction,
//!   none in ppm). Here the ends are order statistics of the pairwise differences: a factor changes no verdict.
//! - **Rare errors.** Where most minutes have none (70 % and 92 % of them, means 0.66 and 0.15, p = 3e-9) the median of the differences is
//!   exactly 0, and a right interval says "pass"; Kayenta says "high" through the search's noise. A shift of ranks is the wrong tool for
//!   rare errors: count them.
//! - **Constant arms.** Two different constants get no random noise here; their difference is the interval. The verdict is the same, and
//!   the same again the next time.
//! - **No data.** An empty arm that `nanStrategy: replace` lets pass scores as in Kayenta, but the outcome is then [`Outcome::Nodata`], not
//!   "pass"; the same when no metric at all was compared.
//! - **Not reproduced, because it is the rules themselves**: without effect sizes trivial shifts fail (+2 % on 45 ms with a spread of
//!   0.4 ms is high, 400 times of 400), and fewer than 50 points per metric see little.

mod classify;
mod config;
mod import;
mod judge;
mod reader;
mod score;
#[cfg(test)]
mod tests;
mod words;

pub use classify::{Arm, Classification, Comparison, MetricResult};
pub use config::{Config, Direction, Effect, EffectMeasure, Metric, Nan, Thresholds};
pub use import::{Refused, import};
pub use judge::{Judgement, Series, Unjudged, judge};
pub use score::{GroupScore, Outcome, Score};
pub(crate) use words::figure;
