//! `tidegate gate`: the gate on a folder or a ZIP, with the core that the function has. Must not decide anything itself.

mod artifacts;
mod backtest;
mod check;
#[cfg(test)]
mod docs;
mod show;

use crate::args::{Check, GateCommand, GateExplain, GateInit};
use crate::progress::{note, say};
use anyhow::{Context, Result, bail};
use shared::gates::init;
use shared::gates::policy::{Policy, explain};
use shared::model::Timestamp;
use std::path::Path;
use std::process::ExitCode;

/// The gate does not pass.
const FAILED: u8 = 1;
/// Evidence is missing or broken.
const NO_EVIDENCE: u8 = 3;
/// The policy cannot be used.
const NO_POLICY: u8 = 4;

/// Runs a command.
pub(crate) fn run(command: &GateCommand) -> Result<ExitCode> {
    match command {
        GateCommand::Check(order) => check::run(order),
        GateCommand::Explain(order) => explained(order),
        GateCommand::Init(order) => started(order),
        GateCommand::Backtest(order) => backtest::run(order),
        GateCommand::Schema => {
            say(&serde_json::to_string_pretty(&shared::gates::policy::schema())?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The policy in a file; none, and every problem said, when it cannot be used.
fn policy(path: &Path) -> Result<Option<Policy>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    match Policy::parse(&text) {
        Ok(policy) => Ok(Some(policy)),
        Err(error) => {
            note(&format!("`{}` cannot be used, {} problem(s):", path.display(), error.problems.len()));
            error.problems.iter().for_each(|problem| note(&format!("  {problem}")));
            Ok(None)
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

fn explained(order: &GateExplain) -> Result<ExitCode> {
    let Some(policy) = policy(&order.policy)? else { return Ok(ExitCode::from(NO_POLICY)) };
    say(&explain(&policy, now()).join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// Writes a first policy; an existing file is never overwritten.
fn started(order: &GateInit) -> Result<ExitCode> {
    let found = artifacts::everything(&order.artifacts)?;
    let day = now().to_string();
    let Some(text) = init::policy(&found.reports, found.names.len(), day.get(..10).unwrap_or_default())
    else {
        bail!("no report was found: `tidegate report FILE` says what is read");
    };
    match &order.output {
        None => say(text.trim_end()),
        Some(path) => {
            let mut file = std::fs::File::create_new(path)
                .with_context(|| format!("`{}` cannot be written, is it there already?", path.display()))?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            note(&format!("wrote {}", path.display()));
        }
    }
    found.unreadable().for_each(|words| note(&format!("left out: {words}")));
    Ok(ExitCode::SUCCESS)
}

/// What `check` and `backtest` are asked for besides the artifacts.
fn asked<'a>(order: &'a Check, artifacts: &'a [&'a str]) -> shared::gates::evidence::Asked<'a> {
    shared::gates::evidence::Asked {
        artifacts,
        branch: order.branch.as_deref(),
        stage: order.stage.as_deref(),
        commit: order.commit.as_deref(),
        now: now(),
        may_wait: false,
    }
}
