//! `tidegate gate check`: a verdict here and now.

use super::{FAILED, NO_EVIDENCE, NO_POLICY, artifacts, asked, policy, show};
use crate::args::Check;
use crate::progress::{note, say};
use crate::release::line::Look;
use anyhow::{Context, Result};
use shared::gates::evaluate::evaluate;
use shared::gates::evidence::Report;
use shared::gates::history::History;
use shared::gates::policy::From;
use shared::gates::ports::Record;
use shared::gates::render::{html, markdown};
use shared::gates::verdict::Outcome;
use std::path::Path;
use std::process::ExitCode;

/// Judges the artifacts; exit code 0 for pass and warn, 1 for fail, 3 for missing or broken evidence, 4 for a policy that cannot be used.
pub(super) fn run(order: &Check) -> Result<ExitCode> {
    let Some(policy) = policy(&order.policy)? else { return Ok(ExitCode::from(NO_POLICY)) };
    for (name, source) in &policy.sources {
        if matches!(source.from(), Some(From::Ecr(_) | From::Sonar(_))) {
            note(&format!(
                "source `{name}` is asked for by the deployed gate only: its conditions have no evidence here"
            ));
        }
    }
    let found = artifacts::of_policy(&order.artifacts, &policy)?;
    artifacts::too_many(&found).iter().for_each(|words| note(words));
    let history = history(order.history.as_deref())?;
    let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
    let asked = asked(order, &names);
    let evaluated = evaluate(&policy, &asked, &found.reports, &history);
    if let Some(path) = order.history.as_ref().filter(|_| order.update_history) {
        write(path, &serde_json::to_string_pretty(&evaluated.history)?)?;
    }
    let record = Record {
        job_id: String::new(),
        execution_id: String::new(),
        pipeline: String::new(),
        stage: order.stage.clone().unwrap_or_default(),
        branch: order.branch.clone().unwrap_or_default(),
        commit_id: order.commit.clone().unwrap_or_default(),
        policy: order.policy.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        decided_at: asked.now,
        reports: found.reports.iter().map(Report::full_path).collect(),
        images: Vec::new(),
        verdict: evaluated.verdict,
    };
    if let Some(path) = &order.html {
        write(path, &html(&record))?;
    }
    if let Some(path) = &order.markdown {
        write(path, &markdown(&record))?;
    }
    if order.json {
        say(&serde_json::to_string_pretty(&record.verdict)?);
    } else {
        say(&show::table(&record.verdict, Look::of_stdout()));
    }
    Ok(match record.verdict.outcome {
        Outcome::Warn if order.strict => ExitCode::from(FAILED),
        Outcome::Pass | Outcome::Warn => ExitCode::SUCCESS,
        Outcome::Fail => ExitCode::from(FAILED),
        Outcome::Pending | Outcome::Error => ExitCode::from(NO_EVIDENCE),
    })
}

/// A file that is not there is an empty history: the first run makes it.
fn history(path: Option<&Path>) -> Result<History> {
    let Some(path) = path.filter(|path| path.exists()) else { return Ok(History::default()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("`{}` is no history of a gate", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}
