//! The webhook's live secrets, and a cache that notices a rotation.
//!
//! Two secrets are live during a rotation. Must not: be printed; nothing here is `Debug`.
//! Specification: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version>

use crate::errors::{Fault, Rejection};
use crate::model::Timestamp;
use crate::source::ports::SecretSource;
use crate::source::signature::Signature;
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};

/// How long fetched secrets serve before they are fetched again, in milliseconds of the local clock.
pub const FRESH_MS: i64 = 5 * 60_000;
/// Shortest time between two fetches that wrong signatures can cause, in milliseconds of the local clock.
pub const REFETCH_PAUSE_MS: i64 = 30_000;

/// At least so many secrets are tried, so that verifying takes the same work during a rotation and outside one.
const TRIED: usize = 3;

/// The secrets that a delivery may be signed with. Not `Debug`.
#[derive(Clone)]
pub struct WebhookSecrets {
    current: String,
    others: Vec<String>,
}

#[derive(Deserialize)]
struct Rotating {
    current: String,
    #[serde(default)]
    previous: Option<String>,
}

impl WebhookSecrets {
    /// Reads the text of the version `AWSCURRENT`: JSON `{"current":"…","previous":"…"|null}`, or plain text that is the current secret.
    ///
    /// # Errors
    /// When there is no current secret; the words never hold any part of the text.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let text = text.trim();
        let (current, previous) = if text.starts_with('{') {
            let Rotating { current, previous } = serde_json::from_str(text).map_err(|_| {
                Rejection::new("the webhook secret is JSON without a text in `current`; give `{\"current\":\"…\",\"previous\":null}` or plain text")
            })?;
            (current, previous.filter(|secret| !secret.is_empty()))
        } else {
            (text.to_owned(), None)
        };
        if current.is_empty() {
            return Err(Rejection::new("the webhook secret is empty; a delivery can never be trusted"));
        }
        Ok(Self { current, others: previous.into_iter().collect() })
    }

    /// The same with one secret more that is live beside the current one: the text of the version `AWSPREVIOUS` (the sender may not know the
    /// new one yet) or `AWSPENDING` (the sender knows it already, the rotation is not finished). A text without a secret adds none: it can
    /// never make a signature good.
    #[must_use]
    pub fn also(mut self, text: &str) -> Self {
        if let Ok(other) = Self::parse(text) {
            self.others.push(other.current);
        }
        self
    }

    /// The live secrets, the current one first; the same number during a rotation and outside one.
    pub(crate) fn live(&self) -> impl Iterator<Item = &str> {
        let padding = TRIED.saturating_sub(1 + self.others.len());
        let all = std::iter::once(&self.current).chain(&self.others);
        all.chain(std::iter::repeat_n(&self.current, padding)).map(String::as_str)
    }
}

/// What is known of the secrets, and since when.
#[derive(Default)]
struct Known {
    secrets: Option<WebhookSecrets>,
    fetched: Option<Timestamp>,
}

/// Keeps the secrets for [`FRESH_MS`]; a signature that does not match is tried once more with fetched ones, at most
/// every [`REFETCH_PAUSE_MS`], so that a rotation is noticed and an attacker cannot cause a storm of fetches.
pub struct SecretCache<S> {
    source: S,
    known: Mutex<Known>,
}

impl<S: SecretSource> SecretCache<S> {
    /// An empty cache in front of `source`.
    pub fn new(source: S) -> Self {
        Self { source, known: Mutex::default() }
    }

    /// Whether `signature` was made over `body` with a live secret; `now` is the local clock.
    ///
    /// # Errors
    /// When no secret was ever fetched and fetching fails. With older secrets at hand, those decide.
    pub async fn verifies(&self, signature: &Signature, body: &[u8], now: Timestamp) -> Result<bool, Fault> {
        let secrets = self.secrets(now).await?;
        if signature.matches(&secrets, body) {
            return Ok(true);
        }
        if !self.may_refetch(now) {
            return Ok(false);
        }
        match self.fetch(now).await {
            Ok(fetched) => Ok(signature.matches(&fetched, body)),
            Err(_) => Ok(false),
        }
    }

    async fn secrets(&self, now: Timestamp) -> Result<WebhookSecrets, Fault> {
        let (known, fresh) = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = known.fetched.is_some_and(|fetched| now.since(fetched) < FRESH_MS);
            (known.secrets.clone(), fresh)
        };
        match known {
            Some(secrets) if fresh => Ok(secrets),
            Some(stale) => Ok(self.fetch(now).await.unwrap_or(stale)),
            None => self.fetch(now).await,
        }
    }

    fn may_refetch(&self, now: Timestamp) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.fetched.is_none_or(|fetched| now.since(fetched) >= REFETCH_PAUSE_MS)
    }

    async fn fetch(&self, now: Timestamp) -> Result<WebhookSecrets, Fault> {
        let result = self.source.webhook_secrets().await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(secrets) = &result {
            known.secrets = Some(secrets.clone());
        }
        if known.secrets.is_some() {
            // A failed attempt counts too: it must not be repeated by every delivery.
            known.fetched = Some(now);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::signature::sign;
    use std::cell::{Cell, RefCell};

    #[derive(Default)]
    struct Store {
        text: RefCell<String>,
        down: Cell<bool>,
        fetches: Cell<u32>,
    }

    impl SecretSource for &Store {
        async fn webhook_secrets(&self) -> Result<WebhookSecrets, Fault> {
            self.fetches.set(self.fetches.get() + 1);
            if self.down.get() {
                return Err(Fault::Transient {
                    service: "Secrets Manager",
                    operation: "GetSecretValue",
                    detail: "timed out".to_owned(),
                });
            }
            Ok(WebhookSecrets::parse(&self.text.borrow()).unwrap())
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn signed_with(secret: &str) -> Signature {
        Signature::parse(&sign(secret, b"{}")).unwrap()
    }

    #[test]
    fn a_secret_without_a_current_text_is_refused_without_being_repeated() {
        let wrong =
            |text: &str| WebhookSecrets::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
        insta::assert_snapshot!(wrong(r#"{"key":"planted-secret"}"#), @r#"the webhook secret is JSON without a text in `current`; give `{"current":"…","previous":null}` or plain text"#);
        insta::assert_snapshot!(wrong("  "), @"the webhook secret is empty; a delivery can never be trusted");
        assert!(WebhookSecrets::parse(r#"{"current":"a","previous":null}"#).is_ok());
    }

    #[test]
    fn the_other_versions_of_a_secret_are_live_too_and_never_an_empty_one() {
        let secrets = WebhookSecrets::parse("new").unwrap().also("old").also(" ").also("{}");
        let signed = |secret: &str| signed_with(secret).matches(&secrets, b"{}");
        assert!(signed("new") && signed("old"));
        assert!(!signed("") && !signed(" ") && !signed("{}"));
    }

    #[test]
    fn as_many_secrets_are_tried_during_a_rotation_as_outside_one() {
        let alone = WebhookSecrets::parse("new").unwrap();
        assert_eq!(alone.live().collect::<Vec<_>>(), ["new", "new", "new"]);
        let rotating = alone.also("old").also("next");
        assert_eq!(rotating.live().collect::<Vec<_>>(), ["new", "old", "next"]);
    }

    #[tokio::test]
    async fn secrets_are_fetched_once_in_five_minutes() {
        let store = Store { text: RefCell::new("one".to_owned()), ..Store::default() };
        let cache = SecretCache::new(&store);
        for second in [0, 10, 299] {
            assert!(cache.verifies(&signed_with("one"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.fetches.get(), 1);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(300)).await.unwrap());
        assert_eq!(store.fetches.get(), 2);
    }

    #[tokio::test]
    async fn a_rotation_is_noticed_by_the_first_delivery_that_does_not_match() {
        let store = Store { text: RefCell::new("one".to_owned()), ..Store::default() };
        let cache = SecretCache::new(&store);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(0)).await.unwrap());
        store.text.replace("two".to_owned());
        assert!(cache.verifies(&signed_with("two"), b"{}", at(60)).await.unwrap());
    }

    #[tokio::test]
    async fn wrong_signatures_cannot_cause_a_storm_of_fetches() {
        let store = Store { text: RefCell::new("one".to_owned()), ..Store::default() };
        let cache = SecretCache::new(&store);
        for second in 0..60 {
            assert!(!cache.verifies(&signed_with("wrong"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.fetches.get(), 2);
    }

    #[tokio::test]
    async fn older_secrets_decide_while_the_store_is_down_and_without_any_it_is_a_fault() {
        let store = Store { text: RefCell::new("one".to_owned()), ..Store::default() };
        let cache = SecretCache::new(&store);
        store.down.set(true);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(0)).await.is_err());
        store.down.set(false);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(1)).await.unwrap());
        store.down.set(true);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(400)).await.unwrap());
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_not_asked_by_every_delivery() {
        let store = Store { text: RefCell::new("one".to_owned()), ..Store::default() };
        let cache = SecretCache::new(&store);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(0)).await.unwrap());
        store.down.set(true);
        for second in 400..430 {
            assert!(cache.verifies(&signed_with("one"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.fetches.get(), 2);
    }
}
