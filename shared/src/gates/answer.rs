//! What a job is answered: the limits that CodePipeline sets, and who must act on a failure.
//!
//! Must not: decide anything; a fault of the outside world means one kind of failure each (docs/ERRORS.md).
//! Specification: <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_FailureDetails.html>

use super::continuation::Continuation;
use super::ports::{Answer, FailureKind, Record};
use super::render::{MAX_MESSAGE, MAX_SUMMARY, message, short};
use super::verdict::{Outcome, Verdict};
use crate::errors::{Fault, chain};
use crate::model::Timestamp;

/// Longest value of the output variable `summary`.
const SUMMARY_VARIABLE: usize = 500;

/// Not yet.
pub(super) fn wait(
    policy: &str,
    verdict: &Verdict,
    next: Continuation,
    now: Timestamp,
    deadline: Timestamp,
) -> Answer {
    let waits = verdict.conditions.iter().filter(|judged| judged.outcome == Outcome::Pending);
    let waits: Vec<&str> = waits.map(|judged| judged.message.as_str()).collect();
    let summary = format!("gate `{policy}`: pending until {deadline} at the latest\n{}", waits.join("\n"));
    Answer::Wait {
        token: next.token(),
        percent: next.percent(now, deadline),
        summary: summary.chars().take(MAX_SUMMARY).collect(),
    }
}

/// The verdict; the report is at `place`.
pub(super) fn answer(record: &Record, place: &str) -> Answer {
    let verdict = &record.verdict;
    if !verdict.outcome.lets_through() {
        let end = format!("\nreport: {place}");
        let text = message(&record.policy, verdict, MAX_MESSAGE.saturating_sub(end.chars().count()));
        return Answer::Fail { kind: FailureKind::JobFailed, message: format!("{text}{end}") };
    }
    let summary = message(&record.policy, verdict, MAX_SUMMARY);
    let (failed, total) = (
        verdict.conditions.iter().filter(|judged| !judged.outcome.lets_through()).count(),
        verdict.conditions.len(),
    );
    let variables = [
        ("verdict", verdict.outcome.word().to_owned()),
        ("summary", short(summary.lines().next().unwrap_or_default(), SUMMARY_VARIABLE)),
        ("reportKey", record.key()),
        ("conditionsFailed", failed.to_string()),
        ("conditionsTotal", total.to_string()),
    ];
    Answer::Succeed { summary, variables: variables.map(|(name, value)| (name.to_owned(), value)).to_vec() }
}

/// A failure with words, as long as they may be.
pub(super) fn fail(kind: FailureKind, message: &str) -> Answer {
    Answer::Fail { kind, message: message.chars().take(MAX_MESSAGE).collect() }
}

/// What a fault of the outside world means to the job.
pub(super) fn unavailable(what: &str, fault: &Fault) -> Answer {
    let kind = match fault {
        Fault::Denied { .. } => FailureKind::PermissionError,
        Fault::Missing { .. } | Fault::Unreadable { .. } => FailureKind::ConfigurationError,
        Fault::Transient { .. } | Fault::Conflict { .. } => FailureKind::SystemUnavailable,
    };
    fail(kind, &format!("{what}: {}", chain(fault)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::verdict::Judged;

    #[test]
    fn a_failure_is_never_too_long_and_always_ends_with_the_place_of_the_report() {
        let judged = Judged {
            id: "a".to_owned(),
            outcome: Outcome::Fail,
            message: "ö".repeat(90),
            ..Judged::default()
        };
        let verdict = Verdict { outcome: Outcome::Fail, conditions: vec![judged; 200], ..Verdict::default() };
        let record = Record {
            job_id: "j".to_owned(),
            execution_id: "e".to_owned(),
            pipeline: String::new(),
            stage: String::new(),
            branch: String::new(),
            commit_id: String::new(),
            policy: "build".to_owned(),
            decided_at: Timestamp::from_millis(0),
            reports: Vec::new(),
            images: Vec::new(),
            verdict,
        };
        let Answer::Fail { message, .. } = answer(&record, "s3://reports/gates/e/j.html") else {
            panic!("a failure")
        };
        assert!(message.chars().count() <= MAX_MESSAGE, "{} characters", message.chars().count());
        assert!(
            message.ends_with("more line(s) in the report\nreport: s3://reports/gates/e/j.html"),
            "{message}"
        );
    }
}
