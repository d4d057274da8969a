//! What a gate remembers: the figures of passes of the protected branch, and when findings were first seen.
//!
//! Pure: the store is a port. One document for each name (`history` of the policy, or the pipeline). Writing it twice with the same verdict
//! gives the same document.

use crate::model::{MINUTE, Timestamp};
use crate::reports::facts::Ratio;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long a finding that is not there any more is remembered: a scanner that fails for a day must not give it new grace.
const FORGET_AFTER: i64 = 90 * 24 * 60 * MINUTE;
/// Findings remembered; beyond it those that were seen last are kept.
const MOST_FINDINGS: usize = 20_000;

/// Everything remembered under one name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// When each finding (its fingerprint) was seen.
    pub seen: BTreeMap<String, Seen>,
    /// Figures of passes of the protected branch, by condition and artifact.
    pub marks: BTreeMap<String, Mark>,
    /// Report paths of the last pass of the protected branch, by source and artifact.
    pub files: BTreeMap<String, BTreeSet<String>>,
    /// Fingerprints of the findings of the last pass of the protected branch, by source and artifact.
    pub known: BTreeMap<String, BTreeSet<String>>,
}

/// When a finding was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// First.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
}

/// The figures of one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// At the last pass.
    pub last: Snapshot,
    /// At the best pass; none when that is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Snapshot>,
}

/// A figure, when and of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The figure.
    pub value: f64,
    /// Its parts, when it is a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Ratio>,
    /// Covered lines by file, for what was deleted since.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Ratio>,
    /// When.
    pub at: Timestamp,
    /// Commit; empty when the gate was not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
}

/// Name of something under a source or a condition, of one artifact if it is judged by artifact.
#[must_use]
pub fn key(name: &str, artifact: Option<&str>) -> String {
    artifact.map_or_else(|| name.to_owned(), |artifact| format!("{name}@{artifact}"))
}

impl Mark {
    /// The best pass.
    #[must_use]
    pub fn best(&self) -> &Snapshot {
        self.best.as_ref().unwrap_or(&self.last)
    }
}

impl History {
    /// Notes a pass of the protected branch.
    pub fn mark(&mut self, key: String, now: Snapshot, more_is_better: bool) {
        let best = self.marks.remove(&key).and_then(|mark| {
            let best = mark.best.unwrap_or(mark.last);
            let stays = if more_is_better { best.value > now.value } else { best.value < now.value };
            stays.then_some(best)
        });
        self.marks.insert(key, Mark { last: now, best });
    }

    /// Notes findings that are there at `now`, and forgets those that were not seen for long.
    pub fn saw(&mut self, fingerprints: impl IntoIterator<Item = String>, now: Timestamp) {
        for fingerprint in fingerprints {
            let seen = self.seen.entry(fingerprint).or_insert(Seen { first: now, last: now });
            seen.first = seen.first.min(now);
            seen.last = seen.last.max(now);
        }
        self.seen.retain(|_, seen| now.since(seen.last) < FORGET_AFTER);
        if self.seen.len() > MOST_FINDINGS {
            let mut lasts: Vec<Timestamp> = self.seen.values().map(|seen| seen.last).collect();
            lasts.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = lasts.get(MOST_FINDINGS - 1).copied().unwrap_or(now);
            self.seen.retain(|_, seen| seen.last >= oldest);
        }
    }

    /// When a finding was first seen: what is remembered, or `now`.
    #[must_use]
    pub fn first_seen(&self, fingerprint: &str, now: Timestamp) -> Timestamp {
        self.seen.get(fingerprint).map_or(now, |seen| seen.first.min(now))
    }
}

/// The baseline's share without the code that was deleted since, where that asks for less. Only counts by file are known, so of the lines
/// that a file has lost as many are taken for covered ones as it has lost covered ones.
#[must_use]
pub fn without_deleted(before: &Snapshot, now: &BTreeMap<String, Ratio>) -> Option<Ratio> {
    let share = before.share?;
    let mut gone = Ratio::default();
    for (path, then) in &before.files {
        let today = now.get(path).copied().unwrap_or_default();
        let total = then.total.saturating_sub(today.total);
        gone = gone.plus(Ratio { hit: then.hit.saturating_sub(today.hit).min(total), total });
    }
    let left =
        Ratio { hit: share.hit.saturating_sub(gone.hit), total: share.total.saturating_sub(gone.total) };
    let asks_less =
        u128::from(left.hit) * u128::from(share.total) < u128::from(share.hit) * u128::from(left.total);
    (left.total > 0 && asks_less).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(hit: u64, total: u64) -> Ratio {
        Ratio { hit, total }
    }

    fn snapshot(value: f64) -> Snapshot {
        Snapshot {
            value,
            share: None,
            files: BTreeMap::new(),
            at: Timestamp::from_millis(0),
            commit: String::new(),
        }
    }

    #[test]
    fn the_best_pass_stays_until_a_better_one_and_the_last_one_moves() {
        let mut history = History::default();
        for value in [80.0, 90.0, 85.0] {
            history.mark("c".to_owned(), snapshot(value), true);
        }
        let mark = &history.marks["c"];
        assert_eq!((mark.last.value, mark.best().value), (85.0, 90.0));
        let again = {
            let mut again = history.clone();
            again.mark("c".to_owned(), snapshot(85.0), true);
            again
        };
        assert_eq!(again, history, "the same pass once more changes nothing");
        history.mark("c".to_owned(), snapshot(95.0), true);
        assert_eq!((history.marks["c"].best().value, history.marks["c"].best.is_none()), (95.0, true));
    }

    #[test]
    fn a_finding_keeps_its_first_day_until_it_was_away_for_long() {
        let day = |day: i64| Timestamp::from_millis(day * 24 * 60 * MINUTE);
        let mut history = History::default();
        history.saw(["a".to_owned()], day(0));
        history.saw(["b".to_owned()], day(50));
        history.saw(["a".to_owned()], day(80));
        assert_eq!(history.first_seen("a", day(80)), day(0));
        history.saw([], day(145));
        assert_eq!(
            (history.first_seen("a", day(145)), history.first_seen("b", day(145))),
            (day(0), day(145))
        );
    }

    #[test]
    fn deleted_covered_code_lowers_what_is_asked_and_deleted_tests_do_not() {
        let files = |a: Ratio, b: Ratio| BTreeMap::from([("a".to_owned(), a), ("b".to_owned(), b)]);
        let before = Snapshot {
            share: Some(ratio(80, 100)),
            files: files(ratio(50, 50), ratio(30, 50)),
            ..snapshot(80.0)
        };
        let deleted = BTreeMap::from([("b".to_owned(), ratio(30, 50))]);
        assert_eq!(without_deleted(&before, &deleted), Some(ratio(30, 50)));
        assert_eq!(without_deleted(&before, &files(ratio(0, 50), ratio(30, 50))), None);
        assert_eq!(
            without_deleted(&before, &files(ratio(50, 50), ratio(30, 30))),
            None,
            "deleting uncovered code asks for no more"
        );
    }
}
