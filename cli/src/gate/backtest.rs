//! `tidegate gate backtest`: what a policy would have done to the releases that were recorded.

use super::{FAILED, NO_POLICY, policy};
use crate::args::Backtest;
use crate::progress::{note, say};
use crate::release::line::{Look, Mood};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use shared::gates::evaluate::evaluate;
use shared::gates::evidence::{Asked, Report};
use shared::gates::history::History;
use shared::gates::normal::{Entry, Normal};
use shared::gates::verdict::{Outcome, Verdict};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How the names of recorded measurements end.
const SUFFIX: &str = ".facts.json";

/// One recorded gate.
#[derive(Serialize)]
struct Line {
    decided_at: String,
    commit: String,
    stage: String,
    /// What the gate said then; none when no verdict lies beside the measurements.
    then: Option<Outcome>,
    /// What the policy says.
    now: Outcome,
    /// Conditions that do not hold.
    broken: Vec<String>,
}

/// Judges every recorded gate in the order of time, with a history that grows as it would have.
pub(super) fn run(order: &Backtest) -> Result<ExitCode> {
    let Some(policy) = policy(&order.policy)? else { return Ok(ExitCode::from(NO_POLICY)) };
    let mut recorded = recorded(&order.records)?;
    if recorded.is_empty() {
        bail!(
            "no `*{SUFFIX}` is there: `aws s3 sync s3://REPORT-BUCKET/gates DIR` fetches what gates have measured"
        );
    }
    recorded.sort_by_key(|(_, normal)| normal.decided_at);
    let (mut lines, mut history) = (Vec::new(), History::default());
    for (path, normal) in recorded {
        let names: Vec<&str> = normal.artifacts.iter().map(String::as_str).collect();
        let reports: Vec<Report> = normal.reports.iter().cloned().map(Entry::report).collect();
        let asked = Asked {
            artifacts: &names,
            branch: normal.branch.as_deref(),
            stage: normal.stage.as_deref(),
            commit: normal.commit.as_deref(),
            now: normal.decided_at,
            may_wait: false,
        };
        let evaluated = evaluate(&policy, &asked, &reports, &history);
        history = evaluated.history;
        lines.push(Line {
            decided_at: normal.decided_at.to_string(),
            commit: normal.commit.clone().unwrap_or_default(),
            stage: normal.stage.clone().unwrap_or_default(),
            then: verdict_beside(&path),
            now: evaluated.verdict.outcome,
            broken: broken(&evaluated.verdict),
        });
    }
    if order.json {
        say(&serde_json::to_string_pretty(&lines)?);
    } else {
        tell(&lines, Look::of_stdout());
    }
    let changed =
        lines.iter().any(|line| line.then.is_some_and(|then| then.lets_through() != line.now.lets_through()));
    Ok(if changed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn broken(verdict: &Verdict) -> Vec<String> {
    verdict.conditions.iter().filter(|c| !c.outcome.lets_through()).map(|c| c.message.clone()).collect()
}

fn tell(lines: &[Line], look: Look) {
    for line in lines {
        let mood = if line.now.lets_through() { Mood::Good } else { Mood::Bad };
        let then = line.then.map_or("?", Outcome::word);
        let change = match line.then {
            Some(then) if then.lets_through() != line.now.lets_through() => "  <- changes",
            Some(_) | None => "",
        };
        let commit = line.commit.get(..7).unwrap_or("-------");
        let stage = shared::gates::render::plain(&line.stage);
        say(&format!(
            "{}  {commit}  {stage:<20} {then:<7} {}{change}",
            line.decided_at,
            look.paint(line.now.word(), mood)
        ));
        line.broken.iter().for_each(|words| say(&format!("    {}", shared::gates::render::plain(words))));
    }
    let passes = |outcome: Option<Outcome>| outcome.is_some_and(Outcome::lets_through);
    let stopped = lines.iter().filter(|line| passes(line.then) && !line.now.lets_through()).count();
    let freed = lines
        .iter()
        .filter(|line| line.then.is_some() && !passes(line.then) && line.now.lets_through())
        .count();
    say(&format!(
        "\n{} gate(s): the policy would stop {stopped} that passed, and let through {freed} that did not",
        lines.len()
    ));
}

/// Every measurement below the folders.
fn recorded(folders: &[PathBuf]) -> Result<Vec<(PathBuf, Normal)>> {
    let mut files = Vec::new();
    folders.iter().try_for_each(|folder| collect(folder, &mut files))?;
    let mut recorded = Vec::new();
    for path in files {
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        match serde_json::from_str(&text) {
            Ok(normal) => recorded.push((path, normal)),
            Err(error) => note(&format!("left out: `{}`: {error}", path.display())),
        }
    }
    Ok(recorded)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        return entries.into_iter().try_for_each(|entry| collect(&entry?.path(), files));
    }
    if path.to_string_lossy().ends_with(SUFFIX) {
        files.push(path.to_owned());
    }
    Ok(())
}

/// The outcome in the verdict's own record, `<job>.json` beside `<job>.facts.json`.
fn verdict_beside(path: &Path) -> Option<Outcome> {
    let record = path.to_string_lossy().strip_suffix(SUFFIX).map(|stem| format!("{stem}.json"))?;
    let record: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(record).ok()?).ok()?;
    serde_json::from_value(record.pointer("/verdict/outcome")?.clone()).ok()
}
