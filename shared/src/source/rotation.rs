//! Rotation of the webhook secret: the four steps of Secrets Manager, without a moment in which a delivery is refused.
//!
//! The receiver takes the current, the previous and the pending secret, and every receiver knows the pending one, or would fetch it, before
//! GitHub signs with it: so GitHub may change at any moment between the steps. Every step may be repeated, and a rotation that broke off is taken up where it stands. Must not: touch a network or say a secret.
//! Specification: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>
#![expect(
    async_fn_in_trait,
    reason = "one worker per process, nothing is spawned: futures need not be `Send`"
)]

use crate::errors::{Fault, Rejection};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most pings of one webhook: together with [`Webhooks::pause`] longer than a receiver may keep secrets that are older than the pending one.
pub const MAX_PINGS: u32 = 12;
const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// One version's secret. Not `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub String);

/// The versions of the webhook secret. Not implemented by anything that prints a value.
pub trait SecretVersions {
    /// Version id → its staging labels.
    ///
    /// # Errors
    /// When they cannot be read now.
    async fn stages(&self) -> Result<BTreeMap<String, Vec<String>>, Fault>;

    /// The value of the pending version `id`; none while it has none.
    ///
    /// # Errors
    /// When it cannot be read now.
    async fn pending(&self, id: &str) -> Result<Option<SecretText>, Fault>;

    /// A new random secret.
    ///
    /// # Errors
    /// When none can be had now.
    async fn generate(&self) -> Result<SecretText, Fault>;

    /// Gives the pending version `id` its value; a value that is there already stays.
    ///
    /// # Errors
    /// When it is not known to be there.
    async fn put_pending(&self, id: &str, text: &SecretText) -> Result<(), Fault>;

    /// Makes `to` the current version instead of `from`, which becomes the previous one.
    ///
    /// # Errors
    /// When it is not known to be done.
    async fn promote(&self, to: &str, from: &str) -> Result<(), Fault>;
}

/// A webhook of a repository: `owner/name:id` in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookId {
    /// `owner/name`.
    pub repository: String,
    /// GitHub's id of the webhook.
    pub id: u64,
}

impl HookId {
    /// Reads webhooks separated by commas.
    ///
    /// # Errors
    /// In words that name the first one that is none.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        text.split(',').map(|hook| Self::parse(hook.trim())).collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fits = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let parsed = text.split_once(':').and_then(|(repository, id)| {
            let (owner, name) = repository.split_once('/')?;
            let id = id.parse().ok()?;
            (fits(owner) && fits(name)).then(|| Self { repository: repository.to_owned(), id })
        });
        parsed.ok_or_else(|| {
            format!("`{text}` is no webhook; give `owner/name:id`, such as `acme/shop:12345678`")
        })
    }
}

/// The webhooks that deliver to us.
pub trait Webhooks {
    /// Those whose secret we may change; none when we may change no one's.
    fn all(&self) -> &[HookId];

    /// Waits until a receiver that knows older secrets only would fetch them again for a signature that it does not know
    /// ([`REFETCH_PAUSE_MS`](crate::source::secrets::REFETCH_PAUSE_MS)).
    async fn settle(&self);

    /// Lets `hook` sign with `text` from now on.
    ///
    /// # Errors
    /// When it is not known to be done.
    async fn set_secret(&self, hook: &HookId, text: &SecretText) -> Result<(), Fault>;

    /// Asks for a ping.
    ///
    /// # Errors
    /// When it cannot be asked for now.
    async fn ping(&self, hook: &HookId) -> Result<(), Fault>;

    /// The latest pings: id of the delivery → HTTP status of our receiver's answer.
    ///
    /// # Errors
    /// When they cannot be read now.
    async fn pings(&self, hook: &HookId) -> Result<BTreeMap<u64, u16>, Fault>;

    /// Waits as long as a ping takes.
    async fn pause(&self);
}

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Gives the pending version a value.
    Create,
    /// Tells GitHub.
    Set,
    /// Sees whether a delivery signed with it is taken.
    Test,
    /// Makes it the current version.
    Finish,
}

/// What Secrets Manager asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The step.
    pub step: Step,
    /// ARN of the secret.
    pub secret: String,
    /// Id of the version that is to become current.
    pub version: String,
}

impl Ticket {
    /// Reads the event; `own` is the ARN of the only secret that is rotated here.
    ///
    /// # Errors
    /// When it is no rotation, or one of another secret.
    pub fn read(event: &Value, own: &str) -> Result<Self, Rejection> {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let (Some(step), Some(secret), Some(version)) =
            (text("Step"), text("SecretId"), text("ClientRequestToken"))
        else {
            return Err(Rejection::new(
                "the event is no step of a rotation: it needs `Step`, `SecretId` and `ClientRequestToken`",
            ));
        };
        if secret != own {
            return Err(Rejection::new("the event is about another secret than the webhook's"));
        }
        let step = match step {
            "createSecret" => Step::Create,
            "setSecret" => Step::Set,
            "testSecret" => Step::Test,
            "finishSecret" => Step::Finish,
            _ => {
                return Err(Rejection::new(
                    "the step is none of `createSecret`, `setSecret`, `testSecret` and `finishSecret`",
                ));
            }
        };
        Ok(Self { step, secret: secret.to_owned(), version: version.to_owned() })
    }
}

/// Why a step could not be done; the rotation stays where it is, and both secrets stay good.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// What was asked for makes no sense.
    #[error(transparent)]
    Rejection(#[from] Rejection),
    /// A service could not or would not.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A person must act; the words say how.
    #[error("{0}")]
    Operator(String),
}

/// Does one step of a rotation; the words say what was done.
///
/// # Errors
/// When it could not be done; repeating it is safe.
pub async fn run(
    ticket: &Ticket,
    versions: &impl SecretVersions,
    hooks: &impl Webhooks,
) -> Result<String, RotationError> {
    let Ticket { step, version, .. } = ticket;
    let stages = versions.stages().await?;
    let labels = stages.get(version).map(Vec::as_slice).unwrap_or_default();
    let has = |label: &str| labels.iter().any(|own| own == label);
    if has(CURRENT) {
        return Ok(format!("version `{version}` is current already"));
    }
    if !has(PENDING) {
        return Err(
            Rejection::new(format!("version `{version}` is not the pending one of this secret")).into()
        );
    }
    let current = stages.iter().find(|(_, labels)| labels.iter().any(|label| label == CURRENT));
    let Some((current, _)) = current else {
        return Err(Rejection::new("the secret has no current version; give it one first").into());
    };
    match step {
        Step::Create => create(version, versions).await,
        Step::Set => set(ticket, current, versions, hooks).await,
        Step::Test => test(ticket, current, hooks).await,
        Step::Finish => {
            versions.promote(version, current).await?;
            Ok(format!("version `{version}` is current; the one before stays good until the next rotation"))
        }
    }
}

async fn create(version: &str, versions: &impl SecretVersions) -> Result<String, RotationError> {
    if versions.pending(version).await?.is_some() {
        return Ok(format!("version `{version}` has its secret already"));
    }
    let text = versions.generate().await?;
    versions.put_pending(version, &text).await?;
    Ok(format!("version `{version}` has a new secret; the receiver takes it from now on"))
}

async fn set(
    ticket: &Ticket,
    current: &str,
    versions: &impl SecretVersions,
    hooks: &impl Webhooks,
) -> Result<String, RotationError> {
    let version = &ticket.version;
    let Some(text) = versions.pending(version).await? else {
        return Err(Rejection::new(format!(
            "version `{version}` has no secret yet; `createSecret` comes first"
        ))
        .into());
    };
    let known = known(ticket, current, hooks)?;
    // A receiver that fetched its secrets just before this version had its own would refuse what is signed with it, and not look again yet.
    hooks.settle().await;
    for hook in known {
        hooks.set_secret(hook, &text).await?;
    }
    Ok(format!("{} webhook(s) sign with version `{version}`", hooks.all().len()))
}

async fn test(ticket: &Ticket, current: &str, hooks: &impl Webhooks) -> Result<String, RotationError> {
    for hook in known(ticket, current, hooks)? {
        answered(hook, hooks).await?;
    }
    Ok(format!("{} webhook(s) pinged with version `{}` and were answered", hooks.all().len(), ticket.version))
}

/// Pings until the receiver has answered a new ping with 200: it may have read the secrets just before there was a pending one.
async fn answered(hook: &HookId, hooks: &impl Webhooks) -> Result<(), RotationError> {
    let before = hooks.pings(hook).await?;
    let mut last = None;
    for _ in 0..MAX_PINGS {
        hooks.ping(hook).await?;
        hooks.pause().await;
        let pings = hooks.pings(hook).await?;
        let new = || pings.iter().filter(|(id, _)| !before.contains_key(id));
        if new().any(|(_, status)| *status == 200) {
            return Ok(());
        }
        last = new().next_back().map(|(_, status)| *status).or(last);
    }
    let HookId { repository, id } = hook;
    let what = match last {
        Some(status) => format!("the last one was answered with {status}, not with 200"),
        None => "GitHub lists none of them as delivered".to_owned(),
    };
    Err(RotationError::Operator(format!(
        "webhook {id} of `{repository}` was pinged {MAX_PINGS} times: {what}; the old secret stays good, look at the webhook's deliveries"
    )))
}

/// The webhooks, or what a person must do when we may change none.
fn known<'a>(
    ticket: &Ticket,
    current: &str,
    hooks: &'a impl Webhooks,
) -> Result<&'a [HookId], RotationError> {
    if !hooks.all().is_empty() {
        return Ok(hooks.all());
    }
    let Ticket { secret, version, .. } = ticket;
    Err(RotationError::Operator(format!(
        "no token may change the webhook, so a person must: paste the secret's version `AWSPENDING` (`{version}`) into the webhook's settings on GitHub, \
         see a ping answered with 200, then move `AWSCURRENT` with `aws secretsmanager update-secret-version-stage --secret-id {secret} --version-stage AWSCURRENT \
         --move-to-version-id {version} --remove-from-version-id {current}`; both secrets are good until then"
    )))
}

#[cfg(test)]
mod tests;
