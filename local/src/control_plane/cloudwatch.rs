//! CloudWatch, as far as minutes of a load balancer go: `GetMetricData` of `RequestCount` and `HTTPCode_Target_5XX_Count`.
//!
//! A minute is published one minute after its end; a count of zero has no datapoint. Not imitated: metric math, other statistics than `Sum`,
//! other namespaces, alarms, late changes of a published minute.

use super::{ApiError, Stack};
use crate::clock::{MINUTE, Millis};
use crate::values::{at, list, seconds, text};
use serde_json::{Value, json};

/// From the end of a minute to its datapoint.
const PUBLISHED_AFTER: Millis = MINUTE;

/// One operation.
///
/// # Errors
/// The service's errors.
pub(crate) fn call(stack: &Stack, operation: &str, input: &Value) -> Result<Value, ApiError> {
    match operation {
        "GetMetricData" => metric_data(stack, input),
        other => Err(ApiError::not_imitated(other)),
    }
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

fn metric_data(stack: &Stack, input: &Value) -> Result<Value, ApiError> {
    let moment = |key: &str| {
        #[expect(clippy::cast_possible_truncation, reason = "epoch milliseconds of this century")]
        let millis = input.get(key).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0) as Millis);
        millis.ok_or_else(|| invalid(&format!("{key} is no time")))
    };
    let (from, to) = (moment("StartTime")?, moment("EndTime")?);
    if from >= to {
        return Err(invalid("StartTime must be less than EndTime"));
    }
    let published = stack.now() - PUBLISHED_AFTER - MINUTE;
    let results: Result<Vec<Value>, ApiError> = list(input, "MetricDataQueries")
        .iter()
        .map(|query| result(stack, query, from, to.min(published + 1)))
        .collect();
    Ok(json!({"MetricDataResults": results?, "Messages": []}))
}

fn result(stack: &Stack, query: &Value, from: Millis, to: Millis) -> Result<Value, ApiError> {
    let stat = query.get("MetricStat").ok_or_else(|| ApiError::not_imitated("a query without MetricStat"))?;
    if text(stat, "Stat") != "Sum" || stat.get("Period").and_then(Value::as_i64) != Some(60) {
        return Err(ApiError::not_imitated("any statistic but the sum of one minute"));
    }
    let dimension = |name: &str| {
        let dimensions = stat.pointer("/Metric/Dimensions").and_then(Value::as_array);
        let found = dimensions.into_iter().flatten().find(|dimension| text(dimension, "Name") == name);
        found.map(|dimension| text(dimension, "Value")).unwrap_or_default()
    };
    let metric = at(stat, "/Metric/MetricName");
    let group = dimension("TargetGroup");
    // Like CloudWatch: a metric that nobody published is no error, it has no datapoints.
    let known = at(stat, "/Metric/Namespace") == "AWS/ApplicationELB"
        && stack.elb.has(&group, &dimension("LoadBalancer"))
        && to > from;
    let name = group.split('/').nth(1).unwrap_or_default();
    let minutes = if known { stack.traffic.minutes(name, from, to) } else { Vec::new() };
    let values: Vec<(Millis, u64)> = minutes
        .into_iter()
        .map(|(at, counts)| (at, if metric == "RequestCount" { counts.requests } else { counts.errors }))
        .filter(|(_, value)| {
            *value > 0 && matches!(metric.as_str(), "RequestCount" | "HTTPCode_Target_5XX_Count")
        })
        .rev()
        .collect();
    Ok(json!({
        "Id": text(query, "Id"), "Label": metric, "StatusCode": "Complete",
        "Timestamps": values.iter().map(|(at, _)| seconds(*at)).collect::<Vec<_>>(),
        "Values": values.iter().map(|(_, value)| value).collect::<Vec<_>>(),
    }))
}
