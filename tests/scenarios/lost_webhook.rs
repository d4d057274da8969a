//! A webhook that never arrives: the next poll starts the release, and says so where it is counted.

use anyhow::Result;
use scenarios::{Push, World, execution_of};

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
