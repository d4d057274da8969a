//! Two looks in, lines out. The documents are what the control plane answered in a real run, shortened.

use super::super::line::Look;
use super::*;
use crate::release::state::{State, Watch};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SHA: &str = "46b8219c92287c26e5fca64c2f2597c496f48ef8";

fn action(name: &str, provider: &str, status: &str, summary: &str, ended: Option<&str>) -> Value {
    let ended = ended.map(|time| format!("2026-11-24T{time}Z"));
    json!({"name": name, "provider": provider, "status": status, "summary": summary, "ended": ended, "error": ""})
}

fn stage(name: &str, status: &str, started: Option<&str>, actions: &[Value]) -> Value {
    let started = started.map(|time| format!("2026-11-24T{time}Z"));
    json!({"name": name, "status": status, "started": started, "actions": actions})
}

fn look(now: &str, status: &str, stages: &[Value], deployments: &[Value]) -> Snapshot {
    let execution = json!({
        "id": "618321b3", "status": status, "started": "2026-11-24T02:36:19Z", "updated": "2026-11-24T02:36:19Z",
        "variables": {"commitId": SHA, "releaseId": "2426b2cb"}, "stages": stages, "attempt": 1,
        "sourceRevisions": [{"action": "Source", "id": "8fb9d4b1-1279", "summary": "46b8219c9228 main Ada: change good"}],
    });
    let state = json!({
        "now": format!("2026-11-24T{now}Z"), "builds": [], "services": [], "deployments": deployments,
        "pipelines": [{"name": "b2b-staging", "executions": []}, {"name": "b2b-production", "executions": [execution]}],
    });
    Snapshot { state: serde_json::from_value::<State>(state).unwrap(), watches: BTreeMap::new() }
}

fn text(before: &Snapshot, after: &Snapshot) -> String {
    let lines = changes(before, after, SHA);
    assert_eq!(changes(after, after, SHA), [], "nothing is told twice");
    lines.iter().map(|line| line.text(Look::PLAIN)).collect::<Vec<_>>().join("\n")
}

fn built(status: &str, ended: Option<&str>) -> Value {
    let one = |name| action(name, "CodeBuild", status, "", ended);
    stage("Build", status, Some("02:36:22"), &[one("ApiGateway"), one("UserService")])
}

fn deployment(status: &str, green: f64, hook: &str, members: &Value) -> Value {
    let mut deployment = json!({
        "id": "d-05C91843B", "application": "b2b", "group": "api-gateway", "status": status, "creator": "user",
        "config": "Tidegate.Canary10Percent10Minutes", "weights": {"blue": 100.0 - green, "green": green},
        "lifecycle": [
            {"name": "BeforeAllowTraffic", "status": hook, "function": "CodeDeployHook_tidegate_pre-traffic",
             "started": "2026-11-24T02:42:24Z", "ended": "2026-11-24T02:42:24Z", "message": ""},
            {"name": "AllowTraffic", "status": "InProgress", "function": null, "started": "2026-11-24T02:42:24Z",
             "ended": null, "message": ""},
        ],
        "message": null, "rollback": null, "started": "2026-11-24T02:41:19Z", "ended": null,
    });
    deployment.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    deployment
}

#[test]
fn a_start_is_told_with_its_zip_and_the_stages_that_have_run() {
    let source = stage(
        "Source",
        "Succeeded",
        Some("02:36:19"),
        &[action("Source", "S3", "Succeeded", "46b8219c9228 main", Some("02:36:22"))],
    );
    let after = look("02:36:30", "InProgress", &[source, built("InProgress", None)], &[]);
    insta::assert_snapshot!(text(&Snapshot::default(), &after), @r"
    02:36  source            claimed in the ledger, zip stored, `b2b-production` started
    02:36  Source            succeeded after 3 s
    02:36  Build             started
    ");
}

#[test]
fn a_stage_that_ends_tells_how_long_it_took_and_a_gate_tells_its_verdict() {
    let gate = "gate `build`: fail, 3 of 4 condition(s) hold\n[fail] `coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more would pass\nreport: gates/618321b3/1.json";
    let waiting =
        stage("Gate", "NotStarted", None, &[action("QualityGate", "Lambda", "NotStarted", "", None)]);
    let failed = stage(
        "Gate",
        "Failed",
        Some("02:37:50"),
        &[action("QualityGate", "Lambda", "Failed", gate, Some("02:37:50"))],
    );
    let before = look("02:37:00", "InProgress", &[built("InProgress", None), waiting], &[]);
    let after = look("02:38:00", "Failed", &[built("Succeeded", Some("02:37:50")), failed], &[]);
    insta::assert_snapshot!(text(&before, &after), @r"
    02:37  Build             succeeded after 1 min 28 s, 2 actions
    02:37  Gate              gate `build`: fail, 3 of 4 condition(s) hold
                             [fail] `coverage.lines` is 78.40 % (98 of 125), `line-coverage` asks for >= 80 %: 2 more would pass
                             report: gates/618321b3/1.json
    02:37  release           failed at `Gate` after 1 min 31 s
    ");
}

#[test]
fn an_approval_waits_for_a_person_and_then_tells_who_gave_it() {
    let approval = |status: &str, summary: &str, ended| {
        let started = (status != "NotStarted").then_some("02:40:48");
        stage("Approval", status, started, &[action("ReleaseApproval", "Manual", status, summary, ended)])
    };
    let looks = [
        look("02:40:00", "InProgress", &[approval("NotStarted", "", None)], &[]),
        look("02:41:00", "InProgress", &[approval("InProgress", "", None)], &[]),
        look("02:41:30", "InProgress", &[approval("Succeeded", "approved by Grace", Some("02:41:19"))], &[]),
    ];
    insta::assert_snapshot!(format!("{}\n{}", text(&looks[0], &looks[1]), text(&looks[1], &looks[2])), @r"
    02:40  Approval          waits for a person
    02:41  Approval          succeeded: approved by Grace
    ");
}

#[test]
fn a_canary_is_told_step_by_step_with_its_hooks_and_its_verdict() {
    let done = json!({"ended": "2026-11-24T02:58:00Z", "lifecycle": [
        {"name": "BeforeAllowTraffic", "status": "Succeeded", "function": "CodeDeployHook_tidegate_pre-traffic"},
        {"name": "AllowTraffic", "status": "Succeeded", "function": null, "started": "2026-11-24T02:42:24Z", "ended": "2026-11-24T02:52:24Z"},
    ]});
    let looks = [
        look("02:41:00", "InProgress", &[], &[]),
        look("02:42:00", "InProgress", &[], &[deployment("InProgress", 0.0, "Pending", &json!({}))]),
        look("02:43:00", "InProgress", &[], &[deployment("InProgress", 10.0, "Succeeded", &json!({}))]),
        look("02:58:00", "InProgress", &[], &[deployment("Succeeded", 100.0, "Succeeded", &done)]),
    ];
    let mut last = looks[3].clone();
    let watch = json!({"group": "api-gateway", "exposurePercent": 100, "verdict": {"kind": "promote", "decidedAt": "2026-11-24T02:53:00Z",
        "reason": "green answered 20 of 4143 requests with 5XX (0.48 %) against 184 of 37696 requests with 5XX (0.49 %) on blue in 7 minute(s); a doubled error rate is excluded by evidence 170:1 (bound 20:1)"}});
    last.watches.insert("d-05C91843B".to_owned(), serde_json::from_value::<Watch>(watch).unwrap());
    let told = [text(&looks[0], &looks[1]), text(&looks[1], &looks[2]), text(&looks[2], &last)];
    insta::assert_snapshot!(told.join("\n"), @r"
    02:41  api-gateway       deployment d-05C91843B with `Tidegate.Canary10Percent10Minutes`
    02:42  api-gateway       hook `BeforeAllowTraffic` answered by pre-traffic: succeeded
    02:42  api-gateway       10 % green
    02:52  api-gateway       100 % green
    02:53  watch             api-gateway: promote
                             green answered 20 of 4143 requests with 5XX (0.48 %) against 184 of 37696 requests with 5XX (0.49 %) on blue in 7 minute(s);
                             a doubled error rate is excluded by evidence 170:1 (bound 20:1)
    02:58  api-gateway       deployment d-05C91843B succeeded after 16 min
    ");
}

#[test]
fn a_rollback_is_told_as_such_and_the_end_of_the_release_comes_last() {
    let stopped = json!({"rollback": {"deployment": "d-D69592D83"}, "ended": "2026-11-24T02:45:00Z",
        "message": "MANUAL_STOP: The deployment was stopped on request."});
    let back = json!({"id": "d-D69592D83", "group": "api-gateway", "status": "Succeeded", "creator": "codeDeployRollback",
        "weights": {"blue": 100.0, "green": 0.0}, "started": "2026-11-24T02:45:00Z", "ended": "2026-11-24T02:45:19Z", "lifecycle": []});
    let action =
        |status: &str, summary, ended| action("ApiGateway", "CodeDeployToECS", status, summary, ended);
    let production = |status: &str, summary, ended| {
        stage(
            "DeployProduction",
            status,
            Some("02:41:19"),
            &[action(status, summary, ended), action("Succeeded", "Deployment Succeeded", Some("02:44:00"))],
        )
    };
    let before = look(
        "02:44:00",
        "InProgress",
        &[production("InProgress", "", None)],
        &[deployment("InProgress", 10.0, "Succeeded", &json!({}))],
    );
    let after = look(
        "02:46:00",
        "Failed",
        &[production(
            "Failed",
            "Deployment d-05C91843B stopped: MANUAL_STOP: The deployment was stopped on request.",
            Some("02:45:00"),
        )],
        &[deployment("Stopped", 10.0, "Succeeded", &stopped), back],
    );
    insta::assert_snapshot!(text(&before, &after), @r"
    02:45  DeployProduction  failed after 3 min 41 s, 2 actions
                             `ApiGateway`: Deployment d-05C91843B stopped: MANUAL_STOP: The deployment was stopped on request.
    02:45  api-gateway       deployment d-05C91843B stopped after 3 min 41 s: MANUAL_STOP: The deployment was stopped on request.
    02:45  api-gateway       rollback d-D69592D83: all traffic goes back to the old version
    02:45  release           failed at `DeployProduction` after 8 min 41 s
    02:45  api-gateway       rollback d-D69592D83 succeeded after 19 s
    ");
}
