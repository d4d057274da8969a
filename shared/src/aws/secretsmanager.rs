//! Secrets Manager: the webhook's secrets, the GitHub token, and the private key of the GitHub App.
//!
//! Must not: log or describe a value; nothing here that holds one is `Debug`.
//! Specification: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
#[cfg(feature = "feedback")]
use crate::feedback::ports::{KeySource, PrivateKey};
use crate::source::ports::{SecretSource, Token, TokenSource};
use crate::source::secrets::WebhookSecrets;
use aws_sdk_secretsmanager::Client;
use std::sync::{Mutex, PoisonError};

/// Service name in faults.
const SERVICE: &str = "Secrets Manager";
/// Operation name in faults.
const GET: &str = "GetSecretValue";
/// The version that is good now.
const CURRENT: &str = "AWSCURRENT";
/// The version that was current before the last rotation.
const PREVIOUS: &str = "AWSPREVIOUS";
/// The version that a rotation under way is about to make current.
const PENDING: &str = "AWSPENDING";

/// The secret that GitHub signs deliveries with.
pub struct WebhookSecret {
    client: Lazy<Client>,
    id: String,
}

impl WebhookSecret {
    /// The secret `id` (`AWS_ENDPOINT_URL_SECRETS_MANAGER`).
    #[must_use]
    pub fn new(aws: &Aws, id: String) -> Self {
        Self { client: aws.client("SECRETS_MANAGER", Client::new), id }
    }
}

impl SecretSource for WebhookSecret {
    async fn current_secret(&self) -> Result<WebhookSecrets, Fault> {
        let current = read(&self.client, &self.id, CURRENT).await?;
        WebhookSecrets::parse(&current).map_err(|rejection| unreadable(rejection.to_string()))
    }

    async fn webhook_secrets(&self) -> Result<WebhookSecrets, Fault> {
        let mut secrets = self.current_secret().await?;
        for stage in [PREVIOUS, PENDING] {
            match text_of(&self.client, &self.id, stage).await {
                Ok(Some(text)) => secrets = secrets.also(&text),
                // A rotation has begun and made no value yet.
                Ok(None) => {}
                // Never rotated, or no rotation under way.
                Err(fault) if fault.is_missing() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(secrets)
    }
}

/// The token for GitHub, kept until GitHub refuses it.
pub struct GitHubToken {
    client: Lazy<Client>,
    id: Option<String>,
    kept: Mutex<Option<Token>>,
}

impl GitHubToken {
    /// The secret `id`, a plain token; without an id there is no token.
    #[must_use]
    pub fn new(aws: &Aws, id: Option<String>) -> Self {
        Self { client: aws.client("SECRETS_MANAGER", Client::new), id, kept: Mutex::new(None) }
    }
}

impl TokenSource for GitHubToken {
    async fn token(&self) -> Result<Option<Token>, Fault> {
        let Some(id) = &self.id else { return Ok(None) };
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if kept.is_some() {
            return Ok(kept);
        }
        let text = read(&self.client, id, CURRENT).await?;
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unreadable(format!("secret `{id}` holds no GitHub token in plain text")));
        }
        let token = Token(token.to_owned());
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(Some(token))
    }

    fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The private key of the GitHub App; read at each exchange, once in almost an hour, and never kept.
#[cfg(feature = "feedback")]
pub struct AppKey {
    client: Lazy<Client>,
    id: String,
}

#[cfg(feature = "feedback")]
impl AppKey {
    /// The secret `id`, the PEM text that GitHub gives out.
    #[must_use]
    pub fn new(aws: &Aws, id: String) -> Self {
        Self { client: aws.client("SECRETS_MANAGER", Client::new), id }
    }
}

#[cfg(feature = "feedback")]
impl KeySource for AppKey {
    async fn private_key(&self) -> Result<PrivateKey, Fault> {
        read(&self.client, &self.id, CURRENT).await.map(PrivateKey)
    }
}

async fn read(client: &Client, id: &str, stage: &str) -> Result<String, Fault> {
    let text = text_of(client, id, stage).await?;
    text.ok_or_else(|| unreadable(format!("secret `{id}` has no text")))
}

async fn text_of(client: &Client, id: &str, stage: &str) -> Result<Option<String>, Fault> {
    let answer = client
        .get_secret_value()
        .secret_id(id)
        .version_stage(stage)
        .send()
        .await
        .map_err(|error| classify(SERVICE, GET, &error))?;
    Ok(answer.secret_string)
}

fn unreadable(detail: String) -> Fault {
    Fault::Unreadable { service: SERVICE, operation: GET, detail }
}
