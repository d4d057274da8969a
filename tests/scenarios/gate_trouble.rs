//! Whatever is wrong around a gate, its stage ends, with words for whoever must act.

use anyhow::{Context, Result};
use scenarios::{Push, World, stage, text};
use serde_json::{Value, json};

/// A policy that the sample platform does not meet: customer-portal uses a package with a known vulnerability of severity low.
const NOTHING_LOW: &str = r#"
version: 1
sources:
  audit: { path: "**/npm-audit.json", per: artifact }
conditions:
  - { id: no-low, source: audit, metric: findings.low, operator: "<=", fail: 0 }
"#;

const FAST: &str = r#"
version: 1
sources:
  load: { path: "**/*.jtl" }
conditions:
  - { id: p95, source: load, metric: latency.p95_ms, operator: "<=", fail: 0.5 }
"#;

/// The gate of a good change on the staging pipeline: the execution's id, the stage, and the gate's words.
fn gate(world: &World) -> Result<(String, Value, String)> {
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 1 })?;
    world.started("b2b-staging", &sha)?;
    let execution = world.run_to_end("b2b-staging", &sha)?;
    let gate = stage(&execution, "Gate").context("the gate ran")?;
    let words = gate.pointer("/actions/0/summary").and_then(Value::as_str).unwrap_or_default();
    Ok((text(&execution, "id").to_owned(), gate.clone(), words.to_owned()))
}

fn code(gate: &Value) -> &str {
    gate.pointer("/actions/0/error").and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn a_vulnerable_dependency_fails_the_gate_with_its_advisory() -> Result<()> {
    let world = World::take();
    let _policy = world.policy("build", NOTHING_LOW)?;
    let (execution, gate, words) = gate(&world)?;
    assert_eq!((text(&gate, "status"), code(&gate)), ("Failed", "JobFailed"), "{gate:#}");
    assert!(
        words.contains("BuildCustomerPortal: `findings.low` is 1") && words.contains("cookie"),
        "{words}"
    );
    let place = words.lines().last().unwrap_or_default();
    assert!(place.starts_with("report: s3://") && place.contains(&execution), "{words}");
    let record = world.verdict(&execution, "Gate")?;
    assert_eq!(record.pointer("/verdict/outcome"), Some(&json!("fail")), "{record:#}");
    Ok(())
}

#[test]
fn a_slow_endpoint_fails_the_integration_gate_with_both_numbers() -> Result<()> {
    let world = World::take();
    let _policy = world.policy("integration", FAST)?;
    let sha = world.push(&Push { branch: "main", change: "good", deliveries: 1 })?;
    world.started("b2b-production", &sha)?;
    let execution = world.run_to_end("b2b-production", &sha)?;
    assert_eq!(
        stage(&execution, "Gate").map(|gate| text(gate, "status")),
        Some("Succeeded"),
        "{execution:#}"
    );
    let gate = stage(&execution, "IntegrationGate").context("the second gate ran")?;
    assert_eq!((text(gate, "status"), code(gate)), ("Failed", "JobFailed"), "{gate:#}");
    assert!(gate.to_string().contains("`p95` asks for <= 0.50 ms"), "{gate:#}");
    let passed = world.verdict(text(&execution, "id"), "Gate")?;
    assert_eq!(passed.pointer("/verdict/outcome"), Some(&json!("pass")), "{passed:#}");
    world.verdict(text(&execution, "id"), "IntegrationGate")?;
    Ok(())
}

#[test]
fn a_broken_policy_is_a_configuration_error_with_every_mistake() -> Result<()> {
    let world = World::take();
    let _policy = world.policy("build", "version: 1\nsorces: {}\nconditions: []\n")?;
    let (_, gate, words) = gate(&world)?;
    assert_eq!((text(&gate, "status"), code(&gate)), ("Failed", "ConfigurationError"), "{gate:#}");
    assert!(words.contains("`sources`") && words.contains("`sorces`"), "{words}");
    Ok(())
}

#[test]
fn an_answer_that_is_throttled_is_sent_again() -> Result<()> {
    let world = World::take();
    let fault = json!({"service": "codepipeline", "operation": "PutJobSuccessResult", "times": 2, "kind": "throttle"});
    world.control("/_local/faults", &fault)?;
    let (execution, gate, _) = gate(&world)?;
    assert_eq!(text(&gate, "status"), "Succeeded", "{gate:#}");
    assert!(world.calls("PutJobSuccessResult")?.len() >= 3, "it was really throttled");
    world.verdict(&execution, "Gate")?;
    Ok(())
}
