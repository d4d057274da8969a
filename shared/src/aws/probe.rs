//! The probe function, invoked and waited for (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
//!
//! Once only: a repeated invocation would send a team's requests again.

use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::Probe;
use crate::delivery::checks::probe::{Job, Report};
use crate::errors::Fault;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use aws_types::SdkConfig;
use std::time::Duration;

const SERVICE: &str = "Lambda";
const OPERATION: &str = "Invoke";
/// Longest wait: the probe's own time (`template.yaml`) and its start.
const LONGEST: Duration = Duration::from_secs(125);
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// The probe function by its name.
pub struct ProbeFunction {
    client: Lazy<Client>,
    name: String,
}

impl ProbeFunction {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, name: &str) -> Self {
        Self { client: aws.client("LAMBDA", client), name: name.to_owned() }
    }
}

fn client(config: &SdkConfig) -> Client {
    let times = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(LONGEST).build();
    let config = Builder::from(config).timeout_config(times).retry_config(RetryConfig::disabled()).build();
    Client::from_conf(config)
}

impl Probe for ProbeFunction {
    async fn send(&self, job: &Job) -> Result<Report, Fault> {
        let unreadable =
            |detail: String| Fault::Unreadable { service: SERVICE, operation: OPERATION, detail };
        if self.name.is_empty() {
            let detail = "no probe function is set (`PROBE_FUNCTION`)".to_owned();
            return Err(Fault::Denied { service: SERVICE, operation: OPERATION, detail });
        }
        let payload = serde_json::to_vec(job).map_err(|error| unreadable(error.to_string()))?;
        let call = self.client.invoke().function_name(&self.name).payload(Blob::new(payload));
        let answer = call.send().await.map_err(|error| classify(SERVICE, OPERATION, &error))?;
        // What a failed function answers may repeat its event: it is not told.
        if let Some(error) = answer.function_error() {
            return Err(unreadable(format!(
                "the probe `{}` ended with `{error}`; its log says why",
                self.name
            )));
        }
        let bytes = answer.payload().map(|blob| blob.as_ref()).unwrap_or_default();
        serde_json::from_slice(bytes).map_err(|error| {
            unreadable(format!(
                "{} bytes of the probe, line {} column {}",
                bytes.len(),
                error.line(),
                error.column()
            ))
        })
    }
}
