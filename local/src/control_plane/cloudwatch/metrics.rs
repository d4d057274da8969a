//! `GetMetricData` (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>): sums of `RequestCount` and
//! `HTTPCode_Target_5XX_Count`, `SampleCount` and trimmed counts `TC(<low>:<high>)` in seconds of `TargetResponseTime`, and fed series.

use super::State;
use crate::clock::{MINUTE, Millis};
use crate::control_plane::traffic::Counts;
use crate::control_plane::{ApiError, Stack};
use crate::values::{at, list, seconds, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// From the end of a minute to its datapoint.
const PUBLISHED_AFTER: Millis = MINUTE;

/// A series of any namespace, as it was fed.
#[derive(Debug, Clone)]
pub(super) struct Series {
    namespace: String,
    metric: String,
    dimensions: BTreeMap<String, String>,
    /// The one statistic that it answers; any when empty.
    stat: String,
    points: BTreeMap<Millis, f64>,
}

/// One query, read.
struct Query {
    id: String,
    namespace: String,
    metric: String,
    dimensions: BTreeMap<String, String>,
    stat: String,
}

struct Window {
    from: Millis,
    to: Millis,
    now: Millis,
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

impl Query {
    fn read(query: &Value) -> Result<Self, ApiError> {
        let stat =
            query.get("MetricStat").ok_or_else(|| ApiError::not_imitated("a query without MetricStat"))?;
        if stat.get("Period").and_then(Value::as_i64) != Some(60) {
            return Err(ApiError::not_imitated("any period but one minute"));
        }
        let dimensions = stat.pointer("/Metric/Dimensions").and_then(Value::as_array);
        let dimensions = dimensions.into_iter().flatten().map(|one| (text(one, "Name"), text(one, "Value")));
        Ok(Self {
            id: text(query, "Id"),
            namespace: at(stat, "/Metric/Namespace"),
            metric: at(stat, "/Metric/MetricName"),
            dimensions: dimensions.collect(),
            stat: text(stat, "Stat"),
        })
    }

    fn dimension(&self, name: &str) -> String {
        self.dimensions.get(name).cloned().unwrap_or_default()
    }

    /// Which number of a minute is asked for; none when nobody publishes such a metric.
    fn number(&self) -> Result<Option<Number>, ApiError> {
        let refused = || {
            ApiError::not_imitated(&format!("statistic {} of {} with a period of 60", self.stat, self.metric))
        };
        Ok(Some(match (self.metric.as_str(), self.stat.as_str()) {
            ("RequestCount", "Sum") | ("TargetResponseTime", "SampleCount") => Number::Requests,
            ("HTTPCode_Target_5XX_Count", "Sum") => Number::Errors,
            ("TargetResponseTime", stat) => {
                let (low, high) = trimmed(stat).ok_or_else(refused)?;
                Number::Between(low, high)
            }
            ("RequestCount" | "HTTPCode_Target_5XX_Count", _) => return Err(refused()),
            // Like CloudWatch: a metric that nobody published is no error, it has no datapoints.
            _ => return Ok(None),
        }))
    }
}

/// A number of a minute.
#[derive(Debug, Clone, Copy)]
enum Number {
    Requests,
    Errors,
    Between(Option<f64>, Option<f64>),
}

impl Number {
    fn of(self, counts: &Counts) -> u64 {
        match self {
            Self::Requests => counts.requests,
            Self::Errors => counts.errors,
            Self::Between(low, high) => counts.between(low, high),
        }
    }
}

/// The bounds of `TC(<low>:<high>)`, each of them optional.
fn trimmed(stat: &str) -> Option<(Option<f64>, Option<f64>)> {
    let (low, high) = stat.strip_prefix("TC(")?.strip_suffix(')')?.split_once(':')?;
    let bound = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    let bounds = (bound(low)?, bound(high)?);
    (bounds != (None, None)).then_some(bounds)
}

impl State {
    pub(super) fn metric_data(&mut self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let moment = |key: &str| {
            #[expect(clippy::cast_possible_truncation, reason = "epoch milliseconds of this century")]
            let millis = input.get(key).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0) as Millis);
            millis.ok_or_else(|| invalid(&format!("{key} is no time")))
        };
        let window = Window { from: moment("StartTime")?, to: moment("EndTime")?, now: stack.now() };
        if window.from >= window.to {
            return Err(invalid("StartTime must be less than EndTime"));
        }
        let token = text(input, "NextToken");
        let from: usize = if token.is_empty() { Ok(0) } else { token.parse() }
            .map_err(|_| ApiError::new("InvalidNextToken", "the next token is not one of ours"))?;
        let queries: Result<Vec<Query>, ApiError> =
            list(input, "MetricDataQueries").iter().map(Query::read).collect();
        let is_partial = self.knobs.partial > 0;
        self.knobs.partial = self.knobs.partial.saturating_sub(1);
        let ascending = text(input, "ScanBy") == "TimestampAscending";
        let page =
            input.get("MaxDatapoints").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        let page = self.knobs.page.or(page).unwrap_or(usize::MAX);
        let (mut results, mut goes_on) = (Vec::new(), false);
        for query in queries? {
            let mut values = self.values(stack, &query, &window)?;
            if is_partial {
                values.truncate(values.len() / 2);
            }
            if !ascending {
                values.reverse();
            }
            let more = values.len() > from.saturating_add(page);
            goes_on |= more;
            let values: Vec<_> = values.into_iter().skip(from).take(page).collect();
            results.push(result(&query, &values, is_partial || more));
        }
        let mut answer = json!({"MetricDataResults": results, "Messages": []});
        if let (Some(members), true) = (answer.as_object_mut(), goes_on) {
            members.insert("NextToken".to_owned(), json!((from + page).to_string()));
        }
        Ok(answer)
    }

    /// Published values of a query, oldest first.
    fn values(&self, stack: &Stack, query: &Query, window: &Window) -> Result<Vec<(Millis, f64)>, ApiError> {
        let last = window.now - PUBLISHED_AFTER - MINUTE - self.knobs.late;
        let to = window.to.min(last + 1);
        if let Some(series) = self.series.iter().find(|series| series.answers(query)) {
            let points = series.points.range(window.from..window.to.max(window.from));
            return Ok(points.filter(|(at, _)| **at <= last).map(|(at, value)| (*at, *value)).collect());
        }
        let group = query.dimension("TargetGroup");
        let known = query.namespace == "AWS/ApplicationELB"
            && stack.elb.has(&group, &query.dimension("LoadBalancer"));
        let name = group.split('/').nth(1).unwrap_or_default();
        if !known || to <= window.from || self.knobs.is_missing(name) {
            return Ok(Vec::new());
        }
        let Some(number) = query.number()? else { return Ok(Vec::new()) };
        let minutes = stack.traffic.minutes(name, window.from, to);
        let shown =
            minutes.into_iter().map(|(at, counts)| (at, self.shown(number.of(&counts), window.now - at)));
        Ok(shown.filter(|(_, value)| *value > 0.0).collect())
    }

    /// A value as it is shown so long after its minute began.
    fn shown(&self, value: u64, age: Millis) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "requests of one minute")]
        let value = value as f64;
        match self.knobs.correction {
            Some((long, factor)) if age < 2 * MINUTE + self.knobs.late + long => (value * factor).floor(),
            _ => value,
        }
    }

    /// Adds points: `{"namespace", "metric", "dimensions": {…}, "stat"?, "points": [{"minutesAgo" | "at", "value"}]}`.
    pub(super) fn feed(&mut self, request: &Value, now: Millis) -> Result<(), String> {
        let dimensions = request.get("dimensions").and_then(Value::as_object);
        let dimensions = dimensions.into_iter().flatten();
        let mut series = Series {
            namespace: text(request, "namespace"),
            metric: text(request, "metric"),
            dimensions: dimensions
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            stat: text(request, "stat"),
            points: BTreeMap::new(),
        };
        if series.namespace.is_empty() || series.metric.is_empty() {
            return Err("a series has `namespace`, `metric` and `points`".to_owned());
        }
        for one in list(request, "points") {
            let (at, value) = point(one, now)?;
            series.points.insert(at, value);
        }
        match self.series.iter_mut().find(|held| held.is_same(&series)) {
            Some(held) => held.points.append(&mut series.points),
            None => self.series.push(series),
        }
        Ok(())
    }
}

/// The minute and the value of a point.
fn point(point: &Value, now: Millis) -> Result<(Millis, f64), String> {
    let ago = point.get("minutesAgo").and_then(Value::as_i64).map(|ago| now - ago * MINUTE);
    let named = text(point, "at").parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    let at = ago.or(named).ok_or_else(|| format!("the point {point} has neither `minutesAgo` nor `at`"))?;
    let value = point.get("value").and_then(Value::as_f64);
    let value = value.ok_or_else(|| format!("the point {point} has no `value`"))?;
    Ok((at.div_euclid(MINUTE) * MINUTE, value))
}

fn result(query: &Query, values: &[(Millis, f64)], is_partial: bool) -> Value {
    json!({
        "Id": query.id, "Label": query.metric, "StatusCode": if is_partial { "PartialData" } else { "Complete" },
        "Timestamps": values.iter().map(|(at, _)| seconds(*at)).collect::<Vec<_>>(),
        "Values": values.iter().map(|(_, value)| value).collect::<Vec<_>>(),
    })
}

impl Series {
    fn answers(&self, query: &Query) -> bool {
        self.namespace == query.namespace
            && self.metric == query.metric
            && self.dimensions == query.dimensions
            && (self.stat.is_empty() || self.stat == query.stat)
    }

    fn is_same(&self, other: &Self) -> bool {
        let key = |series: &Self| (series.namespace.clone(), series.metric.clone(), series.stat.clone());
        key(self) == key(other) && self.dimensions == other.dimensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_bound_of_a_trimmed_count_may_be_left_out() {
        assert_eq!(trimmed("TC(0.4:)"), Some((Some(0.4), None)));
        assert_eq!(trimmed("TC(:0.4)"), Some((None, Some(0.4))));
        assert_eq!(trimmed("TC(0.1:0.4)"), Some((Some(0.1), Some(0.4))));
        assert_eq!(trimmed("TC(:)"), None);
        assert_eq!(trimmed("TC(10%:90%)"), None);
        assert_eq!(trimmed("Average"), None);
    }
}
