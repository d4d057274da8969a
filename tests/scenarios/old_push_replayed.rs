//! An old push that comes again, as a duplicate and under new ids, starts nothing: only the true head and the ledger decide.

use anyhow::{Context, Result, ensure};
use scenarios::{Push, World, text};
use serde_json::{Value, json};

const PIPELINE: &str = "b2b-staging";

#[test]
fn an_old_push_replayed_under_new_ids_starts_nothing() -> Result<()> {
    let world = World::take();
    let order = json!({"repo": "acme/b2b-ecommerce-platform", "branch": "develop", "change": "good"});
    let first = world.github("/_github/push", &order)?;
    let old = text(&first, "sha").to_owned();
    let delivery = first.pointer("/deliveries/0/id").context("the push was delivered")?;
    world.started(PIPELINE, &old)?;
    let new = world.push(&Push { branch: "develop", change: "good", deliveries: 2 })?;
    world.started(PIPELINE, &new)?;
    let before = executions(&world)?;
    for _ in 0..3 {
        let replayed = world.github("/_github/replay", &json!({"delivery": delivery}))?;
        ensure!(
            replayed.get("status").and_then(Value::as_u64) == Some(202),
            "it is well signed: {replayed:#}"
        );
        ensure!(replayed.get("guid") != first.pointer("/deliveries/0/guid"), "it has a new id: {replayed:#}");
    }
    world.wait_for_empty("SourceQueueUrl")?;
    world.advance(6)?;
    assert_eq!(executions(&world)?, before, "neither the replays nor the poll started anything");
    world.started(PIPELINE, &old)?;
    world.started(PIPELINE, &new)?;
    world.run_to_end(PIPELINE, &new)?;
    Ok(())
}

/// Executions of the pipeline so far.
fn executions(world: &World) -> Result<usize> {
    let state = world.state()?;
    let pipelines = state.get("pipelines").and_then(Value::as_array).context("there are pipelines")?;
    let pipeline = pipelines.iter().find(|pipeline| text(pipeline, "name") == PIPELINE);
    let executions = pipeline.and_then(|pipeline| pipeline.get("executions")?.as_array());
    Ok(executions.context("the pipeline has executions")?.len())
}
