//! What developers see on GitHub: the right check run and the right deployments, each once, whatever comes twice and in whatever order.

use anyhow::{Context, Result, ensure};
use scenarios::{Push, World, text, variable};
use serde_json::Value;

/// Orders in which all events come again, every one of them twice.
const SEEDS: [&str; 2] = ["friday", "leap-day"];

/// What GitHub is told; nothing else of a repository changes with events.
const TOLD: [&str; 4] = ["checkRuns", "commitStatuses", "deployments", "comments"];

#[test]
fn a_release_ends_in_its_check_run_and_deployments_and_its_events_again_change_nothing() -> Result<()> {
    let world = World::take();
    let since = world.next_event()?;
    let good = released(&world, "good")?;
    let stopped = released(&world, "low-coverage")?;
    world.wait_for_feedback()?;
    let told = world.repository()?;

    let run = check_run(&told, &good)?;
    ensure!(line(run) == "completed success, released to production", "{run:#}");
    let summary = run.pointer("/output/summary").and_then(Value::as_str).unwrap_or_default();
    ensure!(summary.contains("| DeployProduction | succeeded |"), "{summary}");
    ensure!(
        deployments(&told, &good) == ["production: in_progress, success", "staging: in_progress, success"],
        "{told:#}"
    );

    let run = check_run(&told, &stopped)?;
    ensure!(line(run) == "completed failure, failed in Gate", "{run:#}");
    let summary = run.pointer("/output/summary").and_then(Value::as_str).unwrap_or_default();
    ensure!(summary.contains("78.4") && summary.contains("| Gate | **failed** |"), "{summary}");
    ensure!(deployments(&told, &stopped).is_empty(), "nothing was deployed: {told:#}");

    for seed in SEEDS {
        ensure!(world.replay_events(seed, since, "FeedbackQueueUrl")? > 100, "two releases have more events");
        let waiting = world.emulator.depth(world.output("FeedbackQueueUrl"))?;
        ensure!(waiting > 0, "the events of order `{seed}` have not come again");
        world.wait_for_feedback()?;
        let again = world.repository()?;
        for what in TOLD {
            ensure!(again.get(what) == told.get(what), "order `{seed}` changed `{what}`: {again:#}");
        }
    }
    Ok(())
}

/// A release of `change` to production, followed to its end.
struct Released {
    sha: String,
    id: String,
}

fn released(world: &World, change: &str) -> Result<Released> {
    let sha = world.push(&Push { branch: "main", change, deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    let execution = world.run_to_end("b2b-production", &sha)?;
    let id = variable(&execution, "releaseId").context("the execution names no release")?.to_owned();
    Ok(Released { sha, id })
}

/// The one check run of a release, under the release's own id.
fn check_run<'a>(told: &'a Value, release: &Released) -> Result<&'a Value> {
    let runs = told.get("checkRuns").and_then(Value::as_array).context("GitHub shows no check runs")?;
    let ours: Vec<&Value> = runs.iter().filter(|run| text(run, "head_sha") == release.sha).collect();
    let [run] = ours.as_slice() else { anyhow::bail!("{} check runs for {}", ours.len(), release.sha) };
    ensure!(
        text(run, "name") == "release/b2b-production" && text(run, "external_id") == release.id,
        "{run:#}"
    );
    Ok(run)
}

fn line(run: &Value) -> String {
    let title = run.pointer("/output/title").and_then(Value::as_str).unwrap_or_default();
    format!("{} {}, {title}", text(run, "status"), text(run, "conclusion"))
}

/// Each deployment of the release with its statuses, oldest first.
fn deployments(told: &Value, release: &Released) -> Vec<String> {
    let all = told.get("deployments").and_then(Value::as_array);
    let ours = all
        .into_iter()
        .flatten()
        .filter(|one| one.pointer("/deployment/sha").and_then(Value::as_str) == Some(&release.sha));
    let mut shown: Vec<String> = ours
        .map(|one| {
            let statuses = one.get("statuses").and_then(Value::as_array);
            let states: Vec<&str> =
                statuses.into_iter().flatten().map(|status| text(status, "state")).collect();
            let environment =
                one.pointer("/deployment/environment").and_then(Value::as_str).unwrap_or_default();
            format!("{environment}: {}", states.join(", "))
        })
        .collect();
    shown.sort();
    shown
}
