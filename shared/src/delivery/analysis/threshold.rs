//! Plain limits on green: m of n minutes, a limit of failures, a limit of minutes without data.

use super::words::share;
use super::{Minute, Timestamp};
use crate::delivery::policy::{Policy, Threshold};
use serde::Serialize;

/// What a limit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitState {
    /// Breached in enough minutes.
    Breached,
    /// Held in the judged minutes.
    Held,
    /// Too many minutes in a row had no data, or none had any.
    NoData,
}

/// One limit's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// Threshold id.
    pub id: String,
    /// Metric id.
    pub metric: String,
    /// What it comes to.
    pub state: LimitState,
    /// One line with both numbers.
    pub sentence: String,
    /// Whether it can stop a release.
    pub decides: bool,
}

/// Judges one limit over the minutes after the warm-up. A breach stays one: the window of any minute counts, not only the newest.
pub(super) fn judge(policy: &Policy, limit: &Threshold, judged: &[(Timestamp, &Minute)]) -> Limit {
    let seen: Vec<Option<(f64, String)>> =
        judged.iter().map(|(_, minute)| value(policy, limit, minute)).collect();
    let is_breach =
        |seen: &Option<(f64, String)>| seen.as_ref().is_some_and(|(value, _)| limit.breached_by(*value));
    let window = usize::try_from(limit.window()).unwrap_or(usize::MAX).max(1);
    let breaches = |part: &[Option<(f64, String)>]| part.iter().filter(|one| is_breach(one)).count();
    let known: Vec<Option<(f64, String)>> = seen.iter().filter(|one| one.is_some()).cloned().collect();
    let in_window = known.windows(window.min(known.len().max(1))).map(breaches).max().unwrap_or(0);
    let total = breaches(&known);
    let (needed, holds) = (limit.minutes as usize, limit.limit_words());
    let worst = known
        .iter()
        .rev()
        .find(|one| is_breach(one))
        .and_then(|one| one.as_ref())
        .map(|(_, words)| words.clone());
    let gap = seen.split(Option::is_some).map(<[_]>::len).max().unwrap_or(0);
    let id = &limit.id;
    let (state, sentence) = if in_window >= needed {
        let worst = worst.unwrap_or_default();
        (
            LimitState::Breached,
            format!(
                "green had {worst} against `{id}` ({holds}) in {in_window} of {window} minute(s), {needed} are too many"
            ),
        )
    } else if let Some(most) = limit.failure_limit.filter(|most| total > *most as usize) {
        let worst = worst.unwrap_or_default();
        (
            LimitState::Breached,
            format!(
                "green had {worst} against `{id}` ({holds}) in {total} minute(s) of the shift, at most {most} may be"
            ),
        )
    } else if known.is_empty() || gap >= limit.error_limit as usize {
        (
            LimitState::NoData,
            format!(
                "`{id}` ({holds}) had no data in {gap} minute(s) in a row, {} make it inconclusive",
                limit.error_limit
            ),
        )
    } else {
        (
            LimitState::Held,
            format!("`{id}` ({holds}) held in {} of {} minute(s)", known.len() - total, known.len()),
        )
    };
    Limit { id: id.clone(), metric: limit.metric.clone(), state, sentence, decides: !limit.dry_run }
}

/// Green's value in a minute, and its words: the percentage of bad events, or the value itself.
fn value(policy: &Policy, limit: &Threshold, minute: &Minute) -> Option<(f64, String)> {
    if let Some(pair) = minute.counts.get(&limit.metric) {
        let metric = policy.metrics.iter().find(|metric| metric.id == limit.metric)?;
        let rate = pair.green.rate()? * 100.0;
        return Some((rate, share(pair.green, &metric.words())));
    }
    let value = minute.values.get(&limit.metric)?.green?;
    Some((value, format!("{value} of `{}`", limit.metric)))
}
