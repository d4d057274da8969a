//! The same events, doubled and in other orders, into an empty table of facts: the same facts, the same figures.

use anyhow::{Context, Result, ensure};
use scenarios::{Push, World};
use serde_json::Value;

/// Orders to try; each is another shuffle of all events, every one of them twice.
const SEEDS: [&str; 3] = ["friday", "monday", "leap-day"];

#[test]
fn events_doubled_and_in_any_order_give_the_same_facts_and_the_same_figures() -> Result<()> {
    let world = World::take();
    let sha = world.push(&Push { branch: "main", change: "good", deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    world.run_to_end("b2b-production", &sha)?;
    world.wait_for_facts()?;
    let (facts, report) = (facts(&world)?, world.report()?);
    ensure!(facts.len() > 20, "a release leaves more facts than {}", facts.len());
    ensure!(report.pointer("/dora/leadTime/n").and_then(Value::as_u64) >= Some(1), "{report:#}");
    for seed in SEEDS {
        for fact in &facts {
            world.emulator.delete(world.output("TableName"), fact)?;
        }
        ensure!(self::facts(&world)?.is_empty(), "the table of facts is empty before the events come again");
        let sent = world.replay_events(seed, 0, "EventsQueueUrl")?;
        ensure!(sent >= 2 * facts.len(), "{sent} events cannot carry {} facts twice", facts.len());
        world.wait_for_facts()?;
        let again = self::facts(&world)?;
        let lost: Vec<_> = facts.iter().filter(|fact| !again.contains(fact)).collect();
        let new: Vec<_> = again.iter().filter(|fact| !facts.contains(fact)).collect();
        ensure!(lost.is_empty() && new.is_empty(), "order `{seed}`: lost {lost:#?}, new {new:#?}");
        let figures = world.report()?;
        ensure!(figures == report, "order `{seed}` gives other figures: {figures:#} instead of {report:#}");
    }
    Ok(())
}

/// Everything that events alone made: executions, builds, deployments, services, images.
fn facts(world: &World) -> Result<Vec<Value>> {
    let all = world.emulator.scan(world.output("TableName"))?;
    let mut facts = Vec::new();
    for item in all {
        let key = item.pointer("/pk/S").and_then(Value::as_str).context("every item has a key")?;
        if matches!(key.split('#').next(), Some("X" | "B" | "D" | "E" | "I")) {
            facts.push(item);
        }
    }
    facts.sort_by_key(ToString::to_string);
    Ok(facts)
}
