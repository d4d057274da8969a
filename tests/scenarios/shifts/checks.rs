//! What is checked before traffic: smoke tests on the test listener, alarms, and a migration that makes going back worse than staying.

use super::{End, Shift, usual};
use anyhow::Result;
use scenarios::{World, text};
use serde_json::{Value, json};

const API: &str = "api-gateway";

/// All moments have a hook.
fn everywhere(world: &World) -> Value {
    let before = world.output("PreTrafficFunctionName");
    json!({"BeforeInstall": before, "AfterInstall": before, "AfterAllowTestTraffic": before, "BeforeAllowTraffic": before,
        "AfterAllowTraffic": world.output("PostTrafficFunctionName")})
}

fn run(world: &World, labels: &Value) -> Result<End> {
    Shift::with_hooks(world, labels, &everywhere(world), "Tidegate.Canary10Percent10Minutes")?.run()
}

/// Smoke tests of the service's test listener.
fn smoke(world: &World) -> String {
    format!(
        "checks:\n  smoke:\n    base_url: {}/_service/{API}/test\n    attempts: 2\n    pause_ms: 100\n    requests:\n      - path: /health\n        expect: {{status: [200], json: [{{pointer: /status, equals: ok}}], headers: {{content-type: json}}}}\n",
        world.control_url()
    )
}

/// State and sentence of a check of the record.
fn check(end: &End, id: &str) -> (String, String) {
    let checks = end.record.as_ref().and_then(|record| record.get("checks")).and_then(Value::as_array);
    let found =
        checks.into_iter().flatten().find_map(|one| one.get("check").filter(|check| text(check, "id") == id));
    let found = found.cloned().unwrap_or_default();
    (text(&found, "state").to_owned(), text(&found, "sentence").to_owned())
}

#[test]
fn a_version_that_answers_its_smoke_tests_gets_traffic() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), &smoke(&world))?;
    let end = run(&world, &json!({}))?;
    end.is("Succeeded promote none", "is excluded");
    assert_eq!(check(&end, "smoke").0, "pass", "{end:#?}");
    Ok(())
}

#[test]
fn a_version_that_fails_its_smoke_tests_gets_no_traffic() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), &smoke(&world))?;
    let end = run(&world, &json!({"tidegate.local/smoke": "fail"}))?;
    assert_eq!((end.status(), end.exposure()), ("Failed", 0), "{end:#?}");
    let (state, sentence) = check(&end, "smoke");
    assert!(state == "fail" && sentence.contains("500") && sentence.contains("200"), "{state}: {sentence}");
    Ok(())
}

#[test]
fn an_alarm_that_rings_already_holds_the_traffic_back() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "checks: {alarms: {names: [orders-failing]}}")?;
    world.control(
        "/_local/alarms",
        &json!({"name": "orders-failing", "state": "ALARM", "reason": "30 orders failed"}),
    )?;
    let end = run(&world, &json!({}))?;
    assert_eq!((end.status(), end.exposure()), ("Failed", 0), "{end:#?}");
    let (state, sentence) = check(&end, "alarms");
    assert!(state == "fail" && sentence.contains("orders-failing"), "{state}: {sentence}");
    world.control("/_local/alarms", &json!({"name": "orders-failing", "state": "OK"}))?;
    let end = run(&world, &json!({}))?;
    end.is("Succeeded promote none", "is excluded");
    Ok(())
}

#[test]
fn a_contraction_is_frozen_and_not_rolled_back() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let labels = json!({"tidegate.local/error-ratio": "5", "tidegate.migration": "contract",
        "tidegate.migration-approved-by": "ann"});
    let end = run(&world, &labels)?;
    end.is("Stopped harm frozen", "passes the bound 100:1");
    assert_eq!(end.deployment.get("rollback"), Some(&Value::Null), "{end:#?}");
    assert!((Shift::green(&end.deployment) - 10.0).abs() < 0.1, "the weights stay: {end:#?}");
    // A sound version follows, so that the next story has one to compare with.
    let _settings = usual(&world, API, &json!({}), "dry_run: true")?;
    let end = run(&world, &json!({}))?;
    assert_eq!(end.status(), "Succeeded", "{end:#?}");
    Ok(())
}

#[test]
fn a_contraction_that_nobody_approved_gets_no_traffic() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let end = run(&world, &json!({"tidegate.migration": "contract"}))?;
    assert_eq!((end.status(), end.exposure()), ("Failed", 0), "{end:#?}");
    let (state, sentence) = check(&end, "migration");
    assert!(state == "fail" && sentence.contains("nobody has approved it"), "{state}: {sentence}");
    Ok(())
}
