//! `tidegate watch calibrate`: a policy tried on past deployments.

use super::{Done, HARM, Refused, input, judge::pretty};
use crate::args::Calibrate;
use crate::progress::say;
use serde_json::json;
use shared::delivery::record_read::calibrate::{Outcome, Rate, Trial, same_against_same, trial};
use shared::delivery::verdict::Kind;
use shared::delivery::watch::Watch;

pub(super) fn run(order: &Calibrate) -> Done {
    let policies = input::policies(&order.policy)?;
    let mut watches =
        order.records.iter().map(|path| input::record(path)).collect::<Result<Vec<Watch>, Refused>>()?;
    watches.retain(Watch::is_watched);
    watches.sort_by_key(|watch| watch.created_at);
    if watches.is_empty() {
        return Err(Refused::use_("none of the records is of a shift: traffic moved under none of them"));
    }
    if order.a_a {
        let of = |watch: &Watch| {
            let (rate, first) = same_against_same(policies.of(&watch.group), watch, order.splits);
            (watch.deployment_id.clone(), watch.group.clone(), rate, first)
        };
        let rows: Vec<Split> = watches.iter().map(of).collect();
        let alpha = watches.iter().map(|watch| policies.of(&watch.group).alpha).fold(0.0, f64::max);
        return Ok(against_itself(order, &rows, alpha));
    }
    let trials: Vec<Trial> = watches.iter().map(|watch| trial(policies.of(&watch.group), watch)).collect();
    Ok(against_history(order, &trials))
}

/// Deployment, group, how many splits were stopped, the first of them.
type Split = (String, String, Rate, Option<Outcome>);

fn interval(rate: &Rate) -> String {
    match rate.rate {
        Some(share) => format!(
            "{} of {} ({:.2} %, 95 % interval {:.2} to {:.2} %)",
            rate.stopped,
            rate.of,
            share * 100.0,
            rate.low * 100.0,
            rate.high * 100.0
        ),
        None => "0 of 0 (nothing is known)".to_owned(),
    }
}

fn against_history(order: &Calibrate, trials: &[Trial]) -> u8 {
    let is_harm = |kind: Option<Kind>| kind == Some(Kind::Harm);
    let good: Vec<&Trial> = trials.iter().filter(|trial| trial.is_good).collect();
    let count = |found: usize| u64::try_from(found).unwrap_or(u64::MAX);
    let stopped = good.iter().filter(|trial| is_harm(Some(trial.now.kind))).count();
    let rate = Rate::of(count(stopped), count(good.len()));
    let changed =
        |trial: &Trial| trial.then.is_some() && is_harm(trial.then) != is_harm(Some(trial.now.kind));
    if order.json {
        say(&pretty(&json!({"falseStops": rate, "trials": trials})));
    } else {
        say(&format!("of the releases that ended well the policy stops {}", interval(&rate)));
        say("");
        let wide = trials.iter().map(|trial| trial.deployment.chars().count()).max().unwrap_or(0);
        for trial in trials {
            let then = trial.then.map_or("none", Kind::word);
            let minute = trial.now.minute.map(|minute| format!(" at minute {minute}")).unwrap_or_default();
            let change = if changed(trial) { "  <- changes" } else { "" };
            let ended = if trial.is_good { "well" } else { "not well" };
            say(&format!(
                "  {}  {:<wide$}  {ended:<8}  then {then:<12}  now {}{minute}{change}",
                trial.created_at.date_and_time(),
                trial.deployment,
                trial.now.kind.word()
            ));
            if changed(trial) {
                say(&format!("      {}", trial.now.reason));
            }
        }
    }
    if trials.iter().any(changed) { HARM } else { 0 }
}

fn against_itself(order: &Calibrate, rows: &[Split], alpha: f64) -> u8 {
    let sum =
        rows.iter().fold((0, 0), |(stopped, of), (_, _, rate, _)| (stopped + rate.stopped, of + rate.of));
    let rate = Rate::of(sum.0, sum.1);
    // The interval's lower end: a promise is broken when chance does not explain it.
    let is_broken = rate.low > alpha;
    if order.json {
        let records: Vec<_> = rows
            .iter()
            .map(|(deployment, group, rate, first)| json!({"deployment": deployment, "group": group, "stops": rate, "first": first}))
            .collect();
        say(&pretty(&json!({"falseStops": rate, "alpha": alpha, "holds": !is_broken, "records": records})));
    } else {
        let word = if is_broken { "more than" } else { "within" };
        say(&format!(
            "of a version against itself the policy stops {}, {word} its α of {} %",
            interval(&rate),
            alpha * 100.0
        ));
        say("");
        let wide = rows.iter().map(|(deployment, ..)| deployment.chars().count()).max().unwrap_or(0);
        for (deployment, _, rate, first) in rows {
            say(&format!("  {deployment:<wide$}  {} of {}", rate.stopped, rate.of));
            if let Some(first) = first {
                let minute = first.minute.map(|minute| format!("minute {minute}: ")).unwrap_or_default();
                say(&format!("      {minute}{}", first.reason));
            }
        }
        say("");
        say(
            "  splits of one record share its minutes: the interval is narrower than that of as many deployments",
        );
        say("  what differs between two sets of tasks is not in it: cold caches, a noisy neighbour");
    }
    if is_broken { HARM } else { 0 }
}
