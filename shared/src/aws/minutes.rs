//! Minutes of a load balancer's target groups out of CloudWatch (`GetMetricData`).
//!
//! `HTTPCode_Target_5XX_Count` has no datapoint for a minute without one: it counts as zero only where `RequestCount` has one.

use super::{Aws, Lazy, classify};
use crate::delivery::eprocess::Counts;
use crate::delivery::ports::Minutes;
use crate::delivery::watch::{TargetGroup, Watch};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, StatusCode};
use std::collections::BTreeMap;

const SERVICE: &str = "CloudWatch";
const OPERATION: &str = "GetMetricData";
const REQUESTS: &str = "RequestCount";
const ERRORS: &str = "HTTPCode_Target_5XX_Count";
/// Most pages read for one window.
const MAX_PAGES: usize = 50;

/// CloudWatch through its API.
pub struct CloudWatchMinutes {
    client: Lazy<Client>,
}

impl CloudWatchMinutes {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CLOUDWATCH", Client::new) }
    }

    /// Values by query id and minute, every page.
    async fn read(
        &self,
        queries: Vec<MetricDataQuery>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<(String, Timestamp), u64>, Fault> {
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
                    values.insert((result.id().unwrap_or_default().to_owned(), at), count(*value));
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
    async fn counts(
        &self,
        watch: &Watch,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Counts)>, Fault> {
        let queries = vec![
            query("green_requests", &watch.green, REQUESTS)?,
            query("green_errors", &watch.green, ERRORS)?,
            query("blue_requests", &watch.blue, REQUESTS)?,
            query("blue_errors", &watch.blue, ERRORS)?,
        ];
        let values = self.read(queries, from, to).await?;
        let mut minutes: BTreeMap<Timestamp, Counts> = BTreeMap::new();
        for ((id, at), value) in values {
            let counts = minutes.entry(at).or_default();
            match id.as_str() {
                "green_requests" => counts.green_requests = value,
                "green_errors" => counts.green_errors = value,
                "blue_requests" => counts.blue_requests = value,
                _ => counts.blue_errors = value,
            }
        }
        let settled = minutes.into_iter().filter(|(at, _)| *at >= from && *at < to);
        Ok(settled.filter(|(_, counts)| counts.green_requests > 0 || counts.blue_requests > 0).collect())
    }
}

fn query(id: &str, group: &TargetGroup, metric: &str) -> Result<MetricDataQuery, Fault> {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("AWS/ApplicationELB")
        .metric_name(metric)
        .dimensions(dimension("TargetGroup", &group.dimension))
        .dimensions(dimension("LoadBalancer", &group.load_balancer))
        .build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    Ok(MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of requests: not negative, far below 2^52; `as` saturates"
)]
fn count(value: f64) -> u64 {
    value.round() as u64
}
