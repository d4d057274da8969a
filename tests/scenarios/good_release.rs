//! A good push reaches production, and is measured.

use anyhow::Result;
use scenarios::{Push, World, action, deployment_of, stage, text};

#[test]
fn a_good_push_reaches_production_and_is_measured() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "main", change: "good", deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    let execution = world.run_to_end("b2b-production", &sha)?;
    assert_eq!(text(&execution, "status"), "Succeeded", "{execution:#}");
    for name in [
        "Source",
        "Build",
        "Gate",
        "DeployStaging",
        "Test",
        "IntegrationGate",
        "Approval",
        "DeployProduction",
    ] {
        assert_eq!(stage(&execution, name).map(|stage| text(stage, "status")), Some("Succeeded"), "{name}");
    }
    let gate =
        stage(&execution, "Gate").and_then(|stage| stage.get("actions")?.get(0)).expect("the gate ran");
    assert!(text(gate, "summary").contains("pass") || text(gate, "summary").contains("warn"), "{gate:#}");
    assert!(action(&execution, "DeployProduction", "ApiGateway").is_some());

    let state = world.state()?;
    let deployment = deployment_of(&state, "api-gateway").expect("api-gateway was deployed");
    assert_eq!(text(deployment, "status"), "Succeeded", "{deployment:#}");
    let lifecycle = deployment.get("lifecycle").and_then(|l| l.as_array()).cloned().unwrap_or_default();
    for hook in ["BeforeAllowTraffic", "AfterAllowTraffic"] {
        let event = lifecycle.iter().find(|event| text(event, "name") == hook).expect("the hook ran");
        assert_eq!(text(event, "status"), "Succeeded", "{hook}");
    }
    world.wait_for_facts()?;
    let report = world.report()?;
    let counted = report.pointer("/dora/deploymentFrequency/n").and_then(serde_json::Value::as_u64);
    assert!(counted.is_some_and(|n| n >= 1), "{report:#}");
    Ok(())
}
