//! Sentences of the analysis: both numbers, the limit's name, nothing longer than a line.

use super::{Arm, Evidence, number};

/// `3 of 600 requests with 5XX (0.50 %)`.
pub(super) fn share(arm: Arm, bad: &str) -> String {
    let percent = arm.rate().unwrap_or(0.0) * 100.0;
    format!("{} of {} requests {bad} ({percent:.2} %)", arm.bad, arm.total)
}

/// Both arms of a metric.
pub(super) fn arms(evidence: &Evidence) -> String {
    let minutes = evidence.minutes;
    format!(
        "green answered {} against {} on blue in {minutes} minute(s)",
        share(evidence.seen.green, &evidence.bad),
        share(evidence.seen.blue, &evidence.bad),
    )
}

/// Odds for people: capped, since nobody reads twenty digits.
pub(super) fn odds(ln: f64) -> String {
    let odds = ln.exp();
    if odds > 1e6 { "more than 1000000".to_owned() } else { format!("{odds:.0}") }
}

/// How many bad events were expected of green, for people.
pub(super) fn expected(evidence: &Evidence) -> String {
    match evidence.expected {
        Some(expected) => format!("{expected:.1} bad events of `{}` were expected of green", evidence.metric),
        None => format!(
            "blue had no bad event of `{}` in {} requests, so nothing is known of the usual rate",
            evidence.metric,
            number(evidence.seen.blue.total)
        ),
    }
}
