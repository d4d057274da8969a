//! A configuration and the series of both arms, to a judgement.

use super::classify::{MetricResult, classify};
use super::config::{Config, Thresholds};
use super::reader::nearest;
use super::score::{Score, score};
use crate::delivery::stats::Unfit;
use serde::Serialize;

/// Measurements of one metric, in the order of time; a point that is not there is no number.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The metric.
    pub name: String,
    /// The old version.
    pub baseline: Vec<f64>,
    /// The new one.
    pub canary: Vec<f64>,
}

/// What the judge says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// Every metric of the configuration, in its order.
    pub metrics: Vec<MetricResult>,
    /// The total.
    #[serde(flatten)]
    pub score: Score,
}

/// Why nothing can be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unjudged {
    /// No score is known that passes.
    #[error(
        "the configuration has no `scoreThresholds`; say from which score on the canary passes and from which it is marginal"
    )]
    Thresholds,
    /// A series that no metric asks for.
    #[error("no metric of the configuration is called `{name}`{near}")]
    Unknown {
        /// Its name.
        name: String,
        /// What may be meant.
        near: String,
    },
    /// A value that is none.
    #[error("`{metric}`, {arm}: {unfit}")]
    Unfit {
        /// The metric.
        metric: String,
        /// `baseline` or `canary`.
        arm: &'static str,
        /// What is wrong.
        unfit: Unfit,
    },
}

/// Judges. A metric without a series has no data; `thresholds` go before the configuration's.
///
/// # Errors
/// [`Unjudged`] when there are no thresholds, a series belongs to no metric, or a value is infinite.
pub fn judge(
    config: &Config,
    thresholds: Option<Thresholds>,
    series: &[Series],
) -> Result<Judgement, Unjudged> {
    let thresholds = thresholds.or(config.thresholds).ok_or(Unjudged::Thresholds)?;
    let known: Vec<&str> = config.metrics.iter().map(|metric| metric.name.as_str()).collect();
    if let Some(Series { name, .. }) = series.iter().find(|series| !known.contains(&series.name.as_str())) {
        return Err(Unjudged::Unknown { name: name.clone(), near: nearest(name, &known) });
    }
    let of = |metric: &super::Metric| {
        let found = series.iter().find(|series| series.name == metric.name);
        let (baseline, canary) = found.map_or((&[][..], &[][..]), |found| (&found.baseline, &found.canary));
        classify(metric, baseline, canary).map_err(|(arm, unfit)| Unjudged::Unfit {
            metric: metric.name.clone(),
            arm,
            unfit,
        })
    };
    let metrics: Vec<MetricResult> = config.metrics.iter().map(of).collect::<Result<_, _>>()?;
    let score = score(&metrics, &config.weights, thresholds);
    Ok(Judgement { metrics, score })
}
