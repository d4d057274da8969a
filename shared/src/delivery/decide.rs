//! The decision over a watch: harm, promotion, or not yet; and at the end of the shift, an honest "inconclusive".

use super::config::WatchConfig;
use super::eprocess::{Counts, expected_errors, harm, number, promotion};
use super::watch::{Kind, Watch, WatchVerdict};
use crate::model::{MINUTE, Timestamp};

/// Ratio that promotion excludes.
const EXCLUDED_RATIO: f64 = 2.0;
/// Chance that a release with that ratio is promoted early.
const BETA: f64 = 0.05;
/// Share of errors, in percent, that stops a release even while it warms up.
const CATASTROPHE_PERCENT: u64 = 50;
/// Fewest requests for that.
const CATASTROPHE_REQUESTS: u64 = 20;
/// Expected errors that are needed to see a doubled rate (power 86 % at α = 0.01).
const ERRORS_TO_SEE_DOUBLING: f64 = 30.0;
/// How long a waiting hook may wait before it is answered by policy: five minutes before CodeDeploy's hour is over.
pub const WATCHDOG_MS: i64 = 55 * MINUTE;
/// How long to wait for a first minute of traffic once a hook waits.
const NO_TRAFFIC_MS: i64 = 15 * MINUTE;

/// The verdict at `now` (the tick's time); none while more is to be seen.
#[must_use]
pub fn decide(watch: &Watch, config: &WatchConfig, now: Timestamp) -> Option<WatchVerdict> {
    let verdict = |kind, reason| Some(WatchVerdict { kind, reason, decided_at: now });
    let shifted = watch.shifted();
    let warm_up = usize::try_from(config.warm_up_minutes).unwrap_or(usize::MAX);
    if let Some(minute) = shifted.iter().take(warm_up).find(|minute| is_catastrophe(**minute)) {
        return verdict(
            Kind::Harm,
            format!(
                "green answered {} while it warmed up; a catastrophe is {CATASTROPHE_PERCENT} %",
                share(minute.green_errors, minute.green_requests)
            ),
        );
    }
    let judged: Vec<Counts> =
        shifted.iter().copied().skip(warm_up).filter(|minute| minute.compares()).collect();
    let evidence = harm(&judged, config.tolerated_ratio, config.noise_cv);
    if evidence >= -config.alpha.ln() {
        return verdict(Kind::Harm, harm_words(&judged, config, evidence));
    }
    let baseline_gone = shifted.last().is_some_and(|minute| minute.blue_requests == 0);
    let exhausted = baseline_gone || starved(watch, now);
    let promoted = promotion(&judged, EXCLUDED_RATIO, config.noise_cv);
    if watch.waiting.is_some() && promoted >= -BETA.ln() {
        return verdict(Kind::Promote, promotion_words(&judged, promoted));
    }
    if exhausted && watch.waiting.is_some() {
        return verdict(Kind::Inconclusive, inconclusive_words(&judged));
    }
    None
}

/// Whether a waiting hook has waited too long for more.
fn starved(watch: &Watch, now: Timestamp) -> bool {
    watch.waiting.as_ref().is_some_and(|waiting| {
        let waited = now.since(waiting.since);
        waited >= WATCHDOG_MS || (waited >= NO_TRAFFIC_MS && watch.shifted().is_empty())
    })
}

fn is_catastrophe(minute: Counts) -> bool {
    let bad = |errors: u64, requests: u64| requests > 0 && errors * 100 >= CATASTROPHE_PERCENT * requests;
    minute.green_requests >= CATASTROPHE_REQUESTS
        && bad(minute.green_errors, minute.green_requests)
        && !bad(minute.blue_errors * 2, minute.blue_requests)
}

fn harm_words(judged: &[Counts], config: &WatchConfig, evidence: f64) -> String {
    let all = judged.iter().fold(Counts::default(), |sum, minute| sum.plus(*minute));
    format!(
        "green answered {} against {} on blue in {} minute(s); evidence {}:1 passes the bound {:.0}:1 (false-stop rate at most {} %)",
        share(all.green_errors, all.green_requests),
        share(all.blue_errors, all.blue_requests),
        judged.len(),
        odds(evidence),
        1.0 / config.alpha,
        config.alpha * 100.0,
    )
}

fn promotion_words(judged: &[Counts], promoted: f64) -> String {
    let all = judged.iter().fold(Counts::default(), |sum, minute| sum.plus(*minute));
    format!(
        "green answered {} against {} on blue in {} minute(s); a doubled error rate is excluded by evidence {}:1 (bound {:.0}:1)",
        share(all.green_errors, all.green_requests),
        share(all.blue_errors, all.blue_requests),
        judged.len(),
        odds(promoted),
        1.0 / BETA,
    )
}

fn inconclusive_words(judged: &[Counts]) -> String {
    if judged.is_empty() {
        return "no minute had traffic on both versions: nothing was compared".to_owned();
    }
    let expected = expected_errors(judged);
    format!(
        "neither harm nor its absence is shown: {expected:.1} errors were expected of green in {} minute(s), about {ERRORS_TO_SEE_DOUBLING:.0} are needed to see a doubled rate",
        judged.len()
    )
}

fn share(errors: u64, requests: u64) -> String {
    let percent = if requests == 0 { 0.0 } else { number(errors) * 100.0 / number(requests) };
    format!("{errors} of {requests} requests with 5XX ({percent:.2} %)")
}

/// Odds for people: capped, since nobody reads twenty digits.
fn odds(ln: f64) -> String {
    let odds = ln.exp();
    if odds > 1e6 { "more than 1000000".to_owned() } else { format!("{odds:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::watch::{TargetGroup, Waiting};
    use std::collections::BTreeMap;

    fn watch(minutes: &[(u64, u64, u64, u64)], waiting: bool) -> Watch {
        let group = |name: &str| TargetGroup {
            name: name.to_owned(),
            dimension: String::new(),
            load_balancer: String::new(),
        };
        let at = |minute: usize| Timestamp::from_millis(i64::try_from(minute).unwrap() * MINUTE);
        Watch {
            deployment_id: "d-1".to_owned(),
            application: "b2b".to_owned(),
            group: "api-gateway".to_owned(),
            green: group("green"),
            blue: group("blue"),
            created_at: at(0),
            minutes: minutes
                .iter()
                .enumerate()
                .map(|(i, (gr, ge, br, be))| {
                    (
                        at(i),
                        Counts {
                            green_requests: *gr,
                            green_errors: *ge,
                            blue_requests: *br,
                            blue_errors: *be,
                        },
                    )
                })
                .collect::<BTreeMap<_, _>>(),
            exposure_percent: 0,
            verdict: None,
            waiting: waiting.then(|| Waiting { hook_execution_id: "h".to_owned(), since: at(12) }),
            final_state: None,
        }
    }

    fn config() -> WatchConfig {
        WatchConfig::parse("version: 1").unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * MINUTE)
    }

    #[test]
    fn five_times_the_errors_is_harm_within_minutes_and_says_why() {
        let bad = vec![(600, 15, 5400, 27); 4];
        let verdict = decide(&watch(&bad, false), &config(), at(6)).unwrap();
        assert_eq!(verdict.kind, Kind::Harm);
        insta::assert_snapshot!(verdict.reason, @"green answered 30 of 1200 requests with 5XX (2.50 %) against 54 of 10800 requests with 5XX (0.50 %) on blue in 2 minute(s); evidence more than 1000000:1 passes the bound 100:1 (false-stop rate at most 1 %)");
    }

    #[test]
    fn a_cold_start_is_forgiven_and_a_catastrophe_is_not() {
        let cold = [(600, 9, 5400, 27), (600, 9, 5400, 27), (600, 3, 5400, 27)];
        assert_eq!(decide(&watch(&cold, false), &config(), at(5)), None);
        let verdict = decide(&watch(&[(600, 400, 5400, 27)], false), &config(), at(3)).unwrap();
        insta::assert_snapshot!(verdict.reason, @"green answered 400 of 600 requests with 5XX (66.67 %) while it warmed up; a catastrophe is 50 %");
    }

    #[test]
    fn an_outage_of_both_versions_is_nobodys_fault() {
        let outage = vec![(600, 300, 5400, 2700); 6];
        assert_eq!(decide(&watch(&outage, false), &config(), at(8)), None);
    }

    #[test]
    fn a_good_release_is_promoted_when_its_hook_waits() {
        let good = vec![(600, 3, 5400, 27); 10];
        assert_eq!(decide(&watch(&good, false), &config(), at(12)), None);
        assert_eq!(decide(&watch(&good, true), &config(), at(12)).map(|v| v.kind), Some(Kind::Promote));
    }

    #[test]
    fn no_data_in_any_form_never_promotes() {
        for minutes in
            [vec![], vec![(0, 0, 6000, 30); 10], vec![(6000, 30, 0, 0); 10], vec![(6, 0, 54, 0); 10]]
        {
            let with_end: Vec<_> =
                minutes.iter().copied().chain(minutes.first().map(|_| (60, 0, 0, 0))).collect();
            for now in [13, 20, 30, 70] {
                let verdict = decide(&watch(&with_end, true), &config(), at(now));
                assert_ne!(verdict.map(|v| v.kind), Some(Kind::Promote), "{minutes:?} at {now}");
            }
        }
        let silent = decide(&watch(&[], true), &config(), at(30)).unwrap();
        insta::assert_snapshot!(silent.reason, @"no minute had traffic on both versions: nothing was compared");
        let quiet: Vec<_> = vec![(60, 1, 540, 3); 10].into_iter().chain([(600, 3, 0, 0)]).collect();
        insta::assert_snapshot!(decide(&watch(&quiet, true), &config(), at(13)).unwrap().reason, @"neither harm nor its absence is shown: 2.7 errors were expected of green in 8 minute(s), about 30 are needed to see a doubled rate");
    }

    #[test]
    fn simulated_good_releases_are_rarely_stopped_and_bad_ones_nearly_always() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut uniform = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            number(state >> 11) / number(1 << 53)
        };
        // Poisson by inversion: the means here are below 100.
        let mut poisson = move |mean: f64| {
            let (mut k, mut p, limit) = (0_u64, 1.0, (-mean).exp());
            loop {
                p *= uniform();
                if p <= limit {
                    return k;
                }
                k += 1;
            }
        };
        let mut stopped = |ratio: f64, runs: usize| {
            (0..runs)
                .filter(|_| {
                    let minutes: Vec<_> =
                        (0..10).map(|_| (600, poisson(3.0 * ratio), 5400, poisson(27.0))).collect();
                    (1..=minutes.len()).any(|end| {
                        decide(&watch(&minutes[..end], false), &config(), at(0))
                            .is_some_and(|v| v.kind == Kind::Harm)
                    })
                })
                .count()
        };
        assert!(stopped(1.0, 1000) <= 10, "at most 1 % of good releases are stopped");
        assert!(stopped(5.0, 300) >= 295, "five times the errors is seen");
    }
}
