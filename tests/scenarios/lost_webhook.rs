//! A webhook that never arrives, or cannot: the next poll starts the release, and says so where it is counted.

use anyhow::{Context, Result, ensure};
use scenarios::{Push, World, execution_of, text};
use serde_json::{Value, json};

/// More than the 6 MiB of a synchronous invocation; GitHub sends up to 25 MB.
const TOO_LARGE: usize = 7_000_000;

#[test]
fn a_lost_webhook_is_started_by_the_next_poll() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 0 })?;
    assert!(execution_of(&world.state()?, "b2b-staging", &sha).is_none(), "nothing told Tidegate");
    world.advance(6)?;
    world.started("b2b-staging", &sha)?;
    // The line that the template's metric filter counts.
    world.emulator.wait_for_log(&["missed_heads", &sha])?;
    world.run_to_end("b2b-staging", &sha)?;
    Ok(())
}

#[test]
fn a_push_that_is_too_large_for_any_function_is_started_by_the_next_poll() -> Result<()> {
    let world = World::take();
    let push = json!({"repo": "acme/b2b-ecommerce-platform", "branch": "develop", "change": "good", "payloadBytes": TOO_LARGE});
    let answer = world.github("/_github/push", &push)?;
    let status =
        answer.pointer("/deliveries/0/status").and_then(Value::as_u64).context("it was delivered")?;
    ensure!(status == 413, "answered with {status}: {}", text(&answer, "sha"));
    let sha = text(&answer, "sha");
    assert!(execution_of(&world.state()?, "b2b-staging", sha).is_none(), "nobody could tell Tidegate");
    world.advance(6)?;
    world.started("b2b-staging", sha)?;
    world.run_to_end("b2b-staging", sha)?;
    Ok(())
}
