//! `tidegate watch judge`: both arms from files, the product's analysis, one verdict.

use super::{Done, Refused, code, input, kayenta, mood, ranks, table, write};
use crate::args::{Judge, Method};
use crate::progress::say;
use crate::release::line::Look;
use serde_json::json;
use shared::delivery::analysis::{Analysis, NoiseOf, Situation, analyse, conclude, noise};
use shared::delivery::policy::{Noise, Policy, UNKNOWN_NOISE};
use shared::delivery::report::render_analysis;
use shared::delivery::series::Series;
use shared::delivery::series_read::{SeriesFile, pair};
use shared::delivery::verdict::Kind;
use std::collections::BTreeMap;

/// Minutes without a pair that are named.
const NAMED: usize = 3;

pub(super) fn run(order: &Judge) -> Done {
    if let Some(config) = &order.kayenta {
        return kayenta::run(order, config);
    }
    let policy = input::policy(order.policy.as_deref(), &order.service)?;
    match order.method {
        Method::AlwaysValid => always_valid(order, &policy),
        Method::MannWhitney if order.html.is_some() => {
            Err(Refused::use_("`--html` draws evidence, which `--method mann-whitney` has none of"))
        }
        Method::MannWhitney => ranks::run(order, &policy),
    }
}

/// Both arms of each metric.
pub(super) fn arms(order: &Judge, policy: &Policy) -> Result<Vec<(String, SeriesFile, SeriesFile)>, Refused> {
    let (mut canary, baseline) = (input::series(&order.canary)?, input::series(&order.baseline)?);
    let is_single =
        canary.len() == 1 && baseline.len() == 1 && !order.canary.is_dir() && !order.baseline.is_dir();
    let decides =
        |metric: &&shared::delivery::policy::Metric| order.metric.as_ref().is_none_or(|id| metric.id == *id);
    if let Some(id) =
        order.metric.as_ref().filter(|id| !policy.metrics.iter().any(|metric| metric.id == **id))
    {
        return Err(Refused::use_(format!(
            "the settings have no metric `{id}`; they have {}",
            known(policy)
        )));
    }
    if is_single {
        let metric = policy.deciding().find(decides).or_else(|| policy.metrics.iter().find(decides));
        let metric = metric.map(|metric| metric.id.clone()).unwrap_or_default();
        let both = canary.into_values().zip(baseline.into_values());
        return Ok(both.map(|(canary, baseline)| (metric.clone(), canary, baseline)).collect());
    }
    if order.metric.is_some() {
        return Err(Refused::use_("`--metric` names what a single file is; there are several series here"));
    }
    let mut found = Vec::new();
    for (name, baseline) in baseline {
        let Some(name) = name else {
            return Err(Refused::use_(
                "one side is a single series and the other several: give two files or two folders",
            ));
        };
        if !policy.metrics.iter().any(|metric| metric.id == name) {
            return Err(Refused::use_(format!(
                "the settings have no metric `{name}`; they have {}",
                known(policy)
            )));
        }
        let Some(canary) = canary.remove(&Some(name.clone())) else {
            return Err(Refused::use_(format!("`{}` has no series `{name}`", order.canary.display())));
        };
        found.push((name, canary, baseline));
    }
    if let Some(name) = canary.into_keys().next() {
        let name = name.unwrap_or_default();
        return Err(Refused::use_(format!("`{}` has no series `{name}`", order.baseline.display())));
    }
    Ok(found)
}

fn known(policy: &Policy) -> String {
    policy.metrics.iter().map(|metric| format!("`{}`", metric.id)).collect::<Vec<_>>().join(", ")
}

/// What was made of the files.
struct Put {
    series: Series,
    noise: NoiseOf,
    remarks: Vec<String>,
}

fn always_valid(order: &Judge, policy: &Policy) -> Done {
    let put = together(order, policy)?;
    let analysis = analyse(policy, &put.noise, &put.series);
    // The file is all there is: whoever asks is told now.
    let (kind, reason) = conclude(policy, &analysis, Situation { is_asked: true, is_late: true })
        .unwrap_or((Kind::Inconclusive, "nothing was concluded".to_owned()));
    if let Some(path) = &order.html {
        let name = order.canary.file_stem().unwrap_or_default().to_string_lossy();
        write(path, &render_analysis(&name, policy, &put.noise, &put.series, (kind, &reason), &put.remarks))?;
    }
    if order.json {
        let said = json!({"verdict": kind, "reason": reason, "analysis": analysis, "noise": put.noise, "remarks": put.remarks});
        say(&pretty(&said));
    } else {
        tell(&analysis, kind, &reason, &put.remarks);
    }
    Ok(code(kind))
}

pub(super) fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn together(order: &Judge, policy: &Policy) -> Result<Put, Refused> {
    let mut put = Put { series: Series::new(), noise: NoiseOf::new(), remarks: Vec::new() };
    for (metric, canary, baseline) in arms(order, policy)? {
        let paired = pair(&metric, &canary, &baseline).map_err(|error| Refused::use_(error.to_string()))?;
        if let Noise::Learned(_) = policy.noise {
            let before = paired.before.values().filter_map(|minute| Some(minute.counts.get(&metric)?.blue));
            let words = match noise::learned(before) {
                Some(cv) => {
                    let words = format!(
                        "noise {cv:.2}, learned from {} minute(s) before the canary's first",
                        paired.before.len()
                    );
                    put.noise.insert(metric.clone(), cv);
                    words
                }
                None => format!(
                    "noise {UNKNOWN_NOISE} is assumed: {} minute(s) of the baseline before the canary's first do not teach it",
                    paired.before.len()
                ),
            };
            put.remarks.push(format!("`{metric}`: {words}"));
        }
        put.remarks.extend(alone(&metric, "canary", &canary, &paired.canary_only));
        put.remarks.extend(alone(&metric, "baseline", &baseline, &paired.baseline_only));
        for (at, minute) in paired.minutes {
            put.series.entry(at).or_default().counts.extend(minute.counts);
        }
    }
    Ok(put)
}

/// What has no pair, and what was named and not measured.
pub(super) fn alone(metric: &str, arm: &str, of: &SeriesFile, only: &[i64]) -> Vec<String> {
    let named = |minutes: &[i64]| {
        let words: Vec<String> = minutes.iter().take(NAMED).map(|minute| of.clock.words(*minute)).collect();
        let more = minutes.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", words.join(", "))
    };
    let mut remarks = Vec::new();
    if !only.is_empty() {
        remarks.push(format!(
            "`{metric}`: {} minute(s) of the {arm} have no pair and are left out: {}",
            only.len(),
            named(only)
        ));
    }
    if !of.missing.is_empty() {
        let count = of.missing.len();
        remarks.push(format!(
            "`{metric}`: {count} minute(s) of the {arm} have no value: {}",
            named(&of.missing)
        ));
    }
    remarks
}

fn tell(analysis: &Analysis, kind: Kind, reason: &str, remarks: &[String]) {
    let look = Look::of_stdout();
    say(&format!("{}: {reason}", look.paint(kind.word(), mood(kind))));
    let mut rows = vec![
        ["metric", "canary", "baseline", "ratio", "minutes", "harm", "absence"]
            .map(ToOwned::to_owned)
            .to_vec(),
    ];
    for evidence in &analysis.evidence {
        let share = |arm: shared::delivery::series::Arm| {
            arm.rate().map_or_else(
                || "no traffic".to_owned(),
                |rate| format!("{}/{} {:.2} %", arm.bad, arm.total, rate * 100.0),
            )
        };
        let ratio = match (evidence.seen.green.rate(), evidence.seen.blue.rate().filter(|rate| *rate > 0.0)) {
            (Some(green), Some(blue)) => format!("×{:.2}", green / blue),
            (None, _) | (_, None) => "–".to_owned(),
        };
        let highest = evidence.path.iter().map(|point| point.harm).fold(f64::NEG_INFINITY, f64::max);
        let last = evidence.path.last().map(|point| point.promotion.max(evidence.negligible));
        rows.push(vec![
            evidence.metric.clone(),
            share(evidence.seen.green),
            share(evidence.seen.blue),
            ratio,
            evidence.minutes.to_string(),
            last.map_or_else(|| "–".to_owned(), |_| format!("{} of {}", odds(highest), odds(evidence.bound))),
            last.map_or_else(
                || "–".to_owned(),
                |last| format!("{} of {}", odds(last), odds(evidence.promotion_bound)),
            ),
        ]);
    }
    say("");
    table(&rows).iter().for_each(|line| say(line));
    analysis.limits.iter().for_each(|limit| say(&format!("  {}", limit.sentence)));
    if !remarks.is_empty() {
        say("");
        remarks.iter().for_each(|line| say(&format!("  {line}")));
    }
}

fn odds(ln: f64) -> String {
    let odds = ln.exp();
    match odds {
        _ if odds > 1e6 => ">1000000:1".to_owned(),
        _ if odds >= 1.0 => format!("{odds:.0}:1"),
        _ => format!("1:{:.0}", (-ln).exp().min(1e6)),
    }
}

/// Remarks that belong to no metric twice.
pub(super) fn remarks(all: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    all.values().flatten().cloned().collect()
}
