//! The webhook's live secrets, and a cache that notices a rotation.
//!
//! Two or three secrets are live during a rotation; most deliveries need the current one only, and an environment that has just started asks
//! for no other. Must not: be printed; nothing here is `Debug`.
//! Specification: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html#term_version>

use crate::errors::{Fault, Rejection};
use crate::model::Timestamp;
use crate::source::ports::SecretSource;
use crate::source::signature::Signature;
use serde::Deserialize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long fetched secrets serve before they are fetched again, in milliseconds of the local clock.
pub const FRESH_MS: i64 = 5 * 60_000;
/// Shortest time between two fetches that wrong signatures can cause, in milliseconds of the local clock.
pub const REFETCH_PAUSE_MS: i64 = 30_000;

/// The secrets that a delivery may be signed with. Not `Debug`.
#[derive(Clone)]
pub struct WebhookSecrets {
    /// The current one first, each once.
    live: Vec<String>,
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
        let alone = Self { live: vec![current] };
        Ok(match previous {
            Some(previous) => alone.with(previous),
            None => alone,
        })
    }

    /// The same with one secret more that is live beside the current one: the text of the version `AWSPREVIOUS` (the sender may not know the
    /// new one yet) or `AWSPENDING` (the sender knows it already, the rotation is not finished). A text without a secret adds none: it can
    /// never make a signature good.
    #[must_use]
    pub fn also(self, text: &str) -> Self {
        match Self::parse(text) {
            Ok(other) => other.live.into_iter().take(1).fold(self, Self::with),
            Err(_) => self,
        }
    }

    /// A secret that is live already would only be tried twice.
    fn with(mut self, secret: String) -> Self {
        if !self.live.contains(&secret) {
            self.live.push(secret);
        }
        self
    }

    /// The live secrets, the current one first.
    ///
    /// A delivery is tried with every one of them, so the time that verifying takes says how many there are: whether a rotation is under way.
    /// That is no secret (the deliveries tell it too: GitHub signs with another one), and to hide it would cost every delivery a pass over its
    /// body for each secret that is not there. It never says anything of a secret itself.
    pub(crate) fn live(&self) -> impl Iterator<Item = &str> {
        self.live.iter().map(String::as_str)
    }
}

/// What is known of the secrets, and since when.
#[derive(Default)]
struct Known {
    secrets: Option<WebhookSecrets>,
    fetched: Option<Timestamp>,
    /// When the secrets beside the current one were last asked for.
    asked_for_all: Option<Timestamp>,
    /// Why they are not known, when asking for them failed and has never succeeded.
    not_all: Option<Fault>,
}

/// Keeps the secrets for [`FRESH_MS`]. The current one comes first, because it signs almost every delivery and a start should not wait for
/// more. A signature that does not match is tried once more with all of them, fetched anew at most every [`REFETCH_PAUSE_MS`]: so a
/// rotation is noticed, and an attacker cannot cause a storm of fetches.
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
    /// When the secrets that would decide were never fetched and fetching fails. With older secrets at hand, those decide.
    pub async fn verifies(&self, signature: &Signature, body: &[u8], now: Timestamp) -> Result<bool, Fault> {
        let secrets = self.secrets(now).await?;
        if signature.matches(&secrets, body) {
            return Ok(true);
        }
        if self.may_ask_for_all(now)
            && let Ok(fetched) = self.fetch_all(now).await
        {
            return Ok(signature.matches(&fetched, body));
        }
        // A signature is wrong only when every secret says so.
        self.known().not_all.clone().map_or(Ok(false), Err)
    }

    async fn secrets(&self, now: Timestamp) -> Result<WebhookSecrets, Fault> {
        let (known, fresh) = {
            let known = self.known();
            let fresh = known.fetched.is_some_and(|fetched| now.since(fetched) < FRESH_MS);
            (known.secrets.clone(), fresh)
        };
        match known {
            Some(secrets) if fresh => Ok(secrets),
            Some(stale) => Ok(self.fetch_all(now).await.unwrap_or(stale)),
            None => self.fetch_current(now).await,
        }
    }

    fn may_ask_for_all(&self, now: Timestamp) -> bool {
        self.known().asked_for_all.is_none_or(|asked| now.since(asked) >= REFETCH_PAUSE_MS)
    }

    async fn fetch_current(&self, now: Timestamp) -> Result<WebhookSecrets, Fault> {
        let secrets = self.source.current_secret().await?;
        let mut known = self.known();
        known.secrets = Some(secrets.clone());
        known.fetched = Some(now);
        Ok(secrets)
    }

    async fn fetch_all(&self, now: Timestamp) -> Result<WebhookSecrets, Fault> {
        let known_before = self.known().all_known();
        let result = self.source.webhook_secrets().await;
        let mut known = self.known();
        // A failed attempt counts too: it must not be repeated by every delivery.
        known.fetched = Some(now);
        known.asked_for_all = Some(now);
        match &result {
            Ok(secrets) => {
                known.secrets = Some(secrets.clone());
                known.not_all = None;
            }
            Err(fault) if !known_before => known.not_all = Some(fault.clone()),
            Err(_) => {}
        }
        result
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn all_known(&self) -> bool {
        self.asked_for_all.is_some() && self.not_all.is_none()
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
        previous: RefCell<String>,
        down: Cell<bool>,
        previous_down: Cell<bool>,
        /// How often the current secret was asked for, and how often all of them.
        asked: (Cell<u32>, Cell<u32>),
    }

    impl Store {
        fn holding(text: &str) -> Self {
            Self { text: RefCell::new(text.to_owned()), ..Self::default() }
        }

        fn current(&self) -> Result<WebhookSecrets, Fault> {
            if self.down.get() {
                return Err(Fault::Transient {
                    service: "Secrets Manager",
                    operation: "GetSecretValue",
                    detail: "timed out".to_owned(),
                });
            }
            Ok(WebhookSecrets::parse(&self.text.borrow()).unwrap())
        }

        fn asked(&self) -> (u32, u32) {
            (self.asked.0.get(), self.asked.1.get())
        }
    }

    impl SecretSource for &Store {
        async fn current_secret(&self) -> Result<WebhookSecrets, Fault> {
            self.asked.0.set(self.asked.0.get() + 1);
            self.current()
        }

        async fn webhook_secrets(&self) -> Result<WebhookSecrets, Fault> {
            self.asked.1.set(self.asked.1.get() + 1);
            let current = self.current()?;
            if self.previous_down.get() {
                return Err(Fault::Denied {
                    service: "Secrets Manager",
                    operation: "GetSecretValue",
                    detail: "no".to_owned(),
                });
            }
            Ok(current.also(&self.previous.borrow()))
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
    fn every_live_secret_is_tried_once() {
        let alone = WebhookSecrets::parse("new").unwrap();
        assert_eq!(alone.live().collect::<Vec<_>>(), ["new"]);
        let rotating = alone.also("old").also("next").also("new").also("old");
        assert_eq!(rotating.live().collect::<Vec<_>>(), ["new", "old", "next"]);
        let written = WebhookSecrets::parse(r#"{"current":"new","previous":"new"}"#).unwrap();
        assert_eq!(written.live().collect::<Vec<_>>(), ["new"]);
    }

    #[tokio::test]
    async fn secrets_are_fetched_once_in_five_minutes() {
        let store = Store::holding("one");
        let cache = SecretCache::new(&store);
        for second in [0, 10, 299] {
            assert!(cache.verifies(&signed_with("one"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.asked(), (1, 0), "a delivery signed with the current secret needs no other");
        assert!(cache.verifies(&signed_with("one"), b"{}", at(300)).await.unwrap());
        assert_eq!(store.asked(), (1, 1));
    }

    #[tokio::test]
    async fn the_first_signature_that_is_not_the_current_secrets_brings_the_others() {
        let store = Store::holding("new");
        store.previous.replace("old".to_owned());
        let cache = SecretCache::new(&store);
        assert!(cache.verifies(&signed_with("old"), b"{}", at(0)).await.unwrap());
        for second in 1..29 {
            assert!(cache.verifies(&signed_with("old"), b"{}", at(second)).await.unwrap());
            assert!(cache.verifies(&signed_with("new"), b"{}", at(second)).await.unwrap());
            assert!(!cache.verifies(&signed_with("wrong"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.asked(), (1, 1));
    }

    #[tokio::test]
    async fn while_the_others_cannot_be_read_the_current_one_is_good_and_nothing_is_called_wrong() {
        let store = Store::holding("new");
        store.previous.replace("old".to_owned());
        store.previous_down.set(true);
        let cache = SecretCache::new(&store);
        for second in 0..29 {
            assert!(cache.verifies(&signed_with("new"), b"{}", at(second)).await.unwrap());
            assert!(cache.verifies(&signed_with("old"), b"{}", at(second)).await.is_err());
        }
        assert_eq!(store.asked(), (1, 1), "a store that refuses is not asked by every delivery");
        store.previous_down.set(false);
        assert!(cache.verifies(&signed_with("old"), b"{}", at(30)).await.unwrap());
        assert!(!cache.verifies(&signed_with("wrong"), b"{}", at(31)).await.unwrap());
    }

    #[tokio::test]
    async fn a_rotation_is_noticed_by_the_first_delivery_that_does_not_match() {
        let store = Store::holding("one");
        let cache = SecretCache::new(&store);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(0)).await.unwrap());
        store.text.replace("two".to_owned());
        assert!(cache.verifies(&signed_with("two"), b"{}", at(60)).await.unwrap());
    }

    #[tokio::test]
    async fn wrong_signatures_cannot_cause_a_storm_of_fetches() {
        let store = Store::holding("one");
        let cache = SecretCache::new(&store);
        for second in 0..60 {
            assert!(!cache.verifies(&signed_with("wrong"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.asked(), (1, 2));
    }

    #[tokio::test]
    async fn older_secrets_decide_while_the_store_is_down_and_without_any_it_is_a_fault() {
        let store = Store::holding("one");
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
        let store = Store::holding("one");
        let cache = SecretCache::new(&store);
        assert!(cache.verifies(&signed_with("one"), b"{}", at(0)).await.unwrap());
        store.down.set(true);
        for second in 400..430 {
            assert!(cache.verifies(&signed_with("one"), b"{}", at(second)).await.unwrap());
        }
        assert_eq!(store.asked(), (1, 1));
    }
}
