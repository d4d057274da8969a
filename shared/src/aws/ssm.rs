//! SSM Parameter Store: named YAML texts (routes, policies, watch settings).
//!
//! Must not: parse what it reads, keep it, or log it.
//! Specification: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use aws_sdk_ssm::Client;

/// Service name in faults.
const SERVICE: &str = "Parameter Store";

/// Reads parameters by name.
#[derive(Clone)]
pub struct Parameters {
    client: Lazy<Client>,
}

impl Parameters {
    /// A reader over the environment's connection (`AWS_ENDPOINT_URL_SSM`).
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("SSM", Client::new) }
    }

    /// The text of the parameter `name`, decrypted when it is a `SecureString`.
    ///
    /// # Errors
    /// [`Fault::Missing`] when there is no such parameter, otherwise as classified.
    pub async fn get(&self, name: &str) -> Result<String, Fault> {
        let answer = self
            .client
            .get_parameter()
            .name(name)
            .with_decryption(true)
            .send()
            .await
            .map_err(|error| named(classify(SERVICE, "GetParameter", &error), name))?;
        answer.parameter.and_then(|parameter| parameter.value).ok_or_else(|| Fault::Unreadable {
            service: SERVICE,
            operation: "GetParameter",
            detail: format!("parameter `{name}` has no value"),
        })
    }
}

/// The same fault with the parameter's name: the service's own message is often empty.
fn named(fault: Fault, name: &str) -> Fault {
    match fault {
        Fault::Missing { service, operation, detail } => {
            Fault::Missing { service, operation, detail: format!("parameter `{name}`: {detail}") }
        }
        Fault::Denied { service, operation, detail } => {
            Fault::Denied { service, operation, detail: format!("parameter `{name}`: {detail}") }
        }
        other @ (Fault::Transient { .. } | Fault::Conflict { .. } | Fault::Unreadable { .. }) => other,
    }
}

/// The parameter that holds the routes.
#[cfg(feature = "source")]
pub struct RoutesParameter {
    parameters: Parameters,
    name: String,
}

#[cfg(feature = "source")]
impl RoutesParameter {
    /// The parameter `name`.
    #[must_use]
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { parameters: Parameters::new(aws), name }
    }
}

#[cfg(feature = "source")]
impl crate::source::ports::RouteSource for RoutesParameter {
    async fn routes_text(&self) -> Result<String, Fault> {
        self.parameters.get(&self.name).await
    }
}
