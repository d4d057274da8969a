//! Feature flags: AWS `AppConfig`'s data plane
//! (<https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_appconfigdata_GetLatestConfiguration.html>), or a parameter.
//!
//! Must not: keep or tell what the document holds beside the flags that are asked for.

use super::ssm::Parameters;
use super::{Aws, Lazy, classify};
use crate::delivery::checks::ports::FlagValues;
use crate::errors::Fault;
use aws_sdk_appconfigdata::Client;
use serde_json::Value;

const SERVICE: &str = "AppConfig";
const OPERATION: &str = "GetLatestConfiguration";

/// `AppConfig` and Parameter Store.
pub struct FeatureFlags {
    client: Lazy<Client>,
    parameters: Parameters,
}

impl FeatureFlags {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("APPCONFIGDATA", Client::new), parameters: Parameters::new(aws) }
    }
}

impl FlagValues for FeatureFlags {
    async fn app_config(&self, application: &str, environment: &str, profile: &str) -> Result<Value, Fault> {
        let call = self.client.start_configuration_session().application_identifier(application);
        let call = call.environment_identifier(environment).configuration_profile_identifier(profile);
        let session = call.send().await;
        let session = session.map_err(|error| classify(SERVICE, "StartConfigurationSession", &error))?;
        let token = session.initial_configuration_token().unwrap_or_default();
        let answer = self.client.get_latest_configuration().configuration_token(token).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, OPERATION, &error))?;
        let bytes = answer.configuration().map(|blob| blob.as_ref()).unwrap_or_default();
        read(SERVICE, OPERATION, bytes)
    }

    async fn parameter(&self, name: &str) -> Result<Value, Fault> {
        read("Parameter Store", "GetParameter", self.parameters.get(name).await?.as_bytes())
    }
}

fn read(service: &'static str, operation: &'static str, bytes: &[u8]) -> Result<Value, Fault> {
    serde_json::from_slice(bytes).map_err(|error| Fault::Unreadable {
        service,
        operation,
        detail: format!("{} bytes, line {} column {} is no JSON", bytes.len(), error.line(), error.column()),
    })
}
