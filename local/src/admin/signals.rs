//! Traffic, metrics and alarms.

use super::{Answer, Shared, refused};
use crate::control_plane::traffic::{Load, Outage};
use crate::values::text;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

pub(super) async fn traffic(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    let service = text(&body, "service");
    if service.is_empty() {
        return Err(refused("the body has no `service`"));
    }
    let number = |key: &str| body.get(key).and_then(Value::as_f64);
    let is_reset = body.get("reset").and_then(Value::as_bool).unwrap_or(false);
    let mut load = if is_reset { Load::default() } else { stack.traffic.load(&service) };
    load.per_minute = number("requestsPerMinute").unwrap_or(load.per_minute);
    load.error_rate = number("baselineErrorRate").unwrap_or(load.error_rate);
    load.slow_rate = number("baselineSlowRate").unwrap_or(load.slow_rate);
    load.objective = number("slowAboveSeconds").filter(|seconds| *seconds > 0.0).unwrap_or(load.objective);
    load.noise = number("noise").unwrap_or(load.noise);
    load.green_ratio = number("greenErrorRatio").or(load.green_ratio);
    load.green_slow_ratio = number("greenSlowRatio").or(load.green_slow_ratio);
    load.green_for = number("greenForMinutes").map(Load::minutes).or(load.green_for);
    if let Some(outage) = body.get("outage") {
        let number = |key: &str| outage.get(key).and_then(Value::as_f64);
        let minutes = number("minutes").ok_or_else(|| refused("an `outage` has `minutes` and a `ratio`"))?;
        let from = stack.now() + Load::minutes(number("inMinutes").unwrap_or(0.0));
        let ratio = number("ratio").unwrap_or(10.0);
        load.outages.push(Outage { from, to: from + Load::minutes(minutes), ratio });
    }
    stack.traffic.set_load(&service, load, stack.now());
    Ok(Json(json!({})))
}

pub(super) async fn alarms(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    stack.cloudwatch.set_alarm(&stack, &body).map_err(|words| refused(&words))?;
    stack.settle().await;
    Ok(Json(json!({})))
}

pub(super) async fn metrics(State(stack): Shared, Json(body): Json<Value>) -> Answer {
    stack.cloudwatch.tell(&stack, &body).map_err(|words| refused(&words))?;
    Ok(Json(json!({})))
}
