//! Canaries of `CloudWatch` Synthetics
//! (<https://docs.aws.amazon.com/AmazonSynthetics/latest/APIReference/API_GetCanaryRuns.html>).

use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::{Canaries, Run};
use crate::errors::Fault;
use crate::model::Timestamp;
use aws_sdk_synthetics::Client;

const SERVICE: &str = "Synthetics";

/// Synthetics through its API.
pub struct SyntheticsCanaries {
    client: Lazy<Client>,
}

impl SyntheticsCanaries {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("SYNTHETICS", Client::new) }
    }
}

impl Canaries for SyntheticsCanaries {
    async fn last_run(&self, canary: &str) -> Result<Option<Run>, Fault> {
        // The newest run comes first.
        let answer = self.client.get_canary_runs().name(canary).max_results(1).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "GetCanaryRuns", &error))?;
        let Some(run) = answer.canary_runs().first() else { return Ok(None) };
        let (status, times) = (run.status(), run.timeline());
        let state = status.and_then(|status| status.state()).map_or("unknown", |state| state.as_str());
        let started = times.and_then(|times| times.started()).and_then(|time| time.to_millis().ok());
        Ok(Some(Run {
            state: state.to_owned(),
            reason: status.and_then(|status| status.state_reason()).unwrap_or_default().to_owned(),
            started: started.map(Timestamp::from_millis),
        }))
    }

    async fn start(&self, canary: &str) -> Result<(), Fault> {
        match self.client.start_canary().name(canary).send().await {
            Ok(_) => Ok(()),
            // It runs already.
            Err(error) if error.as_service_error().is_some_and(|inner| inner.is_conflict_exception()) => {
                Ok(())
            }
            Err(error) => Err(classify(SERVICE, "StartCanary", &error)),
        }
    }
}
