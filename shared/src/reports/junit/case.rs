//! One test case: its outcome out of everything that is said about it.

use crate::reports::facts::{CaseOutcome as Outcome, TestFacts, case_key, kept};
use crate::reports::marks::number;
use crate::reports::xml::{self, Element};

/// Longest text of a failure that is looked at for its first line, in bytes.
const MAX_MESSAGE: usize = 4 * 1024;

/// A case that is open. Its texts are used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Case {
    class: String,
    name: String,
    file: String,
    outcome: Outcome,
    pub(super) flaky: bool,
    /// Other cases are inside: it is no leaf, and counts only when it failed itself.
    pub(super) has_cases: bool,
    message: String,
}

impl Case {
    /// Starts a case; its time in microseconds.
    pub(super) fn start(&mut self, element: &Element<'_>) -> u64 {
        for text in [&mut self.class, &mut self.name, &mut self.file, &mut self.message] {
            text.clear();
        }
        (self.outcome, self.flaky, self.has_cases) = (Outcome::Passed, false, false);
        let mut time = 0;
        for (name, value) in element.attributes() {
            match name {
                "name" => self.name.push_str(&xml::text(value)),
                "classname" => self.class.push_str(&xml::text(value)),
                "file" => self.file.push_str(&xml::text(value)),
                "time" => time = micros(value),
                "status" | "result" => self.status(value),
                _ => {}
            }
        }
        time
    }

    /// What a `status` or `result` attribute says: `run` and `completed` (`GoogleTest`), `fail` (`CTest`), `disabled`, …
    fn status(&mut self, word: &str) {
        let is = |words: &[&str]| words.iter().any(|known| word.trim().eq_ignore_ascii_case(known));
        let passed = ["", "run", "completed", "passed", "pass", "success", "successful", "succeeded", "ok"];
        let skipped = ["notrun", "disabled", "suppressed", "skipped", "skip", "ignored", "ignore", "pending"];
        let outcome = if is(&passed) || is(&["executed", "fixed", "true"]) {
            Outcome::Passed
        } else if is(&skipped) || is(&["notexecuted", "untested", "inconclusive", "todo"]) {
            Outcome::Skipped
        } else if is(&["fail", "failed", "failure", "failing", "regression", "false"]) {
            Outcome::Failed
        } else {
            if !is(&["error", "errored", "broken", "aborted", "crashed", "timeout", "timedout"]) {
                self.message = format!("its status `{}` is unknown", kept(word));
            }
            Outcome::Error
        };
        self.outcome = self.outcome.max(outcome);
    }

    /// Takes an element that says how it ended; true when its text is wanted, because it has no message.
    pub(super) fn worsen(&mut self, outcome: Outcome, element: &Element<'_>) -> bool {
        let is_worse = outcome > self.outcome;
        self.outcome = self.outcome.max(outcome);
        let tells = matches!(outcome, Outcome::Failed | Outcome::Error);
        if !tells || !(is_worse || self.message.is_empty()) {
            return false;
        }
        self.message.clear();
        self.message.push_str(&element.attribute("message").unwrap_or_default());
        self.message.trim().is_empty()
    }

    /// Takes text of a failure; true when its first line is there.
    pub(super) fn take_text(&mut self, text: &str) -> bool {
        let text = if self.message.is_empty() { text.trim_start() } else { text };
        let room = MAX_MESSAGE.saturating_sub(self.message.len());
        let end = (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.message.push_str(text.get(..end).unwrap_or_default());
        end < text.len() || self.message.contains('\n')
    }

    /// Counts it; `suite` is the identity of the suites around it.
    pub(super) fn count(&self, suite: u64, facts: &mut TestFacts) {
        if self.has_cases && self.outcome <= Outcome::Skipped {
            return;
        }
        let key = suite.rotate_left(7) ^ case_key(&[&self.class, &self.name, &self.file]);
        let name = || match (self.class.as_str(), self.name.as_str()) {
            ("", "") => "a case without a name".to_owned(),
            ("", name) => name.to_owned(),
            (class, "") => format!("{class}: a case without a name"),
            (class, name) => format!("{class}: {name}"),
        };
        facts.add(key, self.outcome, self.flaky, name, || self.message.clone());
    }
}

/// Seconds as text to microseconds; thousands commas are tolerated, and anything else counts as nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite and not negative; `as` saturates"
)]
fn micros(text: &str) -> u64 {
    if let Some((seconds, fraction)) = text.split_once('.')
        && (1..=6).contains(&fraction.len())
        && let (Some(seconds), Some(micros)) = (number(seconds.as_bytes()), number(fraction.as_bytes()))
        && seconds < 1_000_000_000
    {
        return seconds * 1_000_000 + micros * 10_u64.pow(6 - u32::try_from(fraction.len()).unwrap_or(6));
    }
    let parsed = if text.contains(',') { text.replace(',', "").trim().parse() } else { text.trim().parse() };
    let seconds: f64 = parsed.unwrap_or(0.0);
    if seconds.is_finite() && seconds > 0.0 { (seconds * 1_000_000.0).round() as u64 } else { 0 }
}
