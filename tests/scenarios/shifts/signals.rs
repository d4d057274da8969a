//! What CloudWatch shows, or does not show.

use super::{Shift, usual};
use anyhow::Result;
use scenarios::{World, text};
use serde_json::{Value, json};

const API: &str = "api-gateway";

#[test]
fn without_traffic_nothing_is_promoted() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({"requestsPerMinute": 0}), "")?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    end.is("Failed inconclusive none", "green had no traffic that was measured: nothing was compared");
    Ok(())
}

#[test]
fn without_traffic_a_team_may_pass_with_a_warning() -> Result<()> {
    let world = World::take();
    let _settings =
        usual(&world, API, &json!({"requestsPerMinute": 0}), "on_inconclusive: pass_with_warning")?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    end.is("Succeeded inconclusive none", "nothing was compared");
    Ok(())
}

#[test]
fn metrics_that_are_missing_promote_nothing() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let shift = Shift::blue_green(&world, &json!({}))?;
    world.control("/_local/metrics", &json!({"mode": "missing"}))?;
    let end = shift.run()?;
    world.control("/_local/metrics", &json!({"mode": "normal"}))?;
    end.is("Failed inconclusive none", "nothing was compared");
    Ok(())
}

#[test]
fn metrics_of_one_version_only_promote_nothing() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let shift = Shift::blue_green(&world, &json!({}))?;
    // Whichever of the two is green in this deployment.
    let state = world.state()?;
    let services = state.get("services").and_then(Value::as_array);
    let blue = services.into_iter().flatten().find(|one| text(one, "name") == API);
    let blue = blue.map_or("", |one| text(one, "targetGroup"));
    let green = if blue.ends_with("-blue") { "api-gateway-green" } else { "api-gateway-blue" };
    world.control("/_local/metrics", &json!({"mode": "missing", "targetGroup": green}))?;
    let end = shift.run()?;
    world.control("/_local/metrics", &json!({"mode": "normal"}))?;
    end.is("Failed inconclusive none", "nothing was compared");
    Ok(())
}

#[test]
fn metrics_that_come_late_are_waited_for() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    world.control("/_local/metrics", &json!({"mode": "late", "minutes": 4}))?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "5"}))?.run()?;
    world.control("/_local/metrics", &json!({"mode": "normal"}))?;
    end.is("Stopped harm stopped", "passes the bound 100:1");
    Ok(())
}

#[test]
fn partial_data_is_asked_for_again_and_never_taken_for_whole() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    world.control("/_local/metrics", &json!({"mode": "partial", "calls": 3}))?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    world.control("/_local/metrics", &json!({"mode": "normal"}))?;
    end.is("Succeeded promote none", "is excluded");
    Ok(())
}

#[test]
fn minutes_that_are_corrected_afterwards_are_read_again() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    world.control("/_local/metrics", &json!({"mode": "corrected", "minutes": 2, "factor": 0.5}))?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    world.control("/_local/metrics", &json!({"mode": "normal"}))?;
    end.is("Succeeded promote none", "is excluded");
    Ok(())
}
