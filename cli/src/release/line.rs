//! A line of the timeline: when, of what, what. Aligned for people, or as JSON.

use serde::Serialize;
use std::fmt::Write as _;
use std::io::IsTerminal;

/// Width of the column that says of what a line tells.
const SUBJECT: usize = 17;

/// Columns before the words, a margin of two among them.
const INDENT: usize = 2 + 7 + SUBJECT + 1;
/// Fewest columns for the words; a narrower terminal breaks them by itself.
const NARROWEST: usize = 40;

/// What a line means for the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mood {
    /// On its way.
    Plain,
    /// One step further.
    Good,
    /// Stopped.
    Bad,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// Virtual time, RFC 3339.
    pub(crate) at: String,
    /// Stage, service or part of Tidegate.
    pub(crate) subject: String,
    /// What happened, one line.
    pub(crate) what: String,
    /// More of it, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) more: Vec<String>,
    pub(crate) mood: Mood,
}

impl Line {
    /// A line; further lines of `words` follow it.
    pub(crate) fn new(at: &str, subject: &str, mood: Mood, words: &str) -> Self {
        let mut lines =
            words.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(ToOwned::to_owned);
        let what = lines.next().unwrap_or_default();
        Self { at: at.to_owned(), subject: subject.to_owned(), what, more: lines.collect(), mood }
    }

    /// For people: clock time, subject, words; further lines, and what does not fit, below the words.
    pub(crate) fn text(&self, look: Look) -> String {
        let time = self.at.get(11..16).unwrap_or("     ");
        let room = look.width.saturating_sub(INDENT).max(NARROWEST);
        let mut lines =
            std::iter::once(&self.what).chain(&self.more).flat_map(|line| textwrap::wrap(line, room));
        let first = lines.next().unwrap_or_default();
        let mut text = format!("{time}  {:<SUBJECT$} {}", self.subject, look.paint(&first, self.mood));
        for line in lines {
            let _ = write!(text, "\n       {:<SUBJECT$} {}", "", look.paint(&line, self.mood));
        }
        text
    }
}

/// How lines are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    colour: bool,
    /// Columns.
    width: usize,
}

impl Look {
    /// Without colours, and lines as long as they are: for files and other programs.
    pub(crate) const PLAIN: Self = Self { colour: false, width: usize::MAX };

    /// As stdout shows it: in colours on a terminal, unless somebody has asked for none (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        let stdout = std::io::stdout();
        if !stdout.is_terminal() {
            return Self::PLAIN;
        }
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| usize::from(size.ws_col));
        Self { colour, width: if columns == 0 { usize::MAX } else { columns } }
    }

    /// The lines of a text that stands `indent` columns from the left.
    pub(crate) fn wrap(self, text: &str, indent: usize) -> Vec<String> {
        let room = self.width.saturating_sub(indent).max(NARROWEST);
        textwrap::wrap(text, room).into_iter().map(std::borrow::Cow::into_owned).collect()
    }

    /// Colours a text by its mood.
    pub(crate) fn paint(self, text: &str, mood: Mood) -> String {
        paint(text, mood, self.colour)
    }
}

fn paint(text: &str, mood: Mood, colour: bool) -> String {
    match (mood, colour) {
        (Mood::Good, true) => format!("\u{1b}[32m{text}\u{1b}[0m"),
        (Mood::Bad, true) => format!("\u{1b}[31m{text}\u{1b}[0m"),
        (Mood::Plain, true) | (_, false) => text.to_owned(),
    }
}

/// Time between two moments in words; nothing when one of them is unknown.
pub(crate) fn between(from: &str, to: &str) -> Option<String> {
    let from: jiff::Timestamp = from.parse().ok()?;
    let to: jiff::Timestamp = to.parse().ok()?;
    let seconds = to.as_second() - from.as_second();
    Some(match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) if minutes < 10 => format!("{minutes} min {seconds} s"),
        (minutes, _) => format!("{minutes} min"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_aligned_and_its_further_lines_stand_below_the_words() {
        let line = Line::new("2026-11-24T02:37:50Z", "Gate", Mood::Bad, "fail, 1 of 2\n\n[fail] `x` is 1\n");
        insta::assert_snapshot!(line.text(Look::PLAIN), @r"
        02:37  Gate              fail, 1 of 2
                                 [fail] `x` is 1
        ");
        let terminal = Look { colour: true, width: 80 };
        assert!(line.text(terminal).contains("\u{1b}[31mfail, 1 of 2\u{1b}[0m"));
        insta::assert_snapshot!(serde_json::to_string(&line).unwrap(), @r#"{"at":"2026-11-24T02:37:50Z","subject":"Gate","what":"fail, 1 of 2","more":["[fail] `x` is 1"],"mood":"bad"}"#);
    }

    #[test]
    fn what_does_not_fit_the_terminal_goes_on_below_the_words() {
        let words =
            "green answered 34 of 1214 requests with 5XX (2.80 %) against 49 of 10935 requests on blue";
        let line = Line::new("2026-11-24T02:37:50Z", "watch", Mood::Plain, words);
        insta::assert_snapshot!(line.text(Look { colour: false, width: 80 }), @"
        02:37  watch             green answered 34 of 1214 requests with 5XX (2.80 %)
                                 against 49 of 10935 requests on blue
        ");
    }

    #[test]
    fn lengths_of_time_are_exact_while_they_are_short() {
        let to = ["02:00:42", "02:03:00", "02:03:20", "02:26:11"];
        let words = to.map(|to| between("2026-01-01T02:00:00Z", &format!("2026-01-01T{to}Z")).unwrap());
        insta::assert_snapshot!(words.join(", "), @"42 s, 3 min, 3 min 20 s, 26 min");
        assert_eq!(between("", "2026-01-01T02:00:00Z"), None);
    }
}
