//! What the evidence means at a moment for whoever waits: harm at once, promotion when it is asked for, an honest "inconclusive" when there
//! is nothing more to see.

use super::words::{arms, expected, odds};
use super::{Analysis, Evidence, EvidenceState, LimitState};
use crate::delivery::policy::Policy;
use crate::delivery::verdict::Kind;

/// Expected bad events that are needed to see a doubled rate (power 86 % at α = 0.01).
pub(super) const EVENTS_TO_SEE_DOUBLING: f64 = 30.0;

/// Where the shift and its asker stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Whether somebody waits for the verdict: a hook or a pause.
    pub is_asked: bool,
    /// Whether nothing more can be waited for: the asker's time, or [`Policy::max_minutes`], is over.
    pub is_late: bool,
}

/// The verdict; none while more is to be seen.
///
/// Harm needs no asker. Promotion needs every deciding metric cleared and every deciding limit held. What was not measured is neither.
#[must_use]
pub fn conclude(policy: &Policy, analysis: &Analysis, situation: Situation) -> Option<(Kind, String)> {
    if let Some(words) = &analysis.catastrophe {
        return Some((Kind::Harm, words.clone()));
    }
    if let Some(reason) = harm(policy, analysis) {
        return Some((Kind::Harm, reason));
    }
    if !situation.is_asked {
        return None;
    }
    if let Some(reason) = promotion(policy, analysis) {
        return Some((Kind::Promote, reason));
    }
    let exhausted = analysis.baseline_gone || situation.is_late;
    exhausted.then(|| (Kind::Inconclusive, inconclusive(analysis)))
}

fn deciding(analysis: &Analysis) -> impl Iterator<Item = &Evidence> {
    analysis.evidence.iter().filter(|evidence| evidence.decides)
}

fn harm(policy: &Policy, analysis: &Analysis) -> Option<String> {
    let worst = deciding(analysis).find(|evidence| match evidence.state {
        EvidenceState::Harm => true,
        EvidenceState::Cleared | EvidenceState::Open => false,
    });
    if let Some(evidence) = worst {
        let highest = evidence.path.iter().map(|point| point.harm).fold(f64::NEG_INFINITY, f64::max);
        return Some(format!(
            "{}; evidence {}:1 passes the bound {}:1 (false-stop rate at most {} %)",
            arms(evidence),
            odds(highest),
            odds(evidence.bound),
            policy.alpha * 100.0
        ));
    }
    let breached = analysis.limits.iter().find(|limit| match limit.state {
        LimitState::Breached => limit.decides,
        LimitState::Held | LimitState::NoData => false,
    });
    breached.map(|limit| limit.sentence.clone())
}

fn promotion(policy: &Policy, analysis: &Analysis) -> Option<String> {
    let mut weakest: Option<&Evidence> = None;
    for evidence in deciding(analysis) {
        match evidence.state {
            EvidenceState::Cleared => {}
            EvidenceState::Harm | EvidenceState::Open => return None,
        }
        let is_weaker = weakest.is_none_or(|known| last(evidence) < last(known));
        weakest = if is_weaker { Some(evidence) } else { weakest };
    }
    let limits_hold = analysis.limits.iter().filter(|limit| limit.decides).all(|limit| match limit.state {
        LimitState::Held => true,
        LimitState::Breached | LimitState::NoData => false,
    });
    let evidence = weakest.filter(|_| limits_hold)?;
    if last(evidence) < evidence.promotion_bound {
        return Some(format!(
            "{}; a rate above {} % is excluded by evidence {}:1 (bound {}:1)",
            arms(evidence),
            policy.negligible_percent,
            odds(evidence.negligible),
            odds(evidence.promotion_bound)
        ));
    }
    Some(format!(
        "{}; {} times that rate is excluded by evidence {}:1 (bound {}:1)",
        arms(evidence),
        policy.excluded_ratio,
        odds(last(evidence)),
        odds(evidence.promotion_bound)
    ))
}

fn last(evidence: &Evidence) -> f64 {
    evidence.path.last().map_or(0.0, |point| point.promotion)
}

/// Why nothing is shown: the metric that is farthest from being cleared, or the limit without data.
fn inconclusive(analysis: &Analysis) -> String {
    if analysis.shifted_minutes == 0 {
        return "green had no traffic that was measured: nothing was compared".to_owned();
    }
    let blank = |limit: &&super::Limit| limit.decides && limit.state == LimitState::NoData;
    let open = deciding(analysis)
        .filter(|evidence| evidence.state != EvidenceState::Cleared)
        .min_by(|a, b| last(a).total_cmp(&last(b)));
    let Some(evidence) = open else {
        let limit = analysis.limits.iter().find(blank);
        return limit.map_or_else(|| "nothing was compared".to_owned(), |limit| limit.sentence.clone());
    };
    if evidence.minutes == 0 {
        return format!(
            "no minute after the warm-up had `{}` of both versions: nothing was compared",
            evidence.metric
        );
    }
    if evidence.expected.is_some_and(|expected| expected >= EVENTS_TO_SEE_DOUBLING) {
        // Enough was seen, and green stands between as good and twice as bad.
        return format!(
            "{}: between the bounds, evidence for harm {}:1 of {}:1, for its absence {}:1 of {}:1",
            arms(evidence),
            odds(evidence.path.last().map_or(0.0, |point| point.harm)),
            odds(evidence.bound),
            odds(last(evidence)),
            odds(evidence.promotion_bound),
        );
    }
    format!(
        "neither harm nor its absence is shown: {} in {} minute(s), about {EVENTS_TO_SEE_DOUBLING:.0} are needed to see a doubled rate",
        expected(evidence),
        evidence.minutes
    )
}
