//! Scans of images are asked for, waited for while they run, and never taken for clean when they cannot be read.

use anyhow::{Context, Result};
use scenarios::{Push, World, stage, text};
use serde_json::{Value, json};

const SCANNED: &str = r#"
version: 1
sources:
  image: { ecr: { image: "**/imageDetail.json" } }
conditions:
  - { id: no-critical, source: image, metric: findings.critical, operator: "<=", fail: 0 }
"#;

const REPOSITORIES: [&str; 4] =
    ["b2b/admin-dashboard", "b2b/api-gateway", "b2b/customer-portal", "b2b/user-service"];

fn complete(findings: &[Value], counts: &Value) -> Value {
    let findings =
        json!({"imageScanCompletedAt": 1_795_000_000, "findings": findings, "findingSeverityCounts": counts});
    json!({"status": "COMPLETE", "findings": findings})
}

/// The gate of a good change, when all images are scanned as `api` says of one of them.
fn gate(world: &World, api: &Value) -> Result<(String, Value)> {
    for repository in REPOSITORIES {
        let clean = json!([complete(&[], &json!({}))]);
        world.scans(repository, if repository == "b2b/api-gateway" { api } else { &clean })?;
    }
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 1 })?;
    world.started("b2b-staging", &sha)?;
    let execution = world.run_to_end("b2b-staging", &sha)?;
    let gate = stage(&execution, "Gate").context("the gate ran")?;
    Ok((text(&execution, "id").to_owned(), gate.clone()))
}

#[test]
fn a_scan_in_progress_is_waited_for_until_it_is_complete() -> Result<()> {
    let world = World::take();
    let _policy = world.policy("build", SCANNED)?;
    let running = json!({"status": "IN_PROGRESS"});
    let (execution, gate) = gate(&world, &json!([running, running, complete(&[], &json!({}))]))?;
    let answers = world.calls("PutJobSuccessResult")?;
    let waited: Vec<&Value> =
        answers.iter().filter(|answer| answer.get("continuationToken").is_some()).collect();
    assert_eq!(waited.len(), 2, "{answers:#?}");
    let token = waited.last().map(|answer| text(answer, "continuationToken")).unwrap_or_default();
    assert!(token.contains("\"attempt\":2"), "{token}");
    let summary = waited.first().and_then(|answer| answer.pointer("/executionDetails/summary"));
    assert!(summary.is_some_and(|words| words.to_string().contains("`no-critical` waits: ")), "{summary:?}");
    assert_eq!(text(&gate, "status"), "Succeeded", "{gate:#}");
    assert_eq!(world.verdict(&execution, "Gate")?.pointer("/verdict/outcome"), Some(&json!("pass")));
    Ok(())
}

#[test]
fn a_critical_finding_fails_the_gate_and_a_scanner_that_is_throttled_is_a_fault_of_time() -> Result<()> {
    let world = World::take();
    let _policy = world.policy("build", SCANNED)?;
    let finding = json!({"name": "CVE-2026-1000", "severity": "CRITICAL", "uri": "https://x.test/CVE-2026-1000",
        "attributes": [{"key": "package_name", "value": "openssl"}, {"key": "package_version", "value": "3.0.1"}]});
    let found = json!([complete(&[finding], &json!({"CRITICAL": 1}))]);
    let (_, failed) = gate(&world, &found)?;
    assert!(failed.to_string().contains("CVE-2026-1000 in openssl 3.0.1"), "{failed:#}");
    let fault =
        json!({"service": "ecr", "operation": "DescribeImageScanFindings", "times": 50, "kind": "throttle"});
    world.control("/_local/faults", &fault)?;
    let (_, throttled) = gate(&world, &found)?;
    assert_eq!(throttled.pointer("/actions/0/error"), Some(&json!("SystemUnavailable")), "{throttled:#}");
    assert!(throttled.to_string().contains("ThrottlingException"), "{throttled:#}");
    Ok(())
}
