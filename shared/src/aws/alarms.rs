//! `CloudWatch` alarms, metric and composite ones
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::{Alarm, AlarmStates};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::operation::describe_alarms::builders::DescribeAlarmsFluentBuilder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};

const SERVICE: &str = "CloudWatch";
const OPERATION: &str = "DescribeAlarms";
/// Most names of one call.
const MAX_NAMES: usize = 100;
/// Most pages of alarms.
const MAX_PAGES: usize = 50;

/// `CloudWatch` through its API.
pub struct CloudWatchAlarms {
    client: Lazy<Client>,
}

impl CloudWatchAlarms {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CLOUDWATCH", Client::new) }
    }

    async fn pages(
        &self,
        ask: impl Fn(DescribeAlarmsFluentBuilder) -> DescribeAlarmsFluentBuilder,
    ) -> Result<Vec<Alarm>, Fault> {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            // Without their types named, composite alarms are left out.
            let call = self.client.describe_alarms();
            let call = ask(call).alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
            let answer = call.set_next_token(token).send().await;
            let answer = answer.map_err(|error| classify(SERVICE, OPERATION, &error))?;
            let metric = answer.metric_alarms().iter();
            found.extend(
                metric.filter_map(|one| {
                    alarm(one.alarm_name(), one.state_value(), one.state_updated_timestamp())
                }),
            );
            let composite = answer.composite_alarms().iter();
            found.extend(
                composite.filter_map(|one| {
                    alarm(one.alarm_name(), one.state_value(), one.state_updated_timestamp())
                }),
            );
            token = answer.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
        let detail = format!("more than {MAX_PAGES} pages");
        Err(Fault::Unreadable { service: SERVICE, operation: OPERATION, detail })
    }
}

impl AlarmStates for CloudWatchAlarms {
    async fn named(&self, names: &[String]) -> Result<Vec<Alarm>, Fault> {
        let mut found = Vec::new();
        for some in names.chunks(MAX_NAMES) {
            found.extend(self.pages(|call| call.set_alarm_names(Some(some.to_vec()))).await?);
        }
        Ok(found)
    }

    async fn beginning(&self, prefix: &str) -> Result<Vec<Alarm>, Fault> {
        self.pages(|call| call.alarm_name_prefix(prefix)).await
    }
}

fn alarm(name: Option<&str>, state: Option<&StateValue>, since: Option<&DateTime>) -> Option<Alarm> {
    Some(Alarm {
        name: name?.to_owned(),
        state: state.map_or("unknown", |state| state.as_str()).to_owned(),
        since: since.and_then(|since| since.to_millis().ok()).map(Timestamp::from_millis),
    })
}
