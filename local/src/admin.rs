//! The admin interface under `/_local/`, for the command line and the scenarios. Nothing of it exists on AWS; product code never calls it.
//!
//! | endpoint | body → answer |
//! |---|---|
//! | `POST seed` | `{"outputs": {…}}` → `{"calls"}` |
//! | `GET clock`, `POST clock/advance`, `POST settle` | `{"seconds": 0..=86400}` → `{"now"}` |
//! | `GET state` | pipelines, `deployments`, `serviceDeployments`, services, builds |
//! | `GET journal?since=N` | entries of kind `call`, `invocation`, `hook-call`, `unanswered-hook`, `throttled`, `killed`, … |
//! | `GET calls?function=NAME&since=N` | `{"calls", "operations": ["service.Operation", …], "next"}` that this function made |
//! | `POST call` | `{"service", "operation", "input"}`: any operation that is imitated, checked against its model → its answer |
//! | `POST approve` | `{"pipeline", "execution", "approved", "summary"}` |
//! | `GET events?since=N`, `POST events` | an event that has not happened here |
//! | `POST events/mode`, `POST events/replay` | `{"delayMs", "duplicate", "shuffle"}`; `{"seed", "since", "queue"}` |
//! | `GET faults`, `POST faults` | `{"service", "operation", "nth", "times", "kind", "caller"?, "function"?}` ([`crate::faults`]) |
//! | `POST faults/reset` | disarms faults; takes back the modes of events and metrics |
//! | `POST alarms` | `{"name", "state": "OK" \| "ALARM" \| "INSUFFICIENT_DATA", "reason"?}` |
//! | `POST metrics` | `{"mode": "normal"}`, `{"mode": "missing", "targetGroup"?}`, `{"mode": "late", "minutes"}` |
//! | `POST metrics` | `{"mode": "partial", "calls"}`, `{"mode": "corrected", "minutes", "factor"}`, `{"mode": "paged", "datapoints"}` |
//! | `POST metrics` | `{"series": {"namespace", "metric", "dimensions": {…}, "stat"?, "points": [{"minutesAgo" \| "at", "value"}]}}` |
//! | `POST traffic` | `{"service", "reset"?, "requestsPerMinute"?, "baselineErrorRate"?, "baselineSlowRate"?, "slowAboveSeconds"?}` |
//! | `POST traffic` | `{"service", "greenErrorRatio"?, "greenSlowRatio"?, "greenForMinutes"?, "noise"?}` |
//! | `POST traffic` | `{"service", "outage": {"inMinutes"?, "minutes", "ratio"}}` |
//! | `POST scans` | `{"repository", "answers": […]}` |
//! | `POST deploy` | CodeDeploy: `{"application", "group", "hooks"?: {event: function}, "config"?, …}` → `{"deploymentId", "taskDefinition"}` |
//! | `POST deploy` | ECS: `{"cluster", "service", …}` → `{"serviceDeploymentArn", "taskDefinition"}` |
//! | | both: `"taskDefinition"`, or `"labels": {…}` and `"image"?` of a new revision |
//! | `POST services` | `{"cluster", "service", "deploymentConfiguration", "labels"?, "image"?, "desiredCount"?, "firstDeployment"?}` |
//! | | → `{"serviceArn", "serviceDeploymentArn", "taskDefinition", "targetGroups": [2], "rules": {"production", "test"}}` |
//! | | `"firstDeployment"`: `"done"` (unless given), or `"run"` with its hooks |
//! | `POST services` | `{"sample": "catalog" \| "basket", …}`: from `<platform>/services`; what the body says itself wins |
//! | `POST stop` | `{"deployment", "rollback"?}` or `{"serviceDeployment"}`: somebody's hand |
//! | `POST fail` | `{"deployment", "code", "message"}`: CodeDeploy fails it for a reason of its own, e.g. `ECS_UPDATE_ERROR` |
//! | `GET secrets` | what jobs were given |
//!
//! Labels of a task definition's first container say what a version would do: [`crate::control_plane::ecs::definitions`]. The services answer at
//! `/_service/…` ([`crate::responder`]).

mod releases;
mod signals;
#[cfg(test)]
mod tests;

use crate::clock::SECOND;
use crate::control_plane::Stack;
use crate::events::{Mode, Replay};
use crate::platform;
use crate::values::{list, rfc3339, text, texts};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Shared = State<Arc<Stack>>;
type Refused = (StatusCode, Json<Value>);
type Answer = Result<Json<Value>, Refused>;

fn refused(words: &str) -> Refused {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": words})))
}

/// Routes of the admin interface.
pub fn routes() -> Router<Arc<Stack>> {
    Router::new()
        .route("/_local/seed", post(seed))
        .route("/_local/clock", get(clock))
        .route("/_local/clock/advance", post(advance))
        .route("/_local/settle", post(settle))
        .route("/_local/state", get(state))
        .route("/_local/journal", get(journal))
        .route("/_local/events", get(events).post(put_event))
        .route("/_local/events/mode", post(events_mode))
        .route("/_local/events/replay", post(events_replay))
        .route("/_local/approve", post(approve))
        .route("/_local/faults", get(faults).post(arm_fault))
        .route("/_local/faults/reset", post(reset_faults))
        .route("/_local/traffic", post(signals::traffic))
        .route("/_local/alarms", post(signals::alarms))
        .route("/_local/metrics", post(signals::metrics))
        .route("/_local/call", post(releases::call))
        .route("/_local/calls", get(calls))
        .route("/_local/deploy", post(releases::deploy))
        .route("/_local/services", post(releases::services))
        .route("/_local/stop", post(releases::stop))
        .route("/_local/fail", post(releases::fail))
        .route("/_local/scans", post(scans))
        .route("/_local/secrets", get(secrets))
}

fn now(stack: &Stack) -> Value {
    json!({"now": rfc3339(stack.now())})
}

async fn seed(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let outputs = body.get("outputs").ok_or_else(|| refused("the body has no `outputs`"))?;
    let calls = platform::seed(&stack, outputs).await.map_err(|words| refused(&words))?;
    Ok(Json(json!({"calls": calls})))
}

async fn clock(State(stack): Shared) -> Json<Value> {
    Json(now(&stack))
}

async fn advance(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let seconds =
        body.get("seconds").and_then(Value::as_i64).filter(|seconds| (0..=86_400).contains(seconds));
    let seconds = seconds.ok_or_else(|| refused("`seconds` must be between 0 and 86400"))?;
    stack.advance(seconds * SECOND).await;
    Ok(Json(now(&stack)))
}

async fn settle(State(stack): Shared) -> Json<Value> {
    stack.settle().await;
    Json(now(&stack))
}

async fn state(State(stack): Shared) -> Json<Value> {
    Json(json!({"now": rfc3339(stack.now()), "pipelines": stack.codepipeline.all(),
        "deployments": stack.codedeploy.all(), "serviceDeployments": stack.ecs.all_deployments(), "services": stack.ecs.all(), "builds": stack.codebuild.all()}))
}

fn since(query: &BTreeMap<String, String>) -> u64 {
    query.get("since").and_then(|since| since.parse().ok()).unwrap_or(0)
}

async fn journal(State(stack): Shared, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    Json(stack.journal.since(since(&query)))
}

async fn events(State(stack): Shared, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    Json(stack.events.since(usize::try_from(since(&query)).unwrap_or(usize::MAX)))
}

/// An event of a service that has not happened here.
async fn put_event(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let (service, kind) = (text(&body, "service"), text(&body, "detailType"));
    let detail = body.get("detail").filter(|detail| detail.is_object());
    let detail = detail.ok_or_else(|| refused("an event has `service`, `detailType` and a `detail`"))?;
    stack.events.put(&service, &kind, &texts(&body, "resources"), detail, stack.now());
    stack.settle().await;
    Ok(Json(json!({})))
}

async fn events_mode(State(stack): Shared, Json(body): Json<Value>) -> Json<Value> {
    let flag = |key: &str| body.get(key).and_then(Value::as_bool).unwrap_or(false);
    let delay = body.get("delayMs").and_then(Value::as_i64).unwrap_or(0);
    stack.events.set_mode(Mode { delay, duplicate: flag("duplicate"), shuffle: flag("shuffle") });
    Json(json!({}))
}

async fn events_replay(State(stack): Shared, Json(body): Json<Value>) -> Json<Value> {
    let since = body.get("since").and_then(Value::as_u64).and_then(|since| usize::try_from(since).ok());
    let order = Replay { seed: text(&body, "seed"), since: since.unwrap_or(0), queue: text(&body, "queue") };
    let sent = stack.events.replay(&order, stack.now());
    stack.settle().await;
    Json(json!({"sent": sent}))
}

async fn approve(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let pipeline = text(&body, "pipeline");
    let found = stack.codepipeline.waiting_approval(&pipeline, &text(&body, "execution"));
    let (stage, action, token) = found.ok_or_else(|| refused("no approval waits in this execution"))?;
    let approved = body.get("approved").and_then(Value::as_bool).unwrap_or(false);
    let status = if approved { "Approved" } else { "Rejected" };
    let input = json!({"pipelineName": pipeline, "stageName": stage, "actionName": action, "token": token,
        "result": {"summary": text(&body, "summary"), "status": status}});
    let result = stack.checked_call("codepipeline", "PutApprovalResult", &input).await;
    result.map_err(|error| refused(&format!("{}: {}", error.code, error.message)))?;
    stack.settle().await;
    Ok(Json(now(&stack)))
}

/// Secrets of jobs, for tests that look for them where they must not be.
async fn secrets(State(stack): Shared) -> Json<Value> {
    Json(json!({"secrets": stack.credentials.given()}))
}

async fn faults(State(stack): Shared) -> Json<Value> {
    Json(stack.faults.describe())
}

async fn arm_fault(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    stack.faults.arm(&body).map_err(|words| refused(&words))?;
    Ok(Json(stack.faults.describe()))
}

async fn reset_faults(State(stack): Shared) -> Json<Value> {
    stack.faults.reset();
    stack.cloudwatch.reset_knobs();
    stack.events.set_mode(Mode::default());
    Json(json!([]))
}

/// What ECR says of a repository's images from now on.
async fn scans(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let answers = body.get("answers").and_then(Value::as_array).filter(|answers| !answers.is_empty());
    let answers = answers.ok_or_else(|| refused("`answers` are one scan or several"))?;
    stack.ecr.record(&text(&body, "repository"), answers.clone());
    Ok(Json(json!({})))
}

/// The calls that a function made, in order.
async fn calls(State(stack): Shared, Query(query): Query<BTreeMap<String, String>>) -> Answer {
    let function = query.get("function").filter(|name| !name.is_empty());
    let function = function.ok_or_else(|| refused("the query has no `function`"))?;
    let journal = stack.journal.since(since(&query));
    let made = list(&journal, "entries").iter().filter(|entry| text(entry, "caller") == *function);
    let names = made.map(|entry| format!("{}.{}", text(entry, "service"), text(entry, "operation")));
    let names: Vec<String> = names.collect();
    Ok(Json(json!({"calls": names.len(), "operations": names, "next": journal.get("next")})))
}
