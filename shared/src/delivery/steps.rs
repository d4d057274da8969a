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
    if watch.arms.as_ref().is_some_and(|arms| arms.blue.is_none()) {
        return Reply::Succeeded("a first deployment has nothing to be compared with".to_owned());
    }
    let (Some(now), Some(step)) = (watch.ticked, watch.weights.last()) else {
        return Reply::Again("no minute of this step has been looked at yet".to_owned());
    };
    let is_first = watch.weights.iter().filter(|weight| weight.percent > 0).count() <= 1;
    let hold = if is_first { policy.schedule.first_step_minutes } else { policy.schedule.step_minutes };
    let held = now.since(step.at) / MINUTE;
    let found = found(watch, policy, step.at, now);
    let told = found.as_ref().map(|verdict| (verdict.kind, said(verdict, watch, policy, step.percent)));
    if let Some((_, told @ (Reply::Failed(_) | Reply::Again(_) | Reply::Later(_)))) = told {
        return told;
    }
    // Green may have had its next share since the last tick: what was seen before says nothing of it.
    let weight = deployment.green().map_or(0, |green| green.weight_percent);
    if weight != step.percent {
        return Reply::Again(format!("{weight} % has not been looked at yet, only {} %", step.percent));
    }
    let is_early = policy.schedule.early && told.as_ref().is_some_and(|(kind, _)| *kind == Kind::Promote);
    if held < i64::from(hold) && !is_early {
        return Reply::Again(format!("{} % for {held} of {hold} minute(s)", step.percent));
    }
    if let Some((_, told)) = told {
        return told;
    }
    let seen = minutes_since(watch, step.at);
    if seen == 0 {
        return Reply::Again(format!("no minute at {} % was measured yet", step.percent));
    }
    // The last step is the promotion: it needs the evidence of one.
    if deployment.next_percent.is_none_or(|next| next >= 100) {
        return Reply::Again(format!("{seen} minute(s) at {} %; 100 % needs more evidence", step.percent));
    }
    Reply::Succeeded(format!("{seen} minute(s) at {} % show no harm", step.percent))
}

/// The verdict, or what the evidence would come to now.
fn found(watch: &Watch, policy: &Policy, step: Timestamp, now: Timestamp) -> Option<Verdict> {
    if watch.verdict.is_some() {
        return watch.verdict.clone();
    }
    let first = shifted(&watch.minutes).next().map(|(first, _)| first);
    let is_late = [first, Some(step)].into_iter().flatten().any(|from| now.since(from) >= longest(policy));
    let (kind, reason) = so_far(watch, policy, is_late)?;
    Some(Verdict { kind, reason, decided_at: now, dry_run: policy.dry_run })
}

/// What a verdict means to a step. Harm that may not be rolled back keeps the weights where they are: going on would give it more traffic.
fn said(verdict: &Verdict, watch: &Watch, policy: &Policy, percent: u32) -> Reply {
    match (verdict.kind, watch.freeze.as_deref()) {
        (Kind::Harm, Some(why)) if !verdict.dry_run => Reply::Again(format!(
            "harm, and not rolled back ({why}): held at {percent} % until a person decides: {}",
            verdict.reason
        )),
        (Kind::Harm | Kind::Promote | Kind::Inconclusive, _) => reply(verdict, policy.on_inconclusive, None),
    }
}

/// Minutes with traffic on both arms since the step was seen first.
fn minutes_since(watch: &Watch, at: Timestamp) -> usize {
    let compared = |minute: &super::series::Minute| minute.counts.values().any(|pair| pair.compares());
    watch.minutes.range(at.minute()..).filter(|(_, minute)| compared(minute)).count()
}
