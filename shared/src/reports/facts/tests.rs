//! Test cases by outcome. One case has one outcome: error before failure before skipped before passed.

use super::kept;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Failed and broken cases kept by name; more are only counted.
pub(super) const KEPT_BROKEN: usize = 5_000;
/// Passed cases remembered to tell a repeated case from a new one: what a table of half a million places takes before it grows (5 MB).
const REMEMBERED: usize = (1 << 19) / 8 * 7;

/// How a case ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Passed.
    #[default]
    Passed,
    /// Was not run.
    Skipped,
    /// Failed.
    Failed,
    /// Could not be run to an end.
    Error,
}

/// What several results of one case mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// Each is a case of its own, as with parametrised tests.
    #[default]
    Separate,
    /// They are attempts: a case that passed once is flaky and not failed.
    AnyPass,
}

/// A case that failed or broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// `class: name`, or `name`.
    pub name: String,
    /// [`Outcome::Failed`] or [`Outcome::Error`].
    pub outcome: Outcome,
    /// First line of the tool's words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Identity of the case, for attempts.
    #[serde(skip)]
    pub key: u64,
}

/// Test cases of one or more reports.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TestFacts {
    /// Cases that passed, flaky ones included.
    pub passed: u64,
    /// Cases that failed.
    pub failed: u64,
    /// Cases that could not be run to an end.
    pub errors: u64,
    /// Cases that were not run.
    pub skipped: u64,
    /// Cases that passed after a failed attempt, or that the tool calls flaky.
    pub flaky: u64,
    /// Sum of the cases' times, in milliseconds.
    pub duration_ms: u64,
    /// Results whose case (suite, class and name) was there before.
    pub repeated: u64,
    /// Failed and broken cases, at most `KEPT_BROKEN`.
    pub broken: Vec<Broken>,
    /// Names of flaky cases, at most `KEPT_BROKEN`.
    pub flaky_cases: Vec<String>,
    /// Keys of passed cases.
    #[serde(skip)]
    seen: HashSet<u64, Keys>,
}

/// Keys are hashes already.
pub(crate) type Keys = std::hash::BuildHasherDefault<Identity>;

/// A hasher that takes a hash for what it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut take =
            |word: u64| self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| take(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            take(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// The identity of a case: a hash over suite, class and name (`FxHash`, not for adversaries: a collision can only make a case count as
/// repeated, which decides nothing unless the policy says `duplicates: any-pass`).
#[must_use]
pub fn case_key<T: AsRef<[u8]>>(parts: &[T]) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = Identity::default();
    for part in parts {
        hasher.write(part.as_ref());
        hasher.write(&[0xff]);
    }
    hasher.finish()
}

impl TestFacts {
    /// All cases.
    #[must_use]
    pub fn total(&self) -> u64 {
        [self.failed, self.errors, self.skipped].into_iter().fold(self.passed, u64::saturating_add)
    }

    /// Counts one case. `key` is its [`case_key`]; `name` and `message` are only asked for when it failed or is flaky.
    pub fn add(
        &mut self,
        key: u64,
        outcome: Outcome,
        flaky: bool,
        name: impl Fn() -> String,
        message: impl FnOnce() -> String,
    ) {
        match outcome {
            Outcome::Passed => {
                self.passed += 1;
                if self.seen.len() < REMEMBERED {
                    self.repeated += u64::from(!self.seen.insert(key));
                }
                if flaky {
                    self.flaky(&name());
                }
            }
            Outcome::Skipped => self.skipped += 1,
            Outcome::Failed | Outcome::Error => {
                *(if outcome == Outcome::Failed { &mut self.failed } else { &mut self.errors }) += 1;
                if self.broken.len() < KEPT_BROKEN {
                    let message = message();
                    let message = kept(message.trim_start().lines().next().unwrap_or_default());
                    self.broken.push(Broken { name: kept(&name()), outcome, message, key });
                }
            }
        }
    }

    fn flaky(&mut self, name: &str) {
        self.flaky += 1;
        if self.flaky_cases.len() < KEPT_BROKEN {
            self.flaky_cases.push(kept(name));
        }
    }

    /// Takes failed and broken cases out of the count: those that were kept by name and that `is_excused` names.
    pub fn excuse(&mut self, is_excused: impl Fn(&Broken) -> bool) {
        let (excused, left) =
            std::mem::take(&mut self.broken).into_iter().partition::<Vec<_>, _>(|case| is_excused(case));
        self.broken = left;
        for case in excused {
            *(if case.outcome == Outcome::Error { &mut self.errors } else { &mut self.failed }) -= 1;
            self.skipped += 1;
        }
    }

    /// What is left when several results of one case are attempts: a failed case that also passed is flaky, one that failed several times
    /// failed once.
    #[must_use]
    pub fn settled(mut self, duplicates: Duplicates) -> Self {
        match duplicates {
            Duplicates::Separate => self,
            Duplicates::AnyPass => {
                let mut failed: HashMap<u64, Outcome> = HashMap::new();
                let broken = std::mem::take(&mut self.broken);
                for case in broken {
                    let count =
                        if case.outcome == Outcome::Error { &mut self.errors } else { &mut self.failed };
                    if self.seen.contains(&case.key) {
                        *count -= 1;
                        self.flaky(&case.name);
                    } else if failed.insert(case.key, case.outcome).is_some() {
                        *count -= 1;
                    } else {
                        self.broken.push(case);
                    }
                }
                self
            }
        }
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        for (mine, theirs) in [
            (&mut self.passed, other.passed),
            (&mut self.failed, other.failed),
            (&mut self.errors, other.errors),
            (&mut self.skipped, other.skipped),
            (&mut self.flaky, other.flaky),
            (&mut self.duration_ms, other.duration_ms),
            (&mut self.repeated, other.repeated),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        let room = |have: usize| KEPT_BROKEN.saturating_sub(have);
        let free = room(self.broken.len());
        self.broken.extend(other.broken.into_iter().take(free));
        let free = room(self.flaky_cases.len());
        self.flaky_cases.extend(other.flaky_cases.into_iter().take(free));
        for key in other.seen {
            if self.seen.len() < REMEMBERED {
                self.repeated += u64::from(!self.seen.insert(key));
            }
        }
        self
    }
}
