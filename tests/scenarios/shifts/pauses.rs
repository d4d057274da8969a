//! PAUSE hooks of ECS: decided by the watch's evidence, or left to a person.

use super::{Shift, usual};
use anyhow::{Context, Result};
use scenarios::{World, text};
use serde_json::json;

const STAGE: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";

/// A service whose only hooks are pauses before each step.
fn service(world: &World, name: &str, timeout_minutes: u32) -> Result<()> {
    let pause = json!({"targetType": "PAUSE", "lifecycleStages": [STAGE],
        "timeoutConfiguration": {"timeoutInMinutes": timeout_minutes, "action": "ROLLBACK"}});
    let configuration = json!({"strategy": "CANARY", "bakeTimeInMinutes": 2, "lifecycleHooks": [pause],
        "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 1}});
    let body =
        json!({"cluster": "b2b-production", "service": name, "deploymentConfiguration": configuration});
    world.control("/_local/services", &body).map(|_| ())
}

#[test]
fn a_pause_is_let_go_on_by_evidence() -> Result<()> {
    let world = World::take();
    service(&world, "basket-good", 120)?;
    let settings = format!("schedule: {{pauses: {{{STAGE}: verdict}}}}");
    let _settings = usual(&world, "basket-good", &json!({}), &settings)?;
    world.advance(5)?;
    let shift = Shift::native(&world, "basket-good", &json!({}))?;
    let end = shift.run()?;
    assert_eq!(end.status(), "SUCCESSFUL", "{end:#?}");
    let resumed = world.calls("ContinueServiceDeployment")?;
    // Before the first step there is no traffic to be judged by: it goes on. The second one waits for evidence.
    assert_eq!(resumed.iter().map(|call| text(call, "action")).collect::<Vec<_>>(), ["CONTINUE"; 2]);
    Ok(())
}

#[test]
fn a_pause_of_a_bad_version_is_refused() -> Result<()> {
    let world = World::take();
    service(&world, "basket-bad", 120)?;
    let settings = format!("schedule: {{pauses: {{{STAGE}: verdict}}}}");
    let _settings = usual(&world, "basket-bad", &json!({}), &settings)?;
    world.advance(5)?;
    let shift = Shift::native(&world, "basket-bad", &json!({"tidegate.local/error-ratio": "5"}))?;
    let end = shift.run()?;
    end.is("ROLLBACK_SUCCESSFUL harm stopped", "passes the bound 100:1");
    Ok(())
}

#[test]
fn a_pause_for_a_person_is_theirs_and_runs_out_without_them() -> Result<()> {
    let world = World::take();
    service(&world, "basket-person", 30)?;
    let _settings = usual(&world, "basket-person", &json!({}), "")?;
    let shift = Shift::native(&world, "basket-person", &json!({}))?;
    let end = shift.run()?;
    assert_eq!((end.status(), end.exposure()), ("ROLLBACK_SUCCESSFUL", 0), "{end:#?}");
    assert!(world.calls("ContinueServiceDeployment")?.is_empty(), "nobody decided for them");
    let told = end.record.as_ref().and_then(|record| record.get("pausesTold")).context("a record")?;
    assert_eq!(told.as_array().map(Vec::len), Some(1), "they were told once");
    Ok(())
}
