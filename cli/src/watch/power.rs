//! `tidegate watch power`: what a canary can see before it starts.

use super::{Done, Refused, input, judge::pretty, table};
use crate::args::Power;
use crate::progress::say;
use serde_json::json;
use shared::delivery::policy::{Direction, Policy};
use shared::delivery::power::{
    Chance, Forecast, Precision, Question, Shares, assumed_noise, forecast, percent,
};

/// Width of the bar that stands for certainty.
const BAR: usize = 40;

pub(super) fn run(order: &Power) -> Done {
    let policy = input::policy(order.policy.as_deref(), &order.service)?;
    let shares = match (&order.schedule, order.share) {
        (Some(text), _) => {
            Shares::parse(text, &policy.schedule).map_err(|error| Refused::use_(error.to_string()))?
        }
        (None, share) => Shares::constant(share.unwrap_or(0.0)),
    };
    let minutes = order.minutes.or_else(|| shares.minutes()).unwrap_or(policy.max_minutes).min(1440);
    let found = forecast(&Question {
        policy: &policy,
        worse: Direction::More,
        per_minute: order.requests_per_minute,
        rate: Some(order.errors / 100.0),
        noise: order.noise.unwrap_or_else(|| assumed_noise(&policy)),
        shares: &shares,
        minutes,
        precision: Precision::REPORT,
    });
    if order.json {
        say(&pretty(&json!({"sentence": found.sentence(), "schedule": shares.words(), "forecast": found})));
    } else {
        tell(order, &policy, &shares, &found);
    }
    Ok(0)
}

fn tell(order: &Power, policy: &Policy, shares: &Shares, found: &Forecast) {
    say(&found.sentence());
    say("");
    let mut rows = vec![vec!["if green fails".to_owned(), "stopped".to_owned(), "half by minute".to_owned()]];
    let good = Chance { ratio: 1.0, chance: found.false_stop.unwrap_or(0.0), median_minute: None };
    let all: Vec<Chance> = std::iter::once(good).chain(found.seen.iter().copied()).collect();
    rows.extend(all.iter().map(|chance| {
        let name = if chance.ratio == 1.0 { "as often".to_owned() } else { format!("×{}", chance.ratio) };
        let minute = chance.median_minute.map_or_else(|| "–".to_owned(), |minute| minute.to_string());
        vec![name, percent(chance.chance), minute]
    }));
    for (line, chance) in table(&rows).iter().zip(std::iter::once(None).chain(all.iter().map(Some))) {
        let bar = chance.map(|chance| bar(chance.chance)).unwrap_or_default();
        say(format!("{line}  {bar}").trim_end());
    }
    say("");
    facts(order, policy, shares, found).iter().for_each(|line| say(line));
}

fn facts(order: &Power, policy: &Policy, shares: &Shares, found: &Forecast) -> Vec<String> {
    let smallest = found.smallest.map_or_else(|| "none up to ×20".to_owned(), |ratio| format!("×{ratio}"));
    let cleared =
        found.cleared_minute.map_or_else(String::new, |minute| format!(", half of them by minute {minute}"));
    let rows = [
        ("seen in 90 % of cases", format!("{smallest} and more")),
        ("good release cleared", format!("{}{cleared}", percent(found.cleared.unwrap_or(0.0)))),
        ("green's share", shares.words()),
        (
            "minutes",
            format!(
                "{}, of which {} are judged (warm-up {})",
                found.minutes, found.judged_minutes, policy.warm_up_minutes
            ),
        ),
        (
            "reckoned with",
            format!(
                "{} requests/min, {} % bad, noise {}, α {}, β {}, {} metric(s)",
                order.requests_per_minute,
                order.errors,
                found.noise,
                policy.alpha,
                policy.beta,
                policy.deciding().count()
            ),
        ),
        (
            "by",
            format!(
                "{} seeded runs, ±{:.1} points; a minute is settled {} min later",
                found.runs, found.error_points, policy.settle_minutes
            ),
        ),
    ];
    let wide = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("  {name:<wide$}  {value}")).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "0 to 40"
)]
fn bar(chance: f64) -> String {
    let full = (chance.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    format!("|{}{}|", "#".repeat(full), " ".repeat(BAR.saturating_sub(full)))
}
