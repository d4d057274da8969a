//! The functions are killed at their calls, one after the other, and the end is the same.
//!
//! The core has its own sweep over every call of every story in memory (`shared::delivery`); here the real processes die.

use super::{Shift, usual};
use anyhow::{Context, Result};
use scenarios::World;
use serde_json::{Value, json};

const API: &str = "api-gateway";

fn arm(world: &World, function: &str, operation: &str, kind: &str, nth: u64) -> Result<()> {
    let fault = json!({"service": "*", "operation": operation, "caller": function, "nth": nth, "times": 1,
        "kind": kind, "function": function});
    world.control("/_local/faults", &fault).map(|_| ())
}

/// The operations that a function called in a shift without faults, each once.
fn operations(world: &World, function: &str, since: u64) -> Result<Vec<String>> {
    let answer = world.look_up(&format!("/_local/calls?function={function}&since={since}"))?;
    let all = answer.get("operations").and_then(Value::as_array).context("it called something")?;
    let mut names: Vec<String> = all
        .iter()
        .filter_map(|name| name.as_str()?.split_once('.').map(|(_, operation)| operation.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

#[test]
fn a_watch_killed_at_any_of_its_calls_still_stops_the_harm() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let watch = world.output("TrafficWatchFunctionName").to_owned();
    let start = world.journal_end()?;
    let bad = json!({"tidegate.local/error-ratio": "5"});
    let plain = Shift::blue_green(&world, &bad)?.run()?;
    plain.is("Stopped harm stopped", "passes the bound");
    let names = operations(&world, &watch, start)?;
    assert!(names.len() >= 4, "{names:?}");
    let mut killed = 0;
    for name in &names {
        for kind in ["kill-function", "lost-answer"] {
            arm(&world, &watch, name, kind, 1)?;
            let end = Shift::blue_green(&world, &bad)?.run()?;
            assert_eq!(end.words(), plain.words(), "{kind} at {name}: {end:#?}");
            world.control("/_local/faults/reset", &json!({}))?;
            killed += 1;
        }
    }
    println!("{killed} runs over {names:?}");
    Ok(())
}

#[test]
fn hooks_killed_at_any_of_their_calls_are_still_answered() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let start = world.journal_end()?;
    let plain = Shift::blue_green(&world, &json!({}))?.run()?;
    plain.is("Succeeded promote none", "is excluded");
    for output in ["PreTrafficFunctionName", "PostTrafficFunctionName"] {
        let function = world.output(output).to_owned();
        let names = operations(&world, &function, start)?;
        for name in &names {
            arm(&world, &function, name, "kill-function", 1)?;
            let end = Shift::blue_green(&world, &json!({}))?.run()?;
            assert_eq!(end.words(), plain.words(), "{function} killed at {name}: {end:#?}");
            world.control("/_local/faults/reset", &json!({}))?;
        }
        println!("{function}: killed at {names:?}");
    }
    Ok(())
}
