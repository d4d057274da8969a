//! Five times the errors: rolled back while the bad version has 10 % of the traffic.

use anyhow::Result;
use scenarios::{Push, World, deployment_of, is_open, text};

#[test]
fn five_times_the_errors_are_rolled_back_at_ten_percent() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "main", change: "broken-api", deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    let mut greatest = 0.0_f64;
    let seen = std::cell::Cell::new(0.0_f64);
    let execution = world.run_until("b2b-production", &sha, |execution, state| {
        if let Some(deployment) =
            deployment_of(state, "api-gateway").filter(|d| text(d, "status") == "InProgress")
        {
            let green =
                deployment.pointer("/weights/green").and_then(serde_json::Value::as_f64).unwrap_or(0.0);
            seen.set(seen.get().max(green));
        }
        !is_open(execution)
    })?;
    greatest = greatest.max(seen.get());
    assert_eq!(text(&execution, "status"), "Failed", "{execution:#}");
    assert!((greatest - 10.0).abs() < 0.01, "green had at most 10 % of the traffic, saw {greatest}");
    let state = world.state()?;
    let deployment = deployment_of(&state, "api-gateway").expect("it was deployed");
    assert!(matches!(text(deployment, "status"), "Stopped" | "Failed"), "{deployment:#}");
    assert!(deployment.get("rollback").is_some_and(|rollback| !rollback.is_null()), "{deployment:#}");
    let records =
        world.emulator.items(world.output("TableName"), &format!("W#{}", text(deployment, "id")))?;
    let active = world.emulator.items(world.output("TableName"), "WATCH")?;
    let record = records
        .iter()
        .chain(&active)
        .map(ToString::to_string)
        .find(|record| record.contains(text(deployment, "id")));
    assert!(record.is_some_and(|record| record.contains("5XX")), "the watch wrote down why");
    Ok(())
}
