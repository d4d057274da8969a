//! A hook's process is killed before its answer: CodeDeploy still gets one.

use anyhow::Result;
use scenarios::{Push, World, deployment_of, text};
use serde_json::json;

#[test]
fn a_hook_killed_before_its_answer_is_still_answered() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "main", change: "good", deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    world.control(
        "/_local/faults",
        &json!({"service": "codedeploy", "operation": "PutLifecycleEventHookExecutionStatus", "nth": 1, "times": 1,
                "kind": "kill-function", "function": world.output("PreTrafficFunctionName")}),
    )?;
    let execution = world.run_to_end("b2b-production", &sha)?;
    assert_eq!(text(&execution, "status"), "Succeeded", "{execution:#}");
    let state = world.state()?;
    let deployment = deployment_of(&state, "api-gateway").expect("it was deployed");
    assert_eq!(text(deployment, "status"), "Succeeded", "{deployment:#}");
    assert!(world.killed()? >= 1, "its process was really killed");
    Ok(())
}
