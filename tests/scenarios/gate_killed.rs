//! The gate's process is killed while it holds a job: the stage still ends.

use anyhow::Result;
use scenarios::{Push, World, stage, text};
use serde_json::json;

#[test]
fn a_gate_killed_before_its_answer_still_ends_its_stage() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 1 })?;
    world.started("b2b-staging", &sha)?;
    world.control(
        "/_local/faults",
        &json!({"service": "codepipeline", "operation": "PutJobSuccessResult", "nth": 1, "times": 1,
                "kind": "kill-function", "function": world.output("QualityGateFunctionName")}),
    )?;
    let execution = world.run_to_end("b2b-staging", &sha)?;
    assert_eq!(
        stage(&execution, "Gate").map(|gate| text(gate, "status")),
        Some("Succeeded"),
        "{execution:#}"
    );
    assert!(world.killed()? >= 1, "its process was really killed");
    Ok(())
}
