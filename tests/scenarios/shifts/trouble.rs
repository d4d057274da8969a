//! What goes wrong around the shift: hooks, the watch, people.

use super::{End, Shift, usual};
use anyhow::Result;
use scenarios::{World, text};
use serde_json::{Value, json};

const API: &str = "api-gateway";

fn lifecycle<'e>(end: &'e End, name: &str) -> &'e str {
    let events = end.deployment.get("lifecycle").and_then(Value::as_array);
    let found = events.into_iter().flatten().find(|event| text(event, "name") == name);
    found.map_or("none", |event| text(event, "status"))
}

#[test]
fn a_green_that_never_becomes_healthy_gets_no_traffic() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "ready_seconds: 5")?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/health": "unhealthy"}))?.run()?;
    assert_eq!(end.status(), "Failed", "{end:#?}");
    assert_eq!(lifecycle(&end, "BeforeAllowTraffic"), "Failed");
    assert_eq!(end.exposure(), 0);
    Ok(())
}

#[test]
fn a_hook_that_is_throttled_is_answered_when_it_comes_through() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let function = world.output("PreTrafficFunctionName");
    world.control(
        "/_local/faults",
        &json!({"service": "lambda", "operation": "Invoke", "function": function, "kind": "throttle", "times": 4}),
    )?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    end.is("Succeeded promote none", "is excluded");
    Ok(())
}

#[test]
fn a_watch_that_is_dead_for_ten_minutes_catches_up() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let function = world.output("TrafficWatchFunctionName");
    // Every invocation of ten minutes is refused; what Lambda tries again comes when the watch lives again.
    world.control(
        "/_local/faults",
        &json!({"service": "lambda", "operation": "Invoke", "function": function, "kind": "throttle", "times": 60}),
    )?;
    let shift = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "5"}))?;
    let end = shift.run_with(|minute, _| {
        if minute == 10 {
            world.control("/_local/faults/reset", &json!({}))?;
        }
        Ok(())
    })?;
    assert_eq!(end.member("/verdict/kind"), "harm", "{end:#?}");
    assert!(matches!(end.status(), "Stopped" | "Failed"), "{end:#?}");
    Ok(())
}

#[test]
fn events_that_come_twice_late_and_out_of_order_change_nothing() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    world.control("/_local/events/mode", &json!({"delayMs": 90_000, "duplicate": true, "shuffle": true}))?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "5"}))?.run()?;
    end.is("Stopped harm stopped", "passes the bound 100:1");
    assert_eq!(world.calls("StopDeployment")?.len(), 1, "stopped once");
    world.control("/_local/faults/reset", &json!({}))?;
    Ok(())
}

#[test]
fn a_stop_by_hand_ends_the_watch_without_a_verdict() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let shift = Shift::blue_green(&world, &json!({}))?;
    let end = shift.run_with(|minute, _| {
        if minute == 5 {
            world.control("/_local/stop", &json!({"deployment": shift.id, "rollback": true}))?;
        }
        Ok(())
    })?;
    assert_eq!((end.words().as_str(), end.member("/finalState")), ("Stopped none none", "Stopped"));
    assert_ne!(end.member("/rollback"), "none");
    Ok(())
}

#[test]
fn a_stop_that_comes_too_late_is_said_to_be() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    // Without the hook after traffic nothing waits for the watch, and it is held off until all is over.
    let hooks = json!({"BeforeAllowTraffic": world.output("PreTrafficFunctionName")});
    let labels = json!({"tidegate.local/error-ratio": "5"});
    world.control(
        "/_local/faults",
        &json!({"service": "codedeploy", "operation": "StopDeployment", "kind": "throttle", "times": 200}),
    )?;
    let config = "CodeDeployDefault.ECSLinear10PercentEvery1Minutes";
    let end = Shift::with_hooks(&world, &labels, &hooks, config)?.run()?;
    world.control("/_local/faults/reset", &json!({}))?;
    end.is("Succeeded harm too-late", "passes the bound 100:1");
    // A sound version follows, so that the next story has one to compare with.
    let _settings = usual(&world, API, &json!({}), "dry_run: true")?;
    Shift::blue_green(&world, &json!({}))?.run()?;
    Ok(())
}

#[test]
fn a_rollback_is_not_analysed_and_its_own_trouble_holds_nothing_up() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "5"}))?.run()?;
    end.is("Stopped harm stopped", "passes the bound 100:1");
    let back = end.member("/rollback").to_owned();
    let rollback = Shift { world: &world, engine: super::Engine::CodeDeploy, id: back };
    let rollback = rollback.run()?;
    assert_eq!((rollback.status(), rollback.record.is_none()), ("Succeeded", true), "{rollback:#?}");
    Ok(())
}
