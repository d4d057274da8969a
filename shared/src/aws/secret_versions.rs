//! Secrets Manager: the versions of one secret, for its rotation.
//!
//! Must not: log or describe a value.
//! Specification: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::rotation::{SecretText, SecretVersions};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use std::collections::BTreeMap;

/// Service name in faults.
const SERVICE: &str = "Secrets Manager";
/// Length of a new secret in letters and digits: 285 bits.
const LENGTH: i64 = 48;
/// The version has a value already: an earlier attempt was first.
const EXISTS: &str = "ResourceExistsException";

/// The versions of one secret.
pub struct Versions {
    client: Lazy<Client>,
    id: String,
}

impl Versions {
    /// Of the secret `id` (`AWS_ENDPOINT_URL_SECRETS_MANAGER`).
    #[must_use]
    pub fn new(aws: &Aws, id: String) -> Self {
        Self { client: aws.client("SECRETS_MANAGER", Client::new), id }
    }
}

impl SecretVersions for Versions {
    async fn stages(&self) -> Result<BTreeMap<String, Vec<String>>, Fault> {
        let request = self.client.describe_secret().secret_id(&self.id);
        let answer = request.send().await.map_err(|error| classify(SERVICE, "DescribeSecret", &error))?;
        Ok(answer.version_ids_to_stages.unwrap_or_default().into_iter().collect())
    }

    async fn pending(&self, id: &str) -> Result<Option<SecretText>, Fault> {
        let request =
            self.client.get_secret_value().secret_id(&self.id).version_id(id).version_stage("AWSPENDING");
        match request.send().await.map_err(|error| classify(SERVICE, "GetSecretValue", &error)) {
            Ok(answer) => Ok(answer.secret_string.map(SecretText)),
            Err(fault) if fault.is_missing() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn generate(&self) -> Result<SecretText, Fault> {
        let operation = "GetRandomPassword";
        let request = self.client.get_random_password().password_length(LENGTH).exclude_punctuation(true);
        let answer = request.send().await.map_err(|error| classify(SERVICE, operation, &error))?;
        let text = answer.random_password.filter(|text| !text.is_empty());
        text.map(SecretText).ok_or(Fault::Unreadable {
            service: SERVICE,
            operation,
            detail: "there is no password in the answer".to_owned(),
        })
    }

    async fn put_pending(&self, id: &str, text: &SecretText) -> Result<(), Fault> {
        let request = self.client.put_secret_value().secret_id(&self.id).client_request_token(id);
        match request.secret_string(&text.0).version_stages("AWSPENDING").send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some(EXISTS) => Ok(()),
            Err(error) => Err(classify(SERVICE, "PutSecretValue", &error)),
        }
    }

    async fn promote(&self, to: &str, from: &str) -> Result<(), Fault> {
        let request =
            self.client.update_secret_version_stage().secret_id(&self.id).version_stage("AWSCURRENT");
        let request = request.move_to_version_id(to).remove_from_version_id(from);
        request.send().await.map_err(|error| classify(SERVICE, "UpdateSecretVersionStage", &error))?;
        Ok(())
    }
}
