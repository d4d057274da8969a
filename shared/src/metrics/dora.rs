//! The five DORA metrics (dora.dev, guide of 2026-01): deployment frequency, change lead time, failed deployment recovery time, change fail
//! rate, deployment rework rate. Each says how many releases it counts.
//!
//! Quantiles interpolate linearly (type 7). Rollbacks are no deployments; blocked deployments are no failures.

use super::releases::{Outcome, Release};
use crate::model::{CommitSha, MINUTE, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that are looked at.
pub const WINDOW_DAYS: i64 = 30;
/// Fewest releases for a figure that means something.
pub const ENOUGH: u64 = 5;

/// A commit of a started range, as the source function stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeCommit {
    /// Commit id.
    pub sha: CommitSha,
    /// Committer date, milliseconds.
    pub committed_at_ms: i64,
    /// Author: data.
    #[serde(default)]
    pub author: String,
    /// First line of the message: data.
    #[serde(default)]
    pub title: String,
}

/// Commits that each execution released.
pub type Ranges = BTreeMap<String, Vec<RangeCommit>>;

/// A distribution of times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// How many values.
    pub n: u64,
    /// Whether that is enough to mean something.
    pub enough_data: bool,
    /// Median, in minutes.
    pub median_minutes: Option<f64>,
    /// 75th percentile, in minutes.
    pub p75_minutes: Option<f64>,
    /// 90th percentile, in minutes.
    pub p90_minutes: Option<f64>,
}

/// A share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// Out of how many.
    pub n: u64,
    /// How many.
    pub count: u64,
    /// Whether n is enough to mean something.
    pub enough_data: bool,
    /// In percent; none of none.
    pub percent: Option<f64>,
}

/// Deployments per day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Frequency {
    /// Deployments in the window.
    pub n: u64,
    /// Whether n is enough to mean something.
    pub enough_data: bool,
    /// Per day of the window.
    pub per_day: f64,
}

/// The five metrics over one window.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dora {
    /// Deployments of production.
    pub deployment_frequency: Frequency,
    /// Commit to production, per commit.
    pub lead_time: Spread,
    /// Failed deployments out of all with traffic.
    pub change_fail_rate: Share,
    /// Start of a failed deployment to what remedied it.
    pub recovery_time: Spread,
    /// Rollbacks out of all deployments.
    pub rework_rate: Share,
    /// Deployments stopped before any traffic: gates that did their work.
    pub blocked: u64,
}

/// Computes the metrics of production over the window that ends at `now`.
#[must_use]
pub fn dora(releases: &[Release], ranges: &Ranges, now: Timestamp) -> Dora {
    let from = now.plus(-WINDOW_DAYS * 24 * 60 * MINUTE);
    let inside: Vec<&Release> = releases
        .iter()
        .filter(|release| release.environment == "production")
        .filter(|release| release.ended.is_some_and(|ended| ended >= from && ended <= now))
        .collect();
    let count = |outcome: Outcome| inside.iter().filter(|release| release.outcome == outcome).count() as u64;
    let (deployed, failed, rollbacks) =
        (count(Outcome::Deployed), count(Outcome::Failed), count(Outcome::Rollback));
    Dora {
        deployment_frequency: Frequency {
            n: deployed,
            enough_data: deployed >= ENOUGH,
            per_day: float(deployed) / 30.0,
        },
        lead_time: spread(lead_times(&inside, ranges)),
        change_fail_rate: share(failed, deployed + failed),
        recovery_time: spread(recovery_times(&inside)),
        rework_rate: share(rollbacks, deployed + failed + rollbacks),
        blocked: count(Outcome::Blocked),
    }
}

/// Minutes from commit to production, for every commit of every deployment.
fn lead_times(inside: &[&Release], ranges: &Ranges) -> Vec<f64> {
    let deployed = inside.iter().filter(|release| release.outcome == Outcome::Deployed);
    let mut times = Vec::new();
    for release in deployed {
        let (Some(execution), Some(ended)) = (&release.execution, release.ended) else { continue };
        let commits = ranges.get(execution).map_or(&[][..], Vec::as_slice);
        times.extend(
            commits.iter().map(|commit| minutes(ended.since(Timestamp::from_millis(commit.committed_at_ms)))),
        );
    }
    times
}

/// Minutes from the start of a failed deployment to the end of the next rollback or deployment of the same service.
fn recovery_times(inside: &[&Release]) -> Vec<f64> {
    let failed = inside.iter().filter(|release| release.outcome == Outcome::Failed);
    failed
        .filter_map(|release| {
            let remedies = inside.iter().filter(|other| {
                other.service == release.service
                    && other.started > release.started
                    && matches!(other.outcome, Outcome::Rollback | Outcome::Deployed)
            });
            let restored = remedies.filter_map(|other| other.ended).min()?;
            Some(minutes(restored.since(release.started)))
        })
        .collect()
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let n = values.len() as u64;
    Spread {
        n,
        enough_data: n >= ENOUGH,
        median_minutes: quantile(&values, 0.50),
        p75_minutes: quantile(&values, 0.75),
        p90_minutes: quantile(&values, 0.90),
    }
}

fn share(count: u64, n: u64) -> Share {
    Share { n, count, enough_data: n >= ENOUGH, percent: (n > 0).then(|| float(count) * 100.0 / float(n)) }
}

/// Quantile of sorted values by linear interpolation (Hyndman and Fan, type 7).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index into the slice")]
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let position = q * float(sorted.len().checked_sub(1)? as u64);
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    Some(below + (above - below) * position.fract())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of days, far below 2^52")]
fn minutes(millis: i64) -> f64 {
    millis.max(0) as f64 / MINUTE as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(id: &str, outcome: Outcome, started: i64, ended: i64) -> Release {
        Release {
            service: "api".to_owned(),
            environment: "production".to_owned(),
            id: id.to_owned(),
            execution: Some(id.to_owned()),
            outcome,
            started: Timestamp::from_millis(started * MINUTE),
            ended: Some(Timestamp::from_millis(ended * MINUTE)),
            exposure_percent: None,
        }
    }

    #[test]
    fn the_five_metrics_count_what_they_say() {
        let releases = [
            release("a", Outcome::Deployed, 100, 120),
            release("b", Outcome::Failed, 200, 206),
            release("c", Outcome::Rollback, 206, 208),
            release("d", Outcome::Blocked, 300, 301),
            release("e", Outcome::Deployed, 400, 420),
        ];
        let commit = |minute: i64| RangeCommit {
            sha: "a".repeat(40).parse().unwrap(),
            committed_at_ms: minute * MINUTE,
            author: String::new(),
            title: String::new(),
        };
        let ranges = Ranges::from([
            ("a".to_owned(), vec![commit(60), commit(90)]),
            ("e".to_owned(), vec![commit(320)]),
        ]);
        let dora = dora(&releases, &ranges, Timestamp::from_millis(1000 * MINUTE));
        assert_eq!((dora.deployment_frequency.n, dora.blocked), (2, 1));
        assert_eq!(
            (dora.lead_time.n, dora.lead_time.median_minutes, dora.lead_time.enough_data),
            (3, Some(60.0), false)
        );
        assert_eq!(dora.change_fail_rate.percent.map(|p| (p * 100.0).round()), Some(3333.0));
        assert_eq!(dora.recovery_time.median_minutes, Some(8.0));
        assert_eq!((dora.rework_rate.count, dora.rework_rate.n), (1, 4));
    }

    #[test]
    fn nothing_is_no_figure_and_never_zero() {
        let empty = dora(&[], &Ranges::new(), Timestamp::from_millis(0));
        assert_eq!((empty.lead_time.median_minutes, empty.change_fail_rate.percent), (None, None));
    }

    #[test]
    fn quantiles_interpolate_linearly() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
