//! When a step of an ECS-native shift may go on: not before its time, not without having seen the step, not on harm; to 100 % only on a
//! verdict's evidence.
//!
//! All times are the ticks': the hook's event has none. Without a tick nothing goes on; the hook's own budget ends that (`ecs_hook`).

use super::gate::{Reply, longest, reply, so_far};
use super::policy::Policy;
use super::ports::Deployment;
use super::series::shifted;
use super::verdict::{Kind, Verdict};
use super::watch::Watch;
use crate::model::{MINUTE, Timestamp};

/// Whether the shift may take its next step.
#[must_use]
pub fn may_go_on(watch: &Watch, policy: &Policy, deployment: &Deployment) -> Reply {
    if let Some(verdict) = &watch.verdict {
        return reply(verdict, policy.on_inconclusive, watch.freeze.as_deref());
    }
    let (Some(now), Some(step)) = (watch.ticked, watch.weights.last()) else {
        return Reply::Again("no minute of this step has been looked at yet".to_owned());
    };
    let seen = minutes_since(watch, step.at);
    let is_first = watch.weights.iter().filter(|weight| weight.percent > 0).count() <= 1;
    let hold = if is_first { policy.schedule.first_step_minutes } else { policy.schedule.step_minutes };
    let held = now.since(step.at) / MINUTE;
    let is_late =
        shifted(&watch.minutes).next().is_some_and(|(first, _)| now.since(first) >= longest(policy))
            || now.since(step.at) >= longest(policy);
    let found = so_far(watch, policy, is_late);
    let verdict = |kind, reason| Verdict { kind, reason, decided_at: now, dry_run: policy.dry_run };
    match found {
        Some((Kind::Harm, reason)) => {
            reply(&verdict(Kind::Harm, reason), policy.on_inconclusive, watch.freeze.as_deref())
        }
        Some((Kind::Inconclusive, reason)) => {
            reply(&verdict(Kind::Inconclusive, reason), policy.on_inconclusive, None)
        }
        Some((Kind::Promote, reason)) if held >= i64::from(hold) || policy.schedule.early => {
            Reply::Succeeded(reason)
        }
        Some((Kind::Promote, _)) | None if held < i64::from(hold) => {
            Reply::Again(format!("{} % for {held} of {hold} minute(s)", step.percent))
        }
        None if seen == 0 => Reply::Again(format!("no minute at {} % was measured yet", step.percent)),
        // The last step is the promotion: it needs the evidence of one.
        None if deployment.next_percent.is_none_or(|next| next >= 100) => {
            Reply::Again(format!("{seen} minute(s) at {} %; 100 % needs more evidence", step.percent))
        }
        Some((Kind::Promote, _)) | None => {
            Reply::Succeeded(format!("{seen} minute(s) at {} % show no harm", step.percent))
        }
    }
}

/// Minutes with traffic on both arms since the step was seen first.
fn minutes_since(watch: &Watch, at: Timestamp) -> usize {
    let compared = |minute: &super::series::Minute| minute.counts.values().any(|pair| pair.compares());
    watch.minutes.range(at.minute()..).filter(|(_, minute)| compared(minute)).count()
}
