//! What each scenario says about a release that ended another way.

use super::*;
use crate::release::state::Snapshot;
use serde_json::{Value, json};

fn release(state: Value, watches: Value, green: f64) -> Release {
    let last = Snapshot {
        state: serde_json::from_value(state).unwrap(),
        watches: serde_json::from_value(watches).unwrap(),
    };
    let deployments = last.state.deployments.iter().map(|deployment| deployment.id.clone()).collect();
    Release { sha: "5ba".to_owned(), last, deployments, greatest_green: green }
}

fn state(status: &str, stages: &[(&str, &str, &str)], deployments: &Value) -> Value {
    let stages: Vec<Value> = stages
        .iter()
        .map(|(name, status, summary)| {
            json!({"name": name, "status": status, "actions": [{"name": name, "status": status, "summary": summary}]})
        })
        .collect();
    let execution = json!({"id": "1", "status": status, "variables": {"commitId": "5ba"}, "stages": stages});
    json!({"pipelines": [{"name": "b2b-production", "executions": [execution]}], "deployments": deployments})
}

fn canary(status: &str, rollback: &Value) -> Value {
    json!([{"id": "d-1", "group": "api-gateway", "status": status, "creator": "user", "rollback": rollback}])
}

#[test]
fn a_release_that_ends_as_its_scenario_says_leaves_nothing_unmet() {
    let all = [
        ("Gate", "Succeeded", ""),
        ("IntegrationGate", "Succeeded", ""),
        ("DeployProduction", "Succeeded", ""),
    ];
    let promoted = json!({"d-1": {"verdict": {"kind": "promote"}}});
    let good = release(state("Succeeded", &all, &canary("Succeeded", &Value::Null)), promoted, 100.0);
    assert_eq!(good_release(&good), Vec::<String>::new());

    let stages = [("Gate", "Failed", "is 78.40 %, asks for >= 80 %"), ("DeployStaging", "NotStarted", "")];
    assert_eq!(
        gate_failure(&release(state("Failed", &stages, &json!([])), json!({}), 0.0)),
        Vec::<String>::new()
    );

    let harmed = json!({"d-1": {"verdict": {"kind": "harm"}}});
    let stages = [("DeployProduction", "Failed", "")];
    let back =
        release(state("Failed", &stages, &canary("Stopped", &json!({"deployment": "d-2"}))), harmed, 10.0);
    assert_eq!(canary_rolled_back(&back), Vec::<String>::new());
}

#[test]
fn a_gate_that_let_a_bad_build_through_is_told_with_what_was_seen() {
    let stages = [("Gate", "Succeeded", "gate `build`: pass"), ("DeployStaging", "Succeeded", "")];
    let unmet = gate_failure(&release(state("Succeeded", &stages, &json!([])), json!({}), 0.0));
    insta::assert_snapshot!(unmet.join("\n"), @r"
    expected the pipeline to end `Failed`, it is `Succeeded`
    expected stage `Gate` to end `Failed`, it is `Succeeded`
    expected stage `DeployStaging` to end `NotStarted`, it is `Succeeded`
    expected the gate to name 78.4, its summary is: gate `build`: pass
    expected the gate to name 80, its summary is: gate `build`: pass
    ");
}

#[test]
fn a_bad_version_that_got_more_than_the_canary_is_told_with_both_shares() {
    let stages = [("DeployProduction", "Succeeded", "")];
    let through = release(state("Succeeded", &stages, &canary("Succeeded", &Value::Null)), json!({}), 100.0);
    insta::assert_snapshot!(canary_rolled_back(&through).join("\n"), @r"
    expected the pipeline to end `Failed`, it is `Succeeded`
    expected stage `DeployProduction` to end `Failed`, it is `Succeeded`
    expected the deployment of `api-gateway` to end `Stopped` or `Failed`, it is `Succeeded`
    expected the new version of `api-gateway` to get at most 10 % of the traffic, it got 100 %
    expected the watch to come to `harm`, its verdict is `missing`
    expected the deployment of `api-gateway` to be rolled back, it was not
    ");
}
