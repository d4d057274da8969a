//! The same delivery three times starts one execution.

use anyhow::Result;
use scenarios::{Push, World, text};

#[test]
fn a_webhook_delivered_three_times_starts_once() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 3 })?;
    world.started("b2b-staging", &sha)?;
    world.wait_for_empty("SourceQueueUrl")?;
    world.advance(6)?;
    world.started("b2b-staging", &sha)?;
    let execution = world.run_to_end("b2b-staging", &sha)?;
    assert_eq!(text(&execution, "status"), "Succeeded", "{execution:#}");
    Ok(())
}
