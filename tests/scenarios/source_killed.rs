//! The source function dies, or loses an answer, at each of its calls to CodePipeline: the head is still started, once.
//!
//! These are the crash points that the control plane sees; the model test of `shared::source::reconcile` has all of them. A dead worker's
//! claim is respected for 15 minutes of the machine's own clock (docs/adr/0004-two-clocks.md), which no story can advance and none should wait
//! for: the story sets the claim's end back in the table, as if the time had passed.

use anyhow::{Context, Result, ensure};
use scenarios::{Push, World, executions_of, text};
use serde_json::{Value, json};

const PIPELINE: &str = "b2b-staging";
const ENTRY: &str = "L#b2b-staging#develop";
/// Virtual minutes with a poll in them.
const A_POLL: u32 = 6;
/// Attempts of one call by the SDK (its standard retry mode).
const ATTEMPTS: u64 = 3;

fn fault(world: &World, operation: &str, kind: &str, times: u64) -> Result<()> {
    fault_of(world, "codepipeline", operation, kind, times)
}

/// Lets the source function's next call of an operation meet a fault.
pub(crate) fn fault_of(world: &World, service: &str, operation: &str, kind: &str, times: u64) -> Result<()> {
    let function = world.output("SourceFunctionName");
    let fault = json!({"service": service, "operation": operation, "nth": 1, "times": times, "kind": kind, "function": function});
    world.control("/_local/faults", &fault).map(|_| ())
}

fn entry(world: &World, key: &str) -> Result<Value> {
    let items = world.emulator.items(world.output("TableName"), key)?;
    items.into_iter().next().context("the branch has an entry in the ledger")
}

/// Lets the claim that a dead worker left behind in the ledger's entry `key` run out.
pub(crate) fn end_the_lease(world: &World, key: &str, sha: &str) -> Result<()> {
    let mut entry = entry(world, key)?;
    let claimed = entry.pointer("/claim_sha/S").and_then(Value::as_str);
    ensure!(claimed == Some(sha), "the dead worker left its claim behind: {entry:#}");
    let item = entry.as_object_mut().context("an entry is an item")?;
    item.insert("claim_until_ms".to_owned(), json!({"N": "0"}));
    let put = json!({"TableName": world.output("TableName"), "Item": entry});
    world.emulator.json("dynamodb", "DynamoDB_20120810.PutItem", "1.0", &put).map(|_| ())
}

/// The one execution of `sha` is written down, and nobody claims anything.
fn is_written_down(world: &World, sha: &str, execution: &str) -> Result<()> {
    let entry = entry(world, ENTRY)?;
    let text = |name: &str| entry.pointer(&format!("/{name}/S")).and_then(Value::as_str);
    ensure!(text("last_head") == Some(sha) && text("execution_id") == Some(execution), "{entry:#}");
    ensure!(text("claim_sha").is_none(), "{entry:#}");
    Ok(())
}

#[test]
fn a_source_killed_at_its_calls_to_the_pipeline_still_starts_the_head_once() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 0 })?;
    fault(&world, "StartPipelineExecution", "kill-function", 1)?;
    world.advance(A_POLL)?;
    assert!(world.killed()? >= 1, "it was killed when it began to start");
    assert!(executions_of(&world.state()?, PIPELINE, &sha).is_empty(), "nothing was started");
    end_the_lease(&world, ENTRY, &sha)?;
    fault(&world, "ListPipelineExecutions", "kill-function", 1)?;
    world.advance(A_POLL)?;
    assert!(world.killed()? >= 2, "its successor was killed when it looked for the execution");
    assert!(executions_of(&world.state()?, PIPELINE, &sha).is_empty(), "nothing was started");
    end_the_lease(&world, ENTRY, &sha)?;
    world.advance(A_POLL)?;
    let execution = world.started(PIPELINE, &sha)?;
    is_written_down(&world, &sha, &execution)?;
    let ended = world.run_to_end(PIPELINE, &sha)?;
    assert_eq!(text(&ended, "status"), "Succeeded", "{ended:#}");
    Ok(())
}

#[test]
fn an_execution_whose_answer_was_lost_is_found_by_the_next_look_and_not_started_again() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 0 })?;
    fault(&world, "StartPipelineExecution", "lost-answer", ATTEMPTS)?;
    world.advance(A_POLL)?;
    world.control("/_local/faults/reset", &json!({}))?;
    world.advance(A_POLL)?;
    let execution = world.started(PIPELINE, &sha)?;
    is_written_down(&world, &sha, &execution)?;
    let short: String = sha.chars().take(12).collect();
    world.emulator.wait_for_log(&[&format!("found started {short} as execution {execution}")])?;
    world.run_to_end(PIPELINE, &sha)?;
    Ok(())
}
