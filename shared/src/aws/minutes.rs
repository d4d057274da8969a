//! Minutes of green and blue out of CloudWatch (`GetMetricData`,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
//!
//! `HTTPCode_Target_5XX_Count` has no datapoint for a minute without one: it counts as zero only where `RequestCount` has one; the same holds for
//! the bad events of other counts. Requests slower than an objective are a trimmed count, `TC(<seconds>:)` of `TargetResponseTime`
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>). Must not: take what is partial for whole.

use super::{Aws, Lazy, classify};
use crate::delivery::policy::{Metric, MetricKind, Policy, Query};
use crate::delivery::ports::Minutes;
use crate::delivery::series::{Arm, Series};
use crate::delivery::watch::{Arms, TargetGroup};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric as Of, MetricDataQuery, MetricStat, StatusCode};
use std::collections::BTreeMap;

const SERVICE: &str = "CloudWatch";
const OPERATION: &str = "GetMetricData";
/// Most pages read for one window.
const MAX_PAGES: usize = 50;
/// Most queries in one call (`GetMetricData`: 500).
const MAX_QUERIES: usize = 500;

/// CloudWatch through its API.
pub struct CloudWatchMinutes {
    client: Lazy<Client>,
}

/// What a query's values are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Total,
    Bad,
    Value,
}

/// A query and what its values are of.
struct Asked {
    metric: String,
    is_green: bool,
    part: Part,
    query: MetricDataQuery,
}

impl CloudWatchMinutes {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CLOUDWATCH", Client::new) }
    }

    /// Values by query id and minute, every page.
    async fn values(
        &self,
        queries: Vec<MetricDataQuery>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<(String, Timestamp), f64>, Fault> {
        let mut values = BTreeMap::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let call = self
                .client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_millis(from.millis()))
                .end_time(DateTime::from_millis(to.millis()))
                .set_next_token(token);
            let answer = call.send().await.map_err(|error| classify(SERVICE, OPERATION, &error))?;
            for result in answer.metric_data_results() {
                // While pages follow, a result may be partial; the last page decides.
                let more = answer.next_token().is_some();
                match result.status_code() {
                    Some(StatusCode::Complete) | None => {}
                    Some(StatusCode::PartialData) if more => {}
                    Some(other) => {
                        let detail =
                            format!("result `{}` is `{}`", result.id().unwrap_or_default(), other.as_str());
                        return Err(Fault::Transient { service: SERVICE, operation: OPERATION, detail });
                    }
                }
                for (stamp, value) in result.timestamps().iter().zip(result.values()) {
                    let at = Timestamp::from_millis(stamp.to_millis().unwrap_or(i64::MIN)).minute();
                    values.insert((result.id().unwrap_or_default().to_owned(), at), *value);
                }
            }
            token = answer.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                return Ok(values);
            }
        }
        Err(Fault::Unreadable {
            service: SERVICE,
            operation: OPERATION,
            detail: format!("more than {MAX_PAGES} pages"),
        })
    }
}

impl Minutes for CloudWatchMinutes {
    async fn read(
        &self,
        policy: &Policy,
        arms: &Arms,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Series, Fault> {
        let mut asked = Vec::new();
        for metric in &policy.metrics {
            ask(&mut asked, metric, true, &arms.green)?;
            if let Some(blue) = &arms.blue {
                ask(&mut asked, metric, false, blue)?;
            }
        }
        let mut series = Series::new();
        for (chunk_index, chunk) in asked.chunks(MAX_QUERIES).enumerate() {
            let queries = chunk.iter().map(|asked| asked.query.clone()).collect();
            for ((id, at), value) in self.values(queries, from, to).await? {
                let index = id.strip_prefix('q').and_then(|index| index.parse::<usize>().ok());
                let index = index.and_then(|index| index.checked_sub(chunk_index * MAX_QUERIES));
                let Some(asked) = index.and_then(|index| chunk.get(index)) else { continue };
                if at >= from && at < to {
                    put(&mut series, asked, at, value);
                }
            }
        }
        for minute in series.values_mut() {
            // Bad events without any event are no measurement: the total is late.
            minute.counts.retain(|_, pair| {
                let late = |arm: Arm| arm.total == 0 && arm.bad > 0;
                (pair.green.total > 0 || pair.blue.total > 0) && !late(pair.green) && !late(pair.blue)
            });
        }
        series.retain(|_, minute| !minute.counts.is_empty() || !minute.values.is_empty());
        Ok(series)
    }
}

/// The queries of a metric for one arm.
fn ask(asked: &mut Vec<Asked>, metric: &Metric, is_green: bool, group: &TargetGroup) -> Result<(), Fault> {
    let balancer = |name: &str, stat: &str| Query {
        namespace: "AWS/ApplicationELB".to_owned(),
        metric: name.to_owned(),
        stat: stat.to_owned(),
        dimensions: BTreeMap::from([
            ("TargetGroup".to_owned(), "{target_group}".to_owned()),
            ("LoadBalancer".to_owned(), "{load_balancer}".to_owned()),
        ]),
    };
    let parts = match &metric.kind {
        MetricKind::Errors => vec![
            (Part::Total, balancer("RequestCount", "Sum")),
            (Part::Bad, balancer("HTTPCode_Target_5XX_Count", "Sum")),
        ],
        MetricKind::Latency { objective_ms } => vec![
            (Part::Total, balancer("TargetResponseTime", "SampleCount")),
            (Part::Bad, balancer("TargetResponseTime", &slower_than(*objective_ms))),
        ],
        MetricKind::Counts { total, bad } => vec![(Part::Total, total.clone()), (Part::Bad, bad.clone())],
        MetricKind::Value { query } => vec![(Part::Value, query.clone())],
        // Counted by the log service, not by CloudWatch's metrics (`aws::log_patterns`).
        MetricKind::Logs { .. } => Vec::new(),
    };
    for (part, query) in parts {
        let query = self::query(asked.len(), &query, is_green, group)?;
        asked.push(Asked { metric: metric.id.clone(), is_green, part, query });
    }
    Ok(())
}

/// Trimmed count of the samples above an objective: CloudWatch wants seconds.
fn slower_than(objective_ms: u32) -> String {
    format!("TC({}:)", f64::from(objective_ms) / 1000.0)
}

fn query(
    index: usize,
    wanted: &Query,
    is_green: bool,
    group: &TargetGroup,
) -> Result<MetricDataQuery, Fault> {
    let arm = if is_green { "green" } else { "blue" };
    let fill = |text: &str| {
        text.replace("{target_group}", &group.dimension)
            .replace("{load_balancer}", &group.load_balancer)
            .replace("{task_definition}", &group.task_definition)
            .replace("{arm}", arm)
    };
    let mut metric = Of::builder().namespace(&wanted.namespace).metric_name(&wanted.metric);
    for (name, value) in &wanted.dimensions {
        metric = metric.dimensions(Dimension::builder().name(name).value(fill(value)).build());
    }
    let stat = MetricStat::builder().metric(metric.build()).period(60).stat(&wanted.stat).build();
    Ok(MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).return_data(true).build())
}

fn put(series: &mut Series, asked: &Asked, at: Timestamp, value: f64) {
    let minute = series.entry(at).or_default();
    if asked.part == Part::Value {
        let values = minute.values.entry(asked.metric.clone()).or_default();
        let arm = if asked.is_green { &mut values.green } else { &mut values.blue };
        *arm = Some(value);
        return;
    }
    let pair = minute.counts.entry(asked.metric.clone()).or_default();
    let arm = if asked.is_green { &mut pair.green } else { &mut pair.blue };
    match asked.part {
        Part::Total => arm.total = count(value),
        Part::Bad => arm.bad = count(value),
        Part::Value => {}
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of events: not negative, far below 2^52; `as` saturates"
)]
fn count(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_requests_are_a_trimmed_count_in_seconds() {
        assert_eq!((slower_than(400).as_str(), slower_than(2000).as_str()), ("TC(0.4:)", "TC(2:)"));
    }
}
