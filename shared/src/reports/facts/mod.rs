//! The normal form of every report. One file for each kind of evidence.
//!
//! Must not: know a format, or decide whether a figure is good enough.

mod analysis;
mod changes;
mod coverage;
mod findings;
mod performance;
mod tests;
mod vex;

pub use analysis::{AnalysisFacts, Check};
pub use changes::ChangeFacts;
pub(crate) use coverage::MAX_LINE;
pub use coverage::{CoverageFacts, FileCoverage, LineSet, Lines, Ratio};
pub use findings::{Finding, FindingFacts, Fix, Severity};
pub(crate) use performance::MAX_LABELS;
pub use performance::{Declared as DeclaredSamples, Measured as MeasuredSamples, PerformanceFacts, Samples};
pub(crate) use tests::Keys;
pub use tests::{Broken, Duplicates, Outcome as CaseOutcome, TestFacts, case_key};
pub use vex::{Statement, Status as VexStatus, VexFacts};

use crate::model::Timestamp;
use serde::Serialize;

/// Longest kept text from a report, in characters: names, titles, paths.
pub const MAX_TEXT: usize = 300;

/// What kind of evidence a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Test cases.
    Tests,
    /// Covered code.
    Coverage,
    /// Vulnerabilities and rule violations.
    Findings,
    /// Response times.
    Performance,
    /// The verdict of another analyser.
    Analysis,
    /// Statements on which vulnerabilities matter.
    Vex,
    /// Changed lines.
    Changes,
}

impl Kind {
    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Coverage => "coverage",
            Self::Findings => "findings",
            Self::Performance => "performance",
            Self::Analysis => "analysis",
            Self::Vex => "vex",
            Self::Changes => "changes",
        }
    }
}

/// What one report says.
#[derive(Debug, Clone)]
pub enum Facts {
    /// Test cases.
    Tests(TestFacts),
    /// Covered code.
    Coverage(CoverageFacts),
    /// Vulnerabilities and rule violations.
    Findings(FindingFacts),
    /// Response times.
    Performance(PerformanceFacts),
    /// The verdict of another analyser.
    Analysis(AnalysisFacts),
    /// Statements on which vulnerabilities matter.
    Vex(VexFacts),
    /// Changed lines.
    Changes(ChangeFacts),
}

impl Facts {
    /// Which kind of evidence this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Tests(_) => Kind::Tests,
            Self::Coverage(_) => Kind::Coverage,
            Self::Findings(_) => Kind::Findings,
            Self::Performance(_) => Kind::Performance,
            Self::Analysis(_) => Kind::Analysis,
            Self::Vex(_) => Kind::Vex,
            Self::Changes(_) => Kind::Changes,
        }
    }

    /// These facts and `other` as one; none when they are of different kinds. Nothing is joined that only has the same name: files of two
    /// coverage reports stay apart (see [`CoverageFacts::united`]), findings with one identity become one.
    #[must_use]
    pub fn merge(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Tests(a), Self::Tests(b)) => Self::Tests(a.merge(b)),
            (Self::Coverage(a), Self::Coverage(b)) => Self::Coverage(a.merge(b)),
            (Self::Findings(a), Self::Findings(b)) => Self::Findings(a.merge(b)),
            (Self::Performance(a), Self::Performance(b)) => Self::Performance(a.merge(b)),
            (Self::Analysis(a), Self::Analysis(b)) => Self::Analysis(a.merge(b)),
            (Self::Vex(a), Self::Vex(b)) => Self::Vex(a.merge(b)),
            (Self::Changes(a), Self::Changes(b)) => Self::Changes(a.merge(b)),
            (
                Self::Tests(_)
                | Self::Coverage(_)
                | Self::Findings(_)
                | Self::Performance(_)
                | Self::Analysis(_)
                | Self::Vex(_)
                | Self::Changes(_),
                _,
            ) => return None,
        })
    }
}

/// What a report says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct About {
    /// The tool and its version, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The commit that was looked at: hexadecimal, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When the report, or the run that it tells of, was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Totals that the file declares, beside what was counted from its leaves. Kept to be compared, never to be judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Declared>,
    /// What is strange without being an error: one sentence each, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<String>,
}

/// A total that a file declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// What is counted: a metric's name where there is one.
    pub what: &'static str,
    /// What the file says.
    pub declared: u64,
    /// What was counted.
    pub counted: u64,
}

impl About {
    /// Notes what the file declares and what was counted; nothing when it declares nothing.
    pub fn compare(&mut self, what: &'static str, declared: Option<u64>, counted: u64) {
        if let Some(declared) = declared {
            self.declared.push(Declared { what, declared, counted });
        }
    }

    /// Notes something strange; at most twenty sentences are kept.
    pub fn odd(&mut self, sentence: impl Into<String>) {
        const MOST: usize = 20;
        if self.oddities.len() < MOST {
            self.oddities.push(sentence.into());
        }
    }
}

/// A report, read.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What it says.
    pub facts: Facts,
    /// What it says about itself.
    pub about: About,
}

impl Parsed {
    /// Facts of a report that says nothing about itself.
    #[must_use]
    pub fn of(facts: Facts) -> Self {
        Self { facts, about: About::default() }
    }
}

/// Text from a report as it is kept: on one line, without control characters and those that change the direction of writing, at most
/// [`MAX_TEXT`] characters.
#[must_use]
pub fn kept(text: &str) -> String {
    let text = text.trim();
    let start = text.as_bytes().get(..MAX_TEXT).unwrap_or(text.as_bytes());
    // Nearly all text is printable ASCII: no need to look at characters.
    if start.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return text.get(..MAX_TEXT).unwrap_or(text).to_owned();
    }
    text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).take(MAX_TEXT).collect()
}

/// Whether a character is not shown but changes how others are: control characters, line ends of Unicode, directions of writing
/// (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>). With them a name can be made to look like another.
pub(crate) fn is_unseen(c: char) -> bool {
    const ARABIC_LETTER_MARK: char = '\u{61c}';
    c.is_control()
        || c == ARABIC_LETTER_MARK
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A moment as reports write it: RFC 3339, or the same without a zone, which is taken for UTC.
#[must_use]
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod kept_tests {
    use super::*;

    #[test]
    fn text_is_kept_on_one_line_and_shows_what_it_says() {
        assert_eq!(kept(" a\tb\u{1b}[31m\r\nc\u{85}d\u{2028}e "), "a b [31m  c d e");
        let directions = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for direction in directions.chain(['\u{200e}', '\u{200f}', '\u{61c}']) {
            assert_eq!(kept(&format!("user{direction}nimda")), "user nimda");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(kept(&"x".repeat(10_240)).len(), MAX_TEXT);
        assert_eq!(kept(&"ü".repeat(10_240)), "ü".repeat(MAX_TEXT));
        let late = format!("{}\u{202e}", "x".repeat(MAX_TEXT - 1));
        assert_eq!(kept(&late), format!("{} ", "x".repeat(MAX_TEXT - 1)));
    }
}
