//! `--kayenta CONFIG`: a team's own Kayenta configuration, judged on exact arithmetic.

use super::judge::pretty;
use super::{Done, HARM, INCONCLUSIVE, Refused, input, table};
use crate::args::Judge;
use crate::progress::say;
use crate::release::line::{Look, Mood};
use serde_json::json;
use shared::delivery::kayenta::{
    Classification, Judgement, MetricResult, Outcome, Series, Unjudged, import, judge,
};
use shared::delivery::series_read::{SeriesFile, values};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) fn run(order: &Judge, config_path: &Path) -> Done {
    let refused = |words: &str| Refused::settings(format!("`{}`: {words}", config_path.display()));
    let config = import(&input::text(config_path)?).map_err(|error| refused(&error.to_string()))?;
    let (canary, baseline) = (input::series(&order.canary)?, input::series(&order.baseline)?);
    let only = match config.metrics.as_slice() {
        [metric] => Some(metric.name.as_str()),
        _ => None,
    };
    let names: BTreeSet<&Option<String>> = canary.keys().chain(baseline.keys()).collect();
    let mut series = Vec::new();
    for name in names {
        let metric = match (name, only) {
            (Some(name), _) => name.clone(),
            (None, Some(only)) => only.to_owned(),
            (None, None) => {
                let count = config.metrics.len();
                return Err(Refused::use_(format!(
                    "a single series has no name and the configuration has {count} metrics: give folders with a file for each, or metric sets"
                )));
            }
        };
        series.push(both(metric, baseline.get(name), canary.get(name)));
    }
    let judgement = judge(&config, None, &series).map_err(|error| match error {
        Unjudged::Thresholds => refused(&error.to_string()),
        Unjudged::Unknown { .. } | Unjudged::Unfit { .. } => Refused::use_(error.to_string()),
    })?;
    if order.json {
        say(&pretty(&json!(judgement)));
    } else {
        tell(&judgement);
    }
    Ok(match judgement.score.outcome {
        Outcome::Pass => 0,
        Outcome::Fail => HARM,
        Outcome::Marginal | Outcome::Nodata => INCONCLUSIVE,
    })
}

/// Both arms over all minutes of either; what is not there is no number.
fn both(name: String, baseline: Option<&SeriesFile>, canary: Option<&SeriesFile>) -> Series {
    let of = |file: Option<&SeriesFile>| file.map(values).unwrap_or_default();
    let (baseline, canary): (BTreeMap<i64, f64>, BTreeMap<i64, f64>) = (of(baseline), of(canary));
    let minutes: BTreeSet<i64> = baseline.keys().chain(canary.keys()).copied().collect();
    let arm = |of: &BTreeMap<i64, f64>| {
        if of.is_empty() {
            return Vec::new();
        }
        minutes.iter().map(|minute| of.get(minute).copied().unwrap_or(f64::NAN)).collect()
    };
    Series { name, baseline: arm(&baseline), canary: arm(&canary) }
}

fn tell(judgement: &Judgement) {
    let look = Look::of_stdout();
    let mood = match judgement.score.outcome {
        Outcome::Pass => Mood::Good,
        Outcome::Fail => Mood::Bad,
        Outcome::Marginal | Outcome::Nodata => Mood::Plain,
    };
    // The reason begins with the outcome's word.
    let (word, rest) = judgement.score.reason.split_once(':').unwrap_or((&judgement.score.reason, ""));
    say(&format!("{}:{rest}", look.paint(word, mood)));
    say("");
    let word = |metric: &MetricResult| {
        let word = match metric.classification {
            Classification::Pass => "pass",
            Classification::High => "high",
            Classification::Low => "low",
            Classification::Nodata | Classification::NodataFail => "no data",
            Classification::PassWithoutData => "pass without data",
        };
        format!("{word}{}", if metric.muted { " (muted)" } else { "" })
    };
    let wide = judgement.metrics.iter().map(|metric| word(metric).chars().count()).max().unwrap_or(0);
    for metric in &judgement.metrics {
        say(&format!("  {:<wide$}  {}", word(metric), metric.reason));
    }
    let groups: Vec<Vec<String>> = judgement
        .score
        .groups
        .iter()
        .map(|group| {
            let score = group.score.map_or_else(|| "no data".to_owned(), |score| format!("{score:.0}"));
            vec![
                group.name.clone(),
                format!("{}/{}", group.passed, group.scored),
                score,
                format!("weight {:.0} %", group.weight),
            ]
        })
        .collect();
    say("");
    table(&groups).iter().for_each(|line| say(line));
}
