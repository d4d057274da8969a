//! What a `PAUSE` hook of ECS is told: to go on, to be taken back, to wait, or that a person must decide
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html>).
//!
//! Must not: write a verdict; a pause stands in the middle of a shift.

use super::gate::{Reply, reply, so_far};
use super::policy::{Pause, Policy};
use super::ports::{Deployment, PauseHook};
use super::verdict::{Kind, Verdict};
use super::watch::Watch;
use crate::model::{MINUTE, Timestamp};

/// How long before its end a pause is decided by policy.
const MARGIN_MS: i64 = 5 * MINUTE;

/// What a pause is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on, and why.
    GoOn(String),
    /// Be taken back, and why.
    Back(String),
    /// Wait: the evidence is not in.
    NotYet,
    /// A person decides.
    Person,
}

/// What a pause is told at `now`.
///
/// Without settings (nothing is watched yet) it is a person's. One that waits for the verdict goes on before traffic has moved, as a hook
/// at that moment would: there is nothing yet that a verdict could be about.
#[must_use]
pub fn decide(
    watch: &Watch,
    policy: Option<&Policy>,
    deployment: &Deployment,
    pause: &PauseHook,
    now: Timestamp,
) -> Decision {
    let Some(policy) = policy else { return Decision::Person };
    let waits_for = policy.schedule.pauses.get(&pause.stage).copied().unwrap_or(Pause::Person);
    let is_late = pause.expires_at.is_some_and(|at| at.since(now) <= MARGIN_MS);
    let found = match &watch.verdict {
        Some(verdict) => Some((verdict.kind, verdict.reason.clone())),
        None => so_far(watch, policy, is_late),
    };
    let has_moved =
        !watch.weights.is_empty() || deployment.green().is_some_and(|green| green.weight_percent > 0);
    let (kind, reason) = match (found, waits_for) {
        (None, Pause::Person) => return Decision::Person,
        (_, Pause::Verdict) if !has_moved => {
            return Decision::GoOn("no traffic has moved yet; the shift is watched".to_owned());
        }
        (None, Pause::Verdict) => return Decision::NotYet,
        (Some(found), Pause::Person | Pause::Verdict) => found,
    };
    let verdict = Verdict { kind, reason: reason.clone(), decided_at: now, dry_run: policy.dry_run };
    match (kind, waits_for) {
        // A frozen release waits for a person whatever it was meant to wait for.
        (Kind::Harm, _) if watch.freeze.is_some() => Decision::Person,
        (Kind::Harm, Pause::Person) if verdict.dry_run => Decision::Person,
        (Kind::Promote | Kind::Inconclusive, Pause::Person) => Decision::Person,
        (Kind::Harm, Pause::Person | Pause::Verdict)
        | (Kind::Promote | Kind::Inconclusive, Pause::Verdict) => {
            match reply(&verdict, policy.on_inconclusive, None) {
                Reply::Succeeded(_) => Decision::GoOn(reason),
                Reply::Failed(_) | Reply::Again(_) | Reply::Later(_) => Decision::Back(reason),
            }
        }
    }
}
