//! Coverage below the threshold stops at the gate, with both numbers.

use anyhow::Result;
use scenarios::{Push, World, stage, text};

#[test]
fn coverage_of_78_4_percent_is_stopped_at_the_gate_by_a_message_naming_both_numbers() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "main", change: "low-coverage", deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    let execution = world.run_to_end("b2b-production", &sha)?;
    assert_eq!(text(&execution, "status"), "Failed", "{execution:#}");
    let gate = stage(&execution, "Gate").expect("the gate ran");
    assert_eq!(text(gate, "status"), "Failed");
    let message = gate.to_string();
    assert!(message.contains("78.4") && message.contains("80"), "{message}");
    let record = world.verdict(text(&execution, "id"), "Gate")?;
    assert_eq!(
        record.pointer("/verdict/outcome").and_then(serde_json::Value::as_str),
        Some("fail"),
        "{record:#}"
    );
    let deploy = stage(&execution, "DeployStaging").map_or("", |stage| text(stage, "status"));
    assert!(!matches!(deploy, "Succeeded" | "InProgress"), "nothing was deployed: {deploy}");
    Ok(())
}
