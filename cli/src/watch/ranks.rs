//! `--method mann-whitney`: ranks of the minutes' values, looked at once.

use super::judge::{alone, arms, pretty, remarks};
use super::{Done, Refused, code, mood, table};
use crate::args::Judge;
use crate::progress::say;
use crate::release::line::Look;
use serde_json::json;
use shared::delivery::policy::{Direction, Policy};
use shared::delivery::rank_judge::{Ranked, judge};
use shared::delivery::series_read::pair_values;
use shared::delivery::verdict::Kind;
use std::collections::BTreeMap;

pub(super) fn run(order: &Judge, policy: &Policy) -> Done {
    let (mut found, mut said) = (Vec::new(), BTreeMap::new());
    let all = arms(order, policy)?;
    // One look at k metrics: each has its part of α.
    let count = f64::from(u32::try_from(all.len().max(1)).unwrap_or(u32::MAX));
    let policy = Policy { alpha: policy.alpha / count, ..policy.clone() };
    for (metric, canary, baseline) in all {
        let values = pair_values(&canary, &baseline).map_err(|error| Refused::use_(error.to_string()))?;
        let worse = policy
            .metrics
            .iter()
            .find(|known| known.id == metric)
            .map_or(Direction::More, |known| known.worse);
        let ranked =
            judge(&policy, worse, &values).map_err(|unfit| Refused::use_(format!("`{metric}`: {unfit}")))?;
        let mut remarks = alone(&metric, "canary", &canary, &values.canary_only);
        remarks.extend(alone(&metric, "baseline", &baseline, &values.baseline_only));
        said.insert(metric.clone(), remarks);
        found.push((metric, ranked));
    }
    let (kind, reason) = total(&found);
    if order.json {
        let metrics: Vec<_> =
            found.iter().map(|(metric, ranked)| json!({"metric": metric, "result": ranked})).collect();
        say(&pretty(
            &json!({"verdict": kind, "reason": reason, "metrics": metrics, "remarks": remarks(&said)}),
        ));
    } else {
        tell(&found, kind, &reason, &remarks(&said));
    }
    Ok(code(kind))
}

/// Harm of one is harm, and all must be clear.
fn total(found: &[(String, Ranked)]) -> (Kind, String) {
    let of = |kind: Kind| found.iter().find(|(_, ranked)| ranked.kind == kind);
    let worst = of(Kind::Harm).or_else(|| of(Kind::Inconclusive)).or_else(|| of(Kind::Promote));
    worst.map_or((Kind::Inconclusive, "nothing was compared".to_owned()), |(metric, ranked)| {
        (ranked.kind, format!("`{metric}`: {}", ranked.reason))
    })
}

fn tell(found: &[(String, Ranked)], kind: Kind, reason: &str, remarks: &[String]) {
    let look = Look::of_stdout();
    say(&format!("{}: {reason}", look.paint(kind.word(), mood(kind))));
    let head = ["metric", "verdict", "minutes", "U", "p", "higher in", "ratio of means"];
    let mut rows = vec![head.map(ToOwned::to_owned).to_vec()];
    for (metric, ranked) in found {
        let Some(figures) = &ranked.figures else {
            rows.push(vec![metric.clone(), ranked.kind.word().to_owned(), "0".to_owned()]);
            continue;
        };
        rows.push(vec![
            metric.clone(),
            ranked.kind.word().to_owned(),
            figures.minutes.to_string(),
            figures.u.to_string(),
            format!("{:.3e}{}", figures.p, if figures.exact { " exact" } else { "" }),
            format!("{:.0} % of pairs", figures.superiority * 100.0),
            figures.mean_ratio.map_or_else(|| "–".to_owned(), |ratio| format!("×{ratio:.2}")),
        ]);
    }
    say("");
    table(&rows).iter().for_each(|line| say(line));
    say("");
    say("  p and interval hold for one look at a finished series, not for looking again every minute");
    remarks.iter().for_each(|line| say(&format!("  {line}")));
}
