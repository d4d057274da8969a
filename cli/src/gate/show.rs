//! A verdict on a terminal: aligned, the worst first, calm.

use crate::release::line::{Look, Mood};
use shared::gates::render::{Row, plain, rows};
use shared::gates::verdict::{Outcome, Verdict};

/// Offenders shown for each condition.
const SHOWN: usize = 10;

/// The whole table.
pub(super) fn table(verdict: &Verdict, look: Look) -> String {
    let rows = rows(verdict);
    let name = |row: &Row<'_>| match &row.judged.artifact {
        Some(artifact) => format!("{} ({artifact})", row.judged.id),
        None => row.judged.id.clone(),
    };
    let wide = |of: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (names, actual, limit) = (
        wide(&|row| name(row).chars().count()),
        wide(&|row| row.actual.chars().count()),
        wide(&|row| row.limit.chars().count()),
    );
    let mut lines = Vec::new();
    for row in &rows {
        let outcome = row.judged.outcome;
        let badge = look.paint(&format!("{} {:<7}", row.sign(), outcome.word()), mood(outcome));
        let line = format!(
            "{badge} {:<names$}  {:>actual$}  {:<limit$}  {}",
            name(row),
            row.actual,
            row.limit,
            row.margin
        );
        lines.push(line.trim_end().to_owned());
        if outcome != Outcome::Pass {
            lines.extend(look.wrap(&row.message, 10).iter().map(|line| format!("          {line}")));
            let shown = row.judged.offenders.iter().take(SHOWN);
            lines.extend(shown.map(|name| format!("            {}", plain(name))));
            let more = row.judged.offenders.len().saturating_sub(SHOWN);
            lines.extend((more > 0).then(|| format!("            and {more} more")));
        }
    }
    lines.extend(shared::gates::render::aside(verdict).iter().map(|line| format!("  {line}")));
    let word = look.paint(verdict.outcome.word(), mood(verdict.outcome));
    lines.push(format!("\n{word}: {}", shared::gates::render::headline(verdict)));
    lines.join("\n")
}

fn mood(outcome: Outcome) -> Mood {
    match outcome {
        Outcome::Pass => Mood::Good,
        Outcome::Warn | Outcome::Pending => Mood::Plain,
        Outcome::Fail | Outcome::Error => Mood::Bad,
    }
}
