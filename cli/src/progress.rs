//! What is going on while a step takes long: a spinner on a terminal, plain lines elsewhere, always on stderr.
//! Must not print results: they go to stdout.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Without a terminal, at most one line in this time tells how far a step is.
const QUIET: Duration = Duration::from_secs(20);
/// Time between two frames of the spinner.
const FRAME: Duration = Duration::from_millis(120);

/// One step of a command.
pub(crate) struct Step {
    name: &'static str,
    begun: Instant,
    bar: Option<ProgressBar>,
    told: Mutex<Instant>,
}

impl Step {
    /// Begins a step; `detail` says what it does.
    pub(crate) fn begin(name: &'static str, detail: &str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix:<10} {wide_msg} {elapsed}");
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_prefix(name);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_message(detail.to_owned());
            bar.enable_steady_tick(FRAME);
            bar
        });
        if bar.is_none() {
            note(&line(name, detail));
        }
        Self { name, begun: Instant::now(), bar, told: Mutex::new(Instant::now()) }
    }

    /// How far the step is.
    pub(crate) fn tell(&self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(detail.to_owned());
            return;
        }
        let Ok(mut told) = self.told.lock() else { return };
        if told.elapsed() >= QUIET {
            *told = Instant::now();
            note(&line(self.name, detail));
        }
    }

    /// Ends the step; `detail` says what it came to.
    pub(crate) fn end(self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        note(&format!("{} ({})", line(self.name, detail), length(self.begun.elapsed())));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line of stderr that belongs to `name`.
pub(crate) fn line(name: &str, detail: &str) -> String {
    format!("{name:<10} {detail}")
}

/// Prints a line on stderr. A reader that has gone away is no error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Prints a line on stdout. A reader that has gone away is no error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(stdout().lock(), "{text}");
}

/// A length of time in words: `0.4 s`, `41 s`, `3 min 20 s`.
pub(crate) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_the_precision_that_people_need() {
        let words = [400, 9_940, 41_000, 200_000].map(|ms| length(Duration::from_millis(ms)));
        insta::assert_snapshot!(words.join(", "), @"0.4 s, 9.9 s, 41 s, 3 min 20 s");
    }

    #[test]
    fn steps_are_aligned() {
        insta::assert_snapshot!(line("build", "8 functions"), @"build      8 functions");
    }
}
