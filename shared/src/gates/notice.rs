//! The small message from a gate that judged a build to feedback, on the queue that brings it EventBridge's events. It has EventBridge's two
//! words, `detail-type` and `detail`, so that one reader sorts everything that comes out of the queue.
//!
//! Must not: exceed what a queue takes (256 KB); the full report is in the bucket under the key that is named here.

use super::render::{amount, short};
use super::verdict::{Judged, Outcome, Verdict};
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// Most bytes of conditions that are told; how many more conditions there are is told too. Feedback keeps a verdict for each project of a pull
/// request in one item of its table, which takes 400 KB.
const MAX_BYTES: usize = 16 << 10;
/// What a condition takes beside its texts, in bytes.
const OVERHEAD: usize = 120;
/// Longest sentence of a condition or note, in characters.
const MAX_SENTENCE: usize = 400;
/// Longest name, in characters.
const MAX_NAME: usize = 100;
/// Most notes that are told.
const MAX_NOTES: usize = 5;

/// What a gate tells developers by way of feedback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
pub enum GateNotice {
    /// The reports of a build were judged.
    #[serde(rename = "Tidegate Gate Verdict", rename_all = "camelCase")]
    Verdict {
        /// `<project>:<uuid>`.
        build_id: String,
        /// What was decided.
        gate: Gate,
    },
}

/// A verdict in figures and sentences for people. All of it is outside text: reports are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// When it was decided: of two verdicts on a build the later one holds.
    pub decided_at: Timestamp,
    /// Policy name.
    pub policy: String,
    /// The worst outcome.
    pub outcome: Outcome,
    /// How many conditions hold.
    pub holding: u64,
    /// How many conditions there are.
    pub count: u64,
    /// Conditions, those that do not hold first; as many as are not too much.
    pub conditions: Vec<Line>,
    /// Remarks.
    pub notes: Vec<String>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// Condition id.
    pub id: String,
    /// What was measured, with its unit; none when nothing could be.
    pub actual: Option<String>,
    /// Operator and limit, with its unit.
    pub threshold: String,
    /// Outcome.
    pub outcome: Outcome,
    /// How many names explain it: failed tests, findings.
    pub offenders: u64,
    /// With both numbers, and what would make it pass.
    pub sentence: String,
}

impl Gate {
    /// What is told of `verdict`.
    #[must_use]
    pub fn of(policy: &str, decided_at: Timestamp, verdict: &Verdict) -> Self {
        let mut judged: Vec<&Judged> = verdict.conditions.iter().collect();
        judged.sort_by_key(|judged| judged.outcome.lets_through());
        let holding = judged.iter().filter(|judged| judged.outcome.lets_through()).count();
        Self {
            decided_at,
            policy: short(policy, MAX_NAME),
            outcome: verdict.outcome,
            holding: holding as u64,
            count: judged.len() as u64,
            conditions: bounded(judged.into_iter().map(line)),
            notes: verdict.notes.iter().take(MAX_NOTES).map(|note| short(note, MAX_SENTENCE)).collect(),
        }
    }
}

fn bounded(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut left = MAX_BYTES;
    lines
        .map_while(|line| {
            let texts =
                [&line.id, &line.threshold, &line.sentence].map(|text| text.len()).iter().sum::<usize>();
            let actual = line.actual.as_ref().map_or(0, String::len);
            left = left.checked_sub(texts + actual + OVERHEAD)?;
            Some(line)
        })
        .collect()
}

fn line(judged: &Judged) -> Line {
    Line {
        id: short(&judged.id, MAX_NAME),
        actual: judged.actual.map(|actual| amount(&judged.metric, actual)),
        threshold: format!("{} {}", judged.operator, amount(&judged.metric, judged.threshold)),
        outcome: judged.outcome,
        offenders: judged.offenders.len() as u64,
        sentence: short(&judged.message, MAX_SENTENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(id: &str, outcome: Outcome) -> Judged {
        Judged {
            id: id.to_owned(),
            outcome,
            metric: "coverage.lines".to_owned(),
            operator: ">=".to_owned(),
            threshold: 80.0,
            actual: Some(79.999),
            message: format!(
                "`coverage.lines` is 79.99 % (7999 of 10000), `{id}` asks for >= 80 %: 1 more would pass"
            ),
            offenders: vec!["a".to_owned(), "b".to_owned()],
            ..Judged::default()
        }
    }

    fn verdict(conditions: Vec<Judged>) -> Verdict {
        Verdict { outcome: Outcome::Fail, conditions, notes: vec!["a note".to_owned()], ..Verdict::default() }
    }

    #[test]
    fn a_verdict_is_written_in_the_words_that_feedback_reads() {
        let conditions = vec![judged("lines", Outcome::Fail)];
        let gate = Gate::of("pull-request", Timestamp::from_millis(0), &verdict(conditions));
        let notice = GateNotice::Verdict { build_id: "shop-checks:4".to_owned(), gate };
        let text = serde_json::to_string(&notice).unwrap();
        insta::assert_snapshot!(text, @r#"{"detail-type":"Tidegate Gate Verdict","detail":{"buildId":"shop-checks:4","gate":{"decidedAt":"1970-01-01T00:00:00Z","policy":"pull-request","outcome":"fail","holding":0,"count":1,"conditions":[{"id":"lines","actual":"79.99 %","threshold":">= 80 %","outcome":"fail","offenders":2,"sentence":"`coverage.lines` is 79.99 % (7999 of 10000), `lines` asks for >= 80 %: 1 more would pass"}],"notes":["a note"]}}}"#);
        assert_eq!(serde_json::from_str::<GateNotice>(&text).unwrap(), notice);
    }

    #[test]
    fn what_does_not_hold_comes_first_and_no_report_makes_it_too_long_for_a_queue() {
        let long = |index: usize| Judged {
            message: "\u{202e}\u{1f680}".repeat(5_000),
            offenders: vec!["x".repeat(1_000); 1_000],
            ..judged(&"ö".repeat(2_000), if index == 4_999 { Outcome::Fail } else { Outcome::Pass })
        };
        let verdict =
            Verdict { notes: vec!["n".repeat(10_000); 1_000], ..verdict((0..5_000).map(long).collect()) };
        let gate = Gate::of("pull-request", Timestamp::from_millis(0), &verdict);
        assert_eq!((gate.count, gate.holding), (5_000, 4_999));
        assert!(gate.conditions.len() > 5, "{} conditions", gate.conditions.len());
        assert_eq!(gate.conditions.first().map(|line| line.outcome), Some(Outcome::Fail));
        let text = serde_json::to_string(&GateNotice::Verdict { build_id: "b".to_owned(), gate }).unwrap();
        assert!(text.len() < 20_000, "{} bytes", text.len());
    }
}
