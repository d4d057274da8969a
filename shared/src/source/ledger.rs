//! The rules of the ledger: one entry per pipeline and branch says which head was started last and who is at work.
//!
//! Only the true head and this entry decide, so a lost, repeated, reordered or replayed delivery can neither start a
//! release twice nor lose it. Two rules carry this: a lease outlasts the function that holds it, and whoever takes
//! over an expired claim first looks for an execution with the claim's release id.
//! Must not: read a clock or a table.

use crate::model::{CommitSha, Timestamp};
use crate::source::routes::Route;
use sha2::{Digest, Sha256};

/// How long a claim keeps others away, in milliseconds of the local clock. Longer than the function's timeout of
/// 5 minutes (template.yaml), so that a claim never expires under a worker that is still alive.
pub const LEASE_MS: i64 = 15 * 60_000;

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerKey {
    /// Pipeline or project.
    pub pipeline: String,
    /// Branch name, or key of a pull request ([`crate::source::reference::Reference::key`]).
    pub branch: String,
}

impl LedgerKey {
    /// The key of a route's entry.
    #[must_use]
    pub fn of(route: &Route) -> Self {
        Self { pipeline: route.pipeline.clone(), branch: route.reference.key().into_owned() }
    }
}

/// The last head that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The head.
    pub sha: CommitSha,
    /// Its release.
    pub release_id: String,
    /// The pipeline execution that carries it.
    pub execution_id: String,
}

/// A worker's word that it is starting a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The head.
    pub sha: CommitSha,
    /// Its release: the same through every retry of this claim.
    pub release_id: String,
    /// Until when others stay away, by the local clock of the claimant.
    pub until: Timestamp,
}

/// One entry. `version` grows by one with every write; a write holds only on the version it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Version of this state; 0 is "never written".
    pub version: u64,
    /// How many releases were ever claimed.
    pub sequence: u64,
    /// The last head that was started.
    pub started: Option<Started>,
    /// Who is at work.
    pub claim: Option<Claim>,
    /// The newest head that brought nothing for this pipeline, since the last one that was started.
    pub passed: Option<Passed>,
}

impl Entry {
    /// Whether `head` was compared before, for the same paths, and brought nothing.
    #[must_use]
    pub fn has_passed(&self, head: &CommitSha, paths: &[String]) -> bool {
        self.passed.as_ref().is_some_and(|passed| passed.sha == *head && passed.scope == scope(paths))
    }

    /// Whether `head` was seen before and might not be built.
    #[must_use]
    pub fn is_withheld(&self, head: &CommitSha) -> bool {
        self.passed.as_ref().is_some_and(|passed| passed.sha == *head && passed.scope == WITHHELD)
    }

    /// Whether somebody began to stop what was started, and may not have lived to write down the end of it.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.passed.as_ref().is_some_and(|passed| passed.scope == CLOSING)
    }
}

/// What [`Passed::scope`] says of a head whose build is being stopped because there is nothing left to build.
const CLOSING: &str = "closing";
/// What [`Passed::scope`] says of a head that is not built because nobody reviewed it yet.
const WITHHELD: &str = "withheld";

/// A head that was compared with the last started one and found equal, as far as the route went then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The head.
    pub sha: CommitSha,
    /// What was compared: the answer is worth nothing for other paths; or that it was withheld, or is being closed.
    pub scope: String,
}

/// A short name for a set of paths, to tell whether an answer was about the same ones. 16 hexadecimal digits.
fn scope(paths: &[String]) -> String {
    let mut digest = Sha256::new();
    for path in paths {
        digest.update(path.as_bytes());
        digest.update([0]);
    }
    hex::encode(digest.finalize()).chars().take(16).collect()
}

/// What the entry and the true head ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The head was started already.
    Done,
    /// Somebody is at work, and looks at the head again when finished.
    Busy,
    /// Nobody is at work: write this entry, and on success start its claim.
    Claim(Entry),
    /// A claim was left behind: write this entry, and on success look for the claim's execution before anything else.
    TakeOver(Entry),
}

/// Decides what to do about `head`; `now` is the local clock. `again` is the release that a person wants once more: it is claimed anew as
/// long as it is the one that was started last, so that asking twice starts once.
#[must_use]
pub fn decide(key: &LedgerKey, entry: &Entry, head: &CommitSha, again: Option<&str>, now: Timestamp) -> Step {
    if let Some(step) = unsettled(entry, now) {
        return step;
    }
    let is_done = |started: &Started| {
        started.sha == *head && again.is_none_or(|release_id| started.release_id != release_id)
    };
    if entry.started.as_ref().is_some_and(is_done) {
        Step::Done
    } else {
        Step::Claim(claimed(key, entry, head, now))
    }
}

/// What a claim asks for before anything else; none without one. `now` is the local clock.
#[must_use]
pub fn unsettled(entry: &Entry, now: Timestamp) -> Option<Step> {
    let claim = entry.claim.as_ref()?;
    if claim.until > now {
        return Some(Step::Busy);
    }
    let renewed = Claim { until: now.plus(LEASE_MS), ..claim.clone() };
    Some(Step::TakeOver(Entry { version: entry.version + 1, claim: Some(renewed), ..entry.clone() }))
}

fn claimed(key: &LedgerKey, entry: &Entry, head: &CommitSha, now: Timestamp) -> Entry {
    let sequence = entry.sequence + 1;
    let release_id = release_id(key, head, sequence);
    Entry {
        version: entry.version + 1,
        sequence,
        started: entry.started.clone(),
        claim: Some(Claim { sha: head.clone(), release_id, until: now.plus(LEASE_MS) }),
        passed: None,
    }
}

/// The entry after `head` was found to bring nothing for this pipeline.
#[must_use]
pub fn passed(entry: &Entry, head: &CommitSha, paths: &[String]) -> Entry {
    let passed = Passed { sha: head.clone(), scope: scope(paths) };
    Entry { version: entry.version + 1, passed: Some(passed), ..entry.clone() }
}

/// The entry after `head` was found to be one that may not be built.
#[must_use]
pub fn withheld(entry: &Entry, head: &CommitSha) -> Entry {
    let passed = Passed { sha: head.clone(), scope: WITHHELD.to_owned() };
    Entry { version: entry.version + 1, passed: Some(passed), ..entry.clone() }
}

/// The entry after the claim's execution is known.
#[must_use]
pub fn completed(entry: &Entry, claim: &Claim, execution_id: &str) -> Entry {
    let started = Started {
        sha: claim.sha.clone(),
        release_id: claim.release_id.clone(),
        execution_id: execution_id.to_owned(),
    };
    Entry {
        version: entry.version + 1,
        sequence: entry.sequence,
        started: Some(started),
        claim: None,
        passed: None,
    }
}

/// The entry after a worker failed and lets go of its lease: the next one takes over at once.
#[must_use]
pub fn released(entry: &Entry, now: Timestamp) -> Entry {
    let claim = entry.claim.clone().map(|claim| Claim { until: now, ..claim });
    Entry { version: entry.version + 1, claim, ..entry.clone() }
}

/// The entry after a claim whose execution was never started was given up, because the head has moved on.
#[must_use]
pub fn given_up(entry: &Entry) -> Entry {
    Entry { version: entry.version + 1, claim: None, ..entry.clone() }
}

/// The entry before what was started is stopped; without a mark when nothing was.
#[must_use]
pub fn closing(entry: &Entry) -> Entry {
    let mark = |started: &Started| Passed { sha: started.sha.clone(), scope: CLOSING.to_owned() };
    Entry { version: entry.version + 1, passed: entry.started.as_ref().map(mark), ..entry.clone() }
}

/// The entry after nothing is left to build: the same head, when it comes back, is a new release.
#[must_use]
pub fn closed(entry: &Entry) -> Entry {
    Entry { version: entry.version + 1, started: None, passed: None, ..entry.clone() }
}

/// The id of a release: the same for every worker that sees the same entry and head, different for every sequence, so
/// that going back to an older head is a new release. 32 hexadecimal digits.
#[must_use]
pub fn release_id(key: &LedgerKey, head: &CommitSha, sequence: u64) -> String {
    let mut digest = Sha256::new();
    for part in [key.pipeline.as_str(), key.branch.as_str(), head.as_str(), &sequence.to_string()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(digest.finalize()).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LedgerKey {
        LedgerKey { pipeline: "shop-production".to_owned(), branch: "main".to_owned() }
    }

    fn sha(digit: char) -> CommitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn claim_of(step: Step) -> (Entry, Claim) {
        let (Step::Claim(entry) | Step::TakeOver(entry)) = step else { panic!("{step:?}") };
        let claim = entry.claim.clone().unwrap();
        (entry, claim)
    }

    fn start(entry: &Entry, head: &CommitSha, minute: i64) -> (Entry, Claim) {
        let (entry, claim) = claim_of(decide(&key(), entry, head, None, at(minute)));
        (completed(&entry, &claim, "execution"), claim)
    }

    #[test]
    fn a_head_that_was_started_is_done_however_often_it_is_asked_for() {
        let (entry, _) = start(&Entry::default(), &sha('a'), 0);
        assert_eq!(decide(&key(), &entry, &sha('a'), None, at(1)), Step::Done);
    }

    #[test]
    fn going_back_to_an_older_head_is_a_new_release() {
        let (entry, first) = start(&Entry::default(), &sha('a'), 0);
        let (entry, second) = start(&entry, &sha('b'), 1);
        let (entry, third) = start(&entry, &sha('a'), 2);
        assert_ne!(first.release_id, second.release_id);
        assert_ne!(first.release_id, third.release_id);
        assert_eq!((entry.version, entry.sequence), (6, 3));
    }

    #[test]
    fn a_live_claim_keeps_others_away_and_an_expired_one_is_taken_over_with_the_same_release() {
        let (entry, claim) = claim_of(decide(&key(), &Entry::default(), &sha('a'), None, at(0)));
        assert_eq!(decide(&key(), &entry, &sha('a'), None, at(14)), Step::Busy);
        assert_eq!(decide(&key(), &entry, &sha('b'), None, at(14)), Step::Busy);
        let (_, taken) = claim_of(decide(&key(), &entry, &sha('b'), None, at(15)));
        assert_eq!((taken.release_id, taken.sha), (claim.release_id, claim.sha));
        assert_eq!(taken.until, at(30));
    }

    #[test]
    fn a_worker_that_failed_lets_the_next_one_in_at_once() {
        let (entry, claim) = claim_of(decide(&key(), &Entry::default(), &sha('a'), None, at(0)));
        let (_, taken) = claim_of(decide(&key(), &released(&entry, at(1)), &sha('a'), None, at(1)));
        assert_eq!(taken.release_id, claim.release_id);
    }

    #[test]
    fn a_release_that_is_asked_for_again_is_started_once_more_and_not_twice() {
        let (entry, first) = start(&Entry::default(), &sha('a'), 0);
        let again = |entry: &Entry, release: &str| decide(&key(), entry, &sha('a'), Some(release), at(1));
        let (entry, second) = claim_of(again(&entry, &first.release_id));
        assert_ne!(second.release_id, first.release_id);
        let entry = completed(&entry, &second, "execution");
        assert_eq!(again(&entry, &first.release_id), Step::Done, "the same wish once more");
        assert_eq!(again(&entry, "another"), Step::Done, "a release that was never started");
    }

    #[test]
    fn what_was_closed_is_a_new_release_when_it_comes_back() {
        let (entry, first) = start(&Entry::default(), &sha('a'), 0);
        let (entry, second) = start(&closed(&entry), &sha('a'), 1);
        assert_ne!(first.release_id, second.release_id);
        assert_eq!(entry.sequence, 2);
    }

    #[test]
    fn release_ids_are_hex_and_differ_by_pipeline_and_branch() {
        let id = release_id(&key(), &sha('a'), 1);
        insta::assert_snapshot!(id, @"ef822756af664aacb391ad7bb6d84221");
        let other = LedgerKey { branch: "develop".to_owned(), ..key() };
        assert_ne!(id, release_id(&other, &sha('a'), 1));
    }
}
