//! What happened between two looks, in lines: pure, so that the same two looks always read the same. Must not judge.

use super::line::{Line, Mood, between};
use super::state::{Action, Deployment, Execution, Lifecycle, Snapshot, Stage, is_live};

/// Provider of the actions that are Tidegate's gates.
const GATE: &str = "Lambda";
/// Provider of approvals by a person.
const APPROVAL: &str = "Manual";

/// Lines for the release of commit `sha` between `before` and `after`, in the order of their times.
pub(crate) fn changes(before: &Snapshot, after: &Snapshot, sha: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some((pipeline, execution)) = after.state.execution_of(sha) {
        let old = before.state.execution_of(sha).map(|(_, old)| old);
        if old.is_none() {
            lines.push(claimed(pipeline, execution));
        }
        for stage in &execution.stages {
            stage_lines(old.and_then(|old| old.stage(&stage.name)), stage, &mut lines);
        }
        lines.extend(ended(old, execution));
    }
    // Before the deployments: a verdict comes before what it brings about in the same second.
    lines.extend(verdicts(before, after));
    for deployment in &after.state.deployments {
        deployment_lines(before.state.deployment(&deployment.id), deployment, &after.state.now, &mut lines);
    }
    // The end of everything stays the last line.
    lines.sort_by(|a, b| (&a.at, a.subject == RELEASE).cmp(&(&b.at, b.subject == RELEASE)));
    lines
}

/// Subject of the line that ends a release.
const RELEASE: &str = "release";

fn claimed(pipeline: &str, execution: &Execution) -> Line {
    // The source function starts a pipeline only after both, with the zip's key and version.
    let words = format!("claimed in the ledger, zip stored, `{pipeline}` started");
    Line::new(&execution.started, "source", Mood::Plain, &words)
}

fn stage_lines(old: Option<&Stage>, stage: &Stage, lines: &mut Vec<Line>) {
    let was = old.map_or("NotStarted", |old| old.status.as_str());
    if was == stage.status {
        return;
    }
    let begins = was == "NotStarted" && is_live(&stage.status);
    if begins {
        let waits = stage.actions.iter().any(|action| action.provider == APPROVAL);
        let words = if waits { "waits for a person" } else { "started" };
        lines.push(Line::new(&stage.started, &stage.name, Mood::Plain, words));
    } else if !is_live(&stage.status) && stage.status != "NotStarted" {
        lines.push(Line::new(stage.ended(), &stage.name, mood(&stage.status), &stage_words(stage)));
    }
}

/// A gate's own words, an approval's, or how long the stage took; what failed in it follows.
fn stage_words(stage: &Stage) -> String {
    if let [only] = stage.actions.as_slice()
        && !only.summary.is_empty()
    {
        if only.provider == GATE {
            return only.summary.clone();
        }
        if only.provider == APPROVAL {
            return format!("{}: {}", only.status.to_lowercase(), only.summary);
        }
    }
    let took =
        between(&stage.started, stage.ended()).map(|took| format!(" after {took}")).unwrap_or_default();
    let mut words = format!("{}{took}", stage.status.to_lowercase());
    let (all, ran) = (stage.actions.len(), stage.actions.iter().filter(|a| a.status != "NotStarted").count());
    if ran < all {
        words.push_str(&format!(", {ran} of {all} actions ran"));
    } else if all > 1 {
        words.push_str(&format!(", {all} actions"));
    }
    let failed = |action: &&Action| action.status == "Failed";
    for action in stage.actions.iter().filter(failed) {
        words.push_str(&format!("\n`{}`: {}", action.name, action.summary));
    }
    words
}

fn ended(old: Option<&Execution>, execution: &Execution) -> Option<Line> {
    if execution.is_live() || old.is_some_and(|old| !old.is_live()) {
        return None;
    }
    let last = execution.stages.iter().map(Stage::ended).max().unwrap_or(&execution.updated);
    let took = between(&execution.started, last).map(|took| format!(" after {took}")).unwrap_or_default();
    let failed = execution.stages.iter().find(|stage| stage.status == "Failed");
    let place = failed.map(|stage| format!(" at `{}`", stage.name)).unwrap_or_default();
    let words = format!("{}{place}{took}", execution.status.to_lowercase());
    Some(Line::new(last, RELEASE, mood(&execution.status), &words))
}

fn deployment_lines(old: Option<&Deployment>, deployment: &Deployment, now: &str, lines: &mut Vec<Line>) {
    let service = deployment.group.as_str();
    if old.is_none() && deployment.is_rollback() {
        let words = format!("rollback {}: all traffic goes back to the old version", deployment.id);
        lines.push(Line::new(&deployment.started, service, Mood::Bad, &words));
    } else if old.is_none() {
        let words = format!("deployment {} with `{}`", deployment.id, deployment.config);
        lines.push(Line::new(&deployment.started, service, Mood::Plain, &words));
    }
    if !deployment.is_rollback() {
        lines.extend(deployment.lifecycle.iter().filter_map(|event| {
            let was = old.and_then(|old| old.event(&event.name));
            answered(was, event, service)
        }));
        lines.extend(shifted(old, deployment, now));
    }
    let was_live = old.is_none_or(Deployment::is_live);
    if was_live && !deployment.is_live() {
        let ended = if deployment.ended.is_empty() { now } else { &deployment.ended };
        lines.push(Line::new(ended, service, mood(&deployment.status), &deployment_words(deployment, ended)));
    }
}

fn deployment_words(deployment: &Deployment, ended: &str) -> String {
    let what = if deployment.is_rollback() { "rollback" } else { "deployment" };
    let took = between(&deployment.started, ended).map(|took| format!(" after {took}")).unwrap_or_default();
    let why = if deployment.message.is_empty() { String::new() } else { format!(": {}", deployment.message) };
    format!("{what} {} {}{took}{why}", deployment.id, deployment.status.to_lowercase())
}

/// The share of green when it has grown. Its time is that of the lifecycle event `AllowTraffic` at both ends of the shift.
fn shifted(old: Option<&Deployment>, deployment: &Deployment, now: &str) -> Option<Line> {
    let (was, is) = (old.map_or(0.0, |old| old.weights.green), deployment.weights.green);
    if is <= was {
        return None;
    }
    let shift = deployment.event("AllowTraffic");
    let first = shift.map(|event| event.started.as_str()).filter(|_| was == 0.0 && is < 100.0);
    let last = shift.map(|event| event.ended.as_str()).filter(|_| is >= 100.0);
    let at = first.or(last).filter(|at| !at.is_empty()).unwrap_or(now);
    Some(Line::new(at, &deployment.group, Mood::Plain, &format!("{is:.0} % green")))
}

fn answered(old: Option<&Lifecycle>, event: &Lifecycle, service: &str) -> Option<Line> {
    let function = event.function.as_deref()?;
    let ended = |status: &str| matches!(status, "Succeeded" | "Failed" | "TimedOut");
    if !ended(&event.status) || old.is_some_and(|old| ended(&old.status)) {
        return None;
    }
    let name = function.rsplit('_').next().unwrap_or(function);
    let why = if event.message.is_empty() { String::new() } else { format!(": {}", event.message) };
    let words = format!("hook `{}` answered by {name}: {}{why}", event.name, event.status.to_lowercase());
    let mood = if event.status == "Succeeded" { Mood::Plain } else { Mood::Bad };
    Some(Line::new(&event.ended, service, mood, &words))
}

fn verdicts(before: &Snapshot, after: &Snapshot) -> Vec<Line> {
    let known = |id: &str| before.watches.get(id).is_some_and(|watch| watch.verdict.is_some());
    let fresh = after.watches.iter().filter(|(id, _)| !known(id));
    let line = |(_, watch): (_, &super::state::Watch)| {
        let verdict = watch.verdict.as_ref()?;
        let mood = match verdict.kind.as_str() {
            "promote" => Mood::Good,
            "harm" => Mood::Bad,
            _ => Mood::Plain,
        };
        let words = format!("{}: {}\n{}", watch.group, verdict.kind, verdict.reason.replace("; ", ";\n"));
        Some(Line::new(&verdict.decided_at, "watch", mood, &words))
    };
    fresh.filter_map(line).collect()
}

fn mood(status: &str) -> Mood {
    match status {
        "Succeeded" => Mood::Good,
        "Failed" | "Stopped" | "Abandoned" | "Cancelled" => Mood::Bad,
        _ => Mood::Plain,
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
