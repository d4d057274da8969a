//! How long green takes to answer, before it has load: n requests one after the other, their 95th percentile.
//!
//! It says little of green under load, which is the watch's business; it finds what is slow for everybody.

use super::probe::{Ask, Job, Outcome, Report};
use super::smoke::{headers, url};
use crate::delivery::check::{Check, State};
use crate::delivery::policy::Expect;
use crate::delivery::policy::checks::{Latency, Smoke};
use serde_json::json;
use std::collections::BTreeMap;

/// Name of the check.
pub const ID: &str = "latency";

/// What is to be sent. The settings were checked: without a target of its own there is a smoke test's.
#[must_use]
pub fn job(latency: &Latency, smoke: Option<&Smoke>) -> Job {
    let base = latency.base_url.as_deref().or(smoke.map(|smoke| smoke.base_url.as_str())).unwrap_or_default();
    let common = smoke.filter(|_| latency.base_url.is_none());
    let ask = Ask {
        method: "GET".to_owned(),
        url: url(base, &latency.path),
        headers: common.map(|smoke| headers(&smoke.headers, &BTreeMap::new())).unwrap_or_default(),
        body: None,
        expect: Expect { status: (200..400).collect(), ..Expect::default() },
        version: None,
    };
    let tls = common.map(|smoke| smoke.tls.clone()).unwrap_or_default();
    Job {
        asks: vec![ask; latency.requests as usize],
        attempts: 1,
        pause_ms: 0,
        timeout_ms: latency.timeout_ms,
        ca_pem: tls.ca_pem,
        server_name: tls.server_name,
    }
}

/// What the times mean.
#[must_use]
pub fn judge(latency: &Latency, report: &Report) -> Check {
    let wanted = latency.requests as usize;
    let good = |outcome: &Outcome| match outcome {
        Outcome::Answered { answer } => answer.faults.is_empty(),
        Outcome::Unanswered { .. } | Outcome::Refused { .. } | Outcome::NotTried => false,
    };
    let answered = report.shots.iter().filter(|shot| good(&shot.outcome));
    let mut times: Vec<u64> = answered.map(|shot| shot.times.total).collect();
    times.sort_unstable();
    let path = latency.path.split('?').next().unwrap_or_default();
    let Some(p95) = percentile_95(&times).filter(|_| times.len() == wanted) else {
        let words =
            format!("{} of {wanted} request(s) for `{path}` were answered well, all must be", times.len());
        return Check::new(ID, State::Inconclusive, words);
    };
    let (median, most) = (times.get(times.len() / 2), times.last());
    let evidence = json!({"path": path, "requests": wanted, "p50Ms": median, "p95Ms": p95, "maxMs": most, "budgetMs": latency.p95_ms});
    let (state, words) = match latency.p95_ms {
        None => (
            State::Pass,
            format!("p95 of {wanted} request(s) for `{path}` is {p95} ms, and there is no budget"),
        ),
        Some(budget) if p95 <= u64::from(budget) => {
            (State::Pass, format!("p95 of {wanted} request(s) for `{path}` is {p95} ms, at most {budget} ms"))
        }
        Some(budget) => (
            State::Fail,
            format!("p95 of {wanted} request(s) for `{path}` is {p95} ms, over the budget of {budget} ms"),
        ),
    };
    Check { evidence, ..Check::new(ID, state, words) }
}

/// The nearest-rank percentile of sorted values.
fn percentile_95(sorted: &[u64]) -> Option<u64> {
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::super::observe::Answer;
    use super::super::probe::{Shot, Times};
    use super::*;

    fn latency(p95_ms: Option<u32>) -> Latency {
        Latency {
            base_url: Some("http://green".to_owned()),
            path: "/health?key=planted".to_owned(),
            requests: 20,
            p95_ms,
            timeout_ms: 5000,
        }
    }

    fn report(times: impl Iterator<Item = u64>) -> Report {
        let answer =
            Answer { status: 200, length: 0, sha256: String::new(), is_cut: false, faults: Vec::new() };
        let shot = |total| Shot {
            attempts: 1,
            outcome: Outcome::Answered { answer: answer.clone() },
            times: Times { total, ..Times::default() },
        };
        Report { shots: times.map(shot).collect() }
    }

    fn words(p95_ms: Option<u32>, report: &Report) -> String {
        let check = judge(&latency(p95_ms), report);
        assert!(!serde_json::to_string(&check).unwrap().contains("planted"));
        format!("{}: {}", check.state.word(), check.sentence)
    }

    #[test]
    fn the_95th_percentile_is_the_19th_of_20_and_may_be_equal_to_the_budget() {
        insta::assert_snapshot!(words(Some(19), &report(1..=20)), @"pass: p95 of 20 request(s) for `/health` is 19 ms, at most 19 ms");
        insta::assert_snapshot!(words(Some(18), &report(1..=20)), @"fail: p95 of 20 request(s) for `/health` is 19 ms, over the budget of 18 ms");
        insta::assert_snapshot!(words(None, &report(1..=20)), @"pass: p95 of 20 request(s) for `/health` is 19 ms, and there is no budget");
    }

    #[test]
    fn a_request_without_a_good_answer_leaves_it_open() {
        let mut report = report(1..=20);
        report.shots[3].outcome = Outcome::NotTried;
        insta::assert_snapshot!(words(Some(100), &report), @"inconclusive: 19 of 20 request(s) for `/health` were answered well, all must be");
        insta::assert_snapshot!(words(None, &Report { shots: Vec::new() }), @"inconclusive: 0 of 20 request(s) for `/health` were answered well, all must be");
    }

    #[test]
    fn one_request_is_sent_as_often_as_it_is_set() {
        let job = job(&latency(None), None);
        assert_eq!(
            (job.asks.len(), job.attempts, job.asks[0].url.as_str()),
            (20, 1, "http://green/health?key=planted")
        );
    }
}
