//! PAUSE hooks of ECS: decided by the watch's evidence, or left to a person.

use super::{Shift, usual};
use anyhow::{Context, Result};
use scenarios::{World, text};
use serde_json::{Value, json};

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

/// The pause that waits, if one does.
fn waiting(deployment: &Value) -> Option<String> {
    let hooks = deployment.get("hooks").and_then(Value::as_array)?;
    let found = hooks.iter().find(|hook| text(hook, "status") == "AWAITING_ACTION")?;
    Some(text(found, "id").to_owned())
}

/// Lets the first pause go on as a person would: before it green has no traffic to judge.
fn first_by_hand<'s>(shift: &'s Shift<'_>) -> impl FnMut(u32, &Value) -> Result<()> + 's {
    let mut is_done = false;
    move |_, deployment| {
        if let Some(hook) = waiting(deployment).filter(|_| !is_done) {
            is_done = true;
            let input = json!({"serviceDeploymentArn": shift.id, "hookId": hook, "action": "CONTINUE"});
            let call = json!({"service": "ecs", "operation": "ContinueServiceDeployment", "input": input});
            shift.world.control("/_local/call", &call)?;
        }
        Ok(())
    }
}

#[test]
fn a_pause_is_let_go_on_by_evidence() -> Result<()> {
    let world = World::take();
    service(&world, "basket-good", 120)?;
    let settings = format!("schedule: {{pauses: {{{STAGE}: verdict}}}}");
    let _settings = usual(&world, "basket-good", &json!({}), &settings)?;
    world.advance(5)?;
    let shift = Shift::native(&world, "basket-good", &json!({}))?;
    let end = shift.run_with(first_by_hand(&shift))?;
    assert_eq!(end.status(), "SUCCESSFUL", "{end:#?}");
    let resumed = world.calls("ContinueServiceDeployment")?;
    // The first one was a person's, who is not in the journal of the functions' calls.
    assert_eq!(resumed.iter().map(|call| text(call, "action")).collect::<Vec<_>>(), ["CONTINUE"]);
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
    let end = shift.run_with(first_by_hand(&shift))?;
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
