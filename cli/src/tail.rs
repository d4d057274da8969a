//! Runs a tool to its end with everything it prints in a log, and shows the end of that log when it fails.

use crate::home::Home;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines of a log that are shown after a failure.
const SHOWN: usize = 15;

/// Runs `command`; what it prints is added to `log`.
pub(crate) fn run(home: &Home, what: &str, command: &mut Command, log: &Path) -> Result<()> {
    let out = open(log)?;
    command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
    let status = command.status().with_context(|| not_started(what, command))?;
    if status.success() { Ok(()) } else { bail!(failure(home, what, &status.to_string(), log)) }
}

/// Opens a log for adding to it.
pub(crate) fn open(log: &Path) -> Result<File> {
    let file = File::options().create(true).append(true).open(log);
    file.with_context(|| format!("cannot write `{}`", log.display()))
}

/// The message for a program that could not be started.
pub(crate) fn not_started(what: &str, command: &Command) -> String {
    format!("{what}: `{}` cannot be started", command.get_program().to_string_lossy())
}

/// The message for a program that failed, with the end of its log.
pub(crate) fn failure(home: &Home, what: &str, status: &str, log: &Path) -> String {
    format!("{what} failed ({status}); the end of `{}`:\n{}", home.shown(log), end(log))
}

/// The last lines of a log, indented.
pub(crate) fn end(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&text))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(SHOWN);
    lines.into_iter().skip(skipped).map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_its_last_lines_that_say_something() {
        let text: String = (1..=20).map(|n| format!("line {n}\n\n")).collect();
        let end = last_lines(&text);
        assert!(end.starts_with("  line 6\n") && end.ends_with("  line 20"), "{end}");
    }
}
